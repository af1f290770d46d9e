//! The sockets of one network namespace that can receive, or that occupy a port.

use std::collections::{HashMap, HashSet};
use std::io;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::os::fd::OwnedFd;

use rustix::net::netdevice::index_to_name;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};

use super::super::decode::linux::inet_diag::States;
use super::super::decode::linux::socket::LinuxSocket;
use super::super::port_set::PortSet;
use super::super::socket_filter::SocketFilter;
use super::super::{ScanScope, in_words};
use super::absence;
use super::tables::{Read, SocketCounters, Tables, Unread};
use crate::model::{PortRange, Protocol, Socket, State};

/// A socket with its inode, which its holders are found by, and the control group that it was made in.
#[derive(Debug, Clone)]
pub(super) struct ScannedSocket {
    pub(super) socket: Socket,
    pub(super) inode: Option<u32>,
    pub(super) cgroup: Option<u64>,
    /// The index of its interface.
    pub(super) device: Option<NonZeroU32>,
    /// As in [`LinuxKey`](super::super::decode::linux::socket::LinuxKey).
    pub(super) transparent: Option<bool>,
}

/// The sockets of one network namespace.
#[derive(Default)]
pub(super) struct Sockets {
    pub(super) found: Vec<ScannedSocket>,
    /// Connection attempts to license servers that got no answer.
    pub(super) unanswered: Vec<LinuxSocket>,
    /// What was seen with a peer on the ports to be reported in detail: the UDP sockets, and those of TCP that were met
    /// while looking for others.
    pub(super) connected: Vec<LinuxSocket>,
    pub(super) unread: Vec<Unread>,
    /// Why sockets may be missing, if they may.
    pub(super) lacking: Option<String>,
    /// Why the TCP tables were read from `/proc/net` instead of `sock_diag`, if they were.
    pub(super) fell_back: Option<String>,
}

/// Reads the sockets in scope. Of each port in `asked`, it is made sure whether a TCP socket has it.
pub(super) fn read(
    tables: &mut Tables,
    scope: &ScanScope,
    asked: &[PortRange],
    license_ports: &[PortRange],
) -> Sockets {
    let mut sockets = Sockets::default();
    let mut interfaces = Interfaces::default();
    let filter = SocketFilter::new(scope, license_ports);
    let only = Some(&scope.ports[..]).filter(|only| !only.is_empty());
    let counters = tables.counters();
    if scope.protocol != Some(Protocol::Udp) {
        let states = if !asked.is_empty()
            || tables.may_have_bound(counters.as_ref().ok().and_then(|counters| counters.tcp))
        {
            States::LISTENING.and(States::BOUND)
        } else {
            States::LISTENING
        };
        let with_unanswered = tables.are_of_proc_net() && scope.ports.is_empty();
        let states = if with_unanswered { states.and(States::SYN_SENT) } else { states };
        let read = tables.read(Protocol::Tcp, states, only);
        sockets.fell_back.clone_from(&read.fell_back);
        sockets.add(read, &filter, &mut interfaces);
        sockets.look_again(tables, &PortSet::new(asked), &filter, &mut interfaces);
    }
    let of_udp = if scope.detail_ports.is_empty() { States::UNCONNECTED } else { IN_EITHER_STATE };
    if scope.protocol != Some(Protocol::Tcp) {
        sockets.add(tables.read(Protocol::Udp, of_udp, only), &filter, &mut interfaces);
    }
    if scope.protocol.is_none() {
        if sockets.may_have_udplite(counters) {
            sockets.add(tables.read(Protocol::Udplite, of_udp, only), &filter, &mut interfaces);
        }
        // Few programs use it.
        sockets.add(tables.sctp(only), &filter, &mut interfaces);
    }
    sockets.drop_repeated();
    sockets
}

impl Sockets {
    /// Adds the unanswered attempts to license servers, unless they were read with the rest.
    pub(super) fn add_unanswered(
        &mut self,
        tables: &mut Tables,
        scope: &ScanScope,
        license_ports: &[PortRange],
    ) {
        let is_asked = |server: &PortRange| {
            scope.ports.is_empty() || scope.ports.iter().any(|&port| server.overlaps(port))
        };
        let are_read = tables.are_of_proc_net() && scope.ports.is_empty();
        if are_read || scope.protocol == Some(Protocol::Udp) || !license_ports.iter().any(is_asked) {
            return;
        }
        // An attempt has a port of its own, so the filter by local port would drop it, and a filter by peer
        // takes longer than reading all attempts.
        let filter = SocketFilter::new(scope, license_ports);
        self.add(tables.read(Protocol::Tcp, States::SYN_SENT, None), &filter, &mut Interfaces::default());
    }

    fn add(&mut self, read: Read, filter: &SocketFilter<'_>, interfaces: &mut Interfaces) {
        for socket in read.sockets {
            let kept = filter.keep(&socket);
            if let Some(state) = kept.listed {
                self.found.push(scanned(&socket, state, interfaces));
            } else if kept.is_unanswered {
                self.unanswered.push(socket);
            } else if kept.port_connection.is_some() && socket.protocol != Protocol::Tcp {
                self.connected.push(socket);
            }
        }
        for unread in read.unread {
            if !self.unread.iter().any(|known| known.is_same_table(&unread)) {
                self.unread.push(unread);
            }
        }
        self.lacking = self.lacking.take().or(read.lacking);
    }

    /// A kernel that is asked about UDP-Lite may load it: it is not asked if its counters say that there is no such socket.
    fn may_have_udplite(&mut self, counters: io::Result<SocketCounters>) -> bool {
        counters.map(|counters| counters.may_have_udplite).unwrap_or_else(|error| {
            self.lacking.get_or_insert(format!("the counters of sockets: {}", in_words(&error)));
            false
        })
    }

    /// Of what the kernel has listed twice, keeps the first. That may be a socket that has stopped listening meanwhile: the
    /// table of listeners is read before that of bound sockets. Or sockets were opened while it listed many on one port: then
    /// it lists some of these once more, because it goes on after a number of sockets (`udp_dump` in
    /// `net/ipv4/udp_diag.c`). A socket of SCTP may have several addresses.
    fn drop_repeated(&mut self) {
        let mut seen = HashSet::with_capacity(self.found.len());
        self.found.retain(|found| found.inode.is_none_or(|inode| seen.insert((inode, found.socket.local))));
    }

    /// Looks again for TCP sockets on those of these ports that none was found on.
    fn look_again(
        &mut self,
        tables: &mut Tables,
        ports: &PortSet,
        filter: &SocketFilter<'_>,
        interfaces: &mut Interfaces,
    ) {
        // /proc/net does not have the bound sockets, which is a gap, and takes long to read.
        if self.fell_back.is_some() {
            return;
        }
        let absent = absence::absent(ports, self.found.iter().map(|found| &found.socket));
        let mut known: HashSet<Option<u32>> = HashSet::new();
        absence::look_again(tables, &absent, |mut read| {
            let with_peer = read.sockets.extract_if(.., |socket| socket.connection().is_some());
            self.connected.extend(with_peer.filter(|socket| filter.keep(socket).port_connection.is_some()));
            read.sockets.retain(|socket| known.insert(socket.key.inode));
            self.add(read, filter, interfaces);
            absence::absent(&absent, self.found.iter().map(|found| &found.socket)).is_empty()
        });
    }
}

/// A UDP socket may connect and disconnect in turn: one look into both states finds it in either.
const IN_EITHER_STATE: States = States::UNCONNECTED.and(States::WITH_PEER);

/// The sockets that are on some ports now.
#[derive(Default)]
pub(super) struct Now {
    states: HashMap<u32, State>,
    at: HashMap<(Protocol, SocketAddr), Vec<u32>>,
}

impl Now {
    /// The sockets on the ports of these. `None` if not all could be read.
    pub(super) fn on_ports_of(tables: &mut Tables, sockets: &[&ScannedSocket]) -> Option<Now> {
        let mut now = Now::default();
        now.add_on_ports_of(tables, Protocol::Udp, IN_EITHER_STATE, sockets)?;
        now.add_on_ports_of(tables, Protocol::Udplite, IN_EITHER_STATE, sockets)?;
        if sockets.iter().any(|found| found.socket.protocol == Protocol::Sctp) {
            now.add_whole(&tables.sctp(None))?;
        }
        now.add_on_ports_of(tables, Protocol::Tcp, States::LISTENING, sockets)?;
        let left: Vec<&ScannedSocket> = sockets.iter().copied().filter(|found| !now.has(found)).collect();
        // Bound sockets are in a table of their own, which takes ten times as long to read. So are those that have
        // connected since.
        now.add_on_ports_of(tables, Protocol::Tcp, States::BOUND.and(States::WITH_PEER), &left)?;
        let left = left.iter().filter(|found| !now.has(found)).map(|found| &found.socket);
        let ports: Vec<PortRange> = left.filter_map(tcp_port).collect();
        let mut is_whole = true;
        absence::look_again(tables, &PortSet::new(&ports), |read| {
            is_whole &= read.is_whole();
            now.add(&read);
            sockets.iter().all(|found| now.has(found))
        });
        is_whole.then_some(now)
    }

    fn add_on_ports_of(
        &mut self,
        tables: &mut Tables,
        protocol: Protocol,
        states: States,
        sockets: &[&ScannedSocket],
    ) -> Option<()> {
        let sockets = sockets.iter().filter(|found| found.socket.protocol == protocol);
        let ports: Vec<PortRange> = sockets.map(|found| PortRange::one(found.socket.local.port())).collect();
        if ports.is_empty() { Some(()) } else { self.add_whole(&tables.read(protocol, states, Some(&ports))) }
    }

    fn add_whole(&mut self, read: &Read) -> Option<()> {
        self.add(read);
        read.is_whole().then_some(())
    }

    fn add(&mut self, read: &Read) {
        for socket in &read.sockets {
            let Some(inode) = socket.key.inode else { continue };
            // One that has a peer by now has its port all the same. It takes nobody's place: a listener's connections
            // have its address.
            let with_peer = if socket.protocol == Protocol::Tcp { State::Bound } else { State::Unconnected };
            let state = socket.listed_state().unwrap_or(with_peer);
            if self.states.insert(inode, state).is_none() && socket.connection().is_none() {
                self.at.entry((socket.protocol, socket.local)).or_default().push(inode);
            }
        }
    }

    fn has(&self, found: &ScannedSocket) -> bool {
        self.state(found).is_some()
    }

    /// The state of a socket; `None` if it was closed.
    pub(super) fn state(&self, found: &ScannedSocket) -> Option<State> {
        self.states.get(&found.inode?).copied()
    }

    /// A socket that has the address of this one, which was closed: a program may open a new one before it closes the
    /// old one, again and again. `is_known` are those that are listed anyway.
    pub(super) fn successor(
        &mut self,
        found: &ScannedSocket,
        is_known: impl Fn(u32) -> bool,
    ) -> Option<(u32, State)> {
        let others = self.at.get_mut(&(found.socket.protocol, found.socket.local))?;
        let inode = std::iter::from_fn(|| others.pop()).find(|&inode| !is_known(inode))?;
        Some((inode, *self.states.get(&inode)?))
    }
}

fn tcp_port(socket: &Socket) -> Option<PortRange> {
    (socket.protocol == Protocol::Tcp).then(|| PortRange::one(socket.local.port()))
}

fn scanned(socket: &LinuxSocket, state: State, interfaces: &mut Interfaces) -> ScannedSocket {
    ScannedSocket {
        inode: socket.key.inode,
        cgroup: socket.key.cgroup,
        device: socket.interface,
        transparent: socket.key.transparent,
        socket: Socket {
            interface: socket.interface.map(|index| interfaces.name(index.get())),
            // The number follows when all sockets are known.
            ..socket.to_socket(state)
        },
    }
}

/// The names of this namespace's interfaces by their indices.
#[derive(Default)]
pub(super) struct Interfaces {
    /// The kernel is asked through a socket. It sends nothing.
    socket: Option<OwnedFd>,
    names: HashMap<u32, String>,
}

impl Interfaces {
    /// The name; `if7`, as in ss(8), for an interface that is gone.
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
    fn what_the_kernel_lists_twice_is_one_socket() {
        let _listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut sockets = read(&mut Tables::of_this_thread(), &ScanScope::default(), &[], &[]);
        let count = sockets.found.len();
        sockets.found.extend_from_within(..);
        sockets.drop_repeated();
        assert_eq!(sockets.found.len(), count);
        // The kernel's own sockets have no inode, and are not one.
        let own = ScannedSocket { inode: None, ..sockets.found[0].clone() };
        sockets.found.extend([own.clone(), own]);
        sockets.drop_repeated();
        assert_eq!(sockets.found.len(), count + 2);
    }

    #[test]
    fn what_was_bound_may_listen_by_now_or_be_gone() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let local = listener.local_addr().unwrap();
        let mut tables = Tables::of_this_thread();
        let found = read(&mut tables, &ScanScope::default(), &[], &[]).found;
        let found = found.into_iter().find(|found| found.socket.local == local).unwrap();
        assert_eq!(found.socket.state, State::Listen);
        let bound = ScannedSocket { socket: Socket { state: State::Bound, ..found.socket }, ..found };
        let mut state = || Now::on_ports_of(&mut tables, &[&bound]).unwrap().state(&bound);
        assert_eq!(state(), Some(State::Listen));
        drop(listener);
        // The child of another test may hold it for a moment.
        assert!((0..10_000).any(|_| state().is_none()), "it was closed");
    }
}
