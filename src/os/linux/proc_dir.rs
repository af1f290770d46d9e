//! `/proc`, process by process. A process's folder is opened once: everything read through it belongs
//! to that process, even if another gets its id meanwhile (`proc_pid_lookup` in `fs/proc/base.c` ties
//! the folder to the process).

use std::ffi::{CStr, OsStr};
use std::fs::File;
use std::io::{self, Read};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use rustix::fs::{AtFlags, Mode, OFlags, PROC_SUPER_MAGIC, RawDir, fstatfs, openat, readlinkat, statat};
use rustix::io::Errno;

use super::super::decode::linux::proc_pid::{self, Stat, Ticks};
use crate::model::{Pid, RunState, WorkingFolder};
use crate::os::decode::text::{os_text, text_of};

/// Whether the error means that a process has ended, and not that this user may not inspect it.
pub(super) fn is_gone(error: &io::Error) -> bool {
    is_any_of(error, &[Errno::NOENT, Errno::SRCH])
}

/// Whether the system has run out of open files or memory.
pub(super) fn is_exhausted(error: &io::Error) -> bool {
    is_any_of(error, &[Errno::MFILE, Errno::NFILE, Errno::NOMEM])
}

fn is_any_of(error: &io::Error, errors: &[Errno]) -> bool {
    errors.iter().any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}

/// The size of the buffer for the entries of a folder, in bytes.
const NAMES: usize = 16 * 1024;

/// The size of the buffer for a file, in bytes: nearly all files of a process fit.
const TEXT: usize = 4096;

/// No more is read of a file, in bytes.
const LONGEST: usize = 64 * 1024;

/// The flags to open a folder that is to be listed.
pub(super) const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// The folder `/proc`.
pub(super) struct Proc {
    dir: OwnedFd,
}

impl Proc {
    /// # Errors
    ///
    /// If it cannot be opened, or is an ordinary folder because `/proc` is not mounted.
    pub(super) fn open() -> io::Result<Proc> {
        let dir = rustix::fs::open("/proc", FOLDER, Mode::empty())?;
        if fstatfs(&dir)?.f_type != PROC_SUPER_MAGIC {
            return Err(io::Error::other("/proc is not mounted"));
        }
        Ok(Proc { dir })
    }

    /// The ids of all listed processes.
    pub(super) fn pids(&self) -> io::Result<Vec<Pid>> {
        let own = openat(&self.dir, c".", FOLDER, Mode::empty())?;
        let mut pids = Vec::new();
        add_numbers(&own, &mut pids)?;
        Ok(pids)
    }

    /// The threads of the process that has this id now, but the first. If that `is_alive`, they are only listed where
    /// the process has more than one thread, which is quickly known.
    pub(super) fn other_threads(&self, pid: Pid, is_alive: bool) -> Vec<u32> {
        let folder = format!("{pid}/task");
        let mut threads = Vec::new();
        if !is_alive || has_threads(&self.dir, &folder) {
            let all = openat(&self.dir, folder, FOLDER, Mode::empty());
            drop(all.map(|all| add_numbers(&all, &mut threads)));
        }
        threads.retain(|&thread| thread != pid);
        threads
    }

    pub(super) fn process(&self, pid: Pid) -> io::Result<ProcessDir> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let dir = openat(&self.dir, pid.to_string(), flags, Mode::empty())?;
        Ok(ProcessDir { pid, dir })
    }

    /// The target of a link in the folder of the process that has this id now.
    pub(super) fn link(&self, pid: Pid, name: &str) -> io::Result<PathBuf> {
        link_in(&self.dir, &format!("{pid}/{name}"))
    }

    /// The process of this id that started then; `None` if it has ended, even if another has its id now.
    pub(super) fn same_process(&self, pid: Pid, started: Ticks) -> Option<ProcessDir> {
        let process = self.process(pid).ok()?;
        (process.started().ok()? == started).then_some(process)
    }
}

/// The folder of one process.
pub(super) struct ProcessDir {
    pub(super) pid: Pid,
    pub(super) dir: OwnedFd,
}

impl AsFd for ProcessDir {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.dir.as_fd()
    }
}

impl ProcessDir {
    /// The root folder of the process's view of the file system.
    pub(super) fn root(&self) -> io::Result<OwnedFd> {
        self.look("root")
    }

    pub(super) fn open(&self, name: &str) -> io::Result<File> {
        Ok(openat(&self.dir, name, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC, Mode::empty())?
            .into())
    }

    /// Reads a file that the kernel returns whole if the buffer is large enough: `stat`, `comm`, `cgroup`,
    /// `cmdline`. A read that does not fill the buffer has reached the end, which saves a second read. A
    /// process may make its command line as long as it likes: no more than [`LONGEST`] is read.
    pub(super) fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        let file = self.open(name)?;
        let mut buffer = [MaybeUninit::uninit(); TEXT];
        let mut bytes = Vec::new();
        loop {
            let (read, room) = rustix::io::read(&file, &mut buffer)?;
            bytes.extend_from_slice(read);
            if read.is_empty() || !room.is_empty() || bytes.len() >= LONGEST {
                return Ok(bytes);
            }
        }
    }

    /// Opens a file that a link in the folder leads to, without touching it.
    pub(super) fn look(&self, name: &str) -> io::Result<OwnedFd> {
        Ok(openat(&self.dir, name, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?)
    }

    /// The beginning of a text file that may be long, at most so many bytes.
    pub(super) fn beginning(&self, name: &str, most: u64) -> io::Result<String> {
        let mut bytes = Vec::new();
        self.open(name)?.take(most).read_to_end(&mut bytes)?;
        Ok(text_of(&bytes).into_owned())
    }

    pub(super) fn link(&self, name: &str) -> io::Result<PathBuf> {
        link_in(&self.dir, name)
    }

    /// The folder that the process works in. The kernel marks one that was deleted (`d_path` in `fs/d_path.c`).
    pub(super) fn working_folder(&self) -> Option<WorkingFolder> {
        let path = os_text(self.link("cwd").ok()?);
        Some(match path.strip_suffix(" (deleted)") {
            Some(path) => WorkingFolder { path: path.to_owned(), deleted: true },
            None => WorkingFolder { path, deleted: false },
        })
    }

    /// Reads a file whole; `None` if it is longer than `most` bytes.
    pub(super) fn read_whole(&self, name: &str, most: u64) -> io::Result<Option<Vec<u8>>> {
        let mut bytes = Vec::new();
        self.open(name)?.take(most + 1).read_to_end(&mut bytes)?;
        Ok(Some(bytes).filter(|bytes| bytes.len() as u64 <= most))
    }

    pub(super) fn started(&self) -> io::Result<Ticks> {
        let line = self.read("stat")?;
        proc_pid::stat(&line)
            .map(|Stat { started, .. }| started)
            .ok_or(io::Error::from(io::ErrorKind::InvalidData))
    }

    /// Whether the thread, or the first one of the process, can do anything; `None` if it has ended, or that is not known.
    pub(super) fn state(&self) -> Option<RunState> {
        proc_pid::stat(&self.read("stat").ok()?)?.state
    }

    /// The effective user of the process. It always owns this folder, even if the process is not dumpable
    /// (`task_dump_owner` in `fs/proc/base.c`), and reading the owner takes a tenth of the time that `status`
    /// takes.
    pub(super) fn owner(&self) -> io::Result<u32> {
        Ok(statat(&self.dir, c"", AtFlags::EMPTY_PATH)?.st_uid)
    }

    /// The folder of a thread that still runs, if the first thread has ended before the others: then the memory, the
    /// root and the namespaces of the process are found only there. `None` if the first thread has not.
    pub(super) fn living_thread(&self) -> Option<ProcessDir> {
        let is_alive = |dir: &ProcessDir| dir.link("exe").is_ok();
        if !self.link("exe").is_err_and(|error| is_gone(&error)) || !has_threads(&self.dir, "task") {
            return None;
        }
        let tasks = openat(&self.dir, c"task", FOLDER, Mode::empty()).ok()?;
        let mut threads = Vec::new();
        add_numbers(&tasks, &mut threads).ok()?;
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        threads.into_iter().filter(|&thread| thread != self.pid).find_map(|thread| {
            let dir = openat(&tasks, thread.to_string(), flags, Mode::empty()).ok()?;
            Some(ProcessDir { pid: self.pid, dir }).filter(is_alive)
        })
    }
}

/// Whether this folder `task` is that of a process with more than one thread. A folder has two links and one more
/// for each folder in it (`proc_task_getattr` in `fs/proc/base.c` adds the number of threads).
pub(super) fn has_threads(dir: &OwnedFd, task: &str) -> bool {
    statat(dir, task, AtFlags::empty()).is_ok_and(|stat| stat.st_nlink > 3)
}

/// Adds all names in a folder that are numbers: those found so far, if it cannot be read on.
pub(super) fn add_numbers(folder: &OwnedFd, numbers: &mut Vec<u32>) -> io::Result<()> {
    each_number(folder, |number, _| {
        numbers.push(number);
        Ok(())
    })
}

/// Calls `each` with every name in a folder that is a number, until it fails.
pub(super) fn each_number(
    folder: &OwnedFd,
    mut each: impl FnMut(u32, &CStr) -> io::Result<()>,
) -> io::Result<()> {
    let mut buffer = [MaybeUninit::uninit(); NAMES];
    let mut entries = RawDir::new(folder, &mut buffer);
    while let Some(entry) = entries.next() {
        let entry = entry?;
        let name = entry.file_name();
        if let Some(number) = name.to_str().ok().and_then(|name| name.parse().ok()) {
            each(number, name)?;
        }
    }
    Ok(())
}

/// A path to what this program has opened.
pub(super) fn own_descriptor(file: BorrowedFd<'_>) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()))
}

/// The target of a link in a folder. With an empty name, `folder` is itself an open link.
pub(super) fn link_in(folder: &OwnedFd, name: &str) -> io::Result<PathBuf> {
    let target = readlinkat(folder, name, Vec::new())?;
    Ok(PathBuf::from(OsStr::from_bytes(target.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::super::super::deadline::Deadline;
    use super::*;

    #[test]
    fn another_process_under_the_same_id_is_not_taken_for_it() {
        let (proc, own) = (Proc::open().unwrap(), std::process::id());
        let started = proc.process(own).unwrap().started().unwrap();
        assert!(proc.same_process(own, started).is_some());
        assert!(proc.same_process(own, started + 1).is_none());
        assert!(proc.pids().unwrap().contains(&own));
    }

    #[test]
    fn a_folder_stays_the_process_s_when_that_has_ended() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let dir = Proc::open().unwrap().process(child.id()).unwrap();
        child.wait().unwrap();
        assert!(is_gone(&dir.read("stat").unwrap_err()));
        let far = Deadline::after(std::time::Duration::from_secs(60));
        assert!(is_gone(&dir.sockets(far, &mut |_| {}).unwrap_err()));
    }

    #[test]
    fn having_run_out_is_not_having_ended() {
        let exhausted = io::Error::from(Errno::MFILE);
        assert!(is_exhausted(&exhausted) && !is_gone(&exhausted));
        assert!(!is_exhausted(&io::Error::from(Errno::ACCESS)));
    }
}
