//! The sockets that can receive, or keep others from it, in one network namespace.

use std::collections::HashMap;
use std::os::fd::OwnedFd;

use rustix::net::netdevice::index_to_name;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};

use super::super::Wish;
use super::super::decode::inet_diag::States;
use super::super::decode::kernel_socket::{KernelSocket, TcpState};
use super::super::decode::port_filter::Port;
use super::tables::{Read, Tables, Unread};
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
    /// Why some may be missing.
    pub(super) lacking: Option<String>,
    /// Why TCP's were read from `/proc/net`, where they were.
    pub(super) fell_back: Option<String>,
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
        let mut read = tables.read(Protocol::Tcp, states, Some((Port::Peer, &peers)));
        let (asking, listening): (Vec<_>, Vec<_>) =
            read.sockets.into_iter().partition(|socket| socket.state == TcpState::SynSent);
        read.sockets = listening;
        let repeated = |socket: &KernelSocket| socket.retransmits > 0 && is_wished(wish, socket);
        sockets.unanswered = asking.into_iter().filter(repeated).collect();
        sockets.fell_back.clone_from(&read.fell_back);
        sockets.add(read, Protocol::Tcp, wish, namespace, &mut interfaces);
    }
    if wish.protocol != Some(Protocol::Tcp) {
        let read = tables.read(Protocol::Udp, States::UNCONNECTED, None);
        sockets.add(read, Protocol::Udp, wish, namespace, &mut interfaces);
    }
    sockets
}

impl Sockets {
    fn add(
        &mut self,
        read: Read,
        protocol: Protocol,
        wish: &Wish,
        namespace: Option<&Namespace>,
        interfaces: &mut Interfaces,
    ) {
        let wished = read.sockets.into_iter().filter(|socket| is_wished(wish, socket));
        self.found.extend(wished.map(|socket| of_kernel(socket, protocol, namespace, interfaces)));
        self.unread.extend(read.unread);
        self.lacking = self.lacking.take().or(read.lacking);
    }
}

/// By the address: an IPv6 socket may be bound to an IPv4 one.
fn is_wished(wish: &Wish, socket: &KernelSocket) -> bool {
    if socket.local.is_ipv4() { wish.ipv4 } else { wish.ipv6 }
}

/// What is at the places of these sockets now: by their inodes, with what each is doing by now. `None`
/// where that cannot be told of all.
pub(super) fn now(tables: &mut Tables, sockets: &[&Socket]) -> Option<HashMap<u32, State>> {
    let mut there = HashMap::new();
    for (protocol, states) in
        [(Protocol::Tcp, States::LISTENING.and(States::BOUND)), (Protocol::Udp, States::UNCONNECTED)]
    {
        let places = sockets.iter().filter(|socket| socket.protocol == protocol);
        let ports: Vec<PortRange> = places
            .map(|socket| PortRange { first: socket.local.port(), last: socket.local.port() })
            .collect();
        if ports.is_empty() {
            continue;
        }
        let read = tables.read(protocol, states, Some((Port::Local, &ports)));
        if !read.is_whole() {
            return None;
        }
        let state = |socket: KernelSocket| Some((socket.inode?, state(protocol, socket.state)));
        there.extend(read.sockets.into_iter().filter_map(state));
    }
    Some(there)
}

fn state(protocol: Protocol, state: TcpState) -> State {
    match (protocol, state) {
        (Protocol::Udp, _) => State::Unconnected,
        (Protocol::Tcp, TcpState::Listening) => State::Listen,
        (Protocol::Tcp, _) => State::Bound,
    }
}

fn of_kernel(
    kernel: KernelSocket,
    protocol: Protocol,
    namespace: Option<&Namespace>,
    interfaces: &mut Interfaces,
) -> Found {
    let state = state(protocol, kernel.state);
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
pub(super) struct Interfaces {
    /// The kernel is asked through a socket, which sends nothing.
    socket: Option<OwnedFd>,
    names: HashMap<u32, String>,
}

impl Interfaces {
    /// The name; for one that is gone, `if7`, as ss(8) shows it.
    pub(super) fn name(&mut self, index: u32) -> String {
        if self.socket.is_none() {
            self.socket =
                socket_with(AddressFamily::INET, SocketType::DGRAM, SocketFlags::CLOEXEC, None).ok();
        }
        let socket = &self.socket;
        let known = || index_to_name(socket.as_ref()?, index).ok();
        self.names.entry(index).or_insert_with(|| known().unwrap_or_else(|| format!("if{index}"))).clone()
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn what_was_bound_may_listen_by_now_or_be_gone() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let local = listener.local_addr().unwrap();
        let mut tables = Tables::of_this_thread();
        let found = read(&mut tables, &Wish::default(), &[], None).found;
        let found = found.into_iter().find(|found| found.socket.local == local).unwrap();
        assert_eq!(found.socket.state, State::Listen);
        let inode = found.inode.unwrap();
        let bound = Socket { state: State::Bound, ..found.socket };
        let mut state = || now(&mut tables, &[&bound]).unwrap().get(&inode).copied();
        assert_eq!(state(), Some(State::Listen));
        drop(listener);
        // A child that another test forks may have it for a moment.
        assert!((0..10_000).any(|_| state().is_none()), "it was closed");
    }
}
