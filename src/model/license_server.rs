//! License servers as wholes: the server, its daemons, its license files, and what is wrong with them.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Exposure, Gap, Host, OtherNamespace, Process, Protocol, Severity};

/// One license server of one vendor. A process that serves several vendors' daemons is in several of these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LicenseServer {
    /// The id of the license manager. Where a daemon belongs to several, all of them, with a plus between.
    pub id: String,
    /// `None` where it is not known, or where there are several.
    pub vendor: Option<String>,
    pub product: String,
    /// The licensing system that it is built on.
    pub technology: Option<LicenseTechnology>,
    pub state: ServerState,
    pub server: Option<ServerProcess>,
    pub daemons: Vec<ServerProcess>,
    pub license_files: Vec<ServerLicenseFile>,
    /// Connections to its daemons, or to the server where there are none; `None` where they were not counted.
    pub clients: Option<usize>,
    /// The most severe first.
    pub problems: Vec<Problem>,
    /// What is worth knowing, in whole sentences.
    pub notes: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LicenseTechnology {
    pub id: String,
    pub name: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ServerState {
    Up,
    /// It listens, and no vendor's daemon does: no license can be checked out.
    NoDaemon,
    /// A daemon is left over from a server that has ended.
    OrphanedDaemon,
    /// It runs, and listens nowhere.
    NotListening,
    /// It is installed and does not run.
    Stopped,
    CannotTell,
}

impl ServerState {
    /// The word in the JSON.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            ServerState::Up => "up",
            ServerState::NoDaemon => "no-daemon",
            ServerState::OrphanedDaemon => "orphaned-daemon",
            ServerState::NotListening => "not-listening",
            ServerState::Stopped => "stopped",
            ServerState::CannotTell => "cannot-tell",
        }
    }

    /// The words on the screen.
    #[must_use]
    pub fn in_words(self) -> &'static str {
        match self {
            ServerState::Up => "up",
            ServerState::NoDaemon => "no vendor daemon",
            ServerState::OrphanedDaemon => "orphaned daemon",
            ServerState::NotListening => "not listening",
            ServerState::Stopped => "stopped",
            ServerState::CannotTell => "cannot tell",
        }
    }
}

/// A process of a license server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerProcess {
    pub process: Arc<Process>,
    /// The version of FlexNet in its file: `v11.19.5.0`.
    pub version: Option<String>,
    /// Where it listens, by port, each port once.
    pub ports: Vec<ServerPort>,
    /// Whether its port is the same after the next start: by its license file, or else because it lies outside the
    /// ephemeral range. `None` where that is not known, and of a server.
    pub port_is_fixed: Option<bool>,
}

impl ServerProcess {
    /// The connections to its ports; `None` where they were not counted.
    #[must_use]
    pub fn clients(&self) -> Option<usize> {
        self.ports.iter().filter_map(|port| port.clients).reduce(usize::saturating_add)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerPort {
    pub port: u16,
    pub protocol: Protocol,
    /// From where its most reachable address can be reached.
    pub exposure: Exposure,
    pub clients: Option<usize>,
    pub is_backlog_full: bool,
}

/// A license file of a server, line by line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerLicenseFile {
    pub path: String,
    /// Who says that the server reads it: `lmgrd's command line`.
    pub named_by: String,
    /// `None` where it could not be read.
    pub lines: Option<Vec<JudgedLine>>,
}

/// What there is to say about a line, beside what listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JudgedLine {
    pub line: usize,
    /// The line without paths and keys: `VENDOR adskflex port=2080`.
    pub text: String,
    /// A sentence without its full stop; `None` where all is as it should be.
    pub remark: Option<String>,
}

/// Something that keeps clients from licenses, or may do so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub code: ProblemCode,
    /// Whole sentences.
    pub text: String,
    /// What to do, in whole sentences; `None` where that is not known.
    pub next: Option<String>,
}

impl Problem {
    /// What is wrong, and what to do.
    #[must_use]
    pub fn in_full(&self) -> String {
        let next = self.next.as_ref().map_or(String::new(), |next| format!(" {next}"));
        format!("{}{next}", self.text)
    }
}

/// In the order in which they are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProblemCode {
    OrphanedDaemon,
    PortTaken,
    PortReserved,
    NotListening,
    NoVendorDaemon,
    ServiceStopped,
    BacklogFull,
    LicenseExpired,
    LicenseExpires,
    PortMismatch,
    LoopbackOnly,
    PortNotFixed,
    TwoServers,
    OlderThanDaemon,
    FileReplaced,
    WeakFile,
    HostMismatch,
    LicenseFileUnreadable,
    UnknownDaemon,
}

impl ProblemCode {
    pub const ALL: [ProblemCode; 19] = [
        ProblemCode::OrphanedDaemon,
        ProblemCode::PortTaken,
        ProblemCode::PortReserved,
        ProblemCode::NotListening,
        ProblemCode::NoVendorDaemon,
        ProblemCode::ServiceStopped,
        ProblemCode::BacklogFull,
        ProblemCode::LicenseExpired,
        ProblemCode::LicenseExpires,
        ProblemCode::PortMismatch,
        ProblemCode::LoopbackOnly,
        ProblemCode::PortNotFixed,
        ProblemCode::TwoServers,
        ProblemCode::OlderThanDaemon,
        ProblemCode::FileReplaced,
        ProblemCode::WeakFile,
        ProblemCode::HostMismatch,
        ProblemCode::LicenseFileUnreadable,
        ProblemCode::UnknownDaemon,
    ];

    /// The word in the JSON.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            ProblemCode::OrphanedDaemon => "orphaned-daemon",
            ProblemCode::NotListening => "not-listening",
            ProblemCode::NoVendorDaemon => "no-vendor-daemon",
            ProblemCode::ServiceStopped => "service-stopped",
            ProblemCode::PortTaken => "port-taken",
            ProblemCode::PortReserved => "port-reserved",
            ProblemCode::BacklogFull => "backlog-full",
            ProblemCode::LicenseExpired => "license-expired",
            ProblemCode::LicenseExpires => "license-expires",
            ProblemCode::PortMismatch => "port-mismatch",
            ProblemCode::LoopbackOnly => "loopback-only",
            ProblemCode::PortNotFixed => "port-not-fixed",
            ProblemCode::TwoServers => "two-servers",
            ProblemCode::OlderThanDaemon => "older-than-daemon",
            ProblemCode::FileReplaced => "file-replaced",
            ProblemCode::WeakFile => "weak-file",
            ProblemCode::HostMismatch => "host-mismatch",
            ProblemCode::LicenseFileUnreadable => "license-file-unreadable",
            ProblemCode::UnknownDaemon => "unknown-daemon",
        }
    }

    #[must_use]
    pub fn severity(self) -> Severity {
        match self {
            ProblemCode::OrphanedDaemon
            | ProblemCode::NotListening
            | ProblemCode::NoVendorDaemon
            | ProblemCode::ServiceStopped
            | ProblemCode::PortTaken
            | ProblemCode::PortReserved
            | ProblemCode::BacklogFull
            | ProblemCode::LicenseExpired => Severity::Critical,
            ProblemCode::LicenseExpires
            | ProblemCode::PortMismatch
            | ProblemCode::LoopbackOnly
            | ProblemCode::PortNotFixed
            | ProblemCode::TwoServers
            | ProblemCode::OlderThanDaemon
            | ProblemCode::FileReplaced
            | ProblemCode::WeakFile
            | ProblemCode::HostMismatch
            | ProblemCode::LicenseFileUnreadable => Severity::Warning,
            ProblemCode::UnknownDaemon => Severity::Info,
        }
    }
}

impl LicenseServer {
    /// Vendor and product, as a phrase.
    #[must_use]
    pub fn called(&self) -> String {
        super::vendor_and_product(self.vendor.as_deref(), &self.product)
    }

    /// Whether it is that of a license manager, or may be.
    #[must_use]
    pub fn has_manager(&self, id: &str) -> bool {
        self.id.split('+').any(|own| own == id)
    }

    /// Its processes, the server first.
    pub fn processes(&self) -> impl Iterator<Item = &ServerProcess> {
        self.server.iter().chain(&self.daemons)
    }

    #[must_use]
    pub fn severity(&self) -> Option<Severity> {
        self.problems.iter().map(|problem| problem.code.severity()).max()
    }
}

/// The answer to the question which license servers a machine has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServersReport {
    pub host: Host,
    pub taken_at: Timestamp,
    /// Whether the scan had administrator's rights.
    pub privileged: bool,
    /// Those that were asked for, or all.
    pub servers: Vec<LicenseServer>,
    /// What was asked for, as it was typed; empty where that is everything.
    pub products: Vec<String>,
    /// Of these, those of which nothing was found that is up or should be.
    pub missing: Vec<String>,
    pub gaps: Vec<Gap>,
    /// Other network namespaces, with the license ports on which something listens there.
    pub other_namespaces: Vec<OtherNamespace>,
    /// How the data was collected, as sentences without the full stop.
    pub method_notes: Vec<String>,
}

/// What a monitoring system is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckResult {
    pub status: CheckStatus,
    /// One line without its end.
    pub text: String,
}

/// The states of monitoring plugins, with their exit statuses (Monitoring Plugins Development Guidelines).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CheckStatus {
    Ok = 0,
    Warning = 1,
    Critical = 2,
    Unknown = 3,
}

impl CheckStatus {
    /// The word in the line.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            CheckStatus::Ok => "OK",
            CheckStatus::Warning => "WARNING",
            CheckStatus::Critical => "CRITICAL",
            CheckStatus::Unknown => "UNKNOWN",
        }
    }
}
