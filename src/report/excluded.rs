//! The ports that the system excludes, and which license managers that concerns.

use crate::knowledge::{Knowledge, KnownPort};
use crate::model::sorting::sort_by_key;
use crate::model::{Excluded, ExcludedPorts, ExcludedReport, Manager, Observation, Protocol};
use crate::query::Filter;

/// What an observation of the system's rules answers to the question which ports are excluded.
#[must_use]
pub fn excluded(filter: &Filter, observation: Observation, knowledge: &Knowledge) -> ExcludedReport {
    ExcludedReport {
        excluded: in_filter(&observation, filter, knowledge).unwrap_or_default(),
        narrowed: filter.is_narrow(),
        host: observation.host,
        taken_at: observation.taken_at,
        privileged: observation.privileged,
        gaps: observation.gaps,
        method_notes: observation.method_notes,
    }
}

/// Those with a port that the filter keeps. `None` where they are not known.
pub(super) fn in_filter(
    observation: &Observation,
    filter: &Filter,
    knowledge: &Knowledge,
) -> Option<Vec<Excluded>> {
    let excluded = observation.port_rules.excluded.as_ref()?;
    let is_kept = |excluded: &&ExcludedPorts| {
        let protocols = Protocol::ASKABLE.into_iter();
        let mut protocols = protocols.filter(|&one| excluded.protocol.is_none_or(|only| only == one));
        protocols.any(|protocol| filter.overlaps(protocol, excluded.ports))
    };
    let kept = excluded.iter().filter(is_kept);
    let kept = kept.map(|ports| Excluded { ports: *ports, managers: managers(ports, knowledge) });
    Some(kept.collect())
}

/// The license managers that have ports among them, with those ports. Managers that only the registry knows
/// are left out: most are long gone.
fn managers(excluded: &ExcludedPorts, knowledge: &Knowledge) -> Vec<Manager> {
    let licenses = knowledge.licenses();
    let mut concerned = Vec::new();
    for manager in &licenses.managers {
        let is_it =
            |known: &&KnownPort| excluded.protocol.is_none_or(|protocol| known.protocols.contains(&protocol));
        for range in manager.ports.iter().filter(is_it).filter_map(|known| known.range) {
            let Some(common) = range.common(excluded.ports) else { continue };
            let is_theirs = |port| {
                let claims = knowledge.claims(port, excluded.protocol);
                claims.belongs_to_license_managers()
                    && claims.managers.iter().any(|here| here.id == manager.id)
            };
            if is_theirs(common.first) {
                concerned.push(manager.at(common));
            }
        }
    }
    sort_by_key(&mut concerned, |manager| manager.ports);
    concerned
}
