//! What must be said below the rows: warnings with their reasons, and what could not be seen.

use std::io::{self, Write};

use owo_colors::Style as Paint;

use super::Style;
use super::fold::fold;
use super::text::{counted, escape};
use crate::model::{Gap, Report, Severity};

/// So many warnings are given with their reasons; the rest are counted.
const MOST_REASONS: usize = 5;

/// Writes the lines, set apart from what stands above where there is something.
pub(super) fn write(lines: &[String], apart: bool, out: &mut dyn Write) -> io::Result<()> {
    if apart {
        writeln!(out)?;
    }
    lines.iter().try_for_each(|line| writeln!(out, "{line}"))
}

/// What a table leaves open: that it is empty, and why a row is flagged.
pub(super) fn of_table(report: &Report, style: &Style) -> Vec<String> {
    match &report.asked {
        _ if !report.rows.is_empty() => warnings(report, style),
        Some(asked) => vec![format!("No process called {} is seen to listen here.", escape(&asked.typed))],
        None => vec!["Nothing that listens here matches.".to_owned()],
    }
}

/// What could not be seen, and what would help.
pub(super) fn of_gaps(report: &Report, style: &Style) -> Vec<String> {
    let line = |gap: &Gap| {
        let remedy = gap.remedy.as_ref().map_or(String::new(), |remedy| format!(" To see more: {remedy}"));
        let line = format!("Not seen: {}.{remedy}", gap.detail);
        style.paint(&escape(&line), Paint::new().yellow())
    };
    report.gaps.iter().map(line).collect()
}

fn warnings(report: &Report, style: &Style) -> Vec<String> {
    let lines = fold(&report.rows);
    let warnings: Vec<_> = lines
        .iter()
        .filter_map(|line| Some((line.first(), line.first().license.as_ref()?)))
        .filter(|(_, license)| license.severity >= Severity::Warning)
        .collect();
    let mut notes: Vec<String> = warnings
        .iter()
        .take(MOST_REASONS)
        .map(|(row, license)| {
            let (port, protocol) = (row.socket.local.port(), row.socket.protocol);
            format!("{port}/{protocol} {}: {}.", style.verdict(license), escape(&license.reason))
        })
        .collect();
    if let Some(more) = warnings.len().checked_sub(MOST_REASONS).filter(|&more| more > 0) {
        notes.push(format!("And {} like these: whatlistens --flagged", counted(more, "port")));
    }
    notes
}
