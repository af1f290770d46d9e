//! What is mounted in the views of the file system that processes have.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use super::super::decode::linux::mounts::MountTable;
use super::nonblocking;
use super::proc_dir::ProcessDir;
use crate::model::NotInspected;

/// No more is read of a list of mounts, in bytes. Linux allows 100,000 mounts (`fs.mount-max`), and with names as
/// long as they can be a thousand of a user's make 16 MB.
pub(super) const MOST_OF_MOUNTS: u64 = 32 * 1024 * 1024;

/// The mounts of each mount namespace, read once: with many containers the list is long.
#[derive(Default)]
pub(super) struct MountTables {
    of_namespace: Mutex<HashMap<PathBuf, Arc<MountTable>>>,
    may_wait: bool,
}

impl MountTables {
    /// For a process that can be left behind: it may ask the servers of files too.
    pub(super) fn for_whoever_may_wait() -> MountTables {
        MountTables { may_wait: true, ..MountTables::default() }
    }

    /// The mounts in a process's view of the file system.
    ///
    /// # Errors
    ///
    /// If this user may not read them, or they are too many.
    pub(super) fn of(&self, process: &ProcessDir) -> Result<Arc<MountTable>, NotInspected> {
        let namespace = process.link("ns/mnt").map_err(|_| NotInspected::Unreadable)?;
        // A list leaves out what is not below the root of the process. In its own namespace, this program sees all.
        let is_own = fs::read_link("/proc/self/ns/mnt").is_ok_and(|own| own == namespace);
        let key = if is_own {
            namespace
        } else {
            let root = process.link("root").map_err(|_| NotInspected::Unreadable)?;
            namespace.join(root.strip_prefix("/").unwrap_or(&root))
        };
        let known = || self.of_namespace.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(mounts) = known().get(&key) {
            return Ok(Arc::clone(mounts));
        }
        let file = if is_own { nonblocking::open("/proc/self/mountinfo") } else { process.open("mountinfo") };
        let mounts = Arc::new(self.read(file.map_err(|_| NotInspected::Unreadable)?)?);
        known().insert(key, Arc::clone(&mounts));
        Ok(mounts)
    }

    fn read(&self, file: File) -> Result<MountTable, NotInspected> {
        let mut lines = BufReader::with_capacity(64 * 1024, file.take(MOST_OF_MOUNTS));
        let mut table =
            if self.may_wait { MountTable::for_whoever_may_wait() } else { MountTable::default() };
        let mut line = Vec::new();
        loop {
            line.clear();
            lines.read_until(b'\n', &mut line).map_err(|_| NotInspected::Unreadable)?;
            match line.strip_suffix(b"\n") {
                Some(whole) => table.add(whole),
                None if line.is_empty() && lines.get_ref().limit() > 0 => return Ok(table),
                None => return Err(NotInspected::TooLarge),
            }
        }
    }
}
