//! The listeners of several machines: one table with the machine of each row, one JSON object, or lines.

use std::io::{self, Write};

use owo_colors::Style as Paint;

use super::columns::{Column, TEXT};
use super::format::Format;
use super::html::ManyHosts;
use super::joined::Joined;
use super::table::write_filled;
use super::text::escape;
use super::{Style, csv, export, group, json, list, notes};
use crate::model::Report;
use crate::model::phrase::{counted, named};
use crate::model::quoting::quoted;

/// Of files that are no records, so many are named.
const MOST_NAMED: usize = 5;

static HOST: Column = Column { key: "host", title: "HOST", least: 12, rank: u8::MAX, ..TEXT };

/// Takes one report after the other, and keeps of each only what is still to be shown.
pub struct Hosts<'a> {
    format: Format,
    style: Style,
    out: &'a mut dyn Write,
    table: Joined,
    rows: usize,
    records: usize,
    incomplete: usize,
    flagged: usize,
    unreadable: Vec<(String, String)>,
    page: ManyHosts,
}

impl<'a> Hosts<'a> {
    #[must_use]
    pub fn new(format: Format, style: &Style, out: &'a mut dyn Write) -> Hosts<'a> {
        Hosts {
            format,
            style: style.clone(),
            out,
            table: Joined::new(&HOST),
            rows: 0,
            records: 0,
            incomplete: 0,
            flagged: 0,
            unreadable: Vec::new(),
            page: ManyHosts::default(),
        }
    }

    /// Adds the listeners of a machine. `file` names it where it has no name of its own.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub fn add(&mut self, report: &Report, file: &str) -> io::Result<()> {
        let called = report.host.name.as_deref().unwrap_or(file);
        self.records += 1;
        self.rows += report.rows.len();
        self.incomplete += usize::from(!report.gaps.is_empty());
        self.flagged += report.rows.iter().filter(|row| row.flagged()).count();
        match self.format {
            Format::Json => {
                match self.records {
                    1 => json::begin_hosts(self.out)?,
                    _ => self.out.write_all(b",\n")?,
                }
                json::write(report, self.out)
            }
            Format::Jsonl => json::write_lines(report, self.out),
            Format::Csv => {
                csv::write(report, &self.style, self.out)?;
                self.style.header = false;
                Ok(())
            }
            Format::Html => {
                let mut part = export::html_part(report, &self.style);
                part.machine = escape(called).into_owned();
                self.page.add(&part, self.out)
            }
            Format::Text | Format::List | Format::Markdown | Format::Prometheus => {
                let groups = group::group(&report.rows);
                self.table.add(&escape(called), Paint::new(), &groups, report.host.os, &self.style);
                Ok(())
            }
        }
    }

    /// Adds a file that is no record, and why.
    pub fn add_unreadable(&mut self, file: String, why: String) {
        self.unreadable.push((file, why));
    }

    /// Writes what is still to be shown, and what there is to say of all.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub fn finish(self, beside: &mut dyn Write) -> io::Result<()> {
        let mut lines = self.notes();
        let Hosts { format, style, out, table, rows, unreadable, page, .. } = self;
        match format {
            Format::Json => return json::end_hosts(&unreadable, out),
            Format::Jsonl | Format::Csv => {
                out.flush()?;
                return notes::write(&lines, false, &style, beside);
            }
            Format::Html => {
                let shown = |text: String| escape(&text).into_owned();
                let unreadable = unreadable.into_iter().map(|(file, why)| (shown(file), shown(why)));
                return page.finish(unreadable.collect(), out);
            }
            Format::Text | Format::List | Format::Markdown | Format::Prometheus => {}
        }
        let fillings = table.into_columns();
        if style.plain {
            list::write_filled(&fillings, out)?;
        } else {
            let hidden = write_filled(fillings, &style, out)?;
            lines.splice(0..0, notes::of_hidden_columns(&hidden, &style));
        }
        notes::below(&lines, rows > 0, &style, out, beside)
    }

    fn notes(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if self.rows == 0 {
            let records = counted(self.records, "record");
            lines.push(format!("Nothing that was asked for was found in {records}."));
        }
        if self.flagged > 0 && self.format.is_for_terminal() {
            let listeners = counted(self.flagged, "listener");
            lines.push(format!(
                "Flagged: {listeners}. For the reasons: whatlistens --from DIR/HOST.json --flagged"
            ));
        }
        if self.incomplete > 0 {
            lines.push(format!(
                "Not everything could be seen in {} of {}. For what is missing: whatlistens --from DIR/HOST.json",
                self.incomplete,
                counted(self.records, "record")
            ));
        }
        let unreadable =
            named(&self.unreadable, MOST_NAMED, |(file, why)| format!("{} ({why})", quoted(file)));
        if !unreadable.is_empty() {
            let files = counted(self.unreadable.len(), "file");
            lines.push(format!("{files} could not be read as a record: {}.", unreadable.join("; ")));
        }
        lines.iter().map(|line| self.style.set(&escape(line))).collect()
    }
}
