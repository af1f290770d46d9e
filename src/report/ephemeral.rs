//! Ports whose number the system chose: what holds one has another number after every start, so that the number says
//! nothing of what it is.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::IpAddr;

use super::changes::{NamespaceName, Place, verdict};
use super::owners::OwnerSeen;
use crate::model::{
    CannotTell, Exposure, Look, Owner, PortRange, Protocol, Row, Side, State, Verdict, usual_ephemeral,
};

/// The ephemeral ports of two looks.
pub(super) struct Ephemeral<'a> {
    /// Those that are ephemeral in both.
    range: Option<PortRange>,
    before: Kinds<'a>,
    after: Kinds<'a>,
}

/// What ephemeral ports are of in one look.
#[derive(Default)]
struct Kinds<'a> {
    all: HashSet<Kind<'a>>,
    /// Where there are some with a hidden owner, and with one that is seen.
    hidden: HashSet<Where<'a>>,
    seen: HashSet<Where<'a>>,
}

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

impl<'a> Ephemeral<'a> {
    pub(super) fn new(before: &'a Look, after: &'a Look) -> Ephemeral<'a> {
        let range = range(before, after);
        let kinds = |look: &'a Look| {
            let mut kinds = Kinds::default();
            for row in look.rows.iter().filter(|row| is_in(range, row)) {
                kinds.all.insert(kind(row));
                let place = if row.owner == Owner::Hidden { &mut kinds.hidden } else { &mut kinds.seen };
                place.insert(place_of(row));
            }
            kinds
        };
        Ephemeral { range, before: kinds(before), after: kinds(after) }
    }

    pub(super) fn has(&self, place: &Place<'_>) -> bool {
        place.before.iter().chain(&place.after).any(|row| is_in(self.range, row))
    }

    /// Takes out what is nothing but another number, and joins what has another number and something else besides.
    pub(super) fn settle(&self, places: Vec<Place<'a>>) -> Renumbered<'a> {
        let mut settled = Renumbered { places: Vec::new(), cannot_tell: Vec::new(), left_out: 0 };
        let (mut came, mut went) = (Vec::new(), BTreeMap::<Held<'a>, Vec<Place<'a>>>::new());
        for place in places {
            let is_known = place.is_changed()
                && place.before.iter().all(|row| self.after.all.contains(&kind(row)))
                && place.after.iter().all(|row| self.before.all.contains(&kind(row)));
            match (&place.before[..], &place.after[..]) {
                _ if is_known => settled.left_out += 1,
                ([], [now, ..]) if self.before.may_hide(now) => settled.unseen(now, Side::Before),
                ([then, ..], []) if self.after.may_hide(then) => settled.unseen(then, Side::After),
                ([], [_, ..]) => came.push(place),
                ([then, ..], []) => went.entry(held(then)).or_default().push(place),
                _ => settled.places.push(place),
            }
        }
        let mut went: HashMap<Held<'a>, std::vec::IntoIter<Place<'a>>> =
            went.into_iter().map(|(held, places)| (held, places.into_iter())).collect();
        for now in came {
            let then = went.get_mut(&held(now.after[0])).and_then(Iterator::next);
            let before = then.map(|then| then.before).unwrap_or_default();
            settled.places.push(Place { before, ..now });
        }
        settled.places.extend(went.into_values().flatten());
        settled
    }
}

impl Kinds<'_> {
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
    range.is_some_and(|range| range.contains(row.socket.local.port()))
}

fn place_of(row: &Row) -> Where<'_> {
    let socket = &row.socket;
    let namespace = socket.namespace.as_ref().map(NamespaceName::of_any_time);
    (socket.protocol, socket.local.ip(), socket.interface.as_deref(), namespace)
}

fn held(row: &Row) -> Held<'_> {
    (place_of(row), OwnerSeen::of(row).without_maker())
}

fn kind(row: &Row) -> Kind<'_> {
    (held(row), verdict(row), row.exposure, row.socket.state)
}
