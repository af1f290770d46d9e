//! Decodes `/proc/net/{tcp,tcp6,udp,udp6}` (`proc_net(5)`; columns as printed by `get_tcp4_sock` in
//! `net/ipv4/tcp_ipv4.c` and `udp4_format_sock` in `net/ipv4/udp.c`). Compared with `sock_diag` it lacks the interface,
//! `IPV6_V6ONLY` and the backlog.

use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr};

use super::socket::{LinuxKey, LinuxSocket, tcp_state};
use crate::model::{AcceptQueue, Family, Protocol};
use crate::os::socket_record::TcpState;

/// Decodes a table with its heading: the sockets, and how many lines were not understood.
#[must_use]
pub fn read(protocol: Protocol, family: Family, table: &str) -> (Vec<LinuxSocket>, usize) {
    let lines: Vec<&str> = table.lines().skip(1).filter(|line| !line.trim().is_empty()).collect();
    let mut sockets: Vec<LinuxSocket> =
        lines.iter().filter_map(|line| socket(protocol, family, line)).collect();
    let failed = lines.len() - sockets.len();
    // The kernel finds its place again by counting, so that it repeats a socket where another was opened meanwhile.
    // A socket that no process has any more has no inode, which is no identity.
    let mut known = HashSet::new();
    sockets.retain(|socket| socket.key.inode.is_none_or(|inode| known.insert(inode)));
    (sockets, failed)
}

fn socket(protocol: Protocol, family: Family, line: &str) -> Option<LinuxSocket> {
    // sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode ref …
    let mut fields = line.split_ascii_whitespace().skip(1);
    let local = address(family, fields.next()?)?;
    let peer = address(family, fields.next()?)?;
    let state = tcp_state(u8::from_str_radix(fields.next()?, 16).ok()?)?;
    let (_, receive_queue) = fields.next()?.split_once(':')?;
    let waiting = u32::from_str_radix(receive_queue, 16).ok()?;
    let retransmits = u32::from_str_radix(fields.nth(1)?, 16).ok()?;
    let uid = fields.next()?.parse().ok()?;
    let inode: u32 = fields.nth(1)?.parse().ok()?;
    // Without another field behind it, the number may be cut short.
    fields.next()?;
    Some(LinuxSocket {
        protocol,
        state,
        local,
        peer: Some(peer).filter(|_| state.connection().is_some()),
        interface: None,
        dual_stack: None,
        uid: Some(uid),
        accept_queue: (state == TcpState::Listening).then_some(AcceptQueue { waiting, limit: None }),
        retransmits: Some(u8::try_from(retransmits).unwrap_or(u8::MAX)),
        key: LinuxKey { inode: Some(inode).filter(|&inode| inode != 0), cgroup: None, transparent: None },
    })
}

/// Decodes `0100007F:14E9`: 32-bit words in network order, each printed as a number of this machine.
fn address(family: Family, text: &str) -> Option<SocketAddr> {
    let (ip, port) = text.split_once(':')?;
    let word = |at: usize| {
        let digits = ip.get(8 * at..8 * at + 8)?;
        u32::from_str_radix(digits, 16).ok().map(u32::to_ne_bytes)
    };
    let ip = match family {
        Family::Ipv4 if ip.len() == 8 => IpAddr::from(word(0)?),
        Family::Ipv6 if ip.len() == 32 => {
            let mut octets = [0; 16];
            for at in 0..4 {
                octets[4 * at..4 * at + 4].copy_from_slice(&word(at)?);
            }
            IpAddr::from(octets).to_canonical()
        }
        _ => return None,
    };
    Some(SocketAddr::new(ip, u16::from_str_radix(port, 16).ok().filter(|_| port.len() == 4)?))
}

/// The kernel's counters of TCP sockets (`net/ipv4/proc.c`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TcpCounters {
    /// All sockets of the machine.
    pub allocated: u64,
    /// The sockets of one namespace that are in the tables of listeners and connections.
    pub in_use: u64,
}

impl TcpCounters {
    /// How many sockets neither listen nor have a peer in this namespace: those that are bound without listening, and
    /// all of other namespaces. `None` if the counters contradict each other.
    #[must_use]
    pub fn idle(self) -> Option<u64> {
        self.allocated.checked_sub(self.in_use)
    }
}

/// Decodes the counters in `/proc/net/sockstat` and `sockstat6`. The latter is empty without IPv6. `None` if a counter
/// is missing.
#[must_use]
pub fn tcp_counters(sockstat: &str, sockstat6: &str) -> Option<TcpCounters> {
    let number = |text: &str, line: &str, name: &str| -> Option<u64> {
        let mut words = text.lines().find_map(|text| text.strip_prefix(line))?.split_ascii_whitespace();
        words.find(|&word| word == name)?;
        words.next()?.parse().ok()
    };
    let in_use6 = if sockstat6.is_empty() { 0 } else { number(sockstat6, "TCP6:", "inuse")? };
    let in_use = number(sockstat, "TCP:", "inuse")? + in_use6;
    Some(TcpCounters { allocated: number(sockstat, "TCP:", "alloc")?, in_use })
}

/// Decodes from `/proc/net/snmp` how often a socket has asked for a connection (`tcpActiveOpens` of RFC 4022). The kernel
/// counts it when it has put the socket into the table of connections (`tcp_connect` in `net/ipv4/tcp_output.c`). `None`
/// if the counter is missing.
#[must_use]
pub fn active_opens(snmp: &str) -> Option<u64> {
    let mut lines = snmp.lines().filter_map(|line| line.strip_prefix("Tcp:"));
    let (names, numbers) = (lines.next()?.split_ascii_whitespace(), lines.next()?.split_ascii_whitespace());
    let (_, number) = names.zip(numbers).find(|&(name, _)| name == "ActiveOpens")?;
    number.parse().ok()
}

/// Whether the counters of `sockstat` say that a namespace has a socket of UDP-Lite, or are not understood. A kernel without
/// UDP-Lite has no such counters.
#[must_use]
pub fn may_have_udplite(sockstat: &str, sockstat6: &str) -> bool {
    let lines = sockstat.lines().chain(sockstat6.lines());
    let mut counted = lines.filter_map(|line| line.strip_prefix("UDPLITE"));
    counted.any(|line| !line.trim_start_matches(['6', ':']).split_ascii_whitespace().eq(["inuse", "0"]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Recorded on Linux 6.18: an unconnected socket, then one connected to 127.0.0.1:9.
    const UDP: &str = "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  401: 0100007F:D431 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 5801 2 0000000000000000 0
 3512: 0100007F:C0A4 0100007F:0009 01 00000000:00000000 00:00000000 00000000 65534        0 5802 2 0000000000000000 0
";

    /// Recorded on Linux 6.18: a listener with three connections waiting, and one on an IPv4-mapped address.
    const TCP6: &str = "  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000001000000:14E9 00000000000000000000000000000000:0000 0A 00000000:00000003 00:00000000 00000000     0        0 31974 1 000000004cd955a8 100 0 0 10 5
   1: 0000000000000000FFFF00000100007F:14EA 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 31980 1 00000000d00403ed 100 0 0 10 0
";

    fn decoded(protocol: Protocol, family: Family, table: &str) -> Vec<String> {
        let (sockets, _) = read(protocol, family, table);
        let shown = |s: &LinuxSocket| {
            let waiting = s.accept_queue.map(|queue| queue.waiting);
            format!("{:?} {} {:?} {waiting:?} {:?} {:?}", s.state, s.local, s.peer, s.uid, s.key.inode)
        };
        sockets.iter().map(shown).collect()
    }

    #[test]
    fn sockets_are_read_with_all_that_is_told() {
        assert_eq!(
            decoded(Protocol::Udp, Family::Ipv4, UDP),
            [
                "Closed 127.0.0.1:54321 None None Some(0) Some(5801)",
                "Established 127.0.0.1:49316 Some(127.0.0.1:9) None Some(65534) Some(5802)",
            ]
        );
        assert_eq!(
            decoded(Protocol::Tcp, Family::Ipv6, TCP6),
            [
                "Listening [::1]:5353 None Some(3) Some(0) Some(31974)",
                "Listening 127.0.0.1:5354 None Some(0) Some(0) Some(31980)",
            ]
        );
    }

    #[test]
    fn no_truncation_names_another_socket() {
        let (whole, _) = read(Protocol::Udp, Family::Ipv4, UDP);
        for end in 0..UDP.len() {
            let (sockets, _) = read(Protocol::Udp, Family::Ipv4, &UDP[..end]);
            assert!(sockets.iter().all(|socket| whole.contains(socket)), "{end}: {sockets:?}");
        }
    }

    #[test]
    fn a_line_that_is_not_understood_is_counted() {
        let table = format!("{UDP}  402: 0100007F:D431 nonsense\n");
        let (sockets, failed) = read(Protocol::Udp, Family::Ipv4, &table);
        assert_eq!((sockets.len(), failed), (2, 1));
        assert_eq!(read(Protocol::Udp, Family::Ipv6, UDP), (vec![], 2), "another family");
        assert_eq!(read(Protocol::Udp, Family::Ipv4, ""), (vec![], 0));
    }

    #[test]
    fn a_socket_whose_line_is_repeated_is_one() {
        let (listener, waiting) = (TCP6.lines().nth(1).unwrap(), TCP6.lines().nth(2).unwrap());
        let without_inode = waiting.replace(" 31980 ", " 0 ");
        let table = format!("{TCP6}{listener}\n{without_inode}\n{without_inode}\n");
        let (sockets, failed) = read(Protocol::Tcp, Family::Ipv6, &table);
        let inodes: Vec<Option<u32>> = sockets.iter().map(|socket| socket.key.inode).collect();
        assert_eq!((inodes, failed), (vec![Some(31974), Some(31980), None, None], 0));
    }

    #[test]
    fn sockets_in_no_table_are_counted() {
        let v4 = "sockets: used 8\nTCP: inuse 3 orphan 0 tw 350 alloc 5 mem 211\nUDP: inuse 9 mem 0\n";
        let v6 = "TCP6: inuse 2\nUDP6: inuse 4\n";
        let idle = |v4, v6| tcp_counters(v4, v6).and_then(TcpCounters::idle);
        assert_eq!((idle(v4, v6), idle(v4, "")), (Some(0), Some(2)));
        // The counters are read one after the other and may contradict each other.
        assert_eq!(idle(v4, "TCP6: inuse 3\n"), None);
        for (v4, v6) in [("", ""), (v4, "x"), ("TCP: inuse 3\n", v6), ("TCP: inuse x alloc 5\n", v6)] {
            assert_eq!(tcp_counters(v4, v6), None, "{v4:?} {v6:?}");
        }
    }

    #[test]
    fn requests_for_connections_are_counted() {
        let snmp = "Ip: Forwarding DefaultTTL\nIp: 2 64\nTcp: RtoMin MaxConn ActiveOpens PassiveOpens\nTcp: 200 -1 7 9\n";
        assert_eq!(active_opens(snmp), Some(7));
        for damaged in ["", "Tcp: ActiveOpens\n", "Tcp: ActiveOpens\nTcp: x\n", "Tcp: RtoMin\nTcp: 200\n"] {
            assert_eq!(active_opens(damaged), None, "{damaged:?}");
        }
    }

    #[test]
    fn a_count_of_udplite_that_is_not_0_may_be_a_socket() {
        let may_have = |v4: &str, v6: &str| may_have_udplite(&format!("UDP: inuse 9\n{v4}\n"), v6);
        assert!(!may_have("UDPLITE: inuse 0", "UDP6: inuse 4\nUDPLITE6: inuse 0\n"));
        assert!(!may_have("RAW: inuse 1", ""), "the kernel has no UDP-Lite");
        for (v4, v6) in
            [("UDPLITE: inuse 1", ""), ("", "UDPLITE6: inuse 10\n"), ("UDPLITE: inuse", ""), ("UDPLITE", "")]
        {
            assert!(may_have(v4, v6), "{v4:?} {v6:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(table in "\\PC*(\n\\PC*){0,5}", at in 0..400_usize, byte in any::<char>()) {
            let _ = read(Protocol::Udp, Family::Ipv6, &table);
            let mut changed: Vec<char> = UDP.chars().collect();
            if let Some(place) = changed.get_mut(at) {
                *place = byte;
            }
            let _ = read(Protocol::Udp, Family::Ipv4, &changed.into_iter().collect::<String>());
        }
    }
}
