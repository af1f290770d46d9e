//! A socket as macOS's kernel tells of it: in its lists (`pcblist`), or as one that a process has open
//! (`socket_fdinfo`).

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use super::super::super::ScanScope;
use super::super::kernel_socket::TcpState;
use super::super::linux::port_filter::{is_in, joined};
use crate::model::{AcceptQueue, ConnectionState, Pid, PortRange, Protocol, Socket, SocketId, State};

/// One socket of the Internet's protocols.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pcb {
    /// TCP or UDP.
    pub protocol: Protocol,
    /// What it is doing. UDP has `Closed` for a socket without a peer, and `Established` for one with one.
    pub state: TcpState,
    /// Its own address and port; an IPv4-mapped address as IPv4.
    pub local: SocketAddr,
    /// Its peer's; port 0 where it has none.
    pub peer: SocketAddr,
    /// The index of the interface that its own address is of, where the address is of one link alone.
    pub scope: Option<u32>,
    /// For an IPv6 wildcard, whether it takes IPv4 too.
    pub dual_stack: Option<bool>,
    /// The user that made it, where that is told.
    pub uid: Option<u32>,
    /// For a listener: the connections that wait, where that is told.
    pub queue: Option<AcceptQueue>,
    /// For TCP: how often the last segment was sent again without an answer (`t_rxtshift`).
    pub retransmits: u8,
    /// What ties it to the processes that hold it.
    pub identity: Identity,
    /// The process that has it in itself, where it is none of the kernel's sockets: a program may bring its
    /// own network stack (Skywalk), and has no descriptor for it.
    pub process: Option<Pid>,
}

/// What the kernel tells of a socket here and in `socket_fdinfo` alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Identity {
    /// The kernel's address of the socket, made unrecognizable: `xso_so` and `soi_so`. Both were
    /// `VM_KERNEL_ADDRPERM` of it and became `VM_KERNEL_ADDRHASH` (`sotoxsocket_n` in
    /// `bsd/netinet/in_pcblist.c`, `fill_common_sockinfo` in `bsd/kern/socket_info.c`). 0 where it has none.
    pub handle: u64,
    /// The number that the protocol gave it when it was made, and to no other: `inp_gencnt` and
    /// `insi_gencnt` (`in_pcballoc` in `bsd/netinet/in_pcb.c`). 0 where it has none.
    pub generation: u64,
}

impl Identity {
    /// Whether it is told of neither.
    #[must_use]
    pub fn is_none(self) -> bool {
        self.handle == 0 && self.generation == 0
    }
}

impl Pcb {
    /// Whether it is an established connection of TCP's.
    #[must_use]
    pub fn is_established_tcp(&self) -> bool {
        self.protocol == Protocol::Tcp && self.state == TcpState::Established
    }

    /// The socket, where it can receive or keeps others from its port; nothing knows the name of its
    /// interface or its user here.
    #[must_use]
    pub fn socket(&self, id: SocketId) -> Option<Socket> {
        let state = match (self.protocol, self.state) {
            _ if self.local.port() == 0 => return None,
            (Protocol::Udp, TcpState::Closed) => State::Unconnected,
            (Protocol::Tcp, TcpState::Listening) => State::Listen,
            (Protocol::Tcp, TcpState::Closed) => State::Bound,
            _ => return None,
        };
        Some(Socket {
            dual_stack: self.dual_stack,
            uid: self.uid,
            accept_queue: (state == State::Listen).then_some(self.queue).flatten(),
            ..Socket::new(id, self.protocol, state, self.local)
        })
    }
}

/// What the kernel tells of a socket in both places.
pub(super) struct Told {
    pub(super) protocol: Protocol,
    /// TCP's state, and how often it sent again.
    pub(super) tcp: Option<(i32, u32)>,
    /// `inp_vflag`, `insi_vflag`.
    pub(super) versions: u8,
    /// Its own address and port: of IPv4, the address is in the last four bytes (`in_addr_4in6`).
    pub(super) local: ([u8; 16], u16),
    /// Its peer's.
    pub(super) peer: ([u8; 16], u16),
    /// `so_qlen`, `so_incqlen`, `so_qlimit`.
    pub(super) queue: [u16; 3],
    pub(super) identity: Identity,
}

/// `inp_vflag` (`bsd/netinet/in_pcb.h`; `INI_IPV4` and `INI_IPV6` in `bsd/sys/proc_info.h`).
pub(super) const INP_IPV4: u8 = 0x1;
pub(super) const INP_IPV6: u8 = 0x2;

impl Pcb {
    /// `None` where it is of no family, or in a state that is not known.
    pub(super) fn new(told: &Told) -> Option<Pcb> {
        let Told { protocol, tcp, versions, local, peer, queue, identity } = told;
        let is_ipv6 = versions & INP_IPV6 != 0;
        if !is_ipv6 && versions & INP_IPV4 == 0 {
            return None;
        }
        let (ip, scope) = address(local.0, is_ipv6);
        let local = SocketAddr::new(ip, local.1);
        let peer = SocketAddr::new(address(peer.0, is_ipv6).0, peer.1);
        let is_wildcard = local.is_ipv6() && local.ip().is_unspecified();
        let (state, retransmits) = match *tcp {
            Some((state, retransmits)) => (tcp_state(state)?, retransmits),
            None if peer.port() == 0 => (TcpState::Closed, 0),
            None => (TcpState::Established, 0),
        };
        Some(Pcb {
            protocol: *protocol,
            state,
            local,
            peer,
            scope,
            // Set and cleared when it is bound (`tcp6_usr_bind` in `bsd/netinet/tcp_usrreq.c`).
            dual_stack: is_wildcard.then_some(versions & INP_IPV4 != 0),
            uid: None,
            queue: Some(accept_queue(*queue)),
            retransmits: u8::try_from(retransmits).unwrap_or(u8::MAX),
            identity: *identity,
            process: None,
        })
    }
}

/// The numbers of `bsd/netinet/tcp_fsm.h`.
fn tcp_state(number: i32) -> Option<TcpState> {
    Some(match number {
        0 => TcpState::Closed,
        1 => TcpState::Listening,
        2 => TcpState::SynSent,
        3 => TcpState::SynReceived,
        4 => TcpState::Established,
        5 => TcpState::CloseWait,
        6..=9 => TcpState::Closing,
        10 => TcpState::TimeWait,
        _ => return None,
    })
}

/// An address. Of one that holds on one link alone, the kernel has the interface in its second pair of
/// bytes, which is not part of it (`inet6print` of netstat, `in6_setscope` in `bsd/netinet6/scope6.c`).
fn address(mut bytes: [u8; 16], is_ipv6: bool) -> (IpAddr, Option<u32>) {
    if !is_ipv6 {
        let [.., a, b, c, d] = bytes;
        return (IpAddr::from([a, b, c, d]), None);
    }
    let is_of_link = match bytes[0] {
        0xfe => bytes[1] & 0xc0 == 0x80,
        0xff => matches!(bytes[1] & 0x0f, 1 | 2),
        _ => false,
    };
    let mut scope = None;
    if is_of_link {
        scope = Some(u32::from(u16::from_be_bytes([bytes[2], bytes[3]]))).filter(|&index| index != 0);
        bytes[2..4].fill(0);
    }
    (Ipv6Addr::from(bytes).to_canonical(), scope)
}

/// `so_qlen` counts all that were not accepted, `so_incqlen` those of them that are not even connected;
/// both are below zero only by mistake. Where `so_qlen` has reached `so_qlimit` (`listen(2)`'s backlog),
/// the kernel takes no more (`sonewconn_internal` in `bsd/kern/uipc_socket2.c`, by `soqlimitcompat`, which
/// is on). Linux takes one more than its limit, and so does an [`AcceptQueue`].
fn accept_queue([all, incomplete, limit]: [u16; 3]) -> AcceptQueue {
    let positive = |number: u16| u32::try_from(number.cast_signed()).unwrap_or(0);
    AcceptQueue {
        waiting: positive(all).saturating_sub(positive(incomplete)),
        limit: positive(limit).checked_sub(1),
    }
}

/// Whether the lists of both protocols keep the sockets of other users than `own` back, as macOS 27 does
/// from ordinary users: it gives them empty lists and no error. That there are no others does not happen:
/// mDNSResponder, which is a user of its own, has UDP port 5353 on every Mac.
#[must_use]
pub fn keep_others_back(pcbs: &[Pcb], own: u32) -> bool {
    !pcbs.iter().any(|pcb| pcb.uid.is_some_and(|uid| uid != own))
}

/// What of some sockets is to be shown, by their places among them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Chosen {
    /// Those that can receive, or keep others from their ports, numbered in order.
    pub sockets: Vec<(usize, Socket)>,
    /// What else has the ports that were asked about.
    pub port_connections: Vec<(usize, ConnectionState)>,
    /// Requests for connections to license servers that were sent more than once.
    pub unanswered: Vec<usize>,
}

/// Chooses what is wished for. `servers` are the ports of license servers.
#[must_use]
pub fn choose(pcbs: &[Pcb], scope: &ScanScope, servers: &[PortRange]) -> Chosen {
    let mut chosen = Chosen::default();
    let (asked, servers) = (joined(&scope.detail_ports), joined(servers));
    for (at, pcb) in pcbs.iter().enumerate() {
        if scope.protocol.is_some_and(|protocol| protocol != pcb.protocol) {
            continue;
        }
        if let Some(state) = pcb.state.connection().filter(|_| is_in(&asked, pcb.local.port())) {
            chosen.port_connections.push((at, state));
        }
        if !scope.includes_family_of(pcb.local) {
            continue;
        }
        let id = SocketId(chosen.sockets.len() as u64);
        if let Some(socket) = pcb.socket(id).filter(|socket| scope.includes(socket.local.port())) {
            chosen.sockets.push((at, socket));
        }
        let server = pcb.peer.port();
        let asks = pcb.state == TcpState::SynSent && pcb.retransmits > 0;
        if asks && is_in(&servers, server) && scope.includes(server) {
            chosen.unanswered.push(at);
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pcb(protocol: Protocol, state: TcpState, local: &str, peer: &str) -> Pcb {
        Pcb {
            protocol,
            state,
            local: local.parse().unwrap(),
            peer: peer.parse().unwrap(),
            scope: None,
            dual_stack: None,
            uid: Some(501),
            queue: None,
            retransmits: 2,
            identity: Identity { handle: 1, generation: 1 },
            process: None,
        }
    }

    #[test]
    fn a_queue_is_full_where_the_kernel_takes_no_more() {
        assert!(!accept_queue([127, 0, 128]).is_full());
        assert!(accept_queue([128, 0, 128]).is_full());
        assert!(!accept_queue([128, 1, 128]).is_full(), "one is only half there");
        assert_eq!(accept_queue([u16::MAX, 0, 0]), AcceptQueue { waiting: 0, limit: None });
    }

    #[test]
    fn lists_without_the_sockets_of_others_are_not_believed() {
        let of = |uid| Pcb { uid, ..pcb(Protocol::Udp, TcpState::Closed, "0.0.0.0:5353", "0.0.0.0:0") };
        assert!(keep_others_back(&[], 501));
        assert!(keep_others_back(&[of(Some(501)), of(None)], 501));
        assert!(!keep_others_back(&[of(Some(501)), of(Some(65))], 501));
        assert!(!keep_others_back(&[of(Some(65))], 0));
    }

    fn range(first: u16, last: u16) -> PortRange {
        PortRange { first, last }
    }

    #[test]
    fn what_was_wished_for_is_chosen() {
        let none = "0.0.0.0:0";
        let pcbs = [
            pcb(Protocol::Tcp, TcpState::Listening, "0.0.0.0:27000", none),
            pcb(Protocol::Tcp, TcpState::Listening, "[::]:80", none),
            pcb(Protocol::Tcp, TcpState::TimeWait, "10.0.0.1:27000", "10.0.0.2:5000"),
            pcb(Protocol::Tcp, TcpState::SynSent, "10.0.0.1:50000", "10.0.0.2:27000"),
            pcb(Protocol::Udp, TcpState::Closed, "0.0.0.0:27000", none),
            pcb(Protocol::Udp, TcpState::Established, "10.0.0.1:27000", "10.0.0.2:53"),
            pcb(Protocol::Tcp, TcpState::Closed, "127.0.0.1:8080", none),
        ];
        let servers = [range(27000, 27009)];
        let told = |scope: &ScanScope| {
            let chosen = choose(&pcbs, scope, &servers);
            let ids = chosen.sockets.iter().map(|(_, socket)| socket.id.0);
            assert!(ids.eq(0..chosen.sockets.len() as u64));
            let places: Vec<usize> = chosen.sockets.iter().map(|(at, _)| *at).collect();
            let port_connections: Vec<usize> = chosen.port_connections.iter().map(|(at, _)| *at).collect();
            (places, port_connections, chosen.unanswered)
        };
        assert_eq!(told(&ScanScope::default()), (vec![0, 1, 4, 6], vec![], vec![3]));
        let udp = ScanScope { protocol: Some(Protocol::Udp), ..ScanScope::default() };
        assert_eq!(told(&udp), (vec![4], vec![], vec![]));
        assert_eq!(told(&ScanScope { ipv4: false, ..ScanScope::default() }), (vec![1], vec![], vec![]));
        assert_eq!(
            told(&ScanScope { ipv6: false, ..ScanScope::default() }),
            (vec![0, 4, 6], vec![], vec![3])
        );
        let port = vec![range(27000, 27000)];
        let asked = ScanScope { ports: port.clone(), detail_ports: port, ..ScanScope::default() };
        assert_eq!(told(&asked), (vec![0, 4], vec![2, 5], vec![3]));
        let other = vec![range(80, 80)];
        let elsewhere = ScanScope { ports: other.clone(), detail_ports: other, ..ScanScope::default() };
        assert_eq!(told(&elsewhere), (vec![1], vec![], vec![]));
        let quiet = Pcb { retransmits: 0, ..pcbs[3].clone() };
        assert_eq!(choose(&[quiet], &ScanScope::default(), &servers), Chosen::default());
    }
}
