//! Sockets by `netstat2`: addresses, states and ids of processes, and no more.

use std::error::Error;
use std::io;
use std::net::{IpAddr, SocketAddr};

use netstat2::{AddressFamilyFlags, ProtocolFlags, ProtocolSocketInfo, SocketInfo};

use super::super::super::decode::windows::socket_tables::{ListedSocket, Table};
use super::super::super::in_words;
use super::super::super::socket_record::{SocketRecord, TcpState};
use crate::model::Protocol;

/// After this many failures a table is given up: one that fails once fails again for each further entry.
const MOST_FAILURES: u64 = 8;

/// The sockets of a table. `incomplete` becomes the reason why some of them could not be read.
///
/// # Errors
///
/// Why none could be read, in words.
pub(in crate::os::windows) fn read(
    table: Table,
    incomplete: &mut Option<String>,
) -> Result<Vec<ListedSocket>, String> {
    let (protocol, family) = match table {
        Table::Tcp4 | Table::Bound4 => (ProtocolFlags::TCP, AddressFamilyFlags::IPV4),
        Table::Tcp6 | Table::Bound6 => (ProtocolFlags::TCP, AddressFamilyFlags::IPV6),
        Table::Udp4 => (ProtocolFlags::UDP, AddressFamilyFlags::IPV4),
        Table::Udp6 => (ProtocolFlags::UDP, AddressFamilyFlags::IPV6),
    };
    let entries = netstat2::iterate_sockets_info(family, protocol).map_err(|error| chain(&error))?;
    let mut sockets = Vec::new();
    let mut failures = 0;
    for entry in entries {
        match entry {
            Ok(info) => sockets.extend(socket(info)),
            Err(error) => {
                failures += 1;
                *incomplete = Some(chain(&error));
                if failures == MOST_FAILURES {
                    break;
                }
            }
        }
    }
    Ok(sockets)
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
fn socket(info: SocketInfo) -> Option<ListedSocket> {
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
    let socket = SocketRecord {
        protocol,
        state,
        local,
        peer: peer.filter(|_| state.connection().is_some()),
        interface: None,
        dual_stack: None,
        uid: None,
        accept_queue: None,
        retransmits: None,
        // Process 0 stands for an unknown owner. It holds no socket.
        key: info.associated_pids.into_iter().find(|&pid| pid != 0),
    };
    Some(ListedSocket { socket, bound_at: None, port_requested: None, service_tag: None })
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
    use std::net::{TcpListener, TcpStream, UdpSocket};

    use netstat2::{TcpSocketInfo, UdpSocketInfo};

    use super::super::tables;
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
        SocketInfo { protocol_socket_info: ProtocolSocketInfo::Tcp(tcp), associated_pids: vec![0, 7] }
    }

    #[test]
    fn a_connection_has_its_two_ends_and_its_holder() {
        let connection = socket(tcp(netstat2::TcpState::LastAck)).unwrap().socket;
        assert_eq!((connection.state, connection.listed_state()), (TcpState::LastAck, None));
        let shown = connection.to_port_connection(connection.key.into_iter().collect()).unwrap();
        assert_eq!(
            (shown.local.to_string(), shown.peer.to_string()),
            ("10.0.0.1:27000".to_owned(), "10.0.0.2:5000".to_owned())
        );
        assert_eq!(shown.pids, [7]);
    }

    #[test]
    fn a_listener_has_no_peer_and_what_has_no_port_any_more_is_left_out() {
        let listener = socket(tcp(netstat2::TcpState::Listen)).unwrap().socket;
        assert_eq!((listener.listed_state(), listener.peer), (Some(State::Listen), None));
        for over in [netstat2::TcpState::Closed, netstat2::TcpState::DeleteTcb, netstat2::TcpState::Unknown] {
            assert_eq!(socket(tcp(over)), None);
        }
        let udp = UdpSocketInfo { local_addr: "::".parse().unwrap(), local_port: 53 };
        let udp = SocketInfo { protocol_socket_info: ProtocolSocketInfo::Udp(udp), associated_pids: vec![] };
        assert_eq!(socket(udp).unwrap().socket.listed_state(), Some(State::Unconnected));
    }

    /// Both readers are asked about sockets that this test holds.
    #[test]
    fn the_witness_sees_what_the_own_reader_sees() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let accepted = listener.accept().unwrap();
        let six = TcpListener::bind("[::1]:0").unwrap();
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        let udp_six = UdpSocket::bind("[::1]:0").unwrap();
        let seen = |table, local: SocketAddr| {
            let shown = |sockets: Vec<ListedSocket>| {
                let own = sockets.into_iter().filter(|one| one.socket.local == local);
                let mut own: Vec<String> = own
                    .map(|ListedSocket { socket, .. }| {
                        format!("{:?} {:?} {:?}", socket.state, socket.peer, socket.key)
                    })
                    .collect();
                own.sort();
                own
            };
            let own = shown(tables::read(table).unwrap());
            assert_eq!(own, shown(read(table, &mut None).unwrap()), "{table:?}");
            assert!(own.iter().all(|one| one.contains(&std::process::id().to_string())), "{own:?}");
            own.len()
        };
        let local = |address: std::io::Result<SocketAddr>| address.unwrap();
        assert_eq!(seen(Table::Tcp4, local(listener.local_addr())), 2, "the listener and its connection");
        assert_eq!(seen(Table::Tcp4, local(client.local_addr())), 1);
        assert_eq!(seen(Table::Tcp6, local(six.local_addr())), 1);
        assert_eq!(seen(Table::Udp4, local(udp.local_addr())), 1);
        assert_eq!(seen(Table::Udp6, local(udp_six.local_addr())), 1);
        drop(accepted);
    }
}
