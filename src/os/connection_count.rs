//! Counts the connections of TCP listeners, by listener and by peer.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, SocketAddr};

use super::port_set::PortSet;
use crate::model::{Connections, PortRange, Socket, State};

/// How many of the busiest peers are named.
const MOST_PEERS: usize = 5;

/// An established connection.
pub(super) struct Connection {
    pub(super) local: SocketAddr,
    /// The interface of the local address, if it belongs to one.
    pub(super) interface: Option<String>,
    pub(super) peer: IpAddr,
}

/// Counts the connections of the sockets that listen on these ports. All must be of one network namespace.
/// `established` is called only if there is such a listener, and returns the connections to these ports, perhaps
/// with others.
pub(super) fn count<C: IntoIterator<Item = Connection>>(
    mut sockets: Vec<&mut Socket>,
    ports: &[PortRange],
    established: impl FnOnce(&[PortRange]) -> C,
) {
    let ports = PortSet::new(ports);
    let counted = |socket: &Socket| socket.state == State::Listen && ports.contains(socket.local.port());
    // The indices of the listeners among the sockets, by port.
    let mut listeners: BTreeMap<u16, Vec<usize>> = BTreeMap::new();
    for (at, socket) in sockets.iter().enumerate().filter(|(_, socket)| counted(socket)) {
        listeners.entry(socket.local.port()).or_default().push(at);
    }
    if listeners.is_empty() {
        return;
    }
    let theirs: Vec<PortRange> = listeners.keys().map(|&port| PortRange::one(port)).collect();
    let mut peers: HashMap<usize, HashMap<IpAddr, usize>> = HashMap::new();
    for Connection { local, interface, peer } in established(&theirs) {
        let here = listeners.get(&local.port()).into_iter().flatten();
        let here: Vec<(usize, &Socket)> = here.map(|&at| (at, &*sockets[at])).collect();
        for at in came_in_by(&here, local.ip(), interface.as_deref()) {
            *peers.entry(at).or_default().entry(peer).or_default() += 1;
        }
    }
    for at in listeners.into_values().flatten() {
        sockets[at].connections = Some(summary(peers.remove(&at).unwrap_or_default()));
    }
}

/// The listeners that may have accepted a connection: those with the highest score in the kernel (`compute_score`
/// in Linux's `net/ipv4/inet_hashtables.c`; macOS's `in_pcblookup_hash` in `bsd/netinet/in_pcb.c` also prefers an
/// exact address, and the wildcard of IPv4 to that of IPv6). For a `SO_REUSEPORT` group, all its sockets: the
/// kernel does not report which one it was.
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
        assert!(came_in_by(&all[3..4], "127.0.0.1".parse().unwrap(), None).is_empty(), "it takes IPv6 only");
        let both = listener("[::]:80", None, Some(true));
        assert_eq!(came_in_by(&[(7, &both), (8, &both)], "127.0.0.1".parse().unwrap(), None), [7, 8]);
    }
}
