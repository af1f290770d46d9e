//! What must listen and does not, or is held by others.

use super::held::{Held, held, holder, wanted};
use super::scene::Scene;
use crate::model::sorting::sort_by_key;
use crate::model::{CheckStatus, Expectation, PolicyLine, PolicyPort, PolicyRule, Protocol, Row, RunState};
use crate::report::halted::Halted;

/// What must listen, and what is wrong with it.
pub(super) fn expectations(scene: &Scene<'_>) -> Vec<Expectation> {
    let lines = scene.policy.with_rule(PolicyRule::MustListen);
    let ports = lines.flat_map(|line| line.ports.iter().map(move |port| (line, port)));
    let expectations = ports.map(|(line, port)| {
        let (status, reason) = scene.missing(line, port).unzip();
        let status = status.unwrap_or(CheckStatus::Ok);
        Expectation { what: port.written.clone(), place: line.place.clone(), status, reason }
    });
    expectations.collect()
}

impl Scene<'_> {
    fn missing(&self, line: &PolicyLine, port: &PolicyPort) -> Option<(CheckStatus, String)> {
        let has = |row: &&Row| port.has(row.socket.protocol, row.socket.local.port());
        // Anybody may listen on any port in a network namespace of their own.
        let counts = |row: &&Row| row.socket.namespace.is_none() || line.names_holder();
        let listening: Vec<&Row> = self.listeners.iter().filter(has).filter(counts).collect();
        match listening.is_empty() {
            true => Some(self.absent(port, &port.written)),
            false => {
                let held = self.wrongly_held(line, &port.written, &listening);
                let is_wrong = held.as_ref().is_some_and(|(status, _)| *status == CheckStatus::Critical);
                let exposed = || self.too_exposed_by(line, &port.written, &listening);
                if is_wrong { held } else { exposed().or(held) }
            }
        }
    }

    /// That one can be reached from further than the line allows, and no other goes before it.
    fn too_exposed_by(&self, line: &PolicyLine, what: &str, rows: &[&Row]) -> Option<(CheckStatus, String)> {
        rows.iter().find_map(|row| {
            let limit = self.limit(row).filter(|limit| row.exposure > limit.most)?;
            let is_own = limit.line.is_some_and(|own| std::ptr::eq(own, line));
            let why = || format!("{what} at {} {}", row.socket.local.ip(), limit.exceeded_by(row));
            is_own.then(|| (CheckStatus::Critical, why()))
        })
    }

    /// Why nothing listens.
    fn absent(&self, port: &PolicyPort, what: &str) -> (CheckStatus, String) {
        if let Some(why) = self.unseen_listeners() {
            return (CheckStatus::Unknown, format!("whether {what} listens could not be seen: {why}"));
        }
        let os = self.observation.host.os;
        let has = |row: &&Row| port.has(row.socket.protocol, row.socket.local.port());
        let on_port = |row: &&Row| port.any.iter().any(|(range, _)| range.contains(row.socket.local.port()));
        let mut elsewhere = self
            .observation
            .other_namespaces
            .iter()
            .filter(|other| other.listeners.iter().any(|&(protocol, number)| port.has(protocol, number)));
        let there = self.listeners.iter().filter(has).find_map(|row| row.socket.namespace.as_ref());
        let why = if let Some(namespace) = there {
            let name = namespace.called();
            format!(
                "{what} listens in the network namespace {name} alone, which counts if its program is named"
            )
        } else if let Some(row) = self.bound.iter().find(has) {
            format!("{what} is taken by {}, but does not listen", holder(row, os))
        } else if let Some(row) = self.listeners.iter().find(on_port) {
            let place = format!("{}/{}", row.socket.local.port(), row.socket.protocol);
            format!("{what} does not listen; {place} does, held by {}", holder(row, os))
        } else if let Some(other) = elsewhere.next() {
            let name = other.namespace.called();
            format!(
                "{what} listens in the network namespace {name} alone, which counts with --all-namespaces"
            )
        } else {
            format!("{what} does not listen")
        };
        (CheckStatus::Critical, why)
    }

    /// Whether all that listens is held by those that the line names. Of a port without a protocol it suffices if that is
    /// so with one of them.
    fn wrongly_held(&self, line: &PolicyLine, what: &str, rows: &[&Row]) -> Option<(CheckStatus, String)> {
        let with = |protocol: Protocol| {
            let of_protocol: Vec<&Row> =
                rows.iter().copied().filter(|row| row.socket.protocol == protocol).collect();
            (!of_protocol.is_empty()).then(|| self.wrong_among(line, what, &of_protocol))
        };
        let mut outcomes: Vec<Option<(CheckStatus, String)>> =
            Protocol::ALL.into_iter().filter_map(with).collect();
        sort_by_key(&mut outcomes, |outcome| {
            outcome.as_ref().map(|(status, _)| *status == CheckStatus::Critical)
        });
        outcomes.into_iter().next().flatten()
    }

    fn wrong_among(&self, line: &PolicyLine, what: &str, rows: &[&Row]) -> Option<(CheckStatus, String)> {
        let os = self.observation.host.os;
        let judged = || rows.iter().map(|row| (row, held(line, row, self.policy, os)));
        if let Some((row, _)) = judged().find(|(_, held)| *held == Held::No) {
            let why = format!(
                "{what} at {} is held by {}, not by {}",
                row.socket.local.ip(),
                holder(row, os),
                wanted(line)
            );
            return Some((CheckStatus::Critical, why));
        }
        let idle = rows.iter().find_map(|row| {
            let (status, why) = idle(row)?;
            Some((status, format!("{what} at {} listens, but {why}", row.socket.local.ip())))
        });
        let unknown = judged().find_map(|(_, held)| match held {
            Held::Unknown(why) => Some((
                CheckStatus::Unknown,
                format!("whether {} holds {what} is not known: {why}", wanted(line)),
            )),
            Held::Yes | Held::No => None,
        });
        let is_critical = idle.as_ref().is_some_and(|(status, _)| *status == CheckStatus::Critical);
        if is_critical { idle } else { unknown.or(idle) }
    }
}

/// Why nobody is served who connects, if that is so.
fn idle(row: &Row) -> Option<(CheckStatus, String)> {
    if let Some(queue) = row.socket.accept_queue.filter(|queue| queue.is_full()) {
        let why =
            format!("its backlog is full ({} waiting), so new connections get no answer", queue.waiting);
        return Some((CheckStatus::Critical, why));
    }
    let halted = Halted::of(row)?;
    // Whoever looks for a fault with a debugger lets it continue.
    let is_traced = halted.processes.iter().any(|process| process.state == Some(RunState::Traced));
    let status = if is_traced { CheckStatus::Warning } else { CheckStatus::Critical };
    halted.without_service().map(|why| (status, why))
}
