//! The processes that were asked about by name or id on Windows and macOS, also those that hold no socket.

use std::collections::BTreeMap;

use super::ScanScope;
use super::platform::Processes;
use super::scan_scope::Sought;
use super::this_os::THIS_OS;
use crate::model::{Likeness, Os, Pid, Process, SoughtProcess, SoughtProcesses};

/// At most so many are read, of those that are named best.
const MOST_PROCESSES: usize = 100;

/// At most so many stand in a record.
const MOST_RECORDED: usize = 10_000;

/// Their ids.
pub(super) struct SoughtPids {
    pub(super) pids: Vec<Pid>,
    left_out: u64,
}

impl SoughtPids {
    /// Finds them. `None` if nobody asked, or the processes cannot be listed: at least this process must be among them.
    pub(super) fn of(scope: &ScanScope, running: &mut Processes) -> Option<SoughtPids> {
        let Sought { names, pids, everything } = &scope.sought;
        if scope.sought.is_empty() {
            return None;
        }
        let all = running.all(true)?;
        let likeness = |process: &Process| {
            let by_name = names.iter().filter_map(|word| Likeness::of_process(process, word)).min();
            let is_named = *everything || pids.contains(&process.pid);
            if is_named { Some(Likeness::Exact) } else { by_name }
        };
        let ranked = all.iter().filter_map(|process| Some((likeness(process)?, process.pid)));
        let mut ranked: Vec<(Likeness, Pid)> = ranked.collect();
        ranked.sort_unstable();
        let most = if *everything { MOST_RECORDED } else { MOST_PROCESSES };
        let left_out = ranked.len().saturating_sub(most) as u64;
        let pids = ranked.into_iter().take(most).map(|(_, pid)| pid).collect();
        Some(SoughtPids { pids, left_out })
    }

    /// Those that were read. On macOS only root may see the sockets of others.
    pub(super) fn found(self, processes: &BTreeMap<Pid, Process>, privileged: bool) -> SoughtProcesses {
        let may_be_seen = THIS_OS == Os::Windows || privileged;
        let found =
            self.pids.into_iter().filter(|pid| processes.contains_key(pid)).map(|pid| SoughtProcess {
                pid,
                namespace: None,
                is_seen: may_be_seen,
                unlisted: Vec::new(),
                may_hold_more: false,
            });
        let mut found: Vec<SoughtProcess> = found.collect();
        found.sort_unstable_by_key(|one| one.pid);
        SoughtProcesses { found, left_out: self.left_out }
    }
}
