//! How license servers are set up on a machine: their license files, logs and services, and what of the machine these
//! refer to.

use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

use super::{LicenseFile, Pid};

/// What was found out about license servers besides their sockets and processes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LicenseSetup {
    pub files: Vec<LicenseFile>,
    pub logs: Vec<DebugLog>,
    pub installed: Vec<InstalledServer>,
    pub lock_files: Vec<LockFile>,
    /// Whether FlexNet can keep its lock files where its older versions do, in `/usr/tmp`; `None` where that does not
    /// matter or is not known.
    pub has_usr_tmp: Option<bool>,
    pub identity: MachineIdentity,
    /// The other ends of the connections between this machine and the other servers of a license file with three
    /// `SERVER` lines; `None` where they were not looked for.
    pub peers: Option<Vec<SocketAddr>>,
}

/// What a license file may know a machine by.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MachineIdentity {
    /// Its own names, of which the first is the host name.
    pub names: Vec<String>,
    /// The names in its hosts file, with their addresses.
    pub hosts: Vec<(String, IpAddr)>,
    /// The addresses of its interfaces; empty where they are not known.
    pub addresses: Vec<IpAddr>,
    /// The hardware addresses of its interfaces: twelve hexadecimal digits in small letters.
    pub hardware_addresses: Vec<String>,
}

/// The end of the log that a license server writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DebugLog {
    pub pid: Pid,
    pub path: String,
    /// The lines that say why something failed or ended, the newest last.
    pub trouble: Vec<String>,
}

/// A license server that something would start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstalledServer {
    /// The name of the service, unit or job; the path of a script or table.
    pub name: String,
    pub starter: Starter,
    /// The program, and its arguments.
    pub command: Vec<String>,
    pub state: InstalledState,
}

/// The options of license servers that name a file: license file, log, options file.
const OF_FILES: [&str; 4] = ["-c", "-l", "-dlog", "-o"];
/// Options without a value, as `-z` and `-local`, are no longer.
const LONGEST_OPTION: usize = 8;

impl InstalledServer {
    /// The program, its files and its plain options. Whatever else stands there may be a secret.
    #[must_use]
    pub fn plain_command(&self) -> Vec<String> {
        let is_plain_option = |word: &str| {
            let name = word.strip_prefix('-').filter(|_| word.len() <= LONGEST_OPTION);
            name.is_some_and(|name| name.bytes().all(|b| b.is_ascii_alphanumeric()))
        };
        let words = self
            .command
            .windows(2)
            .filter(|pair| OF_FILES.contains(&pair[0].as_str()) || is_plain_option(&pair[1]));
        self.command.first().into_iter().chain(words.map(|pair| &pair[1])).cloned().collect()
    }
}

/// What would start it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Starter {
    Systemd,
    /// A script of System V init (`/etc/init.d`, `/etc/rc.local`).
    InitScript,
    Cron,
    Windows,
    Launchd,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InstalledState {
    Running,
    Stopped,
    /// It does not run, and nothing starts it with the system.
    Disabled,
    Unknown,
}

/// The file by which a FlexNet daemon keeps a second one of its kind from starting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LockFile {
    pub path: String,
    /// The name of the daemon.
    pub daemon: String,
    /// The user whom it belongs to.
    pub uid: Option<u32>,
    /// The process that holds its lock (`/proc/locks`).
    pub held_by: Option<Pid>,
}
