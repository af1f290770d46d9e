//! Decodes the socket tables of iphlpapi that say of each socket when it got its port and for which service
//! (`MIB_TCPTABLE_OWNER_MODULE` and the like in tcpmib.h and udpmib.h), and those of TCP sockets that have a port and do
//! not listen (`MIB_TCPTABLE2`, `MIB_TCP6TABLE2`).

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU32;

use jiff::Timestamp;

use super::file_time;
use crate::model::{Pid, Protocol};
use crate::os::decode::bytes::{bytes_at, u32_at, u64_at};
use crate::os::socket_record::{SocketRecord, TcpState};

/// The tables that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    Tcp4,
    Tcp6,
    Udp4,
    Udp6,
    /// TCP sockets that have a port and neither listen nor are connected.
    Bound4,
    Bound6,
}

/// A socket of a table. What the system leaves at 0 is unknown: Wine tells none of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedSocket {
    /// The process that created it, which may have ended.
    pub socket: SocketRecord<Option<Pid>>,
    /// When it got its port (`liCreateTimestamp`).
    pub bound_at: Option<Timestamp>,
    /// Whether the program asked for the port by number (`SpecificPortBind`); `None` where that is not reported.
    pub port_requested: Option<bool>,
    /// The number by which the service manager knows the service that created it, of a process that runs services
    /// (`OwningModuleInfo[0]`).
    pub service_tag: Option<NonZeroU32>,
}

/// Where the fields of a row are, and how long it is, in bytes.
struct Layout {
    first_row: usize,
    row: usize,
    protocol: Protocol,
    local: usize,
    local_port: usize,
    /// Of an IPv6 address.
    scope: Option<usize>,
    remote: Option<(usize, usize)>,
    /// The state; `None` where all sockets of the table are in the same.
    state: Option<usize>,
    pid: usize,
    /// The time, and what stands 8 bytes after it: the flags in UDP tables, the service tag in TCP tables.
    bound_at: Option<usize>,
}

impl Table {
    const fn layout(self) -> Layout {
        let (protocol, first_row) = match self {
            Table::Tcp4 | Table::Tcp6 => (Protocol::Tcp, 8),
            Table::Udp4 | Table::Udp6 => (Protocol::Udp, 8),
            Table::Bound4 | Table::Bound6 => (Protocol::Tcp, 4),
        };
        let (row, local, local_port, scope, remote, state, pid, bound_at) = match self {
            Table::Tcp4 => (160, 4, 8, None, Some((12, 16)), Some(0), 20, Some(24)),
            Table::Tcp6 => (192, 0, 20, Some(16), Some((24, 44)), Some(48), 52, Some(56)),
            Table::Udp4 => (160, 0, 4, None, None, None, 8, Some(16)),
            Table::Udp6 => (176, 0, 20, Some(16), None, None, 24, Some(32)),
            Table::Bound4 => (28, 4, 8, None, None, None, 20, None),
            Table::Bound6 => (60, 0, 20, Some(16), None, None, 52, None),
        };
        Layout { first_row, row, protocol, local, local_port, scope, remote, state, pid, bound_at }
    }
}

/// The sockets of a table that have a port. `None` where the bytes are no such table, or not all of it.
#[must_use]
pub fn sockets(table: Table, bytes: &[u8]) -> Option<Vec<ListedSocket>> {
    let layout = table.layout();
    let count = u32_at(bytes, 0)? as usize;
    if count == 0 {
        return Some(Vec::new());
    }
    let rows = bytes.get(layout.first_row..)?.get(..count.checked_mul(layout.row)?)?;
    Some(rows.chunks_exact(layout.row).filter_map(|row| socket(&layout, row)).collect())
}

/// The socket of a whole row; `None` if it has no port any more.
fn socket(layout: &Layout, row: &[u8]) -> Option<ListedSocket> {
    let state = match layout.state {
        Some(at) => tcp_state(u32_at(row, at)?)?,
        None => TcpState::Closed,
    };
    let end = |address, port| {
        // The port stands in network order at the beginning of a field of 32 bits.
        let port = u16::from_be_bytes(bytes_at(row, port)?);
        let ip = match layout.scope {
            None => IpAddr::V4(Ipv4Addr::from(bytes_at::<4>(row, address)?)),
            Some(_) => IpAddr::V6(Ipv6Addr::from(bytes_at::<16>(row, address)?)).to_canonical(),
        };
        Some(SocketAddr::new(ip, port))
    };
    let local = end(layout.local, layout.local_port)?;
    let peer = match layout.remote.filter(|_| state.connection().is_some()) {
        Some((address, port)) => Some(end(address, port)?),
        None => None,
    };
    let number = |at| u32_at(row, at).map(NonZeroU32::new);
    let (mut bound_at, mut port_requested, mut service_tag) = (None, None, None);
    if let Some(at) = layout.bound_at {
        bound_at = file_time::timestamp(u64_at(row, at)?);
        let is_udp = layout.protocol == Protocol::Udp;
        service_tag = number(at + if is_udp { 16 } else { 8 })?;
        // A table that says nothing of the time says nothing of the port either.
        if is_udp && bound_at.is_some() {
            port_requested = Some(u32_at(row, at + 8)? & 1 != 0);
        }
    }
    // Microsoft's documentation says network order, other programs read the machine's own. The smaller number is right:
    // indices of interfaces are small.
    let interface = match layout.scope {
        Some(at) => number(at)?.map(|scope| scope.min(swapped(scope))),
        None => None,
    };
    let socket = SocketRecord {
        protocol: layout.protocol,
        state,
        local,
        peer,
        interface,
        dual_stack: None,
        uid: None,
        accept_queue: None,
        retransmits: None,
        // Process 0 stands for an unknown owner. It holds no socket.
        key: Some(u32_at(row, layout.pid)?).filter(|&pid| pid != 0),
    };
    Some(ListedSocket { socket, bound_at, port_requested, service_tag })
}

fn swapped(number: NonZeroU32) -> NonZeroU32 {
    NonZeroU32::new(number.get().swap_bytes()).unwrap_or(number)
}

/// What is left of the bound sockets without those whose port another socket of the same process has: Windows counts a
/// client's socket among them as long as its connection lasts.
#[must_use]
pub fn without_clients(bound: Vec<ListedSocket>, all: &[ListedSocket]) -> Vec<ListedSocket> {
    let tcp = all.iter().filter(|one| one.socket.protocol == Protocol::Tcp);
    let in_use: HashSet<(Option<Pid>, u16)> =
        tcp.map(|one| (one.socket.key, one.socket.local.port())).collect();
    let is_alone = |one: &ListedSocket| !in_use.contains(&(one.socket.key, one.socket.local.port()));
    bound.into_iter().filter(is_alone).collect()
}

/// By `MIB_TCP_STATE` in tcpmib.h; `None` for a socket that has no port any more (closed, or about to be deleted).
fn tcp_state(state: u32) -> Option<TcpState> {
    Some(match state {
        2 => TcpState::Listening,
        3 => TcpState::SynSent,
        4 => TcpState::SynReceived,
        5 => TcpState::Established,
        6 => TcpState::FinWait1,
        7 => TcpState::FinWait2,
        8 => TcpState::CloseWait,
        9 => TcpState::Closing,
        10 => TcpState::LastAck,
        11 => TcpState::TimeWait,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TABLES: [Table; 6] =
        [Table::Tcp4, Table::Tcp6, Table::Udp4, Table::Udp6, Table::Bound4, Table::Bound6];
    /// 2026-11-25 21:21:05 UTC.
    const BOUND: u64 = 134_401_152_650_000_000;

    struct Row {
        local: &'static str,
        peer: &'static str,
        state: u32,
        pid: u32,
        scope: u32,
        bound: u64,
        flags: u32,
        tag: u32,
    }

    const LISTENER: Row =
        Row { local: "", peer: "", state: 2, pid: 812, scope: 0, bound: BOUND, flags: 1, tag: 77 };

    /// The table as Windows writes it.
    fn written(table: Table, rows: &[Row]) -> Vec<u8> {
        let layout = table.layout();
        let mut bytes = u32::try_from(rows.len()).unwrap().to_ne_bytes().to_vec();
        bytes.resize(layout.first_row, 0);
        for row in rows {
            let start = bytes.len();
            bytes.resize(start + layout.row, 0);
            let mut put = |at: usize, value: &[u8]| {
                bytes[start + at..start + at + value.len()].copy_from_slice(value);
            };
            let mut end = |text: &str, address, port| {
                let Ok(end) = text.parse::<SocketAddr>() else { return };
                match end.ip() {
                    IpAddr::V4(ip) => put(address, &ip.octets()),
                    IpAddr::V6(ip) => put(address, &ip.octets()),
                }
                put(port, &end.port().to_be_bytes());
            };
            end(row.local, layout.local, layout.local_port);
            if let Some((address, port)) = layout.remote {
                end(row.peer, address, port);
            }
            if let Some(at) = layout.state {
                put(at, &row.state.to_ne_bytes());
            }
            if let Some(at) = layout.scope {
                put(at, &row.scope.to_ne_bytes());
            }
            put(layout.pid, &row.pid.to_ne_bytes());
            if let Some(at) = layout.bound_at {
                put(at, &row.bound.to_ne_bytes());
                let is_udp = layout.protocol == Protocol::Udp;
                if is_udp {
                    put(at + 8, &row.flags.to_ne_bytes());
                }
                put(at + if is_udp { 16 } else { 8 }, &row.tag.to_ne_bytes());
            }
        }
        bytes
    }

    fn shown(table: Table, rows: &[Row]) -> String {
        let sockets = sockets(table, &written(table, rows)).unwrap();
        let shown = sockets.iter().map(|one| {
            let SocketRecord { local, state, peer, interface, key, .. } = &one.socket;
            let peer = peer.map(|peer| format!(" to {peer}")).unwrap_or_default();
            let bound = one.bound_at.map_or("unknown".to_owned(), |at| at.to_string());
            format!(
                "{local} {state:?}{peer} interface {interface:?} pid {key:?} bound {bound} asked {:?} tag {:?}",
                one.port_requested, one.service_tag
            )
        });
        shown.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_listener_and_a_connection_of_tcp() {
        let rows = [
            Row { local: "0.0.0.0:27000", ..LISTENER },
            Row { local: "10.0.0.1:27000", peer: "10.0.0.2:50123", state: 5, bound: 0, tag: 0, ..LISTENER },
            // Deleted, and of an unknown owner.
            Row { local: "10.0.0.1:1", state: 12, ..LISTENER },
            Row { local: "10.0.0.1:2", peer: "10.0.0.2:3", state: 11, pid: 0, ..LISTENER },
        ];
        insta::assert_snapshot!(shown(Table::Tcp4, &rows), @"
        0.0.0.0:27000 Listening interface None pid Some(812) bound 2026-11-25T21:21:05Z asked None tag Some(77)
        10.0.0.1:27000 Established to 10.0.0.2:50123 interface None pid Some(812) bound unknown asked None tag None
        10.0.0.1:2 TimeWait to 10.0.0.2:3 interface None pid None bound 2026-11-25T21:21:05Z asked None tag Some(77)
        ");
        let rows = [
            Row { local: "[fe80::1]:27000", scope: 12, ..LISTENER },
            Row { local: "[::]:80", tag: 0, ..LISTENER },
            Row { local: "[::ffff:10.0.0.1]:80", peer: "[::ffff:10.0.0.2]:81", state: 10, ..LISTENER },
        ];
        insta::assert_snapshot!(shown(Table::Tcp6, &rows), @"
        [fe80::1]:27000 Listening interface Some(12) pid Some(812) bound 2026-11-25T21:21:05Z asked None tag Some(77)
        [::]:80 Listening interface None pid Some(812) bound 2026-11-25T21:21:05Z asked None tag None
        10.0.0.1:80 LastAck to 10.0.0.2:81 interface None pid Some(812) bound 2026-11-25T21:21:05Z asked None tag Some(77)
        ");
    }

    #[test]
    fn a_server_of_udp_is_told_from_a_client() {
        let rows = [
            Row { local: "0.0.0.0:53", ..LISTENER },
            Row { local: "0.0.0.0:50000", flags: 0, ..LISTENER },
            // As Wine writes it.
            Row { local: "0.0.0.0:123", flags: 0, bound: 0, tag: 0, ..LISTENER },
        ];
        insta::assert_snapshot!(shown(Table::Udp4, &rows), @"
        0.0.0.0:53 Closed interface None pid Some(812) bound 2026-11-25T21:21:05Z asked Some(true) tag Some(77)
        0.0.0.0:50000 Closed interface None pid Some(812) bound 2026-11-25T21:21:05Z asked Some(false) tag Some(77)
        0.0.0.0:123 Closed interface None pid Some(812) bound unknown asked None tag None
        ");
        insta::assert_snapshot!(shown(Table::Udp6, &[Row { local: "[fe80::2]:546", scope: 3, ..LISTENER }]), @"[fe80::2]:546 Closed interface Some(3) pid Some(812) bound 2026-11-25T21:21:05Z asked Some(true) tag Some(77)");
    }

    #[test]
    fn what_has_a_port_without_listening_is_bound() {
        let rows = [Row { local: "0.0.0.0:1538", ..LISTENER }];
        insta::assert_snapshot!(shown(Table::Bound4, &rows), @"0.0.0.0:1538 Closed interface None pid Some(812) bound unknown asked None tag None");
        let rows = [Row { local: "[::1]:1538", ..LISTENER }];
        insta::assert_snapshot!(shown(Table::Bound6, &rows), @"[::1]:1538 Closed interface None pid Some(812) bound unknown asked None tag None");
    }

    /// As Wine 10 wrote them for a listener on 127.0.0.1:27000 and a socket on 127.0.0.1:5353 of process 1432; all behind
    /// these bytes is zero.
    #[test]
    fn tables_that_were_recorded_are_read() {
        let table = |text: &str| -> Vec<u8> {
            let byte = |at: usize| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap();
            let mut bytes: Vec<u8> = (0..text.len() / 2).map(byte).collect();
            bytes.resize(168, 0);
            bytes
        };
        let tcp = table("0100000000000000020000007f000001697800000000000000000000980500000000000000000000");
        let udp = table("01000000000000007f00000114e90000980500000000000000000000000000000000000000000000");
        for (table, bytes, local, state) in [
            (Table::Tcp4, tcp, "127.0.0.1:27000", TcpState::Listening),
            (Table::Udp4, udp, "127.0.0.1:5353", TcpState::Closed),
        ] {
            let [one] = &sockets(table, &bytes).unwrap()[..] else { panic!("{table:?}") };
            let SocketRecord { local: at, state: is, key, .. } = &one.socket;
            assert_eq!((at.to_string().as_str(), *is, *key), (local, state, Some(1432)));
            assert_eq!((one.bound_at, one.port_requested, one.service_tag), (None, None, None));
        }
    }

    #[test]
    fn a_client_s_port_is_not_bound_for_nothing() {
        let read = |table, rows: &[Row]| sockets(table, &written(table, rows)).unwrap();
        let bound = [
            Row { local: "0.0.0.0:50123", ..LISTENER },
            Row { local: "0.0.0.0:1538", ..LISTENER },
            Row { local: "0.0.0.0:50123", pid: 9, ..LISTENER },
        ];
        let all = [Row { local: "10.0.0.1:50123", peer: "10.0.0.2:443", state: 5, ..LISTENER }];
        let left = without_clients(read(Table::Bound4, &bound), &read(Table::Tcp4, &all));
        let left: Vec<_> = left.iter().map(|one| (one.socket.local.port(), one.socket.key)).collect();
        assert_eq!(left, [(1538, Some(812)), (50123, Some(9))]);
    }

    #[test]
    fn a_c_compiler_is_asked_where_the_fields_are() {
        let asked = include_str!("../../../../tests/offsets/windows.c");
        let names = [
            ("MIB_TCPTABLE_OWNER_MODULE", "MIB_TCPROW_OWNER_MODULE", "dwLocalAddr", "dwRemoteAddr"),
            ("MIB_TCP6TABLE_OWNER_MODULE", "MIB_TCP6ROW_OWNER_MODULE", "ucLocalAddr", "ucRemoteAddr"),
            ("MIB_UDPTABLE_OWNER_MODULE", "MIB_UDPROW_OWNER_MODULE", "dwLocalAddr", ""),
            ("MIB_UDP6TABLE_OWNER_MODULE", "MIB_UDP6ROW_OWNER_MODULE", "ucLocalAddr", ""),
            ("MIB_TCPTABLE2", "MIB_TCPROW2", "dwLocalAddr", ""),
            ("MIB_TCP6TABLE2", "MIB_TCP6ROW2", "LocalAddr", ""),
        ];
        for (table, (table_name, row_name, local, remote)) in TABLES.into_iter().zip(names) {
            let layout = table.layout();
            let flags = layout.bound_at.filter(|_| layout.protocol == Protocol::Udp).map(|at| at + 8);
            let tag = layout.bound_at.map(|at| flags.map_or(at, |flags| flags) + 8);
            let fields = [
                (local, Some(layout.local)),
                ("dwLocalPort", Some(layout.local_port)),
                ("dwLocalScopeId", layout.scope),
                (remote, layout.remote.map(|(address, _)| address)),
                ("dwRemotePort", layout.remote.map(|(_, port)| port)),
                ("dwState", layout.state),
                ("dwOwningPid", Some(layout.pid)),
                ("liCreateTimestamp", layout.bound_at),
                ("dwFlags", flags),
                ("OwningModuleInfo", tag),
            ];
            let fields =
                fields.iter().filter_map(|(field, at)| Some(format!("AT({row_name}, {field}, {});", (*at)?)));
            let first = [format!("AT({table_name}, table, {});", layout.first_row)];
            let lines: Vec<String> = first.into_iter().chain(fields).collect();
            let block = format!("\n{}\nIS(sizeof({row_name}), {});\n", lines.join("\n"), layout.row);
            assert!(asked.contains(&block), "tests/offsets/windows.c lacks {block}");
        }
    }

    #[test]
    fn a_table_that_is_cut_off_is_none() {
        for table in TABLES {
            let bytes = written(table, &[LISTENER, LISTENER]);
            for end in 0..bytes.len() {
                assert_eq!(sockets(table, &bytes[..end]), None, "{table:?} {end}");
            }
            assert_eq!(sockets(table, &0_u32.to_ne_bytes()), Some(Vec::new()));
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_harm(
            at in 0_usize..400, byte in any::<u8>(), table in prop::sample::select(&TABLES[..]),
        ) {
            let mut bytes = written(table, &[LISTENER, LISTENER]);
            if let Some(one) = bytes.get_mut(at) {
                *one = byte;
            }
            let _ = sockets(table, &bytes);
        }
    }
}
