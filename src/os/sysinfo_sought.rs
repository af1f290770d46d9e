//! The processes that were asked about by name or id on Windows and macOS, also those that hold no socket.

use std::collections::BTreeMap;
use std::path::Path;

use sysinfo::{ProcessRefreshKind, ProcessesToUpdate, System, UpdateKind};

use super::ScanScope;
use super::platform::same_path;
use super::program_name::program_name;
use super::scan_scope::Sought;
use super::this_os::THIS_OS;
use crate::model::{
    Executable, Likeness, Os, Pid, Presence, Process, Program, SoughtProcess, SoughtProcesses,
};
use crate::os::decode::text::os_text;

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
    pub(super) fn of(scope: &ScanScope) -> Option<SoughtPids> {
        let Sought { names, pids, everything } = &scope.sought;
        if scope.sought.is_empty() {
            return None;
        }
        let mut system = System::new().ok()?;
        let kind = ProcessRefreshKind::nothing().without_tasks().with_exe(UpdateKind::OnlyIfNotSet);
        system.refresh_processes_specifics(ProcessesToUpdate::All, false, kind);
        system.process(sysinfo::Pid::from_u32(std::process::id()))?;
        let likeness = |pid: Pid, process: &sysinfo::Process| {
            let named = named(pid, process);
            let by_name = names.iter().filter_map(|word| Likeness::of_process(&named, word)).min();
            if *everything || pids.contains(&pid) { Some(Likeness::Exact) } else { by_name }
        };
        let ranked = system.processes().iter().filter_map(|(pid, process)| {
            let pid = pid.as_u32();
            Some((likeness(pid, process)?, pid))
        });
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

/// Its names and its file alone.
pub(super) fn named(pid: Pid, process: &sysinfo::Process) -> Process {
    let short_name = process.name();
    let exe = process.exe().filter(|path| !path.as_os_str().is_empty());
    let is_same_file = |path: &Path| exe.is_some_and(|exe| same_path(exe, path));
    Process {
        pid,
        name: program_name(exe, short_name, is_same_file),
        short_name: (!short_name.is_empty()).then(|| os_text(short_name)),
        presence: Presence::Running(Program {
            exe: exe.map(|path| Executable { path: os_text(path), ..Executable::default() }),
            ..Program::default()
        }),
        ..Process::default()
    }
}
