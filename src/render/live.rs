//! A live view: the listing as far as the screen has room, what changed, and a line about the last look.

use std::time::Duration;

use owo_colors::Style as Paint;

use super::columns::Listing;
use super::frame::{fitted, lines_of};
use super::group::{RowGroup, group};
use super::{Style, change, notes, table};
use crate::model::phrase::counted;
use crate::model::{EventKind, Watched};

/// The log has no more lines.
const MOST_LOGGED: usize = 8;
/// On a lower screen there is no log, and no line about keys.
const LEAST_ROWS: usize = 10;
const KEYS: &str = "q quits, ↑ ↓ PgUp PgDn scroll    + appeared  ~ changed  - went";

/// What to show, and of it which part.
#[derive(Debug, Clone, Copy)]
pub struct LiveView<'a> {
    pub watched: &'a Watched,
    pub style: &'a Style,
    pub interval: Duration,
    /// Columns and rows.
    pub size: (u16, u16),
    /// How many lines of the listing are above those that are shown.
    pub above: usize,
}

/// The lines of a screen.
#[derive(Debug, PartialEq, Eq)]
pub struct LiveScreen {
    /// One for each row of the screen, from the top, none wider than it.
    pub lines: Vec<String>,
    /// As asked for, or as many as there are at most.
    pub above: usize,
    /// How many lines of the listing are shown at once.
    pub page: usize,
}

/// Lays out a live view.
#[must_use]
pub fn live(view: &LiveView<'_>) -> LiveScreen {
    let LiveView { watched, size: (columns, rows), .. } = *view;
    let (columns, rows) = (usize::from(columns), usize::from(rows));
    let style = Style { width: Some(view.size.0), marks: true, ..view.style.clone() };
    let mut body = listing(watched, &style);
    let header = if body.is_table { Some(body.lines.remove(0)) } else { None };
    let log = if rows < LEAST_ROWS { Vec::new() } else { log(watched, &style, (rows / 4).min(MOST_LOGGED)) };
    let keys = (rows >= LEAST_ROWS).then(|| style.paint(KEYS, Paint::new().dimmed()));

    let mut below: Vec<String> = Vec::new();
    if !log.is_empty() {
        below.push(String::new());
        below.extend(log);
    }
    below.extend(keys);
    let mut lines = vec![style.paint(&status(view), Paint::new().bold())];
    lines.extend(header.filter(|_| rows > 2));
    let room = rows.saturating_sub(lines.len() + below.len());
    let (shown, above, page) = part(&body.lines, room, view.above, &style);
    lines.extend(shown);
    lines.resize(rows.saturating_sub(below.len()), String::new());
    lines.extend(below);
    lines.truncate(rows);
    LiveScreen { lines: lines.iter().map(|line| fitted(line, columns)).collect(), above, page }
}

/// The lines of a listing, and whether the first is a header.
struct Body {
    lines: Vec<String>,
    is_table: bool,
}

fn listing(watched: &Watched, style: &Style) -> Body {
    let report = &watched.report;
    let groups = group(&report.rows);
    let mut written = Vec::new();
    let distinct = Listing::distinct(report, style);
    let shown = distinct.as_deref().unwrap_or(&groups);
    // Memory takes everything.
    let hidden = table::write(shown, report.host.os, style, &mut written).unwrap_or_default();
    let mut lines = lines_of(&String::from_utf8_lossy(&written));
    let there: Vec<RowGroup<'_>> =
        groups.into_iter().filter(|group| group.change() != Some(EventKind::Went)).collect();
    let mut below: Vec<String> = notes::of_hidden_columns(&hidden, style).into_iter().collect();
    below.extend(notes::of_listing(report, &there, style));
    below.extend(notes::of_license_servers(report, style));
    below.extend(notes::of_report(report, style));
    let is_table = !lines.is_empty();
    if is_table && !below.is_empty() {
        lines.push(String::new());
    }
    lines.extend(lines_of(&below.join("\n")));
    Body { lines, is_table }
}

/// The lines for which there is room, how many are above them, and how many there are without the one that counts the
/// others.
fn part(lines: &[String], room: usize, above: usize, style: &Style) -> (Vec<String>, usize, usize) {
    if lines.len() <= room || room == 0 {
        return (lines.iter().take(room).cloned().collect(), 0, room);
    }
    let page = room - 1;
    let above = above.min(lines.len() - page);
    let mut shown = lines[above..above + page].to_vec();
    let below = lines.len() - page - above;
    let more = match (below, above) {
        (below, 0) => format!("… {} below", counted(below, "more line")),
        (0, above) => format!("… {} above", counted(above, "more line")),
        (below, above) => format!("… {} below, {above} above", counted(below, "more line")),
    };
    shown.push(style.paint(&more, Paint::new().dimmed()));
    (shown, above, page)
}

/// `12:34:56  every 2s  14 listeners  no gaps`.
fn status(view: &LiveView<'_>) -> String {
    let LiveView { watched, style, interval, .. } = view;
    let report = &watched.report;
    let time = report.taken_at.to_zoned(style.time_zone.clone()).strftime("%H:%M:%S");
    let listeners = counted(watched.listeners, "listener");
    let gaps = match report.gaps.len() {
        0 => "no gaps".to_owned(),
        gaps => format!("{} (see the end of the list)", counted(gaps, "gap")),
    };
    let partial = if watched.is_partial { "  not everything could be read: as seen before" } else { "" };
    format!("{time}  every {interval:?}  {listeners}  {gaps}{partial}")
}

/// The last changes, the latest last.
fn log(watched: &Watched, style: &Style, most: usize) -> Vec<String> {
    let last = watched.log.iter().skip(watched.log.len().saturating_sub(most));
    let mut written = Vec::new();
    for logged in last {
        // Memory takes everything.
        let _ = change::write(&logged.change, logged.seen_at, watched.report.host.os, style, &mut written);
    }
    lines_of(&String::from_utf8_lossy(&written))
}
