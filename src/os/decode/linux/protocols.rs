//! Decodes `/proc/net/protocols`: the protocols that the kernel has loaded, and how many sockets of each there are in a
//! network namespace (`proto_seq_printf` in `net/core/sock.c`).

/// UDP-Lite over both families (`net/ipv4/udplite.c`, `net/ipv6/udplite.c`).
pub const UDPLITE: [&str; 2] = ["UDP-Lite", "UDPLITEv6"];

/// Whether there may be a socket of one of these protocols: one is loaded, and its count is not 0.
#[must_use]
pub fn may_have_sockets(table: &str, protocols: &[&str]) -> bool {
    table.lines().any(|line| {
        // protocol size sockets memory press …
        let mut fields = line.split_ascii_whitespace();
        fields.next().is_some_and(|name| protocols.contains(&name)) && fields.nth(1) != Some("0")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Recorded on Linux 6.18, shortened.
    const TABLE: &str = "\
protocol  size sockets  memory press maxhdr  slab module     cl co di ac io in de sh ss gs se re bi br ha uh gp em
AF_VSOCK  1240      0      -1   NI       0   yes  kernel      y  n  n  n  n  n  n  n  n  n  n  n  n  n  n  n  n  n
UDPLITEv6 1472      1       0   NI       0   yes  kernel      y  y  y  n  y  y  y  n  y  y  y  y  n  n  y  y  y  n
UDPv6     1472      0       0   NI       0   yes  kernel      y  y  y  n  y  y  y  n  y  y  y  y  n  n  y  y  y  n
UDP-Lite  1344      0       0   NI       0   yes  kernel      y  y  y  n  y  y  y  n  y  y  y  y  n  n  y  y  y  n
UDP       1344     10       0   NI       0   yes  kernel      y  y  y  n  y  y  y  n  y  y  y  y  n  n  y  y  y  n
";

    #[test]
    fn a_protocol_may_have_sockets_if_it_is_loaded_and_its_count_is_not_0() {
        assert!(may_have_sockets(TABLE, &UDPLITE), "over IPv6");
        assert!(!may_have_sockets(TABLE, &["UDP-Lite"]) && may_have_sockets(TABLE, &["UDP"]));
        assert!(!may_have_sockets(TABLE, &["SCTP", "SCTPv6"]), "it is not loaded");
        assert!(!may_have_sockets("", &UDPLITE));
    }

    #[test]
    fn a_count_that_is_not_understood_is_not_0() {
        for line in ["UDP-Lite 1344 -1 0", "UDP-Lite 1344 many", "UDP-Lite"] {
            assert!(may_have_sockets(line, &UDPLITE), "{line}");
        }
    }
}
