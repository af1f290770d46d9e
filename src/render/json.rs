//! The JSON contract, version 1. Fields may be added within a version; none is renamed or removed.
//!
//! These types are the contract's own: the model can change without it.

use std::io::{self, Write};

use jiff::Timestamp;
use serde::Serialize;

use self::document::{SCHEMA_VERSION, TOOL, Tool, print, seconds};
use self::excluded::{ExcludedOut, excluded};
use self::listener::{Listener, listener};
use self::unanswered::{UnansweredOut, unanswered};
use crate::model::{self, Excluded, ExcludedReport, Gap, Namespace, OtherNamespace, Report};

mod document;
mod excluded;
mod explanation;
mod listener;
mod process;
mod service;
mod unanswered;

pub(super) use explanation::write as write_explanations;

/// Writes a report as one object.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    print(
        &Document {
            listeners: report.rows.iter().map(listener).collect(),
            unanswered: report.unanswered.iter().map(unanswered).collect(),
            other_namespaces: report.other_namespaces.iter().map(other_namespace).collect(),
            excluded_ports: report.excluded.as_deref().map(all_excluded),
            ..Document::new(&report.host, report.taken_at, report.privileged, &report.gaps)
        },
        out,
    )
}

/// Writes the excluded ports as an object of the same form.
pub(super) fn write_excluded(report: &ExcludedReport, out: &mut dyn Write) -> io::Result<()> {
    print(
        &Document {
            excluded_ports: Some(all_excluded(&report.excluded)),
            ..Document::new(&report.host, report.taken_at, report.privileged, &report.gaps)
        },
        out,
    )
}

impl<'a> Document<'a> {
    /// One that lists nothing.
    fn new(host: &'a model::Host, taken_at: Timestamp, privileged: bool, gaps: &'a [Gap]) -> Document<'a> {
        Document {
            schema_version: SCHEMA_VERSION,
            tool: TOOL,
            host: Host { name: host.name.as_deref(), os: host.os.name() },
            taken_at: seconds(taken_at),
            privileged,
            complete: gaps.is_empty(),
            listeners: Vec::new(),
            unanswered: Vec::new(),
            other_namespaces: Vec::new(),
            excluded_ports: None,
            gaps: gaps.iter().map(gap).collect(),
        }
    }
}

fn all_excluded(all: &[Excluded]) -> Vec<ExcludedOut<'_>> {
    all.iter().map(excluded).collect()
}

/// Writes an error as one object: `{"schema_version", "tool", "error": {"message", "exit_status"}}`.
///
/// # Errors
///
/// If writing fails.
pub fn json_error(message: &str, exit_status: u8, out: &mut dyn Write) -> io::Result<()> {
    print(&Failed { schema_version: SCHEMA_VERSION, tool: TOOL, error: Error { message, exit_status } }, out)
}

#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    tool: Tool,
    host: Host<'a>,
    taken_at: String,
    privileged: bool,
    complete: bool,
    listeners: Vec<Listener<'a>>,
    unanswered: Vec<UnansweredOut<'a>>,
    other_namespaces: Vec<OtherNamespaceOut<'a>>,
    excluded_ports: Option<Vec<ExcludedOut<'a>>>,
    gaps: Vec<GapOut<'a>>,
}

/// A network namespace whose listeners were counted but not listed.
#[derive(Serialize)]
struct OtherNamespaceOut<'a> {
    inode: u64,
    name: Option<&'a str>,
    listeners: usize,
}

#[derive(Serialize)]
struct Failed<'a> {
    schema_version: u32,
    tool: Tool,
    error: Error<'a>,
}

#[derive(Serialize)]
struct Error<'a> {
    message: &'a str,
    exit_status: u8,
}

#[derive(Serialize)]
struct Host<'a> {
    name: Option<&'a str>,
    os: &'static str,
}

#[derive(Serialize)]
struct GapOut<'a> {
    kind: &'static str,
    detail: &'a str,
    count: Option<u64>,
    remedy: Option<&'a str>,
}

fn other_namespace(other: &OtherNamespace) -> OtherNamespaceOut<'_> {
    let OtherNamespace { namespace: Namespace { inode, name }, listeners } = other;
    OtherNamespaceOut { inode: *inode, name: name.as_deref(), listeners: listeners.len() }
}

fn gap(gap: &Gap) -> GapOut<'_> {
    GapOut { kind: gap.kind.code(), detail: &gap.detail, count: gap.count, remedy: gap.remedy.as_deref() }
}
