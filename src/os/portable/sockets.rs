//! Sockets by `netstat2`, with what it leaves out put right where the system tells.

use std::collections::{HashMap, HashSet};
use std::error::Error;
use std::net::SocketAddr;

use netstat2::{AddressFamilyFlags, ProtocolFlags, ProtocolSocketInfo, SocketInfo, TcpState};

use super::super::decode::proc_net::Inodes;
use super::super::decode::proc_stat::Ticks;
use super::super::{Unobservable, Wish, platform};
use crate::model::{Gap, GapKind, Pid, Protocol, Socket, SocketId, State};

/// A socket and the processes that hold it.
pub(super) struct Found {
    pub(super) socket: Socket,
    inode: Option<u32>,
    pub(super) pids: Vec<Pid>,
}

/// A table that fails to read fails again at each further entry; this many failures end the look.
const MOST_FAILURES: u64 = 8;

/// Reads every listener that `wish` asks for.
///
/// # Errors
///
/// Where the socket tables cannot be opened.
pub(super) fn read(wish: Wish, privileged: bool, gaps: &mut Vec<Gap>) -> Result<Vec<Found>, Unobservable> {
    let since = platform::uptime();
    let before = platform::inodes(wish).unwrap_or_else(|error| {
        if wish.protocol != Some(Protocol::Tcp) {
            let detail = format!(
                "which UDP sockets have a peer could not be read ({error}), so some of those shown may be \
                 clients"
            );
            gaps.push(gap(GapKind::UdpPeersUnreadable, detail));
        }
        Inodes::default()
    });
    let mut found: Vec<Found> = Vec::new();
    let mut dumped = HashSet::new();
    let mut users = HashMap::new();
    let mut failures = 0;
    let mut last_failure = String::new();
    for entry in open(wish, gaps)? {
        match entry {
            Ok(info) => {
                let Some(socket) = decode(info, found.len(), &before.connected_udp, &mut users) else {
                    continue;
                };
                // A dump that takes several messages may repeat an entry.
                if socket.inode.is_none_or(|inode| dumped.insert(inode)) {
                    found.push(socket);
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
        gaps.push(gap(GapKind::SocketsUnreadable, detail));
    }
    gaps.extend(refused(wish, &before, &dumped));
    drop_new_clients(wish, &before, &mut found);
    if !gaps.iter().any(|gap| gap.kind == GapKind::ProcessesUnreadable) {
        look_again(wish, privileged, &before, since, &mut found);
    }
    Ok(found)
}

fn gap(kind: GapKind, detail: String) -> Gap {
    Gap { kind, detail, count: None, remedy: None }
}

/// The gap of a dump that the kernel refused or cut short, which `netstat2` takes for an empty one:
/// sockets that were there before and after it, and not in it.
fn refused(wish: Wish, before: &Inodes, dumped: &HashSet<u32>) -> Option<Gap> {
    let missing: Vec<_> = before.receiving.difference(dumped).collect();
    if missing.is_empty() {
        return None;
    }
    let after = platform::inodes(wish).unwrap_or_default();
    let lasting = missing.into_iter().filter(|inode| after.receiving.contains(inode)).count();
    let detail = match lasting {
        0 => return None,
        1 => "the kernel left 1 listener out of its socket dump".to_owned(),
        n => format!("the kernel left {n} listeners out of its socket dump"),
    };
    Some(Gap { count: Some(lasting as u64), ..gap(GapKind::SocketsUnreadable, detail) })
}

/// Drops UDP sockets that were opened during the look and have a peer by now: they are clients, and
/// were not known as such before.
fn drop_new_clients(wish: Wish, before: &Inodes, found: &mut Vec<Found>) {
    let is_new = |found: &Found| {
        found.socket.protocol == Protocol::Udp
            && found.inode.is_some_and(|inode| !before.receiving.contains(&inode))
    };
    if found.iter().any(is_new)
        && let Ok(after) = platform::inodes(wish)
    {
        found.retain(|f| !is_new(f) || f.inode.is_none_or(|inode| after.receiving.contains(&inode)));
    }
}

/// Looks once more for the holders of sockets that seem to have none, and drops those that were
/// closed meanwhile: the sockets and their holders are not read in one moment. An ordinary user
/// looks again only for their own.
fn look_again(wish: Wish, privileged: bool, before: &Inodes, since: Option<Ticks>, found: &mut Vec<Found>) {
    let own = platform::own_uid();
    let is_unheld = |found: &Found| found.pids.is_empty() && (privileged || found.socket.uid == own);
    let unheld = found.iter().filter(|found| is_unheld(found)).filter_map(|found| found.inode);
    // A socket that was opened during the first look may be anybody's, even one's who was passed by.
    let (lasting, new): (HashSet<u32>, HashSet<u32>) =
        unheld.partition(|inode| before.receiving.contains(inode));
    if lasting.is_empty() && new.is_empty() {
        return;
    }
    let mut holders = platform::holders_of(&lasting, since);
    holders.extend(platform::holders_of(&new, None));
    for socket in found.iter_mut().filter(|found| is_unheld(found)) {
        socket.pids = socket.inode.and_then(|inode| holders.remove(&inode)).unwrap_or_default();
    }
    if let Ok(after) = platform::inodes(wish) {
        found.retain(|f| !is_unheld(f) || f.inode.is_none_or(|inode| after.receiving.contains(&inode)));
    }
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
    platform::open(families, protocols, gaps).map_err(|error| Unobservable { reason: chain(&error) })
}

/// An error and what it came of: `netstat2` tells the system's own words only so.
fn chain(error: &dyn Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {}", chain(source)),
        None => error.to_string(),
    }
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
    Some(Found { socket, inode: kernel.inode, pids })
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

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};

    use super::*;

    const WISH: Wish = Wish { protocol: Some(Protocol::Tcp), ipv4: true, ipv6: false, args: false };

    /// What is there, and what comes of it with a listener of this test's own.
    fn with_listener() -> (TcpListener, Inodes) {
        let before = platform::inodes(WISH).unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let mut after = platform::inodes(WISH).unwrap();
        after.receiving.retain(|inode| !before.receiving.contains(inode));
        (listener, after)
    }

    #[test]
    fn a_listener_that_the_dump_left_out_is_a_gap() {
        let (_listener, inodes) = with_listener();
        let gap = refused(WISH, &inodes, &HashSet::new()).unwrap();
        assert_eq!(gap.kind, GapKind::SocketsUnreadable);
        assert!(gap.count.is_some_and(|count| count >= 1), "{gap:?}");
        assert_eq!(refused(WISH, &inodes, &inodes.receiving), None);
    }

    #[test]
    fn a_listener_that_was_closed_meanwhile_is_none() {
        let (listener, inodes) = with_listener();
        drop(listener);
        let closed = |_| refused(WISH, &inodes, &HashSet::new());
        // Another test's listener may have come in between, and go.
        assert!((0..1000).any(|round| closed(round).is_none()));
    }
}
