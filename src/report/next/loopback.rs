//! Whether what every machine may reach could be bound to loopback.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::caution::caution;
use crate::model::{Exposure, Os, Process, Protocol, Row, ServiceManager, State, usual_ephemeral};

/// UDP ports of protocols that find or serve other machines, or whose clients send from the same port: on loopback they
/// would not work. (Names and uses: IANA's registry, and the programs' manuals.)
const NO_LOOPBACK: [(u16, u16); 33] = [
    // Addresses: DHCP and DHCPv6, BOOTP, TFTP.
    (67, 69),
    (546, 547),
    (4011, 4011),
    // Clocks: NTP, PTP.
    (123, 123),
    (319, 320),
    // Names and services of the network: NetBIOS, SLP, SSDP, WS-Discovery, mDNS, LLMNR, NAT-PMP, CoAP.
    (137, 138),
    (427, 427),
    (1900, 1900),
    (3702, 3702),
    (5350, 5351),
    (5353, 5353),
    (5355, 5355),
    (5683, 5684),
    // Routers: RIP, HSRP, VRRP's kin, BFD, LDP, OLSR, Babel.
    (520, 521),
    (646, 646),
    (698, 698),
    (1985, 1985),
    (2029, 2029),
    (3784, 3785),
    (4784, 4784),
    (6696, 6696),
    // Tunnels: IKE, L2TP, OpenVPN, IPsec, VXLAN, GTP, Geneve, Linux VXLAN.
    (500, 500),
    (1194, 1194),
    (1701, 1701),
    (2152, 2152),
    (4500, 4500),
    (4789, 4789),
    (6081, 6081),
    (8472, 8472),
    // Calls and peers: STUN and TURN, SIP, BitTorrent.
    (3478, 3479),
    (5060, 5061),
    (6881, 6889),
    // Clusters: Corosync, Serf, and the like.
    (5404, 5407),
];

/// Whether a UDP port may be one where a program waits for requests. That it is bound to one says less than of TCP: clients
/// are bound too.
fn is_for_requests(port: u16) -> bool {
    // Linux begins lowest to choose ports for clients.
    port < usual_ephemeral(Os::Linux).first
        && !NO_LOOPBACK.iter().any(|&(first, last)| (first..=last).contains(&port))
}

/// That it could be reachable from this machine alone.
pub(super) fn bound(row: &Row, lead: &Process, os: Os) -> Option<String> {
    let is_exposed = matches!(row.exposure, Exposure::AllInterfaces | Exposure::Public);
    let is_here = row.socket.namespace.is_none() && lead.container.is_none();
    let listens = match row.socket.protocol {
        Protocol::Tcp => row.socket.state == State::Listen,
        Protocol::Udp => row.socket.state == State::Unconnected && is_for_requests(row.socket.local.port()),
        Protocol::Sctp | Protocol::Udplite => false,
    };
    // Where its property list stands, Apple's own cannot be changed.
    let by_launchd =
        row.socket.activation.as_ref().is_some_and(|held| held.manager == ServiceManager::Launchd);
    let serves_others = caution(row, lead, os).is_some_and(|caution| caution.serves_others);
    if !(is_exposed && is_here && listens) || serves_others || by_launchd || lead.program().is_none() {
        return None;
    }
    let port = row.socket.local.port();
    let ip: IpAddr = match row.socket.local.ip().to_canonical() {
        IpAddr::V6(ip) if !ip.is_unspecified() || row.socket.dual_stack == Some(false) => {
            Ipv6Addr::LOCALHOST.into()
        }
        IpAddr::V4(_) | IpAddr::V6(_) => Ipv4Addr::LOCALHOST.into(),
    };
    let there = SocketAddr::new(ip, port);
    let how = match (&lead.forward, &row.socket.activation) {
        (Some(forward), _) => format!("Publish it as {there}:{}", forward.to.port()),
        (None, Some(_)) if row.socket.protocol == Protocol::Udp => {
            format!("Set ListenDatagram={there} in its socket unit")
        }
        (None, Some(_)) => format!("Set ListenStream={there} in its socket unit"),
        (None, None) => format!("Bind it to {ip}"),
    };
    Some(format!("{how} if only this machine needs it."))
}
