//! What to do about a free port on which a license server was expected.

use super::sentences::{Facts, refused};
use crate::model::phrase::{in_a_row, list, named};
use crate::model::{Asked, Family, GapKind, Observation, Os, Protocol};

/// More namespaces than these are counted, not named.
const MOST_NAMESPACES: usize = 3;

/// What to do where a license server was expected; `None` on ports of no license manager.
pub(super) fn advice(asked: &Asked, facts: &Facts<'_>, observation: &Observation) -> Option<String> {
    if asked.managers.is_empty() {
        return None;
    }
    // Where some of the ports can be opened, the server may use one of those. Nothing helps where macOS refuses them.
    if facts.os == Os::Windows
        && let Some((excluded, range)) = refused(asked, facts).next().filter(|_| all_refused(asked, facts))
    {
        let protocol = excluded.protocol.unwrap_or(Protocol::Tcp);
        let family = if excluded.family == Some(Family::Ipv6) { "ipv6" } else { "ipv4" };
        let (first, count) = (range.first, range.last - range.first + 1);
        return Some(format!(
            "If winnat has reserved it, run as administrator: net stop winnat, then netsh interface {family} \
             add excludedportrange {protocol} startport={first} numberofports={count} store=persistent, then \
             net start winnat. This briefly interrupts the network of Docker, WSL and virtual machines. \
             Afterwards programs can use {range}."
        ));
    }
    let who = match facts.expected {
        [] => "the license server".to_owned(),
        names => format!("the license server ({})", list(names, "or")),
    };
    let by_name = facts
        .expected
        .first()
        .map_or(String::new(), |name| format!(", or search by name: whatlistens {name}"));
    // Most use TCP alone, and TCP was not scanned.
    let with_udp = if asked.protocol == Some(Protocol::Udp) { " with UDP" } else { "" };
    let elsewhere = in_other_namespaces(asked, observation);
    let condition = match elsewhere {
        Some(_) => format!("If that is not {who}, and it should run on this machine{with_udp}"),
        None => format!("If {who} should run on this machine{with_udp}"),
    };
    // An ordinary user does not know which other network namespaces there are.
    let is_anywhere = observation.host.os != Os::Linux
        || (observation.privileged && !facts.has_gap(GapKind::NamespacesHidden));
    let why = match is_anywhere {
        true => "it is not running or uses another port",
        false => "it is not running, uses another port, or runs in another network namespace",
    };
    let rest =
        format!("{condition}, {why}: check its log{by_name}. If it runs on another machine, check there.");
    Some(in_a_row(elsewhere.into_iter().chain([rest])))
}

/// That something listens on the ports in other network namespaces, which are not listed.
pub(in crate::report) fn in_other_namespaces(asked: &Asked, observation: &Observation) -> Option<String> {
    let others = observation.other_namespaces.iter().filter_map(|other| {
        let &(protocol, port) =
            other.listeners.iter().find(|(protocol, port)| asked.has_port(*protocol, *port))?;
        Some((format!("{port}/{protocol}"), other.namespace.called()))
    });
    let others: Vec<(String, String)> = others.collect();
    let (place, _) = others.first()?;
    let names = list(&named(&others, MOST_NAMESPACES, |(_, name)| name.clone()), "and");
    let (what, namespaces) = match others.len() {
        1 => (format!("{place} has a listener"), "namespace"),
        _ => ("Something listens there".to_owned(), "namespaces"),
    };
    Some(format!("{what} in network {namespaces} {names}. To show it: --all-namespaces"))
}

fn all_refused(asked: &Asked, facts: &Facts<'_>) -> bool {
    let is_refused = |port| refused(asked, facts).any(|(_, range)| range.contains(port));
    asked.ports.iter().flat_map(|range| range.first..=range.last).all(is_refused)
}
