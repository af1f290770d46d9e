//! Sockets by `netstat2`.

use std::collections::{HashMap, HashSet};
use std::error::Error;
use std::net::SocketAddr;

use netstat2::{AddressFamilyFlags, ProtocolFlags, ProtocolSocketInfo, SocketInfo, TcpState};

use super::super::{Unobservable, Wish, in_words, platform};
use crate::model::{Gap, GapKind, Pid, Protocol, Socket, SocketId, State};

/// A socket and the processes that hold it.
pub(in crate::os) struct Found {
    pub(in crate::os) socket: Socket,
    pub(in crate::os) pids: Vec<Pid>,
}

/// A table that fails to read fails again at each further entry; this many failures end the look.
const MOST_FAILURES: u64 = 8;

/// Reads every listener that `wish` asks for.
///
/// # Errors
///
/// Where the socket tables cannot be opened.
pub(super) fn read(wish: &Wish, gaps: &mut Vec<Gap>) -> Result<Vec<Found>, Unobservable> {
    let mut families = AddressFamilyFlags::empty();
    families.set(AddressFamilyFlags::IPV4, wish.ipv4);
    // An IPv6 socket may be bound to an IPv4 address, as an IPv4-mapped one.
    families.insert(AddressFamilyFlags::IPV6);
    let protocols = match wish.protocol {
        Some(Protocol::Tcp) => ProtocolFlags::TCP,
        Some(Protocol::Udp) => ProtocolFlags::UDP,
        None => ProtocolFlags::TCP | ProtocolFlags::UDP,
    };
    let entries = netstat2::iterate_sockets_info(families, protocols)
        .map_err(|error| Unobservable { reason: chain(&error) })?;
    let mut found: Vec<Found> = Vec::new();
    let mut dumped = HashSet::new();
    let mut users = HashMap::new();
    let mut failures = 0;
    let mut last_failure = String::new();
    for entry in entries {
        match entry {
            Ok(info) => {
                let kernel = KernelFacts::of(&info);
                let inode = kernel.inode;
                let Some(one) = decode(info, kernel, found.len(), &mut users) else { continue };
                let wanted = if one.socket.local.is_ipv4() { wish.ipv4 } else { wish.ipv6 };
                // A dump that takes several messages may repeat an entry.
                if wanted && inode.is_none_or(|inode| dumped.insert(inode)) {
                    found.push(one);
                }
            }
            Err(error) => {
                failures += 1;
                last_failure = chain(&error);
                if failures == MOST_FAILURES {
                    break;
                }
            }
        }
    }
    if failures > 0 {
        let detail =
            format!("a socket table was not read to its end ({last_failure}), so listeners may be missing");
        gaps.push(Gap::new(GapKind::SocketsUnreadable, detail));
    }
    Ok(found)
}

/// An error and what it came of: `netstat2` tells the system's own words only so.
fn chain(error: &dyn Error) -> String {
    match error.source() {
        Some(source) => format!("{}: {}", in_words(error), chain(source)),
        None => in_words(error),
    }
}

/// A socket that can receive. A UDP socket with a peer cannot be told from one without.
fn decode(
    info: SocketInfo,
    kernel: KernelFacts,
    index: usize,
    users: &mut HashMap<u32, Option<String>>,
) -> Option<Found> {
    let (protocol, state, ip, port) = match info.protocol_socket_info {
        ProtocolSocketInfo::Tcp(tcp) => {
            if tcp.state != TcpState::Listen {
                return None;
            }
            (Protocol::Tcp, State::Listen, tcp.local_addr, tcp.local_port)
        }
        ProtocolSocketInfo::Udp(udp) => (Protocol::Udp, State::Unconnected, udp.local_addr, udp.local_port),
    };
    // Windows and macOS call an unknown owner process 0, which can hold no socket anywhere.
    let mut pids: Vec<Pid> = info.associated_pids.into_iter().filter(|&pid| pid != 0).collect();
    pids.sort_unstable();
    pids.dedup();
    let user =
        kernel.uid.and_then(|uid| users.entry(uid).or_insert_with(|| platform::user_name(uid)).clone());
    let local = SocketAddr::new(ip.to_canonical(), port);
    let socket =
        Socket { uid: kernel.uid, user, ..Socket::new(SocketId(index as u64), protocol, state, local) };
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
        // A socket of the kernel's own may have no inode.
        KernelFacts { inode: Some(info.inode).filter(|&inode| inode != 0), uid: Some(info.uid) }
    }

    #[cfg(not(target_os = "linux"))]
    fn of(_: &SocketInfo) -> KernelFacts {
        KernelFacts { inode: None, uid: None }
    }
}
