//! Ranges of ports.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An inclusive range of ports; a single port is a range of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "UncheckedRange")]
pub struct PortRange {
    pub first: u16,
    /// Never below `first`.
    pub last: u16,
}

/// A range as it stands in a record, where it may run backwards.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UncheckedRange {
    first: u16,
    last: u16,
}

impl TryFrom<UncheckedRange> for PortRange {
    type Error = String;

    fn try_from(UncheckedRange { first, last }: UncheckedRange) -> Result<PortRange, String> {
        if first <= last {
            Ok(PortRange { first, last })
        } else {
            Err(format!("the range of ports {first}-{last} runs backwards"))
        }
    }
}

impl PortRange {
    #[must_use]
    pub fn one(port: u16) -> PortRange {
        PortRange { first: port, last: port }
    }

    /// The port, if the range has only one.
    #[must_use]
    pub fn single(self) -> Option<u16> {
        (self.first == self.last).then_some(self.first)
    }

    pub const ALL: PortRange = PortRange { first: 0, last: u16::MAX };

    #[must_use]
    pub fn contains(self, port: u16) -> bool {
        (self.first..=self.last).contains(&port)
    }

    #[must_use]
    pub fn overlaps(self, other: PortRange) -> bool {
        self.common(other).is_some()
    }

    #[must_use]
    pub fn common(self, other: PortRange) -> Option<PortRange> {
        let common = PortRange { first: self.first.max(other.first), last: self.last.min(other.last) };
        (common.first <= common.last).then_some(common)
    }

    /// Parses `1538` or `27000-27009`. `None` for anything else: a sign, a blank or a backwards range.
    #[must_use]
    pub fn parse(text: &str) -> Option<PortRange> {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let number = |digits: &str| {
            let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
            plain.then(|| digits.parse().ok()).flatten()
        };
        let range = PortRange { first: number(first)?, last: number(last)? };
        (range.first <= range.last).then_some(range)
    }
}

impl fmt::Display for PortRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last {
            write!(f, "{}", self.first)
        } else {
            write!(f, "{}-{}", self.first, self.last)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_read_back_as_written() {
        for text in ["1538", "27000-27009", "0", "65535"] {
            assert_eq!(PortRange::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for text in ["", "-", "1-", "-1", "+1", " 1", "65536", "9-1", "1-2-3", "ssh"] {
            assert_eq!(PortRange::parse(text), None, "{text:?}");
        }
    }
}
