//! The flow: attribute → annotate → judge → select.

mod asked;
mod excluded;
mod gaps;
mod inspection;
mod targets;
mod unreached;

use crate::annotate::annotate;
use crate::attribute::attribute;
use crate::explain;
use crate::license::{Facts, Subject, judge};
use crate::model::{Elsewhere, Explanation, Observation, Os, Report, Row};
use crate::os;
use crate::registry::{Registry, nearest};
use crate::request::{Lookup, Request, WrongUse};
use crate::select::{Selected, Selection, select};

pub use inspection::Inspection;

/// What to look at, for what was asked: where a port or service was asked for by itself, all that
/// concerns its ports. A target that the flags leave nothing of is refused by [`report`].
#[must_use]
pub fn wish(request: &Request) -> os::Wish {
    let mut wish = request.wish.clone();
    wish.only = request.selection.ports_alone();
    if request.asked.is_some()
        && let Ok(selection) = targets::resolve(&request.selection, Registry::embedded())
    {
        wish.asked = selection.ports().map(|ports| ports.range).collect();
    }
    wish
}

/// Says of an observation what was asked for.
///
/// # Errors
///
/// Where a name was asked for that is no service, no license process, and no process seen here, or
/// where the flags leave nothing of a target.
pub fn report(request: &Request, observation: &Observation) -> Result<Report, WrongUse> {
    let registry = Registry::embedded();
    let facts = Facts::embedded();
    let os = observation.host.os;

    let rows: Vec<Row> = attribute(observation)
        .into_iter()
        .map(|attributed| annotate(attributed, registry))
        .map(|mut row| {
            row.license = judge(subject(&row, os), facts, registry);
            row
        })
        .collect();

    let selection = targets::resolve(&request.selection, registry)?;
    if request.wish.rules {
        targets::refuse_processes(&selection)?;
    }
    targets::refuse_unknown(&selection, observation, &rows, facts)?;
    let Selected { mut rows, mut undecided } = select(rows, &selection, &observation.unseen, os);
    let excluded = excluded::of(observation, &selection);
    if request.wish.rules {
        (rows, undecided) = (Vec::new(), 0);
    }

    let remedy = os::how_to_see_more(os, observation.privileged, &request.command);
    Ok(Report {
        host: observation.host.clone(),
        taken_at: observation.taken_at,
        privileged: observation.privileged,
        asked: request.asked.as_deref().map(|typed| asked::about(typed, request, &selection, observation)),
        gaps: gaps::of(observation, &rows, undecided, remedy, request),
        unreached: unreached::of(observation, &selection, facts, registry),
        elsewhere: elsewhere(observation, &selection),
        account: observation.account.clone(),
        rows,
        excluded,
        of_excluded: request.wish.rules,
        narrowed: selection.is_narrow(),
    })
}

/// The other namespaces, with those of their listeners that would match as far as that can be told
/// by port and protocol alone.
fn elsewhere(observation: &Observation, selection: &Selection) -> Vec<Elsewhere> {
    if !selection.by_place_alone() {
        return Vec::new();
    }
    let matching = observation.elsewhere.iter().map(|other| Elsewhere {
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
pub fn explain(lookup: &Lookup) -> Result<Vec<Explanation>, WrongUse> {
    let (registry, facts) = (Registry::embedded(), Facts::embedded());
    let told = lookup.topics.iter().map(|(asked, topic)| {
        let explanation = explain::explain(asked, topic, facts, registry);
        if !explanation.is_empty() {
            return Ok(explanation);
        }
        let hint = match &nearest(asked, explain::names(facts))[..] {
            [] => String::new(),
            names => format!("; nearest: {}", names.join(", ")),
        };
        Err(WrongUse::new(format!(
            "‘{asked}’ is no service of the registry, and no license manager, vendor or license process \
             that is known{hint}"
        )))
    });
    told.collect()
}

fn subject(row: &Row, os: Os) -> Subject<'_> {
    Subject {
        os,
        protocol: row.socket.protocol,
        local: row.socket.local,
        owner: &row.owner,
        parent: row.parent(),
        more_holders: row.more_holders,
    }
}
