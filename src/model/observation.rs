//! What one look at the machine saw, and what it could not see.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

use serde::{Deserialize, Serialize};

use super::{
    HiddenProcesses, Namespace, Pid, PortConnection, PortRules, Process, Protocol, Socket, SocketId,
    UnansweredAttempt,
};

/// The operating system that was observed. A recorded observation keeps its own, so that it is
/// judged alike wherever it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Os {
    /// Linux.
    Linux,
    /// Microsoft Windows.
    Windows,
    /// Apple macOS.
    Macos,
}

impl Os {
    /// Every system.
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

    /// Whether two file names that differ only in case name the same file, as is usual there.
    #[must_use]
    pub fn ignores_case(self) -> bool {
        !matches!(self, Os::Linux)
    }
}

/// The machine that was observed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Host {
    /// Its host name; `None` where it has none.
    pub name: Option<String>,
    /// Its operating system.
    pub os: Os,
}

/// That a process has a socket open. Many to many: workers share sockets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holding {
    /// The socket.
    pub socket: SocketId,
    /// The process.
    pub pid: Pid,
}

/// What kind of thing could not be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GapKind {
    /// A socket table, or part of one, could not be read: listeners may be missing.
    SocketsUnreadable,
    /// Sockets that this user may not see at all: listeners may be missing.
    SocketsHidden,
    /// Sockets whose owner this user may not see.
    OwnerHidden,
    /// Sockets of which this user may see a holder but perhaps not every holder.
    HoldersHidden,
    /// The process table could not be read: no owner is known.
    ProcessesUnreadable,
    /// Processes that ended while they were looked at.
    ProcessGone,
    /// Network namespaces that could not be looked into.
    NamespacesHidden,
    /// TCP ports that are bound without listening, which this kernel does not tell.
    BoundSocketsHidden,
    /// Connections that could not be counted.
    ConnectionsUnreadable,
    /// Processes that are seen, and of which little more than the name is told.
    ProcessesProtected,
    /// Command lines that were asked for and not told.
    ArgsUnreadable,
    /// Which services processes run could not be read.
    ServicesUnreadable,
    /// Which ports the system keeps from programs could not be read.
    PortRulesUnreadable,
}

impl GapKind {
    /// Whether listeners may be missing.
    #[must_use]
    pub fn hides_sockets(self) -> bool {
        matches!(self, GapKind::SocketsUnreadable | GapKind::SocketsHidden)
    }

    /// The permanent code in the JSON.
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

/// A fact about what could not be seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gap {
    /// Its kind.
    pub kind: GapKind,
    /// A sentence for a person, without its full stop.
    pub detail: String,
    /// How many things are affected; `None` where that cannot be counted.
    pub count: Option<u64>,
    /// What would close the gap, to be typed or done; `None` where nothing would.
    pub remedy: Option<String>,
}

impl Gap {
    /// A gap without a count or a remedy.
    #[must_use]
    pub fn new(kind: GapKind, detail: impl Into<String>) -> Gap {
        Gap { kind, detail: detail.into(), count: None, remedy: None }
    }
}

/// A network namespace whose listeners are counted and not listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OtherNamespace {
    /// The namespace.
    pub namespace: Namespace,
    /// The protocol and port of each of its listeners.
    pub listeners: Vec<(Protocol, u16)>,
}

/// Everything one look at the machine saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Observation {
    /// The machine.
    pub host: Host,
    /// When it was observed.
    pub taken_at: Timestamp,
    /// Whether it was observed with administrator's rights (root, an elevated token).
    pub privileged: bool,
    /// The processes that could not be looked into.
    pub hidden: HiddenProcesses,
    /// The sockets, in the order of the kernel's tables.
    pub sockets: Vec<Socket>,
    /// Who holds which.
    pub holdings: Vec<Holding>,
    /// Every holder, whoever asks without an answer, and the ancestors of them all. A row for each of
    /// its sockets refers to the same one.
    #[serde(with = "super::recording::process_list")]
    pub processes: BTreeMap<Pid, Arc<Process>>,
    /// Requests for connections to license servers that are not answered.
    pub unanswered: Vec<UnansweredAttempt>,
    /// What else has one of the ports that were asked about.
    pub port_connections: Vec<PortConnection>,
    /// The system's rules for ports.
    pub port_rules: PortRules,
    /// The network namespaces that were not listed, as far as they could be looked into.
    pub other_namespaces: Vec<OtherNamespace>,
    /// What could not be seen.
    pub gaps: Vec<Gap>,
    /// How it was looked at: sentences without their full stops, for whoever wonders.
    pub method_notes: Vec<String>,
}

impl Observation {
    /// A machine on which nothing is seen, and nothing is out of sight.
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
