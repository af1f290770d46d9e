//! What a scan could not read.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::word::words;

words! {
    /// What is hidden, or could not be read.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum GapKind {
        /// a socket table, or part of one, could not be read: listeners may be missing
        SocketsUnreadable = "sockets-unreadable",
        /// the system shows you no sockets of other users: listeners may be missing
        SocketsHidden = "sockets-hidden",
        /// you may not see who holds some sockets
        OwnerHidden = "owner-hidden",
        /// some sockets may have more holders than you may see
        HoldersHidden = "holders-hidden",
        /// the process table could not be read: no owner, or hardly any, is known
        ProcessesUnreadable = "processes-unreadable",
        /// you may not see which processes run, or on which ports some of them listen
        ProcessesHidden = "processes-hidden",
        /// processes ended during the scan
        ProcessGone = "process-gone",
        /// some network namespaces could not be scanned, or were not
        NamespacesHidden = "namespaces-unseen",
        /// programs in virtual machines or containers may have a port, and the system does not list these
        GuestsHidden = "guests-unseen",
        /// the system does not report TCP ports that are taken without listening
        BoundSocketsHidden = "bound-sockets-unseen",
        /// not all connections were read, so there may be more
        ConnectionsUnreadable = "connections-unreadable",
        /// the system does not report everything about some processes
        ProcessesProtected = "processes-protected",
        /// command lines that you asked for could not be read
        ArgsUnreadable = "args-unreadable",
        /// the services of processes, or the units of sockets, could not be read
        ServicesUnreadable = "services-unreadable",
        /// which ports the system has reserved could not be read
        PortRulesUnreadable = "port-rules-unreadable",
        /// packet rules may send what is for a port elsewhere; they are not read
        PacketRules = "packet-rules",
        /// the network interfaces could not be read
        InterfacesUnreadable = "interfaces-unreadable",
        /// not all license files, logs and services of license servers could be read
        LicenseSetupUnreadable = "license-setup-unreadable",
        /// something did not answer within the deadline
        TimedOut = "timed-out",
    }
}

impl GapKind {
    /// Whether listeners may be missing.
    #[must_use]
    pub fn hides_sockets(self) -> bool {
        matches!(self, GapKind::SocketsUnreadable | GapKind::SocketsHidden)
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
    /// Whether it matters only where every network namespace is listed.
    #[serde(default)]
    pub concerns_all_namespaces: bool,
}

impl Gap {
    /// A gap without a count or a remedy.
    #[must_use]
    pub fn new(kind: GapKind, detail: impl Into<String>) -> Gap {
        Gap { kind, detail: detail.into(), count: None, remedy: None, concerns_all_namespaces: false }
    }
}
