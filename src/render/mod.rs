//! An answer → text or JSON. A renderer computes nothing and writes only to the writers it is given.

mod change;
mod check;
mod columns;
mod csv;
mod detail;
mod diff;
mod driver;
mod excluded;
mod explanation;
mod export;
mod format;
mod frame;
mod group;
mod hosts;
mod html;
mod idle;
mod joined;
mod json;
mod license_error;
mod list;
mod live;
mod markdown;
mod notes;
mod page;
mod preamble;
mod prometheus;
mod quotes;
mod servers;
mod shortening;
mod signs;
mod state;
mod style;
mod table;
mod text;
mod unit;
mod width;

use std::io::{self, Write};

use self::columns::Listing;
use self::preamble::Origin;
use crate::model::{Change, CheckResult, ExcludedReport, Explanation, Report, ServersReport};

pub use columns::{column_named, column_names};
pub use format::{Answer, Format};
pub use frame::{Frame, differences};
pub use hosts::Hosts;
pub use json::{json_error, json_schema, json_schema_text};
pub use live::{LiveScreen, LiveView, live};
pub use signs::{InSigns, Signs};
pub use style::{ColumnName, Style};
pub use text::escape;

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
        Format::Jsonl | Format::Csv | Format::Markdown | Format::Prometheus | Format::Html => {
            export::write(answer, format, style, out, notes)
        }
    }
}

/// Writes what became of a listener; `report` is the answer in which it was seen.
///
/// # Errors
///
/// Those of writing.
pub fn write_change(
    change: &Change,
    report: &Report,
    format: Format,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        Format::Jsonl => json::write_event(change, report, out),
        _ => {
            let mut line = Vec::new();
            change::write(change, report.taken_at, report.host.os, style, &mut line)?;
            let line = in_signs_of(format, String::from_utf8_lossy(&line).into_owned());
            out.write_all(line.as_bytes())
        }
    }
}

fn text(answer: Answer<'_>, style: &Style, out: &mut dyn Write, notes: &mut dyn Write) -> io::Result<()> {
    match answer {
        Answer::Listing(report) => table(report, style, out, notes),
        Answer::Detail(report) => detail(report, style, out),
        Answer::Excluded(report) => excluded(report, style, out, notes),
        Answer::Explanations(all) => explanations(all, style, out),
        Answer::Servers(report) => servers(report, style, out),
        Answer::Check(check) => check::write(check, style.signs, out),
        Answer::Policy(policy) => check::write_policy(policy, out),
        Answer::Wait(_) => Ok(()),
        Answer::Diff(compared) => diff::write(compared, style, out, notes),
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

/// Writes the answer of a monitoring plugin.
///
/// # Errors
///
/// Those of writing.
pub fn check_line(check: &CheckResult, signs: Signs, out: &mut dyn Write) -> io::Result<()> {
    check::write(check, signs, out)
}

/// Writes a line about an answer in words.
///
/// # Errors
///
/// Those of writing.
pub fn note(text: &str, format: Format, notes: &mut dyn Write) -> io::Result<()> {
    notes.write_all(in_signs_of(format, format!("{}\n", escape(text))).as_bytes())
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
    preamble(&Origin::of_report(report), style, out)?;
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
    lines.extend(notes::of_listing(report, &rows, style));
    if style.report {
        lines.extend(preamble::advice(&report.rows).iter().map(|line| escape(line).into_owned()));
    }
    let asked_for = report.asked_servers();
    if asked_for.is_empty() {
        lines.extend(notes::of_license_servers(report, style));
    }
    lines.extend(notes::of_report(report, style));
    notes::below(&lines, !rows.is_empty() || !idle.is_empty(), style, out, notes)?;
    if style.header && !asked_for.is_empty() {
        writeln!(out)?;
        servers::write(asked_for, style, out)?;
    }
    Ok(())
}

/// Writes everything about one port or service, in words.
fn detail(report: &Report, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    preamble(&Origin::of_report(report), style, out)?;
    detail::write(report, &group::group(&report.rows), style, out)?;
    let asked_for = report.asked_servers();
    if !asked_for.is_empty() {
        writeln!(out)?;
        servers::write(asked_for, style, out)?;
    }
    let lines = notes::of_report(report, style);
    notes::write(&lines, !lines.is_empty(), style, out)
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
    notes::below(&lines, !report.excluded.is_empty(), style, out, notes)
}

/// Writes the license servers, and the notes below them.
fn servers(report: &ServersReport, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    preamble(&Origin::of_servers(report), style, out)?;
    servers::write(&report.servers, style, out)?;
    let lines = notes::of_servers_report(report, style);
    notes::write(&lines, !report.servers.is_empty() && !lines.is_empty(), style, out)
}

/// With `--report`: where the answer is from.
fn preamble(origin: &Origin<'_>, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    if !style.report {
        return Ok(());
    }
    origin.lines().iter().try_for_each(|(label, text)| writeln!(out, "{label:<9} {text}"))?;
    writeln!(out)
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
            json::write_check(check, out)?;
            &[]
        }
        Answer::Policy(policy) => {
            check::write_policy(policy, out)?;
            &[]
        }
        Answer::Wait(report) => {
            json::write_wait(report, out)?;
            &[]
        }
        Answer::Diff(compared) => {
            json::write_diff(compared, out)?;
            &[]
        }
    };
    out.flush()?;
    notes::write(&notes::of_method_notes(method_notes, style), false, style, notes)
}
