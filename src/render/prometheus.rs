//! Numbers for Prometheus, in its text format (Prometheus 0.0.4), as node_exporter's textfile collector reads it. There is
//! never a series for each listener or process: how many there are is bounded by what this program knows.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::preamble::Origin;
use crate::model::{Exposure, GapKind, LicenseServer, Report, Row, ServerState, Severity, State, Verdict};

/// No more license managers have series of their own: as many as the program knows, and far more than a machine serves.
const MOST_SERVERS: usize = 64;

/// Writes how the scan went.
pub(super) fn scan(origin: &Origin<'_>, out: &mut dyn Write) -> io::Result<()> {
    let version = [("version", env!("CARGO_PKG_VERSION"))];
    family("build_info", "The program that scanned the machine.", [(&version[..], 1)], out)?;
    let at = origin.taken_at.as_second();
    family(
        "scan_timestamp_seconds",
        "When the machine was scanned, in seconds since 1970.",
        [(&[][..], at)],
        out,
    )?;
    let privileged = i64::from(origin.privileged);
    family(
        "privileged",
        "Whether it was scanned with administrator's rights.",
        [(&[][..], privileged)],
        out,
    )?;
    let complete = i64::from(origin.gaps.is_empty());
    family(
        "complete",
        "Whether everything could be read: 0 if listeners or owners may be missing.",
        [(&[][..], complete)],
        out,
    )?;
    let count = |kind: GapKind| origin.gaps.iter().filter(|gap| gap.kind == kind).count() as i64;
    let kinds = GapKind::ALL.map(|kind| ([("kind", kind.code())], count(kind)));
    family(
        "gaps",
        "What could not be read, by kind.",
        kinds.iter().map(|(labels, count)| (&labels[..], *count)),
        out,
    )
}

/// Writes how many listeners there are. A port that is bound without listening is none.
pub(super) fn listeners(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let rows: Vec<&Row> = report.rows.iter().filter(|row| row.socket.state != State::Bound).collect();
    let count = |is_it: &dyn Fn(&Row) -> bool| rows.iter().filter(|row| is_it(row)).count() as i64;
    let exposed = Exposure::ALL
        .map(|exposure| ([("exposure", exposure.code())], count(&|row| row.exposure == exposure)));
    let help = "Sockets that receive, by where they can be reached from before any firewall.";
    family("listeners", help, exposed.iter().map(|(labels, count)| (&labels[..], *count)), out)?;
    let judged = |row: &Row, is_it: &dyn Fn(Verdict, Severity) -> bool| {
        row.license.as_ref().is_some_and(|license| is_it(license.verdict, license.severity))
    };
    let verdicts = Verdict::ALL
        .map(|verdict| ([("verdict", verdict.code())], count(&|row| judged(row, &|one, _| one == verdict))));
    let help = "Sockets on ports of license managers, by whether the process is the right one.";
    family("license_listeners", help, verdicts.iter().map(|(labels, count)| (&labels[..], *count)), out)?;
    let flagged = Severity::ALL.map(|severity| {
        let is_it = |verdict, of| verdict != Verdict::Expected && of == severity;
        ([("severity", severity.code())], count(&|row| judged(row, &is_it)))
    });
    let help = "Sockets on ports of license managers whose process may be the wrong one, by severity.";
    family("flagged_listeners", help, flagged.iter().map(|(labels, count)| (&labels[..], *count)), out)
}

/// Writes the states of the license servers, and their clients where these were counted.
pub(super) fn license_servers(servers: &[LicenseServer], out: &mut dyn Write) -> io::Result<()> {
    let count = |state: ServerState| servers.iter().filter(|server| server.state == state).count() as i64;
    let states = ServerState::ALL.map(|state| ([("state", state.code())], count(state)));
    family(
        "license_servers",
        "License servers, by state.",
        states.iter().map(|(labels, count)| (&labels[..], *count)),
        out,
    )?;
    let problems = servers.iter().flat_map(|server| &server.problems);
    let mut found: BTreeMap<&str, i64> = Severity::ALL.iter().map(|severity| (severity.code(), 0)).collect();
    problems.for_each(|problem| *found.entry(problem.code.severity().code()).or_default() += 1);
    let found: Vec<_> =
        found.into_iter().map(|(severity, count)| ([("severity", severity)], count)).collect();
    let help = "What is wrong with license servers, by severity.";
    family("license_server_problems", help, found.iter().map(|(labels, count)| (&labels[..], *count)), out)?;
    // Two servers of one license manager share a series, for each may occur once alone.
    let mut by_id: BTreeMap<&str, (bool, Option<i64>)> = BTreeMap::new();
    for server in servers.iter().filter(|server| server.id.len() < LONGEST_ID) {
        if by_id.len() < MOST_SERVERS || by_id.contains_key(&*server.id) {
            let (is_up, clients) = by_id.entry(&server.id).or_insert((true, Some(0)));
            *is_up &= server.state == ServerState::Up;
            *clients = clients.zip(server.clients).map(|(one, other)| one.saturating_add(other as i64));
        }
    }
    let up: Vec<_> = by_id.iter().map(|(id, (is_up, _))| ([("server", *id)], i64::from(*is_up))).collect();
    let help = "Whether the license servers of a license manager serve.";
    family("license_server_up", help, up.iter().map(|(labels, value)| (&labels[..], *value)), out)?;
    let clients = by_id.iter().filter_map(|(id, (_, clients))| Some(([("server", *id)], (*clients)?)));
    let clients: Vec<_> = clients.collect();
    let help = "Connections to the license servers of a license manager.";
    family("license_server_clients", help, clients.iter().map(|(labels, value)| (&labels[..], *value)), out)
}

/// Ids of license managers are shorter, in bytes.
const LONGEST_ID: usize = 256;

type Labels<'a> = &'a [(&'a str, &'a str)];

/// Writes the series of one name, if there are any.
fn family<'a>(
    name: &str,
    help: &str,
    series: impl IntoIterator<Item = (Labels<'a>, i64)>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut series = series.into_iter().peekable();
    if series.peek().is_none() {
        return Ok(());
    }
    writeln!(out, "# HELP whatlistens_{name} {help}\n# TYPE whatlistens_{name} gauge")?;
    series.try_for_each(|(labels, value)| {
        let labels: Vec<String> =
            labels.iter().map(|(label, text)| format!("{label}=\"{}\"", escaped(text))).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        writeln!(out, "whatlistens_{name}{labels} {value}")
    })
}

/// A label's value (Prometheus, "Exposition formats").
fn escaped(text: &str) -> String {
    super::text::escape(text).replace('\\', "\\\\").replace('"', "\\\"")
}
