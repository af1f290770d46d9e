//! The JSON contract, version 1. Fields may be added within a version; none is renamed or removed.
//!
//! These types are the contract's own: the model can change without it.

use std::borrow::Cow;
use std::io::{self, Write};

use jiff::Timestamp;
use serde::Serialize;

use self::process::{ProcessOut, ProcessServiceOut, process, process_service};
use super::text::printable;
use crate::model::{
    self, Excluded, ExcludedPorts, ExcludedReport, Exposure, Family, Gap, Manager, Namespace, OtherNamespace,
    Owner, PortClass, Protocol, Report, Row, Service, Severity, State, UnansweredClient,
};

mod explanation;
mod process;

pub use explanation::write as write_explanations;

const SCHEMA_VERSION: u32 = 1;

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
/// Those of writing.
pub fn json_error(message: &str, exit_status: u8, out: &mut dyn Write) -> io::Result<()> {
    print(&Failed { schema_version: SCHEMA_VERSION, tool: TOOL, error: Error { message, exit_status } }, out)
}

fn print(document: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", harmless(&serde_json::to_string_pretty(document)?))
}

/// JSON in which nothing is left that a terminal would obey. All that is not plain ASCII stands in
/// a string, where JSON may write it as `\u` too (RFC 8259, section 7).
fn harmless(json: &str) -> Cow<'_, str> {
    let harmful = |c: char| c == '\x7f' || (!c.is_ascii() && !printable(c));
    if !json.contains(harmful) {
        return Cow::Borrowed(json);
    }
    let mut safe = String::with_capacity(json.len() + 32);
    for c in json.chars() {
        if harmful(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                safe.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            safe.push(c);
        }
    }
    Cow::Owned(safe)
}

const TOOL: Tool = Tool { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") };

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

/// Ports that the system gives to no program that asks for none in particular.
#[derive(Serialize)]
struct ExcludedOut<'a> {
    first: u16,
    last: u16,
    protocol: Option<&'static str>,
    family: Option<&'static str>,
    opened_by_number: bool,
    license_managers: Vec<ExcludedManagerOut<'a>>,
}

/// Ports among them, and the license manager that uses those.
#[derive(Serialize)]
struct ExcludedManagerOut<'a> {
    first: u16,
    last: u16,
    #[serde(flatten)]
    manager: ManagerOut<'a>,
}

/// A request for a connection to a license server that is not answered.
#[derive(Serialize)]
struct UnansweredOut<'a> {
    local_port: u16,
    address: String,
    port: u16,
    service: Option<ServiceOut<'a>>,
    managers: Vec<ManagerOut<'a>>,
    retransmits: u8,
    user: &'a str,
    processes: Vec<ProcessOut<'a>>,
}

/// A network namespace whose listeners were counted and not listed.
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
struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct Host<'a> {
    name: Option<&'a str>,
    os: &'static str,
}

#[derive(Serialize)]
struct Listener<'a> {
    protocol: &'static str,
    family: &'static str,
    address: String,
    port: u16,
    interface: Option<&'a str>,
    dual_stack: Option<bool>,
    state: &'static str,
    exposure: &'static str,
    namespace: Option<NamespaceOut<'a>>,
    uid: Option<u32>,
    user: Option<&'a str>,
    owner_status: &'static str,
    processes: Vec<ProcessOut<'a>>,
    port_class: &'static str,
    service: Option<ServiceOut<'a>>,
    license: Option<LicenseOut<'a>>,
    connections: Option<ConnectionsOut>,
    accept_queue: Option<AcceptQueueOut>,
    made_in: Option<ProcessServiceOut<'a>>,
    activation: Option<ActivationOut<'a>>,
}

#[derive(Serialize)]
struct ConnectionsOut {
    established: usize,
    peers: usize,
    top: Vec<PeerOut>,
}

#[derive(Serialize)]
struct PeerOut {
    address: String,
    count: usize,
}

#[derive(Serialize)]
struct AcceptQueueOut {
    waiting: u32,
    limit: Option<u32>,
}

#[derive(Serialize)]
struct ActivationOut<'a> {
    socket: &'a str,
    service: Option<&'a str>,
}

#[derive(Serialize)]
struct NamespaceOut<'a> {
    inode: u64,
    name: Option<&'a str>,
}

#[derive(Serialize)]
struct ServiceOut<'a> {
    name: &'a str,
    description: &'a str,
    source: &'static str,
}

#[derive(Serialize)]
struct LicenseOut<'a> {
    managers: Vec<ManagerOut<'a>>,
    verdict: &'static str,
    severity: &'static str,
    reason: &'a str,
    expected: &'a [String],
    evidence: &'a [String],
}

#[derive(Serialize)]
struct ManagerOut<'a> {
    id: &'a str,
    vendor: Option<&'a str>,
    product: &'a str,
}

#[derive(Serialize)]
struct GapOut<'a> {
    kind: &'static str,
    detail: &'a str,
    count: Option<u64>,
    remedy: Option<&'a str>,
}

fn listener(row: &Row) -> Listener<'_> {
    let socket = &row.socket;
    Listener {
        protocol: socket.protocol.name(),
        family: Family::of(socket.local).code(),
        address: socket.local.ip().to_string(),
        port: socket.local.port(),
        interface: socket.interface.as_deref(),
        dual_stack: socket.dual_stack,
        state: match socket.state {
            State::Listen => "listen",
            State::Unconnected => "unconnected",
            State::Bound => "bound",
        },
        exposure: match row.exposure {
            Exposure::Loopback => "loopback",
            Exposure::LinkLocal => "link-local",
            Exposure::Private => "private",
            Exposure::Public => "public",
            Exposure::AllInterfaces => "all-interfaces",
        },
        namespace: socket
            .namespace
            .as_ref()
            .map(|Namespace { inode, name }| NamespaceOut { inode: *inode, name: name.as_deref() }),
        uid: socket.uid,
        user: socket.user.as_deref(),
        owner_status: match row.owner {
            Owner::Identified { .. } => "identified",
            Owner::Hidden => "hidden",
            Owner::Unattributed => "unattributed",
        },
        processes: row.owner.processes().map(|one| process(one)).collect(),
        port_class: PortClass::of(socket.local.port()).code(),
        service: row.service.as_ref().map(service),
        license: row.license.as_ref().map(|license| LicenseOut {
            managers: license.managers.iter().map(manager).collect(),
            verdict: license.verdict.code(),
            severity: match license.severity {
                Severity::Info => "info",
                Severity::Warning => "warning",
                Severity::Critical => "critical",
            },
            reason: &license.reason,
            expected: &license.expected,
            evidence: &license.evidence,
        }),
        connections: socket.connections.as_ref().map(|connections| ConnectionsOut {
            established: connections.established,
            peers: connections.peers,
            top: connections
                .top
                .iter()
                .map(|(address, count)| PeerOut { address: address.to_string(), count: *count })
                .collect(),
        }),
        accept_queue: socket
            .accept_queue
            .map(|queue| AcceptQueueOut { waiting: queue.waiting, limit: queue.limit }),
        made_in: socket.made_in.as_ref().map(process_service),
        activation: socket.activation.as_ref().map(|activation| ActivationOut {
            socket: &activation.socket,
            service: activation.service.as_deref(),
        }),
    }
}

fn service(service: &Service) -> ServiceOut<'_> {
    ServiceOut { name: &service.name, description: &service.description, source: "iana" }
}

fn manager(manager: &Manager) -> ManagerOut<'_> {
    ManagerOut { id: &manager.id, vendor: manager.vendor.as_deref(), product: &manager.product }
}

fn unanswered(asking: &UnansweredClient) -> UnansweredOut<'_> {
    UnansweredOut {
        local_port: asking.local.port(),
        address: asking.remote.ip().to_string(),
        port: asking.remote.port(),
        service: asking.service.as_ref().map(service),
        managers: asking.managers.iter().map(manager).collect(),
        retransmits: asking.retransmits,
        user: &asking.user,
        processes: asking.processes.iter().map(|one| process(one)).collect(),
    }
}

fn other_namespace(other: &OtherNamespace) -> OtherNamespaceOut<'_> {
    let OtherNamespace { namespace: Namespace { inode, name }, listeners } = other;
    OtherNamespaceOut { inode: *inode, name: name.as_deref(), listeners: listeners.len() }
}

fn excluded(excluded: &Excluded) -> ExcludedOut<'_> {
    let ExcludedPorts { ports, protocol, family, by_number } = excluded.ports;
    ExcludedOut {
        first: ports.first,
        last: ports.last,
        protocol: protocol.map(Protocol::name),
        family: family.map(Family::code),
        opened_by_number: by_number,
        license_managers: excluded
            .managers
            .iter()
            .map(|one| ExcludedManagerOut {
                first: one.ports.first,
                last: one.ports.last,
                manager: manager(one),
            })
            .collect(),
    }
}

fn gap(gap: &Gap) -> GapOut<'_> {
    GapOut { kind: gap.kind.code(), detail: &gap.detail, count: gap.count, remedy: gap.remedy.as_deref() }
}

/// RFC 3339 in UTC, whole seconds.
fn seconds(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_escaped_and_reads_back_the_same() {
        let hostile = "a\u{9b}31m\u{7f}\u{202e}\u{e0041}\u{1b}\n\"é日";
        let json = serde_json::to_string(hostile).unwrap();
        let safe = harmless(&json);
        assert_eq!(safe, r#""a\u009b31m\u007f\u202e\udb40\udc41\u001b\n\"é日""#);
        assert_eq!(serde_json::from_str::<String>(&safe).unwrap(), hostile);
    }
}
