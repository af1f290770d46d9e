//! What one scan of the machine found, and what it could not read.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

use serde::{Deserialize, Serialize};

use super::{
    HiddenProcesses, Namespace, Pid, PortConnection, PortRules, Process, Protocol, Socket, SocketId,
    UnansweredAttempt,
};

/// The observed operating system. It is part of a recording, so that the judgment is the same wherever the
/// recording is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Os {
    Linux,
    Windows,
    Macos,
}

impl Os {
    pub const ALL: [Os; 3] = [Os::Linux, Os::Windows, Os::Macos];

    /// The name in the JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Os::Linux => "linux",
            Os::Windows => "windows",
            Os::Macos => "macos",
        }
    }

    /// Whether file names that differ only in case usually name the same file.
    #[must_use]
    pub fn ignores_case(self) -> bool {
        !matches!(self, Os::Linux)
    }
}

/// The machine that was observed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Host {
    /// The host name; `None` where there is none.
    pub name: Option<String>,
    pub os: Os,
}

/// One process has one socket open. The relation is many to many: workers share sockets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holding {
    pub socket: SocketId,
    pub pid: Pid,
}

/// What is hidden, or could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GapKind {
    /// A socket table, or part of one, could not be read: listeners may be missing.
    SocketsUnreadable,
    /// This user may not see some sockets at all: listeners may be missing.
    SocketsHidden,
    /// This user may not see who holds some sockets.
    OwnerHidden,
    /// This user may see one holder of some sockets, but perhaps not every holder.
    HoldersHidden,
    /// The process table could not be read: no owner is known.
    ProcessesUnreadable,
    /// Processes ended during the scan.
    ProcessGone,
    /// Some network namespaces could not be scanned.
    NamespacesHidden,
    /// This kernel does not report TCP ports that are bound without listening.
    BoundSocketsHidden,
    /// Connections could not be counted.
    ConnectionsUnreadable,
    /// The system reports little more than the name of some visible processes.
    ProcessesProtected,
    /// Command lines were requested and could not be read.
    ArgsUnreadable,
    /// The services of processes could not be read.
    ServicesUnreadable,
    /// The list of ports that the system reserves could not be read.
    PortRulesUnreadable,
}

impl GapKind {
    /// Whether listeners may be missing.
    #[must_use]
    pub fn hides_sockets(self) -> bool {
        matches!(self, GapKind::SocketsUnreadable | GapKind::SocketsHidden)
    }

    /// The code in the JSON. It never changes, though the names here may.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            GapKind::SocketsUnreadable => "sockets-unreadable",
            GapKind::SocketsHidden => "sockets-hidden",
            GapKind::OwnerHidden => "owner-hidden",
            GapKind::HoldersHidden => "holders-hidden",
            GapKind::ProcessesUnreadable => "processes-unreadable",
            GapKind::ProcessGone => "process-gone",
            GapKind::NamespacesHidden => "namespaces-unseen",
            GapKind::BoundSocketsHidden => "bound-sockets-unseen",
            GapKind::ConnectionsUnreadable => "connections-unreadable",
            GapKind::ProcessesProtected => "processes-protected",
            GapKind::ArgsUnreadable => "args-unreadable",
            GapKind::ServicesUnreadable => "services-unreadable",
            GapKind::PortRulesUnreadable => "port-rules-unreadable",
        }
    }
}

impl fmt::Display for GapKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// One thing that is hidden, or could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gap {
    pub kind: GapKind,
    /// A sentence for a person, without the full stop.
    pub detail: String,
    /// How many sockets, processes or the like are affected; `None` where that cannot be counted.
    pub count: Option<u64>,
    /// What to type or do to close the gap; `None` where nothing would.
    pub remedy: Option<String>,
}

impl Gap {
    /// A gap without a count or a remedy.
    #[must_use]
    pub fn new(kind: GapKind, detail: impl Into<String>) -> Gap {
        Gap { kind, detail: detail.into(), count: None, remedy: None }
    }
}

/// A network namespace whose listeners are counted, not listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OtherNamespace {
    pub namespace: Namespace,
    pub listeners: Vec<(Protocol, u16)>,
}

/// Everything that one scan of the machine found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Observation {
    pub host: Host,
    pub taken_at: Timestamp,
    /// Whether the scan had administrator's rights (root, an elevated token).
    pub privileged: bool,
    pub hidden: HiddenProcesses,
    /// In the order of the kernel's tables.
    pub sockets: Vec<Socket>,
    pub holdings: Vec<Holding>,
    /// Every holder, every unanswered client, and the ancestors of them all. The rows of one process's
    /// sockets share its entry.
    #[serde(with = "super::recording::process_list")]
    pub processes: BTreeMap<Pid, Arc<Process>>,
    /// Connection attempts to license servers that get no answer.
    pub unanswered: Vec<UnansweredAttempt>,
    /// Sockets with a peer on the ports of a detail view: what holds a port besides listeners.
    pub port_connections: Vec<PortConnection>,
    pub port_rules: PortRules,
    /// The network namespaces that are not listed, as far as they could be scanned.
    pub other_namespaces: Vec<OtherNamespace>,
    pub gaps: Vec<Gap>,
    /// How the data was collected: sentences without the full stop, for `--verbose`.
    pub method_notes: Vec<String>,
}

impl Observation {
    /// A machine on which nothing was found, and nothing is hidden.
    #[must_use]
    pub fn new(host: Host, taken_at: Timestamp) -> Observation {
        Observation {
            host,
            taken_at,
            privileged: false,
            hidden: HiddenProcesses::nothing(),
            sockets: Vec::new(),
            holdings: Vec::new(),
            processes: BTreeMap::new(),
            unanswered: Vec::new(),
            port_connections: Vec::new(),
            port_rules: PortRules::default(),
            other_namespaces: Vec::new(),
            gaps: Vec::new(),
            method_notes: Vec::new(),
        }
    }
}
