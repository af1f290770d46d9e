//! The one port or service that the question is about, even where nothing listens there.

use std::sync::Arc;

use super::annotate::service;
use crate::knowledge::Knowledge;
use crate::model::{Asked, Family, Observation, Pid, PortConnection, PortRange, Process};
use crate::query::{Ports, Query, Target};

/// What is known about it besides who listens.
pub(super) fn about(typed: &str, query: &Query, observation: &Observation, knowledge: &Knowledge) -> Asked {
    let (filter, scope) = (&query.filter, &query.scope);
    let ports: Vec<Ports> = filter.ports().copied().collect();
    let name = filter.targets.iter().find_map(|target| match target {
        Target::Name { word, .. } => Some(word),
        Target::Ports(_) => None,
    });
    let Some(&first) = ports.first() else { return Asked { typed: typed.to_owned(), ..Asked::default() } };
    let mut ranges: Vec<PortRange> = ports.iter().map(|ports| ports.range).collect();
    ranges.sort_unstable();
    ranges.dedup();
    let protocol = ports.iter().all(|ports| ports.protocol == first.protocol).then_some(first.protocol);
    let protocol = protocol.flatten().or(filter.protocol);
    let claims = knowledge.claims(first.range.first, protocol);
    let entry = knowledge
        .registry
        .of_port(first.range.first)
        .filter(|entry| protocol.is_none_or(|protocol| entry.is_for(protocol)))
        .find(|entry| name.is_none_or(|name| entry.name.eq_ignore_ascii_case(name)));
    let same_number = typed.parse().ok().and_then(|pid: Pid| observation.processes.get(&pid));
    Asked {
        typed: typed.to_owned(),
        ports: ranges,
        protocol,
        family: match (scope.ipv4, scope.ipv6) {
            (true, false) => Some(Family::Ipv4),
            (false, true) => Some(Family::Ipv6),
            _ => None,
        },
        process_of_that_number: same_number.and_then(|process| process.name.clone()),
        service: entry.map(service),
        managers: claims.managers_reported(),
        expected: claims.expected(knowledge.licenses(), observation.host.os),
        rules: observation.port_rules.clone(),
        port_connections: port_connections(observation),
    }
}

/// The connections that use the ports, those that block others longest first.
fn port_connections(observation: &Observation) -> Vec<(PortConnection, Vec<Arc<Process>>)> {
    let process = |pid: &Pid| observation.processes.get(pid).cloned();
    let with_holders = |connection: &PortConnection| {
        let holders = connection.pids.iter().filter_map(process).collect();
        (connection.clone(), holders)
    };
    let mut port_connections: Vec<_> = observation.port_connections.iter().map(with_holders).collect();
    port_connections.sort_by_key(|(connection, _)| (connection.state, connection.local, connection.peer));
    port_connections
}
