//! The file that a process runs.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::super::decode::linux::{mounts, proc_pid};
use super::super::unix;
use super::proc_dir::ProcessDir;
use super::process_root::{Mounts, ProcessRoot};

/// How much of a process's mappings is read, in bytes: its own file is usually the first, but need not
/// be.
const MOST_OF_MAPS: u64 = 256 * 1024;

/// The file that a process runs.
pub(super) struct ExecutableFile {
    pub(super) path: PathBuf,
    /// Whether it was deleted or replaced since; `None` if unknown.
    pub(super) deleted: Option<bool>,
}

impl ExecutableFile {
    /// The kernel marks a deleted file by a suffix to its path (`d_path` in `fs/d_path.c`). A file's name
    /// may end in the same letters.
    pub(super) fn of(dir: &ProcessDir, mounts: &Mounts) -> Option<ExecutableFile> {
        let path = dir.link("exe").ok()?;
        Some(match path.as_os_str().as_bytes().strip_suffix(b" (deleted)") {
            Some(without) if !is_named(dir, mounts, &path) => {
                ExecutableFile { path: PathBuf::from(OsStr::from_bytes(without)), deleted: Some(true) }
            }
            _ => ExecutableFile { path, deleted: Some(false) },
        })
    }

    /// Whether another path leads to the same file in the process's view of the file system.
    pub(super) fn is_also(&self, dir: &ProcessDir, mounts: &Mounts, path: &Path) -> bool {
        ProcessRoot::of(dir, mounts).is_ok_and(|root| {
            let own = root.identity(&self.path);
            own.is_some() && own == root.identity(path)
        })
    }
}

/// Whether a path leads to the file that the process runs, in the process's view of the file system.
fn is_named(dir: &ProcessDir, mounts: &Mounts, path: &Path) -> bool {
    let named = ProcessRoot::of(dir, mounts).ok().and_then(|root| root.identity(path));
    named.is_some() && can_be_opened(dir, mounts, path) && named == unix::identity(&dir.path().join("exe"))
}

/// Whether the file that a process runs can be opened without waiting for a server that may not answer.
/// The device that it is mapped from decides, because the path may lead elsewhere by now.
pub(super) fn can_be_opened(dir: &ProcessDir, mounts: &Mounts, path: &Path) -> bool {
    let maps = dir.beginning("maps", MOST_OF_MAPS).unwrap_or_default();
    let device = proc_pid::mapped_from(&maps, &path.to_string_lossy());
    let Some((major, minor)) = device else { return false };
    // Only disks have a major number.
    major != 0 || mounts.of(dir).is_ok_and(|mounts| mounts::is_device_at_hand(&mounts, (major, minor)))
}
