//! Programs that get no answer from a license server.

use std::sync::Arc;

use super::annotate::service;
use crate::knowledge::Knowledge;
use crate::model::sorting::sort_by_key;
use crate::model::{Observation, Process, Protocol, UnansweredAttempt, UnansweredClient};
use crate::query::{Filter, Naming};

/// The clients on the ports that were typed, or on all: those of the processes and users that were asked for; none where
/// the question is about a process by name, a verdict or a deleted file.
pub(super) fn of(
    observation: &Observation,
    filter: &Filter,
    naming: &Naming,
    knowledge: &Knowledge,
) -> Vec<UnansweredClient> {
    let narrowed = filter.flagged || filter.deleted || filter.names_without_ports().next().is_some();
    let os = observation.host.os;
    let is_asked_for = |asking: &UnansweredAttempt| {
        let mut processes = asking.pids.iter().filter_map(|pid| observation.processes.get(pid));
        let is_about_user = filter.pids.is_empty() && filter.processes.is_empty();
        processes.any(|process| filter.asks_for(process, naming, os))
            || (is_about_user && filter.asks_for_user(asking.user.as_deref(), Some(asking.uid), os))
    };
    let kept = observation
        .unanswered
        .iter()
        .filter(|asking| !narrowed && filter.keeps(Protocol::Tcp, asking.remote.port()))
        .filter(|asking| is_asked_for(asking));
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
            uid: asking.uid,
            user: asking.user.clone().unwrap_or_else(|| asking.uid.to_string()),
        }
    });
    let mut clients: Vec<UnansweredClient> = clients.collect();
    sort_by_key(&mut clients, |one| {
        (one.remote.port(), one.remote, one.processes.first().map(|process| process.pid))
    });
    clients
}
