//! Sockets that can receive: TCP listeners and unconnected UDP sockets.

use std::net::{IpAddr, SocketAddr};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::word::{read_as_word, words};
use super::{Firewall, Process, ProcessRef, ProcessService, Protocol, ServiceManager};

words! {
    /// The state of a socket that can receive, or holds a port.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum State {
        /// TCP or SCTP that accepts connections
        Listen = "listen",
        /// UDP or UDP-Lite that receives from anyone
        Unconnected = "unconnected",
        /// a TCP port that is taken without listening (Linux since 6.8, macOS)
        Bound = "bound",
    }
}

read_as_word!(State);

/// Identifies a socket within one observation; it means nothing outside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SocketId(pub u64);

/// A network namespace other than the caller's own (`network_namespaces(7)`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Namespace {
    /// The inode number of `/proc/PID/ns/net`, which identifies it.
    pub inode: u64,
    /// The name in `ip netns`, or else the container, or else the oldest process in it.
    pub name: Option<String>,
}

impl Namespace {
    /// The name, or else the inode number.
    #[must_use]
    pub fn called(&self) -> String {
        self.name.clone().unwrap_or_else(|| self.inode.to_string())
    }
}

/// The connections that a TCP listener has not accepted yet (`listen(2)`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcceptQueue {
    pub waiting: u32,
    /// The backlog; the kernel takes one connection more. `None` where the system does not report it.
    pub limit: Option<u32>,
}

impl AcceptQueue {
    /// Whether the kernel drops new connections (`sk_acceptq_is_full` in `include/net/sock.h`).
    #[must_use]
    pub fn is_full(self) -> bool {
        self.limit.is_some_and(|limit| self.waiting > limit)
    }
}

/// For what systemd (`systemd.socket(5)`) or launchd (`Sockets` in `launchd.plist(5)`) holds a socket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Activation {
    /// The service manager that holds the socket: systemd, that of a user, or launchd.
    pub manager: ServiceManager,
    /// The unit that opened it, such as `ssh.socket`; of launchd the label of the job.
    pub socket: String,
    /// The unit that systemd starts for a connection; `None` where that is not known. Of launchd the label again.
    pub service: Option<String>,
}

/// The connections of a listener.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Connections {
    pub established: usize,
    /// How many addresses they come from.
    pub peers: usize,
    /// The addresses with the most connections, most first, and how many each has.
    pub top: Vec<(IpAddr, usize)>,
}

/// A URL that http.sys answers for a program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpUrl {
    /// As http.sys has it: `HTTP://+:5985/WSMAN/`. A program chose it.
    pub url: String,
    /// None where a program is started for a request, as by IIS.
    pub processes: Vec<ProcessRef>,
}

/// One socket as the kernel reports it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Socket {
    pub id: SocketId,
    pub protocol: Protocol,
    pub state: State,
    /// An IPv4-mapped IPv6 address is given as IPv4, because it receives nothing else.
    pub local: SocketAddr,
    /// The interface it is bound to (`SO_BINDTODEVICE`); `None` for any, or where that is not known.
    pub interface: Option<String>,
    /// Whether an IPv6 wildcard receives IPv4 too; `None` for other addresses, or where that is not known.
    pub dual_stack: Option<bool>,
    /// Whether the machine still has its address; `None` where it needs none, as a wildcard, or where that is not known.
    pub assigned: Option<bool>,
    /// The user who created it, on systems that report one.
    pub uid: Option<u32>,
    /// The name of that user.
    pub user: Option<String>,
    /// `None` for the caller's own.
    pub namespace: Option<Namespace>,
    /// The service in whose control group it was created; on Windows the service of the process that created it. The
    /// system may report it even where no holder is visible.
    pub made_in: Option<ProcessService>,
    /// When it got its port, on Windows; `None` where that is not known.
    pub opened_at: Option<Timestamp>,
    /// Whether the program asked for this port by number, or left the choice to the system, as clients do; `None` where the
    /// system does not report it. Windows reports it of UDP sockets.
    pub port_requested: Option<bool>,
    /// What http.sys serves on a port of the kernel of Windows; `None` where that was not read.
    pub http_urls: Option<Vec<HttpUrl>>,
    /// Where a port proxy of Windows connects to: `10.0.0.5:3389`.
    pub proxied_to: Option<String>,
    /// What Windows Firewall does with what is sent to it; `None` where that was not asked, or is not known.
    pub firewall: Option<Firewall>,
    /// Its units, if systemd or launchd holds it to start a service.
    pub activation: Option<Activation>,
    /// If no holder is visible: the process that last did something with the socket. It may have passed it on, and its
    /// number may be another's by now: no verdict rests on it.
    pub last_used_by: Option<ProcessRef>,
    pub accept_queue: Option<AcceptQueue>,
    /// `None` where they were not counted.
    pub connections: Option<Connections>,
}

impl Socket {
    #[must_use]
    pub fn new(id: SocketId, protocol: Protocol, state: State, local: SocketAddr) -> Socket {
        Socket {
            id,
            protocol,
            state,
            local,
            interface: None,
            dual_stack: None,
            assigned: None,
            uid: None,
            user: None,
            namespace: None,
            made_in: None,
            opened_at: None,
            port_requested: None,
            http_urls: None,
            proxied_to: None,
            firewall: None,
            activation: None,
            last_used_by: None,
            accept_queue: None,
            connections: None,
        }
    }

    /// The services of a process that holds it that may have opened it: one, where the system says which.
    #[must_use]
    pub fn services_of<'a>(&'a self, process: &'a Process) -> &'a [ProcessService] {
        one_of(&process.services, self.made_in.as_ref())
    }

    /// Whether one of these processes belongs to the user who created the socket. If none does, as when the
    /// workers of a master run as another user, a hidden process may hold the socket too. True where the
    /// system does not report who created it.
    pub fn has_maker_among(&self, mut uids: impl Iterator<Item = Option<u32>>) -> bool {
        self.uid.is_none() || uids.any(|uid| uid == self.uid)
    }
}

/// That one of several services, if it is among them, or else all.
#[must_use]
pub fn one_of<'a>(
    services: &'a [ProcessService],
    opened_by: Option<&ProcessService>,
) -> &'a [ProcessService] {
    services.iter().find(|&service| Some(service) == opened_by).map_or(services, std::slice::from_ref)
}
