//! The table: one line for each group, in aligned columns that fit the terminal.

use std::borrow::Cow;
use std::io::{self, Write};

use owo_colors::Style as Paint;

use super::columns::{Column, Listing, TEXT};
use super::group::RowGroup;
use super::shortening::Shortest;
use super::width::display_width;
use super::{Signs, Style, change};
use crate::model::Os;
use crate::model::sorting::sort_by_key;

const GAP: usize = 2;
/// Without a terminal, no text is cut. A longer one than this, in columns, moves the rest of its own line, and not
/// that of all others.
const WIDEST: usize = 400;

/// The sign of a row that changed, in a live view.
static MARK: Column = Column {
    key: "change",
    least: usize::MAX,
    rank: u8::MAX,
    value: |group, _| group.change().map_or("", change::sign).to_owned(),
    ..TEXT
};

/// A column with its texts, in the order of the rows.
pub(super) struct Filling {
    pub(super) column: &'static Column,
    pub(super) texts: Vec<String>,
    /// The colours of the texts; empty where there are none.
    paints: Vec<Paint>,
}

/// A column with its texts, and its width on the screen.
struct Laid {
    column: &'static Column,
    texts: Vec<String>,
    paints: Vec<Paint>,
    width: usize,
    /// How narrow it may be, and how narrow where even that does not fit.
    shortest: Shortest,
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
    write_filled(filled(&listing), style, out)
}

/// The columns of a listing.
pub(super) fn filled(listing: &Listing<'_>) -> Vec<Filling> {
    let mark = listing.style.marks.then_some(&MARK);
    let filled = mark.into_iter().chain(listing.columns()).map(|column| {
        let mut filling = Filling::new(column);
        filling.add(listing);
        filling
    });
    filled.collect()
}

/// Writes columns of the same length side by side, and returns the titles of those for which there is no room.
pub(super) fn write_filled(
    fillings: Vec<Filling>,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<Vec<&'static str>> {
    let rows = fillings.first().map_or(0, |filling| filling.texts.len());
    if rows == 0 {
        return Ok(Vec::new());
    }
    let mut columns: Vec<Laid> = fillings.into_iter().map(|filling| Laid::new(filling, style)).collect();
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
    for at in 0..rows {
        let cell = |laid: &Laid| {
            let paint = laid.paints.get(at).copied().unwrap_or(Paint::new());
            laid.padded(&laid.texts[at], paint, style)
        };
        let line: String = columns.iter().map(cell).collect();
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(hidden)
}

impl Filling {
    pub(super) fn new(column: &'static Column) -> Filling {
        Filling { column, texts: Vec::new(), paints: Vec::new() }
    }

    /// Adds the rows of a listing.
    pub(super) fn add(&mut self, listing: &Listing<'_>) {
        let is_painted = self.column.paint.is_some() || listing.style.marks;
        if listing.style.color && is_painted {
            let paint = |group: &RowGroup<'_>| match group.change() {
                Some(kind) => change::paint_of(kind),
                None => self.column.paint.map_or(Paint::new(), |paint| paint(group)),
            };
            self.paints.resize(self.texts.len(), Paint::new());
            self.paints.extend(listing.groups.iter().map(paint));
        }
        self.texts.extend(listing.groups.iter().map(|group| self.column.text(group, listing)));
    }

    /// Adds empty texts, up to so many rows.
    pub(super) fn fill_up(&mut self, rows: usize) {
        self.texts.resize(rows, String::new());
    }

    /// Adds this text, up to so many rows.
    pub(super) fn fill_up_with(&mut self, text: &str, paint: Paint, rows: usize) {
        self.texts.resize(rows, text.to_owned());
        self.paints.resize(rows, paint);
    }
}

impl Laid {
    fn new(Filling { column, texts, paints }: Filling, style: &Style) -> Laid {
        // Before they are measured: some signs are longer in ASCII.
        let texts: Vec<String> = texts.into_iter().map(|text| style.signs.of(text)).collect();
        // A sign has room even if no row has one, so that the others stand still.
        let title = if style.header { column.title.len().max(1) } else { 0 };
        let widths = texts.iter().map(|text| display_width(text)).filter(|&width| width <= WIDEST);
        let width = widths.max().unwrap_or(0).max(title);
        let each = texts.iter().map(|text| (column.shortest)(text));
        let widest = each.fold(Shortest::default(), |most, one| Shortest {
            least: most.least.max(one.least),
            narrowest: most.narrowest.max(one.narrowest),
        });
        let least = widest.least.max(title).min(column.least).min(width);
        let narrowest = if column.least == usize::MAX { width } else { widest.narrowest.min(least) };
        Laid { column, texts, paints, width, shortest: Shortest { least, narrowest } }
    }

    /// A text that is no wider than the column.
    fn fitted<'t>(&self, text: &'t str, signs: Signs) -> Cow<'t, str> {
        let cut = (self.column.cut)(text, self.width);
        if signs == Signs::All || cut == text {
            return cut;
        }
        // In ASCII an ellipsis is three columns wide.
        let narrower = (self.column.cut)(text, self.width.saturating_sub(2));
        signs.of(narrower.into_owned()).chars().take(self.width).collect::<String>().into()
    }

    /// A text in the width of the column, cut where it is too long, and the gap behind it.
    fn padded(&self, text: &str, paint: Paint, style: &Style) -> String {
        let is_fitted = style.room().is_some();
        let shown = if is_fitted { self.fitted(text, style.signs) } else { text.into() };
        let padding = self.width.saturating_sub(display_width(&shown));
        let before = if self.column.is_right { padding } else { 0 };
        // Painted after it was measured: colour codes would count as width.
        let painted = style.paint(&shown, paint);
        [&" ".repeat(before), &*painted, &" ".repeat(padding - before + GAP)].concat()
    }
}

fn width_of(widths: &[usize]) -> usize {
    widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1)
}

/// Leaves columns out until the others fit, and returns their titles. One for which there is room after all, because a
/// wider one had to go too, stays.
fn leave_out(columns: &mut Vec<Laid>, room: usize) -> Vec<&'static str> {
    let mut by_rank: Vec<usize> = (0..columns.len()).collect();
    sort_by_key(&mut by_rank, |&at| columns[at].column.rank);
    let mut stays = vec![true; columns.len()];
    let fits = |stays: &[bool]| {
        let leasts = columns.iter().zip(stays).filter(|(_, stays)| **stays);
        width_of(&leasts.map(|(laid, _)| laid.shortest.least).collect::<Vec<_>>()) <= room
    };
    let mut left_out = Vec::new();
    for at in by_rank {
        if fits(&stays) || columns[at].column.rank == u8::MAX {
            break;
        }
        stays[at] = false;
        left_out.push(at);
    }
    for &at in left_out.iter().rev() {
        stays[at] = true;
        stays[at] = fits(&stays);
    }
    let titles = left_out.iter().filter(|&&at| !stays[at]).map(|&at| columns[at].column.title).collect();
    let mut each = stays.iter();
    columns.retain(|_| each.next().is_some_and(|stays| *stays));
    titles
}

/// Makes the widest columns narrower until all fit, as far as they may be.
fn shrink(columns: &mut [Laid], room: usize) {
    let fits = width_of(&columns.iter().map(|laid| laid.shortest.least).collect::<Vec<_>>()) <= room;
    let least = |laid: &Laid| if fits { laid.shortest.least } else { laid.shortest.narrowest };
    let leasts: Vec<usize> = columns.iter().map(least).collect();
    while width_of(&columns.iter().map(|laid| laid.width).collect::<Vec<_>>()) > room {
        let shrinkable = columns.iter_mut().zip(&leasts).filter(|(laid, least)| laid.width > **least);
        let Some((widest, _)) = shrinkable.max_by_key(|(laid, _)| laid.width) else { break };
        widest.width -= 1;
    }
}
