//! The sockets that can receive, or keep others from it, in one network namespace.

use std::collections::HashMap;
use std::os::fd::OwnedFd;

use rustix::net::netdevice::index_to_name;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};

use super::super::ScanScope;
use super::super::decode::linux::inet_diag::States;
use super::super::decode::linux::socket::LinuxSocket;
use super::super::socket_filter::SocketFilter;
use super::tables::{Read, Tables, Unread};
use crate::model::{PortRange, Protocol, Socket, State};

/// A socket, with what ties it to its holders and its control group.
#[derive(Debug, Clone)]
pub(super) struct ScannedSocket {
    pub(super) socket: Socket,
    pub(super) inode: Option<u32>,
    pub(super) cgroup: Option<u64>,
}

/// What was read of the sockets of one network namespace.
#[derive(Default)]
pub(super) struct Sockets {
    pub(super) found: Vec<ScannedSocket>,
    /// Requests for connections that were sent more than once.
    pub(super) unanswered: Vec<LinuxSocket>,
    pub(super) unread: Vec<Unread>,
    /// Why some may be missing.
    pub(super) lacking: Option<String>,
    /// Why TCP's were read from `/proc/net`, where they were.
    pub(super) fell_back: Option<String>,
}

/// Reads all that was wished for, and what is asked of `servers`, the ports of license servers.
pub(super) fn read(tables: &mut Tables, scope: &ScanScope, servers: &[PortRange]) -> Sockets {
    let mut sockets = Sockets::default();
    let mut interfaces = Interfaces::default();
    let filter = SocketFilter::new(scope, servers);
    let only = Some(&scope.ports[..]).filter(|only| !only.is_empty());
    if scope.protocol != Some(Protocol::Udp) {
        let states = if only.is_some() || !scope.detail_ports.is_empty() || tables.may_have_bound() {
            States::LISTENING.and(States::BOUND)
        } else {
            States::LISTENING
        };
        // Who asks has another port of its own, and a filter for its peer's would take longer than to look
        // at it. Where all is wished for, one walk over the kernel's tables gives them all.
        let read = match only {
            None => tables.read(Protocol::Tcp, states.and(States::SYN_SENT), None),
            Some(only) => {
                let mut read = tables.read(Protocol::Tcp, states, Some(only));
                if only.iter().any(|&port| servers.iter().any(|server| server.overlaps(port))) {
                    read.extend(tables.read(Protocol::Tcp, States::SYN_SENT, None));
                }
                read
            }
        };
        sockets.fell_back.clone_from(&read.fell_back);
        sockets.add(read, &filter, &mut interfaces);
    }
    if scope.protocol != Some(Protocol::Tcp) {
        let read = tables.read(Protocol::Udp, States::UNCONNECTED, only);
        sockets.add(read, &filter, &mut interfaces);
    }
    sockets
}

impl Sockets {
    fn add(&mut self, read: Read, filter: &SocketFilter<'_>, interfaces: &mut Interfaces) {
        for socket in read.sockets {
            let kept = filter.keep(&socket);
            if let Some(state) = kept.listed {
                self.found.push(scanned(&socket, state, interfaces));
            } else if kept.is_unanswered {
                self.unanswered.push(socket);
            }
        }
        self.unread.extend(read.unread);
        self.lacking = self.lacking.take().or(read.lacking);
    }
}

/// What is at the places of these sockets now: by their inodes, with what each is doing by now. `None`
/// where that cannot be told of all.
pub(super) fn now(tables: &mut Tables, sockets: &[&ScannedSocket]) -> Option<HashMap<u32, State>> {
    let mut there = at_places(tables, Protocol::Udp, States::UNCONNECTED, sockets)?;
    there.extend(at_places(tables, Protocol::Tcp, States::LISTENING, sockets)?);
    let is_there = |found: &ScannedSocket| found.inode.is_some_and(|inode| there.contains_key(&inode));
    let left: Vec<&ScannedSocket> = sockets.iter().copied().filter(|found| !is_there(found)).collect();
    // Those that are bound are in a table of their own, which takes ten times as long to read.
    there.extend(at_places(tables, Protocol::Tcp, States::BOUND, &left)?);
    Some(there)
}

fn at_places(
    tables: &mut Tables,
    protocol: Protocol,
    states: States,
    sockets: &[&ScannedSocket],
) -> Option<HashMap<u32, State>> {
    let places = sockets.iter().filter(|found| found.socket.protocol == protocol);
    let ports = places.map(|found| found.socket.local.port());
    let ports: Vec<PortRange> = ports.map(PortRange::one).collect();
    if ports.is_empty() {
        return Some(HashMap::new());
    }
    let read = tables.read(protocol, states, Some(&ports));
    let state = |socket: &LinuxSocket| Some((socket.key.inode?, socket.listed_state()?));
    read.is_whole().then(|| read.sockets.iter().filter_map(state).collect())
}

fn scanned(socket: &LinuxSocket, state: State, interfaces: &mut Interfaces) -> ScannedSocket {
    ScannedSocket {
        inode: socket.key.inode,
        cgroup: socket.key.cgroup,
        socket: Socket {
            interface: socket.interface.map(|index| interfaces.name(index.get())),
            // Numbered when all are known.
            ..socket.to_socket(state)
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
        let found = read(&mut tables, &ScanScope::default(), &[]).found;
        let found = found.into_iter().find(|found| found.socket.local == local).unwrap();
        assert_eq!(found.socket.state, State::Listen);
        let inode = found.inode.unwrap();
        let bound = ScannedSocket { socket: Socket { state: State::Bound, ..found.socket }, ..found };
        let mut state = || now(&mut tables, &[&bound]).unwrap().get(&inode).copied();
        assert_eq!(state(), Some(State::Listen));
        drop(listener);
        // A child that another test forks may have it for a moment.
        assert!((0..10_000).any(|_| state().is_none()), "it was closed");
    }
}
