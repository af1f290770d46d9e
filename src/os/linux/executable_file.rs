//! The file that a process runs.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{fstat, major, minor};

use super::mount_tables::MountTables;
use super::opened_file::OpenedFile;
use super::own_memory::is_own_memory;
use super::proc_dir::ProcessDir;
use super::process_root::ProcessRoot;
use crate::model::NotInspected;

/// How the kernel marks the path of a deleted file (`d_path` in `fs/d_path.c`). A file's name may end in the same
/// letters.
pub(super) const DELETED: &[u8] = b" (deleted)";

/// The file that a process runs, by the path that the kernel gives.
pub(super) struct ExecutableFile {
    pub(super) path: PathBuf,
    /// Whether it was deleted or replaced since; `None` if unknown.
    pub(super) deleted: Option<bool>,
}

impl ExecutableFile {
    pub(super) fn of(dir: &ProcessDir, mounts: &MountTables) -> Option<ExecutableFile> {
        let path = dir.link("exe").ok()?;
        Some(match path.as_os_str().as_bytes().strip_suffix(DELETED) {
            Some(without) if !is_named(dir, mounts, &path) => {
                ExecutableFile { path: PathBuf::from(OsStr::from_bytes(without)), deleted: Some(true) }
            }
            _ => ExecutableFile { path, deleted: Some(false) },
        })
    }

    /// Whether the process runs a file with this path, and not another one by now.
    pub(super) fn is_still_run_by(&self, dir: &ProcessDir) -> bool {
        dir.link("exe")
            .is_ok_and(|path| path.as_os_str().as_bytes().starts_with(self.path.as_os_str().as_bytes()))
    }

    /// Whether it is no file of a mounted file system, but one that a process made in memory.
    pub(super) fn is_in_memory(&self, dir: &ProcessDir) -> bool {
        let device =
            || fstat(dir.look("exe").ok()?).ok().map(|stat| (major(stat.st_dev), minor(stat.st_dev)));
        self.deleted == Some(true) && device().is_some_and(is_own_memory)
    }

    /// Whether another path leads to the same file in the process's view of the file system.
    pub(super) fn is_also(&self, dir: &ProcessDir, mounts: &MountTables, path: &Path) -> bool {
        let is_also = |root: ProcessRoot| -> Result<bool, NotInspected> {
            let own = root.find(&self.path)?.identity();
            Ok(root.leads_to(path, own))
        };
        kernel_root(dir, mounts).and_then(is_also).unwrap_or(false)
    }
}

/// Opens the file that the process runs, even if it was deleted or its path leads elsewhere. The file is not
/// touched.
///
/// # Errors
///
/// If this user may not.
pub(super) fn open(dir: &ProcessDir, root: &ProcessRoot) -> Result<OpenedFile, NotInspected> {
    let file = dir.look("exe").map_err(|_| NotInspected::Unreadable)?;
    OpenedFile::of(file, root.mounts())
}

/// Whether a path leads to the file that the process runs, in the process's view of the file system.
fn is_named(dir: &ProcessDir, mounts: &MountTables, path: &Path) -> bool {
    let is_named = |root: ProcessRoot| -> Result<bool, NotInspected> {
        let own = open(dir, &root)?.identity();
        Ok(root.leads_to(path, own))
    };
    kernel_root(dir, mounts).and_then(is_named).unwrap_or(false)
}

fn kernel_root(dir: &ProcessDir, mounts: &MountTables) -> Result<ProcessRoot, NotInspected> {
    ProcessRoot::of(dir, mounts)?.of_kernel_paths()
}
