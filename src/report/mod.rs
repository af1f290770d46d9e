//! What was observed → what there is to say: attribute → judge → annotate → filter.

mod ancestry;
mod annotate;
mod asked;
mod attribute;
mod behind;
mod excluded;
mod exposure;
mod gaps;
mod kept;
mod next;
mod other_sockets;
mod rows;
mod servers;
mod unanswered;

use self::asked::{Found, Question};
use self::rows::rows;
use crate::knowledge::Knowledge;
use crate::model::{LicenseServer, Observation, OtherNamespace, Owner, Report, Row};
use crate::os;
use crate::query::{Filter, Naming, Query, UsageError, filter, unknown_names};

pub use self::attribute::attribute;
pub use self::excluded::excluded;
pub use self::exposure::exposure;
pub use self::servers::{
    EXPIRY_DAYS, ServersQuestion, add_causes_here, all_servers, check, license_servers, servers, unknown,
};

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
    let rows = rows(observation, &query.vouched, knowledge);
    let naming = Naming::of(query.filter.names(), &rows, observation);
    let unknown = unknown_names(&query.filter, &naming, observation, &rows, knowledge)?;
    let license_servers = servers_in(query, &naming, observation, &rows, knowledge);
    let question = Question { query, observation, knowledge, naming: &naming, unknown: &unknown };
    let mut asked = question.answers(&rows);
    let mut filtered = filter(rows, &query.filter, &naming, &observation.hidden, os);
    if !asked.is_empty() {
        for row in &mut filtered.rows {
            row.next = next::next(row, os, observation.privileged);
        }
    }
    let rows = &filtered.rows;

    let remedy = os::remedy(os, observation.privileged, repeat);
    let other_sockets = other_sockets::of(observation);
    let hidden_others = other_sockets.iter().flatten().filter(|held| held.owner == Owner::Hidden).count();
    let gaps = gaps::of(observation, rows, hidden_others, &asked, filtered.undecided, remedy, &query.scope);
    let excluded = excluded::in_filter(observation, &query.filter, knowledge);
    let other_namespaces = other_namespaces(observation, &query.filter);
    let found = Found::new(&filtered, &gaps, excluded.as_deref().unwrap_or_default());
    question.add_sentences(&mut asked, &found);
    for one in asked.iter_mut().filter(|one| one.may_be_free()) {
        let elsewhere = servers::elsewhere(license_servers.as_deref().unwrap_or_default());
        one.next = elsewhere.or(one.next.take());
    }
    Ok(Report {
        host: observation.host.clone(),
        taken_at: observation.taken_at,
        privileged: observation.privileged,
        asked,
        is_about_one: query.alone.is_some(),
        gaps,
        unanswered: unanswered::of(observation, &query.filter, &naming, knowledge),
        license_servers,
        interfaces: observation.interfaces.clone(),
        other_namespaces,
        other_sockets,
        method_notes: observation.method_notes.clone(),
        excluded,
        notes: kept::notes(rows, &query.filter, &naming, os),
        narrowed: query.filter.is_narrow(),
        rows: filtered.rows,
    })
}

/// The license servers that the question is about. `None` where none of their ports is shown or asked about, or where
/// too little was scanned to know them.
fn servers_in(
    query: &Query,
    naming: &Naming,
    observation: &Observation,
    rows: &[Row],
    knowledge: &Knowledge,
) -> Option<Vec<LicenseServer>> {
    let scope = &query.scope;
    let is_whole = scope.ports.is_empty() && scope.protocol.is_none() && scope.ipv4 && scope.ipv6;
    let has_license_port = || rows.iter().any(|row| row.license.is_some());
    if !is_whole || !(scope.license_servers || (query.filter.targets.is_empty() && has_license_port())) {
        return None;
    }
    let all = license_servers(observation, rows, &query.vouched, knowledge, EXPIRY_DAYS);
    Some(servers::about(all, &query.filter, naming, knowledge, observation.host.os))
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
