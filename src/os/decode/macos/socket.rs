//! Decodes what macOS's kernel reports of a socket both in its lists (`pcblist`) and for the descriptor of a process
//! (`socket_fdinfo`).

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU32;

use super::offsets::{self, INI_IPV4, INI_IPV6};
use crate::model::{AcceptQueue, Pid, Protocol};
use crate::os::socket_record::{SocketRecord, TcpState};

/// A socket as macOS reports it.
pub type MacosSocket = SocketRecord<MacosKey>;

/// Identifies the holders of a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MacosKey {
    pub identity: Identity,
    /// The process that implements the socket, if the kernel does not: a program may have a network stack of its own
    /// (Skywalk), and has no descriptor for the socket.
    pub process: Option<Pid>,
    /// The process that last did something with the socket, which need not have it open any more: it may have passed it
    /// on. Its number may belong to another process by now (`so_last_pid`, set by `so_update_last_owner_locked` in
    /// `bsd/kern/uipc_socket.c`).
    pub last_used: Option<Pid>,
}

/// What identifies a socket in the lists and in `socket_fdinfo`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Identity {
    /// The kernel's address of the socket, obfuscated: `xso_so` and `soi_so`. Both were `VM_KERNEL_ADDRPERM` of the
    /// address and became `VM_KERNEL_ADDRHASH` (`sotoxsocket_n` in `bsd/netinet/in_pcblist.c`,
    /// `fill_common_sockinfo` in `bsd/kern/socket_info.c`). 0 if there is none.
    pub handle: u64,
    /// The number that the protocol assigned to this socket only, when it was created: `inp_gencnt` and
    /// `insi_gencnt` (`in_pcballoc` in `bsd/netinet/in_pcb.c`). 0 if there is none.
    pub generation: u64,
}

impl Identity {
    #[must_use]
    pub fn is_none(self) -> bool {
        self.handle == 0 && self.generation == 0
    }
}

/// The fields of both structures.
pub(super) struct Fields {
    pub(super) protocol: Protocol,
    /// For TCP: the state, and how often it has sent the last segment again, if that is reported (`t_rxtshift`).
    pub(super) tcp: Option<(i32, Option<u32>)>,
    /// `inp_vflag`, `insi_vflag`.
    pub(super) versions: u8,
    /// Address and port. An IPv4 address is in the last four bytes (`in_addr_4in6`).
    pub(super) local: ([u8; 16], u16),
    pub(super) peer: ([u8; 16], u16),
    /// `so_qlen`, `so_incqlen`, `so_qlimit`.
    pub(super) queue: [u16; 3],
    pub(super) identity: Identity,
}

/// `None` if the socket has no family, or its state is unknown.
pub(super) fn socket(fields: &Fields) -> Option<MacosSocket> {
    let Fields { protocol, tcp, versions, local, peer, queue, identity } = *fields;
    let is_ipv6 = versions & INI_IPV6 != 0;
    if !is_ipv6 && versions & INI_IPV4 == 0 {
        return None;
    }
    let (ip, interface) = address(local.0, is_ipv6);
    let local = SocketAddr::new(ip, local.1);
    let peer = SocketAddr::new(address(peer.0, is_ipv6).0, peer.1);
    let is_wildcard = local.is_ipv6() && local.ip().is_unspecified();
    let (state, retransmits) = match tcp {
        Some((state, retransmits)) => (tcp_state(state)?, retransmits),
        None if peer.port() == 0 => (TcpState::Closed, None),
        None => (TcpState::Established, None),
    };
    Some(MacosSocket {
        protocol,
        state,
        local,
        peer: Some(peer).filter(|_| state.connection().is_some()),
        interface,
        // The flag is set or cleared when the socket is bound (`tcp6_usr_bind` in `bsd/netinet/tcp_usrreq.c`).
        dual_stack: is_wildcard.then_some(versions & INI_IPV4 != 0),
        uid: None,
        accept_queue: (state == TcpState::Listening).then(|| accept_queue(queue)),
        retransmits: retransmits.map(|times| u8::try_from(times).unwrap_or(u8::MAX)),
        key: MacosKey { identity, process: None, last_used: None },
    })
}

fn tcp_state(number: i32) -> Option<TcpState> {
    Some(match number {
        offsets::TSI_S_CLOSED => TcpState::Closed,
        offsets::TSI_S_LISTEN => TcpState::Listening,
        offsets::TSI_S_SYN_SENT => TcpState::SynSent,
        offsets::TSI_S_SYN_RECEIVED => TcpState::SynReceived,
        offsets::TSI_S_ESTABLISHED => TcpState::Established,
        offsets::TSI_S_CLOSE_WAIT => TcpState::CloseWait,
        offsets::TSI_S_FIN_WAIT_1 => TcpState::FinWait1,
        offsets::TSI_S_CLOSING => TcpState::Closing,
        offsets::TSI_S_LAST_ACK => TcpState::LastAck,
        offsets::TSI_S_FIN_WAIT_2 => TcpState::FinWait2,
        offsets::TSI_S_TIME_WAIT => TcpState::TimeWait,
        _ => return None,
    })
}

/// Decodes an address and its interface. In an address of link-local scope, the kernel stores the interface in the
/// second pair of bytes (`inet6print` of netstat, `in6_setscope` in `bsd/netinet6/scope6.c`).
fn address(mut bytes: [u8; 16], is_ipv6: bool) -> (IpAddr, Option<NonZeroU32>) {
    if !is_ipv6 {
        let [.., a, b, c, d] = bytes;
        return (IpAddr::from([a, b, c, d]), None);
    }
    let is_of_link = match bytes[0] {
        0xfe => bytes[1] & 0xc0 == 0x80,
        0xff => matches!(bytes[1] & 0x0f, 1 | 2),
        _ => false,
    };
    let mut interface = None;
    if is_of_link {
        interface = NonZeroU32::new(u16::from_be_bytes([bytes[2], bytes[3]]).into());
        bytes[2..4].fill(0);
    }
    (Ipv6Addr::from(bytes).to_canonical(), interface)
}

/// `so_qlen` counts the connections that wait to be accepted, `so_incqlen` those of them whose handshake is incomplete.
/// A negative number is an error. Once `so_qlen` has reached `so_qlimit` (the backlog of `listen(2)`), the kernel
/// accepts no more (`sonewconn_internal` in `bsd/kern/uipc_socket2.c`, with `soqlimitcompat`, the default). Linux, and
/// so an [`AcceptQueue`], accepts one more than its limit.
fn accept_queue([all, incomplete, limit]: [u16; 3]) -> AcceptQueue {
    let positive = |number: u16| u32::try_from(number.cast_signed()).unwrap_or(0);
    AcceptQueue {
        waiting: positive(all).saturating_sub(positive(incomplete)),
        limit: positive(limit).checked_sub(1),
    }
}

/// Whether the lists of both protocols omit the sockets of users other than `own`, as macOS 27 does for ordinary users,
/// without an error. A Mac always has such sockets: mDNSResponder, a user of its own, holds UDP port 5353.
#[must_use]
pub fn omit_other_users(sockets: &[MacosSocket], own: u32) -> bool {
    !sockets.iter().any(|socket| socket.uid.is_some_and(|uid| uid != own))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_is_full_where_the_kernel_takes_no_more() {
        assert!(!accept_queue([127, 0, 128]).is_full());
        assert!(accept_queue([128, 0, 128]).is_full());
        assert!(!accept_queue([128, 1, 128]).is_full(), "one handshake is incomplete");
        assert_eq!(accept_queue([u16::MAX, 0, 0]), AcceptQueue { waiting: 0, limit: None });
    }

    #[test]
    fn lists_without_the_sockets_of_others_are_not_believed() {
        let of = |uid| {
            let fields = Fields {
                protocol: Protocol::Udp,
                tcp: None,
                versions: INI_IPV4,
                local: ([0; 16], 5353),
                peer: ([0; 16], 0),
                queue: [0; 3],
                identity: Identity { handle: 1, generation: 1 },
            };
            MacosSocket { uid, ..socket(&fields).unwrap() }
        };
        assert!(omit_other_users(&[], 501));
        assert!(omit_other_users(&[of(Some(501)), of(None)], 501));
        assert!(!omit_other_users(&[of(Some(501)), of(Some(65))], 501));
        assert!(!omit_other_users(&[of(Some(65))], 0));
    }
}
