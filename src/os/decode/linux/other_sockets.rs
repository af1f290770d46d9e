//! Decodes `/proc/net/{raw,raw6,packet}`: the sockets that receive without a port (`raw_sock_seq_show` in
//! `net/ipv4/raw.c`, `packet_seq_show` in `net/packet/af_packet.c`).

use std::net::IpAddr;
use std::num::NonZeroU32;

use super::proc_net;
use crate::model::{Family, Protocol};
use crate::os::socket_record::TcpState;

/// A socket that receives without a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherRecord {
    pub receives: Receives,
    pub uid: Option<u32>,
    pub inode: Option<u32>,
}

/// What such a socket receives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Receives {
    /// The packets of an IP protocol that are sent to an address, which may be the wildcard.
    IpProtocol { family: Family, protocol: u16, address: IpAddr },
    /// The frames of a type from an interface, or from all.
    Frames { ethertype: u16, interface: Option<NonZeroU32> },
}

/// `IPPROTO_RAW`: a socket that can only send (`raw(7)`).
const SEND_ONLY: u16 = 255;

/// Decodes a table of raw sockets with its heading: those that receive from everybody, and how many lines were not
/// understood. They stand there as UDP sockets do, with the IP protocol for the port.
#[must_use]
pub fn raw(family: Family, table: &str) -> (Vec<OtherRecord>, usize) {
    let (sockets, failed) = proc_net::read(Protocol::Udp, family, table);
    let receiving = sockets
        .into_iter()
        .filter(|socket| socket.state == TcpState::Closed && ![0, SEND_ONLY].contains(&socket.local.port()));
    let records = receiving.map(|socket| OtherRecord {
        receives: Receives::IpProtocol { family, protocol: socket.local.port(), address: socket.local.ip() },
        uid: socket.uid,
        inode: socket.key.inode,
    });
    (records.collect(), failed)
}

/// Decodes the table of packet sockets with its heading: those that receive, and how many lines were not understood.
#[must_use]
pub fn packet(table: &str) -> (Vec<OtherRecord>, usize) {
    let lines: Vec<&str> = table.lines().skip(1).filter(|line| !line.trim().is_empty()).collect();
    let records: Vec<(u16, OtherRecord)> = lines.iter().filter_map(|line| packet_socket(line)).collect();
    let failed = lines.len() - records.len();
    // Without a type of frame, it only sends.
    (records.into_iter().filter(|&(ethertype, _)| ethertype != 0).map(|(_, record)| record).collect(), failed)
}

fn packet_socket(line: &str) -> Option<(u16, OtherRecord)> {
    // sk RefCnt Type Proto Iface R Rmem User Inode
    let mut fields = line.split_ascii_whitespace().skip(3);
    let ethertype = u16::from_str_radix(fields.next()?, 16).ok()?;
    let interface = NonZeroU32::new(fields.next()?.parse().ok()?);
    let uid = fields.nth(2)?.parse().ok()?;
    let inode: u32 = fields.next()?.parse().ok()?;
    let receives = Receives::Frames { ethertype, interface };
    let inode = Some(inode).filter(|&inode| inode != 0);
    Some((ethertype, OtherRecord { receives, uid: Some(uid), inode }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Recorded on Linux 6.18: sockets for ICMP at 127.0.0.1, for sending only, and for TCP with a peer.
    const RAW: &str = "\
   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
    1: 0100007F:0001 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 31971 2 00000000a34ded24 0
  255: 00000000:00FF 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 31972 2 00000000a34ded24 0
    6: 0100007F:0006 0100007F:0006 01 00000000:00000000 00:00000000 00000000     0        0 31973 2 00000000a34ded24 0
";
    const RAW6: &str = "\
  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
   58: 00000000000000000000000000000000:003A 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000   102        0 31974 2 00000000a34ded24 0
";
    /// All frames of all interfaces, ARP on interface 2, and one that only sends.
    const PACKET: &str = "\
sk               RefCnt Type Proto  Iface R Rmem   User   Inode
00000000a34ded24 3      3    0003   0     1 0      0      41971 \n\
00000000a34ded25 3      2    0806   2     1 0      102    41972 \n\
00000000a34ded26 3      3    0000   0     0 0      0      41973 \n";

    fn ip(protocol: u16, family: Family, address: &str) -> Receives {
        Receives::IpProtocol { family, protocol, address: address.parse().unwrap() }
    }

    #[test]
    fn raw_sockets_that_receive_are_told_with_their_protocol() {
        if 1_u16.to_ne_bytes() != [1, 0] {
            return;
        }
        let (found, failed) = raw(Family::Ipv4, RAW);
        let expected = ip(1, Family::Ipv4, "127.0.0.1");
        assert_eq!(found, [OtherRecord { receives: expected, uid: Some(0), inode: Some(31971) }]);
        let (found6, failed6) = raw(Family::Ipv6, RAW6);
        let expected = ip(58, Family::Ipv6, "::");
        assert_eq!(found6, [OtherRecord { receives: expected, uid: Some(102), inode: Some(31974) }]);
        assert_eq!((failed, failed6), (0, 0));
    }

    #[test]
    fn packet_sockets_that_receive_are_told_with_type_and_interface() {
        let (found, failed) = packet(PACKET);
        let of = |ethertype, interface, uid, inode| OtherRecord {
            receives: Receives::Frames { ethertype, interface: NonZeroU32::new(interface) },
            uid: Some(uid),
            inode: Some(inode),
        };
        assert_eq!((found, failed), (vec![of(3, 0, 0, 41971), of(0x806, 2, 102, 41972)], 0));
        assert_eq!(packet("").0, []);
        assert_eq!(packet("heading\nnonsense\n00 3 3 0003 0 1 0\n").1, 2);
    }

    proptest! {
        #[test]
        fn no_table_is_too_strange(lines in prop::collection::vec("[ 0-9a-fA-F:]{0,60}", 0..4)) {
            let table = lines.join("\n");
            let _ = (packet(&table), raw(Family::Ipv4, &table), raw(Family::Ipv6, &table));
        }
    }
}
