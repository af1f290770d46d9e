//! Understands the text of Linux's `/proc/net/udp` and `udp6` (`proc_net(5)`; columns as printed
//! by `udp4_format_sock` in `net/ipv4/udp.c`). Calls nothing, so it is tested on every system.

/// `TCP_ESTABLISHED` in `include/net/tcp_states.h`; UDP uses it for a socket with a peer.
const ESTABLISHED: &str = "01";

/// The inodes of the sockets that have a peer. A line that cannot be understood names none, so
/// that its socket is shown rather than dropped.
pub fn connected_inodes(table: &str) -> impl Iterator<Item = u32> {
    table.lines().skip(1).filter_map(|line| {
        // sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode
        let mut fields = line.split_ascii_whitespace().skip(3);
        let state = fields.next()?;
        let inode = fields.nth(5)?;
        (state == ESTABLISHED).then(|| inode.parse().ok()).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Recorded on Linux 6.18: an unconnected socket, then one connected to 127.0.0.1:9.
    const RECORDED: &str = "\
   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops            
  401: 0100007F:D431 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 5801 2 0000000000000000 0         
 3512: 0100007F:C0A4 0100007F:0009 01 00000000:00000000 00:00000000 00000000     0        0 5802 2 0000000000000000 0         
";

    #[test]
    fn only_the_connected_socket_is_named() {
        assert_eq!(connected_inodes(RECORDED).collect::<Vec<_>>(), [5802]);
    }

    #[test]
    fn every_truncation_names_the_socket_or_nothing() {
        let body = RECORDED.find(" 3512").unwrap();
        let inode = RECORDED.find("5802").unwrap();
        for end in body..RECORDED.len() {
            let named: Vec<_> = connected_inodes(&RECORDED[..end]).collect();
            if end >= inode + 4 {
                assert_eq!(named, [5802]);
            } else {
                assert!(!named.contains(&5801), "{end}");
            }
        }
    }

    #[test]
    fn what_is_not_a_table_names_nothing() {
        assert_eq!(connected_inodes("").count(), 0);
        assert_eq!(connected_inodes("head\n\n01 01 01 01\nx y z 01 a b c d e notanumber\n").count(), 0);
    }
}
