//! Encodes filters by port for the kernel's socket dumps: the byte code of `sock_diag(7)`, as `inet_diag_bc_run` in
//! `net/ipv4/inet_diag.c` runs it and ss(8) writes it.

use crate::model::PortRange;
use crate::os::port_set::PortSet;

/// The size of `struct inet_diag_bc_op`: an operation, the jump on yes, and the jump on no.
const OP: u16 = 4;
/// A comparison is followed by an operation that only holds the number.
const COMPARISON: u16 = 2 * OP;
/// "At least", "at most", and a jump (yes continues with the next operation, no jumps).
const RANGE: u16 = 2 * COMPARISON + OP;

const JUMP: u8 = 1;
const AT_LEAST: u8 = 2;
const AT_MOST: u8 = 3;

/// The most ranges in a filter: the kernel checks each jump by walking the code from its beginning.
const MOST_RANGES: usize = 256;

/// A filter that passes the sockets with these local ports. If the set has very many ranges, it passes some others too,
/// so the caller must filter again. No ports give an empty filter, which passes all sockets.
#[must_use]
pub fn port_filter(ports: &PortSet) -> Vec<u8> {
    let ranges = coarse(ports.ranges().to_vec(), MOST_RANGES);
    let count = u16::try_from(ranges.len()).unwrap_or(u16::MAX);
    let mut code = Vec::with_capacity(usize::from(RANGE * count));
    for (left, range) in (1..=count).rev().zip(ranges) {
        // No: to the next range. After the last, beyond the end, which rejects the socket.
        let next = if left == 1 { RANGE + OP } else { RANGE };
        comparison(&mut code, AT_LEAST, next, range.first);
        comparison(&mut code, AT_MOST, next - COMPARISON, range.last);
        // Yes: to the exact end, which passes the socket.
        op(&mut code, JUMP, OP, RANGE * left - 2 * COMPARISON);
    }
    code
}

fn comparison(code: &mut Vec<u8>, what: u8, no: u16, number: u16) {
    op(code, what, COMPARISON, no);
    op(code, 0, 0, number);
}

fn op(code: &mut Vec<u8>, what: u8, yes: u16, no: u16) {
    code.extend([what, u8::try_from(yes).unwrap_or(u8::MAX)]);
    code.extend(no.to_ne_bytes());
}

/// Reduces the ranges to this number: joins the nearest ones, with the ports between them.
fn coarse(ranges: Vec<PortRange>, most: usize) -> Vec<PortRange> {
    let Some(too_many) = ranges.len().checked_sub(most).filter(|&n| n > 0) else { return ranges };
    let mut gaps: Vec<u16> = ranges.windows(2).map(|pair| pair[1].first - pair[0].last).collect();
    gaps.sort_unstable();
    let (nearest, mut left) = (gaps[too_many - 1], too_many);
    let mut coarse: Vec<PortRange> = Vec::with_capacity(most);
    for range in ranges {
        match coarse.last_mut() {
            Some(last) if left > 0 && range.first - last.last <= nearest => {
                last.last = range.last;
                left -= 1;
            }
            _ => coarse.push(range),
        }
    }
    coarse
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Runs a filter as `inet_diag_bc_run` does. `None` if `inet_diag_bc_audit` would reject it.
    fn lets_through(code: &[u8], port: u16) -> Option<bool> {
        let number = |at: usize| Some(u16::from_ne_bytes([*code.get(at + 2)?, *code.get(at + 3)?]));
        let mut at = 0;
        while at < code.len() {
            let (what, yes, no) = (code[at], usize::from(code[at + 1]), usize::from(number(at)?));
            let holds = match what {
                JUMP => false,
                AT_LEAST => port >= number(at + 4)?,
                AT_MOST => port <= number(at + 4)?,
                _ => return None,
            };
            let least = if what == JUMP { 4 } else { 8 };
            for step in [yes, no] {
                if step < least || step % 4 != 0 || step > code.len() - at + 4 {
                    return None;
                }
            }
            at += if holds { yes } else { no };
        }
        Some(at == code.len())
    }

    fn range(first: u16, last: u16) -> PortRange {
        PortRange { first, last }
    }

    fn filter(ranges: &[PortRange]) -> Vec<u8> {
        port_filter(&PortSet::new(ranges))
    }

    #[test]
    fn a_filter_lets_through_what_it_names() {
        let code = filter(&[range(1538, 1538), range(27000, 27009), range(27010, 27011)]);
        assert_eq!(code.len(), 40, "adjacent ranges are joined");
        for (port, expected) in [(1537, false), (1538, true), (1539, false), (27000, true), (27011, true)] {
            assert_eq!(lets_through(&code, port), Some(expected), "{port}");
        }
        let code = filter(&[range(0, 9)]);
        assert_eq!(lets_through(&code, 10), Some(false));
        assert_eq!(lets_through(&code, 9), Some(true));
        assert!(filter(&[]).is_empty());
    }

    #[test]
    fn very_many_ranges_become_fewer_and_wider() {
        let odd: Vec<PortRange> = (0..2000).map(|n| range(n * 30 + n % 7, n * 30 + n % 7)).collect();
        let code = filter(&odd);
        assert_eq!(code.len(), MOST_RANGES * usize::from(RANGE));
        assert!(odd.iter().all(|range| lets_through(&code, range.first) == Some(true)));
        assert_eq!(lets_through(&code, 65000), Some(false));
    }

    proptest! {
        #[test]
        fn no_port_that_is_asked_for_is_left_out(
            pairs in prop::collection::vec((any::<u16>(), 0_u16..300), 1..40),
            port in any::<u16>(),
        ) {
            let ranges: Vec<PortRange> =
                pairs.iter().map(|&(first, more)| range(first, first.saturating_add(more))).collect();
            let code = filter(&ranges);
            let wanted = ranges.iter().any(|range| range.contains(port));
            prop_assert_eq!(lets_through(&code, port), Some(wanted));
        }
    }
}
