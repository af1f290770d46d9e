//! Counts the connections of TCP listeners, by listener and by peer.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::port_set::PortSet;
use crate::model::sorting::sort_by_key;
use crate::model::{Connections, PortRange, Protocol, Socket, State};

/// How many of the busiest peers are named.
const MOST_PEERS: usize = 5;

/// An established connection.
pub struct Connection {
    pub local: SocketAddr,
    /// The interface of the local address, if it belongs to one.
    pub interface: Option<String>,
    pub peer: IpAddr,
}

/// Counts the connections of the sockets that listen on these ports. All must be of one network namespace.
/// `established` is called only if there is such a listener, and returns the connections to these ports, perhaps
/// with others.
pub fn count<C: IntoIterator<Item = Connection>>(
    mut sockets: Vec<&mut Socket>,
    ports: &[PortRange],
    established: impl FnOnce(&[PortRange]) -> C,
) {
    let ports = PortSet::new(ports);
    let is_listener = |socket: &Socket| (socket.protocol, socket.state) == (Protocol::Tcp, State::Listen);
    let counted = |socket: &Socket| is_listener(socket) && ports.contains(socket.local.port());
    let mut groups = Groups::default();
    let group_of = |socket: &Socket| counted(socket).then(|| groups.add(socket));
    let group_of: Vec<Option<usize>> = sockets.iter().map(|socket| &**socket).map(group_of).collect();
    if groups.ports.is_empty() {
        return;
    }
    let theirs: Vec<PortRange> = groups.ports.keys().map(|&port| PortRange::one(port)).collect();
    let mut peers: Vec<HashMap<IpAddr, usize>> = vec![HashMap::new(); groups.count];
    for Connection { local, interface, peer } in established(&theirs) {
        for group in groups.came_in_by(local, interface.as_deref()).into_iter().flatten() {
            *peers[group].entry(peer).or_default() += 1;
        }
    }
    let summaries: Vec<Connections> = peers.into_iter().map(summary).collect();
    for (socket, group) in sockets.iter_mut().zip(group_of) {
        socket.connections = group.map(|group| summaries[group].clone());
    }
}

/// The listeners among which the kernel does not say which one accepted a connection: the sockets of one
/// `SO_REUSEPORT` group. There may be thousands, so their peers are counted once for all.
#[derive(Default)]
struct Groups {
    ports: BTreeMap<u16, OfPort>,
    count: usize,
}

/// The groups of one port.
#[derive(Default)]
struct OfPort {
    to_any_interface: HashMap<IpAddr, Group>,
    /// By the interface that they are bound to.
    to_one_interface: HashMap<String, HashMap<IpAddr, Group>>,
}

/// The numbers of the groups at one address: an IPv6 wildcard takes IPv4 too, or it does not.
#[derive(Default, Clone, Copy)]
struct Group {
    takes_ipv4: Option<usize>,
    ipv6_only: Option<usize>,
}

impl Groups {
    /// The number of the group that a listener belongs to.
    fn add(&mut self, listener: &Socket) -> usize {
        let of_port = self.ports.entry(listener.local.port()).or_default();
        let at_address = match &listener.interface {
            None => &mut of_port.to_any_interface,
            Some(interface) => of_port.to_one_interface.entry(interface.clone()).or_default(),
        };
        let group = at_address.entry(listener.local.ip()).or_default();
        let number = match listener.dual_stack {
            Some(false) => &mut group.ipv6_only,
            _ => &mut group.takes_ipv4,
        };
        *number.get_or_insert_with(|| {
            self.count += 1;
            self.count - 1
        })
    }

    /// The groups that may have accepted a connection: those with the highest score in the kernel (`compute_score`
    /// in Linux's `net/ipv4/inet_hashtables.c`; macOS's `in_pcblookup_hash` in `bsd/netinet/in_pcb.c` also prefers
    /// an exact address, and the wildcard of IPv4 to that of IPv6).
    fn came_in_by(&self, local: SocketAddr, interface: Option<&str>) -> [Option<usize>; 2] {
        let Some(of_port) = self.ports.get(&local.port()) else { return [None; 2] };
        let through = interface.and_then(|interface| of_port.to_one_interface.get(interface));
        let best = through.and_then(|groups| best_for(groups, local.ip()));
        best.or_else(|| best_for(&of_port.to_any_interface, local.ip())).unwrap_or_default()
    }
}

fn best_for(groups: &HashMap<IpAddr, Group>, local: IpAddr) -> Option<[Option<usize>; 2]> {
    let v6 = IpAddr::from(Ipv6Addr::UNSPECIFIED);
    let own_wildcard = if local.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { v6 };
    if let Some(group) = groups.get(&local).or_else(|| groups.get(&own_wildcard)) {
        return Some([group.takes_ipv4, group.ipv6_only]);
    }
    let takes_ipv4 = groups.get(&v6).filter(|_| local.is_ipv4())?.takes_ipv4?;
    Some([Some(takes_ipv4), None])
}

fn summary(peers: HashMap<IpAddr, usize>) -> Connections {
    let mut top: Vec<(IpAddr, usize)> = peers.into_iter().collect();
    sort_by_key(&mut top, |&(address, count)| (std::cmp::Reverse(count), address));
    let (established, peers) = (top.iter().map(|(_, count)| count).sum(), top.len());
    top.truncate(MOST_PEERS);
    top.shrink_to_fit();
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
        let by = |listeners: &[Socket], local: &str, interface| {
            let mut groups = Groups::default();
            let numbers: Vec<usize> = listeners.iter().map(|listener| groups.add(listener)).collect();
            let came_in_by = groups.came_in_by(SocketAddr::new(local.parse().unwrap(), 80), interface);
            let is_one = |&at: &usize| came_in_by.contains(&Some(numbers[at]));
            (0..listeners.len()).filter(is_one).collect::<Vec<usize>>()
        };
        assert_eq!(by(&listeners, "127.0.0.1", None), [0]);
        assert_eq!(by(&listeners, "10.0.0.9", Some("lan0")), [1]);
        assert_eq!(by(&listeners, "10.0.0.1", None), [2]);
        assert_eq!(by(&listeners, "10.0.0.1", Some("lan0")), [1], "the interface comes first");
        assert_eq!(by(&listeners, "10.0.0.1", Some("lan1")), [2]);
        assert_eq!(by(&listeners, "::1", None), [4]);
        assert_eq!(by(&listeners, "fd00::7", None), [3]);
        assert_eq!(by(&listeners[3..4], "127.0.0.1", None), [0_usize; 0], "it takes IPv6 only");
        assert_eq!(by(&listeners[..3], "fd00::7", None), [0_usize; 0], "they take IPv4 only");
        let [both, unknown] = [Some(true), None].map(|dual_stack| listener("[::]:80", None, dual_stack));
        assert_eq!(by(&[both.clone(), both.clone()], "127.0.0.1", None), [0, 1]);
        let mixed = [both, listeners[3].clone(), unknown];
        assert_eq!(by(&mixed, "fd00::7", None), [0, 1, 2]);
        assert_eq!(by(&mixed, "127.0.0.1", None), [0, 2]);
    }
    #[test]
    fn a_group_s_peers_are_counted_once_and_shown_with_each_of_its_sockets() {
        let mut sockets = [
            listener("0.0.0.0:80", None, None),
            listener("10.0.0.1:80", None, None),
            listener("0.0.0.0:80", None, None),
            listener("0.0.0.0:81", None, None),
        ];
        let connection = |peer: &str| Connection {
            local: "127.0.0.1:80".parse().unwrap(),
            interface: None,
            peer: peer.parse().unwrap(),
        };
        count(sockets.iter_mut().collect(), &[PortRange::one(80)], |ports| {
            assert_eq!(ports, [PortRange::one(80)]);
            ["127.0.0.3", "127.0.0.2", "127.0.0.2"].map(connection)
        });
        let [group, exact, other_of_group, elsewhere] = sockets.map(|socket| socket.connections);
        let top = ["127.0.0.2", "127.0.0.3"].map(|peer| peer.parse().unwrap());
        let counted = Connections { established: 3, peers: 2, top: vec![(top[0], 2), (top[1], 1)] };
        assert_eq!((group.as_ref(), other_of_group.as_ref()), (Some(&counted), Some(&counted)));
        assert_eq!((exact, elsewhere), (Some(Connections::default()), None));
    }
}
