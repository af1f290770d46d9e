//! Processes by `sysinfo`.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

use jiff::Timestamp;
use sysinfo::{ProcessRefreshKind, ProcessStatus, ProcessesToUpdate, System, UpdateKind};

use super::super::ScanScope;
use super::super::program_name::program_name;
use super::super::read_process::{Launch, ReadProcess};
use super::files::{is_of_service, same_path};
use crate::model::{Checked, Executable, Pid, Presence, Process, Program, RunState, WorkingFolder};
use crate::os::decode::text::os_text;

/// The processes that run.
pub(in crate::os) struct Processes(System);

impl Processes {
    /// # Errors
    ///
    /// If the system refuses.
    pub(in crate::os) fn open() -> io::Result<Processes> {
        System::new().map(Processes).map_err(io::Error::other)
    }

    /// The names of all, and their files if these are wanted. `None` if they cannot be listed: at least this process must
    /// be among them.
    pub(in crate::os) fn all(&mut self, with_files: bool) -> Option<Vec<Process>> {
        let mut kind = ProcessRefreshKind::nothing().without_tasks();
        if with_files {
            kind = kind.with_exe(UpdateKind::OnlyIfNotSet);
        }
        self.0.refresh_processes_specifics(ProcessesToUpdate::All, false, kind);
        self.0.process(sysinfo::Pid::from_u32(std::process::id()))?;
        Some(self.0.processes().iter().map(|(pid, process)| named(pid.as_u32(), process)).collect())
    }

    /// Those of these that run.
    pub(in crate::os) fn read(
        &mut self,
        pids: &BTreeSet<Pid>,
        scope: &ScanScope,
    ) -> BTreeMap<Pid, ReadProcess> {
        let mut kind = ProcessRefreshKind::nothing()
            .without_tasks()
            .with_exe(UpdateKind::OnlyIfNotSet)
            .with_user(UpdateKind::OnlyIfNotSet);
        if scope.args {
            kind = kind.with_cmd(UpdateKind::OnlyIfNotSet);
        }
        if scope.details {
            kind = kind.with_cwd(UpdateKind::OnlyIfNotSet);
        }
        self.refreshed(pids.iter().copied(), kind, |pid, process| decode(pid, process, scope.args))
    }

    /// The command lines of these, as far as this user may read them.
    pub(in crate::os) fn args(&mut self, pids: &[Pid]) -> BTreeMap<Pid, Vec<String>> {
        let kind = ProcessRefreshKind::nothing().without_tasks().with_cmd(UpdateKind::OnlyIfNotSet);
        self.refreshed(pids.iter().copied(), kind, |_, process| process.cmd().iter().map(os_text).collect())
    }

    /// How license servers were started, as far as this user may read that.
    pub(in crate::os) fn launches(&mut self, pids: &[Pid], _: &ScanScope) -> BTreeMap<Pid, Launch> {
        let kind = ProcessRefreshKind::nothing()
            .without_tasks()
            .with_cmd(UpdateKind::Always)
            .with_cwd(UpdateKind::Always)
            .with_environ(UpdateKind::Always);
        self.refreshed(pids.iter().copied(), kind, |_, process| Launch {
            args: process.cmd().iter().map(os_text).collect(),
            cwd: process.cwd().map(Path::to_path_buf),
            environment: process.environ().iter().map(os_text).collect(),
        })
    }

    fn refreshed<T>(
        &mut self,
        pids: impl Iterator<Item = Pid>,
        kind: ProcessRefreshKind,
        read: impl Fn(Pid, &sysinfo::Process) -> T,
    ) -> BTreeMap<Pid, T> {
        let ids: Vec<sysinfo::Pid> = pids.map(sysinfo::Pid::from_u32).collect();
        self.0.refresh_processes_specifics(ProcessesToUpdate::Some(&ids), false, kind);
        let found = ids.iter().filter_map(|&id| Some((id.as_u32(), self.0.process(id)?)));
        found.map(|(pid, process)| (pid, read(pid, process))).collect()
    }
}

/// Its names and its file alone.
fn named(pid: Pid, process: &sysinfo::Process) -> Process {
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

fn decode(pid: Pid, process: &sysinfo::Process, args: bool) -> ReadProcess {
    let owner = process.effective_user_id().or(process.user_id()).map(|uid| **uid);
    let Process { name, short_name, mut presence, .. } = named(pid, process);
    if let Presence::Running(program) = &mut presence {
        // An unreadable command line is empty, too.
        let read = args.then(|| process.cmd().iter().map(os_text).collect());
        program.args = read.filter(|args: &Vec<_>| !args.is_empty());
        program.by_service = owner.map(is_of_service).map_or(Checked::NotRequested, Checked::Done);
    }
    let process = Process {
        pid,
        ppid: process.parent().map(sysinfo::Pid::as_u32).filter(|&ppid| ppid != 0 && ppid != pid),
        name,
        short_name,
        presence,
        state: state(process),
        cwd: process
            .cwd()
            .filter(|path| !path.as_os_str().is_empty())
            .map(|path| WorkingFolder { path: os_text(path.as_os_str()), deleted: false }),
        uid: owner,
        started_at: i64::try_from(process.start_time())
            .ok()
            .filter(|&seconds| seconds > 0)
            .and_then(|seconds| Timestamp::from_second(seconds).ok()),
        ..Process::default()
    };
    ReadProcess { process, owner }
}

/// Whether a process can do anything.
fn state(process: &sysinfo::Process) -> Option<RunState> {
    match process.status() {
        ProcessStatus::Run | ProcessStatus::Sleep | ProcessStatus::Idle => Some(RunState::Running),
        ProcessStatus::Stop => Some(RunState::Stopped),
        ProcessStatus::Zombie => Some(RunState::Zombie),
        _ => None,
    }
}
