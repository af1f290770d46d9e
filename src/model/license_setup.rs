//! How license servers are set up on a machine: their license files, logs and services, and what of the machine these
//! refer to.

use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

use super::word::{read_as_word, words};
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
    /// The process that writes it; `None` where only its service is known.
    pub pid: Option<Pid>,
    /// The service that writes it, where its configuration names the log.
    pub service: Option<String>,
    pub path: String,
    /// The lines that say why something failed or ended, the newest last.
    pub trouble: Vec<String>,
}

impl DebugLog {
    #[must_use]
    pub fn of_process(pid: Pid, path: String, trouble: Vec<String>) -> DebugLog {
        DebugLog { pid: Some(pid), service: None, path, trouble }
    }

    #[must_use]
    pub fn of_service(service: &str, path: String, trouble: Vec<String>) -> DebugLog {
        DebugLog { pid: None, service: Some(service.to_owned()), path, trouble }
    }
}

/// A license server that something would start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstalledServer {
    /// The name of the service, unit or job; the path of a script or table.
    pub name: String,
    pub starter: Starter,
    /// The name that people know, where it differs, as on Windows.
    pub display_name: Option<String>,
    /// The program, and its arguments.
    pub command: Vec<String>,
    pub state: InstalledState,
    /// When it is started; `None` where that is not read.
    pub starts: Option<ServiceStart>,
    /// The account that it runs as; `None` where that is not read.
    pub user: Option<String>,
    /// With which error it ended, of a service of Windows that does not run: a code of the system's, or its own.
    pub exit_code: Option<u32>,
}

words! {
    /// When a service is started.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum ServiceStart {
        /// with the system
        Automatic = "automatic",
        /// when somebody starts it
        Manual = "manual",
        /// not at all
        Disabled = "disabled",
    }
}

read_as_word!(ServiceStart);

/// The options of license servers that name a file: license file, log, options file.
const OF_FILES: [&str; 4] = ["-c", "-l", "-dlog", "-o"];
/// Options without a value, as `-z` and `-local`, are no longer.
const LONGEST_OPTION: usize = 8;

impl InstalledServer {
    #[must_use]
    pub fn new(name: &str, starter: Starter, command: Vec<String>, state: InstalledState) -> InstalledServer {
        InstalledServer {
            name: name.to_owned(),
            starter,
            display_name: None,
            command,
            state,
            starts: None,
            user: None,
            exit_code: None,
        }
    }

    /// The name that people know.
    #[must_use]
    pub fn called(&self) -> &str {
        self.display_name.as_deref().unwrap_or(&self.name)
    }

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
