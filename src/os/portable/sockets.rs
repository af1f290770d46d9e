//! Sockets by `netstat2`, with what it leaves out put right where the system tells.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;

use netstat2::{AddressFamilyFlags, ProtocolFlags, ProtocolSocketInfo, SocketInfo, TcpState};

use super::super::{Unobservable, Wish, platform};
use crate::model::{Gap, GapKind, Pid, Protocol, Socket, SocketId, State};

/// A socket and the processes that hold it.
pub(super) struct Found {
    pub(super) socket: Socket,
    pub(super) pids: Vec<Pid>,
}

/// A table that fails to read fails again at each further entry; this many failures end the look.
const MOST_FAILURES: u64 = 8;

/// Reads every listener that `wish` asks for.
///
/// # Errors
///
/// Where the socket tables cannot be opened.
pub(super) fn read(wish: Wish, gaps: &mut Vec<Gap>) -> Result<Vec<Found>, Unobservable> {
    let connected_udp = match wish.protocol {
        Some(Protocol::Tcp) => HashSet::new(),
        _ => platform::connected_udp().unwrap_or_else(|error| {
            gaps.push(Gap {
                kind: GapKind::UdpPeersUnreadable,
                detail: format!(
                    "which UDP sockets have a peer could not be read ({error}), so some of those \
                     shown may be clients"
                ),
                count: None,
                remedy: None,
            });
            HashSet::new()
        }),
    };
    let mut found = Vec::new();
    let mut users = HashMap::new();
    let mut failures = 0;
    let mut last_failure = String::new();
    for entry in open(wish, gaps)? {
        match entry {
            Ok(info) => found.extend(decode(info, found.len(), &connected_udp, &mut users)),
            Err(error) => {
                failures += 1;
                last_failure = error.to_string();
                if failures == MOST_FAILURES {
                    break;
                }
            }
        }
    }
    if failures > 0 {
        gaps.push(Gap {
            kind: GapKind::SocketsUnreadable,
            detail: format!(
                "a socket table was not read to its end ({last_failure}), so listeners may be missing"
            ),
            count: None,
            remedy: None,
        });
    }
    Ok(found)
}

fn open(wish: Wish, gaps: &mut Vec<Gap>) -> Result<platform::Entries, Unobservable> {
    let mut families = AddressFamilyFlags::empty();
    families.set(AddressFamilyFlags::IPV4, wish.ipv4);
    families.set(AddressFamilyFlags::IPV6, wish.ipv6);
    let protocols = match wish.protocol {
        Some(Protocol::Tcp) => ProtocolFlags::TCP,
        Some(Protocol::Udp) => ProtocolFlags::UDP,
        None => ProtocolFlags::TCP | ProtocolFlags::UDP,
    };
    platform::open(families, protocols, gaps).map_err(|error| Unobservable { reason: error.to_string() })
}

fn decode(
    info: SocketInfo,
    index: usize,
    connected_udp: &HashSet<u32>,
    users: &mut HashMap<u32, Option<String>>,
) -> Option<Found> {
    let kernel = KernelFacts::of(&info);
    let (protocol, state, local) = match info.protocol_socket_info {
        ProtocolSocketInfo::Tcp(tcp) => {
            if tcp.state != TcpState::Listen {
                return None;
            }
            (Protocol::Tcp, State::Listen, SocketAddr::new(tcp.local_addr, tcp.local_port))
        }
        ProtocolSocketInfo::Udp(udp) => {
            if kernel.inode.is_some_and(|inode| connected_udp.contains(&inode)) {
                return None;
            }
            (Protocol::Udp, State::Unconnected, SocketAddr::new(udp.local_addr, udp.local_port))
        }
    };
    // Windows and macOS call an unknown owner process 0, which can hold no socket anywhere.
    let mut pids: Vec<Pid> = info.associated_pids.into_iter().filter(|&pid| pid != 0).collect();
    pids.sort_unstable();
    pids.dedup();
    let user =
        kernel.uid.and_then(|uid| users.entry(uid).or_insert_with(|| platform::user_name(uid)).clone());
    let socket = Socket {
        id: SocketId(index as u64),
        protocol,
        state,
        local,
        interface: None,
        dual_stack: None,
        uid: kernel.uid,
        user,
        namespace: None,
    };
    Some(Found { socket, pids })
}

/// What only some kernels tell of a socket.
struct KernelFacts {
    inode: Option<u32>,
    uid: Option<u32>,
}

impl KernelFacts {
    #[cfg(target_os = "linux")]
    fn of(info: &SocketInfo) -> KernelFacts {
        KernelFacts { inode: Some(info.inode), uid: Some(info.uid) }
    }

    #[cfg(not(target_os = "linux"))]
    fn of(_: &SocketInfo) -> KernelFacts {
        KernelFacts { inode: None, uid: None }
    }
}
