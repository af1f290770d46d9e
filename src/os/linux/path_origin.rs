//! In whose view of the file system a program has the path that the kernel gives of it.
//!
//! The kernel follows the mounts upwards from the file (`d_path` in `fs/d_path.c`), in whatever mount namespace they
//! are, and shows where it ends as if it were the top of this one. So what counts is the mount of the file, and not the
//! namespace of the process: a user can run `/proc/PID/root/usr/sbin/nginx` from outside PID's namespace, or the
//! descriptor of a file in a mount that is in none. In this program's own namespace a user can mount nothing over a
//! folder of others, and renaming a file renames it for the kernel too: a path there is true.
//!
//! The services of systemd and the containers of root have their files in other mount namespaces too. There a path is
//! true if it leads, in the process's own view, to that very mount and file, and the process is in this program's user
//! namespace: into another mount namespace an ordinary user comes only by a user namespace, which a process can never
//! leave (`setns(2)` demands CAP_SYS_ADMIN in the one that owns the namespace, and in its own).

use std::sync::{Arc, OnceLock};

use rustix::fs::CWD;

use super::super::decode::linux::mounts::MountTable;
use super::executable_file::ExecutableFile;
use super::file_status::FileStatus;
use super::mount_tables::MountTables;
use super::opened_file::OpenedFile;
use super::proc_dir::{Proc, ProcessDir};
use super::process_root::ProcessRoot;
use crate::model::NotInspected;

/// In whose view of the file system a path leads to the file of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PathOrigin {
    /// In this program's, or in one that root has made.
    System,
    /// In none that the process could have it from: its path leads elsewhere.
    Elsewhere,
    /// In one that the user may have made who runs the process.
    UserNamespace,
    /// It takes a look that may have to wait.
    Unknown,
}

/// This program's own mounts. The list is read if a file is on another mount than the root.
#[derive(Default)]
pub(super) struct OwnMounts {
    root: OnceLock<Option<u64>>,
    all: OnceLock<Arc<MountTable>>,
}

impl OwnMounts {
    fn include(&self, mount: u64, proc: &Proc, tables: &MountTables) -> bool {
        let root = || FileStatus::at(CWD, "/").map(|root| root.mount);
        *self.root.get_or_init(root) == Some(mount) || self.all(proc, tables).get(mount).is_some()
    }

    fn all(&self, proc: &Proc, tables: &MountTables) -> &MountTable {
        self.all.get_or_init(|| {
            let own = proc.process(std::process::id()).ok();
            own.and_then(|own| tables.of(&own).ok()).unwrap_or_default()
        })
    }

    /// In whose view the file of a process has its path.
    pub(super) fn origin(
        &self,
        dir: &ProcessDir,
        file: &ExecutableFile,
        proc: &Proc,
        tables: &MountTables,
    ) -> PathOrigin {
        let old_kernel = || Some(OpenedFile::of(dir.look("exe").ok()?, self.all(proc, tables)).ok()?.status);
        let Some(exe) = FileStatus::at(dir, "exe").or_else(old_kernel) else { return PathOrigin::Unknown };
        if self.include(exe.mount, proc, tables) {
            return PathOrigin::System;
        }
        match ProcessRoot::of(dir, tables) {
            Ok(root) => of_view(&root, dir, file, exe).unwrap_or(PathOrigin::Unknown),
            Err(NotInspected::AnotherUserNamespace) => PathOrigin::UserNamespace,
            Err(_) => PathOrigin::Unknown,
        }
    }
}

/// In whose view a file has its path, of a process in this program's user namespace.
///
/// # Errors
///
/// If that takes a look at a file system that may not answer.
fn of_view(
    root: &ProcessRoot,
    dir: &ProcessDir,
    file: &ExecutableFile,
    exe: FileStatus,
) -> Result<PathOrigin, NotInspected> {
    // Of a deleted file the folder is left.
    let is_deleted = file.deleted == Some(true);
    let path = file.path.parent().filter(|_| is_deleted).unwrap_or(&file.path);
    let leads_to_it = match root.find(path).map(|found| found.status) {
        Ok(found) => found.mount == exe.mount && (is_deleted || found.identity == exe.identity),
        Err(NotInspected::NotAtItsPath) => false,
        Err(why) => return Err(why),
    };
    // The kernel's path is not one from a root that chroot(2) set, and the process may run another program by now.
    Ok(match leads_to_it {
        true => PathOrigin::System,
        false if root.is_top()? && file.is_still_run_by(dir) => PathOrigin::Elsewhere,
        false => PathOrigin::Unknown,
    })
}
