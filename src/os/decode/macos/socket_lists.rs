//! The kernel's lists of sockets, and whether they are all of them.

use super::pcblist;
use super::socket::{MacosSocket, omit_other_users};
use crate::model::Protocol;

/// The sysctls with the lists.
pub const NAMES: [(Protocol, &str); 2] =
    [(Protocol::Tcp, "net.inet.tcp.pcblist_n"), (Protocol::Udp, "net.inet.udp.pcblist_n")];

/// The sockets of both lists, TCP first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SocketLists {
    pub sockets: Vec<MacosSocket>,
    /// Whether part of them was not understood.
    pub malformed: bool,
}

impl SocketLists {
    /// Decodes both lists, in the order of [`NAMES`]: only both together show whether they are complete. `own` is the user
    /// who read them.
    ///
    /// # Errors
    ///
    /// Why they cannot be used, in words.
    pub fn decode(lists: [&[u8]; 2], own: u32) -> Result<SocketLists, String> {
        let mut all = SocketLists { sockets: Vec::new(), malformed: false };
        for ((protocol, name), bytes) in NAMES.into_iter().zip(lists) {
            let list = pcblist::read(protocol, bytes);
            if list.malformed && list.sockets.is_empty() {
                return Err(format!("{name} was not understood"));
            }
            all.malformed |= list.malformed;
            all.sockets.extend(list.sockets);
        }
        if omit_other_users(&all.sockets, own) {
            return Err("the kernel's lists leave out the sockets of other users".to_owned());
        }
        // Without an identity, no socket can be matched with its holders.
        let nameless = |socket: &MacosSocket| socket.key.identity.is_none() && socket.key.process.is_none();
        if all.sockets.iter().all(nameless) {
            return Err("the kernel's lists do not identify the sockets".to_owned());
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::super::pcblist_written::{Written, generations, list, listener};
    use super::*;

    /// The user of every socket that `list` writes.
    const WRITTEN: u32 = 501;
    const OTHER: u32 = 502;

    fn decoded(tcp: &[u8], udp: &[u8], own: u32) -> Result<usize, String> {
        SocketLists::decode([tcp, udp], own).map(|lists| lists.sockets.len())
    }

    #[test]
    fn both_lists_are_one() {
        let (tcp, udp) = (list(Protocol::Tcp, &[listener(), listener()]), list(Protocol::Udp, &[listener()]));
        let lists = SocketLists::decode([&tcp, &udp], OTHER).unwrap();
        let protocols: Vec<Protocol> = lists.sockets.iter().map(|socket| socket.protocol).collect();
        assert_eq!(protocols, [Protocol::Tcp, Protocol::Tcp, Protocol::Udp]);
        assert!(!lists.malformed);
        let part = SocketLists::decode([&tcp[..tcp.len() - 100], &udp], OTHER).unwrap();
        assert!(part.malformed && part.sockets.len() == 2, "{part:?}");
    }

    #[test]
    fn lists_that_are_not_all_are_not_used() {
        let (tcp, udp) = (list(Protocol::Tcp, &[listener()]), list(Protocol::Udp, &[listener()]));
        assert_eq!(decoded(&tcp, &udp, OTHER), Ok(2));
        let omitted = Err("the kernel's lists leave out the sockets of other users".to_owned());
        assert_eq!(decoded(&tcp, &udp, WRITTEN), omitted);
        assert_eq!(decoded(&generations(0), &generations(0), WRITTEN), omitted);
        let not_understood = |name| Err(format!("{name} was not understood"));
        for bad in [&b""[..], &tcp[..30], b"sysctl: unknown oid\n"] {
            assert_eq!(decoded(bad, &udp, OTHER), not_understood("net.inet.tcp.pcblist_n"));
            assert_eq!(decoded(&tcp, bad, OTHER), not_understood("net.inet.udp.pcblist_n"));
        }
        let swapped = decoded(&udp, &tcp, OTHER);
        assert_eq!(swapped, not_understood("net.inet.tcp.pcblist_n"), "each is in the place of the other");
        let nameless = Written { handle: 0, generation: 0, last_pid: 0, ..listener() };
        let nameless = [Protocol::Tcp, Protocol::Udp].map(|one| list(one, std::slice::from_ref(&nameless)));
        assert!(decoded(&nameless[0], &nameless[1], OTHER).is_err());
    }
}
