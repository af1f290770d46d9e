//! Processes that do nothing until somebody lets them continue, as after Ctrl+Z.

use std::collections::{BTreeSet, HashMap};

use crate::model::phrase::{counted, list};
use crate::model::{Pid, Process, Protocol, Row, RunState, State};

/// More sentences than these are counted, not said.
const MOST: usize = 5;
/// More ports than these are counted, not named.
const MOST_PORTS: usize = 4;

/// A sentence for each process that leads rows and is halted.
pub(super) fn notes(rows: &[Row]) -> Vec<String> {
    let mut halted: Vec<Halted<'_>> = Vec::new();
    let mut at: HashMap<(Pid, Option<&str>), usize> = HashMap::new();
    for row in rows {
        let Some(lead) = row.owner.lead() else { continue };
        let Some(state) = lead.state.filter(|state| state.is_halted()) else { continue };
        let consequence = consequence(row);
        let at = *at.entry((lead.pid, consequence)).or_insert(halted.len());
        if at == halted.len() {
            halted.push(Halted { lead, state, consequence, places: BTreeSet::new() });
        }
        halted[at].places.insert((row.socket.local.port(), row.socket.protocol));
    }
    let more = halted.len().saturating_sub(MOST);
    let more = match more {
        0 => None,
        1 => Some("One more process is stopped.".to_owned()),
        more => Some(format!("{more} more processes are stopped.")),
    };
    halted.iter().take(MOST).map(Halted::sentence).chain(more).collect()
}

/// What no client gets of a socket because all its holders are halted.
pub(super) fn consequence(row: &Row) -> Option<&'static str> {
    // Workers of a server may go on without it.
    let is_halted = |process: &Process| process.state.is_some_and(RunState::is_halted);
    let all_halted = !row.more_holders && row.owner.processes().all(|process| is_halted(process));
    match (all_halted, row.socket.state) {
        (false, _) | (true, State::Bound) => None,
        (true, State::Listen) => Some("accepts no connection"),
        (true, State::Unconnected) => Some("answers nothing"),
    }
}

/// A halted process, and its ports of which the same is true.
struct Halted<'a> {
    lead: &'a Process,
    state: RunState,
    consequence: Option<&'static str>,
    places: BTreeSet<(u16, Protocol)>,
}

impl Halted<'_> {
    fn sentence(&self) -> String {
        let more = self.places.len().saturating_sub(MOST_PORTS);
        let more = (more > 0).then(|| counted(more, "more port"));
        let places = self.places.iter().map(|(port, protocol)| format!("{port}/{protocol}"));
        let places: Vec<String> = places.take(MOST_PORTS).chain(more).collect();
        let (called, places) = (self.lead.called(), list(&places, "and"));
        let by = if self.state == RunState::Traced { " by a debugger" } else { "" };
        let stopped = match self.consequence {
            Some(what) => format!("{called} is stopped{by} and {what} on {places}."),
            None => format!("{called}, which holds {places}, is stopped{by}."),
        };
        match self.state {
            RunState::Traced => stopped,
            _ => format!("{stopped} To let it continue: kill -CONT {}", self.lead.pid),
        }
    }
}
