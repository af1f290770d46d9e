//! License servers as wholes: the server, its daemons, its license files, and what is wrong with them.

use std::sync::Arc;

use jiff::Timestamp;

use super::word::words;
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

words! {
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    pub enum ServerState {
        /// server and daemon listen
        Up = "up",
        /// the server listens, and no vendor daemon that it started does
        NoDaemon = "no-daemon",
        /// a daemon is left over from a server that ended
        OrphanedDaemon = "orphaned-daemon",
        /// the server runs and listens nowhere, or is stopped by a signal
        NotListening = "not-listening",
        /// it is installed, or you named its license file, and it does not run
        Stopped = "stopped",
        /// what runs is hidden, or somebody else could have replaced it
        CannotTell = "cannot-tell",
    }
}

impl ServerState {
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
    /// The connections to its ports; `None` where they were not counted, even of one of them. UDP has none.
    #[must_use]
    pub fn clients(&self) -> Option<usize> {
        let mut counts =
            self.ports.iter().filter(|port| port.protocol == Protocol::Tcp).map(|port| port.clients);
        counts.next()?.and_then(|first| counts.try_fold(first, |sum, count| Some(sum.saturating_add(count?))))
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

words! {
    /// In the order in which they are shown.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    pub enum ProblemCode {
        /// critical: a daemon is left over from a server that ended, and keeps a new one from starting
        OrphanedDaemon = "orphaned-daemon",
        /// critical: another program has a port of its license file
        PortTaken = "port-taken",
        /// critical: Windows has reserved a port of its license file
        PortReserved = "port-reserved",
        /// critical: the server runs and listens nowhere, or a signal has stopped it
        NotListening = "not-listening",
        /// critical: no vendor daemon listens
        NoVendorDaemon = "no-vendor-daemon",
        /// critical: it is installed and does not run
        ServiceStopped = "service-stopped",
        /// critical: new connections get no answer
        BacklogFull = "backlog-full",
        /// critical: licenses have expired
        LicenseExpired = "license-expired",
        /// warning: licenses expire within 30 days, or those of `--expiry-days`
        LicenseExpires = "license-expires",
        /// warning: it listens on another port than its license file says
        PortMismatch = "port-mismatch",
        /// warning: clients on other machines cannot reach it
        LoopbackOnly = "loopback-only",
        /// warning: the daemon's port changes with every start
        PortNotFixed = "port-not-fixed",
        /// warning: two servers of one vendor run
        TwoServers = "two-servers",
        /// warning: the server is older than its daemon
        OlderThanDaemon = "older-than-daemon",
        /// warning: its file was replaced or deleted while it runs
        FileReplaced = "file-replaced",
        /// warning: somebody else could have replaced its file
        WeakFile = "weak-file",
        /// warning: its license file is for another host name or host ID
        HostMismatch = "host-mismatch",
        /// warning: a license file, or a line of it, could not be read
        LicenseFileUnreadable = "license-file-unreadable",
        /// info: the server has started a daemon of an unknown vendor
        UnknownDaemon = "unknown-daemon",
    }
}

impl ProblemCode {
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
    /// The command line, quoted for a shell.
    pub command: String,
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
