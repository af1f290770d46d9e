//! The table: one line for each group, in aligned columns that fit the terminal.

use std::io::{self, Write};

use comfy_table::presets::NOTHING;
use comfy_table::{
    CellAlignment, ColumnConstraint, ContentArrangement, Row as Cells, Table, Width as Columns,
};
use owo_colors::Style as Paint;
use textwrap::core::display_width;

use super::Style;
use super::columns::{Column, LEAST, Listing, Width};
use super::group::RowGroup;
use crate::model::Os;

const GAP: u16 = 2;
/// Without a terminal, no text is cut. A longer one than this, in columns, moves the rest of its own line, and not
/// that of all others.
const WIDEST: usize = 400;

/// Columns with colours are not laid out by comfy-table: it would count colour codes as width.
pub(super) fn write(groups: &[RowGroup<'_>], os: Os, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    if groups.is_empty() {
        return Ok(());
    }
    let listing = Listing { groups, os, style };
    let mut coloured = Vec::new();
    let mut plain = Vec::new();
    for column in listing.columns() {
        match column.paint {
            Some(paint) => coloured.push((column, paint, longest(column, &listing))),
            None => plain.push(column),
        }
    }
    let taken: usize = coloured.iter().map(|(.., width)| width + usize::from(GAP)).sum();
    let taken = u16::try_from(taken).unwrap_or(u16::MAX).saturating_sub(GAP);
    // A script must find every column, and whole.
    let room = style.width.filter(|_| style.header).map(|width| width.saturating_sub(taken).max(LEAST));
    let lines = match room {
        Some(room) => fitted(&listing, plain, room),
        None => aligned(&listing, &plain),
    };
    let mut lines = lines.into_iter();

    if style.header
        && let Some(mut header) = lines.next()
    {
        for &(column, _, width) in &coloured {
            header += &format!("{:1$}", column.title, width + usize::from(GAP));
        }
        writeln!(out, "{}", style.paint(header.trim_end(), Paint::new().bold()))?;
    }
    for (group, mut line) in groups.iter().zip(lines) {
        for &(column, paint, width) in &coloured {
            let text = column.text(group, &listing);
            line += &style.paint(&text, paint(group));
            line += &" ".repeat(width.saturating_sub(display_width(&text)) + usize::from(GAP));
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

/// The widest text of a column.
fn longest(column: &Column, listing: &Listing<'_>) -> usize {
    let texts = listing.groups.iter().map(|group| display_width(&column.text(group, listing)));
    texts.max().unwrap_or(0)
}

/// The header, if there is one, and a line for each group, as wide as the texts are.
fn aligned(listing: &Listing<'_>, columns: &[&Column]) -> Vec<String> {
    let titles = columns.iter().map(|column| column.title.to_owned()).collect();
    let header = listing.style.header.then_some(titles);
    let rows: Vec<Vec<String>> =
        header.into_iter().chain(listing.groups.iter().map(|group| texts(group, columns, listing))).collect();
    let width = |at: usize| {
        let widths = rows.iter().map(|row| display_width(&row[at]));
        widths.filter(|&width| width <= WIDEST).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns.len()).map(width).collect();
    let line = |row: Vec<String>| {
        let mut line = String::new();
        for ((text, column), width) in row.iter().zip(columns).zip(&widths) {
            let padding = width.saturating_sub(display_width(text));
            let before = if column.align == CellAlignment::Right { padding } else { 0 };
            line.extend(std::iter::repeat_n(' ', before));
            line.push_str(text);
            line.extend(std::iter::repeat_n(' ', padding - before + usize::from(GAP)));
        }
        line
    };
    rows.into_iter().map(line).collect()
}

fn texts(group: &RowGroup<'_>, columns: &[&Column], listing: &Listing<'_>) -> Vec<String> {
    columns.iter().map(|column| column.text(group, listing)).collect()
}

/// The header, if there is one, and a line for each group, no wider than `room`. Columns without enough room are
/// left out.
fn fitted(listing: &Listing<'_>, mut columns: Vec<&Column>, room: u16) -> Vec<String> {
    columns.retain(|column| room >= column.least_room);
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_width(room);
    let of_one_line = |cells: Vec<String>| {
        let mut cells = Cells::from(cells);
        cells.max_height(1);
        cells
    };
    if listing.style.header {
        let titles = columns.iter().map(|column| column.title.to_owned());
        table.set_header(of_one_line(titles.collect()));
    }
    for group in listing.groups {
        table.add_row(of_one_line(texts(group, &columns, listing)));
    }
    let longest = table.column_max_content_widths();
    for ((laid_out, column), longest) in table.column_iter_mut().zip(columns).zip(longest) {
        laid_out.set_padding((0, GAP)).set_cell_alignment(column.align);
        if let Some(constraint) = constraint(column, longest, room) {
            laid_out.set_constraint(constraint);
        }
    }
    table.lines().collect()
}

/// How far a column with a text of `longest` may shrink in a table of `room` columns.
fn constraint(column: &Column, longest: u16, room: u16) -> Option<ColumnConstraint> {
    match column.width {
        Width::Whole => Some(ColumnConstraint::ContentWidth),
        Width::AtLeast { least, room: from } if room >= from => {
            Some(ColumnConstraint::LowerBoundary(Columns::Fixed(longest.min(least) + GAP)))
        }
        Width::AtLeast { .. } | Width::Any => None,
    }
}
