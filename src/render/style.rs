//! What a text shows, and for which terminal.

use jiff::tz::TimeZone;

use super::Signs;

/// Nothing is laid out narrower.
const LEAST: u16 = 20;

/// The name of a column: kebab-case, and never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ColumnName(pub &'static str);

#[derive(Debug, Clone)]
pub struct Style {
    pub color: bool,
    /// Those that its reader takes.
    pub signs: Signs,
    /// Columns of the terminal; `None` for a file or pipe, where nothing needs to fit.
    pub width: Option<u16>,
    /// With a header line, and with the notes below the rows not in a stream of their own.
    pub header: bool,
    /// The columns that were chosen, in their order; `None` for the usual ones.
    pub columns: Option<Vec<ColumnName>>,
    /// Labels and values, with no layout that only the eye takes in.
    pub plain: bool,
    /// Rows are as long as their texts.
    pub wide: bool,
    /// To be sent to somebody who was not there: with the machine, the time and what was asked.
    pub report: bool,
    pub args: bool,
    /// With the state of the sockets, where there is room.
    pub states: bool,
    pub connections: bool,
    pub namespaces: bool,
    /// With a sign before each row that changed.
    pub marks: bool,
    /// With notes about how the data was collected.
    pub verbose: bool,
    /// For points in time.
    pub time_zone: TimeZone,
}

impl Style {
    /// The columns of the terminal that rows have to fit. A script must find every column, and whole.
    pub(super) fn room(&self) -> Option<usize> {
        let width = self.width.filter(|_| self.header && !self.wide);
        width.map(|width| usize::from(width.max(LEAST)))
    }
}
