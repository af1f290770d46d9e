//! Excluded ports, in aligned columns.

use std::io::{self, Write};

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, ContentArrangement, Table};
use owo_colors::Style as Paint;

use super::Style;
use super::text;
use crate::model::{Excluded, ExcludedPorts, Family};

/// More license managers of one range than these are counted, not named.
const MOST_MANAGERS: usize = 4;

/// Title, alignment and value.
type Column = (&'static str, CellAlignment, fn(&Excluded) -> String);

const COLUMNS: [Column; 4] = [
    ("PORTS", CellAlignment::Right, |excluded| excluded.ports.to_string()),
    ("FAMILY", CellAlignment::Left, |excluded| families(excluded.ports.family).to_owned()),
    ("KIND", CellAlignment::Left, |excluded| kind(&excluded.ports).to_owned()),
    ("LICENSE MANAGERS", CellAlignment::Left, managers),
];

/// One line for each range.
pub(super) fn write(excluded: &[Excluded], style: &Style, out: &mut dyn Write) -> io::Result<()> {
    if excluded.is_empty() {
        return Ok(());
    }
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    if style.header {
        table.set_header(COLUMNS.map(|(title, ..)| title));
    }
    for excluded in excluded {
        table.add_row(COLUMNS.map(|(.., value)| {
            let text = value(excluded);
            if style.header { text } else { text::one_word(&text) }
        }));
    }
    for (column, (_, align, _)) in table.column_iter_mut().zip(COLUMNS) {
        column.set_padding((0, 2)).set_cell_alignment(align);
    }
    let mut lines = table.lines();
    if style.header
        && let Some(header) = lines.next()
    {
        writeln!(out, "{}", style.paint(header.trim_end(), Paint::new().bold()))?;
    }
    lines.try_for_each(|line| writeln!(out, "{}", line.trim_end()))
}

fn managers(excluded: &Excluded) -> String {
    let mut named: Vec<String> =
        excluded.managers.iter().map(|m| format!("{} {}", m.ports, m.product)).collect();
    named.dedup();
    text::named(&named, MOST_MANAGERS, String::clone).join(", ")
}

/// One word, so that scripts can split the columns at blanks.
fn families(family: Option<Family>) -> &'static str {
    family.map_or("both", Family::code)
}

/// `netsh` calls the exclusions of an administrator "administered".
fn kind(excluded: &ExcludedPorts) -> &'static str {
    if excluded.by_number { "administered" } else { "reserved" }
}
