//! Names → the ports of the services they name; and names that name nothing.

use crate::knowledge::Licenses;
use crate::knowledge::{Registry, nearest};
use crate::model::{Observation, Owner, PortRange, Protocol, Row};
use crate::query::UsageError;
use crate::query::filter::{self, Ports, Selection, Target};

/// Gives every name the ports of the service it names, of the protocol that was asked for.
///
/// # Errors
///
/// Where the flags leave a port nothing, such as `-t 53/udp`: it was not looked at, and must not
/// seem free.
pub fn resolve(selection: &Selection, registry: Registry<'_>) -> Result<Selection, UsageError> {
    let mut resolved = selection.clone();
    for target in &mut resolved.targets {
        match target {
            Target::Ports(Ports { range, protocol: Some(protocol) }) => {
                if let Some(only) = selection.protocol.filter(|only| only != protocol) {
                    return Err(conflict(&place(*range, *protocol), only));
                }
            }
            Target::Ports(_) => {}
            Target::Name { word, protocol, ports } => {
                let only = protocol.or(selection.protocol);
                *ports = of_service(word, registry).filter_map(|ports| of_protocol(ports, only)).collect();
            }
        }
    }
    Ok(resolved)
}

/// The ports of a service. The registry also names SCTP and DCCP ports, which are not looked at.
fn of_service(name: &str, registry: Registry<'_>) -> impl Iterator<Item = Ports> {
    registry.of_name(name).filter_map(|entry| match entry.protocol {
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

fn conflict(typed: &str, only: Protocol) -> UsageError {
    UsageError::new(format!("‘{typed}’ was asked for, and {only} alone: leave out one of the two"))
}

fn place(range: PortRange, protocol: Protocol) -> String {
    if range == PortRange::ALL { protocol.to_string() } else { format!("{range}/{protocol}") }
}

/// Refuses a name that names nothing. It is known where it is a service's, a license process's,
/// that of a process seen here, or may be that of a hidden owner.
pub fn refuse_unknown(
    selection: &Selection,
    observation: &Observation,
    rows: &[Row],
    licenses: &Licenses,
) -> Result<(), UsageError> {
    let os = observation.host.os;
    let processes = || rows.iter().flat_map(|row| row.owner.processes());
    let some_hidden = rows.iter().any(|row| row.owner == Owner::Hidden || row.more_holders);
    for target in &selection.targets {
        let Target::Name { word, ports, protocol } = target else { continue };
        let known = !ports.is_empty()
            || licenses.recognise_name(word, os).is_some()
            || processes().any(|process| filter::is_called(process, word))
            || (some_hidden && observation.hidden.may_be_called(word));
        if known {
            continue;
        }
        let service = of_service(word, Registry::embedded()).next();
        if let (Some(Ports { range, protocol: Some(own) }), Some(only)) =
            (service, protocol.or(selection.protocol))
        {
            return Err(conflict(&format!("{word} ({})", place(range, own)), only));
        }
        let seen = processes().filter_map(|process| process.name.as_deref());
        let hint = match &nearest(word, seen.chain(licenses.executables(os)))[..] {
            [] => managers(word, licenses),
            names => format!("; nearest: {}", names.join(", ")),
        };
        return Err(UsageError::new(format!(
            "‘{word}’ is no service of the registry and no process seen to listen here{hint} \
             (for a process that may not be running: --process {word})"
        )));
    }
    Ok(())
}

/// Refuses names that have no ports: of excluded ports nothing else can be asked.
///
/// # Errors
///
/// Where a word is no service.
pub fn refuse_processes(selection: &Selection) -> Result<(), UsageError> {
    let mut nameless = selection.targets.iter().filter_map(|target| match target {
        Target::Name { word, ports, .. } if ports.is_empty() => Some(word),
        _ => None,
    });
    nameless.next().map_or(Ok(()), |word| {
        Err(UsageError::new(format!(
            "‘{word}’ is no service of the registry: --excluded-ports takes ports and services; the ports of a \
             license manager are told by whatlistens explain {word}"
        )))
    })
}

/// So many license managers are named where a word is in the names of many.
const MOST_MANAGERS: usize = 3;

/// The ports of the license managers whose vendor, product or technology has a word in its name.
fn managers(word: &str, licenses: &Licenses) -> String {
    let word = word.to_lowercase();
    let called = licenses.managers.iter().filter(|manager| manager.called().to_lowercase().contains(&word));
    let ports = called.filter_map(|manager| {
        let ranges = manager.ports.iter().filter_map(|known| known.range);
        let ranges: Vec<String> = ranges.map(|range| range.to_string()).collect();
        (!ranges.is_empty()).then(|| format!("{} uses {}", manager.called(), ranges.join(" and ")))
    });
    let ports: Vec<String> = ports.take(MOST_MANAGERS).collect();
    if ports.is_empty() || word.len() < 3 { String::new() } else { format!("; {}", ports.join(", ")) }
}
