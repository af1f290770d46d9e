//! What was observed → what there is to say: attribute → judge → annotate → filter.

mod ancestry;
mod annotate;
mod asked;
mod attribute;
mod excluded;
mod gaps;
mod other_sockets;
mod unanswered;

use std::sync::Arc;

use self::annotate::annotate;
use self::asked::Question;
use crate::judge::{JudgedSocket, judge};
use crate::knowledge::Knowledge;
use crate::model::{Attributed, Observation, Os, OtherNamespace, Owner, Report, Row};
use crate::os;
use crate::query::filter::Filtered;
use crate::query::{Filter, Query, UsageError, filter, refuse_unknown};

pub use self::annotate::exposure;
pub use self::attribute::attribute;
pub use self::excluded::excluded;

/// What an observation answers to a question. `repeat` is the command line, quoted for a shell.
///
/// # Errors
///
/// Where a name was typed that is no service, no license process, and no process found here.
pub fn report(
    query: &Query,
    observation: &Observation,
    knowledge: &Knowledge,
    repeat: &str,
) -> Result<Report, UsageError> {
    let os = observation.host.os;
    let rows: Vec<Row> = attribute(observation)
        .into_iter()
        .map(|attributed| {
            let socket = judged_socket(&attributed, os);
            let license = judge(socket, &query.vouched, knowledge.licenses(), knowledge.registry);
            annotate(attributed, license, knowledge.registry)
        })
        .collect();
    refuse_unknown(&query.filter, observation, &rows, knowledge)?;
    let question = Question { query, observation, knowledge };
    let mut asked = question.answers(&rows);
    let Filtered { rows, undecided } = filter(rows, &query.filter, &observation.hidden, os);

    let remedy = os::remedy(os, observation.privileged, repeat);
    let other_sockets = other_sockets::of(observation);
    let hidden_others = other_sockets.iter().flatten().filter(|held| held.owner == Owner::Hidden).count();
    let gaps = gaps::of(observation, &rows, hidden_others, &asked, undecided, remedy, &query.scope);
    let excluded = excluded::in_filter(observation, &query.filter, knowledge);
    let other_namespaces = other_namespaces(observation, &query.filter);
    for one in &mut asked {
        question.add_sentences(one, &rows, &gaps, excluded.as_deref().unwrap_or_default());
    }
    Ok(Report {
        host: observation.host.clone(),
        taken_at: observation.taken_at,
        privileged: observation.privileged,
        asked,
        is_about_one: query.alone.is_some(),
        gaps,
        unanswered: unanswered::of(observation, &query.filter, knowledge),
        other_namespaces,
        other_sockets,
        method_notes: observation.method_notes.clone(),
        excluded,
        narrowed: query.filter.is_narrow(),
        rows,
    })
}

/// The other namespaces, with those of their listeners that would match as far as port and protocol alone
/// can decide.
fn other_namespaces(observation: &Observation, filter: &Filter) -> Vec<OtherNamespace> {
    if !filter.by_port_alone() {
        return Vec::new();
    }
    let matching = observation.other_namespaces.iter().map(|other| OtherNamespace {
        namespace: other.namespace.clone(),
        listeners: other
            .listeners
            .iter()
            .copied()
            .filter(|&(protocol, port)| filter.keeps(protocol, port))
            .collect(),
    });
    matching.filter(|other| !other.listeners.is_empty()).collect()
}

fn judged_socket(attributed: &Attributed, os: Os) -> JudgedSocket<'_> {
    JudgedSocket {
        os,
        protocol: attributed.socket.protocol,
        local: attributed.socket.local,
        owner: &attributed.owner,
        parent: attributed.ancestors.first().map(Arc::as_ref),
        more_holders: attributed.more_holders,
    }
}
