//! Listeners in the contract.

use std::net::IpAddr;

use serde::{Serialize, Serializer};

use super::document::Text;
use super::process::{ProcessServiceOut, each_process, process_service};
use super::service::{ManagerOut, ServiceOut, manager, service};
use crate::model::{AssignedTo, Family, License, Namespace, Owner, PortClass, Receiver, Row, State};

#[derive(Serialize)]
pub(super) struct Listener<'a> {
    protocol: &'static str,
    family: &'static str,
    address: Text<IpAddr>,
    port: u16,
    interface: Option<&'a str>,
    dual_stack: Option<bool>,
    state: &'static str,
    exposure: &'static str,
    /// The interfaces that have its address: empty if none has. `null` for a wildcard, a multicast address and in other
    /// namespaces, and where the interfaces were not read.
    assigned_to: Option<Vec<AssignedToOut<'a>>>,
    namespace: Option<NamespaceOut<'a>>,
    uid: Option<u32>,
    user: Option<&'a str>,
    owner_status: &'static str,
    #[serde(serialize_with = "each_holder")]
    processes: &'a Owner,
    #[serde(serialize_with = "each_receiver")]
    in_flight_to: Option<&'a [Receiver]>,
    port_class: &'static str,
    service: Option<ServiceOut<'a>>,
    known_for_service: Option<bool>,
    license: Option<LicenseOut<'a>>,
    connections: Option<ConnectionsOut<'a>>,
    accept_queue: Option<AcceptQueueOut>,
    made_in: Option<ProcessServiceOut<'a>>,
    activation: Option<ActivationOut<'a>>,
}

#[derive(Serialize)]
struct AssignedToOut<'a> {
    interface: &'a str,
    /// The length of the network's prefix, in bits.
    prefix: u8,
    /// Whether the interface is switched on and connected; `null` where the system does not report it.
    up: Option<bool>,
}

#[derive(Serialize)]
struct ReceiverOut<'a> {
    pid: u32,
    name: Option<&'a str>,
    descriptors: u64,
}

#[derive(Serialize)]
struct ConnectionsOut<'a> {
    established: usize,
    peers: usize,
    #[serde(serialize_with = "each_peer")]
    top: &'a [(IpAddr, usize)],
}

#[derive(Serialize)]
struct PeerOut {
    address: Text<IpAddr>,
    count: usize,
}

#[derive(Serialize)]
struct AcceptQueueOut {
    waiting: u32,
    limit: Option<u32>,
}

#[derive(Serialize)]
struct ActivationOut<'a> {
    manager: &'static str,
    socket: &'a str,
    service: Option<&'a str>,
}

#[derive(Serialize)]
pub(super) struct NamespaceOut<'a> {
    inode: u64,
    name: Option<&'a str>,
}

#[derive(Serialize)]
struct LicenseOut<'a> {
    managers: Vec<ManagerOut<'a>>,
    verdict: &'static str,
    severity: &'static str,
    reason: &'a str,
    expected: &'a [String],
    evidence: &'a [String],
    next: Option<&'a str>,
}

pub(super) fn listener(row: &Row) -> Listener<'_> {
    let socket = &row.socket;
    Listener {
        protocol: socket.protocol.name(),
        family: Family::of(socket.local).code(),
        address: Text(socket.local.ip()),
        port: socket.local.port(),
        interface: socket.interface.as_deref(),
        dual_stack: socket.dual_stack,
        state: match socket.state {
            State::Listen => "listen",
            State::Unconnected => "unconnected",
            State::Bound => "bound",
        },
        exposure: row.exposure.code(),
        assigned_to: row.assigned_to.as_ref().map(|all| all.iter().map(assigned_to).collect()),
        namespace: socket.namespace.as_ref().map(namespace),
        uid: socket.uid,
        user: socket.user.as_deref(),
        owner_status: owner_status(&row.owner),
        processes: &row.owner,
        in_flight_to: row.in_flight_to.as_deref(),
        port_class: PortClass::of(socket.local.port()).code(),
        service: row.service.as_ref().map(service),
        known_for_service: row.known_for_service,
        license: row.license.as_ref().map(license),
        connections: socket.connections.as_ref().map(|connections| ConnectionsOut {
            established: connections.established,
            peers: connections.peers,
            top: &connections.top,
        }),
        accept_queue: socket
            .accept_queue
            .map(|queue| AcceptQueueOut { waiting: queue.waiting, limit: queue.limit }),
        made_in: socket.made_in.as_ref().map(process_service),
        activation: socket.activation.as_ref().map(|activation| ActivationOut {
            manager: activation.manager.code(),
            socket: &activation.socket,
            service: activation.service.as_deref(),
        }),
    }
}

fn assigned_to(one: &AssignedTo) -> AssignedToOut<'_> {
    AssignedToOut { interface: &one.interface, prefix: one.address.prefix, up: one.is_up }
}

pub(super) fn namespace(Namespace { inode, name }: &Namespace) -> NamespaceOut<'_> {
    NamespaceOut { inode: *inode, name: name.as_deref() }
}

pub(super) fn owner_status(owner: &Owner) -> &'static str {
    match owner {
        Owner::Identified { .. } => "identified",
        Owner::Hidden => "hidden",
        Owner::Unattributed => "unattributed",
    }
}

pub(super) fn each_holder<S: Serializer>(owner: &Owner, to: S) -> Result<S::Ok, S::Error> {
    each_process(owner.processes(), to)
}

fn each_receiver<S: Serializer>(receivers: &Option<&[Receiver]>, to: S) -> Result<S::Ok, S::Error> {
    match receivers {
        Some(receivers) => to.collect_seq(receivers.iter().map(receiver)),
        None => to.serialize_none(),
    }
}

fn receiver(Receiver { process, descriptors }: &Receiver) -> ReceiverOut<'_> {
    ReceiverOut { pid: process.pid, name: process.name.as_deref(), descriptors: *descriptors }
}

fn each_peer<S: Serializer>(peers: &[(IpAddr, usize)], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(peers.iter().map(|&(address, count)| PeerOut { address: Text(address), count }))
}

fn license(license: &License) -> LicenseOut<'_> {
    LicenseOut {
        managers: license.managers.iter().map(manager).collect(),
        verdict: license.verdict.code(),
        severity: license.severity.code(),
        reason: &license.reason,
        expected: &license.expected,
        evidence: &license.evidence,
        next: license.advice.as_deref(),
    }
}
