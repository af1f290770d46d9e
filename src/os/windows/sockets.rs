//! Sockets by `netstat2`, which reads the tables of iphlpapi.

use std::collections::{BTreeSet, HashSet};
use std::error::Error;
use std::io;
use std::net::{IpAddr, SocketAddr};

use netstat2::{AddressFamilyFlags, ProtocolFlags, ProtocolSocketInfo, SocketInfo};

use super::super::connection_count::{self, Connection};
use super::super::socket_filter::SocketFilter;
use super::super::socket_record::{SocketRecord, TcpState};
use super::super::sysinfo_processes::{HeldSocket, HeldSockets};
use super::super::{ScanScope, Unobservable, in_words};
use crate::model::{Gap, GapKind, Pid, PortRange, Protocol};

/// A socket as Windows reports it, with the ids of its holders.
type WindowsSocket = SocketRecord<Vec<Pid>>;

/// The two ends of established connections, this machine's first. A set, because the tables may have an entry for each
/// process that holds a socket.
type Established = BTreeSet<(SocketAddr, SocketAddr)>;

/// After this many failures a table is given up: one that fails once fails again for each further entry.
const MOST_FAILURES: u64 = 8;

/// Reads the sockets in scope, and counts the connections of the listeners on `counted` ports. Opens each table by
/// itself, because a system without IPv6 lacks some.
///
/// # Errors
///
/// If none of the socket tables can be opened.
pub(super) fn read(
    scope: &ScanScope,
    license_ports: &[PortRange],
    counted: &[PortRange],
    gaps: &mut Vec<Gap>,
) -> Result<HeldSockets, Unobservable> {
    let filter = SocketFilter::new(scope, license_ports);
    let mut sockets = HeldSockets::default();
    let mut established = Established::new();
    let (mut unopened, mut unread) = (Vec::new(), None);
    let mut opened = false;
    for (protocol, family) in tables(scope) {
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
                    let Some(socket) = record(info) else { continue };
                    if socket.is_established_tcp() {
                        established.extend(socket.peer.map(|peer| (socket.local, peer)));
                    }
                    keep(&mut sockets, socket, &filter);
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
            format!("a socket table could not be read completely ({reason}), so listeners may be missing");
        gaps.push(Gap::new(GapKind::SocketsUnreadable, detail));
    }
    let listed = sockets.listed.iter_mut().map(|held| &mut held.socket).collect();
    connection_count::count(listed, counted, |_| {
        let connection =
            |(local, peer): (SocketAddr, SocketAddr)| Connection { local, interface: None, peer: peer.ip() };
        established.into_iter().map(connection)
    });
    Ok(sockets)
}

fn keep(sockets: &mut HeldSockets, socket: WindowsSocket, filter: &SocketFilter<'_>) {
    let kept = filter.keep(&socket);
    if let Some(state) = kept.listed {
        sockets.listed.push(HeldSocket { socket: socket.to_socket(state), pids: socket.key });
    } else if kept.port_connection.is_some() {
        sockets.port_connections.extend(socket.to_port_connection(socket.key.clone()));
    }
}

/// The tables that are in scope.
fn tables(scope: &ScanScope) -> Vec<(ProtocolFlags, AddressFamilyFlags)> {
    let protocols = [(Protocol::Tcp, ProtocolFlags::TCP), (Protocol::Udp, ProtocolFlags::UDP)];
    let protocols = protocols.iter().filter(|(one, _)| scope.protocol.is_none_or(|only| only == *one));
    // The IPv6 tables may hold sockets with IPv4-mapped addresses.
    let families = [(scope.ipv4, AddressFamilyFlags::IPV4), (true, AddressFamilyFlags::IPV6)];
    let of_protocol = |&(_, protocol): &(Protocol, ProtocolFlags)| {
        families
            .into_iter()
            .filter(|(is_in_scope, _)| *is_in_scope)
            .map(move |(_, family)| (protocol, family))
    };
    protocols.flat_map(of_protocol).collect()
}

/// The processes that hold sockets in scope now.
pub(super) fn holders(scope: &ScanScope) -> HashSet<Pid> {
    let sockets = read(scope, &[], &[], &mut Vec::new()).unwrap_or_default();
    sockets.listed.into_iter().flat_map(|held| held.pids).collect()
}

/// An error with its causes: `netstat2` has the system's message only there, or else only the error number.
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

/// Decodes an entry; `None` if its socket has no port any more. A UDP socket with a peer looks like one without.
fn record(info: SocketInfo) -> Option<WindowsSocket> {
    let end = |ip: IpAddr, port| SocketAddr::new(ip.to_canonical(), port);
    let (protocol, state, local, peer) = match info.protocol_socket_info {
        ProtocolSocketInfo::Tcp(tcp) => {
            let peer = end(tcp.remote_addr, tcp.remote_port);
            (Protocol::Tcp, tcp_state(tcp.state)?, end(tcp.local_addr, tcp.local_port), Some(peer))
        }
        ProtocolSocketInfo::Udp(udp) => {
            (Protocol::Udp, TcpState::Closed, end(udp.local_addr, udp.local_port), None)
        }
    };
    // Process 0 stands for an unknown owner. It holds no socket.
    let mut pids: Vec<Pid> = info.associated_pids.into_iter().filter(|&pid| pid != 0).collect();
    pids.sort_unstable();
    pids.dedup();
    Some(WindowsSocket {
        protocol,
        state,
        local,
        peer: peer.filter(|_| state.connection().is_some()),
        interface: None,
        dual_stack: None,
        uid: None,
        accept_queue: None,
        retransmits: None,
        key: pids,
    })
}

/// `None` for a socket that has no port any more.
fn tcp_state(state: netstat2::TcpState) -> Option<TcpState> {
    Some(match state {
        netstat2::TcpState::Listen => TcpState::Listening,
        netstat2::TcpState::SynSent => TcpState::SynSent,
        netstat2::TcpState::SynReceived => TcpState::SynReceived,
        netstat2::TcpState::Established => TcpState::Established,
        netstat2::TcpState::CloseWait => TcpState::CloseWait,
        netstat2::TcpState::FinWait1 => TcpState::FinWait1,
        netstat2::TcpState::FinWait2 => TcpState::FinWait2,
        netstat2::TcpState::Closing => TcpState::Closing,
        netstat2::TcpState::LastAck => TcpState::LastAck,
        netstat2::TcpState::TimeWait => TcpState::TimeWait,
        netstat2::TcpState::Closed | netstat2::TcpState::DeleteTcb | netstat2::TcpState::Unknown => {
            return None;
        }
    })
}

#[cfg(test)]
mod tests {
    use netstat2::{TcpSocketInfo, UdpSocketInfo};

    use super::*;
    use crate::model::State;

    fn tcp(state: netstat2::TcpState) -> SocketInfo {
        let tcp = TcpSocketInfo {
            local_addr: "::ffff:10.0.0.1".parse().unwrap(),
            local_port: 27000,
            remote_addr: "10.0.0.2".parse().unwrap(),
            remote_port: 5000,
            state,
        };
        SocketInfo { protocol_socket_info: ProtocolSocketInfo::Tcp(tcp), associated_pids: vec![7, 0, 7, 5] }
    }

    #[test]
    fn a_connection_has_its_two_ends_and_its_holders() {
        let connection = record(tcp(netstat2::TcpState::LastAck)).unwrap();
        assert_eq!((connection.state, connection.listed_state()), (TcpState::LastAck, None));
        let shown = connection.to_port_connection(connection.key.clone()).unwrap();
        assert_eq!(
            (shown.local.to_string(), shown.peer.to_string()),
            ("10.0.0.1:27000".to_owned(), "10.0.0.2:5000".to_owned())
        );
        assert_eq!(shown.pids, [5, 7]);
    }

    #[test]
    fn a_listener_has_no_peer_and_what_has_no_port_any_more_is_left_out() {
        let listener = record(tcp(netstat2::TcpState::Listen)).unwrap();
        assert_eq!((listener.listed_state(), listener.peer), (Some(State::Listen), None));
        for over in [netstat2::TcpState::Closed, netstat2::TcpState::DeleteTcb, netstat2::TcpState::Unknown] {
            assert_eq!(record(tcp(over)), None);
        }
        let udp = UdpSocketInfo { local_addr: "::".parse().unwrap(), local_port: 53 };
        let udp = SocketInfo { protocol_socket_info: ProtocolSocketInfo::Udp(udp), associated_pids: vec![] };
        assert_eq!(record(udp).unwrap().listed_state(), Some(State::Unconnected));
    }
}
