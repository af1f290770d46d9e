//! The sockets that can receive, or keep others from it, in one network namespace.

use std::collections::HashMap;
use std::io;
use std::os::fd::OwnedFd;

use rustix::net::netdevice::index_to_name;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};

use super::super::Wish;
use super::super::decode::inet_diag::States;
use super::super::decode::kernel_socket::{Family, KernelSocket, TcpState};
use super::tables::{Ask, Tables};
use crate::model::{AcceptQueue, Namespace, Protocol, Socket, SocketId, State};

/// A socket, with what ties it to its holders and its control group.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) socket: Socket,
    pub(super) inode: Option<u32>,
    pub(super) cgroup: Option<u64>,
}

/// What became of one table that could not be read at all.
pub(super) struct Unread {
    pub(super) table: String,
    pub(super) error: io::Error,
}

/// Reads all that was wished for. Tables that could not be read are in `unread`.
pub(super) fn read(
    tables: &mut Tables,
    wish: &Wish,
    namespace: Option<&Namespace>,
    unread: &mut Vec<Unread>,
) -> Vec<Found> {
    let mut interfaces = Interfaces::default();
    let mut found = Vec::new();
    for (protocol, states) in
        [(Protocol::Tcp, States::LISTENING.and(States::BOUND)), (Protocol::Udp, States::UNCONNECTED)]
    {
        if wish.protocol.is_some_and(|only| only != protocol) {
            continue;
        }
        for family in Family::ALL {
            // An IPv6 socket may be bound to an IPv4 address, as an IPv4-mapped one.
            if family == Family::V4 && !wish.ipv4 {
                continue;
            }
            match tables.read(&Ask { family, protocol, states, ports: None }) {
                Ok(sockets) => {
                    let wanted = |socket: &KernelSocket| match socket.local.is_ipv4() {
                        true => wish.ipv4,
                        false => wish.ipv6,
                    };
                    let sockets = sockets.into_iter().filter(wanted);
                    found.extend(
                        sockets.map(|kernel| of_kernel(kernel, protocol, namespace, &mut interfaces)),
                    );
                }
                Err(error) => {
                    let number = if family == Family::V4 { "IPv4" } else { "IPv6" };
                    let table = format!("{} over {number}", protocol.name().to_uppercase());
                    unread.push(Unread { table, error });
                }
            }
        }
    }
    found
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
