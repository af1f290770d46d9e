//! Sorting by one copy of the algorithm for all types of elements. The standard library makes one for each, of 6 KB: those
//! were a twentieth of the program.

use std::cmp::Ordering;

/// As [`slice::sort_by_cached_key`]: elements with equal keys stay in their order.
pub fn sort_by_key<T, K: Ord>(elements: &mut [T], key: impl FnMut(&T) -> K) {
    if elements.len() < 2 {
        return;
    }
    let keys: Vec<K> = elements.iter().map(key).collect();
    let order = order(keys.len(), &mut |one, other| keys[one].cmp(&keys[other]));
    arrange(elements, order);
}

/// As [`slice::sort_by`]: equal elements stay in their order.
pub fn sort_by<T>(elements: &mut [T], mut compare: impl FnMut(&T, &T) -> Ordering) {
    if elements.len() < 2 {
        return;
    }
    let order = order(elements.len(), &mut |one, other| compare(&elements[one], &elements[other]));
    arrange(elements, order);
}

/// The places of the elements, in the order that they should have.
fn order(count: usize, compare: &mut dyn FnMut(usize, usize) -> Ordering) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    // In place, so that it needs no memory of its own.
    order.sort_unstable_by(|&one, &other| compare(one, other).then(one.cmp(&other)));
    order
}

/// Each element goes to where it belongs, in place of one that then goes to where that belongs.
fn arrange<T>(elements: &mut [T], mut order: Vec<usize>) {
    for start in 0..elements.len() {
        let mut at = start;
        while order[at] != start {
            let next = order[at];
            elements.swap(at, next);
            order[at] = at;
            at = next;
        }
        order[at] = at;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_sorts_as_the_standard_library_does(numbers in prop::collection::vec(0_u8..16, 0..64)) {
            let mut sorted: Vec<(u8, usize)> = numbers.iter().copied().zip(0..).collect();
            let mut expected = sorted.clone();
            sort_by_key(&mut sorted, |&(number, _)| number);
            expected.sort_by_key(|&(number, _)| number);
            prop_assert_eq!(&sorted, &expected);
            sort_by(&mut sorted, |(one, _), (other, _)| other.cmp(one));
            expected.sort_by(|(one, _), (other, _)| other.cmp(one));
            prop_assert_eq!(sorted, expected);
        }
    }
}
