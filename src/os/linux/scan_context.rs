//! What the parts of one scan share.

use std::io;
use std::sync::OnceLock;

use super::super::deadline::Deadline;
use super::super::{Inspect, ScanScope, in_words};
use super::boot;
use super::containers::Containers;
use super::helper::{self, Pending, Task};
use super::memberships::Memberships;
use super::mount_tables::MountTables;
use super::path_origin::OwnMounts;
use super::proc_dir::Proc;

/// The scope of a scan and everything that it reads processes with. Exists only if `/proc` can be read.
pub(super) struct ScanContext<'a> {
    pub(super) scope: &'a ScanScope,
    pub(super) inspect: &'a dyn Inspect,
    pub(super) deadline: Deadline,
    /// Why no helper process could be started, if one was refused.
    pub(super) refused: OnceLock<String>,
    pub(super) proc: Proc,
    pub(super) containers: Containers,
    pub(super) mounts: MountTables,
    pub(super) memberships: Memberships,
    pub(super) own_mounts: OwnMounts,
    /// When the system started, in seconds since 1970.
    pub(super) boot: i64,
    own_sockets_listed: OnceLock<()>,
}

impl<'a> ScanContext<'a> {
    /// # Errors
    ///
    /// As for [`Proc::open`].
    pub(super) fn open(
        scope: &'a ScanScope,
        inspect: &'a dyn Inspect,
        deadline: Deadline,
    ) -> io::Result<ScanContext<'a>> {
        Ok(ScanContext {
            scope,
            inspect,
            deadline,
            refused: OnceLock::new(),
            proc: Proc::open()?,
            containers: Containers::default(),
            mounts: MountTables::default(),
            memberships: Memberships::default(),
            own_mounts: OwnMounts::default(),
            boot: boot::time(),
            own_sockets_listed: OnceLock::new(),
        })
    }

    /// Says that all sockets of the caller's namespace have been listed.
    pub(super) fn set_own_sockets_listed(&self) {
        let _ = self.own_sockets_listed.set(());
    }

    /// Waits until another thread has listed them.
    pub(super) fn wait_for_own_sockets(&self) {
        self.own_sockets_listed.wait();
    }

    /// Whether a process that is searched now may open a socket of the caller's namespace afterwards that will be in the list.
    pub(super) fn is_early(&self) -> bool {
        self.own_sockets_listed.get().is_none()
    }

    /// Begins to do what may have to wait, in a helper process. Must be called while this program has no thread but this one and that of `watch`.
    pub(super) fn begin<T: Task>(&self, tasks: &[T]) -> Pending<T> {
        helper::begin(tasks).unwrap_or_else(|error| {
            let _ = self.refused.set(in_words(&error));
            Pending::refused(tasks)
        })
    }
}
