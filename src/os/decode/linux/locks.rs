//! Decodes `/proc/locks`: who holds a lock on a file (`proc_locks(5)`).

use std::collections::HashMap;

use crate::model::Pid;

/// No more locks are kept.
const MOST: usize = 10_000;

/// The process that holds a lock on each file, by the file's inode. Whoever waits for a lock, or holds one of another
/// PID namespace, is left out.
#[must_use]
pub fn holders(text: &str) -> HashMap<u64, Pid> {
    text.lines().filter_map(holder).take(MOST).collect()
}

/// `1: POSIX  ADVISORY  WRITE 815 08:01:131074 0 EOF`
fn holder(line: &str) -> Option<(u64, Pid)> {
    let mut fields = line.split_ascii_whitespace().skip(1);
    // Whoever waits has an arrow in front of the kind.
    fields.next().filter(|kind| *kind != "->")?;
    let pid: Pid = fields.nth(2)?.parse().ok().filter(|&pid| pid > 0)?;
    let inode = fields.next()?.rsplit(':').next()?.parse().ok()?;
    Some((inode, pid))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn whoever_holds_a_lock_is_known_by_the_file() {
        let text = "1: POSIX  ADVISORY  WRITE 815 08:01:131074 0 EOF\n\
                    1: -> POSIX  ADVISORY  WRITE 816 08:01:131074 0 EOF\n\
                    2: FLOCK  ADVISORY  WRITE 99 00:1a:7 0 EOF\n\
                    3: OFDLCK ADVISORY  READ -1 00:05:8 0 EOF\n4: POSIX";
        let holders = holders(text);
        assert_eq!((holders.get(&131_074), holders.get(&7), holders.get(&8)), (Some(&815), Some(&99), None));
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in ".{0,200}") {
            let _ = holders(&text);
        }
    }
}
