//! What every rule looks at.

use jiff::civil::Date;

use crate::model::{GapKind, Observation, Policy, Row, State};

pub(super) struct Scene<'a> {
    pub(super) observation: &'a Observation,
    pub(super) policy: &'a Policy,
    /// All that listens.
    pub(super) listeners: &'a [Row],
    /// What takes a port without listening.
    pub(super) bound: &'a [Row],
    pub(super) all_namespaces: bool,
    /// The day on which the machine was observed, in UTC.
    pub(super) today: Date,
}

pub(super) fn is_bound(row: &Row) -> bool {
    row.socket.state == State::Bound
}

impl Scene<'_> {
    /// How many listeners are in other network namespaces, as far as these can be seen.
    pub(super) fn elsewhere(&self) -> usize {
        self.observation.other_namespaces.iter().map(|other| other.listeners.len()).sum()
    }

    /// Why listeners may be missing from what was seen.
    pub(super) fn unseen_listeners(&self) -> Option<&str> {
        let hides = |kind: GapKind| {
            kind.hides_sockets() || (kind == GapKind::NamespacesHidden && self.all_namespaces)
        };
        self.observation.gaps.iter().find(|gap| hides(gap.kind)).map(|gap| gap.detail.as_str())
    }
}
