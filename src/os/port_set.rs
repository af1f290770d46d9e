//! A set of ports.

use std::collections::BTreeSet;

use crate::model::PortRange;

/// Ranges in order that neither touch nor overlap, so that a lookup is a binary search.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PortSet(Vec<PortRange>);

impl PortSet {
    /// The ports in any of these ranges.
    #[must_use]
    pub fn new(ranges: &[PortRange]) -> PortSet {
        let mut sorted = ranges.to_vec();
        sorted.sort_unstable();
        let mut joined: Vec<PortRange> = Vec::new();
        for range in sorted {
            match joined.last_mut() {
                Some(last) if range.first <= last.last.saturating_add(1) => {
                    last.last = last.last.max(range.last);
                }
                _ => joined.push(range),
            }
        }
        PortSet(joined)
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    #[must_use]
    pub fn contains(&self, port: u16) -> bool {
        let at = self.0.partition_point(|range| range.last < port);
        self.0.get(at).is_some_and(|range| range.contains(port))
    }

    /// The set without these ports.
    #[must_use]
    pub fn without(&self, ports: impl Iterator<Item = u16>) -> PortSet {
        let ports: BTreeSet<u16> = ports.collect();
        let mut left = Vec::new();
        for range in &self.0 {
            let mut first = Some(range.first);
            for &port in ports.range(range.first..=range.last) {
                let before = first.filter(|&first| first < port);
                left.extend(before.map(|first| PortRange { first, last: port - 1 }));
                first = port.checked_add(1).filter(|&next| next <= range.last);
            }
            left.extend(first.map(|first| PortRange { first, last: range.last }));
        }
        PortSet(left)
    }

    /// Its ports as few ranges as possible, in order.
    #[must_use]
    pub fn ranges(&self) -> &[PortRange] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ranges_that_touch_or_overlap_become_one() {
        let range = |first, last| PortRange { first, last };
        let of = |ranges: &[PortRange]| PortSet::new(ranges).ranges().to_vec();
        assert_eq!(of(&[range(5, 9), range(1, 2), range(3, 4)]), [range(1, 9)]);
        assert_eq!(of(&[range(1, 9), range(3, 4), range(11, 11)]), [range(1, 9), range(11, 11)]);
        assert_eq!(of(&[range(1, u16::MAX), range(u16::MAX, u16::MAX)]), [range(1, u16::MAX)]);
        assert!(PortSet::new(&[]).is_empty() && !PortSet::new(&[]).contains(0));
    }

    proptest! {
        #[test]
        fn a_set_contains_what_its_ranges_contain(
            pairs in prop::collection::vec((any::<u16>(), 0_u16..300), 0..40),
            port in any::<u16>(),
        ) {
            let range = |&(first, more): &(u16, u16)| PortRange { first, last: first.saturating_add(more) };
            let ranges: Vec<PortRange> = pairs.iter().map(range).collect();
            let expected = ranges.iter().any(|range| range.contains(port));
            prop_assert_eq!(PortSet::new(&ranges).contains(port), expected);
        }

        #[test]
        fn what_is_taken_out_is_missing_and_nothing_else(
            pairs in prop::collection::vec((any::<u16>(), 0_u16..30), 0..10),
            out in prop::collection::vec(any::<u16>(), 0..10),
            within in prop::collection::vec((0_usize..10, 0_u16..30), 0..10),
        ) {
            let range = |&(first, more): &(u16, u16)| PortRange { first, last: first.saturating_add(more) };
            let whole = PortSet::new(&pairs.iter().map(range).collect::<Vec<_>>());
            let within = within.iter().filter_map(|&(at, more)| Some(pairs.get(at)?.0.saturating_add(more)));
            let out: Vec<u16> = out.into_iter().chain(within).collect();
            let left = whole.without(out.iter().copied());
            for port in 0..=u16::MAX {
                prop_assert_eq!(left.contains(port), whole.contains(port) && !out.contains(&port), "{}", port);
            }
            prop_assert_eq!(&left, &PortSet::new(left.ranges()), "as few ranges as possible");
        }
    }
}
