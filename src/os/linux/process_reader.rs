//! Reads what is known of a process, through its folder.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};

use super::super::decode::linux::proc_pid::{self, Ticks};
use super::super::program_name::program_name;
use super::executable_file::ExecutableFile;
use super::labels::Labels;
use super::path_origin::PathOrigin;
use super::proc_dir::ProcessDir;
use super::scan_context::ScanContext;
use crate::model::{Checked, Executable, Pid, Presence, Process, Program};
use crate::os::decode::text::os_text;

/// A process with its start: id and start together identify it.
pub(super) struct IdentifiedProcess {
    pub(super) process: Process,
    /// Since boot.
    pub(super) started: Ticks,
    /// In whose view of the file system its program has its path.
    pub(super) path_origin: PathOrigin,
}

impl ScanContext<'_> {
    /// Reads the process that has this id now.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub(super) fn read_process(&self, pid: Pid) -> io::Result<IdentifiedProcess> {
        self.read(&self.proc.process(pid)?)
    }

    /// Reads a process.
    ///
    /// # Errors
    ///
    /// If not even its id and start can be read: it has ended.
    pub(super) fn read(&self, dir: &ProcessDir) -> io::Result<IdentifiedProcess> {
        let line = dir.read("stat")?;
        let stat = proc_pid::stat(&line).ok_or(io::Error::from(io::ErrorKind::InvalidData))?;
        let short_name = OsStr::from_bytes(stat.comm);
        let mut file = ExecutableFile::of(dir, &self.mounts);
        let thread = if file.is_none() { dir.living_thread() } else { None };
        if let Some(thread) = &thread {
            file = ExecutableFile::of(thread, &self.mounts);
        }
        let living = thread.as_ref().unwrap_or(dir);
        // A first thread that has ended before the others is a zombie, and the process is none.
        let state = match &thread {
            Some(thread) => thread.state(),
            None => stat.state,
        };
        let origin = |file| self.own_mounts.origin(living, file, &self.proc, &self.mounts);
        let path_origin = file.as_ref().map_or(PathOrigin::Unknown, origin);
        let is_elsewhere = path_origin == PathOrigin::Elsewhere;
        let exe = file.as_ref().map(|file| file.path.as_path());
        let is_same_file =
            |path: &Path| file.as_ref().is_some_and(|file| file.is_also(living, &self.mounts, path));
        let uid = dir.owner().ok();
        let Labels { service, container, application } = self.labels(dir);
        let process = Process {
            pid: dir.pid,
            ppid: Some(stat.ppid).filter(|&ppid| ppid != 0 && ppid != dir.pid),
            name: program_name(exe, short_name, is_same_file),
            state,
            short_name: (!short_name.is_empty()).then(|| os_text(short_name)),
            presence: Presence::Running(Program {
                exe: file.as_ref().map(|file| Executable {
                    path: os_text(file.path.as_os_str()),
                    deleted: file.deleted.filter(|_| !is_elsewhere || file.is_in_memory(living)),
                    path_confirmed: if is_elsewhere { Checked::Done(false) } else { Checked::NotRequested },
                    ..Executable::default()
                }),
                ..Program::default()
            }),
            uid,
            started_at: self.since_boot(stat.started),
            services: service.into_iter().collect(),
            container: container.map(Box::new),
            application,
            ..Process::default()
        };
        Ok(IdentifiedProcess { process, started: stat.started, path_origin })
    }

    fn since_boot(&self, ticks: Ticks) -> Option<Timestamp> {
        let since = SignedDuration::from_millis(i64::try_from(ticks).ok()?.checked_mul(10)?);
        Timestamp::from_second(self.boot).ok()?.checked_add(since).ok()
    }
}
