//! A set of ports.

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
    }
}
