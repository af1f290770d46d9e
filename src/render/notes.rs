//! The notes below the rows: why a row is flagged, and what could not be read.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::io::{self, Write};

use owo_colors::Style as Paint;

use super::group::RowGroup;
use super::text::escape;
use super::{Style, list as plain_list, servers};
use crate::model::phrase::{capitalized, counted, first_few, list, named};
use crate::model::quoting::{quoted, quoted_account};
use crate::model::sorting::sort_by_key;
use crate::model::{
    Asked, ExcludedReport, Gap, License, LicenseServer, Manager, NoteKind, Os, OtherNamespace, Owner, Report,
    Row, ServersReport, Severity, Verdict,
};

/// More notes of one kind than these are counted, not written.
const MOST_NOTES: usize = 5;
/// More lines about words than these are counted, not written.
const MOST_LINES: usize = 64;
/// More network namespaces than these are counted, not named.
const MOST_NAMES: usize = 4;

/// Writes the lines, after an empty line where they are to stand `apart`.
pub(super) fn write(lines: &[String], apart: bool, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    if apart {
        writeln!(out)?;
    }
    lines.iter().try_for_each(|line| match style.plain {
        true => plain_list::line("Note", line, out),
        false => writeln!(out, "{line}"),
    })
}

/// The columns for which the terminal has no room.
pub(super) fn of_hidden_columns(titles: &[&str], style: &Style) -> Option<String> {
    let line = format!("{} hidden: --wide or --columns", titles.join(", "));
    (!titles.is_empty()).then(|| style.paint(&style.set(&line), Paint::new().dimmed()))
}

/// Writes notes below rows, where there are any, or beside them.
pub(super) fn below(
    lines: &[String],
    any_rows: bool,
    style: &Style,
    out: &mut dyn Write,
    beside: &mut dyn Write,
) -> io::Result<()> {
    if style.header {
        return write(lines, any_rows && !lines.is_empty(), style, out);
    }
    out.flush()?;
    write(lines, false, style, beside)
}

/// What there is to say of rows.
pub(super) fn of_listing(report: &Report, groups: &[RowGroup<'_>], style: &Style) -> Vec<String> {
    let mut lines: Vec<String> = report.notes.iter().map(|note| style.set(&escape(note))).collect();
    lines.extend(of_table(report, groups, style));
    lines.extend(of_full_queues(groups, style));
    lines
}

/// Why rows are flagged, or that there are none.
pub(super) fn of_table(report: &Report, groups: &[RowGroup<'_>], style: &Style) -> Vec<String> {
    if !groups.is_empty() {
        return reasons(report, groups, style);
    }
    // Each word has its own line.
    if report.asked.iter().any(|asked| asked.lines().next().is_some()) {
        return Vec::new();
    }
    vec![if report.narrowed { "No listener matches.".to_owned() } else { "Nothing listens here.".to_owned() }]
}

/// What there is to say of each word.
pub(super) fn of_words(report: &Report, style: &Style) -> Vec<String> {
    let lines: Vec<&str> = report.asked.iter().flat_map(Asked::lines).collect();
    let (shown, more) = first_few(&lines, MOST_LINES);
    let more = (more > 0).then(|| format!("{}: --json has them all.", counted(more, "more line")));
    // It is the same of all that are free.
    let mut notes = report.asked.iter().flat_map(|asked| &asked.notes);
    let packet_rules = notes.find(|note| note.kind == NoteKind::PacketRules);
    let packet_rules = packet_rules.map(|note| format!("{}.", capitalized(&note.text)));
    let packet_rules = packet_rules.map(|sentence| style.set(&sentence));
    shown.iter().map(|line| style.set(&escape(line))).chain(more).chain(packet_rules).collect()
}

/// What the kinds of exclusion mean, and the license managers that they affect.
pub(super) fn on_excluded_ports(report: &ExcludedReport, style: &Style) -> Vec<String> {
    let excluded = &report.excluded;
    if excluded.is_empty() {
        let none =
            if report.narrowed { "None of the selected ports is excluded." } else { "No port is excluded." };
        return vec![none.to_owned()];
    }
    let mut lines = Vec::new();
    let (by_number, reserved): (Vec<_>, Vec<_>) = excluded.iter().partition(|one| one.ports.by_number);
    if !reserved.is_empty() {
        let meaning = match report.host.os {
            Os::Macos => {
                "reserved: for programs with an entitlement from Apple. Any other program, even root's, cannot open \
                 one of these ports."
            }
            Os::Windows | Os::Linux => {
                "reserved: for one program, as Hyper-V, WSL and Docker do through the service winnat. Any other \
                 program that opens one of these ports gets error 10013."
            }
        };
        lines.push(meaning.to_owned());
    }
    if !by_number.is_empty() {
        lines.push(
            "administered: excluded from automatic assignment by an administrator. Programs that request one of \
             these ports by number can open it."
                .to_owned(),
        );
    }
    let affected = reserved.iter().flat_map(|one| one.managers.iter().map(|manager| (&one.ports, manager)));
    let affected: Vec<_> = affected.collect();
    let (shown, more) = first_few(&affected, MOST_NOTES);
    for (ports, manager) in shown {
        let (port, range) = (manager.ports, ports);
        let called = manager.called();
        lines.push(escape(&format!("{called} cannot use {port}, because {range} is reserved.")).into_owned());
    }
    if more > 0 {
        lines.push(format!("The same applies to {} of license managers.", counted(more, "more port range")));
    }
    lines.iter().map(|line| style.set(line)).collect()
}

/// What could not be read, and what would help.
pub(super) fn of_gaps(gaps: &[Gap], style: &Style) -> Vec<String> {
    let lines = gaps.iter().enumerate().map(|(at, gap)| {
        // A remedy that several gaps share is written once, after the last.
        let said_below = gaps.get(at + 1).is_some_and(|next| next.remedy == gap.remedy);
        let remedy = gap.remedy.as_ref().filter(|_| !said_below);
        let remedy = remedy.map_or(String::new(), |remedy| format!(" To see more: {remedy}"));
        let line = style.set(&escape(&format!("{}.{remedy}", capitalized(&gap.detail))));
        style.paint(&line, Paint::new().yellow())
    });
    lines.collect()
}

/// Programs that get no answer from a license server: one line for each program and server.
pub(super) fn of_unanswered(report: &Report, style: &Style) -> Vec<String> {
    // In the order of the report, and where each line is.
    let mut clients: Vec<(String, usize, u8)> = Vec::new();
    let mut at_line: HashMap<String, usize> = HashMap::new();
    for client in &report.unanswered {
        let who = match &client.processes[..] {
            [] => format!("A program of user {}", quoted_account(&client.user)),
            [one, ..] => {
                format!("{} (PID {})", one.name.as_deref().map_or("A process".into(), quoted), one.pid)
            }
        };
        let managers: Vec<String> = client.managers.iter().map(Manager::called).collect();
        let of = if managers.is_empty() { String::new() } else { format!(" ({})", list(&managers, "or")) };
        let line = format!("{who} gets no answer from license server {}{of}", client.remote);
        let at = *at_line.entry(line.clone()).or_insert(clients.len());
        if at == clients.len() {
            clients.push((line, 0, 0));
        }
        let (_, attempts, retransmits) = &mut clients[at];
        *attempts += 1;
        *retransmits = client.retransmits.max(*retransmits);
    }
    let mut lines: Vec<String> = Vec::new();
    let (shown, more) = first_few(&clients, MOST_NOTES);
    for (line, attempts, retransmits) in shown {
        let times = counted(usize::from(*retransmits) + 1, "time");
        let tried = match attempts {
            1 => format!("tried {times}"),
            several => format!("{several} connection attempts, tried up to {times}"),
        };
        let line = style.set(&escape(&format!("{line}: {tried}.")));
        lines.push(style.paint(&line, Paint::new().yellow()));
    }
    if more > 0 {
        let programs = counted(more, "more program");
        lines.push(style.set(&format!("{programs} without an answer from a license server.")));
    }
    lines
}

/// Listeners whose backlog is full.
pub(super) fn of_full_queues(groups: &[RowGroup<'_>], style: &Style) -> Vec<String> {
    let full = groups.iter().filter_map(|group| {
        let (queue, address) = group.fullest_queue().filter(|(queue, _)| queue.is_full())?;
        Some((group, queue, address))
    });
    let full: Vec<_> = full.collect();
    let (shown, more) = first_few(&full, MOST_NOTES);
    let lines = shown.iter().map(|(group, queue, address)| {
        let (port, protocol) = (group.lead_row().socket.local.port(), group.lead_row().socket.protocol);
        let sentence = format!(
            "{port}/{protocol} at {address}: the backlog is full ({} waiting), so new connections get no answer.",
            queue.waiting
        );
        style.paint(&style.set(&sentence), Paint::new().yellow())
    });
    let more = (more > 0).then(|| format!("{} with a full backlog.", counted(more, "more listener")));
    lines.chain(more).collect()
}

/// License servers that do not serve.
pub(super) fn of_license_servers(report: &Report, style: &Style) -> Vec<String> {
    let is_down = |server: &&LicenseServer| server.severity() == Some(Severity::Critical);
    let down: Vec<&LicenseServer> = report.license_servers.iter().flatten().filter(is_down).collect();
    let (shown, more) = first_few(&down, MOST_NOTES);
    let lines = shown.iter().map(|server| {
        let problem = server.problems.first().map_or("", |problem| problem.text.trim_end_matches('.'));
        let line = format!("{}: {problem}. For details: {} servers", server.called(), report.program);
        style.paint(&style.set(&escape(&line)), Paint::new().yellow())
    });
    let more = (more > 0).then(|| format!("{} that does not serve.", counted(more, "more license server")));
    lines.chain(more).collect()
}

/// Listeners in other network namespaces, which have no row.
pub(super) fn of_other_namespaces(report: &Report, style: &Style) -> Vec<String> {
    let is_asked = report.subject().is_some_and(|asked| !asked.ports.is_empty());
    not_shown(&report.other_namespaces, if is_asked { "matching listener" } else { "listener" }, style)
}

/// That so many listeners are in other network namespaces.
pub(super) fn not_shown(others: &[OtherNamespace], noun: &str, style: &Style) -> Vec<String> {
    let listeners: usize = others.iter().map(|other| other.listeners.len()).sum();
    if listeners == 0 {
        return Vec::new();
    }
    let name = |other: &OtherNamespace| other.namespace.called();
    let names = named(others, MOST_NAMES, name).join(", ");
    let are = if listeners == 1 { "is" } else { "are" };
    let elsewhere = match others.len() {
        1 => "another network namespace",
        _ => "other network namespaces",
    };
    let line = format!(
        "{} in {elsewhere} ({names}) {are} not shown. To show all: --all-namespaces",
        counted(listeners, noun)
    );
    vec![style.set(&escape(&line))]
}

/// How the data was collected.
pub(super) fn of_method_notes(method_notes: &[String], style: &Style) -> Vec<String> {
    let notes = method_notes.iter().filter(|_| style.verbose);
    notes.map(|sentence| style.set(&escape(&format!("How: {sentence}.")))).collect()
}

/// What must be said of a report in any form but JSON.
pub(super) fn of_report(report: &Report, style: &Style) -> Vec<String> {
    let mut lines = of_unanswered(report, style);
    lines.extend(of_other_namespaces(report, style));
    lines.extend(of_gaps(&report.gaps, style));
    lines.extend(of_method_notes(&report.method_notes, style));
    lines
}

/// What must be said of license servers.
pub(super) fn of_servers_report(report: &ServersReport, style: &Style) -> Vec<String> {
    let mut lines = Vec::new();
    if report.servers.is_empty() || !report.missing.is_empty() {
        let is_all = report.gaps.is_empty() && report.other_namespaces.is_empty();
        lines.push(style.set(&escape(&servers::none(&report.missing, is_all))));
    }
    lines.extend(not_shown(&report.other_namespaces, "license-port listener", style));
    lines.extend(of_gaps(&report.gaps, style));
    lines.extend(of_method_notes(&report.method_notes, style));
    lines
}

/// Why rows are flagged, the most severe first. Hidden owners are not here: they are among the gaps.
fn reasons(report: &Report, groups: &[RowGroup<'_>], style: &Style) -> Vec<String> {
    let mut flagged: Vec<_> = groups
        .iter()
        .filter_map(|group| Some((group.lead_row(), group.lead_row().license.as_ref()?)))
        .filter(|(row, license)| license.verdict != Verdict::Expected && row.owner != Owner::Hidden)
        .collect();
    sort_by_key(&mut flagged, |(_, license)| Reverse((license.severity, license.verdict)));
    let (shown, more) = first_few(&flagged, MOST_NOTES);
    let mut notes: Vec<String> = shown.iter().map(|(row, license)| reason(row, license, style)).collect();
    if more > 0 {
        let line = format!("{more} more flagged. For details: {} PORT", report.program);
        notes.push(style.set(&escape(&line)));
    }
    notes
}

fn reason(row: &Row, license: &License, style: &Style) -> String {
    let (port, protocol) = (row.socket.local.port(), row.socket.protocol);
    let code = license.verdict.code();
    let line = style.set(&escape(&format!("{port}/{protocol} {code}: {}.", license.reason)));
    // Painted after wrapping: colour codes would count as width.
    line.replacen(code, &style.verdict(license), 1)
}
