//! All rules, and what they found.

use jiff::tz::TimeZone;

use super::listeners::{forbidden, of_gaps};
use super::must_listen::expectations;
use super::scene::{Scene, is_bound};
use crate::knowledge::Knowledge;
use crate::model::phrase::counted;
use crate::model::{
    CheckResult, CheckService, CheckStatus, CheckedMachine, Finding, GapKind, Observation, Owner,
    Performance, Policy, PolicyRule, Row, ServersReport,
};
use crate::os;
use crate::query::{Naming, Query, UsageError, filter, unknown_names};
use crate::report::findings;
use crate::report::rows::rows;
use crate::report::servers::{self, ServersQuestion};

/// What is asked about a machine.
#[derive(Debug, Clone, Copy)]
pub struct CheckQuestion<'a> {
    /// The listeners to check. What must listen is looked for among all.
    pub query: &'a Query,
    pub policy: &'a Policy,
    /// The license servers that have to be up; `None` where they are not asked about.
    pub servers: Option<ServersQuestion<'a>>,
    /// The command line, quoted for a shell.
    pub repeat: &'a str,
}

/// Whether an observation is as it should be. What was not seen is never OK.
///
/// # Errors
///
/// Where a word names nothing.
pub fn check(
    question: &CheckQuestion<'_>,
    observation: &Observation,
    knowledge: &Knowledge,
) -> Result<CheckResult, UsageError> {
    let CheckQuestion { query, policy, servers, repeat } = *question;
    let all = rows(observation, &policy.vouched, knowledge);
    let naming = Naming::of(query.filter.names(), &all, observation);
    let unknown = unknown_names(&query.filter, &naming, observation, &all, knowledge);
    let unknown = unknown.and_then(|some| some.into_values().next().map_or(Ok(()), Err));
    unknown.map_err(UsageError::of_check)?;
    let filtered = filter(all.clone(), &query.filter, &naming, observation);
    let (bound, listeners): (Vec<Row>, Vec<Row>) = all.into_iter().partition(is_bound);
    let checked: Vec<&Row> = filtered.rows.iter().filter(|row| !is_bound(row)).collect();
    let scene = Scene {
        observation,
        policy,
        listeners: &listeners,
        bound: &bound,
        all_namespaces: query.scope.all_namespaces,
        today: observation.taken_at.to_zoned(TimeZone::UTC).date(),
    };
    let servers = servers.map(|question| servers::servers(&question, observation, knowledge)).transpose()?;
    let mut findings = expired(&scene);
    let expectations = expectations(&scene);
    findings.extend(expectations.iter().filter_map(|expectation| {
        let behind = expectation.place.as_ref().map_or(String::new(), |place| format!(" ({place})"));
        let reason = expectation.reason.as_ref()?;
        Some(Finding::new(expectation.status, format!("{reason}{behind}")))
    }));
    findings.extend(forbidden(&scene, &checked));
    if policy.forbids() {
        let undecided = filtered.undecided.owners + filtered.undecided.holders;
        findings.extend(of_gaps(&scene, &checked, undecided));
    }
    findings.extend(servers.iter().flat_map(servers::findings));
    let ok = all_is_well(&scene, checked.len(), servers.as_ref());
    let performance = performance(&checked, &findings, servers.as_ref());
    let mut answer = findings::answer(CheckService::Listeners, &findings, &ok, performance);
    answer.notes.extend(not_looked_at(&scene, answer.status));
    let is_unknown = findings.iter().any(|finding| finding.status == CheckStatus::Unknown);
    let remedy = os::remedy(observation.host.os, observation.privileged, repeat);
    // Root has what rights there are.
    let remedy = remedy.filter(|_| is_unknown && !observation.privileged);
    answer.notes.extend(remedy.map(|remedy| format!("With more rights: {remedy}")));
    let Observation { host, taken_at, privileged, .. } = observation;
    let machine = CheckedMachine { host: host.clone(), taken_at: *taken_at, privileged: *privileged };
    Ok(CheckResult { expectations, machine: Some(machine), ..answer })
}

/// The lines that no longer hold. Whoever wrote them has to say whether they still should.
fn expired(scene: &Scene<'_>) -> Vec<Finding> {
    let lines = scene.policy.lines.iter().filter(|line| line.is_expired(scene.today));
    let expired = lines.filter_map(|line| {
        let (place, until) = (line.place.as_ref()?, line.until?);
        let text = format!("{place}: until: the line expired on {until}; renew it or remove it");
        Some(Finding::new(CheckStatus::Unknown, text))
    });
    expired.collect()
}

/// What may be wrong where nobody looked, though it is not asked about.
fn not_looked_at(scene: &Scene<'_>, status: CheckStatus) -> Vec<String> {
    let is_hidden = |row: &&Row| row.owner == Owner::Hidden || row.more_holders;
    let owners = match scene.listeners.iter().filter(is_hidden).count() {
        // The findings say it.
        _ if status == CheckStatus::Unknown => None,
        0 => None,
        1 => Some("Not seen: the owner of 1 listener".to_owned()),
        n => Some(format!("Not seen: the owners of {n} listeners")),
    };
    let are_hidden = scene.observation.gaps.iter().any(|gap| gap.kind == GapKind::NamespacesHidden);
    let unread = (are_hidden && !scene.all_namespaces)
        .then(|| "Not checked: other network namespaces, of which not all could be seen".to_owned());
    let elsewhere = scene.elsewhere();
    // Where all is well, the line says it.
    let is_said = elsewhere == 0 || (status == CheckStatus::Ok && scene.policy.forbids());
    let others = (!is_said).then(|| {
        format!(
            "Not checked: {} in other network namespaces (--all-namespaces)",
            counted(elsewhere, "listener")
        )
    });
    owners.into_iter().chain(unread).chain(others).collect()
}

fn all_is_well(scene: &Scene<'_>, checked: usize, servers: Option<&ServersReport>) -> String {
    let expected: usize = scene.policy.with_rule(PolicyRule::MustListen).map(|line| line.ports.len()).sum();
    let expected = match expected {
        0 => None,
        1 => Some("1 expected port listens".to_owned()),
        n => Some(format!("{n} expected ports listen")),
    };
    let elsewhere = match scene.elsewhere() {
        0 => String::new(),
        n => format!("; not checked: {n} in other network namespaces"),
    };
    let checked =
        scene.policy.forbids().then(|| format!("{} checked{elsewhere}", counted(checked, "listener")));
    let parts = expected.into_iter().chain(checked).chain(servers.map(servers::ok));
    parts.collect::<Vec<_>>().join(", ")
}

/// Values for graphs: never one for each listener.
fn performance(checked: &[&Row], findings: &[Finding], servers: Option<&ServersReport>) -> Vec<Performance> {
    let rows = |is_it: fn(&Row) -> bool| checked.iter().filter(|row| is_it(row)).count();
    let found = |status: CheckStatus| findings.iter().filter(|finding| finding.status == status).count();
    let mut values = vec![
        Performance { label: "listeners", value: checked.len() },
        Performance { label: "exposed", value: rows(|row| row.exposure.is_beyond_loopback()) },
        Performance { label: "flagged", value: rows(Row::flagged) },
        Performance { label: "critical", value: found(CheckStatus::Critical) },
        Performance { label: "warning", value: found(CheckStatus::Warning) },
        Performance { label: "unknown", value: found(CheckStatus::Unknown) },
    ];
    if let Some(report) = servers {
        values.push(Performance { label: "license_servers", value: report.servers.len() });
        values.push(Performance { label: "license_servers_up", value: servers::up(&report.servers) });
        values.extend(servers::clients(&report.servers));
    }
    values
}
