//! The sockets that can receive, or keep others from it, in one network namespace.

use std::collections::{HashMap, HashSet};
use std::os::fd::OwnedFd;

use rustix::net::netdevice::index_to_name;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};

use super::super::Wish;
use super::super::decode::inet_diag::States;
use super::super::decode::kernel_socket::{KernelSocket, TcpState};
use super::super::decode::port_filter::Port;
use super::tables::{Tables, Unread};
use crate::model::{AcceptQueue, Namespace, PortRange, Protocol, Socket, SocketId, State};

/// The port of the peer that a socket does not have.
const NO_PEER: PortRange = PortRange { first: 0, last: 0 };

/// A socket, with what ties it to its holders and its control group.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) socket: Socket,
    pub(super) inode: Option<u32>,
    pub(super) cgroup: Option<u64>,
}

/// What was read of the sockets of one network namespace.
#[derive(Default)]
pub(super) struct Sockets {
    pub(super) found: Vec<Found>,
    /// Requests for connections that were sent more than once.
    pub(super) unanswered: Vec<KernelSocket>,
    pub(super) unread: Vec<Unread>,
}

/// Reads all that was wished for, and what is asked of `servers`, the ports of license servers.
pub(super) fn read(
    tables: &mut Tables,
    wish: &Wish,
    servers: &[PortRange],
    namespace: Option<&Namespace>,
) -> Sockets {
    let mut sockets = Sockets::default();
    let mut interfaces = Interfaces::default();
    if wish.protocol != Some(Protocol::Udp) {
        // In one walk over the kernel's tables: who listens, who is bound, and who asks. The first two
        // have no peer.
        let peers: Vec<PortRange> = servers.iter().copied().chain([NO_PEER]).collect();
        let states = States::LISTENING.and(States::BOUND).and(States::SYN_SENT);
        match tables.read(Protocol::Tcp, states, Some((Port::Peer, &peers))) {
            Ok(read) => {
                let (asking, listening): (Vec<_>, Vec<_>) =
                    read.into_iter().partition(|socket| socket.state == TcpState::SynSent);
                sockets.unanswered = asking.into_iter().filter(|socket| socket.retransmits > 0).collect();
                let listening = listening.into_iter().filter(|socket| is_wished(wish, socket));
                let found = listening.map(|it| of_kernel(it, Protocol::Tcp, namespace, &mut interfaces));
                sockets.found.extend(found);
            }
            Err(unread) => sockets.unread.push(unread),
        }
    }
    if wish.protocol != Some(Protocol::Tcp) {
        match tables.read(Protocol::Udp, States::UNCONNECTED, None) {
            Ok(read) => {
                let read = read.into_iter().filter(|socket| is_wished(wish, socket));
                let found = read.map(|it| of_kernel(it, Protocol::Udp, namespace, &mut interfaces));
                sockets.found.extend(found);
            }
            Err(unread) => sockets.unread.push(unread),
        }
    }
    sockets
}

/// By the address: an IPv6 socket may be bound to an IPv4 one.
fn is_wished(wish: &Wish, socket: &KernelSocket) -> bool {
    if socket.local.is_ipv4() { wish.ipv4 } else { wish.ipv6 }
}

/// Of these sockets, those that are still there.
///
/// # Errors
///
/// Where that cannot be read.
pub(super) fn still_there(tables: &mut Tables, sockets: &[&Socket]) -> Result<HashSet<u32>, Unread> {
    let mut there = HashSet::new();
    for (state, protocol, states) in [
        (State::Listen, Protocol::Tcp, States::LISTENING),
        (State::Bound, Protocol::Tcp, States::BOUND),
        (State::Unconnected, Protocol::Udp, States::UNCONNECTED),
    ] {
        let ports = sockets.iter().filter(|socket| socket.state == state).map(|socket| socket.local.port());
        let ports: Vec<PortRange> = ports.map(|port| PortRange { first: port, last: port }).collect();
        if !ports.is_empty() {
            let read = tables.read(protocol, states, Some((Port::Local, &ports)))?;
            there.extend(read.into_iter().filter_map(|socket| socket.inode));
        }
    }
    Ok(there)
}

fn of_kernel(
    kernel: KernelSocket,
    protocol: Protocol,
    namespace: Option<&Namespace>,
    interfaces: &mut Interfaces,
) -> Found {
    let state = match (protocol, kernel.state) {
        (Protocol::Udp, _) => State::Unconnected,
        (Protocol::Tcp, TcpState::Listening) => State::Listen,
        (Protocol::Tcp, _) => State::Bound,
    };
    let is_wildcard = kernel.ipv6 && kernel.local.is_ipv6() && kernel.local.ip().is_unspecified();
    Found {
        inode: kernel.inode,
        cgroup: kernel.cgroup,
        socket: Socket {
            id: SocketId(0),
            protocol,
            state,
            local: kernel.local,
            interface: kernel.interface.map(|index| interfaces.name(index)),
            dual_stack: kernel.v6only.filter(|_| is_wildcard).map(|only| !only),
            uid: Some(kernel.uid),
            user: None,
            namespace: namespace.cloned(),
            made_in: None,
            activation: None,
            accept_queue: (state == State::Listen)
                .then_some(AcceptQueue { waiting: kernel.waiting, limit: kernel.limit }),
            connections: None,
        },
    }
}

/// The names of this namespace's interfaces by their indices.
#[derive(Default)]
struct Interfaces {
    /// The kernel is asked through a socket, which sends nothing.
    socket: Option<OwnedFd>,
    names: HashMap<u32, String>,
}

impl Interfaces {
    /// The name; for one that is gone, `if7`, as ss(8) shows it.
    fn name(&mut self, index: u32) -> String {
        if self.socket.is_none() {
            self.socket =
                socket_with(AddressFamily::INET, SocketType::DGRAM, SocketFlags::CLOEXEC, None).ok();
        }
        let socket = &self.socket;
        let known = || index_to_name(socket.as_ref()?, index).ok();
        self.names.entry(index).or_insert_with(|| known().unwrap_or_else(|| format!("if{index}"))).clone()
    }
}
