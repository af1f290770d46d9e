//! An answer → text or JSON. A renderer computes nothing and writes only to the writers it is given.

mod columns;
mod csv;
mod detail;
mod excluded;
mod explanation;
mod group;
mod idle;
mod json;
mod license_error;
mod list;
mod notes;
mod page;
mod servers;
mod shortening;
mod style;
mod table;
mod text;
mod unit;

use std::io::{self, Write};

use self::columns::Listing;
use crate::model::{CheckResult, ExcludedReport, Explanation, LicenseServer, Report, ServersReport};

pub use columns::{column_named, column_names};
pub use json::{json_error, json_schema, json_schema_text};
pub use style::{ColumnName, Style};
pub use text::escape;

/// What a command answers.
#[derive(Debug, Clone, Copy)]
pub enum Answer<'a> {
    /// The listeners, a row for each.
    Listing(&'a Report),
    /// Everything about one port or service.
    Detail(&'a Report),
    Excluded(&'a ExcludedReport),
    Explanations(&'a [Explanation]),
    /// License servers as wholes.
    Servers(&'a ServersReport),
    /// License servers in one line.
    Check(&'a CheckResult),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Text,
    /// Lines of `label: value`.
    List,
    /// One JSON object.
    Json,
    /// A JSON object a line, for each listener.
    Jsonl,
    /// A line of values for each listener.
    Csv,
}

impl Format {
    /// The word that stands for it behind `--output`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Format::Text => "table",
            Format::List => "list",
            Format::Json => "json",
            Format::Jsonl => "jsonl",
            Format::Csv => "csv",
        }
    }

    /// Whether people read it where it is written, on a terminal. All else goes to a program or a file.
    #[must_use]
    pub fn is_for_terminal(self) -> bool {
        matches!(self, Format::Text | Format::List)
    }
}

/// Writes an answer to `out`. Notes that would disturb a script go to `notes`.
///
/// # Errors
///
/// Those of writing.
pub fn write(
    answer: Answer<'_>,
    format: Format,
    style: &Style,
    out: &mut dyn Write,
    notes: &mut dyn Write,
) -> io::Result<()> {
    match format {
        Format::Text => text(answer, style, out, notes),
        Format::List => {
            let (mut written, mut noted) = (Vec::new(), Vec::new());
            text(answer, style, &mut written, &mut noted)?;
            let plain = |text: &[u8]| list::in_plain_signs(&String::from_utf8_lossy(text));
            out.write_all(plain(&written).as_bytes())?;
            notes.write_all(plain(&noted).as_bytes())
        }
        Format::Json => json(answer, style, out, notes),
        Format::Jsonl | Format::Csv => match answer {
            Answer::Listing(report) | Answer::Detail(report) => lines(report, format, style, out, notes),
            // The commands refuse these formats.
            Answer::Excluded(_) | Answer::Explanations(_) | Answer::Servers(_) | Answer::Check(_) => {
                json(answer, style, out, notes)
            }
        },
    }
}

fn text(answer: Answer<'_>, style: &Style, out: &mut dyn Write, notes: &mut dyn Write) -> io::Result<()> {
    match answer {
        Answer::Listing(report) => table(report, style, out, notes),
        Answer::Detail(report) => detail(report, style, out),
        Answer::Excluded(report) => excluded(report, style, out, notes),
        Answer::Explanations(all) => explanations(all, style, out),
        Answer::Servers(report) => servers(report, style, out),
        Answer::Check(check) => servers::check(check, out),
    }
}

/// Writes an error as one line.
///
/// # Errors
///
/// Those of writing.
pub fn error_line(message: &str, format: Format, out: &mut dyn Write) -> io::Result<()> {
    let line = format!("whatlistens: {}\n", escape(message));
    out.write_all(in_signs_of(format, line).as_bytes())
}

/// A text in the signs of a format.
#[must_use]
pub fn in_signs_of(format: Format, text: String) -> String {
    if format == Format::List { list::in_plain_signs(&text) } else { text }
}

/// Writes what is known about one thing or several.
fn explanations(explanations: &[Explanation], style: &Style, out: &mut dyn Write) -> io::Result<()> {
    for (index, explanation) in explanations.iter().enumerate() {
        if index > 0 {
            writeln!(out)?;
        }
        explanation::write(explanation, style, out)?;
    }
    Ok(())
}

/// Writes the listeners as rows to `out`, and the notes below them; without a header, as for a script,
/// the notes go to `notes`.
fn table(report: &Report, style: &Style, out: &mut dyn Write, notes: &mut dyn Write) -> io::Result<()> {
    let rows = group::group(&report.rows);
    let distinct = Listing::distinct(report, style);
    let shown = distinct.as_deref().unwrap_or(&rows);
    let hidden = if style.plain {
        list::write(shown, report.host.os, style, out)?;
        Vec::new()
    } else {
        table::write(shown, report.host.os, style, out)?
    };
    let mut lines: Vec<String> = notes::of_hidden_columns(&hidden, style).into_iter().collect();
    lines.extend(notes::of_words(report, style));
    let idle = if style.header { idle::of(report) } else { &[] };
    if !idle.is_empty() {
        notes::write(&lines, false, style, out)?;
        idle::write(idle, report, style, out)?;
        lines.clear();
    }
    lines.extend(report.notes.iter().map(|note| style.set(&escape(note))));
    lines.extend(notes::of_table(report, &rows, style));
    lines.extend(notes::of_full_queues(&rows, style));
    let asked_for = asked_servers(report);
    if asked_for.is_empty() {
        lines.extend(notes::of_license_servers(report, style));
    }
    lines.extend(common_notes(report, style));
    below(&lines, !rows.is_empty() || !idle.is_empty(), style, out, notes)?;
    if style.header && !asked_for.is_empty() {
        writeln!(out)?;
        servers::write(asked_for, style, out)?;
    }
    Ok(())
}

/// Writes each listener as one line, and what else there is to say to `notes`.
fn lines(
    report: &Report,
    format: Format,
    style: &Style,
    out: &mut dyn Write,
    notes: &mut dyn Write,
) -> io::Result<()> {
    match format {
        Format::Csv => csv::write(report, style, out)?,
        _ => json::write_lines(report, out)?,
    }
    out.flush()?;
    let rows = group::group(&report.rows);
    let mut lines = notes::of_words(report, style);
    lines.extend(report.notes.iter().map(|note| escape(note).into_owned()));
    if rows.is_empty() {
        lines.extend(notes::of_table(report, &rows, style));
    }
    lines.extend(notes::of_full_queues(&rows, style));
    lines.extend(notes::of_license_servers(report, style));
    lines.extend(common_notes(report, style));
    notes::write(&lines, false, style, notes)
}

/// Writes everything about one port or service, in words.
fn detail(report: &Report, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    detail::write(report, &group::group(&report.rows), style, out)?;
    let asked_for = asked_servers(report);
    if !asked_for.is_empty() {
        writeln!(out)?;
        servers::write(asked_for, style, out)?;
    }
    let lines = common_notes(report, style);
    notes::write(&lines, !lines.is_empty(), style, out)
}

/// The license servers that something was asked about.
fn asked_servers(report: &Report) -> &[LicenseServer] {
    report.license_servers.as_deref().filter(|_| report.servers_asked).unwrap_or_default()
}

/// Writes the ports that the system excludes.
fn excluded(
    report: &ExcludedReport,
    style: &Style,
    out: &mut dyn Write,
    notes: &mut dyn Write,
) -> io::Result<()> {
    excluded::write(&report.excluded, style, out)?;
    let mut lines = notes::on_excluded_ports(report, style);
    lines.extend(notes::of_gaps(&report.gaps, style));
    lines.extend(notes::of_method_notes(&report.method_notes, style));
    below(&lines, !report.excluded.is_empty(), style, out, notes)
}

/// Writes the license servers, and the notes below them.
fn servers(report: &ServersReport, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    servers::write(&report.servers, style, out)?;
    let mut lines = Vec::new();
    if report.servers.is_empty() || !report.missing.is_empty() {
        let is_all = report.gaps.is_empty() && report.other_namespaces.is_empty();
        lines.push(style.set(&escape(&servers::none(&report.missing, is_all))));
    }
    lines.extend(notes::not_shown(&report.other_namespaces, "license-port listener", style));
    lines.extend(notes::of_gaps(&report.gaps, style));
    lines.extend(notes::of_method_notes(&report.method_notes, style));
    notes::write(&lines, !report.servers.is_empty() && !lines.is_empty(), style, out)
}

fn json(answer: Answer<'_>, style: &Style, out: &mut dyn Write, notes: &mut dyn Write) -> io::Result<()> {
    let method_notes = match answer {
        Answer::Listing(report) | Answer::Detail(report) => {
            json::write(report, out)?;
            &report.method_notes[..]
        }
        Answer::Excluded(report) => {
            json::write_excluded(report, out)?;
            &report.method_notes
        }
        Answer::Explanations(all) => {
            json::write_explanations(all, out)?;
            &[]
        }
        Answer::Servers(report) => {
            json::write_servers(report, out)?;
            &report.method_notes
        }
        Answer::Check(check) => {
            servers::check(check, out)?;
            &[]
        }
    };
    out.flush()?;
    notes::write(&notes::of_method_notes(method_notes, style), false, style, notes)
}

/// What must be said of a report in any form but JSON.
fn common_notes(report: &Report, style: &Style) -> Vec<String> {
    let mut lines = notes::of_unanswered(report, style);
    lines.extend(notes::of_other_namespaces(report, style));
    lines.extend(notes::of_gaps(&report.gaps, style));
    lines.extend(notes::of_method_notes(&report.method_notes, style));
    lines
}

/// Writes notes below rows, where there are any, or beside them.
fn below(
    lines: &[String],
    any_rows: bool,
    style: &Style,
    out: &mut dyn Write,
    notes: &mut dyn Write,
) -> io::Result<()> {
    if style.header {
        return notes::write(lines, any_rows && !lines.is_empty(), style, out);
    }
    out.flush()?;
    notes::write(lines, false, style, notes)
}
