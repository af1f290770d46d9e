//! Decodes the output of `netsh interface ipv4 show excludedportrange tcp`: the ports that Windows excludes from
//! automatic assignment. No programming interface lists them all.

use std::collections::BTreeMap;

use super::super::linux::port_rules::two_numbers;
use crate::model::{ExcludedPorts, Family, PortRange, Protocol};

/// The printed ranges, each with whether an administrator made it, which `netsh` marks with an asterisk. Only lines of
/// two numbers count: all words are in the language of the system, in any code page.
#[must_use]
pub fn ranges(printed: &[u8]) -> Vec<(PortRange, bool)> {
    printed.split(|&byte| byte == b'\n').filter_map(range).collect()
}

fn range(line: &[u8]) -> Option<(PortRange, bool)> {
    let mut words = str::from_utf8(line).ok()?.split_ascii_whitespace();
    let range = two_numbers(&mut words)?;
    let by_administrator = match words.next() {
        None => false,
        Some("*") => true,
        Some(_) => return None,
    };
    words.next().is_none().then_some((range, by_administrator))
}

/// Combines the outputs for each protocol and address family, in order. Programs can open a port that an administrator
/// has excluded by its number; the other ports are reserved for one program.
#[must_use]
pub fn combined<'a>(printed: impl IntoIterator<Item = (Protocol, Family, &'a [u8])>) -> Vec<ExcludedPorts> {
    let mut families_of: BTreeMap<(PortRange, Protocol, bool), Option<Family>> = BTreeMap::new();
    for (protocol, family, text) in printed {
        for (ports, by_number) in ranges(text) {
            let families = families_of.entry((ports, protocol, by_number)).or_insert(Some(family));
            if *families != Some(family) {
                *families = None;
            }
        }
    }
    let excluded = families_of.into_iter().map(|((ports, protocol, by_number), family)| ExcludedPorts {
        ports,
        protocol: Some(protocol),
        family,
        by_number,
    });
    excluded.collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(printed: &[u8]) -> String {
        let shown = ranges(printed)
            .into_iter()
            .map(|(range, marked)| if marked { format!("{range}*") } else { range.to_string() });
        shown.collect::<Vec<_>>().join(" ")
    }

    // The numbers are those that users of these languages have reported in public.

    const ENGLISH: &str = "\r
Protocol tcp Port Exclusion Ranges\r
\r
Start Port    End Port      \r
----------    --------      \r
      1461        1560      \r
      5357        5357      \r
     50000       50059     *\r
\r
* - Administered port exclusions.\r
\r
";
    const GERMAN: &str = "\r
Protokoll tcp Portausschlussbereiche\r
\r
Startport    Endport      \r
----------    --------      \r
      8080        8080      \r
     50000       50059     *\r
\r
* - Verwaltete Portausschlüsse.\r
\r
";
    const JAPANESE: &str = "\r
プロトコル tcp ポート除外範囲\r
\r
開始ポート    終了ポート\r
----------    --------\r
      5357        5357\r
     50000       50059     *\r
     55676       55775\r
\r
* - 管理されている除外ポート。\r
\r
";

    /// German text in code page 850, Japanese in 932 ("OEM"), as `netsh` writes to a pipe.
    fn in_code_page(text: &str) -> Vec<u8> {
        let byte = |c: char| match c {
            'ü' => vec![0x81],
            c if c.is_ascii() => vec![c as u8],
            // The second byte of a character in code page 932 is never a digit: it is 0x40 or more.
            c => vec![0x83, 0x40 + (c as u32 % 0x3f) as u8],
        };
        text.chars().flat_map(byte).collect()
    }

    #[test]
    fn the_ranges_are_read_in_any_language_and_code_page() {
        for (text, expected) in [
            (ENGLISH, "1461-1560 5357 50000-50059*"),
            (GERMAN, "8080 50000-50059*"),
            (JAPANESE, "5357 50000-50059* 55676-55775"),
        ] {
            assert_eq!(read(text.as_bytes()), expected);
            assert_eq!(read(&in_code_page(text)), expected);
            assert_eq!(read(text.replace('\r', "").as_bytes()), expected);
        }
    }

    #[test]
    fn what_is_no_range_is_none() {
        for text in
            ["", "\n\n", "1 2 3", "1 - 2", "5 4", "-1 4", "1 65536", "Start : 49152", "80", "80 90 **"]
        {
            assert_eq!(read(text.as_bytes()), "", "{text:?}");
        }
    }

    #[test]
    fn families_that_exclude_the_same_are_told_combined() {
        use Family::{Ipv4, Ipv6};
        use Protocol::{Tcp, Udp};
        let (one, other): (&[u8], &[u8]) = (b"80 90\n5357 5357\n", b"80 90\n");
        let expected = combined([(Tcp, Ipv4, one), (Tcp, Ipv6, other), (Udp, Ipv6, other)]);
        let expected: Vec<_> =
            expected.iter().map(|e| (e.ports.first, e.protocol.unwrap(), e.family)).collect();
        assert_eq!(expected, [(80, Tcp, None), (80, Udp, Some(Ipv6)), (5357, Tcp, Some(Ipv4))]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_understood_or_passed_over(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(ranges(&bytes).iter().all(|(range, _)| range.first <= range.last));
        }
    }
}
