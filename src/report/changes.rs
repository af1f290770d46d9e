//! What differs between two answers: listeners that appeared, went or changed.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::net::IpAddr;

use super::likeness::{Outcome, compare};
use super::owners::{OwnerSeen, compare_owners};
use crate::model::{Change, ChangedPart, EventKind, Namespace, Owner, Protocol, Row, Verdict};

/// The differences between the listeners of two answers about one machine, by protocol, port and address. Several sockets
/// at one place, as of workers that share a port (`SO_REUSEPORT`), are one listener. Another process of the same program
/// and user is no change, and neither is what one of the answers does not show. One that was moved to another address, from
/// where it can be reached by others, has changed.
#[must_use]
pub fn changes(before: &[Row], after: &[Row]) -> Vec<Change> {
    let places = moved(places(before, after, NamespaceName::of_inode));
    places.iter().filter_map(|place| place.change(&place.differing())).collect()
}

/// The listeners of an answer, each as one that is there.
#[must_use]
pub fn present(rows: &[Row]) -> Vec<Change> {
    let places = places(&[], rows, NamespaceName::of_inode);
    places.iter().map(|place| whole(EventKind::Present, place.after[0])).collect()
}

/// What makes two sockets the same listener.
pub(super) type Address<'a> = (u16, Protocol, IpAddr, Option<&'a str>, Option<NamespaceName<'a>>);

/// What makes two network namespaces the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum NamespaceName<'a> {
    Called(&'a str),
    Inode(u64),
}

impl<'a> NamespaceName<'a> {
    /// On a machine that was not started anew.
    pub(super) fn of_inode(namespace: &'a Namespace) -> NamespaceName<'a> {
        NamespaceName::Inode(namespace.inode)
    }

    /// At any time.
    pub(super) fn of_any_time(namespace: &'a Namespace) -> NamespaceName<'a> {
        namespace.name.as_deref().map_or(NamespaceName::Inode(namespace.inode), NamespaceName::Called)
    }
}

pub(super) fn address_of<'a>(row: &'a Row, name: fn(&'a Namespace) -> NamespaceName<'a>) -> Address<'a> {
    let socket = &row.socket;
    let (ip, namespace) = (socket.local.ip(), socket.namespace.as_ref().map(name));
    (socket.local.port(), socket.protocol, ip, socket.interface.as_deref(), namespace)
}

/// The sockets at one place in two answers; at least one has some.
#[derive(Debug, Default)]
pub(super) struct Place<'a> {
    pub(super) before: Vec<&'a Row>,
    pub(super) after: Vec<&'a Row>,
}

/// All places of two answers, by port.
pub(super) fn places<'a>(
    before: &'a [Row],
    after: &'a [Row],
    name: fn(&'a Namespace) -> NamespaceName<'a>,
) -> Vec<Place<'a>> {
    let mut places: BTreeMap<Address<'a>, Place<'a>> = BTreeMap::new();
    for row in before {
        places.entry(address_of(row, name)).or_default().before.push(row);
    }
    for row in after {
        places.entry(address_of(row, name)).or_default().after.push(row);
    }
    places.into_values().collect()
}

/// Joins what went with what appeared on the same port, held by the same program and user, if it can be reached from
/// elsewhere now: a listener that was moved to another address.
pub(super) fn moved(places: Vec<Place<'_>>) -> Vec<Place<'_>> {
    type Port<'a> = (u16, Protocol, Option<NamespaceName<'a>>, OwnerSeen<'a>);
    fn port_of<'a>(row: &'a Row) -> Option<Port<'a>> {
        let (port, protocol, _, _, namespace) = address_of(row, NamespaceName::of_any_time);
        matches!(row.owner, Owner::Identified { .. })
            .then(|| (port, protocol, namespace, OwnerSeen::of(row).without_maker()))
    }
    let mut went: HashMap<Port<'_>, VecDeque<usize>> = HashMap::new();
    for (at, place) in places.iter().enumerate().filter(|(_, place)| place.after.is_empty()) {
        if let Some(port) = port_of(place.before[0]) {
            went.entry(port).or_default().push_back(at);
        }
    }
    let mut joined: HashMap<usize, usize> = HashMap::new();
    for (at, place) in places.iter().enumerate().filter(|(_, place)| place.before.is_empty()) {
        let then = port_of(place.after[0]).and_then(|port| went.get_mut(&port)?.pop_front());
        if let Some(then) = then.filter(|&then| places[then].before[0].exposure != place.after[0].exposure) {
            joined.insert(then, at);
        }
    }
    let mut all: Vec<Option<Place<'_>>> = places.into_iter().map(Some).collect();
    for (then, now) in joined {
        let before = all[then].take().map(|place| place.before).unwrap_or_default();
        if let Some(place) = &mut all[now] {
            place.before = before;
        }
    }
    all.into_iter().flatten().collect()
}

pub(super) fn whole(kind: EventKind, row: &Row) -> Change {
    Change { kind, parts: Vec::new(), row: row.clone(), before: None }
}

impl Place<'_> {
    /// How each part of a listener that stayed compares.
    pub(super) fn outcomes(&self) -> Vec<(ChangedPart, Outcome)> {
        let outcome = |part| match part {
            ChangedPart::Owner => compare_owners(&self.before, &self.after),
            ChangedPart::Verdict => self.compare_verdicts(),
            ChangedPart::Exposure => self.compare_by(|row| row.exposure),
            ChangedPart::State => self.compare_by(|row| row.socket.state),
        };
        ChangedPart::ALL.into_iter().map(|part| (part, outcome(part))).collect()
    }

    /// By port.
    pub(super) fn order(&self) -> Option<Address<'_>> {
        let row = self.after.first().or(self.before.first())?;
        Some(address_of(row, NamespaceName::of_any_time))
    }

    pub(super) fn is_changed(&self) -> bool {
        self.before.is_empty() || self.after.is_empty() || !self.differing().is_empty()
    }

    fn differing(&self) -> Vec<ChangedPart> {
        if self.before.is_empty() || self.after.is_empty() {
            return Vec::new();
        }
        let differing = self.outcomes().into_iter().filter(|(_, outcome)| *outcome == Outcome::Differs);
        differing.map(|(part, _)| part).collect()
    }

    /// What became of it, if these parts differ; `None` where it stayed and none does.
    pub(super) fn change(&self, differing: &[ChangedPart]) -> Option<Change> {
        match (self.before.first(), self.after.first()) {
            (None, Some(now)) => Some(whole(EventKind::Appeared, now)),
            (Some(then), None) => Some(whole(EventKind::Went, then)),
            (Some(then), Some(now)) if !differing.is_empty() => Some(Change {
                kind: EventKind::Changed,
                parts: differing.to_vec(),
                row: (*now).clone(),
                before: Some((*then).clone()),
            }),
            (Some(_), Some(_)) | (None, None) => None,
        }
    }

    fn compare_by<T: Ord>(&self, part: impl Fn(&Row) -> T) -> Outcome {
        let all = |rows: &[&Row]| rows.iter().map(|row| part(row)).collect::<BTreeSet<T>>();
        compare(all(&self.before), all(&self.after), |_, _| Outcome::Differs, |_| false)
    }

    /// The verdict on a holder that is hidden says nothing of one that is not.
    fn compare_verdicts(&self) -> Outcome {
        let hides = |rows: &[&Row]| rows.iter().any(|row| row.owner == Owner::Hidden);
        match self.compare_by(verdict) {
            Outcome::Differs if hides(&self.before) || hides(&self.after) => Outcome::CannotTell,
            outcome => outcome,
        }
    }
}

pub(super) fn verdict(row: &Row) -> Option<Verdict> {
    row.license.as_ref().map(|license| license.verdict)
}
