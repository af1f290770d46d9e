//! The flow: attribute → annotate → judge → select.

mod asked;
mod gaps;
mod targets;

use crate::annotate::annotate;
use crate::attribute::attribute;
use crate::license::{Facts, Subject, judge};
use crate::model::{Observation, Os, Report, Row};
use crate::os;
use crate::registry::Registry;
use crate::request::{Request, WrongUse};
use crate::select::{Selected, select};

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
            row.license = judge(subject(&row, os), facts);
            row
        })
        .collect();

    let selection = targets::resolve(&request.selection, registry)?;
    targets::refuse_unknown(&selection, observation, &rows, facts)?;
    let Selected { rows, undecided, left_out } = select(rows, &selection, &observation.unseen);

    let remedy = os::how_to_see_more(os, observation.privileged, &request.command);
    Ok(Report {
        host: observation.host.clone(),
        taken_at: observation.taken_at,
        privileged: observation.privileged,
        asked: request.asked.as_deref().map(|typed| asked::about(typed, request, &selection, observation)),
        gaps: gaps::of(observation, &rows, undecided, remedy),
        rows,
        hidden_by_selection: left_out,
    })
}

fn subject(row: &Row, os: Os) -> Subject<'_> {
    Subject {
        os,
        protocol: row.socket.protocol,
        port: row.socket.local.port(),
        owner: &row.owner,
        parent: row.parent.as_ref(),
        more_holders: row.more_holders,
        unauthorized_use: row.unauthorized_use,
    }
}
