//! What is known of a port, a service or a license manager, whatever this machine runs.

use serde::Deserialize;

use super::{Os, PortRange, Protocol};

/// The answer to one thing that was asked about.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Explanation {
    /// The words that were typed.
    pub asked: String,
    /// The ports they stand for; none where they name a process or a license manager.
    pub ports: Vec<PortRange>,
    /// The registry's entries.
    pub services: Vec<RegisteredService>,
    /// What is often said and is not so.
    pub beliefs: Vec<Correction>,
    /// License managers, in full.
    pub managers: Vec<ManagerFacts>,
    /// Further license managers to look at, by their ids and names: they share a technology or a word
    /// of their names with what was asked about.
    pub others: Vec<(String, String)>,
    /// Programs that stand in for a license server.
    pub emulators: Vec<EmulatorFacts>,
}

/// A service of the registry, its protocols together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisteredService {
    /// Its ports.
    pub ports: PortRange,
    /// Its protocols in lower case; empty where the registry names none, so that it is for all.
    pub protocols: Vec<String>,
    /// Its name.
    pub name: String,
    /// The registry's words for it; may be empty.
    pub description: String,
    /// Whether it is a historic spelling of another name.
    pub alias: bool,
    /// Whether the registry notes that others use the number too.
    pub unauthorized_use: bool,
    /// Whether it is a license manager's.
    pub license: bool,
}

/// Something that is often said and is not so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    /// The port it is about.
    pub port: PortRange,
    /// What is said, as a phrase behind "It is often said that".
    pub claim: String,
    /// What is so.
    pub fact: String,
    /// Where that is known from.
    pub sources: Vec<String>,
}

/// How sure a fact is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// The registry's name, or hearsay: no process can be called wrong by it.
    RegistryOnly,
    /// Named second-hand sources, or inference from the vendor's documents.
    Medium,
    /// The vendor's own document, or a named file seen.
    High,
}

impl Confidence {
    /// The word for it, in the data and in the JSON.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Confidence::RegistryOnly => "registry-only",
            Confidence::Medium => "medium",
            Confidence::High => "high",
        }
    }
}

/// What listens on a port of a license manager.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PortRole {
    /// The license server itself.
    Server,
    /// A vendor's daemon, started by the license server.
    VendorDaemon,
    /// A web page for administrators.
    Web,
    /// Administration that is no web page.
    Admin,
    /// What clients look a server up by.
    Discovery,
    /// A helper of the programs that use licenses; no server.
    Helper,
}

impl PortRole {
    /// The word for it, in the data and in the JSON.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            PortRole::Server => "server",
            PortRole::VendorDaemon => "vendor-daemon",
            PortRole::Web => "web",
            PortRole::Admin => "admin",
            PortRole::Discovery => "discovery",
            PortRole::Helper => "helper",
        }
    }
}

/// A license manager, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManagerFacts {
    /// Its permanent id.
    pub id: String,
    /// Who makes the licensed software, where that is known.
    pub vendor: Option<String>,
    /// What it is called.
    pub product: String,
    /// The licensing system it is built on, where there is one.
    pub technology: Option<String>,
    /// How sure the facts are.
    pub confidence: Confidence,
    /// Its ports.
    pub ports: Vec<ManagerPort>,
    /// Its processes, for each system on which one is known.
    pub processes: Vec<ManagerProcesses>,
    /// The names of its services on Windows.
    pub windows_services: Vec<String>,
    /// Who made its files, as their version resources say on Windows.
    pub windows_companies: Vec<String>,
    /// Whether it also runs on machines that only use licenses.
    pub clients: bool,
    /// What a helpdesk engineer should know.
    pub note: String,
    /// What a healthy machine shows.
    pub healthy: String,
    /// How to keep it safe.
    pub safety: String,
    /// What is unsure.
    pub unsure: String,
    /// Where the facts are from.
    pub sources: Vec<String>,
}

/// A port of a license manager.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManagerPort {
    /// The number or range; `None` where the system or a file of the license manager chooses it.
    pub range: Option<PortRange>,
    /// Its protocols.
    pub protocols: Vec<Protocol>,
    /// What listens there.
    pub role: PortRole,
}

/// The processes of a license manager on one system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManagerProcesses {
    /// The system.
    pub os: Os,
    /// The license server.
    pub servers: Vec<String>,
    /// The vendor's daemons, which the server starts.
    pub daemons: Vec<String>,
}

/// A program that answers as if it were a license server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmulatorFacts {
    /// Its permanent id.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// Whose server it stands in for.
    pub emulates: String,
    /// Its executables and scripts, on any system.
    pub files: Vec<String>,
    /// What a helpdesk engineer should know.
    pub note: String,
    /// Where the facts are from.
    pub sources: Vec<String>,
}

impl Explanation {
    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ports.is_empty()
            && self.managers.is_empty()
            && self.emulators.is_empty()
            && self.others.is_empty()
    }
}

impl ManagerFacts {
    /// Vendor and product in one phrase.
    #[must_use]
    pub fn called(&self) -> String {
        super::vendor_and_product(self.vendor.as_deref(), &self.product)
    }
}
