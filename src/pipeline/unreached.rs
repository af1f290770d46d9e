//! Programs that get no answer from a license server.

use std::sync::Arc;

use crate::annotate::service;
use crate::license::{Facts, Place};
use crate::model::{Observation, Process, Protocol, Unreached};
use crate::registry::Registry;
use crate::select::Selection;

/// Those on the ports that were asked for; all of them where none was, and none where somebody else
/// was asked for by name.
pub(super) fn of(
    observation: &Observation,
    selection: &Selection,
    facts: &Facts,
    registry: Registry<'_>,
) -> Vec<Unreached> {
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
        Unreached {
            local: asking.local,
            remote: asking.remote,
            retransmits: asking.retransmits,
            service: registry.service(port, Protocol::Tcp).map(service),
            managers: Place::of(port, Some(Protocol::Tcp), facts, registry).managers_reported(),
            processes: asking.pids.iter().copied().map(process).collect(),
            user: asking.user.clone().unwrap_or_else(|| asking.uid.to_string()),
        }
    });
    let mut told: Vec<Unreached> = told.collect();
    told.sort_by_key(|one| (one.remote.port(), one.remote, one.processes.first().map(|process| process.pid)));
    told
}
