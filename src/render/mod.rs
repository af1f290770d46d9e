//! A report → text. Renderers write where they are told to, and look at nothing else.

mod columns;
mod detail;
mod excluded;
mod explanation;
mod group;
mod json;
mod notes;
mod page;
mod table;
mod text;

use std::io::{self, Write};

use jiff::tz::TimeZone;

use crate::model::{Explanation, Report};

pub use json::json_error;
pub use text::escape;

/// How to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Rows.
    Table,
    /// One port or service, in words; rows all the same where a process's name was asked for.
    Detail,
    /// One JSON object.
    Json,
}

/// How it is to look.
#[derive(Debug, Clone)]
pub struct Style {
    /// In colour.
    pub color: bool,
    /// Columns of the terminal; `None` where nothing need fit.
    pub width: Option<u16>,
    /// With a header line, and with the notes below the rows instead of in a stream of their own.
    pub header: bool,
    /// With command lines.
    pub args: bool,
    /// With how many connections each listener has.
    pub connections: bool,
    /// With the network namespace of each listener.
    pub namespaces: bool,
    /// With how the machine was looked at.
    pub verbose: bool,
    /// For points in time.
    pub time_zone: TimeZone,
}

/// Writes what is known of one thing or several.
///
/// # Errors
///
/// Those of writing.
pub fn explanations(told: &[Explanation], json: bool, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    if json {
        return json::write_explanations(told, out);
    }
    for (index, explanation) in told.iter().enumerate() {
        if index > 0 {
            writeln!(out)?;
        }
        explanation::write(explanation, style, out)?;
    }
    Ok(())
}

/// Writes the answer to `out`, and to `notes` what must be said but would be in a script's way.
///
/// # Errors
///
/// Those of writing.
pub fn render(
    report: &Report,
    form: Form,
    style: &Style,
    out: &mut dyn Write,
    notes: &mut dyn Write,
) -> io::Result<()> {
    if form == Form::Json {
        json::write(report, out)?;
        out.flush()?;
        return notes::write(&notes::of_method_notes(report, style), false, notes);
    }
    let rows = group::group(&report.rows);
    let excluded = report.of_excluded.then(|| report.excluded.as_deref().unwrap_or_default());
    let detail = form == Form::Detail && report.asked.as_ref().is_some_and(|asked| !asked.ports.is_empty());
    let mut lines = if let Some(excluded) = excluded {
        excluded::write(excluded, style, out)?;
        notes::of_excluded(report, excluded, style)
    } else if detail {
        detail::write(report, &rows, style, out)?;
        Vec::new()
    } else {
        table::write(&rows, report.host.os, style, out)?;
        let mut lines = notes::of_table(report, &rows, style);
        lines.extend(notes::of_full_queues(&rows, style));
        lines.extend(notes::of_reserved(report, style));
        lines
    };
    if !report.of_excluded {
        lines.extend(notes::of_unanswered(report, style));
        lines.extend(notes::of_other_namespaces(report, style));
    }
    lines.extend(notes::of_gaps(report, style));
    lines.extend(notes::of_method_notes(report, style));
    if style.header {
        let shown = !rows.is_empty() || excluded.is_some_and(|excluded| !excluded.is_empty());
        let apart = !lines.is_empty() && (detail || shown);
        notes::write(&lines, apart, out)
    } else {
        out.flush()?;
        notes::write(&lines, false, notes)
    }
}
