//! What to say of a process whose ports are not all listed: those in other network namespaces, and those that cannot be
//! seen.

use super::describe::runs;
use crate::model::phrase::{first_few, list, named};
use crate::model::{AskedProcess, Observation, Protocol, UnlistedPorts};

/// More ports than these are counted, not named.
const MOST_PORTS: usize = 5;
/// More namespaces than these are counted, not named.
const MOST_NAMESPACES: usize = 3;

/// Whether it listens, or may, where the rows do not show it.
pub(super) fn is_unlisted(one: &AskedProcess) -> bool {
    let is_silent = |there: &UnlistedPorts| there.listens_on.as_ref().is_some_and(Vec::is_empty);
    one.is_idle() || one.listens_on.is_none() || one.may_hold_more || !one.unlisted.iter().all(is_silent)
}

/// Where it listens, as far as that is known. `port` is what was asked about.
pub(super) fn sentence(one: &AskedProcess, observation: &Observation, port: &str) -> String {
    let runs = runs(&one.process, observation);
    let is_own = |there: &&UnlistedPorts| one.namespace.as_ref() == Some(&there.namespace);
    let (own, others): (Vec<_>, Vec<_>) = one.unlisted.iter().partition(is_own);
    let (shown, more) = first_few(&others, MOST_NAMESPACES);
    let mut said: Vec<String> = Vec::new();
    match (&own[..], shown) {
        ([own, ..], _) => {
            let runs = format!("{runs} in network namespace {}", own.namespace.called());
            said.push(match &own.listens_on {
                None => format!("{runs}. On which ports it listens there could not be seen."),
                Some(ports) if ports.is_empty() => format!("{runs}, but listens on no {port} there."),
                Some(ports) => format!("{runs}, and listens on {} there.", written(ports)),
            });
            said.extend(shown.iter().map(|there| format!("It {}.", listens(there))));
        }
        ([], [first, rest @ ..]) => {
            let also = if listens_here(one) { "also " } else { "" };
            said.push(format!("{runs}, and {also}{}.", listens(first)));
            said.extend(rest.iter().map(|there| format!("It {}.", listens(there))));
        }
        ([], []) if one.may_hold_more => said.push(format!("{runs}.")),
        ([], []) => {
            said.push(format!("{runs}. You are not allowed to see on which ports it listens."));
        }
    }
    said.extend((more > 0).then(|| {
        let namespaces = if more == 1 { "namespace" } else { "namespaces" };
        format!("Its ports in {more} more network {namespaces} are not shown here.")
    }));
    if one.may_hold_more {
        let more = match (&one.listens_on, &one.unlisted[..]) {
            (Some(_), _) => " on more ports",
            (None, [_, ..]) => " elsewhere",
            (None, []) => "",
        };
        said.push(format!(
            "Whether it listens{more} is not known: it may hold sockets of a network namespace that could not be \
             entered."
        ));
    }
    let is_there =
        one.unlisted.iter().any(|there| there.listens_on.as_ref().is_some_and(|all| !all.is_empty()));
    said.extend(is_there.then(|| "To show it: --all-namespaces".to_owned()));
    said.join(" ")
}

/// Whether the rows show that it listens.
fn listens_here(one: &AskedProcess) -> bool {
    let is_elsewhere = |port: &(u16, Protocol)| {
        one.unlisted.iter().flat_map(|there| &there.listens_on).any(|ports| ports.contains(port))
    };
    one.listens_on.iter().flatten().any(|port| !is_elsewhere(port))
}

/// What it does in a namespace.
fn listens(UnlistedPorts { namespace, listens_on }: &UnlistedPorts) -> String {
    let namespace = namespace.called();
    match listens_on {
        None => format!("may listen in network namespace {namespace}, which could not be seen"),
        Some(ports) => format!("listens on {} in network namespace {namespace}", written(ports)),
    }
}

fn written(ports: &[(u16, Protocol)]) -> String {
    list(&named(ports, MOST_PORTS, |(port, protocol)| format!("{port}/{protocol}")), "and")
}
