//! The JSON contract, version 1. Fields may be added within a version; none is renamed or removed.
//!
//! These types are the contract's own: the model can change without it.

use std::io::{self, Write};

use jiff::Timestamp;
use jiff::fmt::strtime;
use schemars::{JsonSchema, Schema};
use serde::{Serialize, Serializer};

use self::asked::{AskedOut, asked};
use self::document::{Host, SCHEMA_VERSION, TOOL, Text, Tool, print, seconds};
use self::excluded::{ExcludedOut, excluded};
use self::gap::{GapOut, each_gap};
use self::interface::{InterfaceOut, interface};
use self::license_server::{LicenseServerOut, each_license_server};
use self::listener::{Listener, each_listener};
use self::other_socket::{OtherSocketOut, other_socket};
use self::unanswered::{UnansweredOut, unanswered};
use crate::model::packed::unpacked;
use crate::model::{
    self, Asked, Excluded, ExcludedReport, Gap, HeldOtherSocket, Interface, LicenseServer, Namespace,
    OtherNamespace, Report, Row, ServersReport, UnansweredClient,
};

mod asked;
mod check;
mod diff;
mod document;
mod event;
mod excluded;
mod explanation;
mod flat;
mod gap;
mod interface;
mod license_server;
mod listener;
mod other_socket;
mod process;
mod schema;
mod service;
mod unanswered;
mod waiting;

pub(super) use check::write as write_check;
pub(super) use diff::write as write_diff;
pub(super) use event::write as write_event;
pub(super) use explanation::write as write_explanations;
pub(super) use flat::{FlatListener, flat_listeners, write_lines};
pub(super) use waiting::write as write_wait;

/// Writes a report as one object.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    print(
        &Document {
            selection: &report.selection,
            asked: &report.asked,
            listeners: &report.rows,
            notes: &report.notes,
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

/// Writes the beginning of one object with the reports of several machines.
pub(super) fn begin_hosts(out: &mut dyn Write) -> io::Result<()> {
    let tool = serde_json::to_string(&TOOL)?;
    writeln!(out, "{{\n\"schema_version\": {SCHEMA_VERSION},\n\"tool\": {tool},\n\"hosts\": [")
}

/// Writes its end: the files that could not be read.
pub(super) fn end_hosts(unreadable: &[(String, String)], out: &mut dyn Write) -> io::Result<()> {
    let files = unreadable.iter().map(|(file, error)| UnreadableRecord { file, error });
    writeln!(out, "],\n\"unreadable\":")?;
    print(&files.collect::<Vec<_>>(), out)?;
    writeln!(out, "}}")
}

/// Printed by a listing of a folder of records (`--from DIR`).
#[derive(JsonSchema)]
#[schemars(rename = "Hosts")]
#[expect(dead_code, reason = "it is written part by part")]
struct Hosts<'a> {
    /// 1
    schema_version: u32,
    /// the program
    tool: Tool,
    /// the machines, by the names of their files, each as a listing prints it
    hosts: Vec<Document<'a>>,
    /// the other files
    unreadable: Vec<UnreadableRecord<'a>>,
}

/// A file that is no record.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "UnreadableRecord")]
struct UnreadableRecord<'a> {
    /// its name
    file: &'a str,
    /// why it is none
    error: &'a str,
}

/// Writes license servers as an object of the same form.
pub(super) fn write_servers(report: &ServersReport, out: &mut dyn Write) -> io::Result<()> {
    print(
        &Document {
            selection: &report.products,
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
            host: document::host(host),
            taken_at: seconds(taken_at),
            privileged,
            complete: gaps.is_empty(),
            selection: &[],
            asked: &[],
            listeners: &[],
            notes: &[],
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

/// The schema of every object that is printed. Whatever it does not name, it forbids. The fields of an object are in the
/// order of `required`.
#[must_use]
pub fn json_schema() -> Schema {
    schema::one_of(|types| {
        vec![
            types.subschema_for::<Document<'_>>(),
            types.subschema_for::<Hosts<'_>>(),
            types.subschema_for::<explanation::Document<'_>>(),
            types.subschema_for::<FlatListener<'_>>(),
            types.subschema_for::<waiting::Document<'_>>(),
            types.subschema_for::<check::Document<'_>>(),
            types.subschema_for::<event::EventOut<'_>>(),
            types.subschema_for::<diff::Document<'_>>(),
            types.subschema_for::<Failed<'_>>(),
        ]
    })
}

/// The same, as it is kept in `data/schema.json`: made from the types, it would need more code than this text is long.
#[must_use]
pub fn json_schema_text() -> String {
    unpacked(include_bytes!(concat!(env!("OUT_DIR"), "/schema.json.packed")))
}

/// Printed by a listing, `servers` and `excluded`.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Listing")]
struct Document<'a> {
    /// 1
    schema_version: u32,
    /// the program
    tool: Tool,
    /// the machine
    host: Host<'a>,
    /// when the machine was scanned: RFC 3339, UTC, whole seconds
    taken_at: Text<strtime::Display<'static>>,
    /// whether it was scanned as root, or on Windows as administrator
    privileged: bool,
    /// whether `gaps` is empty
    complete: bool,
    /// the words and options that chose the listeners, or the license servers of `servers`, as they can be typed; a
    /// password in a URL is left out. Empty: nothing was left out, or it is the answer of `excluded`
    selection: &'a [String],
    /// the answer to each port, range and name that you asked about, in order. Empty if you asked about none,
    /// and for `excluded`
    #[serde(serialize_with = "each_asked")]
    #[schemars(with = "Vec<AskedOut<'a>>")]
    asked: &'a [Asked],
    /// one for each socket, in the order of `--sort`, or else of the words
    #[serde(serialize_with = "each_listener")]
    #[schemars(with = "Vec<Listener<'a>>")]
    listeners: &'a [Row],
    /// what else the text says of the listeners, a string each: of one that `--pid`, `--process` or `--user` found
    /// by another holder than the first, and of processes that are stopped
    notes: &'a [String],
    /// programs that get no answer from a license server
    #[serde(serialize_with = "each_unanswered")]
    #[schemars(with = "Vec<UnansweredOut<'a>>")]
    unanswered: &'a [UnansweredClient],
    /// license servers as wholes: all with `servers` (or those of the products that you named), else those that
    /// what you asked is about. `null`: no license port and no license program is shown or asked about, or you asked
    /// for less than their ports (`-u`, `-4`). A listing reads no license files: what only these say is not concluded
    #[serde(serialize_with = "each_license_server")]
    #[schemars(with = "Option<Vec<LicenseServerOut<'a>>>")]
    license_servers: Option<&'a [LicenseServer]>,
    /// network namespaces whose listeners match but are not listed. Empty with `--all-namespaces`; if you asked
    /// for a process, a user or a verdict; on Windows and macOS
    #[serde(serialize_with = "each_namespace")]
    #[schemars(with = "Vec<OtherNamespaceOut<'a>>")]
    other_namespaces: &'a [OtherNamespace],
    /// the network interfaces of your own network namespace. `null`: not read (`excluded`, `servers`), or not readable
    #[serde(serialize_with = "each_interface")]
    #[schemars(with = "Option<Vec<InterfaceOut<'a>>>")]
    interfaces: Option<&'a [Interface]>,
    /// sockets without an IP address and port that can receive (Linux). `null`: not read: another system, or
    /// you asked for less than everything
    #[serde(serialize_with = "each_other_socket")]
    #[schemars(with = "Option<Vec<OtherSocketOut<'a>>>")]
    other_sockets: Option<&'a [HeldOtherSocket]>,
    /// reserved ports. `null`: not read, or not readable
    #[serde(serialize_with = "each_excluded")]
    #[schemars(with = "Option<Vec<ExcludedOut<'a>>>")]
    excluded_ports: Option<&'a [Excluded]>,
    /// what could not be read
    #[serde(serialize_with = "each_gap")]
    #[schemars(with = "Vec<GapOut<'a>>")]
    gaps: &'a [Gap],
}

// Each item is made when its turn comes: a holder of a thousand sockets is written a thousand times.

fn each_asked<S: Serializer>(all: &[Asked], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(all.iter().map(asked))
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

/// A network namespace whose listeners were counted but not listed.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "OtherNamespace")]
struct OtherNamespaceOut<'a> {
    /// the inode of `/proc/PID/ns/net`, which identifies it
    inode: u64,
    /// its name in `ip netns`, the container it is, or its oldest process. `null`: none of these is known
    name: Option<&'a str>,
    /// how many match there
    listeners: usize,
}

/// Printed by every command in place of its answer, if there is none.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Failure")]
struct Failed<'a> {
    /// 1
    schema_version: u32,
    /// the program
    tool: Tool,
    /// why there is no answer
    error: Error<'a>,
}

#[derive(Serialize, JsonSchema)]
struct Error<'a> {
    /// one line, as on standard error
    message: &'a str,
    /// 2 (wrong usage, or the output could not be written) or 3 (the machine could not be observed, there was
    /// not enough memory, or the program itself failed)
    exit_status: u8,
}

fn other_namespace(other: &OtherNamespace) -> OtherNamespaceOut<'_> {
    let OtherNamespace { namespace: Namespace { inode, name }, listeners } = other;
    OtherNamespaceOut { inode: *inode, name: name.as_deref(), listeners: listeners.len() }
}
