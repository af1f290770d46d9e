//! The ports that the system excludes, and which license managers that concerns.

use crate::license::{Facts, Place};
use crate::model::{Excluded, Manager, Observation, PortRange, Protocol};
use crate::registry::Registry;
use crate::select::Selection;

/// Those with a port that was asked for; all where none was.
pub(super) fn of(observation: &Observation, selection: &Selection) -> Vec<Excluded> {
    let facts = Facts::embedded();
    // Of managers that only the registry names, most are long gone.
    let used = facts.managers.iter().flat_map(|manager| &manager.ports).filter_map(|known| known.range);
    let mut used: Vec<u16> = used.flat_map(|range| range.first..=range.last).collect();
    used.sort_unstable();
    used.dedup();
    let excluded = observation.port_rules.excluded.iter().filter(|excluded| {
        let protocols = [Protocol::Tcp, Protocol::Udp].into_iter();
        let mut protocols = protocols.filter(|&one| excluded.protocol.is_none_or(|only| only == one));
        protocols.any(|protocol| selection.overlaps(protocol, excluded.ports))
    });
    let told = excluded.map(|excluded| {
        let concerned = used.iter().filter(|&&port| excluded.ports.contains(port));
        let managers = concerned.flat_map(|&port| {
            let place = Place::of(port, excluded.protocol, facts, Registry::embedded());
            let managers = if place.is_license_port() { place.managers_reported() } else { Vec::new() };
            let here = PortRange { first: port, last: port };
            managers.into_iter().map(move |manager| Manager { ports: here, ..manager })
        });
        Excluded { ports: *excluded, managers: managers.collect() }
    });
    told.collect()
}
