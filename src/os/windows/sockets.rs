//! Sockets by `netstat2`.

use std::collections::{BTreeSet, HashSet};
use std::error::Error;
use std::io;
use std::net::SocketAddr;

use netstat2::{AddressFamilyFlags, ProtocolFlags, ProtocolSocketInfo, SocketInfo, TcpState};

use super::super::connection_count::{self, Connection};
use super::super::sysinfo_processes::{HeldSocket, Tables};
use super::super::{ScanScope, Unobservable, in_words};
use crate::model::{
    ConnectionState, Gap, GapKind, Pid, PortConnection, PortRange, Protocol, Socket, SocketId, State,
};

/// The two ends of established connections, this machine's first; each once: of a socket that several processes
/// have, there may be several entries.
pub(super) type Established = BTreeSet<(SocketAddr, SocketAddr)>;

/// A table that fails to read fails again at each further entry; this many failures end the look.
const MOST_FAILURES: u64 = 8;

/// Reads every listener that `scope` asks for. Each table is opened by itself: a system without IPv6 has only
/// some.
///
/// # Errors
///
/// Where none of the socket tables can be opened.
pub(super) fn read(scope: &ScanScope, gaps: &mut Vec<Gap>) -> Result<(Tables, Established), Unobservable> {
    let mut tables = Tables::default();
    let mut established = Established::new();
    let (mut unopened, mut unread) = (Vec::new(), None);
    let mut opened = false;
    for (protocol, family) in asked(scope) {
        let entries = match netstat2::iterate_sockets_info(family, protocol) {
            Ok(entries) => entries,
            Err(error) => {
                unopened.push(chain(&error));
                continue;
            }
        };
        opened = true;
        let mut failures = 0;
        for entry in entries {
            match entry {
                Ok(info) => {
                    established.extend(connection(&info));
                    add(&mut tables, info, scope);
                }
                Err(error) => {
                    failures += 1;
                    unread = Some(chain(&error));
                    if failures == MOST_FAILURES {
                        break;
                    }
                }
            }
        }
    }
    if !opened && let Some(reason) = unopened.pop() {
        return Err(Unobservable::Sockets { why: reason });
    }
    unopened.dedup();
    for reason in unopened {
        let detail = format!("a socket table could not be opened ({reason}), so listeners may be missing");
        gaps.push(Gap::new(GapKind::SocketsUnreadable, detail));
    }
    if let Some(reason) = unread {
        let detail =
            format!("a socket table was not read to its end ({reason}), so listeners may be missing");
        gaps.push(Gap::new(GapKind::SocketsUnreadable, detail));
    }
    Ok((tables, established))
}

/// The tables that have what is wished for.
fn asked(scope: &ScanScope) -> Vec<(ProtocolFlags, AddressFamilyFlags)> {
    let protocols = [(Protocol::Tcp, ProtocolFlags::TCP), (Protocol::Udp, ProtocolFlags::UDP)];
    let protocols = protocols.iter().filter(|(one, _)| scope.protocol.is_none_or(|only| only == *one));
    // An IPv6 socket may be bound to an IPv4 address, as an IPv4-mapped one.
    let families = [(scope.ipv4, AddressFamilyFlags::IPV4), (true, AddressFamilyFlags::IPV6)];
    let of_protocol = |&(_, protocol): &(Protocol, ProtocolFlags)| {
        families.into_iter().filter(|(wished, _)| *wished).map(move |(_, family)| (protocol, family))
    };
    protocols.flat_map(of_protocol).collect()
}

/// Who holds listeners now.
pub(super) fn holders(scope: &ScanScope) -> HashSet<Pid> {
    let (tables, _) = read(scope, &mut Vec::new()).unwrap_or_default();
    tables.found.into_iter().flat_map(|found| found.pids).collect()
}

/// An error and what it came of: `netstat2` tells the system's own words only so, or its number alone.
fn chain(error: &netstat2::error::Error) -> String {
    let number = match error {
        netstat2::error::Error::FailedToGetTcpTable(number)
        | netstat2::error::Error::FailedToGetUdpTable(number) => *number,
        other => return with_causes(other),
    };
    in_words(&io::Error::from_raw_os_error(number))
}

fn with_causes(error: &dyn Error) -> String {
    match error.source() {
        Some(source) => format!("{}: {}", in_words(error), with_causes(source)),
        None => in_words(error),
    }
}

/// Takes an entry for a listener, for a connection, or for nothing of interest. A UDP socket with a peer cannot
/// be told from one without.
fn add(tables: &mut Tables, info: SocketInfo, scope: &ScanScope) {
    // Windows calls an unknown owner process 0, which can hold no socket.
    let mut pids: Vec<Pid> = info.associated_pids.into_iter().filter(|&pid| pid != 0).collect();
    pids.sort_unstable();
    pids.dedup();
    let (protocol, state, ip, port) = match info.protocol_socket_info {
        ProtocolSocketInfo::Tcp(tcp) if tcp.state == TcpState::Listen => {
            (Protocol::Tcp, State::Listen, tcp.local_addr, tcp.local_port)
        }
        ProtocolSocketInfo::Tcp(tcp) => {
            let is_asked = scope.detail_ports.iter().any(|range| range.contains(tcp.local_port));
            if let Some(state) = connection_state(tcp.state).filter(|_| is_asked) {
                tables.port_connections.push(PortConnection {
                    protocol: Protocol::Tcp,
                    state,
                    local: SocketAddr::new(tcp.local_addr.to_canonical(), tcp.local_port),
                    peer: SocketAddr::new(tcp.remote_addr.to_canonical(), tcp.remote_port),
                    pids,
                });
            }
            return;
        }
        ProtocolSocketInfo::Udp(udp) => (Protocol::Udp, State::Unconnected, udp.local_addr, udp.local_port),
    };
    let local = SocketAddr::new(ip.to_canonical(), port);
    if !scope.includes(port) || !scope.includes_family_of(local) {
        return;
    }
    let id = SocketId(tables.found.len() as u64);
    tables.found.push(HeldSocket { socket: Socket::new(id, protocol, state, local), pids });
}

/// Counts the connections of listeners on these ports.
pub(super) fn count(tables: &mut Tables, established: Established, ports: &[PortRange]) {
    let sockets = tables.found.iter_mut().map(|found| &mut found.socket).collect();
    let connection =
        |(local, peer): (SocketAddr, SocketAddr)| Connection { local, interface: None, peer: peer.ip() };
    connection_count::count(sockets, ports, |_| established.into_iter().map(connection));
}

/// The two ends of a connection, this machine's first.
fn connection(info: &SocketInfo) -> Option<(SocketAddr, SocketAddr)> {
    match &info.protocol_socket_info {
        ProtocolSocketInfo::Tcp(tcp) if tcp.state == TcpState::Established => Some((
            SocketAddr::new(tcp.local_addr.to_canonical(), tcp.local_port),
            SocketAddr::new(tcp.remote_addr.to_canonical(), tcp.remote_port),
        )),
        _ => None,
    }
}

/// What a socket with a peer is doing, where it still has its port.
fn connection_state(state: TcpState) -> Option<ConnectionState> {
    match state {
        TcpState::Established | TcpState::CloseWait => Some(ConnectionState::Connected),
        TcpState::SynSent | TcpState::SynReceived => Some(ConnectionState::Requesting),
        TcpState::FinWait1 | TcpState::FinWait2 | TcpState::Closing | TcpState::LastAck => {
            Some(ConnectionState::Closing)
        }
        TcpState::TimeWait => Some(ConnectionState::TimeWait),
        TcpState::Listen | TcpState::Closed | TcpState::DeleteTcb | TcpState::Unknown => None,
    }
}
