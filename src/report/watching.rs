//! Looks, one after the other → what a live view shows.

use std::collections::{HashMap, HashSet, VecDeque};
use std::net::IpAddr;
use std::time::Duration;

use super::changes::{Address, NamespaceName, address_of, changes};
use crate::model::{Change, EventKind, Logged, Protocol, Report, Row, Watched};

/// A mark stays so long, and for so many looks.
const LEAST_TIME: Duration = Duration::from_secs(10);
const LEAST_LOOKS: u32 = 3;
/// More than these are not shown after they went.
const MOST_GONE: usize = 500;
/// Older changes than these are forgotten.
const MOST_LOGGED: usize = 100;

/// What was seen so far.
#[derive(Debug)]
pub struct Watching {
    shown: Watched,
    /// The rows of the last look that saw everything.
    last: Vec<Row>,
    marks: HashMap<OwnPlace, Mark>,
    marked_for: Duration,
}

#[derive(Debug)]
struct Mark {
    kind: EventKind,
    until: Duration,
}

type OwnPlace = (u16, Protocol, IpAddr, Option<String>, Option<u64>);

impl Watching {
    /// Begins with the first look.
    #[must_use]
    pub fn new(first: Report, interval: Duration) -> Watching {
        let last = first.rows.clone();
        let listeners = count(&last);
        let shown = Watched { listeners, report: first, is_partial: false, log: VecDeque::new() };
        Watching { shown, last, marks: HashMap::new(), marked_for: LEAST_TIME.max(interval * LEAST_LOOKS) }
    }

    #[must_use]
    pub fn shown(&self) -> &Watched {
        &self.shown
    }

    /// What differs from the last look.
    #[must_use]
    pub fn changes_in(&self, report: &Report) -> Vec<Change> {
        changes(&self.last, &report.rows)
    }

    /// Takes the next look, at the moment `now`.
    pub fn see(&mut self, report: Report, now: Duration) {
        self.marks.retain(|_, mark| mark.until > now);
        let until = now + self.marked_for;
        for change in self.changes_in(&report) {
            self.marks.insert(owned(place(&change.row)), Mark { kind: change.kind, until });
            self.shown.log.push_back(Logged { change, seen_at: report.taken_at });
        }
        let outdated = self.shown.log.len().saturating_sub(MOST_LOGGED);
        self.shown.log.drain(..outdated);
        self.last.clone_from(&report.rows);
        self.shown.listeners = count(&report.rows);
        self.shown.is_partial = false;
        let before = std::mem::take(&mut self.shown.report.rows);
        let rows = self.merged(&before, report.rows.clone());
        self.shown.report = Report { rows, ..report };
    }

    /// Takes a look that could not see everything: what is missing may be there.
    pub fn see_part(&mut self, report: Report) {
        let rows = std::mem::take(&mut self.shown.report.rows);
        self.shown.report = Report { rows, ..report };
        self.shown.is_partial = true;
    }

    /// These rows, marked, and behind each those that stood there before and went a moment ago.
    fn merged(&self, before: &[Row], mut now: Vec<Row>) -> Vec<Row> {
        if self.marks.is_empty() {
            return now;
        }
        for row in &mut now {
            row.change = self.marks.get(&owned(place(row))).map(|mark| mark.kind);
        }
        let mut behind = self.gone(before, &now);
        let mut rows = behind.remove(&None).unwrap_or_default();
        for row in now {
            let here = behind.remove(&Some(owned(place(&row))));
            rows.push(row);
            rows.extend(here.into_iter().flatten());
        }
        rows
    }

    /// The rows that went, by the row that they stood behind, of those that are there.
    fn gone(&self, before: &[Row], now: &[Row]) -> HashMap<Option<OwnPlace>, Vec<Row>> {
        let there: HashSet<Address<'_>> = now.iter().map(place).collect();
        let mut gone: HashMap<Option<OwnPlace>, Vec<Row>> = HashMap::new();
        let (mut last, mut count) = (None, 0);
        for row in before {
            let here = place(row);
            if there.contains(&here) {
                last = Some(here);
                continue;
            }
            let is_marked = self.marks.get(&owned(here)).is_some_and(|mark| mark.kind == EventKind::Went);
            if is_marked && count < MOST_GONE {
                count += 1;
                let row = Row { change: Some(EventKind::Went), ..row.clone() };
                gone.entry(last.map(owned)).or_default().push(row);
            }
        }
        gone
    }
}

/// Sockets that share a place are one listener.
fn count(rows: &[Row]) -> usize {
    rows.iter().map(place).collect::<HashSet<_>>().len()
}

fn place(row: &Row) -> Address<'_> {
    address_of(row, NamespaceName::of_inode)
}

fn owned((port, protocol, address, interface, namespace): Address<'_>) -> OwnPlace {
    let inode = namespace.and_then(|namespace| match namespace {
        NamespaceName::Inode(inode) => Some(inode),
        NamespaceName::Called(_) => None,
    });
    (port, protocol, address, interface.map(str::to_owned), inode)
}
