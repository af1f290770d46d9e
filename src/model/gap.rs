//! What a scan could not read.

use std::fmt;

use serde::{Deserialize, Serialize};

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
    /// This user may not see which processes run, or on which ports some of them listen.
    ProcessesHidden,
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
    /// Packet rules may send what is for a port elsewhere: they are not read.
    PacketRules,
    /// The network interfaces could not be read.
    InterfacesUnreadable,
    /// Not all license files, logs and services of license servers could be read.
    LicenseSetupUnreadable,
    /// Something did not answer within the time allowed.
    TimedOut,
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
            GapKind::ProcessesHidden => "processes-hidden",
            GapKind::ProcessGone => "process-gone",
            GapKind::NamespacesHidden => "namespaces-unseen",
            GapKind::BoundSocketsHidden => "bound-sockets-unseen",
            GapKind::ConnectionsUnreadable => "connections-unreadable",
            GapKind::ProcessesProtected => "processes-protected",
            GapKind::ArgsUnreadable => "args-unreadable",
            GapKind::ServicesUnreadable => "services-unreadable",
            GapKind::PortRulesUnreadable => "port-rules-unreadable",
            GapKind::PacketRules => "packet-rules",
            GapKind::InterfacesUnreadable => "interfaces-unreadable",
            GapKind::LicenseSetupUnreadable => "license-setup-unreadable",
            GapKind::TimedOut => "timed-out",
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
