//! Decodes the addresses of the machine's own interfaces: `/proc/net/fib_trie` (`fib_trie_seq_show` in
//! `net/ipv4/fib_trie.c`) and `/proc/net/if_inet6` (`if6_seq_show` in `net/ipv6/addrconf.c`).

use std::collections::HashSet;
use std::net::{Ipv4Addr, Ipv6Addr};

/// The addresses in `/proc/net/fib_trie`, each once, in the order of the file, without those of the loopback interface.
#[must_use]
pub fn v4(fib_trie: &str) -> Vec<Ipv4Addr> {
    let (mut found, mut known) = (Vec::new(), HashSet::new());
    let mut address: Option<Ipv4Addr> = None;
    for line in fib_trie.lines().map(str::trim) {
        if line.starts_with('/') {
            // Several lines may follow an address: the first address of a network can also be a machine's own.
            let own = address.filter(|_| line == "/32 host LOCAL");
            found.extend(own.filter(|own| !own.is_loopback() && known.insert(*own)));
        } else {
            address = line.strip_prefix("|-- ").and_then(|text| text.parse().ok());
        }
    }
    found
}

/// The addresses in `/proc/net/if_inet6`, each once, in the order of the file, without that of the loopback interface.
#[must_use]
pub fn v6(if_inet6: &str) -> Vec<Ipv6Addr> {
    let mut known = HashSet::new();
    let own = if_inet6.lines().filter_map(v6_address);
    own.filter(|own| !own.is_loopback() && known.insert(*own)).collect()
}

/// `fe80000000000000fc0012fffe345678 02 40 20 80     eth0`
fn v6_address(line: &str) -> Option<Ipv6Addr> {
    let digits = line.split_ascii_whitespace().next()?;
    let whole = digits.len() == 32 && digits.bytes().all(|b| b.is_ascii_hexdigit());
    whole.then(|| u128::from_str_radix(digits, 16).ok()).flatten().map(Ipv6Addr::from_bits)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Recorded on Linux 6.18, without its second half, and with a `docker0` added.
    const FIB_TRIE: &str = "Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 127.0.0.0/8 2 0 2
        +-- 127.0.0.0/31 1 0 0
           |-- 127.0.0.0
              /8 host LOCAL
           |-- 127.0.0.1
              /32 host LOCAL
        |-- 127.255.255.255
           /32 link BROADCAST
     +-- 172.17.0.0/16 2 0 2
        |-- 172.17.0.0
           /16 link UNICAST
           /32 host LOCAL
        |-- 172.17.255.255
           /32 link BROADCAST
     +-- 192.0.2.0/24 2 0 2
        +-- 192.0.2.0/30 2 0 2
           |-- 192.0.2.0
              /24 link UNICAST
           |-- 192.0.2.2
              /32 host LOCAL
        |-- 192.0.2.255
           /32 link BROADCAST
Local:
  +-- 0.0.0.0/0 3 0 5
     +-- 192.0.2.0/30 2 0 2
        |-- 192.0.2.2
           /32 host LOCAL
";

    /// Recorded on Linux 6.18.
    const IF_INET6: &str = "00000000000000000000000000000001 01 80 10 80       lo
fd000000000000000000000000000002 04 40 00 82     eth0
fe8000000000000000fc00fffe000001 04 40 20 80     eth0
fd000000000000000000000000000002 05 40 00 82     eth1
";

    #[test]
    fn own_addresses_are_told_once_and_in_order() {
        assert_eq!(v4(FIB_TRIE), [Ipv4Addr::new(172, 17, 0, 0), Ipv4Addr::new(192, 0, 2, 2)]);
        let own: Vec<String> = v6(IF_INET6).iter().map(ToString::to_string).collect();
        assert_eq!(own, ["fd00::2", "fe80::fc:ff:fe00:1"]);
    }

    #[test]
    fn no_truncation_names_another_address() {
        for end in 0..FIB_TRIE.len() {
            assert!(v4(&FIB_TRIE[..end]).iter().all(|own| v4(FIB_TRIE).contains(own)), "{end}");
        }
        for end in 0..IF_INET6.len() {
            assert!(v6(&IF_INET6[..end]).iter().all(|own| v6(IF_INET6).contains(own)), "{end}");
        }
    }

    #[test]
    fn what_is_no_own_address_is_passed_by() {
        for text in [
            "",
            "/32 host LOCAL",
            "|-- 10.0.0.1\n/24 host LOCAL",
            "|-- 10.0.0.1\n+-- x\n/32 host LOCAL",
            "|-- 10.0.0\n/32 host LOCAL",
        ] {
            assert_eq!(v4(text), [] as [Ipv4Addr; 0], "{text:?}");
        }
        for text in ["", "\n\n", "+d000000000000000000000000000002 04", "fd00::2 04 40 00 82 eth0"] {
            assert_eq!(v6(text), [] as [Ipv6Addr; 0], "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in "(\\PC{0,40}\n?){0,5}", at in 0..600_usize, with in any::<char>()) {
            let _ = (v4(&text), v6(&text));
            let changed = |of: &str| of.chars().enumerate().map(|(i, c)| if i == at { with } else { c }).collect::<String>();
            let _ = (v4(&changed(FIB_TRIE)), v6(&changed(IF_INET6)));
        }
    }
}
