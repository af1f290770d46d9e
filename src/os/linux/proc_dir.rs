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

use super::super::decode::linux::proc_pid::{self, Stat, Ticks};
use super::super::decode::linux::task_file::OpenSocket;
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

/// Room for what a file says of a process, for nearly all of them.
const TEXT: usize = 4096;

/// No more is read of any file that says something of a process.
const LONGEST: usize = 64 * 1024;

/// The mounts of some thousand containers.
const MOST_OF_MOUNTS: u64 = 2 * 1024 * 1024;

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

    /// A file of one piece, which the kernel gives whole as far as there is room: `stat`, `comm`,
    /// `cgroup`, `cmdline`. What leaves room is at its end, and need not be read once more. A process may
    /// make its command line as long as it likes: no more than [`LONGEST`] is read.
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

    /// What a text file says, as far as it is text.
    pub(super) fn text(&self, name: &str) -> io::Result<String> {
        self.beginning(name, u64::MAX)
    }

    /// The beginning of a text file that may be long.
    pub(super) fn beginning(&self, name: &str, most: u64) -> io::Result<String> {
        let mut bytes = Vec::new();
        self.open(name)?.take(most).read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// What is mounted where in the process's view.
    ///
    /// # Errors
    ///
    /// Where it may not be looked into, or so much is mounted that somebody means harm.
    pub(super) fn mounts(&self) -> io::Result<String> {
        let mounts = self.beginning("mountinfo", MOST_OF_MOUNTS)?;
        if mounts.len() as u64 >= MOST_OF_MOUNTS {
            Err(io::ErrorKind::FileTooLarge.into())
        } else {
            Ok(mounts)
        }
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

    /// The user that the process acts as: this folder is always that user's, whoever may look into it
    /// (`task_dump_owner` in `fs/proc/base.c`), and says so in a tenth of the time that `status` takes.
    pub(super) fn owner(&self) -> io::Result<u32> {
        Ok(statat(&self.dir, c"", AtFlags::EMPTY_PATH)?.st_uid)
    }

    /// Calls `each` with every socket among the open files, of all threads.
    ///
    /// Only the links are read, never what they lead to: that may be a file of a server that does
    /// not answer.
    ///
    /// # Errors
    ///
    /// Where the process is gone, or may not be looked into.
    pub(super) fn sockets(&self, each: &mut dyn FnMut(OpenSocket)) -> io::Result<()> {
        let listed = self.sockets_in(self.pid, each);
        if self.has_threads() {
            self.sockets_of_threads(each)?;
        }
        listed
    }

    /// The threads that have a table of open files of their own (`unshare(2)`, CLONE_FILES).
    fn sockets_of_threads(&self, each: &mut dyn FnMut(OpenSocket)) -> io::Result<()> {
        let tasks = openat(&self.dir, c"task", FOLDER, Mode::empty())?;
        let mut threads = Vec::new();
        each_number(&tasks, |number, _| threads.push(number))?;
        for thread in threads.into_iter().filter(|&thread| thread != self.pid) {
            let shares = super::kcmp::share_files(self.pid, thread);
            if shares.unwrap_or_else(|| self.has_as_many_files(thread)) {
                continue;
            }
            match self.sockets_in(thread, each) {
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
        own.is_some() && own == count(&self.table_of(thread))
    }

    /// The folder of a thread's open files.
    fn table_of(&self, thread: u32) -> String {
        if thread == self.pid { "fd".to_owned() } else { format!("task/{thread}/fd") }
    }

    /// Whether the process has this socket open there.
    ///
    /// # Errors
    ///
    /// Where the process is gone, or may not be looked into.
    pub(super) fn has_open(&self, socket: &OpenSocket) -> io::Result<bool> {
        let mut buffer = [MaybeUninit::uninit(); LINK];
        let link = format!("{}/{}", self.table_of(socket.thread), socket.fd);
        let (link, _) = readlinkat_raw(&self.dir, link, &mut buffer)?;
        Ok(proc_pid::socket_inode(link) == Some(socket.inode))
    }

    fn sockets_in(&self, thread: u32, each: &mut dyn FnMut(OpenSocket)) -> io::Result<()> {
        let files = openat(&self.dir, self.table_of(thread), FOLDER, Mode::empty())?;
        let (mut any, mut denied) = (false, None);
        each_number(&files, |fd, name| {
            let mut buffer = [MaybeUninit::uninit(); LINK];
            match readlinkat_raw(&files, name, &mut buffer) {
                Ok((link, _)) => {
                    any = true;
                    if let Some(inode) = proc_pid::socket_inode(link) {
                        each(OpenSocket { inode, pid: self.pid, thread, fd });
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

/// Where a link in a folder leads; where that is an open link itself, by an empty name.
pub(super) fn link_in(folder: &OwnedFd, name: &str) -> io::Result<PathBuf> {
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
