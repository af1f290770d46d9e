//! Decodes a hosts file (hosts(5)), which all systems have in the same form: `192.0.2.1 lic01.example.org lic01 # …`.

use std::net::IpAddr;

/// How many names are kept: block lists have hundreds of thousands.
const MOST: usize = 4_096;

/// Names are at most this long (RFC 1035, section 2.3.4).
const LONGEST: usize = 255;

/// The names of a hosts file with their addresses, in its order.
#[must_use]
pub fn names(text: &str) -> Vec<(String, IpAddr)> {
    let lines = text.trim_start_matches('\u{feff}').lines();
    let of_line = |line: &str| {
        let mut words = line.split('#').next().unwrap_or_default().split_ascii_whitespace();
        // An address of IPv6 may have its interface: fe80::1%lo0.
        let address = words.next().and_then(|word| word.split('%').next()?.parse::<IpAddr>().ok());
        let names = words.filter(|name| name.len() <= LONGEST).take(MOST);
        address.map(|address| names.map(|name| (name.to_owned(), address)).collect::<Vec<_>>())
    };
    lines.filter_map(of_line).flatten().take(MOST).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As Debian, Windows and macOS have it.
    const HOSTS: &str = "127.0.0.1\tlocalhost
127.0.1.1 lic01.example.org\tlic01 # of the installer
# 192.0.2.9 not\r
\t192.0.2.1   LIC02\r
::1 ip6-localhost ip6-loopback
fe80::1%lo0 localhost
192.0.2 no
192.0.2.3
name 192.0.2.4
255.255.255.255 broadcasthost";

    fn told(text: &str) -> Vec<String> {
        names(text).iter().map(|(name, address)| format!("{name} {address}")).collect()
    }

    #[test]
    fn each_name_has_its_address() {
        assert_eq!(
            told(HOSTS),
            [
                "localhost 127.0.0.1",
                "lic01.example.org 127.0.1.1",
                "lic01 127.0.1.1",
                "LIC02 192.0.2.1",
                "ip6-localhost ::1",
                "ip6-loopback ::1",
                "localhost fe80::1",
                "broadcasthost 255.255.255.255",
            ]
        );
        assert_eq!(told("\u{feff}192.0.2.1 a"), ["a 192.0.2.1"]);
    }

    #[test]
    fn a_block_list_is_not_kept_whole() {
        assert_eq!(names(&"0.0.0.0 ads.example.org\n".repeat(2 * MOST)).len(), MOST);
        assert_eq!(names(&format!("0.0.0.0{}", " a".repeat(2 * MOST))).len(), MOST);
        assert_eq!(told(&format!("192.0.2.1 {} b", "a".repeat(LONGEST + 1))), ["b 192.0.2.1"]);
    }

    #[test]
    fn of_a_file_that_was_cut_only_the_last_name_may_be_wrong() {
        let whole = told(HOSTS);
        for end in 0..HOSTS.len() {
            let part = told(&HOSTS[..end]);
            assert!(part.len() <= whole.len(), "{end}");
            assert_eq!(part[..part.len().saturating_sub(1)], whole[..part.len().saturating_sub(1)], "{end}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in "([0-9.:%a#\t ]{0,12}\\PC{0,5}\n?){0,6}") {
            prop_assert!(names(&text).iter().all(|(name, _)| !name.is_empty()));
        }
    }
}
