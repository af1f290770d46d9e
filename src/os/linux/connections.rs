//! Who is connected to a listener, and what else has a port for its own: asked of the kernel by port, so
//! that nothing else is dumped.

use super::super::ScanScope;
use super::super::connection_count::{self, Connection};
use super::super::decode::linux::inet_diag::States;
use super::super::decode::linux::socket::LinuxSocket;
use super::super::socket_filter::SocketFilter;
use super::listeners::{Interfaces, ScannedSocket};
use super::tables::Tables;
use crate::model::{PortRange, Protocol};

/// Counts the connections of TCP listeners on these ports, which are all of one namespace. Returns why
/// they may be more, where they may.
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

/// What else has one of these ports for its own: a listener's connections that outlived it, or a
/// client's; and why there may be more, where there may.
pub(super) fn port_connections(tables: &mut Tables, scope: &ScanScope) -> (Vec<LinuxSocket>, Option<String>) {
    let filter = SocketFilter::new(scope, &[]);
    let (mut port_connections, mut lacking) = (Vec::new(), None);
    for protocol in [Protocol::Tcp, Protocol::Udp] {
        if scope.protocol.is_some_and(|only| only != protocol) {
            continue;
        }
        let read = tables.read(protocol, States::WITH_PEER, Some(&scope.detail_ports));
        lacking = lacking.or(read.why_not_whole());
        let is_one = |socket: &LinuxSocket| filter.keep(socket).port_connection.is_some();
        port_connections.extend(read.sockets.into_iter().filter(is_one));
    }
    (port_connections, lacking)
}
