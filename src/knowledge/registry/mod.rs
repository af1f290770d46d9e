//! The IANA registry, embedded as sorted text and searched where it lies: no parse at start.
//!
//! The text is `data/services.tsv`; its columns and order are described in `data/README.md`, and the
//! project's tests hold it to them. `build.rs` makes it shorter: it joins lines that differ in their protocol alone.

mod nearest;
mod other_names;

use std::collections::HashMap;

pub use self::other_names::{called_otherwise, other_names};
use crate::model::{PortRange, Protocol};

/// How `build.rs` writes "tcp,udp".
const BOTH: &str = "*";

const SERVICES: &str = include_str!(concat!(env!("OUT_DIR"), "/services.tsv"));

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Its port or ports.
    pub ports: PortRange,
    /// Its protocol in lower case; `None` where the registry leaves it empty: then it is for all.
    pub protocol: Option<&'a str>,
    pub name: &'a str,
    /// The registry's text for it; may be empty.
    pub description: &'a str,
    /// A historic spelling of another entry's name.
    pub alias: bool,
    /// The registry notes that the number is used by others too.
    pub unauthorized_use: bool,
    /// Whether it is a license manager's, and how that is known.
    pub license: Option<LicenseBasis>,
}

/// How an entry is known to be a license manager's; `data/license_services.tsv` lists the basis of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LicenseBasis {
    /// By the registry's description, or its maker's documents.
    Described,
    /// By its name alone.
    ByName,
}

impl<'a> Entry<'a> {
    /// Reads one line, which has an entry for each of its protocols; none where it is not one.
    fn of_line(line: &'a str) -> impl Iterator<Item = Entry<'a>> + use<'a> {
        let (entry, protocols) = Entry::parse(line).unzip();
        let each = |protocols: &'a str| split(if protocols == BOTH { "tcp,udp" } else { protocols }, b',');
        let protocols = protocols.into_iter().flat_map(each);
        let with =
            move |protocol| Some(Entry { protocol: Some(protocol).filter(|&name| name != "-"), ..entry? });
        protocols.filter_map(with)
    }

    /// What the entries of a line have in common, and their protocols.
    fn parse(line: &'a str) -> Option<(Entry<'a>, &'a str)> {
        let mut columns = split(line, b'\t');
        let ports = PortRange::parse(columns.next()?)?;
        let (protocols, name, description) = (columns.next()?, columns.next()?, columns.next()?);
        let flags = columns.next().unwrap_or("-");
        let flag = |wanted| flags != "-" && split(flags, b',').any(|flag| flag == wanted);
        let entry = Entry {
            ports,
            protocol: None,
            name,
            description,
            alias: flag("alias"),
            unauthorized_use: flag("unauthorized-use"),
            license: match (flag("license"), flag("license-by-name")) {
                (true, _) => Some(LicenseBasis::Described),
                (_, true) => Some(LicenseBasis::ByName),
                _ => None,
            },
        };
        Some((entry, protocols))
    }

    /// Whether the entry holds for this protocol.
    #[must_use]
    pub fn is_for(&self, protocol: Protocol) -> bool {
        self.protocol.is_none_or(|own| own == protocol.name())
    }
}

/// Entries by the names that were asked for.
#[derive(Debug, Clone, Default)]
pub struct Services<'a>(HashMap<String, Vec<Entry<'a>>>);

impl<'a> Services<'a> {
    /// The entries of a name, in any case.
    pub fn called(&self, name: &str) -> impl Iterator<Item = Entry<'a>> + use<'a, '_> {
        self.0.get(&name.to_ascii_lowercase()).into_iter().flatten().copied()
    }
}

/// The entries of a port, in the registry's order.
#[derive(Debug, Clone)]
pub struct RegisteredPort<'a> {
    pub(super) port: u16,
    entries: Vec<Entry<'a>>,
}

impl<'a> RegisteredPort<'a> {
    /// Those that hold for a protocol: the first is the name to show.
    pub fn for_protocol(&self, protocol: Protocol) -> impl Iterator<Item = Entry<'a>> {
        self.entries.iter().copied().filter(move |entry| entry.is_for(protocol.registered_as()))
    }

    /// All, by whatever protocol.
    pub(super) fn entries(&self) -> &[Entry<'a>] {
        &self.entries
    }
}

/// A registry text: the embedded one, or a test's own.
#[derive(Debug, Clone, Copy)]
pub struct Registry<'a> {
    text: &'a str,
}

impl Registry<'static> {
    /// The registry that comes with the program.
    #[must_use]
    pub(in crate::knowledge) fn embedded() -> Registry<'static> {
        Registry { text: SERVICES }
    }
}

impl<'a> Registry<'a> {
    /// A registry in the form of `data/services.tsv`.
    #[must_use]
    pub fn new(text: &'a str) -> Registry<'a> {
        Registry { text }
    }

    /// Every entry, in the file's order.
    pub fn entries(&self) -> impl Iterator<Item = Entry<'a>> + use<'a> {
        self.text.lines().flat_map(Entry::of_line)
    }

    /// Every entry that is a license manager's, in the file's order. Only lines with that word are read.
    pub fn of_licenses(&self) -> impl Iterator<Item = Entry<'a>> + use<'a> {
        let text = self.text;
        let mut read = 0;
        let lines = memchr::memmem::find_iter(text.as_bytes(), "license").filter_map(move |at| {
            let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
            // A line may have it twice.
            let is_new = start >= std::mem::replace(&mut read, at);
            text[start..].lines().next().filter(|_| is_new)
        });
        lines.flat_map(Entry::of_line).filter(|entry| entry.license.is_some())
    }

    /// The entries of a port, in the registry's order: the first is the name to show.
    pub fn of_port(&self, port: u16) -> impl Iterator<Item = Entry<'a>> + use<'a> {
        self.of_ports(PortRange::one(port))
    }

    /// The entries that have any port of a range, in the file's order.
    pub fn of_ports(&self, range: PortRange) -> impl Iterator<Item = Entry<'a>> + use<'a> {
        self.text[self.group_of(range.first)..]
            .lines()
            .flat_map(Entry::of_line)
            .take_while(move |entry| entry.ports.first <= range.last)
            .filter(move |entry| entry.ports.overlaps(range))
    }

    /// The first entry of a port that holds for a protocol.
    #[must_use]
    pub fn service(&self, port: u16, protocol: Protocol) -> Option<Entry<'a>> {
        self.of_port(port).find(|entry| entry.is_for(protocol.registered_as()))
    }

    /// What it says of a port, read once.
    #[must_use]
    pub fn at(&self, port: u16) -> RegisteredPort<'a> {
        RegisteredPort { port, entries: self.of_port(port).collect() }
    }

    /// The service names and the given names of processes most like `word`, the nearest first.
    #[must_use]
    pub fn nearest<'n>(&self, word: &str, processes: impl Iterator<Item = &'n str>) -> Vec<String>
    where
        'a: 'n,
    {
        let services = self.entries().filter(|entry| !entry.alias).map(|entry| entry.name);
        nearest::nearest(word, services.chain(processes))
    }

    /// Every entry of a service name, in any case.
    pub fn of_name<'n>(&self, name: &'n str) -> impl Iterator<Item = Entry<'a>> + use<'a, 'n> {
        self.entries().filter(move |entry| entry.name.eq_ignore_ascii_case(name))
    }

    /// The entries of services with these names, in any case: read once for all names.
    #[must_use]
    pub fn of_names<'n>(&self, names: impl Iterator<Item = &'n str>) -> Services<'a> {
        let mut services: HashMap<String, Vec<Entry<'a>>> =
            names.map(|name| (name.to_ascii_lowercase(), Vec::new())).collect();
        if !services.is_empty() {
            // Most names differ in length already.
            let length = |name: &str| 1_u128 << name.len().min(127);
            let lengths = services.keys().fold(0, |all, name| all | length(name));
            let mut lowercase = String::new();
            for entry in self.entries().filter(|entry| lengths & length(entry.name) != 0) {
                lowercase.clear();
                lowercase.push_str(entry.name);
                lowercase.make_ascii_lowercase();
                if let Some(entries) = services.get_mut(&lowercase) {
                    entries.push(entry);
                }
            }
        }
        Services(services)
    }

    /// The offset of the first line of the group that a port belongs to: the lines whose first
    /// port is the greatest not above it. Ranges overlap no other group, so one group is enough.
    fn group_of(&self, port: u16) -> usize {
        let bytes = self.text.as_bytes();
        let mut start = self.first_line_above(port);
        let mut group = None;
        // A group is of few lines.
        while let Some(end_of_last) = start.checked_sub(1) {
            let line = memchr::memrchr(b'\n', &bytes[..end_of_last]).map_or(0, |newline| newline + 1);
            let first = first_port(&self.text[line..]);
            if *group.get_or_insert(first) != first {
                break;
            }
            start = line;
        }
        start
    }

    /// The offset of the first line whose first port is above this one, by bisection over bytes: a guess
    /// in the middle of a line is moved back to the line's start.
    fn first_line_above(&self, port: u16) -> usize {
        let bytes = self.text.as_bytes();
        let (mut low, mut high) = (0, bytes.len());
        while low < high {
            let middle = low + (high - low) / 2;
            let start = memchr::memrchr(b'\n', &bytes[low..middle]).map_or(low, |at| low + at + 1);
            if first_port(&self.text[start..]) > port {
                high = start;
            } else {
                let length = memchr::memchr(b'\n', &bytes[start..]);
                low = length.map_or(self.text.len(), |length| start + length + 1);
            }
        }
        low
    }
}

/// As `str::split`, which searches sign by sign, apart from `memchr`.
fn split(text: &str, at: u8) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let end = memchr::memchr(at, text.as_bytes());
        rest = end.map(|end| &text[end + 1..]);
        Some(&text[..end.unwrap_or(text.len())])
    })
}

/// The number a line begins with.
fn first_port(line: &str) -> u16 {
    let digits = line.bytes().take_while(u8::is_ascii_digit);
    digits.fold(0, |number: u16, digit| number.wrapping_mul(10).wrapping_add(u16::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = "\
22\ttcp\tssh\tSecure Shell\t-
22\tudp\tssh\tSecure Shell\t-
80\ttcp\thttp\tWeb\t-
80\ttcp\twww\tWeb\t-
1947\tudp\tsentinelsrm\tSentinelSRM\tunauthorized-use
27000-27009\t-\tflex-lm\tFLEX LM (1-10)\t-
27010\ttcp\tflex-lmadmin\t\t-
";

    fn names(port: u16) -> Vec<&'static str> {
        Registry::new(SMALL).of_port(port).map(|entry| entry.name).collect()
    }

    #[test]
    fn a_port_gives_its_entries_in_order() {
        assert_eq!(names(22), ["ssh", "ssh"]);
        assert_eq!(names(80), ["http", "www"]);
        assert_eq!(names(27010), ["flex-lmadmin"]);
    }

    #[test]
    fn a_range_holds_from_its_first_to_its_last_port() {
        for port in [27000, 27001, 27009] {
            assert_eq!(names(port), ["flex-lm"], "{port}");
        }
        for port in [0, 21, 23, 1946, 26999, 27011, 65535] {
            assert!(names(port).is_empty(), "{port}");
        }
    }

    #[test]
    fn protocols_are_told_apart_and_none_means_all() {
        let registry = Registry::new(SMALL);
        assert!(registry.service(1947, Protocol::Tcp).is_none());
        assert!(registry.service(1947, Protocol::Udp).unwrap().unauthorized_use);
        assert_eq!(registry.service(27003, Protocol::Udp).unwrap().name, "flex-lm");
    }

    #[test]
    fn bisection_finds_what_a_scan_finds_on_every_port() {
        let registry = Registry::embedded();
        let mut scanned = vec![Vec::new(); 65536];
        for entry in registry.entries() {
            for port in entry.ports.first..=entry.ports.last {
                scanned[usize::from(port)].push(entry);
            }
        }
        for port in 0..=u16::MAX {
            assert!(registry.of_port(port).eq(scanned[usize::from(port)].iter().copied()), "{port}");
        }
    }

    #[test]
    fn those_of_licenses_are_those_that_a_scan_finds() {
        let registry = Registry::embedded();
        let scanned: Vec<Entry<'_>> = registry.entries().filter(|entry| entry.license.is_some()).collect();
        assert!(
            registry.of_licenses().eq(scanned.iter().copied()) && scanned.len() > 300,
            "{}",
            scanned.len()
        );
        let twice = "1\ttcp\tlicense\tlicense\tunauthorized-use,license\n2\ttcp\tlicense\t\t-\n";
        assert_eq!(Registry::new(twice).of_licenses().count(), 1);
    }

    #[test]
    fn an_empty_registry_knows_nothing() {
        assert_eq!(Registry::new("").of_port(22).count(), 0);
    }

    #[test]
    fn names_are_found_in_any_case() {
        let ports: Vec<_> = Registry::new(SMALL).of_name("FLEX-LM").map(|e| e.ports.to_string()).collect();
        assert_eq!(ports, ["27000-27009"]);
    }
}
