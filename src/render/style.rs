//! What a text shows, and for which terminal.

use jiff::tz::TimeZone;

#[derive(Debug, Clone)]
pub struct Style {
    pub color: bool,
    /// Columns of the terminal; `None` for a file or pipe, where nothing needs to fit.
    pub width: Option<u16>,
    /// With a header line, and with the notes below the rows not in a stream of their own.
    pub header: bool,
    pub args: bool,
    pub connections: bool,
    pub namespaces: bool,
    /// With notes about how the data was collected.
    pub verbose: bool,
    /// For points in time.
    pub time_zone: TimeZone,
}
