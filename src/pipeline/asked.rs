//! The one port or service that was asked about, even where nothing listens there.

use std::sync::Arc;

use crate::annotate::service;
use crate::license::{Facts, Place};
use crate::model::{Asked, Observation, Pid, PortRange, Process, Remnant};
use crate::registry::Registry;
use crate::request::Request;
use crate::select::{Ports, Selection, Target};

/// What is known of it, besides who listens.
pub(super) fn about(
    typed: &str,
    request: &Request,
    selection: &Selection,
    observation: &Observation,
) -> Asked {
    let (registry, facts, os) = (Registry::embedded(), Facts::embedded(), observation.host.os);
    let mut ports: Vec<Ports> = Vec::new();
    let mut name = None;
    for target in &selection.targets {
        match target {
            Target::Ports(one) => ports.push(*one),
            Target::Name { word, ports: several, .. } => {
                name = Some(word);
                ports.extend(several);
            }
        }
    }
    let Some(&first) = ports.first() else { return Asked { typed: typed.to_owned(), ..Asked::default() } };
    let mut ranges: Vec<PortRange> = ports.iter().map(|ports| ports.range).collect();
    ranges.sort_unstable();
    ranges.dedup();
    let protocol = ports.iter().all(|ports| ports.protocol == first.protocol).then_some(first.protocol);
    let protocol = protocol.flatten().or(selection.protocol);
    let place = Place::of(first.range.first, protocol, facts, registry);
    let entry = registry
        .of_port(first.range.first)
        .filter(|entry| protocol.is_none_or(|protocol| entry.is_for(protocol)))
        .find(|entry| name.is_none_or(|name| entry.name.eq_ignore_ascii_case(name)));
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
        managers: place.managers_reported(),
        expected: place.expected(facts, os),
        rules: observation.port_rules.clone(),
        remnants: remnants(observation),
    }
}

/// What else has the ports, those that keep others from them longest first.
fn remnants(observation: &Observation) -> Vec<(Remnant, Vec<Arc<Process>>)> {
    let process = |pid: &Pid| observation.processes.get(pid).cloned();
    let with_holders = |remnant: &Remnant| {
        let holders = remnant.pids.iter().filter_map(process).collect();
        (remnant.clone(), holders)
    };
    let mut remnants: Vec<_> = observation.remnants.iter().map(with_holders).collect();
    remnants.sort_by_key(|(remnant, _)| (remnant.state, remnant.local, remnant.peer));
    remnants
}
