//! A process in a few words.

use crate::model::phrase::{age, capitalized};
use crate::model::quoting::quoted;
use crate::model::{Observation, Os, Process, RunState};

/// `lmgrd runs (PID 812, started 2 hours ago, state: stopped)`.
pub(super) fn runs(process: &Process, observation: &Observation) -> String {
    let started = process.started_at.map(|started| format!("started {}", age(started, observation.taken_at)));
    let state = process.state.filter(|state| *state != RunState::Running);
    let state = state.map(|state| format!("state: {}", state.code()));
    let facts: Vec<String> =
        [format!("PID {}", process.pid)].into_iter().chain(started).chain(state).collect();
    format!("{} runs ({})", subject(process, observation.host.os), facts.join(", "))
}

/// A process by its name; what it only calls itself is said to be that.
pub(super) fn subject(process: &Process, os: Os) -> String {
    let Some(name) = process.name.as_deref() else { return "A process of unknown name".to_owned() };
    if process.claims_its_name(os) {
        return capitalized(&format!("a process that calls itself {}", quoted(name)));
    }
    let short = process.short_name.as_deref().filter(|short| !name.starts_with(short));
    let alias = short.map_or(String::new(), |short| format!(", which calls itself {},", quoted(short)));
    format!("{}{alias}", quoted(name))
}
