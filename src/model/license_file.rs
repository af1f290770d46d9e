//! What a license file says about its server, without the licenses' keys and signatures.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Checked, Pid};

/// A license file, and who names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LicenseFile {
    pub path: String,
    /// In the order in which they were found; at least one.
    pub named_by: Vec<NamedBy>,
    pub contents: Checked<LicenseLines>,
}

/// Who says that a license server reads a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum NamedBy {
    /// The caller (`--license-file`).
    Caller,
    /// A server's command line (`-c`).
    CommandLine(Pid),
    /// A server's environment, in the variable of this name.
    Environment { pid: Pid, variable: String },
    /// A server reads every license file of the folder in which the file is.
    Folder(Pid),
    /// The service of this name, whatever its state.
    Service(String),
}

impl NamedBy {
    /// The server that names it.
    #[must_use]
    pub fn pid(&self) -> Option<Pid> {
        match self {
            NamedBy::CommandLine(pid) | NamedBy::Folder(pid) | NamedBy::Environment { pid, .. } => Some(*pid),
            NamedBy::Caller | NamedBy::Service(_) => None,
        }
    }
}

/// The licensing system that a license file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LicenseSystem {
    Flexnet,
    Rlm,
}

impl LicenseSystem {
    pub const ALL: [LicenseSystem; 2] = [LicenseSystem::Flexnet, LicenseSystem::Rlm];

    /// The id of the technology in the license facts.
    #[must_use]
    pub fn technology(self) -> &'static str {
        match self {
            LicenseSystem::Flexnet => "flexnet",
            LicenseSystem::Rlm => "rlm",
        }
    }
}

/// The lines of a license file that concern its server.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LicenseLines {
    /// `None` where no line shows it.
    pub system: Option<LicenseSystem>,
    /// Of a redundant server (FlexNet) there are three.
    pub servers: Vec<ServerLine>,
    pub daemons: Vec<DaemonLine>,
    /// Whether it has the line `USE_SERVER`: clients pass over what follows it, a server does not.
    pub use_server: bool,
    /// When licenses expire: one entry for each daemon and day, the nearest first.
    pub expiries: Vec<Expiry>,
    /// What is wrong with the file, by line.
    pub flaws: Vec<Flaw>,
}

/// `SERVER host hostid [port]`, in RLM also `HOST`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerLine {
    /// Lines count from 1. One that is continued has the number of its first.
    pub line: usize,
    pub host: String,
    /// As written: a hardware address, `ANY`, `ID=…`.
    pub host_id: Option<String>,
    /// `None`: FlexNet takes the first free one of 27000 to 27009, RLM 5053.
    pub port: Option<u16>,
}

/// `VENDOR name [path] [options] [port]`, in FlexNet also `DAEMON`, in RLM `ISV`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DaemonLine {
    pub line: usize,
    /// `VENDOR`, `DAEMON` or `ISV`, as written in capitals.
    pub keyword: String,
    pub name: String,
    /// The daemon's file, if the line has its path.
    pub path: Option<String>,
    /// Whether that file is there and can be run.
    pub program: Checked<DaemonProgram>,
    pub options_file: Option<String>,
    /// `None`: the system chooses one at every start.
    pub port: Option<u16>,
}

/// What is at the path of a daemon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DaemonProgram {
    Executable,
    NotExecutable,
    Missing,
    /// A file that needs `ld-lsb-x86-64.so.3`, which is missing: the kernel says "No such file or directory".
    LoaderMissing,
}

/// Licenses that expire on the same day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expiry {
    /// The last day on which they are valid.
    pub date: Date,
    /// The vendor daemon or ISV server. `None` where the line does not name it.
    pub daemon: Option<String>,
    /// The first of them in the file, and its line.
    pub feature: String,
    pub line: usize,
    /// How many there are.
    pub count: usize,
}

/// Something in a license file that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flaw {
    /// `None` where it concerns the whole file.
    pub line: Option<usize>,
    /// A sentence without its full stop.
    pub text: String,
}
