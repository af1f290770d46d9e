//! Excluded ports, in aligned columns.

use std::io::{self, Write};

use owo_colors::Style as Paint;

use super::text::{self, fill, unbroken};
use super::{Style, list};
use crate::model::phrase::{self, capitalized};
use crate::model::{Excluded, ExcludedPorts, Family};

/// More license managers of one range than these are counted, not named.
const MOST_MANAGERS: usize = 4;

/// Title and value.
type Column = (&'static str, fn(&Excluded) -> String);

const COLUMNS: [Column; 4] = [
    ("PORTS", |excluded| excluded.ports.to_string()),
    ("FAMILY", |excluded| families(excluded.ports.family).to_owned()),
    ("KIND", |excluded| kind(&excluded.ports).to_owned()),
    ("LICENSE MANAGERS", managers),
];

/// One line for each range; where the terminal has no room for it, the last column goes on below.
pub(super) fn write(excluded: &[Excluded], style: &Style, out: &mut dyn Write) -> io::Result<()> {
    if excluded.is_empty() {
        return Ok(());
    }
    if style.plain {
        return plain(excluded, out);
    }
    let titles = style.header.then(|| COLUMNS.map(|(title, _)| title.to_owned()));
    let row = |excluded: &Excluded| {
        COLUMNS.map(|(_, value)| match style.header {
            true => value(excluded),
            false => text::one_word(&value(excluded)),
        })
    };
    let rows: Vec<[String; 4]> = titles.into_iter().chain(excluded.iter().map(row)).collect();
    let width = |at: usize| rows.iter().map(|row| row[at].len()).max().unwrap_or(0);
    let [ports, family, kind] = [0, 1, 2].map(width);
    for (at, row) in rows.iter().enumerate() {
        let first = format!("{:>ports$}  {:<family$}  {:<kind$}  ", row[0], row[1], row[2]);
        let margin = " ".repeat(first.len());
        let line = match style.room() {
            Some(room) => {
                let options = unbroken(room).initial_indent(&first).subsequent_indent(&margin);
                fill(&row[3], options)
            }
            None => format!("{first}{}", row[3]),
        };
        let is_header = style.header && at == 0;
        let paint = if is_header { Paint::new().bold() } else { Paint::new() };
        let line = if line.trim().is_empty() { first } else { line };
        writeln!(out, "{}", style.paint(line.trim_end(), paint))?;
    }
    Ok(())
}

fn plain(excluded: &[Excluded], out: &mut dyn Write) -> io::Result<()> {
    for (at, excluded) in excluded.iter().enumerate() {
        if at > 0 {
            writeln!(out)?;
        }
        for (title, value) in COLUMNS {
            let value = value(excluded);
            if !value.is_empty() {
                list::line(&capitalized(&title.to_lowercase()), &value, out)?;
            }
        }
    }
    Ok(())
}

fn managers(excluded: &Excluded) -> String {
    let mut named: Vec<String> =
        excluded.managers.iter().map(|m| format!("{} {}", m.ports, m.product)).collect();
    named.dedup();
    phrase::named(&named, MOST_MANAGERS, String::clone).join(", ")
}

/// One word, so that scripts can split the columns at blanks.
fn families(family: Option<Family>) -> &'static str {
    family.map_or("both", Family::code)
}

/// `netsh` calls the exclusions of an administrator "administered".
fn kind(excluded: &ExcludedPorts) -> &'static str {
    if excluded.by_number { "administered" } else { "reserved" }
}
