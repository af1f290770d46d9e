//! Processes that do nothing until somebody lets them continue, as after Ctrl+Z.

use std::collections::{BTreeSet, HashMap};

use crate::model::phrase::{counted, first_few, list};
use crate::model::{Pid, Process, Protocol, Row, RunState, State};

/// More sentences than these are counted, not said.
const MOST: usize = 5;
/// More ports than these are counted, not named.
const MOST_PORTS: usize = 4;
/// More processes than these are counted, not named.
const MOST_PROCESSES: usize = 3;
/// More processes than these are not named in a command.
const MOST_CONTINUED: usize = 20;

/// The holders of a socket that are halted, if any is.
pub(super) struct Halted<'a> {
    /// The lead first.
    pub(super) processes: Vec<&'a Process>,
    /// The only one that goes on.
    going: Option<&'a Process>,
    /// What no client gets of the socket because all its holders are halted.
    pub(super) consequence: Option<Consequence>,
}

/// What does not happen while all holders are halted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Consequence {
    NotAccepted,
    NotAnswered,
}

impl Consequence {
    /// What one does, or several do.
    pub(super) fn words(self, is_one: bool) -> &'static str {
        match (self, is_one) {
            (Consequence::NotAccepted, true) => "accepts no connection",
            (Consequence::NotAccepted, false) => "accept no connection",
            (Consequence::NotAnswered, true) => "answers nothing",
            (Consequence::NotAnswered, false) => "answer nothing",
        }
    }
}

/// A sentence for each process, or for those that hold the same sockets, of those that are halted.
pub(super) fn notes(rows: &[Row]) -> Vec<String> {
    let mut all: Vec<(Halted<'_>, BTreeSet<(u16, Protocol)>)> = Vec::new();
    let mut at = HashMap::new();
    for row in rows {
        let Some(halted) = Halted::of(row) else { continue };
        let pids: Vec<Pid> = halted.processes.iter().map(|process| process.pid).collect();
        let key = (pids, halted.going.map(|process| process.pid), halted.consequence);
        let at = *at.entry(key).or_insert(all.len());
        if at == all.len() {
            all.push((halted, BTreeSet::new()));
        }
        all[at].1.insert((row.socket.local.port(), row.socket.protocol));
    }
    let (said, more) = all.split_at(all.len().min(MOST));
    let pids = |all: &[(Halted<'_>, _)]| -> BTreeSet<Pid> {
        all.iter().flat_map(|(halted, _)| &halted.processes).map(|process| process.pid).collect()
    };
    let more = match pids(more).difference(&pids(said)).count() {
        0 => None,
        1 => Some("One more process is stopped.".to_owned()),
        more => Some(format!("{more} more processes are stopped.")),
    };
    said.iter().map(|(halted, places)| halted.sentence(places)).chain(more).collect()
}

impl<'a> Halted<'a> {
    pub(super) fn of(row: &'a Row) -> Option<Halted<'a>> {
        let holders = row.owner.processes().map(AsRef::as_ref);
        let (processes, going): (Vec<&Process>, Vec<&Process>) =
            holders.partition(|process| process.state.is_some_and(RunState::is_halted));
        let consequence = match row.socket.state {
            // Workers of a server may go on without it.
            _ if row.more_holders || !going.is_empty() => None,
            State::Bound => None,
            State::Listen => Some(Consequence::NotAccepted),
            State::Unconnected => Some(Consequence::NotAnswered),
        };
        let going = match going[..] {
            [one] if !row.more_holders => Some(one),
            _ => None,
        };
        (!processes.is_empty()).then_some(Halted { processes, going, consequence })
    }

    /// How those continue that a signal has stopped; `None` where there is none, or where they are too many.
    pub(super) fn command(&self) -> Option<String> {
        let stopped = self.processes.iter().filter(|process| process.state == Some(RunState::Stopped));
        let pids: Vec<String> = stopped.map(|process| process.pid.to_string()).collect();
        let who = match (&pids[..], self.processes.len() - pids.len()) {
            ([_], 0) => "it".to_owned(),
            ([pid], _) => format!("PID {pid}"),
            (_, 0) => "them".to_owned(),
            (_, _) => "those that no debugger holds".to_owned(),
        };
        (1..=MOST_CONTINUED)
            .contains(&pids.len())
            .then(|| format!("To let {who} continue: kill -CONT {}", pids.join(" ")))
    }

    /// That nobody is served who connects, if that is so: a sentence without the full stop.
    pub(super) fn without_service(&self) -> Option<String> {
        let (called, stopped) = self.stopped();
        self.consequence
            .map(|what| format!("{called} {stopped} and {}", what.words(self.processes.len() == 1)))
    }

    /// The processes by name, and that they are stopped.
    fn stopped(&self) -> (String, String) {
        let is = if self.processes.len() == 1 { "is" } else { "are" };
        let is_traced = |process: &&Process| process.state == Some(RunState::Traced);
        let by = if self.processes.iter().all(is_traced) { " by a debugger" } else { "" };
        (called(&self.processes), format!("{is} stopped{by}"))
    }

    fn sentence(&self, places: &BTreeSet<(u16, Protocol)>) -> String {
        let more = places.len().saturating_sub(MOST_PORTS);
        let more = (more > 0).then(|| counted(more, "more port"));
        let named = places.iter().take(MOST_PORTS).map(|(port, protocol)| format!("{port}/{protocol}"));
        let places = list(&named.chain(more).collect::<Vec<_>>(), "and");
        let is_one = self.processes.len() == 1;
        let (called, stopped) = self.stopped();
        let stopped = match (self.without_service(), self.going) {
            (Some(idle), _) => format!("{idle} on {places}."),
            (None, going) => {
                let holds = if is_one { "holds" } else { "hold" };
                let going = going.map_or(String::new(), |going| format!("; {} is not", going.called()));
                format!("{called}, which {holds} {places}, {stopped}{going}.")
            }
        };
        [Some(stopped), self.command()].into_iter().flatten().collect::<Vec<_>>().join(" ")
    }
}

/// These processes by name.
pub(super) fn called(processes: &[&Process]) -> String {
    let (shown, more) = first_few(processes, MOST_PROCESSES);
    let more = (more > 0).then(|| match more {
        1 => "one more process".to_owned(),
        more => format!("{more} more processes"),
    });
    list(&shown.iter().map(|process| process.called()).chain(more).collect::<Vec<_>>(), "and")
}
