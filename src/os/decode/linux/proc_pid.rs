//! Decodes the files of `/proc/PID` (`proc_pid_stat(5)`, `proc_pid_fd(5)`).

use crate::model::{Pid, RunState};
use crate::os::decode::text::text_of;

/// Hundredths of a second since boot: `USER_HZ` is 100 on every architecture except the obsolete alpha and ia64
/// (`include/asm-generic/param.h`).
pub type Ticks = u64;

/// What this program uses of `/proc/PID/stat`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stat<'a> {
    /// The short name, at most 15 bytes.
    pub comm: &'a [u8],
    /// `None` for a letter that does not say it, such as that of a process that is about to vanish.
    pub state: Option<RunState>,
    /// The parent; 0 if it has none, or the parent is in another PID namespace.
    pub ppid: Pid,
    /// The start, which identifies a process together with its id.
    pub started: Ticks,
}

/// Decodes `/proc/PID/stat`. The name, its second field, may contain blanks and parentheses.
#[must_use]
pub fn stat(line: &[u8]) -> Option<Stat<'_>> {
    let open = line.iter().position(|&b| b == b'(')?;
    let close = line.iter().rposition(|&b| b == b')').filter(|&close| close > open)?;
    let mut fields = std::str::from_utf8(&line[close + 1..]).ok()?.split_ascii_whitespace();
    // The state is field 3, the parent field 4, the start time field 22.
    let state = run_state(fields.next()?);
    let ppid = fields.next()?.parse().ok()?;
    let started = fields.nth(22 - 5)?.parse().ok()?;
    // Without another field behind it, the number may be cut short.
    fields.next()?;
    Some(Stat { comm: &line[open + 1..close], state, ppid, started })
}

/// What a letter says (`task_state_array` in `fs/proc/array.c`).
fn run_state(letter: &str) -> Option<RunState> {
    match letter {
        // Runs, sleeps, waits for a device, or is a thread of the kernel that has nothing to do.
        "R" | "S" | "D" | "I" => Some(RunState::Running),
        "T" => Some(RunState::Stopped),
        "t" => Some(RunState::Traced),
        "Z" => Some(RunState::Zombie),
        _ => None,
    }
}

/// The socket that a link in `/proc/PID/fd` leads to: `socket:[12345]`.
#[must_use]
pub fn socket_inode(link: &[u8]) -> Option<u32> {
    let digits = link.strip_prefix(b"socket:[")?.strip_suffix(b"]")?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// The namespace that a link in `/proc/PID/ns` leads to: `net:[4026531833]`.
#[must_use]
pub fn namespace_inode(link: &[u8]) -> Option<u64> {
    let digits = link.strip_prefix(b"net:[")?.strip_suffix(b"]")?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// The id of the process that traces this one, from the beginning of `/proc/PID/status`.
#[must_use]
pub fn tracer(status: &str) -> Option<Pid> {
    let line = status.lines().find_map(|line| line.strip_prefix("TracerPid:"))?;
    line.trim().parse().ok().filter(|&pid| pid != 0)
}

/// How many words of a command line are kept, more than anybody types.
const MOST_WORDS: usize = 4096;

/// The words of `/proc/PID/cmdline`; `None` if it is empty, as for a kernel thread or an ended process.
#[must_use]
pub fn command_line(bytes: &[u8]) -> Option<Vec<String>> {
    let words = bytes.strip_suffix(b"\0").unwrap_or(bytes);
    if words.is_empty() {
        return None;
    }
    Some(words.split(|&b| b == 0).take(MOST_WORDS).map(|word| text_of(word).into_owned()).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Recorded on Linux 6.18, except for the name.
    const STAT: &[u8] = b"4242 (a) (b) 1 S) S 17 4242 4242 0 -1 4194560 1263 0 0 0 3 1 0 0 20 0 1 0 24431 25661440 2613 18446744073709551615 1 1 0 0 0 0 0 4096 2 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n";

    #[test]
    fn the_facts_stand_behind_whatever_name() {
        let state = Some(RunState::Running);
        assert_eq!(stat(STAT), Some(Stat { comm: b"a) (b) 1 S", state, ppid: 17, started: 24431 }));
        assert_eq!(stat(b""), None);
        assert_eq!(stat(b") ("), None);
    }

    #[test]
    fn the_letter_of_the_state_says_whether_it_can_do_anything() {
        let state =
            |letter: &str| stat(format!("1 (a) {letter} 0{} 7 0", " 0".repeat(17)).as_bytes()).unwrap().state;
        let [running, stopped, traced] = [RunState::Running, RunState::Stopped, RunState::Traced].map(Some);
        assert_eq!(["R", "S", "D", "I"].map(state), [running; 4]);
        assert_eq!(["T", "t", "Z"].map(state), [stopped, traced, Some(RunState::Zombie)]);
        assert_eq!(["X", "x", "K", "P", "RS", "?"].map(state), [None; 6]);
    }

    #[test]
    fn no_truncation_gives_another_start() {
        for end in 0..STAT.len() {
            let found = stat(&STAT[..end]);
            assert!(found.as_ref().is_none_or(|found| found.started == 24431), "{end}: {found:?}");
        }
    }

    #[test]
    fn links_name_sockets_and_namespaces_and_nothing_else() {
        assert_eq!(socket_inode(b"socket:[4294967295]"), Some(u32::MAX));
        assert_eq!(namespace_inode(b"net:[4026531833]"), Some(4_026_531_833));
        for link in [&b"socket:[]"[..], b"socket:[1", b"socket:[4294967296]", b"/tmp/socket:[1]", b"pipe:[1]"]
        {
            assert_eq!(socket_inode(link), None, "{link:?}");
        }
        assert_eq!(namespace_inode(b"pid:[1]"), None);
    }

    #[test]
    fn a_command_line_is_its_words() {
        assert_eq!(command_line(b"a\0\0b c\0"), Some(vec!["a".into(), String::new(), "b c".into()]));
        assert_eq!(command_line(b"set by itself"), Some(vec!["set by itself".into()]));
        assert_eq!(command_line(b""), None);
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_strange(bytes in prop::collection::vec(any::<u8>(), 0..300), at in 0..200_usize, byte: u8) {
            let _ = (stat(&bytes), socket_inode(&bytes), namespace_inode(&bytes), command_line(&bytes));
            let mut changed = STAT.to_vec();
            if let Some(place) = changed.get_mut(at) {
                *place = byte;
            }
            let _ = stat(&changed);
        }
    }
}
