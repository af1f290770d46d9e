//! Names → the ports of the services they name; and names that name nothing.

use std::collections::BTreeMap;

use super::UsageError;
use super::bounds::distinct;
use super::filter::Filter;
use super::naming::Naming;
use super::nearest::{filled, in_place_of, no_command};
use super::parse::{self, Internet};
use super::target::{Ports, Target};
use super::typed::Typed;
use super::unknown_name::UnknownName;
use super::words;
use crate::cli::ListArgs;
use crate::knowledge::explain;
use crate::knowledge::{Entry, Knowledge, LicenseManager, Licenses, Services, called_otherwise};
use crate::model::phrase::list;
use crate::model::{
    Family, HiddenProcesses, Observation, Os, Owner, Pid, PortRange, Process, Protocol, Row, is_path, is_unit,
};

impl Filter {
    /// What the options and words of a listing keep.
    ///
    /// # Errors
    ///
    /// Where a word is not understood, or the options leave a port nothing, such as `-t 53/udp`: it would not
    /// be scanned, and must not seem free.
    pub fn resolve(args: &ListArgs, knowledge: &Knowledge) -> Result<Filter, UsageError> {
        Filter::with_internet(args, parse::internet(&args.internet)?, knowledge)
    }

    /// As [`Filter::resolve`], with what `-i` selects.
    pub(super) fn with_internet(
        args: &ListArgs,
        internet: Internet,
        knowledge: &Knowledge,
    ) -> Result<Filter, UsageError> {
        let protocol = match (args.tcp, args.udp) {
            (true, false) => Some(Protocol::Tcp),
            (false, true) => Some(Protocol::Udp),
            _ => None,
        };
        let mut targets = Vec::new();
        for word in words::joined(&args.what)? {
            targets.extend(parse::targets(&word)?);
        }
        targets.extend(internet.targets);
        let mut targets = distinct(targets)?;
        let names = targets.iter().filter_map(|target| match target {
            Target::Name { word, .. } => Some(word.as_str()),
            Target::Ports(_) | Target::At(..) => None,
        });
        let services = knowledge.registry.of_names(names);
        for target in &mut targets {
            resolve(target, protocol, &services, knowledge.licenses())?;
        }
        Ok(Filter {
            targets,
            protocol,
            family: match (args.ipv4 || internet.ipv4, args.ipv6 || internet.ipv6) {
                (true, false) => Some(Family::Ipv4),
                (false, true) => Some(Family::Ipv6),
                (true, true) | (false, false) => None,
            },
            pids: parse::numbers("--pid", &args.pid)?,
            processes: parse::given("--process", &args.process)?,
            users: parse::given("--user", &args.user)?,
            licenses: args.licenses,
            flagged: args.flagged,
            exposed: args.exposed,
            deleted: args.deleted,
            addresses: parse::addresses("--address", &args.address)?,
            sort: args.sort,
        })
    }
}

/// Gives a name the ports of the service it names, of the protocols that are wanted.
fn resolve(
    target: &mut Target,
    only: Option<Protocol>,
    services: &Services<'_>,
    licenses: &Licenses,
) -> Result<(), UsageError> {
    match target {
        Target::Ports(Ports { range, protocol: Some(protocol) })
        | Target::At(_, Ports { range, protocol: Some(protocol) }) => {
            if let Some(only) = only.filter(|only| only != protocol) {
                return Err(UsageError::Conflict { typed: written(*range, *protocol).into(), only });
            }
        }
        Target::Ports(_) | Target::At(..) => {}
        Target::Name { word, protocol, ports, is_other_name, managers, programs, .. } => {
            let only = protocol.or(only);
            *ports = of_service(services.called(word)).filter_map(|ports| of_protocol(ports, only)).collect();
            let is_program = || Os::ALL.into_iter().any(|os| licenses.recognise_name(word, os).is_some());
            // The name of a service or a program is that alone.
            let is_system = licenses.is_system(word);
            if is_system || (services.called(word).next().is_none() && !is_program()) {
                let products = licenses.products(word);
                *managers = products.iter().map(|manager| manager.id.clone()).collect();
                let own = |manager: &&LicenseManager| Os::ALL.map(|os| manager.executables.on(os)).concat();
                *programs = products.iter().flat_map(own).collect();
                // The registry has services of such names on other ports, as sentinel on 3588.
                if is_system {
                    ports.clear();
                }
            }
            if ports.is_empty()
                && managers.is_empty()
                && !is_program()
                && let Some((range, own)) = called_otherwise(word)
            {
                ports.extend(of_protocol(Ports { range, protocol: own }, only));
                *is_other_name = !ports.is_empty();
            }
        }
    }
    Ok(())
}

/// The ports of a service. The registry also names SCTP and DCCP ports, which nobody can ask about.
fn of_service<'a>(entries: impl IntoIterator<Item = Entry<'a>>) -> impl Iterator<Item = Ports> {
    entries.into_iter().filter_map(|entry| match entry.protocol {
        None => Some(Ports { range: entry.ports, protocol: None }),
        Some(name) => {
            let protocol = Some(Protocol::from_name(name)?);
            Some(Ports { range: entry.ports, protocol })
        }
    })
}

fn of_protocol(ports: Ports, only: Option<Protocol>) -> Option<Ports> {
    match (ports.protocol, only) {
        (Some(own), Some(only)) if own != only => None,
        (own, only) => Some(Ports { protocol: own.or(only), ..ports }),
    }
}

fn written(range: PortRange, protocol: Protocol) -> String {
    if range == PortRange::ALL { protocol.to_string() } else { format!("{range}/{protocol}") }
}

/// The names that name nothing, by their index among the targets, and what is wrong with each: no service, no license
/// process, no process found here, nor perhaps that of a hidden owner.
///
/// # Errors
///
/// Where nothing else was typed than such names, or one is a service of another protocol.
pub fn unknown_names(
    filter: &Filter,
    naming: &Naming,
    observation: &Observation,
    rows: &[Row],
    knowledge: &Knowledge,
) -> Result<BTreeMap<usize, UsageError>, UsageError> {
    let os = observation.host.os;
    // Few mean the service that is called so, as `find` is.
    if let [Target::Name { word, protocol: None, .. }, _, ..] = &filter.targets[..]
        && let Some(right) = no_command(word).filter(|_| naming.likeness(word).is_none())
    {
        return Err(UsageError::instead(word, filled(right, rest_of(filter, 0))));
    }
    let may_be_process = |target: &Target| matches!(target, Target::Name { ports, .. } if ports.is_empty());
    if !filter.targets.iter().any(may_be_process) {
        return Ok(BTreeMap::new());
    }
    let mut unknown = BTreeMap::new();
    // A process may hold many sockets.
    let processes = rows.iter().flat_map(|row| row.owner.processes());
    let processes: BTreeMap<Pid, &Process> = processes.map(|process| (process.pid, &**process)).collect();
    let is_searched = observation.sought.is_some();
    let some_hidden = rows.iter().any(|row| row.owner == Owner::Hidden || row.more_holders);
    for (index, target) in filter.targets.iter().enumerate() {
        let Target::Name { word, ports, protocol, managers: of_product, .. } = target else { continue };
        let known = !ports.is_empty()
            || !of_product.is_empty()
            || knowledge.licenses().program_called(word, os).is_some()
            || naming.likeness(word).is_some()
            // Of these it is clear what they are, whether or not there is one.
            || is_path(word)
            || is_unit(word)
            || (is_searched && observation.hidden == HiddenProcesses::Unlisted)
            || (some_hidden && observation.hidden.seem_to_be_called(word));
        if known {
            continue;
        }
        if let Some(right) = no_command(word) {
            return Err(UsageError::instead(word, filled(right, rest_of(filter, index))));
        }
        let otherwise = || called_otherwise(word).map(|(range, protocol)| Ports { range, protocol });
        let service = of_service(knowledge.registry.of_name(word)).next().or_else(otherwise);
        if let (Some(Ports { range, protocol: Some(own) }), Some(only)) =
            (service, protocol.or(filter.protocol))
        {
            return Err(UsageError::Conflict {
                typed: format!("{word} ({})", written(range, own)).into(),
                only,
            });
        }
        let listening = processes.values().filter_map(|process| process.name.as_deref());
        let nearest = knowledge.registry.nearest(word, listening.chain(knowledge.licenses().executables(os)));
        let managers = managers(word, knowledge.licenses());
        // The runtimes keep the names in files of root's. Without a socket nobody's files were read, and none is known to be
        // hidden.
        let are_hidden = !observation.hidden.is_nothing() || observation.sockets.is_empty();
        let may_be_container = is_searched && os == Os::Linux && !observation.privileged && are_hidden;
        let is_user = rows.iter().any(|row| {
            let users = row.owner.processes().map(|process| process.user.as_deref());
            users.chain([row.socket.user.as_deref()]).any(|user| user == Some(word))
        });
        let right = in_place_of(word)
            .or_else(|| is_user.then(|| format!("For a user: --user {}", Typed::from(word.as_str()))))
            .or_else(|| {
                explain::is_term(word, knowledge)
                    .then(|| format!("For what the word means: whatlistens explain {word}"))
            });
        let word = word.as_str().into();
        unknown.insert(
            index,
            UsageError::UnknownName(Box::new(UnknownName {
                word,
                is_searched,
                may_be_container,
                right,
                nearest,
                managers,
                has_process: true,
            })),
        );
    }
    if unknown.len() == filter.targets.len() {
        let mut all: Vec<UsageError> = unknown.into_values().take(MOST_UNKNOWN).collect();
        return Err(if all.len() == 1 { all.remove(0) } else { UsageError::Several(all) });
    }
    Ok(unknown)
}

/// Of so many words it is said that they are unknown, where nothing else was typed.
const MOST_UNKNOWN: usize = 8;

/// What was typed beside a word that is no command.
fn rest_of(filter: &Filter, but: usize) -> impl Iterator<Item = String> {
    let others = filter.targets.iter().enumerate().filter(move |(index, _)| *index != but);
    others.map(|(_, target)| target.to_string())
}

/// So many license managers are named where a word is in the names of many.
const MOST_MANAGERS: usize = 3;

/// The license managers whose vendor, product or technology has a word in its name, with their ports.
fn managers(word: &str, licenses: &Licenses) -> Vec<(String, String)> {
    let word = word.to_lowercase();
    if word.len() < 3 {
        return Vec::new();
    }
    let called = licenses.managers.iter().filter(|manager| manager.called().to_lowercase().contains(&word));
    let with_ports = called.filter_map(|manager| {
        let ranges = manager.ports.iter().filter_map(|known| known.range);
        let ranges: Vec<String> = ranges.map(|range| range.to_string()).collect();
        (!ranges.is_empty()).then(|| (manager.called(), list(&ranges, "and")))
    });
    with_ports.take(MOST_MANAGERS).collect()
}
