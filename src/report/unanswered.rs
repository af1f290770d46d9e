//! Programs that get no answer from a license server.

use std::sync::Arc;

use super::annotate::service;
use crate::knowledge::Knowledge;
use crate::model::{Observation, Process, Protocol, UnansweredClient};
use crate::query::Filter;

/// The clients on the ports that were typed, or on all; none where the question is about somebody by name.
pub(super) fn of(observation: &Observation, filter: &Filter, knowledge: &Knowledge) -> Vec<UnansweredClient> {
    let narrowed = !filter.by_port_alone() && !filter.licenses;
    let kept = observation
        .unanswered
        .iter()
        .filter(|asking| !narrowed && filter.keeps(Protocol::Tcp, asking.remote.port()));
    let clients = kept.map(|asking| {
        let port = asking.remote.port();
        let process = |pid| {
            let unknown = || Arc::new(Process { pid, ..Process::default() });
            observation.processes.get(&pid).cloned().unwrap_or_else(unknown)
        };
        UnansweredClient {
            local: asking.local,
            remote: asking.remote,
            retransmits: asking.retransmits,
            service: knowledge.registry.service(port, Protocol::Tcp).map(service),
            managers: knowledge.claims(port, Some(Protocol::Tcp)).managers_reported(),
            processes: asking.pids.iter().copied().map(process).collect(),
            user: asking.user.clone().unwrap_or_else(|| asking.uid.to_string()),
        }
    });
    let mut clients: Vec<UnansweredClient> = clients.collect();
    clients
        .sort_by_key(|one| (one.remote.port(), one.remote, one.processes.first().map(|process| process.pid)));
    clients
}
