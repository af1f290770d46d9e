//! What macOS tells of a socket that a process has open: `struct socket_fdinfo`, from proc_pidfdinfo with
//! `PROC_PIDFDSOCKETINFO` (`bsd/sys/proc_info.h` of XNU; filled in `bsd/kern/socket_info.c`). Its numbers
//! are where their sizes put them: it is under no `#pragma pack`.

use std::collections::HashMap;

use super::bytes::{u32_at, u64_at};
use super::pcb::{Identity, Pcb};
use crate::model::Protocol;

/// What ties an open socket to one of a [`pcblist`](super::pcblist).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenSocket {
    /// TCP or UDP.
    pub protocol: Protocol,
    /// Its own port.
    pub port: u16,
    /// What the kernel tells of it in the list, too.
    pub identity: Identity,
}

/// So many bytes hold the structure (792 of macOS 11 to 15), and one that has grown.
pub const ROOM: usize = 2048;

/// The size of `struct proc_fileinfo`, and of `struct vinfo_stat` behind it: here `struct socket_info`'s
/// own fields begin.
const OWN: usize = 24 + 136;
/// Its union begins at `soi_proto`, with `struct in_sockinfo` for `SOCKINFO_IN` and `SOCKINFO_TCP`.
const PROTO: usize = OWN + 104;
/// `soi_kind` (`bsd/sys/proc_info.h`).
const SOCKINFO_IN: u32 = 1;
const SOCKINFO_TCP: u32 = 2;
/// `soi_protocol` (IANA).
const IPPROTO_UDP: u32 = 17;

/// Understands it; `None` for a socket of another family or protocol, and where it is too short.
#[must_use]
pub fn read(bytes: &[u8]) -> Option<OpenSocket> {
    let protocol = match (u32_at(bytes, OWN + 96)?, u32_at(bytes, OWN + 20)?) {
        (SOCKINFO_TCP, _) => Protocol::Tcp,
        (SOCKINFO_IN, IPPROTO_UDP) => Protocol::Udp,
        _ => return None,
    };
    // The port in network order, in a number that is not.
    let [first, second] = u16::try_from(u32_at(bytes, PROTO + 4)?).ok()?.to_ne_bytes();
    Some(OpenSocket {
        protocol,
        port: u16::from_be_bytes([first, second]),
        identity: Identity { handle: u64_at(bytes, OWN)?, generation: u64_at(bytes, PROTO + 8)? },
    })
}

/// Finds the sockets of lists by what is told of them elsewhere.
#[derive(Debug, Default)]
pub struct Sockets {
    by_handle: HashMap<u64, usize>,
    by_generation: HashMap<(Protocol, u64), (usize, u16)>,
}

impl Sockets {
    /// Those of the lists, by their places there.
    #[must_use]
    pub fn of(sockets: &[Pcb]) -> Sockets {
        let mut found = Sockets::default();
        for (at, Pcb { protocol, local, identity, .. }) in sockets.iter().enumerate() {
            if identity.handle != 0 {
                found.by_handle.insert(identity.handle, at);
            }
            if identity.generation != 0 {
                found.by_generation.insert((*protocol, identity.generation), (at, local.port()));
            }
        }
        found
    }

    /// The place of this one; `None` where it is not in the lists. Were the handles written another way
    /// here than there, as a system may come to do, the protocol's own number would tell, where the port
    /// does not speak against it.
    #[must_use]
    pub fn place(&self, open: &OpenSocket) -> Option<usize> {
        let by_handle = self.by_handle.get(&open.identity.handle).copied();
        by_handle.or_else(|| {
            let (at, port) = self.by_generation.get(&(open.protocol, open.identity.generation))?;
            (*port == open.port).then_some(*at)
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::pcblist;
    use super::super::pcblist_written as written;
    use super::*;

    /// As the kernel fills it: the size of each structure is counted anew.
    fn info(kind: u32, protocol: u32, port: u16, identity: Identity) -> Vec<u8> {
        let mut bytes = vec![0; 792];
        let mut put = |at: usize, field: &[u8]| bytes[at..at + field.len()].copy_from_slice(field);
        put(160, &identity.handle.to_ne_bytes());
        put(180, &protocol.to_ne_bytes());
        put(256, &kind.to_ne_bytes());
        put(268, &u32::from(u16::from_ne_bytes(port.to_be_bytes())).to_ne_bytes());
        put(272, &identity.generation.to_ne_bytes());
        bytes
    }

    const IDENTITY: Identity = Identity { handle: 0xfeed_beef_0000_0001, generation: 40 };

    #[test]
    fn an_open_socket_is_read() {
        let tcp = OpenSocket { protocol: Protocol::Tcp, port: 5432, identity: IDENTITY };
        assert_eq!(read(&info(2, 6, 5432, IDENTITY)), Some(tcp));
        let udp = OpenSocket { protocol: Protocol::Udp, port: 53, identity: IDENTITY };
        assert_eq!(read(&info(1, 17, 53, IDENTITY)), Some(udp));
        for (kind, protocol) in [(1, 1), (3, 0), (0, 6)] {
            assert_eq!(read(&info(kind, protocol, 53, IDENTITY)), None, "{kind} {protocol}");
        }
        let whole = info(2, 6, 5432, IDENTITY);
        for end in 0..280 {
            assert_eq!(read(&whole[..end]), None, "{end}");
        }
        assert_eq!(read(&whole[..280]), Some(tcp), "what is behind is of no interest");
    }

    #[test]
    fn an_open_socket_is_found_in_the_list() {
        let other = written::Written { handle: 9, generation: 41, ..written::listener() };
        let list = written::list(Protocol::Tcp, &[other, written::listener()]);
        let sockets = Sockets::of(&pcblist::read(Protocol::Tcp, &list).sockets);
        let open = OpenSocket { protocol: Protocol::Tcp, port: 5432, identity: IDENTITY };
        assert_eq!(sockets.place(&open), Some(1));
        let with = |handle, generation| Identity { handle, generation };
        assert_eq!(sockets.place(&OpenSocket { identity: with(9, 40), ..open }), Some(0), "by its handle");
        let hidden = OpenSocket { identity: with(0, 40), ..open };
        assert_eq!(sockets.place(&hidden), Some(1), "by its number");
        assert_eq!(sockets.place(&OpenSocket { identity: with(7, 40), ..open }), Some(1));
        assert_eq!(sockets.place(&OpenSocket { port: 80, ..hidden }), None, "it has another port");
        assert_eq!(sockets.place(&OpenSocket { protocol: Protocol::Udp, ..hidden }), None);
        assert_eq!(sockets.place(&OpenSocket { identity: with(0, 0), ..open }), None);
    }

    #[test]
    fn what_has_no_identity_is_nobodys() {
        let nameless = written::Written { handle: 0, generation: 0, ..written::listener() };
        let list = written::list(Protocol::Tcp, &[nameless]);
        let sockets = Sockets::of(&pcblist::read(Protocol::Tcp, &list).sockets);
        let identity = Identity { handle: 0, generation: 0 };
        assert_eq!(sockets.place(&OpenSocket { protocol: Protocol::Tcp, port: 5432, identity }), None);
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_strange(noise in prop::collection::vec(any::<u8>(), 0..900)) {
            let _ = read(&noise);
        }
    }
}
