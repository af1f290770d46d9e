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
    /// The network namespace that its first thread is in; `None` for the caller's own.
    pub namespace: Option<Namespace>,
    /// Whether this user sees all its sockets.
    pub is_seen: bool,
    /// What it listens on in namespaces that are not listed: that of its first thread, and those of its other threads and
    /// of sockets that it holds.
    pub unlisted: Vec<UnlistedPorts>,
    /// Whether it holds sockets that may be in a namespace which could not be scanned.
    pub may_hold_more: bool,
}

impl SoughtProcess {
    /// Whether its sockets are, or may be, in network namespaces that are not listed.
    #[must_use]
    pub fn is_elsewhere(&self) -> bool {
        self.namespace.is_some() || !self.unlisted.is_empty() || self.may_hold_more
    }
}

/// The ports of a process in a network namespace that is not listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnlistedPorts {
    pub namespace: Namespace,
    /// Each once; `None` where they could not be seen.
    pub listens_on: Option<Vec<(u16, Protocol)>>,
}
