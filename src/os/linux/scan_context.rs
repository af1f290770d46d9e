//! What the parts of one scan share.

use std::fs;
use std::io;

use super::super::decode::linux::proc_pid;
use super::super::users::Users;
use super::super::{Inspect, ScanScope};
use super::containers::Containers;
use super::proc_dir::Proc;
use super::process_root::Mounts;

/// The scope of a scan and everything that it reads processes with. Exists only if `/proc` can be read.
pub(super) struct ScanContext<'a> {
    pub(super) scope: &'a ScanScope,
    pub(super) inspect: &'a dyn Inspect,
    pub(super) users: &'a Users,
    pub(super) proc: Proc,
    pub(super) containers: Containers,
    pub(super) mounts: Mounts,
    /// When the system started, in seconds since 1970.
    pub(super) boot: Option<i64>,
}

impl<'a> ScanContext<'a> {
    /// # Errors
    ///
    /// As for [`Proc::open`].
    pub(super) fn open(
        scope: &'a ScanScope,
        inspect: &'a dyn Inspect,
        users: &'a Users,
    ) -> io::Result<ScanContext<'a>> {
        let stat = fs::read_to_string("/proc/stat").ok();
        Ok(ScanContext {
            scope,
            inspect,
            users,
            proc: Proc::open()?,
            containers: Containers::default(),
            mounts: Mounts::default(),
            boot: stat.and_then(|stat| proc_pid::boot_time(&stat)),
        })
    }
}
