//! What must be said below the rows: why a row is flagged, and what could not be seen.

use std::cmp::Reverse;
use std::io::{self, Write};

use owo_colors::Style as Paint;

use super::group::RowGroup;
use super::text::{escape, first_few, named};
use super::{Style, excluded};
use crate::model::phrase::{counted, list};
use crate::model::{ExcludedReport, Gap, License, Manager, OtherNamespace, Owner, Report, Row, Verdict};

/// So many flagged rows are given with their reasons; the rest are counted.
const MOST_REASONS: usize = 5;
/// So many network namespaces are named.
const MOST_NAMES: usize = 4;

/// Writes the lines, set apart from what stands above where there is something.
pub(super) fn write(lines: &[String], apart: bool, out: &mut dyn Write) -> io::Result<()> {
    if apart {
        writeln!(out)?;
    }
    lines.iter().try_for_each(|line| writeln!(out, "{line}"))
}

/// What a table leaves open: that it is empty, or why rows are flagged.
pub(super) fn of_table(report: &Report, groups: &[RowGroup<'_>], style: &Style) -> Vec<String> {
    if !groups.is_empty() {
        return reasons(groups, style);
    }
    vec![match &report.asked {
        Some(asked) => format!("No process called {} is seen to listen here.", escape(&asked.typed)),
        None if report.narrowed => "Nothing that listens here matches.".to_owned(),
        None => "Nothing listens here.".to_owned(),
    }]
}

/// That some of the ports asked for are reserved: nothing can begin to listen there.
pub(super) fn of_reserved(report: &Report, style: &Style) -> Vec<String> {
    let reserved = report.excluded.iter().flatten().filter(|one| !one.ports.by_number);
    let lines = reserved.map(|one| {
        let range = excluded::range(&one.ports);
        let sentence = format!(
            "Windows has reserved {range} for somebody else: no other program that asks for one of them gets it."
        );
        style.paint(&style.set(&sentence), Paint::new().yellow())
    });
    lines.take(MOST_REASONS).collect()
}

/// What follows from the ports that the system excludes.
pub(super) fn of_excluded(report: &ExcludedReport, style: &Style) -> Vec<String> {
    let excluded = &report.excluded;
    if excluded.is_empty() {
        let none = if report.narrowed { "None of these ports is excluded." } else { "No port is excluded." };
        return vec![none.to_owned()];
    }
    let mut lines = Vec::new();
    let (by_number, reserved): (Vec<_>, Vec<_>) = excluded.iter().partition(|one| one.ports.by_number);
    if !reserved.is_empty() {
        lines.push(
            "reserved: by somebody, as Hyper-V, WSL and Docker do through the service winnat. Any other program that \
             asks for one of these ports is refused (error 10013)."
                .to_owned(),
        );
    }
    if !by_number.is_empty() {
        lines.push("administered: kept for programs that ask for one of them by its number.".to_owned());
    }
    let kept = reserved.iter().flat_map(|one| one.managers.iter().map(|manager| (&one.ports, manager)));
    let kept: Vec<_> = kept.collect();
    let (shown, more) = first_few(&kept, MOST_REASONS);
    for (ports, manager) in shown {
        let (port, range) = (manager.ports, excluded::range(ports));
        let called = manager.called();
        lines.push(escape(&format!("{called} cannot have {port}, which is among {range}.")).into_owned());
    }
    if more > 0 {
        lines.push(format!("Nor can {} of license managers be had.", counted(more, "more range")));
    }
    lines.iter().map(|line| style.set(line)).collect()
}

/// What could not be seen, and what would help.
pub(super) fn of_gaps(gaps: &[Gap], style: &Style) -> Vec<String> {
    let lines = gaps.iter().enumerate().map(|(at, gap)| {
        // What would close the next gap as well is said there.
        let said_below = gaps.get(at + 1).is_some_and(|next| next.remedy == gap.remedy);
        let remedy = gap.remedy.as_ref().filter(|_| !said_below);
        let remedy = remedy.map_or(String::new(), |remedy| format!(" To see more: {remedy}"));
        let line = style.set(&escape(&format!("Not seen: {}.{remedy}", gap.detail)));
        style.paint(&line, Paint::new().yellow())
    });
    lines.collect()
}

/// Programs that get no answer from a license server, each server and program once.
pub(super) fn of_unanswered(report: &Report, style: &Style) -> Vec<String> {
    let mut told: Vec<(String, usize, u8)> = Vec::new();
    for asking in &report.unanswered {
        let who = match &asking.processes[..] {
            [] => format!("A program of user {}", asking.user),
            [one, ..] => format!("{} (PID {})", one.name.as_deref().unwrap_or("A process"), one.pid),
        };
        let managers: Vec<String> = asking.managers.iter().map(Manager::called).collect();
        let of = if managers.is_empty() { String::new() } else { format!(" ({})", list(&managers, "or")) };
        let line = format!("{who} gets no answer from license server {}{of}", asking.remote);
        match told.iter_mut().find(|(known, ..)| *known == line) {
            Some((_, attempts, retransmits)) => {
                *attempts += 1;
                *retransmits = asking.retransmits.max(*retransmits);
            }
            None => told.push((line, 1, asking.retransmits)),
        }
    }
    let mut lines: Vec<String> = Vec::new();
    let (shown, more) = first_few(&told, MOST_REASONS);
    for (line, attempts, retransmits) in shown {
        let times = counted(usize::from(*retransmits) + 1, "time");
        let asked = match attempts {
            1 => format!("it has asked {times}"),
            several => format!("{several} connection attempts, the longest has asked {times}"),
        };
        let line = style.set(&escape(&format!("{line}: {asked}.")));
        lines.push(style.paint(&line, Paint::new().yellow()));
    }
    if more > 0 {
        let programs = counted(more, "more program");
        lines.push(style.set(&format!("No answer from a license server for {programs} either.")));
    }
    lines
}

/// Listeners whose queue is full.
pub(super) fn of_full_queues(groups: &[RowGroup<'_>], style: &Style) -> Vec<String> {
    let full = groups.iter().filter_map(|group| {
        let (queue, address) = group.fullest_queue().filter(|(queue, _)| queue.is_full())?;
        let (port, protocol) = (group.lead_row().socket.local.port(), group.lead_row().socket.protocol);
        let sentence = format!(
            "{port}/{protocol} at {address}: the backlog is full ({} wait), so new connections get no answer.",
            queue.waiting
        );
        Some(style.paint(&style.set(&sentence), Paint::new().yellow()))
    });
    full.take(MOST_REASONS).collect()
}

/// What listens in other network namespaces, which no row shows.
pub(super) fn of_other_namespaces(report: &Report, style: &Style) -> Vec<String> {
    let listeners: usize = report.other_namespaces.iter().map(|other| other.listeners.len()).sum();
    if listeners == 0 {
        return Vec::new();
    }
    let name = |other: &OtherNamespace| other.namespace.called();
    let names = named(&report.other_namespaces, MOST_NAMES, name).join(", ");
    let asked = report.asked.as_ref().is_some_and(|asked| !asked.ports.is_empty());
    let line = match (asked, report.other_namespaces.len()) {
        (true, 1) => {
            format!(
                "In another network namespace ({names}) something listens there: --all-namespaces shows it."
            )
        }
        (true, _) => {
            format!(
                "In other network namespaces ({names}) something listens there: --all-namespaces shows it."
            )
        }
        (false, 1) => format!(
            "{} in another network namespace ({names}) not shown: --all-namespaces shows all.",
            counted(listeners, "listener")
        ),
        (false, _) => format!(
            "{} in other network namespaces ({names}) not shown: --all-namespaces shows all.",
            counted(listeners, "listener")
        ),
    };
    vec![style.set(&escape(&line))]
}

/// How the machine was looked at.
pub(super) fn of_method_notes(method_notes: &[String], style: &Style) -> Vec<String> {
    let told = method_notes.iter().filter(|_| style.verbose);
    told.map(|sentence| style.set(&escape(&format!("How: {sentence}.")))).collect()
}

/// Why rows are flagged, the gravest first. A hidden owner is a gap, and told among those.
fn reasons(groups: &[RowGroup<'_>], style: &Style) -> Vec<String> {
    let mut flagged: Vec<_> = groups
        .iter()
        .filter_map(|group| Some((group.lead_row(), group.lead_row().license.as_ref()?)))
        .filter(|(row, license)| license.verdict != Verdict::Expected && row.owner != Owner::Hidden)
        .collect();
    flagged.sort_by_key(|(_, license)| Reverse((license.severity, license.verdict)));
    let (shown, more) = first_few(&flagged, MOST_REASONS);
    let mut notes: Vec<String> = shown.iter().map(|(row, license)| reason(row, license, style)).collect();
    if more > 0 {
        let ports = counted(more, "more port");
        notes.push(style.set(&format!("{ports} flagged too: name one to see it in detail")));
    }
    notes
}

fn reason(row: &Row, license: &License, style: &Style) -> String {
    let (port, protocol) = (row.socket.local.port(), row.socket.protocol);
    let code = license.verdict.code();
    let line = style.set(&escape(&format!("{port}/{protocol} {code}: {}.", license.reason)));
    // Painted after setting, so that colour takes no part in measuring.
    line.replacen(code, &style.verdict(license), 1)
}
