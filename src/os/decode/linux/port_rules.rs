//! Decodes Linux's rules for ports from the files in `/proc/sys/net/ipv4`
//! (`Documentation/networking/ip-sysctl.rst`), and what a kernel of some release reports about ports. Every file is
//! one line. Without a newline, its last number may be cut short, and does not count.

use crate::model::PortRange;

/// The first release whose `sock_diag` reports TCP ports that are bound without listening.
const TELLS_BOUND: (u32, u32) = (6, 8);

/// The ports for automatic assignment: `ip_local_port_range`, such as `32768\t60999\n`.
#[must_use]
pub fn ephemeral(text: &str) -> Option<PortRange> {
    let mut words = line(text)?.split_ascii_whitespace();
    let range = two_numbers(&mut words)?;
    words.next().is_none().then_some(range)
}

/// The ports excluded from automatic assignment: `ip_local_reserved_ports`, such as `8080,9148-9150\n`. An empty line
/// excludes none.
#[must_use]
pub fn reserved(text: &str) -> Option<Vec<PortRange>> {
    match line(text)? {
        "" => Some(Vec::new()),
        ranges => ranges.split(',').map(PortRange::parse).collect(),
    }
}

/// The first port that needs no privilege: `ip_unprivileged_port_start`, such as `1024\n`.
#[must_use]
pub fn unprivileged_from(text: &str) -> Option<u16> {
    number(line(text)?)
}

/// Whether `sock_diag` of this kernel release, such as `6.8.0-31-generic`, reports TCP ports that are bound without
/// listening, as Linux does since 6.8 (`inet_diag_dump_icsk` in `net/ipv4/inet_diag.c`). `None` if the release is not
/// understood.
#[must_use]
pub fn reports_bound(release: &str) -> Option<bool> {
    let (major, rest) = release.trim().split_once('.')?;
    let minor = rest.split(|c: char| !c.is_ascii_digit()).next()?;
    Some((number(major)?, number(minor)?) >= TELLS_BOUND)
}

fn line(text: &str) -> Option<&str> {
    text.strip_suffix('\n').map(str::trim).filter(|line| !line.contains('\n'))
}

pub(in crate::os::decode) fn two_numbers<'a>(words: &mut impl Iterator<Item = &'a str>) -> Option<PortRange> {
    let range = PortRange { first: number(words.next()?)?, last: number(words.next()?)? };
    (range.first <= range.last).then_some(range)
}

/// Digits without a sign.
fn number<N: std::str::FromStr>(digits: &str) -> Option<N> {
    let plain = digits.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_rules_are_read_as_the_kernel_writes_them() {
        assert_eq!(ephemeral("32768\t60999\n"), Some(PortRange { first: 32768, last: 60999 }));
        assert_eq!(reserved("\n"), Some(vec![]));
        let ranges = [PortRange::one(8080), PortRange { first: 9148, last: 9150 }];
        assert_eq!(reserved("8080,9148-9150\n"), Some(ranges.to_vec()));
        assert_eq!(unprivileged_from("1024\n"), Some(1024));
        assert_eq!(unprivileged_from("0\n"), Some(0));
    }

    #[test]
    fn what_is_not_understood_is_no_rule() {
        for text in
            ["", "\n", "32768\n", "60999\t32768\n", "1\t2\t3\n", "1\t65536\n", "-1\t5\n", "1\t2\n3\t4\n"]
        {
            assert_eq!(ephemeral(text), None, "{text:?}");
        }
        for text in ["", ",\n", "80,\n", "80;90\n", "9-8\n", "65536\n", "80\n90\n"] {
            assert_eq!(reserved(text), None, "{text:?}");
        }
        for text in ["", "\n", "x\n", "+1\n", "65536\n", "1024\t1\n"] {
            assert_eq!(unprivileged_from(text), None, "{text:?}");
        }
    }

    #[test]
    fn no_truncation_gives_another_rule() {
        let (range, kept, from) = ("32768\t60999\n", "8080,9148-9150\n", "1024\n");
        assert!((0..range.len()).all(|end| ephemeral(&range[..end]).is_none()));
        assert!((0..kept.len()).all(|end| reserved(&kept[..end]).is_none()));
        assert!((0..from.len()).all(|end| unprivileged_from(&from[..end]).is_none()));
    }

    #[test]
    fn since_6_8_bound_ports_are_told() {
        for release in
            ["6.18.44-fc", "6.8.0-31-generic", "6.8.0", "6.8", "6.10-rc1+", "7.0.0", "6.12.41+deb13-amd64\n"]
        {
            assert_eq!(reports_bound(release), Some(true), "{release}");
        }
        for release in
            ["6.7.12", "5.15.153.1-microsoft-standard-WSL2", "4.18.0-553.el8_10.x86_64", "3.10.0", "6.1.0-9"]
        {
            assert_eq!(reports_bound(release), Some(false), "{release}");
        }
        for release in ["", "6", "6.", ".8", "6.x", "six.8", "-6.8", "6.99999999999"] {
            assert_eq!(reports_bound(release), None, "{release}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in "[0-9,.\t\n-]{0,20}|\\PC{0,20}\n?") {
            let _ = (ephemeral(&text), reserved(&text), unprivileged_from(&text), reports_bound(&text));
        }
    }
}
