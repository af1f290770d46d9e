//! License servers as a monitoring system asks about them.

use crate::model::phrase::{counted, list};
use crate::model::{CheckResult, CheckStatus, LicenseServer, ServerState, ServersReport, Severity};

/// More problems are counted, not said.
const MOST_PROBLEMS: usize = 3;

/// What to tell a monitoring system: the worst that was found. What could not be seen is never OK.
#[must_use]
pub fn check(report: &ServersReport) -> CheckResult {
    let servers = &report.servers;
    let worst = servers.iter().filter_map(LicenseServer::severity).max();
    let is_unknown = servers.iter().any(|server| server.state == ServerState::CannotTell);
    let status = match worst {
        Some(Severity::Critical) => CheckStatus::Critical,
        // What is worse may be hidden.
        _ if !report.gaps.is_empty() => CheckStatus::Unknown,
        // Whoever names a product wants it to run.
        _ if !report.missing.is_empty() => CheckStatus::Critical,
        Some(Severity::Warning) => CheckStatus::Warning,
        _ if is_unknown => CheckStatus::Unknown,
        _ if servers.is_empty() => CheckStatus::Unknown,
        _ => CheckStatus::Ok,
    };
    let text = format!(
        "LICENSE SERVERS {} - {}{}",
        status.code(),
        without_bars(&what(report)),
        performance(servers)
    );
    CheckResult { status, text }
}

/// The first bar ends the text, and what is behind it counts as values: a user may write one into a path or a log.
fn without_bars(text: &str) -> String {
    text.replace('|', "¦")
}

/// What to tell a monitoring system where there is no answer.
#[must_use]
pub fn unknown(why: &str) -> CheckResult {
    let status = CheckStatus::Unknown;
    CheckResult { status, text: format!("LICENSE SERVERS {} - {}", status.code(), without_bars(why)) }
}

fn what(report: &ServersReport) -> String {
    let servers = &report.servers;
    let worst =
        servers.iter().filter_map(LicenseServer::severity).max().filter(|worst| *worst > Severity::Info);
    let problems: Vec<String> = servers
        .iter()
        .flat_map(|server| server.problems.iter().map(move |problem| (server, problem)))
        .filter(|(_, problem)| Some(problem.code.severity()) == worst)
        .map(|(server, problem)| format!("{}: {}", server.called(), problem.text.trim_end_matches('.')))
        .collect();
    if !report.missing.is_empty() && (worst != Some(Severity::Critical)) && report.gaps.is_empty() {
        return format!("no license server of {} runs here", list(&report.missing, "or"));
    }
    if worst == Some(Severity::Critical) || (worst.is_some() && report.gaps.is_empty()) {
        let (shown, more) = problems.split_at(problems.len().min(MOST_PROBLEMS));
        let more = (!more.is_empty()).then(|| counted(more.len(), "more problem"));
        return shown.iter().cloned().chain(more).collect::<Vec<_>>().join("; ");
    }
    if let Some(gap) = report.gaps.first() {
        return gap.detail.clone();
    }
    let unknown = servers.iter().find(|server| server.state == ServerState::CannotTell);
    if let Some(server) = unknown {
        let why = server.notes.last().map_or("", |note| note.trim_end_matches('.'));
        return format!("{}: {why}", server.called());
    }
    if servers.is_empty() {
        let elsewhere: usize = report.other_namespaces.iter().map(|other| other.listeners.len()).sum();
        let elsewhere = match elsewhere {
            0 => String::new(),
            count => format!(
                " in this network namespace; {} in others (--all-namespaces)",
                counted(count, "license-port listener")
            ),
        };
        let of = match &report.products[..] {
            [] => String::new(),
            products => format!(" of {}", list(products, "or")),
        };
        return format!("no license server{of} was found{elsewhere}");
    }
    let up = servers.iter().filter(|server| server.state == ServerState::Up).count();
    let off = match servers.len() - up {
        0 => String::new(),
        off => format!(", {off} switched off"),
    };
    format!("{} up{off}", counted(up, "license server"))
}

/// Values for graphs, as monitoring plugins give them.
fn performance(servers: &[LicenseServer]) -> String {
    let up = servers.iter().filter(|server| server.state == ServerState::Up).count();
    let problems: usize = servers.iter().map(|server| server.problems.len()).sum();
    let clients = servers.iter().filter_map(|server| server.clients).reduce(usize::saturating_add);
    let clients = clients.map_or(String::new(), |clients| format!(" clients={clients}"));
    format!(" | up={up} servers={} problems={problems}{clients}", servers.len())
}
