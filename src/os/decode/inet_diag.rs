//! Linux's `sock_diag` for Internet sockets, on the wire (`sock_diag(7)`, `netlink(7)`;
//! `include/uapi/linux/{netlink,inet_diag}.h`): writes a request, and understands the answer.

use std::net::{IpAddr, SocketAddr};

use super::kernel_socket::{Family, KernelSocket, TcpState};
use crate::model::Protocol;

/// A set of states, as the kernel's filter takes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct States(u32);

impl States {
    /// TCP in LISTEN.
    pub const LISTENING: States = States(1 << 10);
    /// TCP that is connected.
    pub const ESTABLISHED: States = States(1 << 1);
    /// TCP that waits for the answer to its request for a connection.
    pub const SYN_SENT: States = States(1 << 2);
    /// UDP without a peer.
    pub const UNCONNECTED: States = States(1 << 7);
    /// TCP that has a port and does nothing with it (`TCP_BOUND_INACTIVE`, a state of this filter
    /// alone). Kernels before 6.8 take the bit and answer with nothing.
    pub const BOUND: States = States(1 << 13);
    /// All that has a port and a peer, or had one.
    pub const WITH_PEER: States = States(0b1_1011_0111_1110);

    /// Whether a socket in this state is meant. One that is bound and inactive calls itself closed.
    #[must_use]
    pub fn have(self, state: TcpState) -> bool {
        let numbers: &[u32] = match state {
            TcpState::Established => &[1],
            TcpState::SynSent => &[2],
            TcpState::SynReceived => &[3, 12],
            TcpState::Closing => &[4, 5, 9, 11],
            TcpState::TimeWait => &[6],
            TcpState::Closed => &[7, 13],
            TcpState::CloseWait => &[8],
            TcpState::Listening => &[10],
        };
        numbers.iter().any(|number| self.0 & (1 << number) != 0)
    }

    /// Both sets together.
    #[must_use]
    pub const fn and(self, other: States) -> States {
        States(self.0 | other.0)
    }
}

/// One dump to ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// Of these addresses.
    pub family: Family,
    /// Of this protocol.
    pub protocol: Protocol,
    /// In these states.
    pub states: States,
    /// That pass this filter (`port_filter`); all where it is empty.
    pub filter: Vec<u8>,
}

const HEADER: usize = 16;
const SOCK_DIAG_BY_FAMILY: u16 = 20;
const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
const NLM_F_REQUEST: u16 = 0x1;
const NLM_F_DUMP: u16 = 0x300;
const NLM_F_DUMP_INTR: u16 = 0x10;
/// The size of `inet_diag_sockid`.
const SOCKET_ID: usize = 48;
/// The size of `inet_diag_msg`.
const BODY: usize = 72;
const ATTRIBUTE: usize = 4;
const INET_DIAG_REQ_BYTECODE: u16 = 1;
const INET_DIAG_SKV6ONLY: u16 = 11;
const INET_DIAG_CGROUP_ID: u16 = 21;

/// The bytes of a request: `nlmsghdr`, `inet_diag_req_v2`, and the filter as its attribute.
#[must_use]
pub fn request(query: &Query, sequence: u32) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER + 8 + SOCKET_ID + ATTRIBUTE + query.filter.len());
    bytes.extend([0; 4]);
    bytes.extend(SOCK_DIAG_BY_FAMILY.to_ne_bytes());
    bytes.extend((NLM_F_REQUEST | NLM_F_DUMP).to_ne_bytes());
    bytes.extend(sequence.to_ne_bytes());
    bytes.extend([0; 4]);
    let protocol = match query.protocol {
        Protocol::Tcp => 6,
        Protocol::Udp => 17,
    };
    bytes.extend([query.family.number(), protocol, 0, 0]);
    bytes.extend(query.states.0.to_ne_bytes());
    bytes.extend([0; SOCKET_ID]);
    if !query.filter.is_empty() {
        let length = u16::try_from(ATTRIBUTE + query.filter.len()).unwrap_or(u16::MAX);
        bytes.extend(length.to_ne_bytes());
        bytes.extend(INET_DIAG_REQ_BYTECODE.to_ne_bytes());
        bytes.extend(&query.filter);
    }
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    bytes[..4].copy_from_slice(&length.to_ne_bytes());
    bytes
}

/// A part of the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// A socket.
    Socket(KernelSocket),
    /// The end of the dump.
    Done,
    /// The kernel refuses, or breaks the dump off, with this error number.
    Failed(i32),
}

/// What one datagram of an answer says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Datagram {
    /// Its messages, in order.
    pub messages: Vec<Message>,
    /// Whether the table changed so much during the dump that parts of it may be missing
    /// (`NLM_F_DUMP_INTR`).
    pub interrupted: bool,
    /// Whether some of it could not be understood.
    pub malformed: bool,
}

/// Understands one datagram. Messages of another sequence number answer another request, and are
/// passed by.
#[must_use]
pub fn read(bytes: &[u8], sequence: u32) -> Datagram {
    let mut datagram = Datagram::default();
    let mut rest = bytes;
    while !rest.is_empty() {
        let length = u32_at(rest, 0).and_then(|length| usize::try_from(length).ok());
        let Some(message) = length.filter(|&length| length >= HEADER).and_then(|length| rest.get(..length))
        else {
            datagram.malformed = true;
            return datagram;
        };
        rest = rest.get(aligned(message.len())..).unwrap_or_default();
        let (kind, flags) = (u16_at(message, 4), u16_at(message, 6));
        if u32_at(message, 8) != Some(sequence) {
            continue;
        }
        datagram.interrupted |= flags.is_some_and(|flags| flags & NLM_F_DUMP_INTR != 0);
        let body = &message[HEADER..];
        match kind {
            Some(NLMSG_ERROR) => match i32_at(body, 0) {
                Some(error) if error < 0 => datagram.messages.push(Message::Failed(-error)),
                Some(_) => {}
                None => datagram.malformed = true,
            },
            // What a dump came to an end with, where the kernel says it.
            Some(NLMSG_DONE) => datagram.messages.push(match i32_at(body, 0) {
                Some(error) if error < 0 => Message::Failed(-error),
                _ => Message::Done,
            }),
            Some(SOCK_DIAG_BY_FAMILY) => match socket(body) {
                Some(socket) => datagram.messages.push(Message::Socket(socket)),
                None => datagram.malformed = true,
            },
            _ => {}
        }
    }
    datagram
}

/// `inet_diag_msg` and the attributes behind it; `None` where it is too short, or of a family or in
/// a state that is not known.
fn socket(body: &[u8]) -> Option<KernelSocket> {
    let ipv6 = match *body.first()? {
        number if number == Family::V4.number() => false,
        number if number == Family::V6.number() => true,
        _ => return None,
    };
    let attributes = body.get(BODY..)?;
    let interface = u32_at(body, 40).filter(|&index| index != 0);
    let address = |at: usize, port: usize| -> Option<SocketAddr> {
        let port = u16::from_be_bytes(bytes_at(body, port)?);
        let ip = match ipv6 {
            false => IpAddr::from(bytes_at::<4>(body, at)?),
            true => IpAddr::from(bytes_at::<16>(body, at)?).to_canonical(),
        };
        Some(SocketAddr::new(ip, port))
    };
    let (mut v6only, mut cgroup) = (None, None);
    for (kind, value) in attributes_in(attributes) {
        match kind {
            INET_DIAG_SKV6ONLY => v6only = value.first().map(|&flag| flag != 0),
            INET_DIAG_CGROUP_ID => cgroup = bytes_at(value, 0).map(u64::from_ne_bytes),
            _ => {}
        }
    }
    Some(KernelSocket {
        state: TcpState::from_number(*body.get(1)?)?,
        retransmits: *body.get(3)?,
        local: address(8, 4)?,
        peer: address(24, 6)?,
        ipv6,
        interface,
        waiting: u32_at(body, 56)?,
        limit: Some(u32_at(body, 60)?),
        uid: u32_at(body, 64)?,
        inode: Some(u32_at(body, 68)?).filter(|&inode| inode != 0),
        v6only: v6only.filter(|_| ipv6),
        cgroup,
    })
}

/// The attributes by number; one that claims more than is there ends them.
fn attributes_in(mut rest: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let length = usize::from(u16_at(rest, 0)?);
        let attribute = rest.get(..length).filter(|attribute| attribute.len() >= ATTRIBUTE)?;
        rest = rest.get(aligned(length)..).unwrap_or_default();
        Some((u16_at(attribute, 2)?, &attribute[ATTRIBUTE..]))
    })
}

/// Messages and attributes begin at multiples of four bytes.
fn aligned(length: usize) -> usize {
    length.next_multiple_of(4)
}

fn bytes_at<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes_at(bytes, at).map(u16::from_ne_bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes_at(bytes, at).map(u32::from_ne_bytes)
}

fn i32_at(bytes: &[u8], at: usize) -> Option<i32> {
    bytes_at(bytes, at).map(i32::from_ne_bytes)
}
