//! The socket tables of iphlpapi. Those with the most facts are read by themselves; where Windows refuses one,
//! `netstat2` reads the one that has only the ids of the processes.

pub(super) mod tables;
pub(super) mod witness;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::net::SocketAddr;
use std::num::NonZeroU32;

use super::super::connection_count::{self, Connection};
use super::super::decode::windows::socket_tables::{self, ListedSocket, Table};
use super::super::process_scan::{HeldSocket, HeldSockets};
use super::super::socket_filter::SocketFilter;
use super::super::{ScanScope, Unobservable};
use crate::model::{Gap, GapKind, Pid, PortRange, Protocol, Socket};

/// The two ends of established connections, this machine's first. A set, because the tables may have an entry for each
/// process that holds a socket.
type Established = BTreeSet<(SocketAddr, SocketAddr)>;

/// The sockets that count, and what only Windows says of them.
pub(super) struct SocketScan {
    pub(super) held: HeldSockets,
    /// For each of the listed sockets the number of the service that created it, where Windows has one.
    pub(super) service_tags: Vec<Option<NonZeroU32>>,
}

/// Reads the sockets in scope, and counts the connections of the listeners on `counted` ports. Opens each table by
/// itself, because a system without IPv6 lacks some.
///
/// # Errors
///
/// If none of the socket tables can be read.
pub(super) fn read(
    scope: &ScanScope,
    license_ports: &[PortRange],
    counted: &[PortRange],
    gaps: &mut Vec<Gap>,
) -> Result<SocketScan, Unobservable> {
    let filter = SocketFilter::new(scope, license_ports);
    let mut all: Vec<ListedSocket> = Vec::new();
    let (mut unread, mut incomplete) = (Vec::new(), None);
    let mut any_read = false;
    for table in in_scope(scope) {
        match tables::read(table).or_else(|_| witness::read(table, &mut incomplete)) {
            Ok(sockets) => {
                any_read = true;
                all.extend(sockets);
            }
            Err(why) => unread.push(why),
        }
    }
    if !any_read && let Some(why) = unread.pop() {
        return Err(Unobservable::Sockets { why });
    }
    unread.dedup();
    for why in unread {
        let detail = format!("a socket table could not be opened ({why}), so listeners may be missing");
        gaps.push(Gap::new(GapKind::SocketsUnreadable, detail));
    }
    if let Some(why) = incomplete {
        let detail =
            format!("a socket table could not be read completely ({why}), so listeners may be missing");
        gaps.push(Gap::new(GapKind::SocketsUnreadable, detail));
    }
    all.extend(bound(scope, &all, gaps));
    Ok(kept(all, &filter, counted))
}

fn kept(all: Vec<ListedSocket>, filter: &SocketFilter<'_>, counted: &[PortRange]) -> SocketScan {
    let mut scan = SocketScan { held: HeldSockets::default(), service_tags: Vec::new() };
    let mut established = Established::new();
    let mut names: HashMap<NonZeroU32, String> = HashMap::new();
    for ListedSocket { socket, bound_at, port_requested, service_tag } in all {
        if socket.is_established_tcp() {
            established.extend(socket.peer.map(|peer| (socket.local, peer)));
        }
        let kept = filter.keep(&socket);
        let pids: Vec<Pid> = socket.key.into_iter().collect();
        if let Some(state) = kept.listed {
            let interface = socket
                .interface
                .map(|index| names.entry(index).or_insert_with(|| tables::interface(index.get())).clone());
            let listed = Socket { interface, opened_at: bound_at, port_requested, ..socket.to_socket(state) };
            scan.held.listed.push(HeldSocket { socket: listed, pids });
            scan.service_tags.push(service_tag);
        } else if kept.port_connection.is_some() {
            scan.held.port_connections.extend(socket.to_port_connection(pids));
        }
    }
    let listed = scan.held.listed.iter_mut().map(|held| &mut held.socket).collect();
    connection_count::count(listed, counted, |_| {
        let connection =
            |(local, peer): (SocketAddr, SocketAddr)| Connection { local, interface: None, peer: peer.ip() };
        established.into_iter().map(connection)
    });
    scan
}

/// The TCP sockets that have a port without listening: of those whose port no other socket of the same process has. A
/// client's socket is in this table as long as it has its connection.
fn bound(scope: &ScanScope, all: &[ListedSocket], gaps: &mut Vec<Gap>) -> Vec<ListedSocket> {
    if scope.protocol.is_some_and(|only| only != Protocol::Tcp) {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut unread = None;
    for table in [Table::Bound4, Table::Bound6] {
        match tables::bound(table) {
            Ok(sockets) => found.extend(sockets),
            Err(why) => unread = Some(why),
        }
    }
    if let Some(why) = unread.filter(|_| !scope.detail_ports.is_empty()) {
        let detail =
            format!("programs may hold TCP ports without listening, and not all could be read: {why}");
        gaps.push(Gap::new(GapKind::BoundSocketsHidden, detail));
    }
    socket_tables::without_clients(found, all)
}

/// The tables that are in scope.
fn in_scope(scope: &ScanScope) -> Vec<Table> {
    let tables = [
        (Protocol::Tcp, scope.ipv4, Table::Tcp4),
        // The IPv6 tables may hold sockets with IPv4-mapped addresses.
        (Protocol::Tcp, true, Table::Tcp6),
        (Protocol::Udp, scope.ipv4, Table::Udp4),
        (Protocol::Udp, true, Table::Udp6),
    ];
    let is_in_scope = |protocol, family| family && scope.protocol.is_none_or(|only| only == protocol);
    tables
        .into_iter()
        .filter(|&(protocol, family, _)| is_in_scope(protocol, family))
        .map(|(_, _, table)| table)
        .collect()
}

/// The processes that hold sockets in scope now.
pub(super) fn holders(scope: &ScanScope) -> HashSet<Pid> {
    let Ok(scan) = read(scope, &[], &[], &mut Vec::new()) else { return HashSet::new() };
    scan.held.listed.into_iter().flat_map(|held| held.pids).collect()
}
