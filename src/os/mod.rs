//! The only folder that knows the operating system.
//!
//! Here, calling is kept apart from understanding: what calls the system copies text and fields
//! out; what decodes them ([`proc_net`], [`proc_stat`], [`interpreter`]) is compiled and tested everywhere.

pub mod interpreter;
mod portable;
pub mod proc_net;
pub mod proc_stat;

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "macos")]
mod macos;
#[cfg(not(target_os = "linux"))]
mod not_linux;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(target_os = "linux")]
use linux as platform;
#[cfg(target_os = "macos")]
use macos as platform;
#[cfg(windows)]
use windows as platform;

use std::fmt;

use jiff::Timestamp;

use crate::model::{Observation, Os, Protocol};

/// What to look at. Looking at less is faster; what was not looked at is not said to be free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    /// Only this protocol.
    pub protocol: Option<Protocol>,
    /// IPv4 sockets.
    pub ipv4: bool,
    /// IPv6 sockets.
    pub ipv6: bool,
    /// Command lines of the processes; they carry secrets.
    pub args: bool,
}

/// The machine could not be observed at all.
#[derive(Debug)]
pub struct Unobservable {
    reason: String,
}

impl fmt::Display for Unobservable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "this machine's sockets could not be read: {}", self.reason)
    }
}

impl std::error::Error for Unobservable {}

/// Looks at the machine once. `now` becomes [`Observation::taken_at`]. An executable whose file name
/// is `known` is looked into, for it may be something else under that name; to read them all would
/// take long.
///
/// # Errors
///
/// Where no socket table could be read at all. Whatever else could not be read is a gap.
pub fn observe(
    wish: Wish,
    known: impl Fn(&str, Os) -> bool,
    now: Timestamp,
) -> Result<Observation, Unobservable> {
    portable::observe(wish, &known, now)
}

/// What to do, on the observed system, to see more owners than were seen. `command` is the whole
/// command line to run again, quoted for a shell. `None` where nothing would help.
#[must_use]
pub fn how_to_see_more(os: Os, privileged: bool, command: &str) -> Option<String> {
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
