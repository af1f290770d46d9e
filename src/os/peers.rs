//! The connections of TCP listeners, by listener and by peer.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};

use crate::model::{Connections, PortRange, Socket, State};

/// So many of the busiest peers are named.
const MOST_PEERS: usize = 5;

/// The connections of some listeners, which are all of one network namespace.
pub(super) struct Tally {
    /// The places of the listeners among the sockets, by port.
    listeners: HashMap<u16, Vec<usize>>,
    peers: HashMap<usize, HashMap<IpAddr, usize>>,
}

impl Tally {
    /// For those of these sockets that listen on these ports.
    pub(super) fn of<'a>(sockets: impl Iterator<Item = &'a Socket>, ports: &[PortRange]) -> Tally {
        let counted = |socket: &Socket| {
            socket.state == State::Listen && ports.iter().any(|range| range.contains(socket.local.port()))
        };
        let mut listeners: HashMap<u16, Vec<usize>> = HashMap::new();
        for (at, socket) in sockets.enumerate().filter(|(_, socket)| counted(socket)) {
            listeners.entry(socket.local.port()).or_default().push(at);
        }
        Tally { listeners, peers: HashMap::new() }
    }

    /// The ports of the listeners, in order.
    pub(super) fn ports(&self) -> Vec<PortRange> {
        let mut ranges: Vec<PortRange> =
            self.listeners.keys().map(|&port| PortRange { first: port, last: port }).collect();
        ranges.sort_unstable();
        ranges
    }

    /// Counts an established connection with its own address and the interface of it, where it has one.
    /// `socket` gives the socket at a place.
    pub(super) fn add<'a>(
        &mut self,
        local: SocketAddr,
        interface: Option<&str>,
        peer: IpAddr,
        socket: impl Fn(usize) -> &'a Socket,
    ) {
        let here = self.listeners.get(&local.port()).into_iter().flatten().copied();
        let here: Vec<(usize, &Socket)> = here.map(|at| (at, socket(at))).collect();
        for at in came_in_by(&here, local.ip(), interface) {
            *self.peers.entry(at).or_default().entry(peer).or_default() += 1;
        }
    }

    /// The connections of each listener, by its place.
    pub(super) fn counted(mut self) -> Vec<(usize, Connections)> {
        let places = self.listeners.into_values().flatten();
        places.map(|at| (at, summary(self.peers.remove(&at).unwrap_or_default()))).collect()
    }
}

/// The listeners that a connection came in by: those that the kernel likes best (`compute_score` in
/// Linux's `net/ipv4/inet_hashtables.c`; `in_pcblookup_hash` in macOS's `bsd/netinet/in_pcb.c` likes an
/// exact address best, too, and IPv4's own wildcard better than IPv6's). Of one `SO_REUSEPORT` group all,
/// for the kernel does not tell whose it was.
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
