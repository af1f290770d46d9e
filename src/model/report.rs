//! What is said of the machine: one row a socket, with its owner, its service and its verdict.

use std::net::SocketAddr;
use std::sync::Arc;

use jiff::Timestamp;

use super::{
    ExcludedPorts, Family, Gap, Host, OtherNamespace, PortConnection, PortRange, PortRules, Process,
    Protocol, Socket,
};

/// Who holds a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// These processes.
    Identified {
        /// The process that stands for all: the oldest ancestor among them.
        lead: Arc<Process>,
        /// The other holders, by age.
        others: Vec<Arc<Process>>,
    },
    /// Somebody whose processes this user may not look into.
    Hidden,
    /// No process: the kernel itself, or one in another PID namespace.
    Unattributed,
}

impl Owner {
    /// Every visible holder, the lead first; empty where none is visible.
    pub fn processes(&self) -> impl Iterator<Item = &Arc<Process>> {
        let (lead, others) = match self {
            Owner::Identified { lead, others } => (Some(lead), &others[..]),
            Owner::Hidden | Owner::Unattributed => (None, &[][..]),
        };
        lead.into_iter().chain(others)
    }

    /// The process that stands for all holders.
    #[must_use]
    pub fn lead(&self) -> Option<&Process> {
        self.processes().next().map(Arc::as_ref)
    }
}

/// A socket, its owner, and who started the lead process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attributed {
    /// The socket.
    pub socket: Socket,
    /// Who holds it.
    pub owner: Owner,
    /// The lead's ancestors, as far as they are known, its parent first: who started it, or who
    /// adopted it since.
    pub ancestors: Vec<Arc<Process>>,
    /// Whether a process that was not seen may hold it too.
    pub more_holders: bool,
}

/// From where a socket's address can be reached, before any firewall.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exposure {
    /// From this machine only.
    Loopback,
    /// From the same link.
    LinkLocal,
    /// At an address of a private network.
    Private,
    /// At a public address.
    Public,
    /// At every address of the machine.
    AllInterfaces,
}

/// The registry's three classes of ports (RFC 6335, section 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PortClass {
    /// 0-1023.
    System,
    /// 1024-49151.
    Registered,
    /// 49152-65535: never assigned.
    Dynamic,
}

impl PortClass {
    /// The class of a port.
    #[must_use]
    pub fn of(port: u16) -> PortClass {
        match port {
            0..=1023 => PortClass::System,
            1024..=49151 => PortClass::Registered,
            49152.. => PortClass::Dynamic,
        }
    }

    /// Every class, from the lowest ports up.
    pub const ALL: [PortClass; 3] = [PortClass::System, PortClass::Registered, PortClass::Dynamic];

    /// The word for it, in the JSON and on the screen.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            PortClass::System => "system",
            PortClass::Registered => "registered",
            PortClass::Dynamic => "dynamic",
        }
    }
}

impl PortRange {
    /// The classes that its ports belong to, from the lowest up.
    #[must_use]
    pub fn classes(self) -> Vec<PortClass> {
        let (first, last) = (PortClass::of(self.first), PortClass::of(self.last));
        PortClass::ALL.into_iter().filter(|class| (first..=last).contains(class)).collect()
    }
}

/// A registry entry for a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// The service name.
    pub name: String,
    /// The registry's words for it; may be empty.
    pub description: String,
}

/// A license manager that a port belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manager {
    /// Its permanent id in the license facts.
    pub id: String,
    /// Who makes the licensed software, where that is known.
    pub vendor: Option<String>,
    /// What the license manager is called.
    pub product: String,
    /// Which of its ports this is about.
    pub ports: PortRange,
    /// What to know about the port, for a person.
    pub note: String,
}

impl Manager {
    /// Vendor and product in one phrase.
    #[must_use]
    pub fn called(&self) -> String {
        vendor_and_product(self.vendor.as_deref(), &self.product)
    }
}

/// Vendor and product in one phrase that says the vendor once: "Citrix License Server",
/// "Autodesk 3ds-lm".
#[must_use]
pub fn vendor_and_product(vendor: Option<&str>, product: &str) -> String {
    match vendor {
        Some(vendor) if !product.starts_with(vendor) => format!("{vendor} {product}"),
        _ => product.to_owned(),
    }
}

/// Whether the process on a license port is the right one; the more it deserves a look, the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// It is a process known for the port's license manager.
    Expected,
    /// What can be seen does not decide.
    CannotTell,
    /// It belongs to another license manager.
    OtherLicenseManager,
    /// It is neither.
    Mismatch,
}

impl Verdict {
    /// The word for it, in the JSON and on the screen.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Verdict::Expected => "expected",
            Verdict::OtherLicenseManager => "other-license-manager",
            Verdict::Mismatch => "mismatch",
            Verdict::CannotTell => "cannot-tell",
        }
    }
}

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Worth a look.
    Warning,
    /// Worth a look now.
    Critical,
}

/// What is said of a license port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct License {
    /// The permanent name of the rule that decided (`judge::rules`).
    pub rule: &'static str,
    /// The license managers that use the port.
    pub managers: Vec<Manager>,
    /// Whether the process is the right one.
    pub verdict: Verdict,
    /// How much that matters.
    pub severity: Severity,
    /// Why, in a sentence without its full stop.
    pub reason: String,
    /// The executables that would be right on this system; empty where none is documented.
    pub expected: Vec<String>,
    /// What the verdict rests on.
    pub evidence: Vec<String>,
    /// What to do next, in a sentence; `None` where nothing is.
    pub advice: Option<String>,
}

/// One socket and all that is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The socket.
    pub socket: Socket,
    /// Who holds it.
    pub owner: Owner,
    /// The lead's ancestors, as far as they are known, its parent first: who started it, or who
    /// adopted it since.
    pub ancestors: Vec<Arc<Process>>,
    /// Whether a process that was not seen may hold it too.
    pub more_holders: bool,
    /// The registry's first entry for the port.
    pub service: Option<Service>,
    /// From where it can be reached.
    pub exposure: Exposure,
    /// The verdict, on license ports.
    pub license: Option<License>,
}

impl Row {
    /// The user to show: the lead's, or else the socket's, by name or number.
    #[must_use]
    pub fn user(&self) -> Option<String> {
        let lead = self.owner.lead().and_then(|lead| lead.user.clone());
        let socket = || self.socket.user.clone().or_else(|| self.socket.uid.map(|uid| uid.to_string()));
        lead.or_else(socket)
    }

    /// Whether this is a license port whose process is not confirmed to be the right one.
    #[must_use]
    pub fn flagged(&self) -> bool {
        self.license.as_ref().is_some_and(|license| license.verdict != Verdict::Expected)
    }
}

/// One thing that was asked about by itself: what is known of it without any listener.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Asked {
    /// The words that were typed.
    pub typed: String,
    /// The ports they stand for; none where they name a process.
    pub ports: Vec<PortRange>,
    /// The protocol, where one was typed.
    pub protocol: Option<Protocol>,
    /// The address family, where one was asked for: then the other was not looked at.
    pub family: Option<Family>,
    /// The name of the process that has the number as its id and listens other_namespaces: fingers used to
    /// `lsof -p` type one for the other.
    pub process_of_that_number: Option<String>,
    /// The registry's entry for them.
    pub service: Option<Service>,
    /// The license managers that use them.
    pub managers: Vec<Manager>,
    /// The executables expected there.
    pub expected: Vec<String>,
    /// The system's rules for ports.
    pub rules: PortRules,
    /// What else has the ports, with those who are seen to hold it.
    pub port_connections: Vec<(PortConnection, Vec<Arc<Process>>)>,
}

/// A program that gets no answer from a license server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnansweredClient {
    /// The program's own address and port.
    pub local: SocketAddr,
    /// The server's address and port.
    pub remote: SocketAddr,
    /// How often the request for a connection was sent again.
    pub retransmits: u8,
    /// The registry's entry for the port.
    pub service: Option<Service>,
    /// The license managers that use the port.
    pub managers: Vec<Manager>,
    /// The processes that ask, as far as they are seen.
    pub processes: Vec<Arc<Process>>,
    /// The user who asks, by name or number.
    pub user: String,
}

/// Ports that are given to no program that asks for none in particular, and what that may keep from
/// starting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excluded {
    /// The ports.
    pub ports: ExcludedPorts,
    /// The license managers that have ports among them, each port apart.
    pub managers: Vec<Manager>,
}

/// What the tool has to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The machine.
    pub host: Host,
    /// When it was observed.
    pub taken_at: Timestamp,
    /// Whether it was observed with administrator's rights.
    pub privileged: bool,
    /// What was asked for by itself; the detail view is about this.
    pub asked: Option<Asked>,
    /// The rows that were selected, in order.
    pub rows: Vec<Row>,
    /// The ports among those asked for that the system excludes, where its rules were looked at.
    pub excluded: Option<Vec<Excluded>>,
    /// What could not be seen, as far as it bears on the selection.
    pub gaps: Vec<Gap>,
    /// Whether anything was left out because it was not asked for.
    pub narrowed: bool,
    /// Programs that get no answer from a license server.
    pub unanswered: Vec<UnansweredClient>,
    /// Other network namespaces with listeners that were not listed and would match.
    pub other_namespaces: Vec<OtherNamespace>,
    /// How the machine was looked at, in sentences without their full stops.
    pub method_notes: Vec<String>,
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
