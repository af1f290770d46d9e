//! The sockets that a process has given to an io_uring as fixed files (`io_uring_register_files(3)`). If the process has
//! closed its own descriptors, they are in no table of open files; the process serves them all the same.

use super::super::decode::linux::ring_files;
use super::super::decode::linux::task_file::OpenFile;
use super::proc_dir::ProcessDir;

/// No more is read of the description of one, in bytes.
const MOST_OF_RING: u64 = 256 * 1024;
/// How often a ring that is in use is tried.
const RING_TRIES: usize = 20;

impl ProcessDir {
    /// The inodes of the sockets among the fixed files of this io_uring.
    pub(super) fn fixed_files(&self, ring: OpenFile) -> Vec<u32> {
        let name = format!("task/{}/fdinfo/{}", ring.thread, ring.fd);
        let describe = || ring_files::sockets(&self.beginning(&name, MOST_OF_RING).ok()?);
        // The kernel says nothing of a ring that is in use at this moment.
        (0..RING_TRIES).find_map(|_| describe()).unwrap_or_default()
    }
}
