//! Programs that get no answer from a license server.

use std::sync::Arc;

use super::annotate::service;
use crate::knowledge::Registry;
use crate::knowledge::{Licenses, PortClaims};
use crate::model::{Observation, Process, Protocol, UnansweredClient};
use crate::query::filter::Selection;

/// Those on the ports that were asked for; all of them where none was, and none where somebody else
/// was asked for by name.
pub(super) fn of(
    observation: &Observation,
    selection: &Selection,
    licenses: &Licenses,
    registry: Registry<'_>,
) -> Vec<UnansweredClient> {
    let narrowed = !selection.by_place_alone() && !selection.licenses;
    let asked = observation
        .unanswered
        .iter()
        .filter(|asking| !narrowed && selection.takes(Protocol::Tcp, asking.remote.port()));
    let told = asked.map(|asking| {
        let port = asking.remote.port();
        let process = |pid| {
            let unknown = || Arc::new(Process { pid, ..Process::default() });
            observation.processes.get(&pid).cloned().unwrap_or_else(unknown)
        };
        UnansweredClient {
            local: asking.local,
            remote: asking.remote,
            retransmits: asking.retransmits,
            service: registry.service(port, Protocol::Tcp).map(service),
            managers: PortClaims::of(port, Some(Protocol::Tcp), licenses, registry).managers_reported(),
            processes: asking.pids.iter().copied().map(process).collect(),
            user: asking.user.clone().unwrap_or_else(|| asking.uid.to_string()),
        }
    });
    let mut told: Vec<UnansweredClient> = told.collect();
    told.sort_by_key(|one| (one.remote.port(), one.remote, one.processes.first().map(|process| process.pid)));
    told
}
