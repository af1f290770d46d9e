//! License servers as a monitoring system asks about them.

use crate::model::phrase::{counted, list};
use crate::model::{
    CheckResult, CheckService, CheckStatus, Finding, LicenseServer, Performance, ServerState, ServersReport,
    Severity,
};
use crate::report::findings;

/// What to tell a monitoring system in one line: the worst that was found. What could not be seen is never OK.
#[must_use]
pub fn check(report: &ServersReport) -> CheckResult {
    let answer = findings::answer(
        CheckService::LicenseServers,
        &findings(report),
        &ok(report),
        performance(&report.servers),
    );
    CheckResult { details: Vec::new(), ..answer }
}

/// What is wrong with the license servers, and what is not known of them.
pub(in crate::report) fn findings(report: &ServersReport) -> Vec<Finding> {
    let servers = &report.servers;
    let mut findings: Vec<Finding> = servers.iter().flat_map(problems).collect();
    findings.extend(report.gaps.iter().map(|gap| {
        let option = gap.remedy.as_ref().filter(|remedy| remedy.starts_with("--"));
        let option = option.map_or(String::new(), |option| format!(" ({option})"));
        Finding::new(CheckStatus::Unknown, format!("{}{option}", gap.detail))
    }));
    // Whoever names a product wants it to run. With a gap it may do so.
    if !report.missing.is_empty() && report.gaps.is_empty() {
        findings.push(match report.other_namespaces.is_empty() {
            true => {
                let products = list(&report.missing, "or");
                Finding::new(CheckStatus::Critical, format!("no license server of {products} runs here"))
            }
            false => Finding::new(CheckStatus::Unknown, none(&report.missing, report)),
        });
    }
    let untold = servers.iter().filter(|server| {
        server.state == ServerState::CannotTell && server.severity() < Some(Severity::Warning)
    });
    findings.extend(untold.map(|server| {
        let why = server.notes.last().map_or("", |note| note.trim_end_matches('.'));
        Finding::new(CheckStatus::Unknown, format!("{}: {why}", server.called()))
    }));
    if servers.is_empty() && findings.is_empty() {
        findings.push(Finding::new(CheckStatus::Unknown, none(&report.products, report)));
    }
    findings
}

/// That all is well.
pub(in crate::report) fn ok(report: &ServersReport) -> String {
    let up = up(&report.servers);
    let off = match report.servers.len() - up {
        0 => String::new(),
        off => format!(", {off} switched off"),
    };
    format!("{} up{off}", counted(up, "license server"))
}

/// What is wrong with a license server, and more than worth knowing.
fn problems(server: &LicenseServer) -> impl Iterator<Item = Finding> {
    server.problems.iter().filter_map(|problem| {
        let status = match problem.code.severity() {
            Severity::Critical => CheckStatus::Critical,
            Severity::Warning => CheckStatus::Warning,
            Severity::Info => return None,
        };
        let text = problem.text.trim_end_matches('.');
        Some(Finding::new(status, format!("{}: {text}", server.called())))
    })
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

pub(in crate::report) fn up(servers: &[LicenseServer]) -> usize {
    servers.iter().filter(|server| server.state == ServerState::Up).count()
}

/// Values for graphs.
fn performance(servers: &[LicenseServer]) -> Vec<Performance> {
    let problems: usize = servers.iter().map(|server| server.problems.len()).sum();
    let mut values = vec![
        Performance { label: "up", value: up(servers) },
        Performance { label: "servers", value: servers.len() },
        Performance { label: "problems", value: problems },
    ];
    values.extend(clients(servers));
    values
}

/// How many clients there are, as far as they were counted.
pub(in crate::report) fn clients(servers: &[LicenseServer]) -> Option<Performance> {
    let clients = servers.iter().filter_map(|server| server.clients).reduce(usize::saturating_add);
    clients.map(|value| Performance { label: "clients", value })
}
