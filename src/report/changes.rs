//! What differs between two answers: listeners that appeared, went or changed.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use crate::model::{Change, ChangedPart, EventKind, Exposure, Protocol, Row, State, Verdict};

/// The differences between the listeners of two answers, by protocol, port and address. Several sockets at one place, as of
/// workers that share a port (`SO_REUSEPORT`), are one listener. Another process of the same program and user is no change.
#[must_use]
pub fn changes(before: &[Row], after: &[Row]) -> Vec<Change> {
    let (before, after) = (by_place(before), by_place(after));
    let places: BTreeSet<&Place> = before.keys().chain(after.keys()).collect();
    let changed = places.into_iter().filter_map(|place| match (before.get(place), after.get(place)) {
        (None, Some(now)) => Some(whole(EventKind::Appeared, now)),
        (Some(then), None) => Some(whole(EventKind::Went, then)),
        (Some(then), Some(now)) => changed(then, now),
        (None, None) => None,
    });
    changed.collect()
}

/// The listeners of an answer, each as one that is there.
#[must_use]
pub fn present(rows: &[Row]) -> Vec<Change> {
    by_place(rows).values().map(|rows| whole(EventKind::Present, rows)).collect()
}

/// What makes two sockets the same listener.
type Place<'a> = (u16, Protocol, SocketAddr, Option<&'a str>, Option<u64>);

fn by_place(rows: &[Row]) -> BTreeMap<Place<'_>, Vec<&Row>> {
    let mut places: BTreeMap<Place<'_>, Vec<&Row>> = BTreeMap::new();
    for row in rows {
        let socket = &row.socket;
        let namespace = socket.namespace.as_ref().map(|namespace| namespace.inode);
        let place =
            (socket.local.port(), socket.protocol, socket.local, socket.interface.as_deref(), namespace);
        places.entry(place).or_default().push(row);
    }
    places
}

fn whole(kind: EventKind, rows: &[&Row]) -> Change {
    Change { kind, parts: Vec::new(), row: rows[0].clone(), before: None }
}

fn changed(then: &[&Row], now: &[&Row]) -> Option<Change> {
    fn differs<T: Ord>(then: &[&Row], now: &[&Row], part: impl Fn(&Row) -> T) -> bool {
        let all = |rows: &[&Row]| rows.iter().map(|row| part(row)).collect::<BTreeSet<T>>();
        all(then) != all(now)
    }
    let parts = ChangedPart::ALL.into_iter().filter(|part| match part {
        ChangedPart::Owner => differs(then, now, owner),
        ChangedPart::Verdict => differs(then, now, verdict),
        ChangedPart::Exposure => differs(then, now, exposure),
        ChangedPart::State => differs(then, now, state),
    });
    let parts: Vec<ChangedPart> = parts.collect();
    (!parts.is_empty()).then(|| Change {
        kind: EventKind::Changed,
        parts,
        row: now[0].clone(),
        before: Some(then[0].clone()),
    })
}

/// Whether and by which program it is held, by the path of its file or else its name, and the user.
fn owner(row: &Row) -> (&'static str, Option<String>, Option<String>) {
    let lead = row.owner.lead();
    let program = lead.and_then(|lead| lead.exe().map(|exe| exe.path.clone()).or_else(|| lead.name.clone()));
    (row.owner.status().code(), program, row.user())
}

fn verdict(row: &Row) -> Option<Verdict> {
    row.license.as_ref().map(|license| license.verdict)
}

fn exposure(row: &Row) -> Exposure {
    row.exposure
}

fn state(row: &Row) -> State {
    row.socket.state
}
