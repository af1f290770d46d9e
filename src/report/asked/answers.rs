//! The status of each port that was asked about, with each protocol.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::sorting::sort_by_key;
use crate::model::{
    Family, GapKind, Observation, Pid, PortAnswer, PortConnection, PortStatus, PortUse, Process, Protocol,
    Row, State,
};
use crate::os::ScanScope;
use crate::query::Ports;

type Place = (u16, Protocol);

/// What a scan says about the use of ports.
pub(super) struct PortUses<'a> {
    observation: &'a Observation,
    scope: &'a ScanScope,
    held: BTreeMap<Place, PortStatus>,
    connections: BTreeMap<Place, Vec<&'a PortConnection>>,
}

/// The answers about one word.
pub(super) struct Answers {
    pub(super) answers: Vec<PortAnswer>,
    /// As in [`Asked`](crate::model::Asked).
    pub(super) more_free: Option<usize>,
}

impl<'a> PortUses<'a> {
    /// `rows` are all sockets that were listed, whether or not they are shown.
    pub(super) fn of(observation: &'a Observation, rows: &[Row], scope: &'a ScanScope) -> PortUses<'a> {
        let mut held = BTreeMap::new();
        for socket in rows.iter().map(|row| &row.socket) {
            let place = (socket.local.port(), socket.protocol);
            match socket.state {
                State::Bound => drop(held.entry(place).or_insert(PortStatus::Bound)),
                State::Listen | State::Unconnected => drop(held.insert(place, PortStatus::Listening)),
            }
        }
        let mut connections: BTreeMap<Place, Vec<&PortConnection>> = BTreeMap::new();
        for connection in &observation.port_connections {
            connections.entry((connection.local.port(), connection.protocol)).or_default().push(connection);
        }
        PortUses { observation, scope, held, connections }
    }

    /// What there is to say about these ports: of a single one everything, else what is not free.
    pub(super) fn answers(&self, ports: &[Ports], only: Option<Protocol>) -> Answers {
        if ports.is_empty() {
            return Answers { answers: Vec::new(), more_free: Some(0) };
        }
        let is_asked = |&(port, protocol): &Place| {
            only.is_none_or(|only| only == protocol) && ports.iter().any(|asked| asked.have(protocol, port))
        };
        let held = self.held.keys().copied().filter(is_asked);
        let is_examined = ports.iter().all(|ports| self.scope.detail_ports.contains(&ports.range));
        if !is_examined {
            // Whether the others are free was not examined.
            let single = ports.iter().filter(|ports| ports.range.single().is_some());
            let places: BTreeSet<Place> = held.chain(single.flat_map(|one| places(one, only))).collect();
            let answers = places.into_iter().map(|place| self.answer(place, false)).collect();
            return Answers { answers, more_free: None };
        }
        let places: BTreeSet<Place> =
            held.chain(ports.iter().flat_map(|ports| places(ports, only))).collect();
        let is_one_port = places.first().map(|(port, _)| port) == places.last().map(|(port, _)| port);
        let all: Vec<PortAnswer> = places.into_iter().map(|place| self.answer(place, true)).collect();
        let count = all.len();
        let answers: Vec<PortAnswer> =
            all.into_iter().filter(|answer| is_one_port || answer.status != PortStatus::Free).collect();
        Answers { more_free: Some(count - answers.len()), answers }
    }

    fn answer(&self, place: Place, is_examined: bool) -> PortAnswer {
        let (port, protocol) = place;
        let connections =
            self.connections.get(&place).filter(|_| is_examined && !self.held.contains_key(&place));
        let by: Vec<PortUse> = self.uses(connections.into_iter().flatten());
        let status = match self.held.get(&place) {
            Some(status) => *status,
            None if !by.is_empty() => PortStatus::InUse,
            None if self.is_reserved(place) => PortStatus::Reserved,
            None if is_examined && self.is_all_seen() => PortStatus::Free,
            None => PortStatus::Unknown,
        };
        PortAnswer { protocol, port, status, by }
    }

    fn uses<'b>(&self, connections: impl Iterator<Item = &'b &'b PortConnection>) -> Vec<PortUse> {
        let process = |pid: &Pid| self.observation.processes.get(pid).cloned();
        let with_holders = |connection: &&PortConnection| {
            let processes: Vec<Arc<Process>> = connection.pids.iter().filter_map(process).collect();
            PortUse { connection: (*connection).clone(), processes }
        };
        let mut uses: Vec<PortUse> = connections.map(with_holders).collect();
        sort_by_key(&mut uses, |one| (one.connection.state, one.connection.local, one.connection.peer));
        uses
    }

    fn is_reserved(&self, (port, protocol): Place) -> bool {
        let families: Vec<Family> = [(self.scope.ipv4, Family::Ipv4), (self.scope.ipv6, Family::Ipv6)]
            .into_iter()
            .filter(|one| one.0)
            .map(|one| one.1)
            .collect();
        self.observation.port_rules.excluded.iter().flatten().any(|excluded| {
            !excluded.by_number
                && excluded.ports.contains(port)
                && excluded.protocol.is_none_or(|only| only == protocol)
                && excluded.family.is_none_or(|only| families.contains(&only))
        })
    }

    /// Whether everything was examined that could have a port.
    fn is_all_seen(&self) -> bool {
        let hides = |kind: GapKind| kind.hides_sockets() || kind == GapKind::PortRulesUnreadable;
        self.scope.ipv4 && self.scope.ipv6 && !self.observation.gaps.iter().any(|gap| hides(gap.kind))
    }
}

/// Each pair of port and protocol that may be called free.
fn places(ports: &Ports, only: Option<Protocol>) -> impl Iterator<Item = Place> + use<> {
    let wanted = [ports.protocol, only];
    let protocols =
        Protocol::ASKABLE.into_iter().filter(move |one| wanted.iter().flatten().all(|only| only == one));
    let range = ports.range;
    protocols.flat_map(move |protocol| (range.first..=range.last).map(move |port| (port, protocol)))
}
