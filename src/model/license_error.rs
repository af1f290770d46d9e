//! What a program says that gets no license: the meaning of its code, and what on the server's machine can
//! cause it.

use serde::Deserialize;

use super::Os;
use super::word::{read_as_word, words};

/// What is known about a code in one licensing system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LicenseError {
    /// The system's id. Permanent: scripts may rely on it.
    pub system: String,
    pub system_name: String,
    /// As the system writes it: `-15`, `H0007`.
    pub code: String,
    pub symbol: String,
    pub meaning: String,
    /// In order of frequency.
    pub causes: Vec<Cause>,
    /// That none of the causes was found on this machine, in whole sentences; `None` where one was, or that was not looked
    /// for.
    pub here: Option<String>,
    /// The number behind the comma, if one was typed.
    pub minor: Option<Minor>,
    /// The number behind the colon, if one was typed.
    pub system_error: Option<SystemError>,
    pub sources: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    pub text: String,
    /// What this program can look at on the server's machine to confirm the cause; `None` where nothing can.
    pub check: Option<Check>,
    /// The command that does it.
    pub command: Option<String>,
    /// What was found on this machine that makes it the cause, in whole sentences; `None` where that was not looked for,
    /// or nothing was found.
    pub here: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Minor {
    pub number: u32,
    pub meaning: String,
}

/// An error of the system that the client runs on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SystemError {
    pub number: u32,
    /// `None` where the number is not known.
    pub known: Option<KnownSystemError>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownSystemError {
    pub number: u32,
    /// The systems on which the number has this meaning.
    pub os: Vec<Os>,
    pub name: String,
    pub meaning: String,
}

words! {
    /// What this program can find out on the server's machine. Where `servers` reports a problem of the same code, that
    /// problem confirms the cause.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum Check {
        /// nothing listens on the server's port
        PortFree = "port-free",
        /// another program holds it
        PortTaken = "port-taken",
        /// the system refuses it
        PortReserved = "port-reserved",
        /// what listens cannot be reached from other machines
        LoopbackOnly = "loopback-only",
        /// new connections get no answer
        BacklogFull = "backlog-full",
        /// the connections show which machines use licenses
        Clients = "clients",
        /// the service that starts the server does not run
        ServiceStopped = "service-stopped",
        /// the server runs without its daemon
        NoVendorDaemon = "no-vendor-daemon",
        /// a daemon runs without its server
        OrphanedDaemon = "orphaned-daemon",
        /// the server or daemon runs and listens nowhere
        NotListening = "not-listening",
        /// two servers of one vendor run
        TwoServers = "two-servers",
        /// the daemon's port changes with every start
        PortNotFixed = "port-not-fixed",
        /// the server is older than its daemon
        OlderThanDaemon = "older-than-daemon",
        /// the file of a running program was replaced
        FileReplaced = "file-replaced",
        /// the license is for another host name or host ID
        HostMismatch = "host-mismatch",
        /// the license has expired
        LicenseExpired = "license-expired",
        /// the license file cannot be read or understood
        LicenseFileUnreadable = "license-file-unreadable",
        /// the server reads another license file than you think, or its lines say something else
        LicenseFile = "license-file",
    }
}

read_as_word!(Check);

impl Check {
    /// The command that makes the check, for a license server that uses `ports` unless it is configured
    /// otherwise.
    #[must_use]
    pub fn command(self, ports: &str) -> String {
        match self {
            // These three also answer where no license server is found.
            Check::PortFree | Check::PortTaken => format!("whatlistens {ports}"),
            Check::PortReserved => format!("whatlistens excluded {ports}"),
            // Most clients are connected to a vendor's daemon, whose port is not known beforehand.
            Check::Clients => "whatlistens --licenses --connections".to_owned(),
            Check::LoopbackOnly
            | Check::BacklogFull
            | Check::ServiceStopped
            | Check::NoVendorDaemon
            | Check::OrphanedDaemon
            | Check::NotListening
            | Check::TwoServers
            | Check::PortNotFixed
            | Check::OlderThanDaemon
            | Check::FileReplaced
            | Check::HostMismatch
            | Check::LicenseExpired
            | Check::LicenseFileUnreadable
            | Check::LicenseFile => "whatlistens servers".to_owned(),
        }
    }
}
