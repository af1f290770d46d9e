//! What is known of one process, read through its folder.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::super::decode::linux::cgroup::{self, Membership};
use super::super::decode::linux::mounts;
use super::super::decode::linux::proc_pid::{self, Ticks};
use super::super::{Inspect, inspect_files, unix};
use super::containers::Containers;
use super::proc_dir::{Proc, ProcessDir};
use super::process_root::{Mounts, ProcessRoot, is_in_another_user_namespace};
use crate::model::{Executable, NotInspected, Os, Pid, Presence, Process, Program};

/// The names of users, each asked for once: they may come from a directory server.
#[derive(Default)]
pub(super) struct Users {
    names: Mutex<HashMap<u32, Option<String>>>,
}

impl Users {
    pub(super) fn name(&self, uid: u32) -> Option<String> {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        names.entry(uid).or_insert_with(|| unix::user_name(uid)).clone()
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
    inspect: &'a dyn Inspect,
    containers: Containers,
    pub(super) mounts: Mounts,
    /// When the system started, in seconds since 1970.
    pub(super) boot: Option<i64>,
    /// With command lines.
    pub(super) args: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn new(users: &'a Users, inspect: &'a dyn Inspect, args: bool) -> Reader<'a> {
        let boot = fs::read_to_string("/proc/stat").ok().and_then(|stat| proc_pid::boot_time(&stat));
        Reader { users, inspect, containers: Containers::default(), mounts: Mounts::default(), boot, args }
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
        let file = File::of(dir, &self.mounts);
        let called = file.as_ref().and_then(|file| file.called_as(dir, &self.mounts, short_name));
        let name = called.or(file.as_ref().and_then(|file| file.path.file_name()));
        let name = name.unwrap_or(short_name);
        let uid = dir.owner().ok();
        let Membership { service, mut container, application } =
            cgroup::membership(&String::from_utf8_lossy(&dir.read("cgroup").unwrap_or_default()));
        if let Some(container) = &mut container {
            container.name = self.containers.name(container);
        }
        let process = Process {
            pid: dir.pid,
            ppid: Some(stat.ppid).filter(|&ppid| ppid != 0 && ppid != dir.pid),
            name: (!name.is_empty()).then(|| text(name)),
            short_name: (!short_name.is_empty()).then(|| text(short_name)),
            presence: Presence::Running(Program {
                exe: file.as_ref().map(|file| Executable {
                    path: text(file.path.as_os_str()),
                    deleted: file.deleted,
                    ..Executable::default()
                }),
                args: if self.args { command_line(dir) } else { None },
                interpreted: None,
            }),
            uid,
            user: uid.map(|uid| self.users.shown(uid)),
            started_at: self.since_boot(stat.started),
            services: service.into_iter().collect(),
            container,
            application,
            ..Process::default()
        };
        Ok(Seen { process, started: stat.started })
    }

    /// Reads a process that holds something; of its command line it is kept what it runs, where
    /// [`Inspect`] asks for it.
    ///
    /// # Errors
    ///
    /// As for [`Reader::read`].
    pub(super) fn read_holder(&self, dir: &ProcessDir) -> io::Result<Seen> {
        let mut seen = self.read(dir)?;
        if let Some(exe) =
            seen.process.exe_name(Os::Linux).filter(|exe| self.inspect.reads_command_line_of(exe))
        {
            let interpreted = command_line(dir).and_then(|args| self.inspect.program(exe, &args));
            if let Some(program) = seen.process.program_mut() {
                program.interpreted = interpreted;
            }
        }
        Ok(seen)
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

/// So much of a process's mappings is read: its own file is usually the first, but need not be.
const MOST_OF_MAPS: u64 = 256 * 1024;

/// The file that a process runs.
struct File {
    path: PathBuf,
    /// Whether it was deleted or replaced since; `None` where that cannot be told.
    deleted: Option<bool>,
}

impl File {
    /// The kernel tells by a suffix to the path that the file is gone (`d_path` in `fs/d_path.c`), which
    /// a file's name may also end in.
    fn of(dir: &ProcessDir, mounts: &Mounts) -> Option<File> {
        let path = dir.link("exe").ok()?;
        Some(match path.as_os_str().as_bytes().strip_suffix(b" (deleted)") {
            Some(without) if !is_named(dir, mounts, &path) => {
                File { path: PathBuf::from(OsStr::from_bytes(without)), deleted: Some(true) }
            }
            _ => File { path, deleted: Some(false) },
        })
    }

    /// The name a program was called by, where the file has several: Debian's `redis-server` is a link
    /// to `redis-check-rdb`, and nobody knows it by that name. Believed only where a file of that name
    /// beside the executable is that same file, since a process can call itself anything.
    fn called_as<'a>(&self, dir: &ProcessDir, mounts: &Mounts, short_name: &'a OsStr) -> Option<&'a OsStr> {
        let (file, short) = (self.path.file_name()?.as_encoded_bytes(), short_name.as_encoded_bytes());
        // `python3` for `python3.11`, or a long name that the kernel cut: the file's own name says more.
        let says_less = file.starts_with(short) || short.contains(&b'/') || short.is_empty();
        (!says_less && self.is_also(dir, mounts, &self.path.with_file_name(short_name))).then_some(short_name)
    }

    /// Whether another path leads to the file, too, as the process sees it.
    fn is_also(&self, dir: &ProcessDir, mounts: &Mounts, path: &Path) -> bool {
        ProcessRoot::of(dir, mounts).is_ok_and(|root| {
            let own = root.identity(&self.path);
            own.is_some() && own == root.identity(path)
        })
    }
}

/// Whether a path, as the process sees it, leads to the file that it runs.
fn is_named(dir: &ProcessDir, mounts: &Mounts, path: &Path) -> bool {
    let named = ProcessRoot::of(dir, mounts).ok().and_then(|root| root.identity(path));
    named.is_some() && can_be_opened(dir, mounts, path) && named == unix::identity(&dir.path().join("exe"))
}

/// Whether the file that a process runs can be opened without waiting for a server that may not answer:
/// by the device that it is mapped from, for a path may lead elsewhere by now.
fn can_be_opened(dir: &ProcessDir, mounts: &Mounts, path: &Path) -> bool {
    let maps = dir.beginning("maps", MOST_OF_MAPS).unwrap_or_default();
    let device = proc_pid::mapped_from(&maps, &path.to_string_lossy());
    let Some((major, minor)) = device else { return false };
    // Only disks have a major number.
    major != 0 || mounts.of(dir).is_ok_and(|mounts| mounts::is_device_at_hand(&mounts, (major, minor)))
}

/// The files that processes run, of which each is found by its id and start.
pub(super) struct Executables<'a> {
    pub(super) proc: &'a Proc,
    pub(super) started: BTreeMap<Pid, Ticks>,
    pub(super) mounts: &'a Mounts,
}

impl Executables<'_> {
    fn dir(&self, pid: Pid) -> Option<ProcessDir> {
        self.proc.same_process(pid, *self.started.get(&pid)?)
    }
}

impl inspect_files::Files for Executables<'_> {
    fn hidden(&self, pid: Pid, path: &Path) -> Option<NotInspected> {
        let dir = self.dir(pid)?;
        if is_in_another_user_namespace(&dir) {
            Some(NotInspected::AnotherUserNamespace)
        } else {
            (!can_be_opened(&dir, self.mounts, path)).then_some(NotInspected::MayNotAnswer)
        }
    }

    /// The bytes of the file that the process runs, even where it was deleted.
    fn open(&self, pid: Pid, _path: &Path) -> io::Result<fs::File> {
        self.dir(pid).ok_or(io::ErrorKind::NotFound)?.open("exe")
    }

    fn replaceable_at(&self, pid: Pid, path: &Path) -> Option<String> {
        let root = ProcessRoot::of(&self.dir(pid)?, self.mounts).ok()?;
        unix::replaceable_at(path, |place| root.stat(place).map(|stat| stat.st_mode))
    }
}

fn text(raw: &OsStr) -> String {
    raw.to_string_lossy().into_owned()
}
