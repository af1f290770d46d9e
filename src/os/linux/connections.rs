//! The connections of listeners, and those that use a port in question. The kernel filters them by port, so that
//! it dumps nothing else.

use super::super::ScanScope;
use super::super::connection_count::{self, Connection};
use super::super::decode::linux::inet_diag::States;
use super::super::decode::linux::socket::LinuxSocket;
use super::super::socket_filter::SocketFilter;
use super::listeners::{Interfaces, ScannedSocket};
use super::tables::Tables;
use crate::model::{PortRange, Protocol};

/// Counts the connections of the TCP listeners on these ports. All must be of one namespace. Returns why
/// there may be more connections, if there may.
pub(super) fn count(tables: &mut Tables, found: &mut [ScannedSocket], ports: &[PortRange]) -> Option<String> {
    let mut lacking = None;
    let sockets = found.iter_mut().map(|found| &mut found.socket).collect();
    connection_count::count(sockets, ports, |ports| {
        let read = tables.read(Protocol::Tcp, States::ESTABLISHED, Some(ports));
        lacking = read.why_not_whole();
        let mut interfaces = Interfaces::default();
        read.sockets.into_iter().filter_map(move |connection| {
            let interface = connection.interface.map(|index| interfaces.name(index.get()));
            Some(Connection { local: connection.local, interface, peer: connection.peer?.ip() })
        })
    });
    lacking
}

/// The TCP connections whose local port is to be reported in detail: connections that outlived their listener, or a
/// client's. And why there may be more, if there may.
pub(super) fn port_connections(tables: &mut Tables, scope: &ScanScope) -> (Vec<LinuxSocket>, Option<String>) {
    if scope.protocol == Some(Protocol::Udp) {
        return (Vec::new(), None);
    }
    let filter = SocketFilter::new(scope, &[]);
    let read = tables.read(Protocol::Tcp, States::WITH_PEER, Some(&scope.detail_ports));
    let lacking = read.why_not_whole();
    let is_one = |socket: &LinuxSocket| filter.keep(socket).port_connection.is_some();
    (read.sockets.into_iter().filter(is_one).collect(), lacking)
}
