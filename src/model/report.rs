//! What the program reports: one row for each socket, with its owner, its service and its verdict.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;

use jiff::Timestamp;

use super::word::words;
use super::{
    Asked, AssignedTo, EventKind, ExcludedPorts, Exposure, Gap, Host, Interface, License, LicenseServer,
    Manager, OtherNamespace, OtherSocket, Pid, PortRange, Process, Receiver, Service, Socket, Verdict,
};

/// Who holds a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    Identified {
        /// The process that stands for all: the oldest ancestor among them.
        lead: Arc<Process>,
        /// The other holders, by age.
        others: Vec<Arc<Process>>,
    },
    /// Some process that this user may not inspect.
    Hidden,
    /// No process: the kernel itself, or a process in another PID namespace; or it is on its way from one process to
    /// another.
    Unattributed,
}

words! {
    /// Whether it is known who holds a socket.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum OwnerStatus {
        /// `processes` is not empty
        Identified = "identified",
        /// you may not see who holds it
        Hidden = "hidden",
        /// every process was examined and none holds it; it belongs to the kernel or to another PID namespace, or is
        /// on its way from one process to another
        Unattributed = "unattributed",
    }
}

impl Owner {
    #[must_use]
    pub fn status(&self) -> OwnerStatus {
        match self {
            Owner::Identified { .. } => OwnerStatus::Identified,
            Owner::Hidden => OwnerStatus::Hidden,
            Owner::Unattributed => OwnerStatus::Unattributed,
        }
    }

    /// Every visible holder, the lead first.
    pub fn processes(&self) -> impl Iterator<Item = &Arc<Process>> {
        let (lead, others) = match self {
            Owner::Identified { lead, others } => (Some(lead), &others[..]),
            Owner::Hidden | Owner::Unattributed => (None, &[][..]),
        };
        lead.into_iter().chain(others)
    }

    #[must_use]
    pub fn lead(&self) -> Option<&Process> {
        self.processes().next().map(Arc::as_ref)
    }
}

/// A socket and who holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attributed {
    pub socket: Socket,
    pub owner: Owner,
    /// The lead's ancestors, as far as they are known, the parent first: the processes that started it, or
    /// adopted it since.
    pub ancestors: Arc<[Arc<Process>]>,
    /// Whether a hidden process may hold it too.
    pub more_holders: bool,
    /// If no process holds it: those that it may be on its way to. `None`: that is not known.
    pub in_flight_to: Option<Arc<[Receiver]>>,
}

/// A socket without an IP address and port, and who holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldOtherSocket {
    pub socket: OtherSocket,
    pub owner: Owner,
}

words! {
    /// The registry's three classes of ports (RFC 6335, section 6).
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    pub enum PortClass {
        /// 0-1023
        System = "system",
        /// 1024-49151
        Registered = "registered",
        /// 49152-65535
        Dynamic = "dynamic",
    }
}

impl PortClass {
    #[must_use]
    pub fn of(port: u16) -> PortClass {
        match port {
            0..=1023 => PortClass::System,
            1024..=49151 => PortClass::Registered,
            49152.. => PortClass::Dynamic,
        }
    }
}

impl PortRange {
    /// The classes of its ports, from the lowest up.
    #[must_use]
    pub fn classes(self) -> Vec<PortClass> {
        let (first, last) = (PortClass::of(self.first), PortClass::of(self.last));
        PortClass::ALL.into_iter().filter(|class| (first..=last).contains(class)).collect()
    }
}

/// One socket and everything known about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub socket: Socket,
    pub owner: Owner,
    /// As in [`Attributed`].
    pub ancestors: Arc<[Arc<Process>]>,
    /// Whether a hidden process may hold it too.
    pub more_holders: bool,
    /// As in [`Attributed`].
    pub in_flight_to: Option<Arc<[Receiver]>>,
    /// The registry's first entry for the port.
    pub service: Option<Service>,
    /// Whether the program is known for that service. `None` without a service, and where the program is not known.
    pub known_for_service: Option<bool>,
    pub exposure: Exposure,
    /// The interfaces that have its address. `None` where it needs none, as a wildcard, or where they were not read.
    pub assigned_to: Option<Vec<AssignedTo>>,
    /// `None` on a port of no license manager.
    pub license: Option<License>,
    /// What to do next, in whole sentences; `None` where there is nothing to say, or the port was not asked about.
    pub next: Option<String>,
    /// In a live view, what became of it a moment ago.
    pub change: Option<EventKind>,
}

impl Row {
    /// The user to show, by name or number: the user of the lead, or else of the socket.
    #[must_use]
    pub fn user(&self) -> Option<String> {
        let lead = self.owner.lead().and_then(|lead| lead.user.clone());
        let socket = || self.socket.user.clone().or_else(|| self.socket.uid.map(|uid| uid.to_string()));
        lead.or_else(socket)
    }

    /// Whether a process may hold it that is not known.
    #[must_use]
    pub fn hides_holders(&self) -> bool {
        self.more_holders || !matches!(self.owner, Owner::Identified { .. })
    }

    /// Whether this is a license port and its process is not confirmed as the right one.
    #[must_use]
    pub fn flagged(&self) -> bool {
        self.license.as_ref().is_some_and(|license| license.verdict != Verdict::Expected)
    }
}

/// A program that gets no answer from a license server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnansweredClient {
    pub local: SocketAddr,
    /// The address and port of the server.
    pub remote: SocketAddr,
    /// How often the connection request was sent again.
    pub retransmits: u8,
    /// The registry's entry for the server's port.
    pub service: Option<Service>,
    /// The license managers that use the server's port.
    pub managers: Vec<Manager>,
    /// The visible holders of the socket.
    pub processes: Vec<Arc<Process>>,
    pub uid: u32,
    /// The user of the socket, by name or number.
    pub user: String,
}

/// Excluded ports, and the license managers that this may affect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excluded {
    pub ports: ExcludedPorts,
    /// The license managers with ports in the range, one entry for each of their ports.
    pub managers: Vec<Manager>,
}

/// The answer to a listing or a detail view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    pub host: Host,
    pub taken_at: Timestamp,
    /// Whether the scan had administrator's rights.
    pub privileged: bool,
    /// The command line, quoted for a shell.
    pub command: String,
    /// What its commands begin with, to ask the same machine.
    pub program: String,
    /// The words and options that chose the rows, as they can be typed; empty where nothing was left out.
    pub selection: Vec<String>,
    /// What was asked about, in the order of the words.
    pub asked: Vec<Asked>,
    /// Whether it is a single port, service or process, and nothing else selects: the detail view is about it.
    pub is_about_one: bool,
    /// The selected rows, in order.
    pub rows: Vec<Row>,
    /// Of the holders of these, those that a filter asks for; `None` where no filter is about holders.
    pub holders_asked: Option<BTreeSet<Pid>>,
    /// The selected ports that the system excludes; `None` where its rules were not read.
    pub excluded: Option<Vec<Excluded>>,
    /// The gaps that affect the selection.
    pub gaps: Vec<Gap>,
    /// What else there is to say of the rows, as sentences.
    pub notes: Vec<String>,
    /// Whether the selection left anything out.
    pub narrowed: bool,
    pub unanswered: Vec<UnansweredClient>,
    /// The license servers that the question is about; `None` where too little was scanned to know them.
    pub license_servers: Option<Vec<LicenseServer>>,
    /// Whether they are what was asked about: then their files were read, and each is shown as a whole.
    pub servers_asked: bool,
    /// As in [`Observation`](super::Observation).
    pub interfaces: Option<Vec<Interface>>,
    /// Other network namespaces, with listeners that would match and are not listed.
    pub other_namespaces: Vec<OtherNamespace>,
    /// The sockets without an IP address and port; `None` if they were not read.
    pub other_sockets: Option<Vec<HeldOtherSocket>>,
    /// How the data was collected, as sentences without the full stop.
    pub method_notes: Vec<String>,
}

impl Report {
    /// What the report is about, if that is only one thing.
    #[must_use]
    pub fn subject(&self) -> Option<&Asked> {
        self.asked.first().filter(|_| self.is_about_one)
    }

    /// The license servers that something was asked about.
    #[must_use]
    pub fn asked_servers(&self) -> &[LicenseServer] {
        self.license_servers.as_deref().filter(|_| self.servers_asked).unwrap_or_default()
    }

    /// Whether anything matched; with `all`, whether every word did.
    #[must_use]
    pub fn has_match(&self, all: bool) -> bool {
        match all && !self.asked.is_empty() {
            true => self.asked.iter().all(|asked| asked.is_matched),
            false => !self.rows.is_empty() || self.asked.iter().any(|asked| asked.is_matched),
        }
    }
}

/// Which ports the system excludes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExcludedReport {
    pub host: Host,
    pub taken_at: Timestamp,
    /// Whether the machine was observed with administrator's rights.
    pub privileged: bool,
    pub excluded: Vec<Excluded>,
    /// What could not be read.
    pub gaps: Vec<Gap>,
    /// Whether only some ports were asked about.
    pub narrowed: bool,
    /// How the data was collected, in sentences without their full stops.
    pub method_notes: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn port_classes_meet_at_the_registry_s_limits() {
        assert_eq!([1023, 1024].map(PortClass::of), [PortClass::System, PortClass::Registered]);
        assert_eq!([49151, 49152].map(PortClass::of), [PortClass::Registered, PortClass::Dynamic]);
    }
}
