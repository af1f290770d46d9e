//! What the parts of one scan share.

use std::io;

use super::super::deadline::Deadline;
use super::super::{Inspect, ScanScope};
use super::boot;
use super::containers::Containers;
use super::helper::Helper;
use super::proc_dir::Proc;
use super::process_root::Mounts;

/// The scope of a scan and everything that it reads processes with. Exists only if `/proc` can be read.
pub(super) struct ScanContext<'a> {
    pub(super) scope: &'a ScanScope,
    pub(super) inspect: &'a dyn Inspect,
    pub(super) helper: &'a Helper,
    pub(super) deadline: Deadline,
    pub(super) proc: Proc,
    pub(super) containers: Containers,
    pub(super) mounts: Mounts,
    /// When the system started, in seconds since 1970.
    pub(super) boot: i64,
}

impl<'a> ScanContext<'a> {
    /// # Errors
    ///
    /// As for [`Proc::open`].
    pub(super) fn open(
        scope: &'a ScanScope,
        inspect: &'a dyn Inspect,
        helper: &'a Helper,
        deadline: Deadline,
    ) -> io::Result<ScanContext<'a>> {
        Ok(ScanContext {
            scope,
            inspect,
            helper,
            deadline,
            proc: Proc::open()?,
            containers: Containers::default(),
            mounts: Mounts::default(),
            boot: boot::time(),
        })
    }
}
