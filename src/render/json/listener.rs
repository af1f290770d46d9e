//! Listeners in the contract.

use std::net::IpAddr;

use jiff::fmt::strtime;
use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use super::document::{Code, Text, seconds};
use super::process::{
    OtherProcessOut, ProcessOut, ProcessServiceOut, each_process, other_process, process_service,
};
use super::service::{ManagerOut, ServiceOut, manager, service};
use crate::model::{
    AssignedTo, Exposure, Family, Firewall, HttpUrl, License, Namespace, Owner, OwnerStatus, PortClass,
    Protocol, Receiver, Row, ServiceManager, Severity, State, Verdict,
};

#[derive(Serialize, JsonSchema)]
pub(super) struct Listener<'a> {
    /// the protocol
    protocol: Code<Protocol>,
    /// the address family. A socket that is bound to an IPv4-mapped IPv6 address is `ipv4`
    family: Code<Family>,
    /// the address it is bound to; `0.0.0.0` and `::` are all addresses
    address: Text<IpAddr>,
    /// the port
    port: u16,
    /// the interface it is bound to (`SO_BINDTODEVICE`); on macOS the interface of a link-local address.
    /// `null`: any, or unknown (Windows)
    interface: Option<&'a str>,
    /// for `::`: whether it also takes IPv4. `null`: any other address, or unknown (Windows; Linux without
    /// `sock_diag`)
    dual_stack: Option<bool>,
    /// whether it can receive
    state: Code<State>,
    /// from where it can be reached, before any firewall
    exposure: Code<Exposure>,
    /// the interfaces that have its address now. Empty if none has it: then a local route has it, it is a broadcast
    /// address, or `exposure` is `unassigned`. `null`: it receives at all addresses, at a multicast address or in
    /// another network namespace, or the interfaces were not read
    assigned_to: Option<Vec<AssignedToOut<'a>>>,
    /// the network namespace. `null`: your own
    namespace: Option<NamespaceOut<'a>>,
    /// the user ID that created the socket. `null`: Windows, or unknown
    uid: Option<u32>,
    /// the name of that user. `null`: it has no name, `uid` is `null`, or you gave `--numeric`
    user: Option<&'a str>,
    /// whether it is known who holds it
    owner_status: Code<OwnerStatus>,
    /// every visible process that holds the socket. First the one that started the others, or else the oldest
    #[serde(serialize_with = "each_holder")]
    #[schemars(with = "Vec<ProcessOut<'a>>")]
    processes: &'a Owner,
    /// if no process that can be seen holds the socket: the processes that it may be on its way to, because
    /// descriptors wait in their unix sockets (`SCM_RIGHTS`, Linux since 5.6). The kernel does not say which
    /// descriptors they are. Empty: there is no such process. `null`: not examined, or not completely. It is
    /// examined only for ports that you asked about, at most 64
    #[serde(serialize_with = "each_receiver")]
    #[schemars(with = "Option<Vec<ReceiverOut<'a>>>")]
    in_flight_to: Option<&'a [Receiver]>,
    /// the class of the port, as in RFC 6335
    port_class: Code<PortClass>,
    /// the registry entry of the port. `null`: there is none
    service: Option<ServiceOut<'a>>,
    /// whether the program that holds the port is known for this service, as nginx is for http. `false`: the name
    /// says only what the port is registered for. `null`: `service` is `null`, or the program is not known
    known_for_service: Option<bool>,
    /// the verdict. `null`: the port belongs to no license manager, and no license manager's process holds it
    license: Option<LicenseOut<'a>>,
    /// established connections of a TCP listener. `null`: not counted, or not a TCP listener. They are counted
    /// on license ports, with `--connections` on all
    connections: Option<ConnectionsOut<'a>>,
    /// connections that wait to be accepted. `null`: not a TCP listener, or unknown (Windows)
    accept_queue: Option<AcceptQueueOut>,
    /// the service in whose control group the socket was created. Only filled if no holder is visible or
    /// systemd holds the socket (Linux, control groups of version 2). On Windows, which of several services of its process
    /// created the socket
    made_in: Option<ProcessServiceOut<'a>>,
    /// when the socket got its port (Windows): RFC 3339, UTC, whole seconds. `null`: unknown
    opened_at: Option<Text<strtime::Display<'static>>>,
    /// whether the program asked for this port by number. `false`: the system chose it, as it does for clients.
    /// `null`: not reported; Windows reports it of UDP sockets
    port_requested: Option<bool>,
    /// what http.sys serves on a port of the Windows kernel (IIS, WinRM and others), and for which programs. `null`: not
    /// a port of the kernel, not one that you asked about, or it could not be read
    http_urls: Option<Vec<HttpUrlOut<'a>>>,
    /// where a port proxy of Windows (`netsh interface portproxy`) connects to, such as `10.0.0.5:3389`. `null`: none
    proxied_to: Option<&'a str>,
    /// what Windows Firewall does with what other machines send to this port of this program. `null`: not asked, because
    /// you did not ask about the port, or it did not say
    firewall: Option<Code<Firewall>>,
    /// what systemd or launchd starts, if it holds the socket to start a service. `null`: nothing
    activation: Option<ActivationOut<'a>>,
    /// the process that last did something with the socket, if no holder is visible: a hint, not the owner. It may
    /// have passed the socket on (macOS). `null`: not known, or a holder is visible
    last_used_by: Option<OtherProcessOut<'a>>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "HttpUrl")]
struct HttpUrlOut<'a> {
    /// the URL as http.sys has it, such as `HTTP://+:5985/WSMAN/`
    url: &'a str,
    /// the processes that answer. Empty: one is started for a request, as by IIS
    processes: Vec<OtherProcessOut<'a>>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "AssignedTo")]
struct AssignedToOut<'a> {
    /// the name of the interface
    interface: &'a str,
    /// the length of the network's prefix, in bits
    prefix: u8,
    /// whether the interface is switched on and connected. `null`: the system does not report it
    up: Option<bool>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Receiver")]
struct ReceiverOut<'a> {
    /// the process ID
    pid: u32,
    /// the name of the process. `null`: unknown
    name: Option<&'a str>,
    /// how many descriptors wait
    descriptors: u64,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Connections")]
struct ConnectionsOut<'a> {
    /// how many are established
    established: usize,
    /// the number of remote addresses
    peers: usize,
    /// up to five of these with the most connections
    #[serde(serialize_with = "each_peer")]
    #[schemars(with = "Vec<PeerOut>")]
    top: &'a [(IpAddr, usize)],
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Peer")]
struct PeerOut {
    /// the remote address
    address: Text<IpAddr>,
    /// how many connections it has
    count: usize,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "AcceptQueue")]
struct AcceptQueueOut {
    /// how many wait
    waiting: u32,
    /// the backlog; new connections get no answer if `waiting` is greater. `null`: unknown
    limit: Option<u32>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Activation")]
struct ActivationOut<'a> {
    /// `systemd`, `systemd-user` or `launchd`
    manager: Code<ServiceManager>,
    /// the `.socket` unit; of launchd the label of the job
    socket: &'a str,
    /// the unit that it starts; of launchd the label again. `null`: unknown
    service: Option<&'a str>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Namespace")]
pub(super) struct NamespaceOut<'a> {
    /// the inode of `/proc/PID/ns/net`, which identifies it
    inode: u64,
    /// its name in `ip netns`, the container it is, or its oldest process. `null`: none of these is known
    name: Option<&'a str>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "License")]
struct LicenseOut<'a> {
    /// the license managers that use the port, or whose program holds it
    managers: Vec<ManagerOut<'a>>,
    /// whether the process is the right one
    verdict: Code<Verdict>,
    /// how much attention it deserves
    severity: Code<Severity>,
    /// why, as a sentence without its full stop
    reason: &'a str,
    /// the file names of the programs that would be right here, on this system. Empty: none is known
    expected: &'a [String],
    /// what the verdict rests on, a sentence each
    evidence: &'a [String],
    /// what to do next, in whole sentences, often with the command. `null`: nothing
    next: Option<&'a str>,
}

// Each is made when its turn comes: a holder of a thousand sockets is written a thousand times.
pub(super) fn each_listener<S: Serializer>(rows: &[Row], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(rows.iter().map(listener))
}

pub(super) fn listener(row: &Row) -> Listener<'_> {
    let socket = &row.socket;
    Listener {
        protocol: Code(socket.protocol),
        family: Code(Family::of(socket.local)),
        address: Text(socket.local.ip()),
        port: socket.local.port(),
        interface: socket.interface.as_deref(),
        dual_stack: socket.dual_stack,
        state: Code(socket.state),
        exposure: Code(row.exposure),
        assigned_to: row.assigned_to.as_ref().map(|all| all.iter().map(assigned_to).collect()),
        namespace: socket.namespace.as_ref().map(namespace),
        uid: socket.uid,
        user: socket.user.as_deref(),
        owner_status: Code(row.owner.status()),
        processes: &row.owner,
        in_flight_to: row.in_flight_to.as_deref(),
        port_class: Code(PortClass::of(socket.local.port())),
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
        opened_at: socket.opened_at.map(seconds),
        port_requested: socket.port_requested,
        http_urls: socket.http_urls.as_deref().map(|urls| urls.iter().map(http_url).collect()),
        proxied_to: socket.proxied_to.as_deref(),
        firewall: socket.firewall.map(Code),
        activation: socket.activation.as_ref().map(|activation| ActivationOut {
            manager: Code(activation.manager),
            socket: &activation.socket,
            service: activation.service.as_deref(),
        }),
        last_used_by: socket.last_used_by.as_ref().map(other_process),
    }
}

fn http_url(HttpUrl { url, processes }: &HttpUrl) -> HttpUrlOut<'_> {
    HttpUrlOut { url, processes: processes.iter().map(other_process).collect() }
}

fn assigned_to(one: &AssignedTo) -> AssignedToOut<'_> {
    AssignedToOut { interface: &one.interface, prefix: one.address.prefix, up: one.is_up }
}

pub(super) fn namespace(Namespace { inode, name }: &Namespace) -> NamespaceOut<'_> {
    NamespaceOut { inode: *inode, name: name.as_deref() }
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
        verdict: Code(license.verdict),
        severity: Code(license.severity),
        reason: &license.reason,
        expected: &license.expected,
        evidence: &license.evidence,
        next: license.advice.as_deref(),
    }
}
