//! The sockets among the open files of a process, and of its threads.

use std::collections::HashSet;
use std::io;
use std::mem::MaybeUninit;

use rustix::fs::{AtFlags, Mode, openat, readlinkat_raw, statat};
use rustix::io::Errno;

use super::super::deadline::Deadline;
use super::super::decode::linux::proc_pid;
use super::super::decode::linux::ring_files;
use super::super::decode::linux::task_file::{OpenFile, OpenSocket};
use super::proc_dir::{FOLDER, ProcessDir, add_numbers, each_number, has_threads, is_gone};

/// Long enough for `socket:[4294967295]`, in bytes: a longer link is no socket and need not be read whole.
const LINK: usize = 24;
/// More io_urings in one table of open files are not examined.
const MOST_RINGS: usize = 1024;
/// So many files are read before the clock is.
const FILES_AT_ONCE: usize = 64;

impl ProcessDir {
    /// Calls `each` with every socket among the open files of all threads.
    ///
    /// Reads only the links, never the files behind them: these may be on a server that does not answer.
    ///
    /// # Errors
    ///
    /// If the process has ended, this user may not inspect it, or the deadline has passed.
    pub(super) fn sockets(&self, deadline: Deadline, each: &mut dyn FnMut(OpenSocket)) -> io::Result<()> {
        let listed = self.sockets_in(self.pid, deadline, each);
        if has_threads(&self.dir, "task") {
            self.sockets_of_threads(deadline, each)?;
        }
        listed
    }

    /// The sockets of threads that have a table of open files of their own (`unshare(2)`, CLONE_FILES).
    fn sockets_of_threads(&self, deadline: Deadline, each: &mut dyn FnMut(OpenSocket)) -> io::Result<()> {
        let tasks = openat(&self.dir, c"task", FOLDER, Mode::empty())?;
        let mut threads = Vec::new();
        add_numbers(&tasks, &mut threads)?;
        for thread in threads.into_iter().filter(|&thread| thread != self.pid) {
            deadline.check()?;
            let shares = super::kcmp::share_files(self.pid, thread);
            if shares.unwrap_or_else(|| self.has_as_many_files(thread)) {
                continue;
            }
            match self.sockets_in(thread, deadline, each) {
                // A thread that has ended meanwhile has closed its files.
                Err(error) if !is_gone(&error) => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// Whether a thread has as many open files as the first thread of the process: then it probably has
    /// the same ones. Linux reports the number since 6.2 (`proc_readfd_count` in `fs/proc/fd.c`); false
    /// before.
    fn has_as_many_files(&self, thread: u32) -> bool {
        let count = |table: &str| Some(statat(&self.dir, table, AtFlags::empty()).ok()?.st_size);
        let own = count("fd").filter(|&count| count > 0);
        own.is_some() && own == count(&self.table_of(thread))
    }

    /// The folder of a thread's open files.
    pub(super) fn table_of(&self, thread: u32) -> String {
        if thread == self.pid { "fd".to_owned() } else { format!("task/{thread}/fd") }
    }

    /// The sockets that this file of the process is by now, or holds: one, unless it is an io_uring.
    ///
    /// # Errors
    ///
    /// If the process has ended, or this user may not inspect it.
    pub(super) fn sockets_of(&self, file: OpenFile) -> io::Result<HashSet<u32>> {
        let mut buffer = [MaybeUninit::uninit(); LINK];
        Ok(match self.link_of(file, &mut buffer)? {
            ring_files::LINK => self.fixed_files(file)?.into_iter().collect(),
            link => proc_pid::socket_inode(link).into_iter().collect(),
        })
    }

    /// The sockets among the fixed files of an io_uring; none if the file is something else.
    ///
    /// # Errors
    ///
    /// If the process has ended, or this user may not inspect it.
    pub(super) fn sockets_of_ring(&self, file: OpenFile) -> io::Result<Vec<u32>> {
        let mut buffer = [MaybeUninit::uninit(); LINK];
        let is_ring = self.link_of(file, &mut buffer)? == ring_files::LINK;
        if is_ring { self.fixed_files(file) } else { Ok(Vec::new()) }
    }

    fn link_of<'b>(&self, file: OpenFile, buffer: &'b mut [MaybeUninit<u8>; LINK]) -> io::Result<&'b [u8]> {
        let link = format!("{}/{}", self.table_of(file.thread), file.fd);
        Ok(readlinkat_raw(&self.dir, link, buffer)?.0)
    }

    fn sockets_in(
        &self,
        thread: u32,
        deadline: Deadline,
        each: &mut dyn FnMut(OpenSocket),
    ) -> io::Result<()> {
        let files = openat(&self.dir, self.table_of(thread), FOLDER, Mode::empty())?;
        let (mut any, mut denied, mut rings, mut not_whole) = (false, None, Vec::new(), None);
        let mut read = 0_usize;
        each_number(&files, |fd, name| {
            if read.is_multiple_of(FILES_AT_ONCE) {
                deadline.check()?;
            }
            read += 1;
            let file = OpenFile { pid: self.pid, thread, fd };
            let mut buffer = [MaybeUninit::uninit(); LINK];
            match readlinkat_raw(&files, name, &mut buffer) {
                Ok((link, _)) => {
                    any = true;
                    if let Some(inode) = proc_pid::socket_inode(link) {
                        each(OpenSocket { inode, file });
                    } else if *link == *ring_files::LINK {
                        if rings.len() < MOST_RINGS {
                            rings.push(file);
                        } else {
                            not_whole = Some(io::Error::other("there are too many io_urings"));
                        }
                    }
                }
                // The file was closed meanwhile.
                Err(Errno::NOENT) => {}
                Err(error) => denied = Some(error),
            }
            Ok(())
        })?;
        for file in rings {
            deadline.check()?;
            match self.fixed_files(file) {
                Ok(sockets) => sockets.into_iter().for_each(|inode| each(OpenSocket { inode, file })),
                Err(error) => not_whole = Some(error),
            }
        }
        // What was found counts; whether there is more, is not known.
        if let Some(error) = not_whole {
            return Err(error);
        }
        // Permission depends on the process, not on the file: if one link was readable, all are.
        match denied {
            Some(error) if !any => Err(error.into()),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::proc_dir::Proc;
    use super::*;

    #[test]
    fn files_are_read_until_the_deadline() {
        let own = Proc::open().unwrap().process(std::process::id()).unwrap();
        let _listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let (mut before, mut after) = (0, 0);
        own.sockets(Deadline::after(Duration::from_secs(60)), &mut |_| before += 1).unwrap();
        let late = own.sockets(Deadline::after(Duration::ZERO), &mut |_| after += 1);
        assert_eq!(late.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert!(before > 0 && after == 0, "{before} {after}");
    }
}
