//! Who is connected to a listener, and what else has a port for its own: asked of the kernel by port, so
//! that nothing else is dumped.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};

use super::super::decode::inet_diag::States;
use super::super::decode::kernel_socket::{KernelSocket, TcpState};
use super::super::decode::port_filter::Port;
use super::listeners::Found;
use super::tables::{Tables, Unread};
use crate::model::{Connections, PortRange, Protocol, RemnantState, Socket, State};

/// So many of the busiest peers are named.
const MOST_PEERS: usize = 5;

/// Counts the connections of TCP listeners on these ports, which are all of one namespace.
///
/// # Errors
///
/// Where the connections cannot be read.
pub(super) fn count(tables: &mut Tables, found: &mut [Found], ports: &[PortRange]) -> Result<(), Unread> {
    let counted = |socket: &Socket| {
        socket.state == State::Listen && ports.iter().any(|range| range.contains(socket.local.port()))
    };
    let mut listeners: HashMap<u16, Vec<usize>> = HashMap::new();
    for (at, found) in found.iter().enumerate().filter(|(_, found)| counted(&found.socket)) {
        listeners.entry(found.socket.local.port()).or_default().push(at);
    }
    let ranges: Vec<PortRange> =
        listeners.keys().map(|&port| PortRange { first: port, last: port }).collect();
    if ranges.is_empty() {
        return Ok(());
    }
    let mut peers: HashMap<usize, HashMap<IpAddr, usize>> = HashMap::new();
    for connection in tables.read(Protocol::Tcp, States::ESTABLISHED, Some((Port::Local, &ranges)))? {
        let here = listeners.get(&connection.local.port()).into_iter().flatten().copied();
        for at in nearest(here, |at| found[at].socket.local, connection.local) {
            *peers.entry(at).or_default().entry(connection.peer.ip()).or_default() += 1;
        }
    }
    for at in listeners.into_values().flatten() {
        found[at].socket.connections = Some(summary(peers.remove(&at).unwrap_or_default()));
    }
    Ok(())
}

/// The listeners that a connection came in by: those at its very address, or else at a wildcard.
/// Listeners of one `SO_REUSEPORT` group share them, for the kernel does not tell whose one was.
fn nearest(
    listeners: impl Iterator<Item = usize>,
    address_of: impl Fn(usize) -> SocketAddr,
    local: SocketAddr,
) -> Vec<usize> {
    let all: Vec<(usize, IpAddr)> = listeners.map(|at| (at, address_of(at).ip())).collect();
    let at = |is_it: &dyn Fn(IpAddr) -> bool| -> Vec<usize> {
        all.iter().filter(|(_, ip)| is_it(*ip)).map(|(at, _)| *at).collect()
    };
    let exact = at(&|ip| ip == local.ip());
    if !exact.is_empty() {
        return exact;
    }
    let own_family = at(&|ip| ip.is_unspecified() && ip.is_ipv4() == local.is_ipv4());
    if own_family.is_empty() { at(&|ip| ip.is_unspecified()) } else { own_family }
}

fn summary(peers: HashMap<IpAddr, usize>) -> Connections {
    let mut top: Vec<(IpAddr, usize)> = peers.into_iter().collect();
    top.sort_by_key(|&(address, count)| (std::cmp::Reverse(count), address));
    let (established, peers) = (top.iter().map(|(_, count)| count).sum(), top.len());
    top.truncate(MOST_PEERS);
    Connections { established, peers, top }
}

/// What else has one of these ports for its own: a listener's connections that outlived it, or a
/// client's.
///
/// # Errors
///
/// Where it cannot be read.
pub(super) fn remnants(
    tables: &mut Tables,
    only: Option<Protocol>,
    ports: &[PortRange],
) -> Result<Vec<(Protocol, RemnantState, KernelSocket)>, Unread> {
    let mut remnants = Vec::new();
    for protocol in [Protocol::Tcp, Protocol::Udp] {
        if only.is_some_and(|only| only != protocol) {
            continue;
        }
        for socket in tables.read(protocol, States::WITH_PEER, Some((Port::Local, ports)))? {
            let state = match socket.state {
                TcpState::Established | TcpState::CloseWait => RemnantState::Connected,
                TcpState::SynSent => RemnantState::Requesting,
                TcpState::TimeWait => RemnantState::TimeWait,
                TcpState::SynReceived | TcpState::Closing => RemnantState::Closing,
                TcpState::Closed | TcpState::Listening => continue,
            };
            remnants.push((protocol, state, socket));
        }
    }
    Ok(remnants)
}
