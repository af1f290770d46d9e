//! Answers in the formats of other programs.

use std::io::{self, Write};

use super::columns::Listing;
use super::preamble::{Origin, advice};
use super::text::escape;
use super::{Answer, Format, Style, csv, group, html, json, markdown, notes, prometheus};
use crate::model::{Report, ServersReport};

/// Writes an answer, and to `notes` what has no place in its format.
pub(super) fn write(
    answer: Answer<'_>,
    format: Format,
    style: &Style,
    out: &mut dyn Write,
    notes: &mut dyn Write,
) -> io::Result<()> {
    if format == Format::Html {
        return html(answer, style, out);
    }
    let lines = match answer {
        Answer::Listing(report) | Answer::Detail(report) => listing(report, format, style, out)?,
        Answer::Servers(report) => servers(report, format, style, out)?,
        Answer::Excluded(_)
        | Answer::Explanations(_)
        | Answer::Check(_)
        | Answer::Policy(_)
        | Answer::Wait(_)
        | Answer::Diff(_) => {
            return Err(no_such_format());
        }
    };
    if format == Format::Markdown && style.header {
        return markdown::notes(&lines, out);
    }
    out.flush()?;
    notes::write(&lines, false, style, notes)
}

/// Writes the listeners. Returns what else there is to say.
fn listing(report: &Report, format: Format, style: &Style, out: &mut dyn Write) -> io::Result<Vec<String>> {
    let rows = group::group(&report.rows);
    let mut lines = notes::of_words(report, style);
    lines.extend(report.notes.iter().map(|note| escape(note).into_owned()));
    match format {
        Format::Csv => csv::write(report, style, out)?,
        Format::Prometheus => {
            prometheus::scan(&Origin::of_report(report), out)?;
            prometheus::listeners(report, out)?;
            // Of a part of the ports they are not known; of all of them there is none.
            let all = report.license_servers.as_deref();
            if let Some(servers) = all.or(if report.narrowed { None } else { Some(&[]) }) {
                prometheus::license_servers(servers, out)?;
            }
        }
        Format::Markdown => {
            if style.header {
                markdown::origin(&Origin::of_report(report), style, out)?;
            }
            let distinct = Listing::distinct(report, style);
            markdown::table(distinct.as_deref().unwrap_or(&rows), report.host.os, style, out)?;
            markdown::servers(report.asked_servers(), out)?;
            lines.extend(notes::of_table(report, &rows, style));
            if style.report {
                lines.extend(advice(&report.rows).iter().map(|line| escape(line).into_owned()));
            }
        }
        _ => json::write_lines(report, out)?,
    }
    if rows.is_empty() && format != Format::Markdown {
        lines.extend(notes::of_table(report, &rows, style));
    }
    lines.extend(notes::of_full_queues(&rows, style));
    if format != Format::Markdown || report.asked_servers().is_empty() {
        lines.extend(notes::of_license_servers(report, style));
    }
    lines.extend(notes::of_report(report, style));
    Ok(lines)
}

/// Writes the page of a machine, which has a place for everything.
fn html(answer: Answer<'_>, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    match answer {
        Answer::Listing(report) | Answer::Detail(report) => html::write(&html_part(report, style), out),
        Answer::Servers(report) => {
            let others = notes::not_shown(&report.other_namespaces, "license-port listener", style);
            html::write(&html::of_servers(report, others), out)
        }
        Answer::Excluded(_)
        | Answer::Explanations(_)
        | Answer::Check(_)
        | Answer::Policy(_)
        | Answer::Wait(_)
        | Answer::Diff(_) => Err(no_such_format()),
    }
}

fn no_such_format() -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, "this answer has no such format")
}

/// The listeners, with all that is said beside them.
pub(super) fn html_part(report: &Report, style: &Style) -> html::HostPart {
    let mut lines = notes::of_words(report, style);
    lines.extend(report.notes.iter().map(|note| escape(note).into_owned()));
    lines.extend(notes::of_unanswered(report, style));
    lines.extend(notes::of_other_namespaces(report, style));
    lines.extend(notes::of_full_queues(&group::group(&report.rows), style));
    html::of_report(report, style, lines)
}

/// Writes the license servers. Returns what else there is to say.
fn servers(
    report: &ServersReport,
    format: Format,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<Vec<String>> {
    let origin = Origin::of_servers(report);
    match format {
        Format::Prometheus => {
            prometheus::scan(&origin, out)?;
            prometheus::license_servers(&report.servers, out)?;
        }
        _ => {
            markdown::origin(&origin, style, out)?;
            markdown::servers(&report.servers, out)?;
        }
    }
    Ok(notes::of_servers_report(report, style))
}
