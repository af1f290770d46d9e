//! The flow: attribute → annotate → judge → select.

use crate::annotate::{annotate, service};
use crate::attribute::attribute;
use crate::license::{Facts, Subject, judge};
use crate::model::{
    Asked, Gap, GapKind, Observation, Os, Owner, Pid, PortRange, Protocol, Report, Row, Unseen,
};
use crate::os;
use crate::registry::{Registry, nearest};
use crate::request::{Request, WrongUse};
use crate::select::{self, Ports, Selected, Selection, Target, select};

/// Says of an observation what was asked for.
///
/// # Errors
///
/// Where a name was asked for that is no service, no license process, and no process seen here.
pub fn report(request: &Request, observation: &Observation) -> Result<Report, WrongUse> {
    let registry = Registry::embedded();
    let facts = Facts::embedded();
    let os = observation.host.os;

    let rows: Vec<Row> = attribute(observation)
        .into_iter()
        .map(|attributed| annotate(attributed, registry))
        .map(|mut row| {
            row.license = judge(subject(&row, os), facts);
            row
        })
        .collect();

    let selection = resolve_names(&request.selection, registry);
    refuse_unknown_names(&selection, observation, &rows, facts)?;
    let Selected { rows, undecided, left_out } = select(rows, &selection, &observation.unseen);

    let remedy = os::how_to_see_more(os, observation.privileged, &request.command);
    let mut gaps = observation.gaps.clone();
    for gap in gaps.iter_mut().filter(|gap| gap.kind == GapKind::SocketsUnreadable) {
        gap.remedy.clone_from(&remedy);
    }
    gaps.extend(hidden_owners(&rows, undecided, observation.privileged, remedy.clone()));
    gaps.extend(hidden_holders(&rows, &observation.unseen, remedy));
    Ok(Report {
        host: observation.host.clone(),
        taken_at: observation.taken_at,
        privileged: observation.privileged,
        asked: request.asked.as_deref().map(|typed| asked(typed, request, &selection, observation)),
        rows,
        gaps,
        hidden_by_selection: left_out,
    })
}

fn subject(row: &Row, os: Os) -> Subject<'_> {
    Subject {
        os,
        protocol: row.socket.protocol,
        port: row.socket.local.port(),
        owner: &row.owner,
        parent: row.parent.as_ref(),
        unauthorized_use: row.unauthorized_use,
    }
}

/// Gives every name the ports of the service it names.
fn resolve_names(selection: &Selection, registry: Registry<'_>) -> Selection {
    let mut resolved = selection.clone();
    for target in &mut resolved.targets {
        if let Target::Name { word, ports } = target {
            *ports = registry
                .of_name(word)
                .filter_map(|entry| match entry.protocol {
                    None => Some(Ports { range: entry.ports, protocol: None }),
                    // The registry also names SCTP and DCCP ports, which are not looked at.
                    Some(name) => Protocol::from_name(name)
                        .map(|protocol| Ports { range: entry.ports, protocol: Some(protocol) }),
                })
                .collect();
        }
    }
    resolved
}

/// A name is known where it is a service's, a license process's, that of a process seen here, or
/// may be that of a hidden owner.
fn refuse_unknown_names(
    selection: &Selection,
    observation: &Observation,
    rows: &[Row],
    facts: &Facts,
) -> Result<(), WrongUse> {
    let os = observation.host.os;
    let processes = || rows.iter().flat_map(|row| row.owner.processes());
    let some_hidden = rows.iter().any(|row| row.owner == Owner::Hidden);
    for target in &selection.targets {
        let Target::Name { word, ports } = target else { continue };
        let known = !ports.is_empty()
            || facts.is_license_process(word, os)
            || processes().any(|process| select::is_called(process, word))
            || (some_hidden && observation.unseen.may_be_called(word));
        if known {
            continue;
        }
        let seen = processes().filter_map(|process| process.name.as_deref());
        let nearest = match &nearest(word, seen.chain(facts.executables(os)))[..] {
            [] => String::new(),
            names => format!("; nearest: {}", names.join(", ")),
        };
        return Err(WrongUse::new(format!(
            "‘{word}’ is no service of the registry and no process that listens here{nearest} \
             (for a process that may not be running: --process {word})"
        )));
    }
    Ok(())
}

/// The gap of the owners that could not be seen, among the rows shown and those that might have been.
fn hidden_owners(rows: &[Row], undecided: usize, privileged: bool, remedy: Option<String>) -> Option<Gap> {
    let shown = rows.iter().filter(|row| row.owner == Owner::Hidden).count();
    let count = shown + undecided;
    let who = match count {
        0 => return None,
        1 => "the owner of 1 socket is hidden".to_owned(),
        n => format!("the owners of {n} sockets are hidden"),
    };
    let from = if privileged { "even with these rights" } else { "from this user" };
    let detail = match undecided {
        0 => format!("{who} {from}"),
        _ => format!("{who} {from}, so what was asked for may be among them"),
    };
    Some(Gap { kind: GapKind::OwnerHidden, detail, count: Some(count as u64), remedy })
}

/// The gap of sockets that are held by another user than the one who made them, as a worker's is by
/// its master's user: where some processes cannot be looked into, that user may hold them too.
fn hidden_holders(rows: &[Row], unseen: &Unseen, remedy: Option<String>) -> Option<Gap> {
    if unseen.is_nothing() {
        return None;
    }
    let partly = |row: &&Row| {
        let holders = row.owner.processes();
        !holders.is_empty() && row.socket.uid.is_some() && holders.iter().all(|p| p.uid != row.socket.uid)
    };
    let detail = match rows.iter().filter(partly).count() {
        0 => return None,
        1 => "1 socket was made by another user than those seen to hold it, who may hold it too".to_owned(),
        n => format!(
            "{n} sockets were made by other users than those seen to hold them, who may hold them too"
        ),
    };
    let count = rows.iter().filter(partly).count() as u64;
    Some(Gap { kind: GapKind::HoldersHidden, detail, count: Some(count), remedy })
}

/// What is known of the one port or service that was asked about.
fn asked(typed: &str, request: &Request, selection: &Selection, observation: &Observation) -> Asked {
    let (registry, facts, os) = (Registry::embedded(), Facts::embedded(), observation.host.os);
    let mut ports: Vec<Ports> = Vec::new();
    for target in &selection.targets {
        match target {
            Target::Ports(one) => ports.push(*one),
            Target::Name { ports: several, .. } => ports.extend(several),
        }
    }
    let Some(&first) = ports.first() else { return Asked { typed: typed.to_owned(), ..Asked::default() } };
    let mut ranges: Vec<PortRange> = ports.iter().map(|ports| ports.range).collect();
    ranges.sort_unstable();
    ranges.dedup();
    let protocol = ports.iter().all(|ports| ports.protocol == first.protocol).then_some(first.protocol);
    let protocol = protocol.flatten().or(selection.protocol);
    let known: Vec<_> = facts.on_port(first.range.first, protocol).collect();
    let managers: Vec<_> = known.iter().map(|(manager, _)| *manager).collect();
    let entry = registry
        .of_port(first.range.first)
        .find(|entry| protocol.is_none_or(|protocol| entry.is_for(protocol)));
    let same_number = typed.parse().ok().and_then(|pid: Pid| observation.processes.get(&pid));
    Asked {
        typed: typed.to_owned(),
        ports: ranges,
        protocol,
        family: match (request.wish.ipv4, request.wish.ipv6) {
            (true, false) => Some("IPv4"),
            (false, true) => Some("IPv6"),
            _ => None,
        },
        process_of_that_number: same_number.and_then(|process| process.name.clone()),
        service: entry.map(service),
        managers: known.iter().map(|(manager, port)| manager.on(port)).collect(),
        expected: facts.expected(&managers, os),
    }
}
