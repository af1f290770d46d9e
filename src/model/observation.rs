//! What one scan of the machine found, and what it could not read.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Gap, HiddenProcesses, Interface, LicenseSetup, Namespace, Os, OtherSocket, PacketRules, Pid,
    PortConnection, PortRules, Process, Protocol, Receiver, Socket, SocketId, SoughtProcesses,
    UnansweredAttempt,
};

/// The machine that was observed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Host {
    /// The host name; `None` where there is none.
    pub name: Option<String>,
    pub os: Os,
    /// The same at every scan, and unlike that of any other machine; `None` where the machine has no identity, or none was
    /// read.
    pub id: Option<String>,
}

/// One process has one socket open. The relation is many to many: workers share sockets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holding {
    pub socket: SocketId,
    pub pid: Pid,
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
    #[serde(with = "super::record::process_list")]
    pub processes: BTreeMap<Pid, Arc<Process>>,
    /// Where sockets that no process holds may be on their way to, by process id. `None`: not examined, or not all of it.
    pub receivers: Option<Vec<Receiver>>,
    /// Connection attempts to license servers that get no answer.
    pub unanswered: Vec<UnansweredAttempt>,
    /// Sockets with a peer on the ports of a detail view: what holds a port besides listeners.
    pub port_connections: Vec<PortConnection>,
    pub port_rules: PortRules,
    /// `None` where they do not matter, and on systems where they are not looked for.
    pub packet_rules: Option<PacketRules>,
    /// The interfaces of the caller's network namespace. `None` if they were not read.
    pub interfaces: Option<Vec<Interface>>,
    /// The network namespaces that are not listed, as far as they could be scanned.
    pub other_namespaces: Vec<OtherNamespace>,
    /// The sockets that can receive and have no IP address and port. `None` if they were not read.
    pub other_sockets: Option<Vec<OtherSocket>>,
    /// How license servers are set up. `None` if that was not asked for.
    pub license_setup: Option<LicenseSetup>,
    /// The processes that were asked about by name or id and hold no listed socket. `None` if none were asked about, or
    /// the processes could not be listed.
    pub sought: Option<SoughtProcesses>,
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
            receivers: None,
            unanswered: Vec::new(),
            port_connections: Vec::new(),
            port_rules: PortRules::default(),
            packet_rules: None,
            interfaces: None,
            other_namespaces: Vec::new(),
            other_sockets: None,
            license_setup: None,
            sought: None,
            gaps: Vec::new(),
            method_notes: Vec::new(),
        }
    }
}
