//! `/proc`, process by process. A process's folder is opened once: whatever is read through it is
//! that process's, even where another gets its id meanwhile (`proc_pid_lookup` in `fs/proc/base.c`
//! ties the folder to the process).

use std::ffi::{CStr, OsStr};
use std::fs::File;
use std::io::{self, Read};
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use rustix::fs::{
    AtFlags, Mode, OFlags, PROC_SUPER_MAGIC, RawDir, fstatfs, openat, readlinkat, readlinkat_raw, statat,
};
use rustix::io::Errno;

use super::super::decode::proc_pid::{self, Stat, Ticks};
use crate::model::Pid;

/// A process that has ended answers so; one that may not be looked into, otherwise.
pub(super) fn is_gone(error: &io::Error) -> bool {
    is_any_of(error, &[Errno::NOENT, Errno::SRCH])
}

/// The system has run out of something: of open files, or of memory.
pub(super) fn is_exhausted(error: &io::Error) -> bool {
    is_any_of(error, &[Errno::MFILE, Errno::NFILE, Errno::NOMEM])
}

fn is_any_of(error: &io::Error, errors: &[Errno]) -> bool {
    errors.iter().any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}

/// Long enough for `socket:[4294967295]`: what is longer is no socket, and need not be read whole.
const LINK: usize = 24;
/// Room for the names in a folder, a part at a time.
const NAMES: usize = 16 * 1024;

/// How a folder is opened to list it.
const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// The folder of all processes.
pub(super) struct Proc {
    dir: OwnedFd,
}

impl Proc {
    /// # Errors
    ///
    /// Where it cannot be opened, or is an empty folder that no processes are shown in.
    pub(super) fn open() -> io::Result<Proc> {
        let dir = rustix::fs::open("/proc", FOLDER, Mode::empty())?;
        if fstatfs(&dir)?.f_type != PROC_SUPER_MAGIC {
            return Err(io::Error::other("/proc is not mounted"));
        }
        Ok(Proc { dir })
    }

    /// The ids of all processes that are listed.
    pub(super) fn pids(&self) -> io::Result<Vec<Pid>> {
        let own = openat(&self.dir, c".", FOLDER, Mode::empty())?;
        let mut pids = Vec::new();
        each_number(&own, |number, _| pids.push(number))?;
        Ok(pids)
    }

    pub(super) fn process(&self, pid: Pid) -> io::Result<ProcessDir> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let dir = openat(&self.dir, pid.to_string(), flags, Mode::empty())?;
        Ok(ProcessDir { pid, dir })
    }

    /// Where a link in the folder of whichever process has this id leads.
    pub(super) fn link(&self, pid: Pid, name: &str) -> io::Result<PathBuf> {
        link_in(&self.dir, &format!("{pid}/{name}"))
    }

    /// The process of this id that started then; `None` where it has ended, whoever has its id now.
    pub(super) fn same_process(&self, pid: Pid, started: Ticks) -> Option<ProcessDir> {
        let process = self.process(pid).ok()?;
        (process.started().ok()? == started).then_some(process)
    }
}

/// One process's folder.
pub(super) struct ProcessDir {
    pub(super) pid: Pid,
    dir: OwnedFd,
}

impl ProcessDir {
    /// A path to the folder that stays this process's.
    pub(super) fn path(&self) -> PathBuf {
        PathBuf::from(format!("/proc/self/fd/{}", self.dir.as_raw_fd()))
    }

    /// The root folder of the process's own view of the file system.
    pub(super) fn root(&self) -> io::Result<OwnedFd> {
        Ok(openat(&self.dir, c"root", OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?)
    }

    pub(super) fn open(&self, name: &str) -> io::Result<File> {
        Ok(openat(&self.dir, name, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?.into())
    }

    pub(super) fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.open(name)?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// What a text file says, as far as it is text.
    pub(super) fn text(&self, name: &str) -> io::Result<String> {
        Ok(String::from_utf8_lossy(&self.read(name)?).into_owned())
    }

    pub(super) fn link(&self, name: &str) -> io::Result<PathBuf> {
        link_in(&self.dir, name)
    }

    pub(super) fn started(&self) -> io::Result<Ticks> {
        let line = self.read("stat")?;
        proc_pid::stat(&line)
            .map(|Stat { started, .. }| started)
            .ok_or(io::Error::from(io::ErrorKind::InvalidData))
    }

    /// Whose the folder is: the user that the process acts as, or root where the process is not to
    /// be looked into (`task_dump_owner` in `fs/proc/base.c`).
    pub(super) fn owner(&self) -> io::Result<u32> {
        Ok(statat(&self.dir, c"", AtFlags::EMPTY_PATH)?.st_uid)
    }

    /// Calls `each` with the inode of every socket among the open files, of all threads.
    ///
    /// Only the links are read, never what they lead to: that may be a file of a server that does
    /// not answer.
    ///
    /// # Errors
    ///
    /// Where the process is gone, or may not be looked into.
    pub(super) fn sockets(&self, each: &mut dyn FnMut(u32)) -> io::Result<()> {
        let listed = self.sockets_in("fd", each);
        if self.has_threads() {
            self.sockets_of_threads(each)?;
        }
        listed
    }

    /// The threads that have a table of open files of their own (`unshare(2)`, CLONE_FILES).
    fn sockets_of_threads(&self, each: &mut dyn FnMut(u32)) -> io::Result<()> {
        let tasks = openat(&self.dir, c"task", FOLDER, Mode::empty())?;
        let mut threads = Vec::new();
        each_number(&tasks, |number, _| threads.push(number))?;
        for thread in threads.into_iter().filter(|&thread| thread != self.pid) {
            let shares = super::kcmp::share_files(self.pid, thread);
            if shares.unwrap_or_else(|| self.has_as_many_files(thread)) {
                continue;
            }
            match self.sockets_in(&format!("task/{thread}/fd"), each) {
                // A thread that has ended meanwhile has closed them.
                Err(error) if !is_gone(&error) => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// Whether a thread has as many open files as the process's first thread, which Linux tells since 6.2
    /// (`proc_readfd_count` in `fs/proc/fd.c`): then it is taken to have the same ones. False where it is
    /// not told.
    fn has_as_many_files(&self, thread: u32) -> bool {
        let count = |table: &str| Some(statat(&self.dir, table, AtFlags::empty()).ok()?.st_size);
        let own = count("fd").filter(|&count| count > 0);
        own.is_some() && own == count(&format!("task/{thread}/fd"))
    }

    fn sockets_in(&self, table: &str, each: &mut dyn FnMut(u32)) -> io::Result<()> {
        let files = openat(&self.dir, table, FOLDER, Mode::empty())?;
        let (mut any, mut denied) = (false, None);
        each_number(&files, |_, name| {
            let mut buffer = [MaybeUninit::uninit(); LINK];
            match readlinkat_raw(&files, name, &mut buffer) {
                Ok((link, _)) => {
                    any = true;
                    if let Some(inode) = proc_pid::socket_inode(link) {
                        each(inode);
                    }
                }
                // A file that was closed meanwhile is not there.
                Err(Errno::NOENT) => {}
                Err(error) => denied = Some(error),
            }
        })?;
        // Rights are the process's, not a file's.
        match denied {
            Some(error) if !any => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// A folder has two links, and one more for each folder in it (`proc_task_getattr` in
    /// `fs/proc/base.c` counts threads so).
    fn has_threads(&self) -> bool {
        statat(&self.dir, c"task", AtFlags::empty()).is_ok_and(|stat| stat.st_nlink > 3)
    }
}

/// Calls `each` with every name in a folder that is a number.
fn each_number(folder: &OwnedFd, mut each: impl FnMut(u32, &CStr)) -> io::Result<()> {
    let mut buffer = [MaybeUninit::uninit(); NAMES];
    let mut entries = RawDir::new(folder, &mut buffer);
    while let Some(entry) = entries.next() {
        let entry = entry?;
        let name = entry.file_name();
        if let Some(number) = name.to_str().ok().and_then(|name| name.parse().ok()) {
            each(number, name);
        }
    }
    Ok(())
}

fn link_in(folder: &OwnedFd, name: &str) -> io::Result<PathBuf> {
    let target = readlinkat(folder, name, Vec::new())?;
    Ok(PathBuf::from(OsStr::from_bytes(target.as_bytes())))
}

#[cfg(test)]
mod tests {
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
        assert!(is_gone(&dir.sockets(&mut |_| {}).unwrap_err()));
    }

    #[test]
    fn having_run_out_is_not_having_ended() {
        let exhausted = io::Error::from(Errno::MFILE);
        assert!(is_exhausted(&exhausted) && !is_gone(&exhausted));
        assert!(!is_exhausted(&io::Error::from(Errno::ACCESS)));
    }
}
