//! Decodes macOS's lists of internet sockets: the sysctls `net.inet.tcp.pcblist_n` and `net.inet.udp.pcblist_n`, which
//! netstat(1) reads (`protopr` in `netstat.tproj/inet.c` of Apple's network_cmds). Up to macOS 26 every user gets the
//! sockets of all users. Since macOS 27 only root does, and others get those of the reading process (dotnet/runtime
//! issue 133960, pymobiledevice3 pull request 1952; [`omit_other_users`](super::socket::omit_other_users)).
//!
//! The kernel writes a list in `get_pcblist_n` (`bsd/netinet/in_pcblist.c` of XNU): `xinpgen`, then for each socket
//! `xinpcb_n`, `xsocket_n`, two `xsockbuf_n`, `xsockstat_n` and for TCP `xtcpcb_n`, and `xinpgen` again. Each structure
//! begins at a multiple of eight bytes, with its length and its kind. The structures are in `bsd/netinet/in_pcb.h`,
//! `bsd/sys/socketvar.h` and `bsd/netinet/tcp_var.h`, all under `#pragma pack(4)`: eight-byte numbers begin at
//! multiples of four. So far new fields were added at the ends, so a longer structure is decoded as far as it is known.

use super::super::bytes::{bytes_at, i32_at, u16_at, u32_at, u64_at};
use super::offsets::{
    INI_IPV4, INI_IPV6, IPPROTO_TCP, IPPROTO_UDP, XINPGEN, xgen_n, xinpcb_n, xinpgen, xsocket_n, xtcpcb_n,
};
use super::socket::{Fields, Identity, MacosKey, MacosSocket, socket};
use crate::model::Protocol;

/// A decoded list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct List {
    /// In the order of the kernel.
    pub sockets: Vec<MacosSocket>,
    /// Part of the list was not understood, or its end is missing.
    pub malformed: bool,
}

/// The kinds of the other structures (`bsd/sys/socketvar.h`).
const XSO_SOCKET: u32 = 0x001;
const XSO_INPCB: u32 = 0x010;
const XSO_TCPCB: u32 = 0x020;
/// Any version of IP (`inp_vflag`).
const INI_ANY: u8 = INI_IPV4 | INI_IPV6;

/// Decodes the list of one protocol.
#[must_use]
pub fn read(protocol: Protocol, bytes: &[u8]) -> List {
    let mut list = List::default();
    let read = records(protocol, bytes, &mut list);
    list.malformed |= read.is_none();
    list
}

/// The structures of a socket that were found so far.
#[derive(Default)]
struct Parts<'a> {
    inpcb: Option<&'a [u8]>,
    socket: Option<&'a [u8]>,
    tcpcb: Option<&'a [u8]>,
}

/// `None` if the list is not as described.
fn records(protocol: Protocol, bytes: &[u8], list: &mut List) -> Option<()> {
    let first = u32_at(bytes, xinpgen::xig_len)? as usize;
    let (count, newest) = (u32_at(bytes, xinpgen::xig_count)?, u64_at(bytes, xinpgen::xig_gen)?);
    let mut rest = bytes.get(first.next_multiple_of(8)..).filter(|_| first >= XINPGEN)?;
    // Without sockets the kernel writes no end.
    if rest.is_empty() && count == 0 {
        return Some(());
    }
    let number = match protocol {
        Protocol::Tcp => IPPROTO_TCP,
        Protocol::Udp => IPPROTO_UDP,
        // macOS has no such protocols.
        Protocol::Udplite | Protocol::Sctp => return None,
    };
    let mut parts = Parts::default();
    loop {
        let length = u32_at(rest, xgen_n::xgn_len)? as usize;
        if length <= first {
            let is_end = length == first && rest.len() >= length;
            return (is_end && parts.inpcb.is_none()).then_some(());
        }
        let record = rest.get(..length)?;
        rest = rest.get(length.next_multiple_of(8)..).unwrap_or_default();
        let part = match u32_at(record, xgen_n::xgn_kind)? {
            XSO_INPCB => &mut parts.inpcb,
            XSO_SOCKET => &mut parts.socket,
            XSO_TCPCB => &mut parts.tcpcb,
            // Buffers, counters, and kinds of later versions.
            _ => continue,
        };
        if part.replace(record).is_some() {
            return None;
        }
        let (Some(inpcb), Some(socket)) = (parts.inpcb, parts.socket) else { continue };
        let tcp = match (protocol, parts.tcpcb) {
            (Protocol::Udp | Protocol::Udplite | Protocol::Sctp, _) => None,
            (Protocol::Tcp, Some(tcpcb)) => {
                Some((i32_at(tcpcb, xtcpcb_n::t_state)?, Some(u32_at(tcpcb, xtcpcb_n::t_rxtshift)?)))
            }
            (Protocol::Tcp, None) => continue,
        };
        parts = Parts::default();
        // Skipped, as by netstat: sockets of another protocol or without a family, and those with a number newer than
        // the list, which were closed while the kernel wrote it.
        let is_meant = u32_at(socket, xsocket_n::xso_protocol)? == number
            && *inpcb.get(xinpcb_n::inp_vflag)? & INI_ANY != 0;
        if !is_meant || u64_at(inpcb, xinpcb_n::inp_gencnt)? > newest {
            continue;
        }
        match decode(protocol, tcp, inpcb, socket)? {
            Some(socket) => list.sockets.push(socket),
            None => list.malformed = true,
        }
    }
}

/// `None` if a structure is too short. The inner `None` is a socket that cannot be understood.
fn decode(
    protocol: Protocol,
    tcp: Option<(i32, Option<u32>)>,
    inpcb: &[u8],
    xsocket: &[u8],
) -> Option<Option<MacosSocket>> {
    let identity = Identity {
        handle: u64_at(xsocket, xsocket_n::xso_so)?,
        generation: u64_at(inpcb, xinpcb_n::inp_gencnt)?,
    };
    let port = |at| bytes_at(inpcb, at).map(u16::from_be_bytes);
    let number = |at| u16_at(xsocket, at);
    let fields = Fields {
        protocol,
        tcp,
        versions: *inpcb.get(xinpcb_n::inp_vflag)?,
        local: (bytes_at(inpcb, xinpcb_n::inp_dependladdr)?, port(xinpcb_n::inp_lport)?),
        peer: (bytes_at(inpcb, xinpcb_n::inp_dependfaddr)?, port(xinpcb_n::inp_fport)?),
        queue: [number(xsocket_n::so_qlen)?, number(xsocket_n::so_incqlen)?, number(xsocket_n::so_qlimit)?],
        identity,
    };
    let uid = u32_at(xsocket, xsocket_n::so_uid)?;
    let Some(socket) = socket(&fields) else { return Some(None) };
    let last_pid = u32_at(xsocket, xsocket_n::so_last_pid).filter(|&pid| pid != 0);
    // Most fields are empty if the socket is not the kernel's (`nstat_userland_list_snapshot` in
    // `bsd/net/ntstat.c`).
    Some(Some(if identity.is_none() {
        let key = MacosKey { identity, process: last_pid, last_used: None };
        MacosSocket { accept_queue: None, dual_stack: None, key, ..socket }
    } else {
        let key = MacosKey { identity, process: None, last_used: last_pid };
        MacosSocket { uid: Some(uid), key, ..socket }
    }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::pcblist_written::{Written, generations, list, listener, longer_list, record, v4};
    use super::*;
    use crate::model::{AcceptQueue, State};
    use crate::os::socket_record::TcpState;

    fn only(protocol: Protocol, socket: &Written) -> MacosSocket {
        let list = read(protocol, &list(protocol, std::slice::from_ref(socket)));
        let [socket] = &list.sockets[..] else { panic!("{list:?}") };
        assert!(!list.malformed);
        socket.clone()
    }

    #[test]
    fn a_listener_is_read_whole() {
        let socket = only(Protocol::Tcp, &listener());
        assert_eq!(
            (socket.local.to_string(), socket.state),
            ("127.0.0.1:5432".to_owned(), TcpState::Listening)
        );
        assert_eq!((socket.uid, socket.retransmits), (Some(501), Some(3)));
        assert_eq!((socket.interface, socket.dual_stack, socket.peer), (None, None, None));
        assert_eq!(socket.key.identity, Identity { handle: 0xfeed_beef_0000_0001, generation: 40 });
        assert_eq!(socket.accept_queue, Some(AcceptQueue { waiting: 3, limit: Some(127) }));
        assert_eq!(socket.key.process, None, "the process that used it last may have passed it on");
        assert_eq!(socket.key.last_used, Some(4711));
        let unused = only(Protocol::Tcp, &Written { last_pid: 0, ..listener() });
        assert_eq!(unused.key.last_used, None);
        assert_eq!(socket.listed_state(), Some(State::Listen));
    }

    #[test]
    fn what_is_in_a_process_is_that_processs_and_nothing_else_is_made_up_of_it() {
        let versions = INI_IPV6;
        let flow = Written { versions, local: ([0; 16], 80), generation: 0, handle: 0, ..listener() };
        let socket = only(Protocol::Tcp, &flow);
        assert_eq!((socket.key.process, socket.key.last_used, socket.uid), (Some(4711), None, None));
        assert_eq!((socket.dual_stack, socket.accept_queue), (None, None));
    }

    #[test]
    fn an_unknown_state_is_noticed_and_the_rest_is_read() {
        let strange = Written { state: 11, ..listener() };
        let list = read(Protocol::Tcp, &list(Protocol::Tcp, &[strange, listener()]));
        assert!(list.malformed && list.sockets.len() == 1);
    }

    /// Address, listed state, connection state, dual stack and interface.
    fn decoded(protocol: Protocol, socket: &Written) -> String {
        let socket = only(protocol, socket);
        let (listed, connection) = (socket.listed_state(), socket.connection());
        format!("{} {listed:?} {connection:?} {:?} {:?}", socket.local, socket.dual_stack, socket.interface)
    }

    #[test]
    fn addresses_states_and_families_are_told_apart() {
        let tcp = |socket: Written| decoded(Protocol::Tcp, &socket);
        let any = ([0; 16], 80);
        let both = Written { versions: INI_IPV4 | INI_IPV6, local: any, ..listener() };
        assert_eq!(tcp(both.clone()), "[::]:80 Some(Listen) None Some(true) None");
        let v6only = Written { versions: INI_IPV6, ..both.clone() };
        assert_eq!(tcp(v6only.clone()), "[::]:80 Some(Listen) None Some(false) None");
        let mut mapped = v4([10, 0, 0, 7]);
        mapped[10..12].fill(0xff);
        let mapped = Written { local: (mapped, 80), ..v6only.clone() };
        assert_eq!(tcp(mapped), "10.0.0.7:80 Some(Listen) None None None");
        let mut link = [0; 16];
        (link[0], link[1], link[3], link[15]) = (0xfe, 0x80, 4, 1);
        let link = Written { local: (link, 80), ..v6only };
        assert_eq!(tcp(link), "[fe80::1]:80 Some(Listen) None None Some(4)");
        let bound = Written { state: 0, ..listener() };
        assert_eq!(tcp(bound.clone()), "127.0.0.1:5432 Some(Bound) None None None");
        let portless = Written { local: (v4([0; 4]), 0), ..bound };
        assert_eq!(tcp(portless), "0.0.0.0:0 None None None None");
        let peer = (v4([10, 0, 0, 9]), 40_000);
        let resting = Written { state: 10, peer, ..listener() };
        assert_eq!(tcp(resting), "127.0.0.1:5432 None Some(TimeWait) None None");

        let unconnected = Written { versions: INI_IPV4, ..both };
        assert_eq!(decoded(Protocol::Udp, &unconnected), "0.0.0.0:80 Some(Unconnected) None None None");
        let connected = Written { peer, ..unconnected };
        assert_eq!(decoded(Protocol::Udp, &connected), "0.0.0.0:80 None Some(Connected) None None");
    }

    #[test]
    fn longer_structures_and_unknown_kinds_are_read_as_far_as_they_are_known() {
        let known = read(Protocol::Tcp, &list(Protocol::Tcp, &[listener(), listener()]));
        assert_eq!(read(Protocol::Tcp, &longer_list(Protocol::Tcp, &[listener(), listener()], 20)), known);
        let mut bytes = generations(2);
        bytes.extend(record(40, 0x1000, &[]));
        bytes.extend(&list(Protocol::Tcp, &[listener(), listener()])[24..]);
        assert_eq!(read(Protocol::Tcp, &bytes), known);
    }

    #[test]
    fn what_is_not_there_is_passed_over() {
        assert_eq!(read(Protocol::Tcp, &generations(0)), List::default());
        let closed = Written { generation: 51, ..listener() };
        let familyless = Written { versions: 0, ..listener() };
        let nothing = read(Protocol::Tcp, &list(Protocol::Tcp, &[closed, familyless]));
        assert_eq!(nothing, List::default());
        let not_udp = read(Protocol::Udp, &list(Protocol::Tcp, &[listener()]));
        assert_eq!(not_udp, List::default());
        let other = longer_list(Protocol::Udp, &[listener()], 0);
        assert!(read(Protocol::Tcp, &other).malformed && read(Protocol::Tcp, &other).sockets.is_empty());
    }

    #[test]
    fn no_truncation_is_silent_and_a_length_of_zero_is_no_record() {
        let whole = list(Protocol::Tcp, &[listener(), Written { handle: 9, ..listener() }]);
        let all = read(Protocol::Tcp, &whole);
        assert!(all.sockets.len() == 2 && !all.malformed);
        for end in 0..whole.len() {
            let part = read(Protocol::Tcp, &whole[..end]);
            assert!(part.malformed, "{end}");
            assert!(all.sockets.starts_with(&part.sockets), "{end}: {part:?}");
        }
        for at in [0, 24, whole.len() - 24] {
            let mut broken = whole.clone();
            broken[at..at + 4].fill(0);
            assert!(read(Protocol::Tcp, &broken).malformed, "{at}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_strange(noise in prop::collection::vec(any::<u8>(), 0..600)) {
            let _ = (read(Protocol::Tcp, &noise), read(Protocol::Udp, &noise));
            let _ = read(Protocol::Tcp, &[generations(1), noise].concat());
        }
    }

    #[test]
    fn no_flipped_bit_is_too_strange() {
        let whole = list(Protocol::Tcp, &[listener(), listener()]);
        for bit in 0..whole.len() * 8 {
            let mut flipped = whole.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(read(Protocol::Tcp, &flipped).sockets.len() <= 2, "{bit}");
        }
    }
}
