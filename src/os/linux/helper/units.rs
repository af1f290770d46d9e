//! Reading the units of a systemd: some are in the homes of users, who can make a file as slow as they like.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::super::socket_units::SocketUnits;
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
    type Answer = SocketUnits;

    fn run(&self, tools: &Tools) -> SocketUnits {
        let UnitsTask { process, uid, home } = self;
        let dir = tools.proc.same_process(process.pid, process.started);
        let units = dir.map(|dir| SocketUnits::of(&dir, &tools.mounts, *uid, home.as_deref()));
        units.unwrap_or_default()
    }
}
