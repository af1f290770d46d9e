//! Decodes `struct socket_fdinfo`, which macOS returns for a socket that a process has open (proc_pidfdinfo with
//! `PROC_PIDFDSOCKETINFO`; `bsd/sys/proc_info.h` of XNU; filled in `bsd/kern/socket_info.c`). Its fields have their
//! natural alignment: it is under no `#pragma pack`.

use std::collections::HashMap;

use super::super::bytes::{bytes_at, i32_at, u16_at, u32_at, u64_at};
use super::offsets::{IPPROTO_UDP, SOCKET_FDINFO, SOCKINFO_IN, SOCKINFO_TCP, socket_fdinfo as at};
use super::socket::{Fields, Identity, MacosKey, MacosSocket, socket};
use crate::model::Protocol;

/// Room for the structure, and for a longer one of a later version.
pub const ROOM: usize = 2048;
const _: () = assert!(SOCKET_FDINFO < ROOM);

/// Decodes it; `None` if the socket is of another family or protocol, or the structure is too short. It lacks the user,
/// the retransmits and who used it last.
#[must_use]
pub fn read(bytes: &[u8]) -> Option<MacosSocket> {
    let tcp = match (u32_at(bytes, at::soi_kind)?, u32_at(bytes, at::soi_protocol)?) {
        (SOCKINFO_TCP, _) => Some((i32_at(bytes, at::tcpsi_state)?, None)),
        (SOCKINFO_IN, IPPROTO_UDP) => None,
        _ => return None,
    };
    // A port in network order, in a field of the machine's order.
    let port = |at| u32_at(bytes, at).and_then(|port| u16::try_from(port).ok()).map(u16::from_be);
    socket(&Fields {
        protocol: if tcp.is_some() { Protocol::Tcp } else { Protocol::Udp },
        tcp,
        versions: *bytes.get(at::insi_vflag)?,
        local: (bytes_at(bytes, at::insi_laddr)?, port(at::insi_lport)?),
        peer: (bytes_at(bytes, at::insi_faddr)?, port(at::insi_fport)?),
        queue: [
            u16_at(bytes, at::soi_qlen)?,
            u16_at(bytes, at::soi_incqlen)?,
            u16_at(bytes, at::soi_qlimit)?,
        ],
        identity: Identity {
            handle: u64_at(bytes, at::soi_so)?,
            generation: u64_at(bytes, at::insi_gencnt)?,
        },
    })
}

/// Finds the sockets of the lists by their identities.
#[derive(Debug, Default)]
pub struct Sockets {
    by_handle: HashMap<u64, usize>,
    by_generation: HashMap<(Protocol, u64), (usize, u16)>,
}

impl Sockets {
    #[must_use]
    pub fn of(sockets: &[MacosSocket]) -> Sockets {
        let mut found = Sockets::default();
        for (at, socket) in sockets.iter().enumerate() {
            let MacosSocket { protocol, local, key: MacosKey { identity, .. }, .. } = socket;
            if identity.handle != 0 {
                found.by_handle.insert(identity.handle, at);
            }
            if identity.generation != 0 {
                found.by_generation.insert((*protocol, identity.generation), (at, local.port()));
            }
        }
        found
    }

    /// The index of an open socket in the lists; `None` if it is not there. Its handle identifies it, or else the
    /// number of the protocol with the port, in case a later system obfuscates the handles differently here.
    #[must_use]
    pub fn find(&self, open: &MacosSocket) -> Option<usize> {
        let by_handle = self.by_handle.get(&open.key.identity.handle).copied();
        by_handle.or_else(|| {
            let (at, port) = self.by_generation.get(&(open.protocol, open.key.identity.generation))?;
            (*port == open.local.port()).then_some(*at)
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{pcblist, pcblist_written as written};
    use super::*;
    use crate::model::AcceptQueue;
    use crate::os::socket_record::TcpState;

    const IDENTITY: Identity = Identity { handle: 0xfeed_beef_0000_0001, generation: 40 };

    /// As the kernel fills it for 127.0.0.1:5432. The offsets of the fields are counted anew.
    fn info(kind: u32, protocol: u32, state: i32) -> Vec<u8> {
        let mut bytes = vec![0; 792];
        let mut put = |at: usize, field: &[u8]| bytes[at..at + field.len()].copy_from_slice(field);
        put(160, &IDENTITY.handle.to_ne_bytes());
        put(180, &protocol.to_ne_bytes());
        for (at, queue) in [(194, 5_u16), (196, 2), (198, 128)] {
            put(at, &queue.to_ne_bytes());
        }
        put(256, &kind.to_ne_bytes());
        put(268, &u32::from(u16::from_ne_bytes(5432_u16.to_be_bytes())).to_ne_bytes());
        put(272, &IDENTITY.generation.to_ne_bytes());
        put(288, &[1]);
        put(324, &[127, 0, 0, 1]);
        put(344, &state.to_ne_bytes());
        bytes
    }

    #[test]
    fn an_open_socket_is_read_as_in_the_list() {
        let list = pcblist::read(Protocol::Tcp, &written::list(Protocol::Tcp, &[written::listener()]));
        let [listed] = &list.sockets[..] else { panic!("{list:?}") };
        let open = read(&info(2, 6, 1)).unwrap();
        let key = MacosKey { last_used: None, ..listed.key };
        assert_eq!(open, MacosSocket { uid: None, retransmits: None, key, ..listed.clone() });
        assert_eq!(open.accept_queue, Some(AcceptQueue { waiting: 3, limit: Some(127) }));

        let udp = read(&info(1, 17, 0)).unwrap();
        assert_eq!((udp.protocol, udp.state), (Protocol::Udp, TcpState::Closed));
        let mut connected = info(1, 17, 0);
        connected[264..268].copy_from_slice(&u32::from(u16::from_ne_bytes([0, 53])).to_ne_bytes());
        connected[308..312].copy_from_slice(&[10, 0, 0, 9]);
        let connected = read(&connected).unwrap();
        assert_eq!(
            (connected.peer, connected.state),
            (Some("10.0.0.9:53".parse().unwrap()), TcpState::Established)
        );
    }

    #[test]
    fn what_is_no_internet_socket_or_cut_off_is_none() {
        for (kind, protocol, state) in [(1, 1, 0), (3, 0, 0), (0, 6, 1), (2, 6, 11)] {
            assert_eq!(read(&info(kind, protocol, state)), None, "{kind} {protocol} {state}");
        }
        let whole = info(2, 6, 1);
        for end in 0..348 {
            assert_eq!(read(&whole[..end]), None, "{end}");
        }
        assert!(read(&whole[..348]).is_some(), "the rest is not needed");
    }

    #[test]
    fn an_open_socket_is_found_in_the_list() {
        let other = written::Written { handle: 9, generation: 41, ..written::listener() };
        let list = written::list(Protocol::Tcp, &[other, written::listener()]);
        let sockets = Sockets::of(&pcblist::read(Protocol::Tcp, &list).sockets);
        let open = read(&info(2, 6, 1)).unwrap();
        assert_eq!(sockets.find(&open), Some(1));
        let with = |handle, generation| {
            let key = MacosKey { identity: Identity { handle, generation }, ..open.key };
            MacosSocket { key, ..open.clone() }
        };
        assert_eq!(sockets.find(&with(9, 40)), Some(0), "by its handle");
        assert_eq!(sockets.find(&with(0, 40)), Some(1), "by its number");
        assert_eq!(sockets.find(&with(7, 40)), Some(1));
        let elsewhere = MacosSocket { local: "127.0.0.1:80".parse().unwrap(), ..with(0, 40) };
        assert_eq!(sockets.find(&elsewhere), None, "it has another port");
        assert_eq!(sockets.find(&MacosSocket { protocol: Protocol::Udp, ..with(0, 40) }), None);
        assert_eq!(sockets.find(&with(0, 0)), None);
    }

    #[test]
    fn what_has_no_identity_is_nobodys() {
        let nameless = written::Written { handle: 0, generation: 0, ..written::listener() };
        let list = written::list(Protocol::Tcp, &[nameless]);
        let listed = pcblist::read(Protocol::Tcp, &list).sockets;
        assert_eq!(Sockets::of(&listed).find(&listed[0]), None);
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_strange(noise in prop::collection::vec(any::<u8>(), 0..900)) {
            let _ = read(&noise);
        }
    }

    #[test]
    fn no_flipped_bit_is_too_strange() {
        let whole = info(2, 6, 1);
        for bit in 0..360 * 8 {
            let mut flipped = whole.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let _ = read(&flipped);
        }
    }
}
