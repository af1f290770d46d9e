//! License servers as a monitoring system asks about them.

use crate::model::phrase::{counted, list};
use crate::model::{CheckResult, CheckStatus, LicenseServer, ServerState, ServersReport, Severity};

/// More problems are counted, not said.
const MOST_PROBLEMS: usize = 3;

/// What to tell a monitoring system: the worst that was found. What could not be seen is never OK.
#[must_use]
pub fn check(report: &ServersReport) -> CheckResult {
    let (status, what) = worst(report);
    result(status, &what, &performance(&report.servers))
}

/// What to tell a monitoring system where there is no answer.
#[must_use]
pub fn unknown(why: &str) -> CheckResult {
    result(CheckStatus::Unknown, why, "")
}

/// The first bar ends the text, and what is behind it counts as values: a user may write one into a path or a log.
fn result(status: CheckStatus, what: &str, values: &str) -> CheckResult {
    let text = format!("LICENSE SERVERS {} - {}{values}", status.code(), what.replace('|', "¦"));
    CheckResult { status, text }
}

/// The status, and what it rests on.
fn worst(report: &ServersReport) -> (CheckStatus, String) {
    let servers = &report.servers;
    let worst = servers.iter().filter_map(LicenseServer::severity).max();
    if worst == Some(Severity::Critical) {
        return (CheckStatus::Critical, problems(servers, Severity::Critical));
    }
    // What is worse may be hidden.
    if let Some(gap) = report.gaps.first() {
        return (CheckStatus::Unknown, gap.detail.clone());
    }
    // Whoever names a product wants it to run.
    if !report.missing.is_empty() {
        if !report.other_namespaces.is_empty() {
            return (CheckStatus::Unknown, none(&report.missing, report));
        }
        let products = list(&report.missing, "or");
        return (CheckStatus::Critical, format!("no license server of {products} runs here"));
    }
    if worst == Some(Severity::Warning) {
        return (CheckStatus::Warning, problems(servers, Severity::Warning));
    }
    if let Some(server) = servers.iter().find(|server| server.state == ServerState::CannotTell) {
        let why = server.notes.last().map_or("", |note| note.trim_end_matches('.'));
        return (CheckStatus::Unknown, format!("{}: {why}", server.called()));
    }
    if servers.is_empty() {
        return (CheckStatus::Unknown, none(&report.products, report));
    }
    let up = up(servers);
    let off = match servers.len() - up {
        0 => String::new(),
        off => format!(", {off} switched off"),
    };
    (CheckStatus::Ok, format!("{} up{off}", counted(up, "license server")))
}

/// The problems of a severity.
fn problems(servers: &[LicenseServer], severity: Severity) -> String {
    let all = servers.iter().flat_map(|server| server.problems.iter().map(move |problem| (server, problem)));
    let problems: Vec<String> = all
        .filter(|(_, problem)| problem.code.severity() == severity)
        .map(|(server, problem)| format!("{}: {}", server.called(), problem.text.trim_end_matches('.')))
        .collect();
    let (shown, more) = problems.split_at(problems.len().min(MOST_PROBLEMS));
    let more = (!more.is_empty()).then(|| counted(more.len(), "more problem"));
    shown.iter().cloned().chain(more).collect::<Vec<_>>().join("; ")
}

/// That none was found of these products, or none at all, and where one may be.
fn none(products: &[String], report: &ServersReport) -> String {
    let elsewhere: usize = report.other_namespaces.iter().map(|other| other.listeners.len()).sum();
    let elsewhere = match elsewhere {
        0 => String::new(),
        count => format!(
            " in this network namespace; {} in others (--all-namespaces)",
            counted(count, "license-port listener")
        ),
    };
    let of = match products {
        [] => String::new(),
        products => format!(" of {}", list(products, "or")),
    };
    format!("no license server{of} was found{elsewhere}")
}

fn up(servers: &[LicenseServer]) -> usize {
    servers.iter().filter(|server| server.state == ServerState::Up).count()
}

/// Values for graphs, as monitoring plugins give them.
fn performance(servers: &[LicenseServer]) -> String {
    let up = up(servers);
    let problems: usize = servers.iter().map(|server| server.problems.len()).sum();
    let clients = servers.iter().filter_map(|server| server.clients).reduce(usize::saturating_add);
    let clients = clients.map_or(String::new(), |clients| format!(" clients={clients}"));
    format!(" | up={up} servers={} problems={problems}{clients}", servers.len())
}
