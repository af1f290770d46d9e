//! Understands the text of Linux's `/proc/net/{tcp,tcp6,udp,udp6}` (`proc_net(5)`; columns as
//! printed by `get_tcp4_sock` in `net/ipv4/tcp_ipv4.c` and `udp4_format_sock` in `net/ipv4/udp.c`).
//! Calls nothing, so it is tested on every system.

use std::collections::HashSet;

use crate::model::Protocol;

/// The inodes of sockets, by what they are doing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inodes {
    /// TCP in LISTEN, and UDP without a peer.
    pub receiving: HashSet<u32>,
    /// UDP with a peer: clients.
    pub connected_udp: HashSet<u32>,
}

/// What a state number means, in `include/net/tcp_states.h`; UDP uses `TCP_CLOSE` for a socket
/// without a peer, and `TCP_ESTABLISHED` for one with a peer.
const ESTABLISHED: &str = "01";
const CLOSE: &str = "07";
const LISTEN: &str = "0A";

impl Inodes {
    /// Adds the lines of a table, but for its heading. TCP tables begin with their listeners, and
    /// are read no further: `tcp_seq_start` walks the listeners' table first. A line that cannot be
    /// understood adds nothing.
    pub fn add(&mut self, protocol: Protocol, lines: impl Iterator<Item = String>) {
        for line in lines {
            let Some((state, inode)) = state_and_inode(&line) else { continue };
            match (protocol, state) {
                (Protocol::Tcp, LISTEN) | (Protocol::Udp, CLOSE) => self.receiving.insert(inode),
                (Protocol::Udp, ESTABLISHED) => self.connected_udp.insert(inode),
                (Protocol::Tcp, _) => return,
                (Protocol::Udp, _) => continue,
            };
        }
    }
}

fn state_and_inode(line: &str) -> Option<(&str, u32)> {
    // sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode ref …
    let mut fields = line.split_ascii_whitespace().skip(3);
    let state = fields.next()?;
    let inode = fields.nth(5)?.parse().ok()?;
    // Without a field behind it, the number may have been cut short.
    fields.next()?;
    // A socket of the kernel's own may have none.
    (inode != 0).then_some((state, inode))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Recorded on Linux 6.18: an unconnected socket, then one connected to 127.0.0.1:9.
    const UDP: &str = "  \
  401: 0100007F:D431 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 5801 2 0000000000000000 0
 3512: 0100007F:C0A4 0100007F:0009 01 00000000:00000000 00:00000000 00000000     0        0 5802 2 0000000000000000 0";

    /// Recorded on Linux 6.18: a listener, then a connection.
    const TCP: &str = "   \
   0: 0100007F:14E9 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 31974 1 000000004cd955a8 100 0 0 10 5
   1: 0100007F:14E9 0100007F:8C2A 01 00000000:00000000 00:00000000 00000000     0        0 31980 1 00000000d00403ed 20 4 30 10 -1
   2: 0100007F:14EA 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 31990 1 000000004cd955a9 100 0 0 10 5";

    fn read(protocol: Protocol, text: &str) -> Inodes {
        let mut inodes = Inodes::default();
        inodes.add(protocol, text.lines().map(str::to_owned));
        inodes
    }

    #[test]
    fn sockets_are_told_apart_by_state() {
        let udp = read(Protocol::Udp, UDP);
        assert_eq!((udp.receiving, udp.connected_udp), ([5801].into(), [5802].into()));
        // The third line stands behind the first connection, where the kernel puts no listener.
        let tcp = read(Protocol::Tcp, TCP);
        assert_eq!((tcp.receiving, tcp.connected_udp), ([31974].into(), HashSet::new()));
    }

    #[test]
    fn no_truncation_names_another_socket() {
        for end in 0..UDP.len() {
            let Inodes { receiving, connected_udp } = read(Protocol::Udp, &UDP[..end]);
            assert!(receiving.is_empty() || receiving == [5801].into(), "{end}: {receiving:?}");
            assert!(connected_udp.is_empty() || connected_udp == [5802].into(), "{end}: {connected_udp:?}");
        }
    }

    #[test]
    fn what_is_not_a_table_names_nothing() {
        for text in
            ["", "\n\n", "01 01 01 01", "x y z 01 a b c d e notanumber f", "x y z 01 a b c d e 99999999999 f"]
        {
            assert_eq!(read(Protocol::Udp, text), Inodes::default(), "{text:?}");
        }
    }
}
