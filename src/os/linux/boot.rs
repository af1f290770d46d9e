//! When the system started.

use rustix::time::{ClockId, Timespec, clock_gettime};

/// In seconds since 1970, as the line `btime` of `/proc/stat` has it (`proc_stat(5)`). That file may be served by a
/// program (LXCFS, in containers); the clocks are the kernel's own. In a time namespace both are shifted by the same
/// offset (`time_namespaces(7)`).
pub(super) fn time() -> i64 {
    let (real, since_boot) = (clock_gettime(ClockId::Realtime), clock_gettime(ClockId::Boottime));
    let borrow = i64::from(real.tv_nsec < since_boot.tv_nsec);
    let Timespec { tv_sec: uptime, .. } = since_boot;
    real.tv_sec - uptime - borrow
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_clocks_agree_with_proc_stat() {
        let stat = fs::read_to_string("/proc/stat").unwrap();
        let btime = stat.lines().find_map(|line| line.strip_prefix("btime ")).unwrap();
        let difference = time() - btime.trim().parse::<i64>().unwrap();
        // The clocks are read one after the other, so that they may lie on two sides of a second.
        assert!((-1..=1).contains(&difference), "{difference}");
    }
}
