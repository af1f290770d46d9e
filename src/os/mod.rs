//! The only folder that knows the operating system.
//!
//! Here, calling is kept apart from understanding: what calls the system copies text and fields
//! out; what decodes them ([`decode`]) is compiled and tested everywhere.

mod connection_count;
pub mod decode;
mod inspect_files;
pub mod port_set;
mod program_name;
mod socket_filter;
pub mod socket_record;

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "macos")]
mod macos;
#[cfg(any(windows, target_os = "macos"))]
mod sysinfo_processes;
#[cfg(unix)]
mod unix;
mod users;
#[cfg(windows)]
mod windows;

#[cfg(target_os = "linux")]
use linux as platform;
#[cfg(target_os = "macos")]
use macos as platform;
#[cfg(windows)]
use windows as platform;

use std::fmt;
use std::net::SocketAddr;

use jiff::Timestamp;

use crate::model::{Observation, Os, PortRange, Process, Protocol};

#[cfg(target_os = "linux")]
const THIS_OS: Os = Os::Linux;
#[cfg(target_os = "macos")]
const THIS_OS: Os = Os::Macos;
#[cfg(windows)]
const THIS_OS: Os = Os::Windows;

/// What to look at. Looking at less is faster; what was not looked at is not said to be free.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScanScope {
    /// Only this protocol.
    pub protocol: Option<Protocol>,
    /// IPv4 sockets.
    pub ipv4: bool,
    /// IPv6 sockets.
    pub ipv6: bool,
    /// Command lines of the processes; they carry secrets.
    pub args: bool,
    /// The listeners of every network namespace, not of the caller's alone.
    pub all_namespaces: bool,
    /// How many connections each listener has, not only those on license ports.
    pub connections: bool,
    /// Whether the kernel is given a program that finds the holders.
    pub bpf: Bpf,
    /// Only the sockets on these ports; on all where there are none.
    pub ports: Vec<PortRange>,
    /// The ports of which everything is to be known, even where nothing listens.
    pub detail_ports: Vec<PortRange>,
}

impl ScanScope {
    /// Whether the sockets on a port are wished for.
    #[must_use]
    pub fn includes(&self, port: u16) -> bool {
        self.ports.is_empty() || self.ports.iter().any(|range| range.contains(port))
    }

    /// Whether sockets of the family of this address are wished for: an IPv6 socket may be bound to an IPv4 one.
    #[must_use]
    pub fn includes_family_of(&self, local: SocketAddr) -> bool {
        if local.is_ipv4() { self.ipv4 } else { self.ipv6 }
    }

    /// Whether the system's rules for ports are wished for.
    #[must_use]
    pub fn needs_port_rules(&self) -> bool {
        !self.detail_ports.is_empty()
    }
}

impl Default for ScanScope {
    /// Every listener of the caller's own network namespace.
    fn default() -> ScanScope {
        ScanScope {
            protocol: None,
            ipv4: true,
            ipv6: true,
            args: false,
            all_namespaces: false,
            connections: false,
            bpf: Bpf::WhereQuicker,
            ports: Vec::new(),
            detail_ports: Vec::new(),
        }
    }
}

/// When the kernel is given a program that goes through the open files of all processes: on Linux, for
/// root.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Bpf {
    /// With so many processes that it is quicker.
    #[default]
    WhereQuicker,
    /// However few there are.
    Always,
    /// Not at all.
    Never,
}

/// What is to be found out of some processes beyond what is shown of them: reading every file and
/// every command line would take long, and the latter hold secrets.
pub trait Inspect: Sync {
    /// What to find out of the file that a process runs. `ports` are those it holds.
    fn interest(
        &self,
        process: &Process,
        parent: Option<&Process>,
        ports: &[(Protocol, u16)],
        os: Os,
    ) -> FileChecks;

    /// The texts to look for in such a file, besides those that tell an interpreter.
    fn texts(&self) -> Vec<&str>;

    /// Whether the command line of an executable of this file name tells what it runs.
    fn reads_command_line_of(&self, exe: &str) -> bool;

    /// What an executable of this name runs, by its command line. Nothing else of that is kept.
    fn program(&self, exe: &str, args: &[String]) -> Option<String>;

    /// The TCP ports of license servers: connections to and from them are looked at.
    fn license_ports(&self) -> Vec<PortRange>;
}

/// What is to be found out of the file that a process runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FileChecks {
    /// Whether anybody could have put another file in its place.
    pub place: bool,
    /// What is in it.
    pub content: bool,
}

/// The machine, or what was asked of it, could not be observed at all.
#[derive(Debug)]
pub enum Unobservable {
    Sockets { why: String },
    PortRules { why: String },
}

impl fmt::Display for Unobservable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unobservable::Sockets { why } => write!(f, "this machine's sockets could not be read: {why}"),
            Unobservable::PortRules { why } => {
                write!(f, "the ports that the system excludes could not be read: {why}")
            }
        }
    }
}

impl std::error::Error for Unobservable {}

/// Looks at the machine once. `now` becomes [`Observation::taken_at`].
///
/// # Errors
///
/// Where no socket table could be read at all. Whatever else could not be read is a gap.
pub fn observe(
    scope: &ScanScope,
    inspect: &dyn Inspect,
    now: Timestamp,
) -> Result<Observation, Unobservable> {
    #[cfg(target_os = "linux")]
    return linux::observe(scope, inspect, now);
    #[cfg(target_os = "macos")]
    return macos::observe(scope, inspect, now);
    #[cfg(windows)]
    return windows::observe(scope, inspect, now);
}

/// Reads the system's rules for ports, and nothing else. `now` becomes [`Observation::taken_at`].
///
/// # Errors
///
/// Where they could not be read at all.
pub fn observe_port_rules(now: Timestamp) -> Result<Observation, Unobservable> {
    platform::observe_port_rules(now)
}

/// The system's words for an error, without the number behind them.
fn in_words(error: &dyn std::error::Error) -> String {
    let words = error.to_string();
    words.split(" (os error").next().unwrap_or(&words).to_owned()
}

/// What to do, on the observed system, to see more owners than were seen. `command` is the whole
/// command line to run again, quoted for a shell. `None` where nothing would help.
#[must_use]
pub fn remedy(os: Os, privileged: bool, command: &str) -> Option<String> {
    match (os, privileged) {
        (Os::Linux | Os::Macos, false) => Some(format!("sudo {command}")),
        (Os::Windows, false) => {
            Some(format!("{command} (in a terminal opened with \"Run as administrator\")"))
        }
        // Root's rights end at capabilities it was not given, and at security modules.
        (Os::Linux, true) => Some(
            "run it on the host, outside any container, or with CAP_SYS_PTRACE and no security policy in the way"
                .to_owned(),
        ),
        (Os::Windows | Os::Macos, true) => None,
    }
}
