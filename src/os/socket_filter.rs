//! Which sockets count: one decision for all backends.

use super::ScanScope;
use super::port_set::PortSet;
use super::socket_record::{SocketRecord, TcpState};
use crate::model::{ConnectionState, PortRange, Protocol, State};

/// Keeps the sockets that are in scope.
pub(super) struct SocketFilter<'a> {
    scope: &'a ScanScope,
    ports: PortSet,
    detail_ports: PortSet,
    license_ports: PortSet,
}

/// What a socket counts as. It may be both a connection and an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Kept {
    /// It can receive, or it occupies its port.
    pub(super) listed: Option<State>,
    /// It has a peer, and its local port is one of [`ScanScope::detail_ports`].
    pub(super) port_connection: Option<ConnectionState>,
    /// It is a connection attempt to a license server, and was sent more than once.
    pub(super) is_unanswered: bool,
}

impl<'a> SocketFilter<'a> {
    pub(super) fn new(scope: &'a ScanScope, license_ports: &[PortRange]) -> SocketFilter<'a> {
        SocketFilter {
            scope,
            ports: PortSet::new(&scope.ports),
            detail_ports: PortSet::new(&scope.detail_ports),
            license_ports: PortSet::new(license_ports),
        }
    }

    pub(super) fn keep<Key>(&self, socket: &SocketRecord<Key>) -> Kept {
        if self.scope.protocol.is_some_and(|only| only != socket.protocol) {
            return Kept::default();
        }
        let port = socket.local.port();
        let is_in_family = self.scope.includes_family_of(socket.local, socket.dual_stack);
        Kept {
            listed: socket.listed_state().filter(|_| is_in_family && self.is_in_scope(port)),
            port_connection: socket.connection().filter(|_| self.detail_ports.contains(port)),
            is_unanswered: is_in_family && self.is_unanswered(socket),
        }
    }

    fn is_unanswered<Key>(&self, socket: &SocketRecord<Key>) -> bool {
        let is_attempt = socket.protocol == Protocol::Tcp && socket.state == TcpState::SynSent;
        let is_to_license_server = || {
            let server = socket.peer.map(|peer| peer.port());
            server.is_some_and(|port| self.license_ports.contains(port) && self.is_in_scope(port))
        };
        is_attempt && socket.retransmits.is_some_and(|times| times > 0) && is_to_license_server()
    }

    fn is_in_scope(&self, port: u16) -> bool {
        self.ports.is_empty() || self.ports.contains(port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn socket(protocol: Protocol, state: TcpState, local: &str, peer: Option<&str>) -> SocketRecord<()> {
        SocketRecord {
            protocol,
            state,
            local: local.parse().unwrap(),
            peer: peer.map(|peer| peer.parse().unwrap()),
            interface: None,
            dual_stack: None,
            uid: Some(501),
            accept_queue: None,
            retransmits: Some(2),
            key: (),
        }
    }

    fn range(first: u16, last: u16) -> PortRange {
        PortRange { first, last }
    }

    /// The indices of the listed sockets, of port connections, and of unanswered attempts.
    type Indices = (Vec<usize>, Vec<usize>, Vec<usize>);

    fn kept(sockets: &[SocketRecord<()>], scope: &ScanScope) -> Indices {
        let filter = SocketFilter::new(scope, &[range(27000, 27009)]);
        let mut kept = Indices::default();
        for (at, socket) in sockets.iter().enumerate() {
            let one = filter.keep(socket);
            kept.0.extend(one.listed.map(|_| at));
            kept.1.extend(one.port_connection.map(|_| at));
            kept.2.extend(one.is_unanswered.then_some(at));
        }
        kept
    }

    #[test]
    fn the_scope_says_which_sockets_count() {
        let sockets = [
            socket(Protocol::Tcp, TcpState::Listening, "0.0.0.0:27000", None),
            socket(Protocol::Tcp, TcpState::Listening, "[::]:80", None),
            socket(Protocol::Tcp, TcpState::TimeWait, "10.0.0.1:27000", Some("10.0.0.2:5000")),
            socket(Protocol::Tcp, TcpState::SynSent, "10.0.0.1:50000", Some("10.0.0.2:27000")),
            socket(Protocol::Udp, TcpState::Closed, "0.0.0.0:27000", None),
            socket(Protocol::Udp, TcpState::Established, "10.0.0.1:27000", Some("10.0.0.2:53")),
            socket(Protocol::Tcp, TcpState::Closed, "127.0.0.1:8080", None),
        ];
        let of = |scope: ScanScope| kept(&sockets, &scope);
        assert_eq!(of(ScanScope::default()), (vec![0, 1, 4, 6], vec![], vec![3]));
        let udp = ScanScope { protocol: Some(Protocol::Udp), ..ScanScope::default() };
        assert_eq!(of(udp), (vec![4], vec![], vec![]));
        assert_eq!(of(ScanScope { ipv4: false, ..ScanScope::default() }), (vec![1], vec![], vec![]));
        assert_eq!(of(ScanScope { ipv6: false, ..ScanScope::default() }), (vec![0, 4, 6], vec![], vec![3]));
        let wildcard = |dual_stack| SocketRecord { dual_stack, ..sockets[1].clone() };
        let wildcards = [wildcard(Some(true)), wildcard(Some(false)), wildcard(None)];
        let listed = |scope: ScanScope| kept(&wildcards, &scope).0;
        assert_eq!(listed(ScanScope { ipv6: false, ..ScanScope::default() }), [0], "it takes IPv4 too");
        assert_eq!(listed(ScanScope { ipv4: false, ..ScanScope::default() }), [0, 1, 2]);
        let detail = |port| {
            let ports = vec![range(port, port)];
            ScanScope { ports: ports.clone(), detail_ports: ports, ..ScanScope::default() }
        };
        assert_eq!(of(detail(27000)), (vec![0, 4], vec![2, 5], vec![3]));
        assert_eq!(of(detail(80)), (vec![1], vec![], vec![]));
        let both = ScanScope { detail_ports: vec![range(50000, 50000)], ..ScanScope::default() };
        assert_eq!(of(both), (vec![0, 1, 4, 6], vec![3], vec![3]), "a connection and an attempt");
    }

    #[test]
    fn an_attempt_counts_once_it_was_sent_again_to_a_license_port() {
        let attempt = |peer| socket(Protocol::Tcp, TcpState::SynSent, "10.0.0.1:50000", Some(peer));
        let again = attempt("10.0.0.2:27009");
        let first = SocketRecord { retransmits: Some(0), ..again.clone() };
        let elsewhere = attempt("10.0.0.2:27010");
        let answered = SocketRecord { state: TcpState::Established, ..again.clone() };
        let unknown = SocketRecord { retransmits: None, ..again.clone() };
        let sockets = [first, elsewhere, answered, unknown, again];
        assert_eq!(kept(&sockets, &ScanScope::default()), (vec![], vec![], vec![4]));
    }
}
