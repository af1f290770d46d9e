//! The JSON contract, version 1. Fields may be added within a version; none is renamed or removed.
//!
//! These types are the contract's own: the model can change without it.

use std::io::{self, Write};

use jiff::Timestamp;
use jiff::fmt::strtime;
use serde::{Serialize, Serializer};

use self::asked::asked;
use self::document::{SCHEMA_VERSION, TOOL, Text, Tool, print, seconds};
use self::excluded::excluded;
use self::interface::interface;
use self::license_server::each_license_server;
use self::listener::listener;
use self::other_socket::other_socket;
use self::unanswered::unanswered;
use crate::model::{
    self, Asked, Excluded, ExcludedReport, Gap, HeldOtherSocket, Interface, LicenseServer, Namespace,
    OtherNamespace, Report, Row, ServersReport, UnansweredClient,
};

mod asked;
mod document;
mod excluded;
mod explanation;
mod interface;
mod license_server;
mod listener;
mod other_socket;
mod process;
mod service;
mod unanswered;

pub(super) use explanation::write as write_explanations;

/// Writes a report as one object.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    print(
        &Document {
            asked: &report.asked,
            listeners: &report.rows,
            unanswered: &report.unanswered,
            license_servers: report.license_servers.as_deref(),
            other_namespaces: &report.other_namespaces,
            interfaces: report.interfaces.as_deref(),
            other_sockets: report.other_sockets.as_deref(),
            excluded_ports: report.excluded.as_deref(),
            ..Document::new(&report.host, report.taken_at, report.privileged, &report.gaps)
        },
        out,
    )
}

/// Writes license servers as an object of the same form.
pub(super) fn write_servers(report: &ServersReport, out: &mut dyn Write) -> io::Result<()> {
    print(
        &Document {
            license_servers: Some(&report.servers),
            other_namespaces: &report.other_namespaces,
            ..Document::new(&report.host, report.taken_at, report.privileged, &report.gaps)
        },
        out,
    )
}

/// Writes the excluded ports as an object of the same form.
pub(super) fn write_excluded(report: &ExcludedReport, out: &mut dyn Write) -> io::Result<()> {
    print(
        &Document {
            excluded_ports: Some(&report.excluded),
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
            asked: &[],
            listeners: &[],
            unanswered: &[],
            license_servers: None,
            other_namespaces: &[],
            interfaces: None,
            other_sockets: None,
            excluded_ports: None,
            gaps,
        }
    }
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
    taken_at: Text<strtime::Display<'static>>,
    privileged: bool,
    complete: bool,
    #[serde(serialize_with = "each_asked")]
    asked: &'a [Asked],
    #[serde(serialize_with = "each_listener")]
    listeners: &'a [Row],
    #[serde(serialize_with = "each_unanswered")]
    unanswered: &'a [UnansweredClient],
    #[serde(serialize_with = "each_license_server")]
    license_servers: Option<&'a [LicenseServer]>,
    #[serde(serialize_with = "each_namespace")]
    other_namespaces: &'a [OtherNamespace],
    #[serde(serialize_with = "each_interface")]
    interfaces: Option<&'a [Interface]>,
    #[serde(serialize_with = "each_other_socket")]
    other_sockets: Option<&'a [HeldOtherSocket]>,
    #[serde(serialize_with = "each_excluded")]
    excluded_ports: Option<&'a [Excluded]>,
    #[serde(serialize_with = "each_gap")]
    gaps: &'a [Gap],
}

// Each item is made when its turn comes: a holder of a thousand sockets is written a thousand times.

fn each_asked<S: Serializer>(all: &[Asked], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(all.iter().map(asked))
}

fn each_listener<S: Serializer>(rows: &[Row], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(rows.iter().map(listener))
}

fn each_unanswered<S: Serializer>(clients: &[UnansweredClient], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(clients.iter().map(unanswered))
}

fn each_namespace<S: Serializer>(others: &[OtherNamespace], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(others.iter().map(other_namespace))
}

fn each_other_socket<S: Serializer>(all: &Option<&[HeldOtherSocket]>, to: S) -> Result<S::Ok, S::Error> {
    match all {
        Some(all) => to.collect_seq(all.iter().map(other_socket)),
        None => to.serialize_none(),
    }
}

fn each_interface<S: Serializer>(all: &Option<&[Interface]>, to: S) -> Result<S::Ok, S::Error> {
    match all {
        Some(all) => to.collect_seq(all.iter().map(interface)),
        None => to.serialize_none(),
    }
}

fn each_excluded<S: Serializer>(all: &Option<&[Excluded]>, to: S) -> Result<S::Ok, S::Error> {
    match all {
        Some(all) => to.collect_seq(all.iter().map(excluded)),
        None => to.serialize_none(),
    }
}

fn each_gap<S: Serializer>(gaps: &[Gap], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(gaps.iter().map(gap))
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
