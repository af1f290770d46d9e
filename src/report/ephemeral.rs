//! Ports whose number the system chose: what holds one has another number after every start, so that the number says
//! nothing of what it is.

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use std::net::IpAddr;

use super::changes::{NamespaceName, Place, verdict};
use super::owners::OwnerSeen;
use crate::model::{
    CannotTell, Exposure, Look, Owner, PortRange, Protocol, Row, Side, State, Verdict, usual_ephemeral,
};

/// What stays of an ephemeral port when its number changes.
type Where<'a> = (Protocol, IpAddr, Option<&'a str>, Option<NamespaceName<'a>>);
type Held<'a> = (Where<'a>, OwnerSeen<'a>);
type Kind<'a> = (Held<'a>, Option<Verdict>, Exposure, State);

/// What is left to compare of places with ephemeral ports.
pub(super) struct Renumbered<'a> {
    pub(super) places: Vec<Place<'a>>,
    pub(super) cannot_tell: Vec<CannotTell>,
    pub(super) left_out: usize,
}

/// The ports that are ephemeral in both looks.
pub(super) struct Ephemeral {
    range: Option<PortRange>,
}

impl Ephemeral {
    pub(super) fn new(before: &Look, after: &Look) -> Ephemeral {
        Ephemeral { range: range(before, after) }
    }

    pub(super) fn has(&self, place: &Place<'_>) -> bool {
        place.before.iter().chain(&place.after).any(|row| is_in(self.range, row))
    }
}

/// Takes out what is nothing but another number, and joins what has another number and something else besides. Each
/// listener is known again in one of the other look, so that one more of a kind is one that appeared.
pub(super) fn settle(places: Vec<Place<'_>>) -> Renumbered<'_> {
    let mut settled = Renumbered { places: Vec::new(), cannot_tell: Vec::new(), left_out: 0 };
    let (changed, stayed): (Vec<Place<'_>>, Vec<Place<'_>>) = places.into_iter().partition(Place::is_changed);
    settled.places.extend(stayed);
    let all = without_renumbered(changed, &mut settled.left_out);
    let (then, now) = (Owners::of(&all, |place| &place.before), Owners::of(&all, |place| &place.after));
    let (mut came, mut went) = (Vec::new(), BTreeMap::<Held<'_>, VecDeque<Place<'_>>>::new());
    for place in all {
        match (&place.before[..], &place.after[..]) {
            ([], [row, ..]) if then.may_hide(row) => settled.unseen(row, Side::Before),
            ([row, ..], []) if now.may_hide(row) => settled.unseen(row, Side::After),
            ([], [_, ..]) => came.push(place),
            ([then, ..], []) => went.entry(held(then)).or_default().push_back(place),
            _ => settled.places.push(place),
        }
    }
    for now in came {
        let then = went.get_mut(&held(now.after[0])).and_then(VecDeque::pop_front);
        let before = then.map(|then| then.before).unwrap_or_default();
        settled.places.push(Place { before, ..now });
    }
    settled.places.extend(went.into_values().flatten());
    settled
}

/// What is left of the places when each that is of the same kind as one of the other look is taken out with it: first of
/// those that only one look has, then of those whose port something else has now.
fn without_renumbered<'a>(mut places: Vec<Place<'a>>, left_out: &mut usize) -> Vec<Place<'a>> {
    let is_whole = |place: &Place<'_>| place.before.is_empty() || place.after.is_empty();
    for only_whole in [true, false] {
        let is_candidate = |place: &Place<'_>| !only_whole || is_whole(place);
        let mut went: BTreeMap<BTreeSet<Kind<'a>>, VecDeque<usize>> = BTreeMap::new();
        for (at, place) in places.iter().enumerate().filter(|(_, place)| is_candidate(place)) {
            if !place.before.is_empty() {
                went.entry(kinds(&place.before)).or_default().push_back(at);
            }
        }
        for now in 0..places.len() {
            let candidate = Some(&places[now]).filter(|place| is_candidate(place) && !place.after.is_empty());
            let then = candidate.and_then(|place| went.get_mut(&kinds(&place.after))?.pop_front());
            if let Some(then) = then {
                places[then].before.clear();
                places[now].after.clear();
            }
        }
    }
    let count = places.len();
    places.retain(|place| !place.before.is_empty() || !place.after.is_empty());
    *left_out += count - places.len();
    places
}

/// Where one look has ephemeral ports with a hidden owner, and with one that is seen.
#[derive(Default)]
struct Owners<'a> {
    hidden: HashSet<Where<'a>>,
    seen: HashSet<Where<'a>>,
}

impl<'a> Owners<'a> {
    fn of<'b>(places: &'b [Place<'a>], side: impl Fn(&'b Place<'a>) -> &'b Vec<&'a Row>) -> Owners<'a> {
        let mut owners = Owners::default();
        for row in places.iter().flat_map(side) {
            let all = if row.owner == Owner::Hidden { &mut owners.hidden } else { &mut owners.seen };
            all.insert(place_of(row));
        }
        owners
    }

    /// Whether a listener of the other look may be one of these, with another number: only one of the looks shows its owner.
    fn may_hide(&self, row: &Row) -> bool {
        let others = if row.owner == Owner::Hidden { &self.seen } else { &self.hidden };
        others.contains(&place_of(row))
    }
}

impl Renumbered<'_> {
    fn unseen(&mut self, row: &Row, side: Side) {
        self.cannot_tell.push(CannotTell { row: row.clone(), parts: Vec::new(), unseen_by: side });
    }
}

/// The ports that are ephemeral in both looks. What one look does not say, the other says for both.
fn range(before: &Look, after: &Look) -> Option<PortRange> {
    let usual = |look: &Look| usual_ephemeral(look.host.os);
    let then = before.ephemeral.or(after.ephemeral).unwrap_or_else(|| usual(before));
    let now = after.ephemeral.or(before.ephemeral).unwrap_or_else(|| usual(after));
    then.common(now)
}

fn is_in(range: Option<PortRange>, row: &Row) -> bool {
    let is_in_range = range.is_some_and(|range| range.contains(row.socket.local.port()));
    // Where the system says whether it chose the number, its range decides nothing.
    row.socket.port_requested.map_or(is_in_range, |is_requested| !is_requested)
}

fn place_of(row: &Row) -> Where<'_> {
    let socket = &row.socket;
    let namespace = socket.namespace.as_ref().map(NamespaceName::of_any_time);
    (socket.protocol, socket.local.ip(), socket.interface.as_deref(), namespace)
}

fn held(row: &Row) -> Held<'_> {
    (place_of(row), OwnerSeen::of(row).without_maker())
}

fn kinds<'a>(rows: &[&'a Row]) -> BTreeSet<Kind<'a>> {
    rows.iter().map(|row| (held(row), verdict(row), row.exposure, row.socket.state)).collect()
}
