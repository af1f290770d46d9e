//! The flow: attribute → annotate → judge → select.

mod annotate;
mod asked;
mod attribute;
mod excluded;
mod gaps;
mod unanswered;

use std::sync::Arc;

use self::annotate::annotate;
use crate::judge::{HeldSocket, judge};
use crate::knowledge::Licenses;
use crate::knowledge::explain;
use crate::knowledge::{Registry, nearest};
use crate::model::{Attributed, Explanation, Observation, Os, OtherNamespace, Report, Row};
use crate::os;
use crate::query::filter::{Selected, Selection, select};
use crate::query::{self, Lookup, Request, UsageError};

pub use self::annotate::exposure;
pub use self::attribute::attribute;

/// What to look at, for what was asked: where a port or service was asked for by itself, all that
/// concerns its ports. A target that the flags leave nothing of is refused by [`report`].
#[must_use]
pub fn scope(request: &Request) -> os::ScanScope {
    let mut scope = request.scope.clone();
    scope.ports = request.selection.ports_alone();
    if request.asked.is_some()
        && let Ok(selection) = query::resolve::resolve(&request.selection, Registry::embedded())
    {
        scope.detail_ports = selection.ports().map(|ports| ports.range).collect();
    }
    scope
}

/// Says of an observation what was asked for.
///
/// # Errors
///
/// Where a name was asked for that is no service, no license process, and no process seen here, or
/// where the flags leave nothing of a target.
pub fn report(request: &Request, observation: &Observation) -> Result<Report, UsageError> {
    let registry = Registry::embedded();
    let licenses = Licenses::embedded();
    let os = observation.host.os;

    let rows: Vec<Row> = attribute(observation)
        .into_iter()
        .map(|attributed| {
            let license = judge(subject(&attributed, os), licenses, registry);
            annotate(attributed, license, registry)
        })
        .collect();

    let selection = query::resolve::resolve(&request.selection, registry)?;
    if request.scope.rules {
        query::resolve::refuse_processes(&selection)?;
    }
    query::resolve::refuse_unknown(&selection, observation, &rows, licenses)?;
    let Selected { mut rows, mut undecided } = select(rows, &selection, &observation.hidden, os);
    let excluded = excluded::of(observation, &selection);
    if request.scope.rules {
        (rows, undecided) = (Vec::new(), 0);
    }

    let remedy = os::remedy(os, observation.privileged, &request.command);
    Ok(Report {
        host: observation.host.clone(),
        taken_at: observation.taken_at,
        privileged: observation.privileged,
        asked: request.asked.as_deref().map(|typed| asked::about(typed, request, &selection, observation)),
        gaps: gaps::of(observation, &rows, undecided, remedy, request),
        unanswered: unanswered::of(observation, &selection, licenses, registry),
        other_namespaces: other_namespaces(observation, &selection),
        method_notes: observation.method_notes.clone(),
        rows,
        excluded,
        of_excluded: request.scope.rules,
        narrowed: selection.is_narrow(),
    })
}

/// The other namespaces, with those of their listeners that would match as far as that can be told
/// by port and protocol alone.
fn other_namespaces(observation: &Observation, selection: &Selection) -> Vec<OtherNamespace> {
    if !selection.by_place_alone() {
        return Vec::new();
    }
    let matching = observation.other_namespaces.iter().map(|other| OtherNamespace {
        namespace: other.namespace.clone(),
        listeners: other
            .listeners
            .iter()
            .copied()
            .filter(|&(protocol, port)| selection.takes(protocol, port))
            .collect(),
    });
    matching.filter(|other| !other.listeners.is_empty()).collect()
}

/// Explains what was asked about, topic by topic.
///
/// # Errors
///
/// Where a word names nothing that is known.
pub fn explain(lookup: &Lookup) -> Result<Vec<Explanation>, UsageError> {
    let (registry, licenses) = (Registry::embedded(), Licenses::embedded());
    let told = lookup.topics.iter().map(|(asked, topic)| {
        let explanation = explain::explain(asked, topic, licenses, registry);
        if !explanation.is_empty() {
            return Ok(explanation);
        }
        let hint = match &nearest(asked, explain::names(licenses))[..] {
            [] => String::new(),
            names => format!("; nearest: {}", names.join(", ")),
        };
        Err(UsageError::new(format!(
            "‘{asked}’ is no service of the registry, and no license manager, vendor or license process \
             that is known{hint}"
        )))
    });
    told.collect()
}

fn subject(attributed: &Attributed, os: Os) -> HeldSocket<'_> {
    HeldSocket {
        os,
        protocol: attributed.socket.protocol,
        local: attributed.socket.local,
        owner: &attributed.owner,
        parent: attributed.ancestors.first().map(Arc::as_ref),
        more_holders: attributed.more_holders,
    }
}
