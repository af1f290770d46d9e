//! The parts of the page, each from its template.

use std::io::{self, Write};

use askama::Template;

use super::host::{HostPart, Tile};

/// What a browser may run and obey in the page: its own style and script (Content Security Policy Level 3, section 2.3.1).
const STYLE_HASH: &str = "sha256-48bMeb/jZ5H9gl9sofmjHjr4nuthLSfIHfm7SOWPoP0=";
const SCRIPT_HASH: &str = "sha256-qYGJla26GiNTI9k1mwmY6UXxzTRcP6wZEAxbaIfiN3Q=";

#[derive(Template)]
#[template(path = "page_begin.html")]
struct Begin<'a> {
    title: &'a str,
    is_many: bool,
    style_hash: &'a str,
    script_hash: &'a str,
}

#[derive(Template)]
#[template(path = "host.html")]
struct Section<'a> {
    host: &'a HostPart,
    anchor: Option<usize>,
}

#[derive(Template)]
#[template(path = "page_end.html")]
struct End<'a> {
    machines: Option<&'a Machines>,
    program: &'a str,
}

/// The overview.
pub(super) struct Machines {
    /// `2 machines`, or `2 machines (3 records)`.
    pub(super) count: String,
    /// One for each record.
    pub(super) rows: Vec<MachineRow>,
    pub(super) tiles: Vec<Tile>,
    pub(super) unreadable: Vec<(String, String)>,
}

pub(super) struct MachineRow {
    pub(super) anchor: usize,
    pub(super) machine: String,
    pub(super) id: Option<String>,
    pub(super) time: String,
    pub(super) listeners: usize,
    pub(super) exposed: usize,
    pub(super) flagged: usize,
    pub(super) servers_down: usize,
    pub(super) is_complete: bool,
}

impl MachineRow {
    pub(super) fn is_alarm(&self) -> bool {
        self.flagged > 0 || self.servers_down > 0
    }
}

pub(super) fn begin(title: &str, is_many: bool, out: &mut dyn Write) -> io::Result<()> {
    Begin { title, is_many, style_hash: STYLE_HASH, script_hash: SCRIPT_HASH }.write_into(&mut &mut *out)
}

pub(super) fn end(machines: Option<&Machines>, out: &mut dyn Write) -> io::Result<()> {
    let program = concat!("whatlistens ", env!("CARGO_PKG_VERSION"));
    End { machines, program }.write_into(&mut &mut *out)
}

/// Writes a machine; `anchor` numbers it among several.
pub(super) fn section(host: &HostPart, anchor: Option<usize>, out: &mut dyn Write) -> io::Result<()> {
    Section { host, anchor }.write_into(&mut &mut *out)
}
