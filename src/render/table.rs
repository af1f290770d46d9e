//! The table: one line for each group, in aligned columns that fit the terminal.

use std::io::{self, Write};

use owo_colors::Style as Paint;
use textwrap::core::display_width;

use super::Style;
use super::columns::{Column, Listing};
use super::group::RowGroup;
use super::text::cut;
use crate::model::Os;

const GAP: usize = 2;
/// Where even the columns that stay do not fit, they may become as narrow as this.
const NARROWEST: usize = 4;
/// Without a terminal, no text is cut. A longer one than this, in columns, moves the rest of its own line, and not
/// that of all others.
const WIDEST: usize = 400;

/// A column with its texts, in the order of the groups, and its width on the screen.
struct Laid {
    column: &'static Column,
    texts: Vec<String>,
    width: usize,
}

/// Writes the table, and returns the titles of the columns for which there is no room.
pub(super) fn write(
    groups: &[RowGroup<'_>],
    os: Os,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<Vec<&'static str>> {
    if groups.is_empty() {
        return Ok(Vec::new());
    }
    let listing = Listing { groups, os, style };
    let mut columns: Vec<Laid> =
        listing.columns().into_iter().map(|column| Laid::new(column, &listing)).collect();
    let mut hidden = Vec::new();
    if let Some(room) = style.room() {
        if style.columns.is_none() {
            hidden = leave_out(&mut columns, room);
        }
        shrink(&mut columns, room);
    }
    if style.header {
        let titles = columns.iter().map(|laid| laid.padded(laid.column.title, Paint::new(), style));
        let header: String = titles.collect();
        writeln!(out, "{}", style.paint(header.trim_end(), Paint::new().bold()))?;
    }
    for (at, group) in groups.iter().enumerate() {
        let cell = |laid: &Laid| {
            let paint = laid.column.paint.map_or(Paint::new(), |paint| paint(group));
            laid.padded(&laid.texts[at], paint, style)
        };
        let line: String = columns.iter().map(cell).collect();
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(hidden)
}

impl Laid {
    fn new(column: &'static Column, listing: &Listing<'_>) -> Laid {
        let texts: Vec<String> = listing.groups.iter().map(|group| column.text(group, listing)).collect();
        let title = if listing.style.header { column.title.len() } else { 0 };
        let widths = texts.iter().map(|text| display_width(text)).filter(|&width| width <= WIDEST);
        let width = widths.max().unwrap_or(0).max(title);
        Laid { column, texts, width }
    }

    fn least(&self) -> usize {
        self.width.min(self.column.least)
    }

    /// A text in the width of the column, cut where it is too long, and the gap behind it.
    fn padded(&self, text: &str, paint: Paint, style: &Style) -> String {
        let shown = if style.room().is_some() { cut(text, self.width) } else { text.into() };
        let padding = self.width.saturating_sub(display_width(&shown));
        let before = if self.column.is_right { padding } else { 0 };
        // Painted after it was measured: colour codes would count as width.
        let painted = style.paint(&shown, paint);
        format!("{:before$}{painted}{:2$}", "", "", padding - before + GAP)
    }
}

fn width_of(widths: impl ExactSizeIterator<Item = usize>) -> usize {
    let gaps = GAP * widths.len().saturating_sub(1);
    widths.sum::<usize>() + gaps
}

/// Leaves columns out until the others fit, and returns their titles.
fn leave_out(columns: &mut Vec<Laid>, room: usize) -> Vec<&'static str> {
    let mut titles = Vec::new();
    while width_of(columns.iter().map(Laid::least)) > room {
        let ranks = columns.iter().map(|laid| laid.column.rank).enumerate();
        let Some((lowest, _)) = ranks.filter(|(_, rank)| *rank < u8::MAX).min_by_key(|(_, rank)| *rank)
        else {
            break;
        };
        titles.push(columns.remove(lowest).column.title);
    }
    titles
}

/// Makes the widest columns narrower until all fit, as far as they may be.
fn shrink(columns: &mut [Laid], room: usize) {
    let fits = width_of(columns.iter().map(Laid::least)) <= room;
    let least = |laid: &Laid| match laid.column.least {
        usize::MAX => laid.width,
        _ if fits => laid.least(),
        _ => laid.width.min(NARROWEST),
    };
    let leasts: Vec<usize> = columns.iter().map(least).collect();
    while width_of(columns.iter().map(|laid| laid.width)) > room {
        let shrinkable = columns.iter_mut().zip(&leasts).filter(|(laid, least)| laid.width > **least);
        let Some((widest, _)) = shrinkable.max_by_key(|(laid, _)| laid.width) else { break };
        widest.width -= 1;
    }
}
