//! Names → the ports of the services they name; and names that name nothing.

use crate::license::Facts;
use crate::model::{Observation, Owner, PortRange, Protocol, Row};
use crate::registry::{Registry, nearest};
use crate::request::WrongUse;
use crate::select::{self, Ports, Selection, Target};

/// Gives every name the ports of the service it names, and every target the protocol that the
/// flags leave it.
///
/// # Errors
///
/// Where the flags leave a target nothing, such as `-t 53/udp`: it was not looked at, and must not
/// seem free.
pub(super) fn resolve(selection: &Selection, registry: Registry<'_>) -> Result<Selection, WrongUse> {
    let mut resolved = selection.clone();
    for target in &mut resolved.targets {
        match target {
            Target::Ports(ports) => {
                let typed = ports.range.to_string();
                narrow(&typed, std::slice::from_ref(ports), selection.protocol)?;
            }
            Target::Name { word, protocol, ports } => {
                let all: Vec<Ports> = registry
                    .of_name(word)
                    .filter_map(|entry| match entry.protocol {
                        None => Some(Ports { range: entry.ports, protocol: None }),
                        // The registry also names SCTP and DCCP ports, which are not looked at.
                        Some(name) => Protocol::from_name(name)
                            .map(|protocol| Ports { range: entry.ports, protocol: Some(protocol) }),
                    })
                    .collect();
                *ports = narrow(word, &all, protocol.or(selection.protocol))?;
            }
        }
    }
    Ok(resolved)
}

/// The ports that are of a protocol, where one was asked for.
fn narrow(typed: &str, ports: &[Ports], wanted: Option<Protocol>) -> Result<Vec<Ports>, WrongUse> {
    let Some(wanted) = wanted else { return Ok(ports.to_vec()) };
    let left: Vec<Ports> = ports
        .iter()
        .filter(|ports| ports.protocol.is_none_or(|protocol| protocol == wanted))
        .map(|ports| Ports { protocol: Some(wanted), ..*ports })
        .collect();
    match ports.first() {
        Some(Ports { range, protocol: Some(protocol) }) if left.is_empty() => Err(WrongUse::new(format!(
            "‘{typed}’ is {}, and only {wanted} was asked for: leave out one of the two",
            place(*range, *protocol)
        ))),
        _ => Ok(left),
    }
}

fn place(range: PortRange, protocol: Protocol) -> String {
    format!("{range}/{protocol}")
}

/// Refuses a name that names nothing. It is known where it is a service's, a license process's,
/// that of a process seen here, or may be that of a hidden owner.
pub(super) fn refuse_unknown(
    selection: &Selection,
    observation: &Observation,
    rows: &[Row],
    facts: &Facts,
) -> Result<(), WrongUse> {
    let os = observation.host.os;
    let processes = || rows.iter().flat_map(|row| row.owner.processes());
    let some_hidden = rows.iter().any(|row| row.owner == Owner::Hidden);
    for target in &selection.targets {
        let Target::Name { word, ports, .. } = target else { continue };
        let known = !ports.is_empty()
            || facts.is_license_process(word, os)
            || processes().any(|process| select::is_called(process, word))
            || (some_hidden && observation.unseen.may_be_called(word));
        if known {
            continue;
        }
        let seen = processes().filter_map(|process| process.name.as_deref());
        let hint = match &nearest(word, seen.chain(facts.executables(os)))[..] {
            [] => managers(word, facts),
            names => format!("; nearest: {}", names.join(", ")),
        };
        return Err(WrongUse::new(format!(
            "‘{word}’ is no service of the registry and no process seen to listen here{hint} \
             (for a process that may not be running: --process {word})"
        )));
    }
    Ok(())
}

/// The ports of the license managers whose vendor, product or technology has a word in its name.
fn managers(word: &str, facts: &Facts) -> String {
    let word = word.to_lowercase();
    let called = facts.managers.iter().filter(|manager| manager.called().to_lowercase().contains(&word));
    let ports = called.flat_map(|manager| {
        manager.ports.iter().map(|known| format!("{} uses {}", manager.called(), known.range))
    });
    let ports: Vec<String> = ports.collect();
    if ports.is_empty() || word.len() < 3 { String::new() } else { format!("; {}", ports.join(", ")) }
}
