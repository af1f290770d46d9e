//! Understands the text of Linux's `/proc/PID/stat` (`proc_pid_stat(5)`) and `/proc/uptime`
//! (`proc_uptime(5)`). Calls nothing, so it is tested on every system.

/// Since boot, in hundredths of a second: `USER_HZ` is 100 on every architecture but the long gone
/// alpha and ia64 (`include/asm-generic/param.h`).
pub type Ticks = u64;

/// When a process started. Its name, the second field, may hold blanks and parentheses.
#[must_use]
pub fn started(stat: &str) -> Option<Ticks> {
    let (_, after_name) = stat.rsplit_once(')')?;
    // The state is field 3, the start time field 22.
    after_name.split_ascii_whitespace().nth(22 - 3)?.parse().ok()
}

/// How long the system has been up: `350735.47 234388.90`.
#[must_use]
pub fn uptime(text: &str) -> Option<Ticks> {
    let (seconds, hundredths) = text.split_ascii_whitespace().next()?.split_once('.')?;
    let (seconds, hundredths): (Ticks, Ticks) = (seconds.parse().ok()?, hundredths.parse().ok()?);
    (hundredths < 100).then_some(seconds * 100 + hundredths)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Recorded on Linux 6.18, but for the name.
    const STAT: &str = "4242 (a) (b) 1 S) S 1 4242 4242 0 -1 4194560 1263 0 0 0 3 1 0 0 20 0 1 0 24431 25661440 2613 18446744073709551615 1 1 0 0 0 0 0 4096 2 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0";

    #[test]
    fn the_start_stands_behind_whatever_name() {
        assert_eq!(started(STAT), Some(24431));
        for end in 0..STAT.find(" 24431").unwrap() {
            assert_eq!(started(&STAT[..end]), None, "{end}");
        }
        assert_eq!(started(""), None);
    }

    #[test]
    fn uptime_is_in_hundredths() {
        assert_eq!(uptime("350735.47 234388.90\n"), Some(35_073_547));
        assert_eq!(uptime("1.05 0.00"), Some(105));
        for text in ["", "1", "x.05", "1.5x", "1.555"] {
            assert_eq!(uptime(text), None, "{text:?}");
        }
    }
}
