//! Reading units: some are in the homes of users, who can make a file as slow as they like.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::super::cgroup_units;
use super::super::socket_units::SocketUnits;
use super::task::{Kind, ProcessId, Task, Tools};
use crate::model::ProcessService;

#[derive(Serialize, Deserialize)]
pub(in super::super) enum UnitsTask {
    /// The units of these control groups.
    OfCgroups(HashSet<u64>),
    /// The `.socket` units of this systemd.
    OfSystemd {
        process: ProcessId,
        uid: Option<u32>,
        /// Of its user.
        home: Option<PathBuf>,
    },
}

#[derive(Serialize, Deserialize)]
pub(in super::super) enum Units {
    OfCgroups(HashMap<u64, ProcessService>),
    OfSystemd(SocketUnits),
}

impl Task for UnitsTask {
    const KIND: Kind = Kind::Units;
    type Answer = Units;

    fn run(&self, tools: &Tools) -> Units {
        match self {
            UnitsTask::OfCgroups(ids) => Units::OfCgroups(cgroup_units::of_cgroups(ids)),
            UnitsTask::OfSystemd { process, uid, home } => {
                let dir = tools.proc.same_process(process.pid, process.started);
                let units = dir.map(|dir| SocketUnits::of(&dir, &tools.mounts, *uid, home.as_deref()));
                Units::OfSystemd(units.unwrap_or_default())
            }
        }
    }
}
