//! Reading the units of a systemd: some are in the homes of users, who can make a file as slow as they like.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::super::unit_files::UnitFiles;
use super::task::{ProcessId, Task, Tools};

#[derive(Serialize, Deserialize)]
pub(in super::super) struct UnitsTask {
    /// The systemd.
    pub(in super::super) process: ProcessId,
    pub(in super::super) uid: Option<u32>,
    /// Of its user.
    pub(in super::super) home: Option<PathBuf>,
}

impl Task for UnitsTask {
    type Answer = UnitFiles;
    const SUBJECT: &'static str = "unit files";

    fn run(&self, tools: &Tools<'_>) -> UnitFiles {
        let UnitsTask { process, uid, home } = self;
        let dir = tools.proc.same_process(process.pid, process.started);
        // What users fill their folders with does not keep the system's own units from being read.
        let budget = if *uid == Some(0) { &tools.system_units } else { &tools.user_units };
        let units = dir.map(|dir| UnitFiles::of(&dir, tools.mounts, *uid, home.as_deref(), budget));
        units.unwrap_or_default()
    }
}
