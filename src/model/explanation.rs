//! What is known about a port, a service or a license manager, whatever runs on this machine.

use super::word::{read_as_word, words};
use super::{KnownSystemError, LicenseError, Os, PortRange, Protocol};

/// The answer to one word of `explain`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Explanation {
    /// The word as it was typed.
    pub asked: String,
    /// The ports it stands for; none where it names a process or a license manager.
    pub ports: Vec<PortRange>,
    pub services: Vec<RegisteredService>,
    /// Common mistakes about the ports.
    pub beliefs: Vec<Correction>,
    pub managers: Vec<ManagerFacts>,
    /// Related license managers, by id and name: they share a technology or a word of their names with
    /// the question.
    pub others: Vec<(String, String)>,
    pub emulators: Vec<EmulatorFacts>,
    /// What the word means as a license error, in each licensing system that has it.
    pub license_errors: Vec<LicenseError>,
    /// What it means in this program's own answers.
    pub terms: Vec<ExplainedTerm>,
    /// The errors of operating systems with this number or name.
    pub system_errors: Vec<KnownSystemError>,
    /// The license managers that license the program of this name, as one phrase; `None` where it names none.
    pub licensed_by: Option<String>,
    /// What to type where something else is meant, as a sentence that ends in a command.
    pub hint: Option<String>,
}

/// A word of this program's answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainedTerm {
    /// As the JSON has it.
    pub word: String,
    pub kind: TermKind,
    /// In whole sentences.
    pub meaning: String,
}

words! {
    /// What a word of the answers is about.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum TermKind {
        /// whether the process on a license port is the right one
        Verdict = "verdict",
        /// how grave something is
        Severity = "severity",
        /// the state of a license server
        ServerState = "server-state",
        /// what is wrong with a license server
        Problem = "problem",
        /// from where a listener can be reached
        Exposure = "exposure",
        /// whether a port can be used
        PortStatus = "port-status",
        /// the state of a listener
        SocketState = "socket-state",
        /// the state of a connection
        ConnectionState = "connection-state",
        /// whether a process can do anything
        ProcessState = "process-state",
        /// who could have replaced a file
        FileTrust = "file-trust",
        /// whether it is known who holds a socket
        Owner = "owner-status",
        /// how well a fact is documented
        Confidence = "confidence",
        /// what could not be seen
        Gap = "gap",
        /// any other word
        Notion = "notion",
    }
}

/// A service of IANA's registry, with all its protocols.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisteredService {
    pub ports: PortRange,
    /// In lower case. Empty where the registry names none: then the service is for all.
    pub protocols: Vec<String>,
    pub name: String,
    /// The registry's own text; may be empty.
    pub description: String,
    /// Whether the name is a historic spelling of another name.
    pub alias: bool,
    /// Whether the registry notes that others use the number too.
    pub unauthorized_use: bool,
    /// Whether it belongs to a license manager.
    pub license: bool,
}

/// A common mistake about a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    pub port: PortRange,
    /// The mistake, to follow "It is often said that".
    pub claim: String,
    pub fact: String,
    pub sources: Vec<String>,
}

words! {
    /// How well a fact is documented.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum Confidence {
        /// the registry's name, or hearsay: no process is flagged on this basis
        RegistryOnly = "registry-only",
        /// second-hand sources that are named, or a conclusion from the vendor's documents
        Medium = "medium",
        /// the vendor's own document, or a named file that was inspected
        High = "high",
    }
}

read_as_word!(Confidence);

words! {
    /// What listens on a port of a license manager.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum PortRole {
        Server = "server",
        /// which the license server starts
        VendorDaemon = "vendor-daemon",
        /// a web page for administrators
        Web = "web",
        /// administration by other means than a web page
        Admin = "admin",
        /// how clients find a server
        Discovery = "discovery",
        /// a helper of the programs that use licenses, not a server
        Helper = "helper",
    }
}

read_as_word!(PortRole);

/// What is known about a license manager.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManagerFacts {
    /// Permanent: scripts may rely on it.
    pub id: String,
    /// Who makes the licensed software; `None` where that is not known.
    pub vendor: Option<String>,
    pub product: String,
    /// The licensing system it is built on, such as FlexNet; `None` where it stands alone.
    pub technology: Option<String>,
    pub confidence: Confidence,
    pub ports: Vec<ManagerPort>,
    /// One entry for each system on which a process is known.
    pub processes: Vec<ManagerProcesses>,
    pub windows_services: Vec<String>,
    /// The company names in the version resources of its Windows files.
    pub windows_companies: Vec<String>,
    /// Whether it also runs on machines that only use licenses.
    pub clients: bool,
    /// What a helpdesk engineer should know.
    pub note: String,
    /// What a healthy machine shows.
    pub healthy: String,
    /// How to keep it safe.
    pub safety: String,
    /// Which of the facts are uncertain.
    pub unsure: String,
    pub sources: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManagerPort {
    /// `None` where the system or a file of the license manager chooses the port.
    pub range: Option<PortRange>,
    pub protocols: Vec<Protocol>,
    pub role: PortRole,
}

/// The processes of a license manager on one system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManagerProcesses {
    pub os: Os,
    pub servers: Vec<String>,
    /// The vendor daemons, which the server starts.
    pub daemons: Vec<String>,
}

/// A program that pretends to be a license server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmulatorFacts {
    /// Permanent: scripts may rely on it.
    pub id: String,
    pub name: String,
    /// The vendor and product whose license server it pretends to be.
    pub emulates: String,
    /// Executables, scripts, and folders that end in a slash, on any system.
    pub files: Vec<String>,
    /// What a helpdesk engineer should know.
    pub note: String,
    pub sources: Vec<String>,
}

impl Explanation {
    /// Whether nothing is known about the word.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ports.is_empty()
            && self.managers.is_empty()
            && self.emulators.is_empty()
            && self.others.is_empty()
            && self.license_errors.is_empty()
            && self.terms.is_empty()
            && self.system_errors.is_empty()
    }
}

impl ManagerFacts {
    /// Vendor and product in one phrase.
    #[must_use]
    pub fn called(&self) -> String {
        super::vendor_and_product(self.vendor.as_deref(), &self.product)
    }
}
