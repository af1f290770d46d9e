//! The ports that the system excludes, and which license managers that concerns.

use crate::knowledge::Registry;
use crate::knowledge::{KnownPort, Licenses, PortClaims};
use crate::model::{Excluded, ExcludedPorts, Manager, Observation, Protocol};
use crate::query::filter::Selection;

/// Those with a port that was asked for; all where none was. `None` where they are not known.
pub(super) fn of(observation: &Observation, selection: &Selection) -> Option<Vec<Excluded>> {
    let excluded = observation.port_rules.excluded.as_ref()?;
    let is_asked = |excluded: &&ExcludedPorts| {
        let protocols = [Protocol::Tcp, Protocol::Udp].into_iter();
        let mut protocols = protocols.filter(|&one| excluded.protocol.is_none_or(|only| only == one));
        protocols.any(|protocol| selection.overlaps(protocol, excluded.ports))
    };
    let told = excluded.iter().filter(is_asked);
    Some(told.map(|excluded| Excluded { ports: *excluded, managers: managers(excluded) }).collect())
}

/// The license managers that have ports among them, with those ports. Of managers of which only the registry
/// tells, most are long gone.
fn managers(excluded: &ExcludedPorts) -> Vec<Manager> {
    let licenses = Licenses::embedded();
    let mut concerned = Vec::new();
    for manager in &licenses.managers {
        let is_it =
            |known: &&KnownPort| excluded.protocol.is_none_or(|protocol| known.protocols.contains(&protocol));
        for range in manager.ports.iter().filter(is_it).filter_map(|known| known.range) {
            let Some(common) = range.common(excluded.ports) else { continue };
            let is_theirs = |port| {
                let claims = PortClaims::of(port, excluded.protocol, licenses, Registry::embedded());
                claims.is_license_port() && claims.managers.iter().any(|here| here.id == manager.id)
            };
            if is_theirs(common.first) {
                concerned.push(manager.at(common));
            }
        }
    }
    concerned.sort_by_key(|manager| manager.ports);
    concerned
}
