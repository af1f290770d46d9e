//! Encodes requests to Linux's `sock_diag` for internet sockets, and decodes the answers (`sock_diag(7)`,
//! `netlink(7)`; `include/uapi/linux/{netlink,inet_diag}.h`).

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;

use super::super::bytes::{bytes_at, u32_at};
use super::netlink::{self, Ask, Part, attribute, attributes};
use super::socket::{LinuxKey, LinuxSocket, tcp_state};
use crate::model::{AcceptQueue, Family, Protocol};
use crate::os::socket_record::TcpState;

/// A set of states, as the kernel's filter uses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct States(u32);

impl States {
    pub const LISTENING: States = States(1 << 10);
    pub const ESTABLISHED: States = States(1 << 1);
    pub const SYN_SENT: States = States(1 << 2);
    /// UDP without a peer.
    pub const UNCONNECTED: States = States(1 << 7);
    /// TCP that is bound and inactive (`TCP_BOUND_INACTIVE`, a state that exists only in this filter). Kernels before
    /// 6.8 accept the bit and return no socket.
    pub const BOUND: States = States(1 << 13);
    /// Every state with a peer, or that had one.
    pub const WITH_PEER: States = States(0b1_1011_0111_1110);

    /// Whether the set contains a state. A socket that is bound and inactive reports itself as closed.
    #[must_use]
    pub fn have(self, state: TcpState) -> bool {
        let numbers: &[u32] = match state {
            TcpState::Established => &[1],
            TcpState::SynSent => &[2],
            TcpState::SynReceived => &[3, 12],
            TcpState::FinWait1 => &[4],
            TcpState::FinWait2 => &[5],
            TcpState::LastAck => &[9],
            TcpState::Closing => &[11],
            TcpState::TimeWait => &[6],
            TcpState::Closed => &[7, 13],
            TcpState::CloseWait => &[8],
            TcpState::Listening => &[10],
        };
        numbers.iter().any(|number| self.0 & (1 << number) != 0)
    }

    /// One bit for each state, by its number in the kernel.
    #[must_use]
    pub const fn mask(self) -> u32 {
        self.0
    }

    /// The union of both sets.
    #[must_use]
    pub const fn and(self, other: States) -> States {
        States(self.0 | other.0)
    }
}

/// The tables of a dump.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    /// TCP of both families, by the request from before Linux 3.3. It has no family, and so walks the kernel's tables
    /// once instead of twice.
    AllTcp,
    One(Protocol, Family),
}

impl Table {
    #[must_use]
    pub fn protocol(self) -> Protocol {
        match self {
            Table::AllTcp => Protocol::Tcp,
            Table::One(protocol, _) => protocol,
        }
    }
}

/// A request for one dump.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    pub table: Table,
    pub states: States,
    /// See `port_filter`. An empty filter passes all sockets.
    pub filter: Vec<u8>,
}

/// These have the same value on every architecture.
const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;
const TCPDIAG_GETSOCK: u16 = 18;
const SOCK_DIAG_BY_FAMILY: u16 = 20;
/// The size of `inet_diag_sockid`.
const SOCKET_ID: usize = 48;
/// The size of `inet_diag_msg`.
const BODY: usize = 72;
const INET_DIAG_REQ_BYTECODE: u16 = 1;
const INET_DIAG_SKV6ONLY: u16 = 11;
const INET_DIAG_CGROUP_ID: u16 = 21;
const INET_DIAG_SOCKOPT: u16 = 22;
/// `transparent` in the first byte of `inet_diag_sockopt`, a structure of bit fields.
const TRANSPARENT: u8 = if cfg!(target_endian = "little") { 1 << 5 } else { 1 << 2 };

/// Encodes a request: `inet_diag_req` or `inet_diag_req_v2`, and the filter as its attribute.
#[must_use]
pub fn request(query: &Query, sequence: u32) -> Vec<u8> {
    let mut body = Vec::with_capacity(12 + SOCKET_ID + query.filter.len());
    let kind = match query.table {
        Table::AllTcp => TCPDIAG_GETSOCK,
        Table::One(..) => SOCK_DIAG_BY_FAMILY,
    };
    match query.table {
        Table::AllTcp => {
            body.extend([0; 4 + SOCKET_ID]);
            body.extend(query.states.0.to_ne_bytes());
            body.extend([0; 4]);
        }
        Table::One(protocol, family) => {
            let protocol = match protocol {
                Protocol::Tcp => 6,
                Protocol::Udp => 17,
                Protocol::Udplite => 136,
                Protocol::Sctp => 132,
            };
            body.extend([
                match family {
                    Family::Ipv4 => AF_INET,
                    Family::Ipv6 => AF_INET6,
                },
                protocol,
                0,
                0,
            ]);
            body.extend(query.states.0.to_ne_bytes());
            body.extend([0; SOCKET_ID]);
        }
    }
    if !query.filter.is_empty() {
        body.extend(attribute(INET_DIAG_REQ_BYTECODE, &query.filter));
    }
    netlink::request(Ask::Dump, kind, sequence, &body)
}

/// A part of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    Socket(LinuxSocket),
    /// The dump is complete.
    Done,
    /// The kernel has refused, or stopped the dump, with this error number.
    Failed(i32),
}

/// One decoded datagram of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Datagram {
    pub messages: Vec<Message>,
    /// The table changed so much during the dump that parts may be missing (`NLM_F_DUMP_INTR`).
    pub interrupted: bool,
    /// Part of it was not understood.
    pub malformed: bool,
}

/// Decodes a datagram of the answer to a request for the sockets of this protocol: the sockets themselves do not name
/// it. Skips messages with another sequence number, which answer another request.
#[must_use]
pub fn read(protocol: Protocol, bytes: &[u8], sequence: u32) -> Datagram {
    let netlink::Datagram { parts, interrupted, malformed } = netlink::read(bytes, sequence);
    let mut datagram = Datagram { messages: Vec::new(), interrupted, malformed };
    for part in parts {
        match part {
            Part::Done => datagram.messages.push(Message::Done),
            Part::Failed(error) => datagram.messages.push(Message::Failed(error)),
            Part::Message { kind: SOCK_DIAG_BY_FAMILY | TCPDIAG_GETSOCK, body } => {
                match socket(protocol, body) {
                    Some(socket) => datagram.messages.push(Message::Socket(socket)),
                    None => datagram.malformed = true,
                }
            }
            Part::Message { .. } => {}
        }
    }
    datagram
}

/// Decodes `inet_diag_msg` and the attributes behind it; `None` if it is too short, or its family or state is unknown.
fn socket(protocol: Protocol, body: &[u8]) -> Option<LinuxSocket> {
    let ipv6 = match *body.first()? {
        AF_INET => false,
        AF_INET6 => true,
        _ => return None,
    };
    let behind = body.get(BODY..)?;
    let interface = u32_at(body, 40).and_then(NonZeroU32::new);
    let address = |at: usize, port: usize| -> Option<SocketAddr> {
        let port = u16::from_be_bytes(bytes_at(body, port)?);
        let ip = match ipv6 {
            false => IpAddr::from(bytes_at::<4>(body, at)?),
            true => IpAddr::from(bytes_at::<16>(body, at)?).to_canonical(),
        };
        Some(SocketAddr::new(ip, port))
    };
    let (mut v6only, mut cgroup, mut transparent) = (None, None, None);
    for (kind, value) in attributes(behind) {
        match kind {
            INET_DIAG_SKV6ONLY => v6only = value.first().map(|&flag| flag != 0),
            INET_DIAG_CGROUP_ID => cgroup = bytes_at(value, 0).map(u64::from_ne_bytes),
            INET_DIAG_SOCKOPT => transparent = value.first().map(|&flags| flags & TRANSPARENT != 0),
            _ => {}
        }
    }
    let state = tcp_state(*body.get(1)?)?;
    let local = address(8, 4)?;
    let queue = AcceptQueue { waiting: u32_at(body, 56)?, limit: Some(u32_at(body, 60)?) };
    let inode = Some(u32_at(body, 68)?).filter(|&inode| inode != 0);
    let is_v6_wildcard = local.is_ipv6() && local.ip().is_unspecified();
    Some(LinuxSocket {
        protocol,
        state,
        local,
        peer: Some(address(24, 6)?).filter(|_| state.connection().is_some()),
        interface,
        dual_stack: v6only.filter(|_| is_v6_wildcard).map(|only: bool| !only),
        uid: Some(u32_at(body, 64)?),
        accept_queue: (state == TcpState::Listening).then_some(queue),
        retransmits: Some(*body.get(3)?),
        key: LinuxKey { inode, cgroup, transparent },
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::super::bytes::u16_at;
    use super::super::netlink::attributes;
    use super::*;

    /// Recorded on Linux 6.18, of sequence 7: a listener on 127.0.0.1:39303 with a backlog of 3; and one
    /// on [::]:43285, on interface 1 and IPv6 only, with a backlog of 5; both in control group 63.
    const V4: &str = "7c0000001400020007000000e00f0000020a0000998700007f0000010000000000000000000000000000000000000000000000000000000000000000546400000000000000000000000000000300000000000000a88a0800050008000000000008000f00000000000c0015003f000000000000000600160052000000";
    const V6: &str = "840000001400020007000000e00f00000a0a0000a9150000000000000000000000000000000000000000000000000000000000000000000001000000556400000000000000000000000000000500000000000000a98a0800050008000000000005000b000100000008000f00000000000c0015003f000000000000000600160012000000";
    const DONE: &str = "140000000300020007000000e00f000000000000";
    /// The answer to a request for the address family 77: EINVAL.
    const REFUSED: &str = "5c0000000200000007000000e00f0000eaffffff480000001400010307000000000000004d06000001000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000";

    fn bytes(hex: &str) -> Vec<u8> {
        let digits = |at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
        (0..hex.len()).step_by(2).map(digits).collect()
    }

    /// The recordings are from little-endian machines and mean nothing elsewhere.
    fn little_endian() -> bool {
        1_u16.to_ne_bytes() == [1, 0]
    }

    fn read_tcp(bytes: &[u8]) -> Datagram {
        read(Protocol::Tcp, bytes, 7)
    }

    fn sockets(datagram: &Datagram) -> Vec<&LinuxSocket> {
        fn socket(message: &Message) -> Option<&LinuxSocket> {
            match message {
                Message::Socket(socket) => Some(socket),
                Message::Done | Message::Failed(_) => None,
            }
        }
        datagram.messages.iter().filter_map(socket).collect()
    }

    #[test]
    fn a_recorded_answer_is_read_whole() {
        if !little_endian() {
            return;
        }
        let datagram = read_tcp(&[bytes(V4), bytes(V6), bytes(DONE)].concat());
        assert!(!datagram.interrupted && !datagram.malformed);
        assert_eq!(datagram.messages.last(), Some(&Message::Done));
        let [v4, v6] = sockets(&datagram)[..] else { panic!("{datagram:?}") };
        assert_eq!((v4.state, v4.local.to_string()), (TcpState::Listening, "127.0.0.1:39303".to_owned()));
        let key = LinuxKey { inode: Some(559_784), cgroup: Some(63), transparent: Some(false) };
        assert_eq!(v4.key, key);
        assert_eq!(v4.accept_queue, Some(AcceptQueue { waiting: 0, limit: Some(3) }));
        assert_eq!((v4.uid, v4.interface, v4.dual_stack, v4.peer), (Some(0), None, None, None));
        assert_eq!((v6.local.to_string(), v6.interface), ("[::]:43285".to_owned(), NonZeroU32::new(1)));
        assert_eq!((v6.dual_stack, v6.accept_queue.unwrap().limit), (Some(false), Some(5)));
    }

    #[test]
    fn a_refusal_and_an_interruption_are_never_silent() {
        if !little_endian() {
            return;
        }
        assert_eq!(read_tcp(&bytes(REFUSED)).messages, [Message::Failed(22)]);
        // A dump that stops early says why in its last message.
        let mut broken_off = bytes(DONE);
        broken_off[16..].copy_from_slice(&(-12_i32).to_ne_bytes());
        assert_eq!(read_tcp(&broken_off).messages, [Message::Failed(12)]);
        let mut interrupted = bytes(DONE);
        interrupted[6] |= 0x10;
        assert!(read_tcp(&interrupted).interrupted);
        assert_eq!(read(Protocol::Tcp, &bytes(V4), 8), Datagram::default(), "it answers another request");
    }

    #[test]
    fn no_truncation_names_another_socket_and_each_is_noticed() {
        let whole = [bytes(V4), bytes(V6), bytes(DONE)].concat();
        let all = read_tcp(&whole);
        for end in (0..whole.len()).filter(|end| ![0, 124, 256].contains(end)) {
            let datagram = read_tcp(&whole[..end]);
            assert!(datagram.malformed || !little_endian(), "{end}");
            let known = |message| all.messages.contains(message);
            assert!(datagram.messages.iter().all(known), "{end}: {datagram:?}");
        }
    }

    #[test]
    fn a_request_asks_for_what_it_says() {
        let query = Query {
            table: Table::One(Protocol::Udp, Family::Ipv6),
            states: States::UNCONNECTED,
            filter: vec![1, 4, 8, 0],
        };
        let request = request(&query, 3);
        assert_eq!(u32_at(&request, 0), Some(80));
        assert_eq!((u16_at(&request, 4), u32_at(&request, 8)), (Some(SOCK_DIAG_BY_FAMILY), Some(3)));
        assert_eq!((&request[16..18], u32_at(&request, 20)), (&[10, 17][..], Some(1 << 7)));
        let told: Vec<_> = attributes(&request[72..]).collect();
        assert_eq!(told, [(INET_DIAG_REQ_BYTECODE, &query.filter[..])]);

        let both = Query { table: Table::AllTcp, states: States::LISTENING, ..query };
        let request = super::request(&both, 3);
        assert_eq!((u16_at(&request, 4), u32_at(&request, 68)), (Some(TCPDIAG_GETSOCK), Some(1 << 10)));
        assert_eq!(attributes(&request[76..]).count(), 1);
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_strange(noise in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = read_tcp(&noise);
        }
    }

    /// A bit flipped in transit adds no socket, and nothing panics.
    #[test]
    fn no_flipped_bit_is_too_strange() {
        let whole = [bytes(V4), bytes(V6), bytes(DONE), bytes(REFUSED)].concat();
        for bit in 0..whole.len() * 8 {
            let mut flipped = whole.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(sockets(&read_tcp(&flipped)).len() <= 2, "{bit}");
        }
    }
}
