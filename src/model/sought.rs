//! Processes that were asked about by name or id, whether or not they listen anywhere.

use serde::{Deserialize, Serialize};

use super::{Namespace, Pid, Protocol};

/// Those of them that hold none of the listed sockets: the others are holders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SoughtProcesses {
    /// By id. What else is known about each is among the processes of the observation.
    pub found: Vec<SoughtProcess>,
    /// How many more there are.
    pub left_out: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SoughtProcess {
    pub pid: Pid,
    /// The network namespace that it is in; `None` for the caller's own.
    pub namespace: Option<Namespace>,
    /// What it listens on, of what is not listed: the ports in another namespace. `None` where this user may not see
    /// its sockets, or that namespace could not be scanned.
    pub listens_on: Option<Vec<(u16, Protocol)>>,
}
