//! What a helper process can be asked to do.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::super::super::decode::linux::proc_pid::Ticks;
use super::super::examination::Examiner;
use super::super::mount_tables::MountTables;
use super::super::proc_dir::Proc;
use super::super::unit_files::UnitBudget;
use crate::model::Pid;

/// Something that may take as long as somebody else likes.
pub(in super::super) trait Task: Serialize + DeserializeOwned + Sync {
    type Answer: Serialize + DeserializeOwned;

    /// What is waited for, in words.
    const SUBJECT: &'static str;

    /// Runs in the helper process.
    fn run(&self, tools: &Tools<'_>) -> Self::Answer;
}

/// What the tasks of a batch share.
pub(in super::super) struct Tools<'a> {
    pub(in super::super) proc: &'a Proc,
    /// The helper may wait for servers.
    pub(in super::super) mounts: &'a MountTables,
    pub(in super::super) examiner: Examiner<'a>,
    /// How many more unit files are read.
    pub(in super::super) system_units: UnitBudget,
    pub(in super::super) user_units: UnitBudget,
}

/// A process. Another may have its number by now, but not its start.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(in super::super) struct ProcessId {
    pub(in super::super) pid: Pid,
    /// Since boot.
    pub(in super::super) started: Ticks,
}
