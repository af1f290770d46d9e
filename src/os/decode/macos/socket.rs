//! A socket as macOS's kernel tells of it: in its lists (`pcblist`), or as one that a process has open
//! (`socket_fdinfo`).

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU32;

use crate::model::{AcceptQueue, Pid, Protocol};
use crate::os::socket_record::{SocketRecord, TcpState};

/// A socket as macOS reports it.
pub type MacosSocket = SocketRecord<MacosKey>;

/// What ties a socket to its holders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MacosKey {
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

/// What the kernel tells of a socket in both places.
pub(super) struct Told {
    pub(super) protocol: Protocol,
    /// TCP's state, and how often it sent again where that is told (`t_rxtshift`).
    pub(super) tcp: Option<(i32, Option<u32>)>,
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

/// The socket that they tell of; `None` where it is of no family, or in a state that is not known.
pub(super) fn socket(told: &Told) -> Option<MacosSocket> {
    let Told { protocol, tcp, versions, local, peer, queue, identity } = *told;
    let is_ipv6 = versions & INP_IPV6 != 0;
    if !is_ipv6 && versions & INP_IPV4 == 0 {
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
        // Set and cleared when it is bound (`tcp6_usr_bind` in `bsd/netinet/tcp_usrreq.c`).
        dual_stack: is_wildcard.then_some(versions & INP_IPV4 != 0),
        uid: None,
        accept_queue: (state == TcpState::Listening).then(|| accept_queue(queue)),
        retransmits: retransmits.map(|times| u8::try_from(times).unwrap_or(u8::MAX)),
        key: MacosKey { identity, process: None },
    })
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
pub fn keep_others_back(sockets: &[MacosSocket], own: u32) -> bool {
    !sockets.iter().any(|socket| socket.uid.is_some_and(|uid| uid != own))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_is_full_where_the_kernel_takes_no_more() {
        assert!(!accept_queue([127, 0, 128]).is_full());
        assert!(accept_queue([128, 0, 128]).is_full());
        assert!(!accept_queue([128, 1, 128]).is_full(), "one is only half there");
        assert_eq!(accept_queue([u16::MAX, 0, 0]), AcceptQueue { waiting: 0, limit: None });
    }

    #[test]
    fn lists_without_the_sockets_of_others_are_not_believed() {
        let of = |uid| {
            let told = Told {
                protocol: Protocol::Udp,
                tcp: None,
                versions: INP_IPV4,
                local: ([0; 16], 5353),
                peer: ([0; 16], 0),
                queue: [0; 3],
                identity: Identity { handle: 1, generation: 1 },
            };
            MacosSocket { uid, ..socket(&told).unwrap() }
        };
        assert!(keep_others_back(&[], 501));
        assert!(keep_others_back(&[of(Some(501)), of(None)], 501));
        assert!(!keep_others_back(&[of(Some(501)), of(Some(65))], 501));
        assert!(!keep_others_back(&[of(Some(65))], 0));
    }
}
