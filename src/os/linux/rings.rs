//! The sockets that a process has given to an io_uring as fixed files (`io_uring_register_files(3)`). If the process has
//! closed its own descriptors, they are in no table of open files; the process serves them all the same.

use std::{io, thread};

use super::super::decode::linux::ring_files;
use super::super::decode::linux::task_file::OpenFile;
use super::proc_dir::{ProcessDir, is_gone};

/// No more is read of the description of one, in bytes.
const MOST_OF_RING: u64 = 4 * 1024 * 1024;
/// How often a ring that is in use is tried.
const RING_TRIES: usize = 20;

impl ProcessDir {
    /// The inodes of the sockets among the fixed files of this io_uring.
    ///
    /// # Errors
    ///
    /// If its description is too long to be read, or is not to be had: completions that nobody fetches stand in it before
    /// the files, and it says nothing while the ring is in use, which may be always.
    pub(super) fn fixed_files(&self, ring: OpenFile) -> io::Result<Vec<u32>> {
        let name = format!("task/{}/fdinfo/{}", ring.thread, ring.fd);
        // The kernel says nothing of a ring that is in use at this moment.
        for _ in 0..RING_TRIES {
            let description = match self.beginning(&name, MOST_OF_RING) {
                Err(error) if is_gone(&error) => return Ok(Vec::new()),
                description => description?,
            };
            if description.len() as u64 >= MOST_OF_RING {
                return Err(io::Error::other("the description of an io_uring is too long"));
            }
            if let Some(sockets) = ring_files::sockets(&description) {
                return Ok(sockets);
            }
            thread::yield_now();
        }
        Err(io::Error::other("an io_uring is always in use"))
    }
}
