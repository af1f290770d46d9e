//! What to scan.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::model::{Pid, PortRange, Protocol};

/// How long a scan waits for others if nobody says otherwise.
pub const DEADLINE: Duration = Duration::from_secs(5);

/// What to scan. A narrow scan is faster, but says nothing about what it leaves out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScanScope {
    /// `None` for all protocols.
    pub protocol: Option<Protocol>,
    pub ipv4: bool,
    pub ipv6: bool,
    /// Also read the command lines of the processes, which may hold secrets.
    pub args: bool,
    /// Also read what tells two holders of one program apart: where they work and which script they run.
    pub details: bool,
    /// List the listeners of every network namespace, not only of the caller's own.
    pub all_namespaces: bool,
    /// Count the connections of every listener, not only of those on license ports.
    pub connections: bool,
    /// Only a glance, for whoever looks again and again: the sockets are read once, so that one that is about to change may
    /// be missed, and nobody's processes are looked at.
    pub glance: bool,
    pub bpf: Bpf,
    /// Whether users are chosen by name, so that those of hidden processes matter too.
    pub by_user: bool,
    /// Look up no names of users.
    pub numeric: bool,
    /// Also find out how license servers are set up, and those of them that listen nowhere.
    pub license_servers: bool,
    /// License files to read besides those that the servers name.
    pub license_files: Vec<PathBuf>,
    /// Also read the sockets that have no IP address and port.
    pub other_sockets: bool,
    /// Also read the network interfaces.
    pub interfaces: bool,
    /// Also read what identifies the machine.
    pub host_id: bool,
    /// Also find out who could have replaced the file of each holder, and not only where a verdict needs it.
    pub writers: bool,
    /// How long to wait for what may not answer: directory servers, file servers, and processes that hold up
    /// whoever reads of them.
    pub deadline: Duration,
    /// Also find the processes of these names and ids that hold no socket.
    pub sought: Sought,
    /// Only sockets on these ports; on every port if empty.
    pub ports: Vec<PortRange>,
    /// The ports to report everything about, even if nothing listens there.
    pub detail_ports: Vec<PortRange>,
}

/// Processes to find, whether or not they listen anywhere.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sought {
    /// Names as [`Likeness`](crate::model::Likeness) compares them.
    pub names: Vec<String>,
    pub pids: Vec<Pid>,
    /// Every process, for a record that answers whatever is asked later.
    pub everything: bool,
}

impl Sought {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.everything && self.names.is_empty() && self.pids.is_empty()
    }
}

impl ScanScope {
    /// Everything that any question could ask about. In other network namespaces only with the rights to enter them.
    #[must_use]
    pub fn of_everything(args: bool, deadline: Duration) -> ScanScope {
        ScanScope {
            args,
            details: true,
            all_namespaces: true,
            connections: true,
            by_user: true,
            license_servers: true,
            other_sockets: true,
            interfaces: true,
            host_id: true,
            writers: true,
            deadline,
            sought: Sought { everything: true, ..Sought::default() },
            detail_ports: vec![PortRange::ALL],
            ..ScanScope::default()
        }
    }

    /// Whether sockets on this port are in scope.
    #[must_use]
    pub fn includes(&self, port: u16) -> bool {
        self.ports.is_empty() || self.ports.iter().any(|range| range.contains(port))
    }

    /// Whether a port is to be reported in detail.
    #[must_use]
    pub fn asks_about(&self, port: u16) -> bool {
        self.detail_ports.iter().any(|range| range.contains(port))
    }

    /// Whether sockets with this address are in scope by its family. An IPv6 socket may be bound to an IPv4 address, and
    /// an IPv6 wildcard may take IPv4 too.
    #[must_use]
    pub fn includes_family_of(&self, local: SocketAddr, dual_stack: Option<bool>) -> bool {
        if local.is_ipv4() { self.ipv4 } else { self.ipv6 || (self.ipv4 && dual_stack == Some(true)) }
    }

    #[must_use]
    pub fn has_both_families(&self) -> bool {
        self.ipv4 && self.ipv6
    }

    /// Whether one of the ports to be reported in detail is none of these: nothing receives on it.
    #[must_use]
    pub fn asks_about_free_port(&self, held: &HashSet<(Protocol, u16)>) -> bool {
        let protocols =
            || Protocol::ASKABLE.into_iter().filter(|&one| self.protocol.is_none_or(|only| only == one));
        let mut ports = self.detail_ports.iter().flat_map(|range| range.first..=range.last);
        ports.any(|port| !protocols().any(|protocol| held.contains(&(protocol, port))))
    }

    /// Whether the system's rules for ports are in scope.
    #[must_use]
    pub fn needs_port_rules(&self) -> bool {
        !self.detail_ports.is_empty() || self.license_servers
    }
}

impl Default for ScanScope {
    /// Every listener of the caller's own network namespace.
    fn default() -> ScanScope {
        ScanScope {
            protocol: None,
            ipv4: true,
            ipv6: true,
            args: false,
            details: false,
            all_namespaces: false,
            connections: false,
            glance: false,
            bpf: Bpf::WhereQuicker,
            by_user: false,
            numeric: false,
            license_servers: false,
            license_files: Vec::new(),
            other_sockets: false,
            interfaces: false,
            host_id: false,
            writers: false,
            deadline: DEADLINE,
            sought: Sought::default(),
            ports: Vec::new(),
            detail_ports: Vec::new(),
        }
    }
}

/// Whether to find the holders with BPF: the kernel runs a program of ours over the open files of all processes
/// (Linux, root).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Bpf {
    /// If there are so many processes that it is faster.
    #[default]
    WhereQuicker,
    Always,
    Never,
}
