//! What is known of one process, read through its folder.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};

use super::super::decode::cgroup::{self, Membership};
use super::super::decode::proc_pid::{self, Ticks};
use super::super::unix;
use super::containers::Containers;
use super::proc_dir::ProcessDir;
use crate::model::{Executable, Process};

/// The names of users, each asked for once: they may come from a directory server.
#[derive(Default)]
pub(super) struct Users {
    names: RefCell<HashMap<u32, Option<String>>>,
}

impl Users {
    pub(super) fn name(&self, uid: u32) -> Option<String> {
        self.names.borrow_mut().entry(uid).or_insert_with(|| unix::user_name(uid)).clone()
    }

    /// The name, or the number where it has none, as ps(1) shows it.
    fn shown(&self, uid: u32) -> String {
        self.name(uid).unwrap_or_else(|| uid.to_string())
    }
}

/// A process and when it started since boot, which with its id tells it from any other.
pub(super) struct Seen {
    pub(super) process: Process,
    pub(super) started: Ticks,
}

/// What processes are read with.
pub(super) struct Reader<'a> {
    pub(super) users: &'a Users,
    containers: Containers,
    /// When the system started, in seconds since 1970.
    pub(super) boot: Option<i64>,
    /// With command lines.
    pub(super) args: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn new(users: &'a Users, args: bool) -> Reader<'a> {
        let boot = std::fs::read_to_string("/proc/stat").ok().and_then(|stat| proc_pid::boot_time(&stat));
        Reader { users, containers: Containers::default(), boot, args }
    }

    /// Reads a process.
    ///
    /// # Errors
    ///
    /// Where not even its id and start can be had: it has ended.
    pub(super) fn read(&self, dir: &ProcessDir) -> io::Result<Seen> {
        let line = dir.read("stat")?;
        let stat = proc_pid::stat(&line).ok_or(io::Error::from(io::ErrorKind::InvalidData))?;
        let short_name = OsStr::from_bytes(stat.comm);
        let file = dir.link("exe").ok().map(|link| executable(dir, link));
        let called = file.as_ref().and_then(|(path, _)| called_as(dir, path, short_name));
        let name = called.or(file.as_ref().and_then(|(path, _)| path.file_name()));
        let name = name.unwrap_or(short_name);
        let uid = dir.text("status").ok().and_then(|status| proc_pid::effective_uid(&status));
        let Membership { service, mut container, application } =
            cgroup::membership(&dir.text("cgroup").unwrap_or_default());
        if let Some(container) = &mut container {
            container.name = self.containers.name(container);
        }
        let process = Process {
            pid: dir.pid,
            ppid: Some(stat.ppid).filter(|&ppid| ppid != 0 && ppid != dir.pid),
            name: (!name.is_empty()).then(|| text(name)),
            short_name: (!short_name.is_empty()).then(|| text(short_name)),
            exe: file.as_ref().map(|(path, deleted)| Executable {
                path: text(path.as_os_str()),
                deleted: *deleted,
                replaceable_at: unix::replaceable_at(&root_of(dir), path),
                ..Executable::default()
            }),
            args: if self.args { command_line(dir) } else { None },
            uid,
            user: uid.map(|uid| self.users.shown(uid)),
            started_at: self.since_boot(stat.started),
            service,
            container,
            application,
            ..Process::default()
        };
        Ok(Seen { process, started: stat.started })
    }

    fn since_boot(&self, ticks: Ticks) -> Option<Timestamp> {
        let since = SignedDuration::from_millis(i64::try_from(ticks).ok()?.checked_mul(10)?);
        Timestamp::from_second(self.boot?).ok()?.checked_add(since).ok()
    }
}

/// A process's command line; `None` where there is none, or it may not be read.
pub(super) fn command_line(dir: &ProcessDir) -> Option<Vec<String>> {
    proc_pid::command_line(&dir.read("cmdline").ok()?)
}

/// The bytes of the file that a process runs, even where it was deleted.
pub(super) fn open_executable(dir: &ProcessDir) -> io::Result<File> {
    dir.open("exe")
}

/// The file that a process runs, and whether it was deleted or replaced since. The kernel tells that
/// by a suffix to the path (`d_path` in `fs/d_path.c`), which a file's name may also end in.
fn executable(dir: &ProcessDir, path: PathBuf) -> (PathBuf, Option<bool>) {
    match path.as_os_str().as_bytes().strip_suffix(b" (deleted)") {
        Some(without) if !is_named(dir, &path) => (PathBuf::from(OsStr::from_bytes(without)), Some(true)),
        _ => (path, Some(false)),
    }
}

/// Whether a path, as the process sees it, leads to the file that it runs.
fn is_named(dir: &ProcessDir, path: &Path) -> bool {
    let running = unix::identity(&dir.path().join("exe"));
    running.is_some() && running == unix::identity_under(&root_of(dir), path)
}

/// The name a program was called by, where the file has several: Debian's `redis-server` is a link
/// to `redis-check-rdb`, and nobody knows it by that name. Believed only where a file of that name
/// beside the executable is that same file, since a process can call itself anything.
fn called_as<'a>(dir: &ProcessDir, exe: &Path, short_name: &'a OsStr) -> Option<&'a OsStr> {
    let (file, short) = (exe.file_name()?.as_encoded_bytes(), short_name.as_encoded_bytes());
    // `python3` for `python3.11`, or a long name that the kernel cut: the file's own name says more.
    let says_less = file.starts_with(short) || short.contains(&b'/') || short.is_empty();
    let same = || unix::same_file(&root_of(dir), exe, &exe.with_file_name(short_name));
    (!says_less && same()).then_some(short_name)
}

/// The process's own view of the file system.
fn root_of(dir: &ProcessDir) -> PathBuf {
    dir.path().join("root")
}

fn text(raw: &OsStr) -> String {
    raw.to_string_lossy().into_owned()
}
