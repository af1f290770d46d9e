//! Who is connected to a listener, and what else has a port for its own: asked of the kernel by port, so
//! that nothing else is dumped.

use std::collections::HashMap;
use std::net::IpAddr;

use super::super::decode::inet_diag::States;
use super::super::decode::kernel_socket::{KernelSocket, TcpState};
use super::listeners::{Found, Interfaces};
use super::tables::Tables;
use crate::model::{Connections, PortRange, Protocol, RemnantState, Socket, State};

/// So many of the busiest peers are named.
const MOST_PEERS: usize = 5;

/// Counts the connections of TCP listeners on these ports, which are all of one namespace. Returns why
/// they may be more, where they may.
pub(super) fn count(tables: &mut Tables, found: &mut [Found], ports: &[PortRange]) -> Option<String> {
    let counted = |socket: &Socket| {
        socket.state == State::Listen && ports.iter().any(|range| range.contains(socket.local.port()))
    };
    let mut listeners: HashMap<u16, Vec<usize>> = HashMap::new();
    for (at, found) in found.iter().enumerate().filter(|(_, found)| counted(&found.socket)) {
        listeners.entry(found.socket.local.port()).or_default().push(at);
    }
    let mut ranges: Vec<PortRange> =
        listeners.keys().map(|&port| PortRange { first: port, last: port }).collect();
    if ranges.is_empty() {
        return None;
    }
    ranges.sort_unstable();
    let mut interfaces = Interfaces::default();
    let mut peers: HashMap<usize, HashMap<IpAddr, usize>> = HashMap::new();
    let read = tables.read(Protocol::Tcp, States::ESTABLISHED, Some(&ranges));
    let lacking = read.why_not_whole();
    for connection in read.sockets {
        let interface = connection.interface.map(|index| interfaces.name(index));
        let here = listeners.get(&connection.local.port()).into_iter().flatten().copied();
        let here: Vec<(usize, &Socket)> = here.map(|at| (at, &found[at].socket)).collect();
        for at in came_in_by(&here, connection.local.ip(), interface.as_deref()) {
            *peers.entry(at).or_default().entry(connection.peer.ip()).or_default() += 1;
        }
    }
    for at in listeners.into_values().flatten() {
        found[at].socket.connections = Some(summary(peers.remove(&at).unwrap_or_default()));
    }
    lacking
}

/// The listeners that a connection came in by: those that the kernel likes best (`compute_score` in
/// `net/ipv4/inet_hashtables.c`). Of one `SO_REUSEPORT` group all, for the kernel does not tell whose
/// it was.
fn came_in_by(listeners: &[(usize, &Socket)], local: IpAddr, interface: Option<&str>) -> Vec<usize> {
    let score = |socket: &Socket| {
        let ip = socket.local.ip();
        let takes = ip == local
            || (ip.is_unspecified() && (ip.is_ipv4() == local.is_ipv4() || socket.dual_stack != Some(false)));
        let through = socket.interface.as_deref();
        let reached = through.is_none() || through == interface;
        (takes && reached).then_some((through.is_some(), ip == local, ip.is_ipv4() == local.is_ipv4()))
    };
    let best = listeners.iter().filter_map(|(_, socket)| score(socket)).max();
    let is_best = |(at, socket): &(usize, &Socket)| (best.is_some() && score(socket) == best).then_some(*at);
    listeners.iter().filter_map(is_best).collect()
}

fn summary(peers: HashMap<IpAddr, usize>) -> Connections {
    let mut top: Vec<(IpAddr, usize)> = peers.into_iter().collect();
    top.sort_by_key(|&(address, count)| (std::cmp::Reverse(count), address));
    let (established, peers) = (top.iter().map(|(_, count)| count).sum(), top.len());
    top.truncate(MOST_PEERS);
    Connections { established, peers, top }
}

/// What else has one of these ports for its own: a listener's connections that outlived it, or a
/// client's; and why there may be more, where there may.
pub(super) fn remnants(
    tables: &mut Tables,
    only: Option<Protocol>,
    ports: &[PortRange],
) -> (Vec<(Protocol, RemnantState, KernelSocket)>, Option<String>) {
    let (mut remnants, mut lacking) = (Vec::new(), None);
    for protocol in [Protocol::Tcp, Protocol::Udp] {
        if only.is_some_and(|only| only != protocol) {
            continue;
        }
        let read = tables.read(protocol, States::WITH_PEER, Some(ports));
        lacking = lacking.or(read.why_not_whole());
        for socket in read.sockets {
            let state = match socket.state {
                TcpState::Established | TcpState::CloseWait => RemnantState::Connected,
                TcpState::SynSent | TcpState::SynReceived => RemnantState::Requesting,
                TcpState::TimeWait => RemnantState::TimeWait,
                TcpState::Closing => RemnantState::Closing,
                TcpState::Closed | TcpState::Listening => continue,
            };
            remnants.push((protocol, state, socket));
        }
    }
    (remnants, lacking)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Protocol, SocketId};

    fn listener(local: &str, interface: Option<&str>, dual_stack: Option<bool>) -> Socket {
        Socket {
            interface: interface.map(str::to_owned),
            dual_stack,
            ..Socket::new(SocketId(0), Protocol::Tcp, State::Listen, local.parse().unwrap())
        }
    }

    #[test]
    fn a_connection_counts_where_the_kernel_let_it_in() {
        let listeners = [
            listener("0.0.0.0:80", None, None),
            listener("0.0.0.0:80", Some("lan0"), None),
            listener("10.0.0.1:80", None, None),
            listener("[::]:80", None, Some(false)),
            listener("[::1]:80", None, None),
        ];
        let all: Vec<(usize, &Socket)> = listeners.iter().enumerate().collect();
        let by = |local: &str, interface| came_in_by(&all, local.parse().unwrap(), interface);
        assert_eq!(by("127.0.0.1", None), [0]);
        assert_eq!(by("10.0.0.9", Some("lan0")), [1]);
        assert_eq!(by("10.0.0.1", None), [2]);
        assert_eq!(by("::1", None), [4]);
        assert_eq!(by("fd00::7", None), [3]);
        assert!(came_in_by(&all[3..4], "127.0.0.1".parse().unwrap(), None).is_empty(), "IPv6 alone");
        let both = listener("[::]:80", None, Some(true));
        assert_eq!(came_in_by(&[(7, &both), (8, &both)], "127.0.0.1".parse().unwrap(), None), [7, 8]);
    }
}
