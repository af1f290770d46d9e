//! What was observed → what there is to say: attribute → judge → annotate → filter.

mod ancestry;
mod annotate;
mod asked;
mod attribute;
mod behind;
mod changes;
mod check;
mod diff;
mod ephemeral;
mod excluded;
mod exposure;
mod findings;
mod gaps;
mod halted;
mod kept;
mod likeness;
mod next;
mod other_sockets;
mod owners;
mod rows;
mod server_changes;
mod servers;
mod unanswered;
mod waiting;
mod watching;

use std::collections::BTreeSet;

use self::asked::{Found, Question};
use self::rows::rows;
use crate::knowledge::{Knowledge, LicenseProgram};
use crate::model::phrase::in_a_row;
use crate::model::typed_at::PROGRAM;
use crate::model::{
    LicenseServer, Observation, Os, OtherNamespace, Owner, Pid, Process, Report, Row, Socket, Verdict,
};
use crate::os::{self, ScanScope};
use crate::query::{Filter, Naming, Query, UsageError, filter, unknown_names};

pub use self::attribute::attribute;
pub use self::changes::{changes, present};
pub use self::check::{CheckQuestion, check, suggested_policy};
pub use self::diff::{DiffQuestion, diff};
pub use self::excluded::excluded;
pub use self::exposure::exposure;
pub use self::servers::{
    EXPIRY_DAYS, ServersQuestion, add_causes_here, check as check_servers, license_servers, servers,
};
pub use self::waiting::{gaps_of_waiting, waited_ports, why_not_reached};
pub use self::watching::Watching;

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
    let mut naming = Naming::of(query.filter.names(), &rows, observation);
    let unknown = unknown_names(&query.filter, &naming, observation, &rows, knowledge)?;
    let license_servers = servers_in(query, &naming, observation, &rows, knowledge);
    servers::add_processes(&mut naming, &query.filter, license_servers.as_deref().unwrap_or_default());
    let question = Question { query, observation, knowledge, naming: &naming, unknown: &unknown };
    let mut asked = question.answers(&rows);
    let mut filtered = filter(rows, &query.filter, &naming, observation);
    if !asked.is_empty() {
        for row in &mut filtered.rows {
            let servers = license_servers.as_deref().unwrap_or_default();
            row.next = next::next(row, servers, os, observation.privileged);
        }
    }
    let rows = &filtered.rows;

    let remedy = os::remedy(os, observation.privileged, repeat);
    let of_files = gaps::of_files(filtered.undecided.files, os, remedy.as_ref());
    let other_sockets = other_sockets::of(observation);
    let hidden_others = other_sockets.iter().flatten().filter(|held| held.owner == Owner::Hidden).count();
    let mut gaps =
        gaps::of(observation, rows, hidden_others, &asked, filtered.undecided, remedy, &query.scope);
    gaps.extend(of_files);
    let excluded = excluded::in_filter(observation, &query.filter, knowledge);
    let other_namespaces = other_namespaces(observation, &query.filter);
    let found = Found::new(&filtered, &gaps, excluded.as_deref().unwrap_or_default());
    question.add_sentences(&mut asked, &found);
    for one in asked.iter_mut().filter(|one| one.may_be_free()) {
        let servers = license_servers.as_deref().unwrap_or_default();
        let elsewhere = servers::elsewhere(servers, &one.managers, knowledge.licenses());
        if let Some(elsewhere) = elsewhere {
            let there = asked::in_other_namespaces(one, observation);
            one.next = Some(in_a_row(there.into_iter().chain([elsewhere])));
        }
    }
    Ok(Report {
        host: observation.host.clone(),
        taken_at: observation.taken_at,
        privileged: observation.privileged,
        command: repeat.to_owned(),
        program: PROGRAM.to_owned(),
        selection: query.selection.clone(),
        asked,
        is_about_one: query.alone.is_some(),
        gaps,
        unanswered: unanswered::of(observation, &query.filter, &naming, knowledge),
        license_servers,
        servers_asked: query.scope.license_servers,
        interfaces: observation.interfaces.clone(),
        other_namespaces,
        other_sockets,
        method_notes: observation.method_notes.clone(),
        excluded,
        notes: notes(query, rows, &naming, os),
        narrowed: query.filter.is_narrow(),
        holders_asked: holders_asked(query, rows, &naming, os),
        rows: filtered.rows,
    })
}

fn holders_asked(query: &Query, rows: &[Row], naming: &Naming, os: Os) -> Option<BTreeSet<Pid>> {
    let holders = rows.iter().flat_map(|row| row.owner.processes());
    let asked = holders.filter(|process| query.filter.asks_for(process, naming, os));
    query.filter.by_holder().then(|| asked.map(|process| process.pid).collect())
}

/// What there is to say of rows. Of one port alone, the detail says it.
fn notes(query: &Query, rows: &[Row], naming: &Naming, os: Os) -> Vec<String> {
    let mut notes = kept::notes(rows, &query.filter, naming, os);
    if !query.is_about_ports() {
        notes.extend(halted::notes(rows));
    }
    notes
}

/// Whether a question turns out to be about a license server: what holds the port, or has the name, is a program of one.
#[must_use]
pub fn is_about_license_servers(query: &Query, report: &Report, knowledge: &Knowledge) -> bool {
    if query.scope.license_servers || !query.asks_about_few() {
        return false;
    }
    let is_program = |process: &Process| {
        let program = knowledge.licenses().recognise(process, report.host.os);
        program.is_some_and(|program| !matches!(program, LicenseProgram::Emulator(_)))
    };
    // A daemon of an unknown vendor is known by the server that started it.
    let is_expected =
        |row: &Row| row.license.as_ref().is_some_and(|license| license.verdict == Verdict::Expected);
    let asked = report.asked.iter().flat_map(|asked| &asked.processes);
    report.rows.iter().any(|row| is_expected(row) || row.owner.processes().any(|process| is_program(process)))
        || asked.into_iter().any(|one| is_program(&one.process))
}

/// Whether a listing of certain ports shows a license server or daemon: what is wrong with it is known only if all ports
/// are scanned.
#[must_use]
pub fn needs_all_ports(query: &Query, observation: &Observation, knowledge: &Knowledge) -> bool {
    let scope = &query.scope;
    if scope.license_servers || has_all_ports(scope) || query.asks_about_few() || !scope.has_both_families() {
        return false;
    }
    let (licenses, os) = (knowledge.licenses(), observation.host.os);
    let on_license_port =
        |socket: &Socket| knowledge.claims(socket.local.port(), Some(socket.protocol)).is_license_port();
    observation.processes.values().any(|process| licenses.recognise(process, os).is_some())
        || observation.sockets.iter().any(on_license_port)
}

fn has_all_ports(scope: &ScanScope) -> bool {
    // Nothing has port 0.
    scope.ports.is_empty() || scope.ports.iter().any(|ports| ports.first <= 1 && ports.last == u16::MAX)
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
    let (scope, os) = (&query.scope, observation.host.os);
    let is_whole = has_all_ports(scope) && scope.has_both_families();
    // A daemon that is left over may listen on any port.
    let is_license_program =
        |row: &Row| row.owner.lead().is_some_and(|lead| knowledge.licenses().recognise(lead, os).is_some());
    let is_asked = |row: &Row| {
        query.filter.is_about_all_ports()
            || row.owner.lead().is_some_and(|lead| query.filter.names_process(lead, naming))
            || query.filter.has_port(row.socket.protocol, row.socket.local.port())
    };
    let has_license_port =
        || rows.iter().any(|row| (row.license.is_some() || is_license_program(row)) && is_asked(row));
    if !is_whole || !(scope.license_servers || has_license_port()) {
        return None;
    }
    let all = license_servers(observation, rows, &query.vouched, knowledge, EXPIRY_DAYS);
    let is_seen = |server: &LicenseServer| {
        scope.protocol.is_none_or(|only| servers::is_known_by(server, only, knowledge.licenses()))
    };
    let seen: Vec<LicenseServer> = all.into_iter().filter(is_seen).collect();
    // The one that this was about may use the other protocol.
    if seen.is_empty() && scope.protocol.is_some() {
        return None;
    }
    Some(match scope.license_servers {
        true => servers::about(seen, &query.filter, naming, knowledge, os),
        false => servers::listed(seen, &query.filter, naming, os),
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
