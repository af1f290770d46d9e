//! Processes that hold sockets, and their ancestors.

use std::net::{IpAddr, SocketAddr};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::phrase::list;
use super::quoting::quoted;
use super::word::{read_as_word, words};
use super::{Application, Checked, Container, Executable, Os, ProcessService, Program, Protocol, file_name};

pub type Pid = u32;

/// Where a process forwards what it receives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Forward {
    pub protocol: Protocol,
    pub to: SocketAddr,
    /// The container at that address; `None` where its network namespace could not be scanned.
    pub container: Option<Box<Container>>,
    /// The process that listens at that address.
    pub process: Option<ProcessRef>,
    /// Who listens there in all; `None` where that is not known for certain.
    pub there: Option<AtTarget>,
}

impl Forward {
    /// Whether anybody listens at that address; `None` where that is not known.
    #[must_use]
    pub fn is_listening(&self) -> Option<bool> {
        match (&self.there, &self.process) {
            (_, Some(_)) | (Some(AtTarget::Listener { .. }), None) => Some(true),
            (Some(AtTarget::Nobody { .. }), None) => Some(false),
            (None, None) => None,
        }
    }

    /// Those that are known to listen there, the first first.
    #[must_use]
    pub fn listeners(&self) -> Vec<Pid> {
        let others = match &self.there {
            Some(AtTarget::Listener { others }) => &others[..],
            Some(AtTarget::Nobody { .. }) | None => &[],
        };
        self.process.iter().map(|first| first.pid).chain(others.iter().copied()).collect()
    }

    /// Who listens on the port at other addresses only.
    #[must_use]
    pub fn elsewhere(&self) -> Option<&ListenerElsewhere> {
        match &self.there {
            Some(AtTarget::Nobody { elsewhere }) => elsewhere.as_ref(),
            Some(AtTarget::Listener { .. }) | None => None,
        }
    }
}

/// Who listens at the address that a process forwards to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum AtTarget {
    /// The process of the [`Forward`], and these, which hold its sockets too or have sockets of their own there.
    Listener { others: Vec<Pid> },
    /// Nobody. Somebody may listen on the same port at other addresses.
    Nobody { elsewhere: Option<ListenerElsewhere> },
}

/// Who listens on the port that a process forwards to, but at other addresses of the same network namespace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListenerElsewhere {
    pub addresses: Vec<IpAddr>,
    pub process: Option<ProcessRef>,
}

impl ListenerElsewhere {
    /// `127.0.0.1 and ::1`.
    #[must_use]
    pub fn places(&self) -> String {
        let addresses: Vec<String> = self.addresses.iter().map(IpAddr::to_string).collect();
        list(&addresses, "and")
    }
}

/// A process known by its id, and perhaps its name, alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProcessRef {
    pub pid: Pid,
    pub name: Option<String>,
}

impl ProcessRef {
    /// Its name and id.
    #[must_use]
    pub fn called(&self) -> String {
        match &self.name {
            Some(name) => format!("{} (PID {})", quoted(name), self.pid),
            None => format!("PID {}", self.pid),
        }
    }
}

/// A process in whose unix sockets descriptors wait that it has not received yet (SCM_RIGHTS, `unix(7)`). A socket that
/// no process holds may be among them: the system does not say which they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receiver {
    pub process: ProcessRef,
    pub descriptors: u64,
}

/// Whether a process runs a program, and if not, what it is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[expect(clippy::large_enum_variant, reason = "nearly every process runs a program")]
pub enum Presence {
    Running(Program),
    /// The kernel itself: on Windows the process `System`.
    Kernel,
    /// The process has ended, and its sockets live on. On Windows those of its children that still run may have
    /// inherited them.
    Ended {
        children: Vec<ProcessRef>,
    },
    /// The process ended during the scan: only its id is known.
    #[default]
    Vanished,
}

/// The folder that a process works in (`getcwd(3)`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkingFolder {
    pub path: String,
    /// Whether it was deleted since.
    pub deleted: bool,
}

words! {
    /// Whether a process can do anything.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum RunState {
        /// it runs, or waits for something
        Running = "running",
        /// a signal has stopped it, as Ctrl+Z does
        Stopped = "stopped",
        /// a debugger holds it
        Traced = "traced",
        /// it has ended, and its parent has not asked how
        Zombie = "zombie",
    }
}

read_as_word!(RunState);

impl RunState {
    /// Whether it does nothing until somebody lets it continue.
    #[must_use]
    pub fn is_halted(self) -> bool {
        matches!(self, RunState::Stopped | RunState::Traced)
    }
}

/// What is known about one process. Everything but the id can be unknown, because a process may end during
/// the scan, or belong to another user.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Process {
    pub pid: Pid,
    /// The id of the parent; `None` for a process without one.
    pub ppid: Option<Pid>,
    /// The file name of the executable in full, or else the kernel's short name.
    pub name: Option<String>,
    /// The kernel's short name (`comm`). The process can set it, and Linux cuts it at 15 bytes (`PR_SET_NAME`
    /// in prctl(2)), so no verdict rests on it. It is shown where it contradicts `name`.
    pub short_name: Option<String>,
    pub presence: Presence,
    /// `None` where the system does not report it.
    pub state: Option<RunState>,
    /// Who holds it, of one that is [`RunState::Traced`].
    pub tracer: Option<ProcessRef>,
    /// The user it runs as, on systems where users have numbers.
    pub uid: Option<u32>,
    /// The name of the user it runs as, or the number of a user without a name, as ps(1) shows it.
    pub user: Option<String>,
    /// Linux reports hundredths of a second, macOS whole seconds.
    pub started_at: Option<Timestamp>,
    /// The session of Remote Desktop Services, on Windows: 0 for services, others for users.
    pub session: Option<u32>,
    /// The services it belongs to, or runs: on Windows one process may run several.
    pub services: Vec<ProcessService>,
    /// How many processes of its unit it did not start, and did not start it; `None` where that was not read.
    pub others_in_unit: Option<usize>,
    pub container: Option<Box<Container>>,
    pub application: Option<Application>,
    /// The folder it works in; `None` where that was not read or may not be seen.
    pub cwd: Option<WorkingFolder>,
    /// Where it forwards what it receives, if its command line says so.
    pub forward: Option<Box<Forward>>,
}

impl Process {
    /// Its name and id.
    #[must_use]
    pub fn called(&self) -> String {
        match &self.name {
            Some(name) => format!("{} (PID {})", quoted(name), self.pid),
            None if matches!(self.presence, Presence::Ended { .. }) => format!("PID {} (ended)", self.pid),
            None => format!("PID {} (name unknown)", self.pid),
        }
    }

    /// `None` where the process runs no program.
    #[must_use]
    pub fn program(&self) -> Option<&Program> {
        match &self.presence {
            Presence::Running(program) => Some(program),
            Presence::Kernel | Presence::Ended { .. } | Presence::Vanished => None,
        }
    }

    pub fn program_mut(&mut self) -> Option<&mut Program> {
        match &mut self.presence {
            Presence::Running(program) => Some(program),
            Presence::Kernel | Presence::Ended { .. } | Presence::Vanished => None,
        }
    }

    /// `None` where the process runs no program, or its file could not be read.
    #[must_use]
    pub fn exe(&self) -> Option<&Executable> {
        self.program()?.exe.as_ref()
    }

    /// Whether the file that it runs was deleted or replaced since it started; `None` where that is not known.
    #[must_use]
    pub fn is_file_deleted(&self) -> Option<bool> {
        match &self.presence {
            Presence::Running(program) => program.exe.as_ref()?.deleted,
            Presence::Kernel | Presence::Ended { .. } => Some(false),
            Presence::Vanished => None,
        }
    }

    /// Whether its name is only what the process calls itself: on Linux, where the file that it runs could not be
    /// read, or its path leads to another file. That of a deleted file does so too, and was its path, but for one that
    /// is in memory.
    #[must_use]
    pub fn claims_its_name(&self, os: Os) -> bool {
        let Some(program) = self.program().filter(|_| os == Os::Linux && self.name.is_some()) else {
            return false;
        };
        let leads_elsewhere = |exe: &Executable| {
            exe.path_confirmed == Checked::Done(false) && (exe.deleted != Some(true) || exe.is_in_memory())
        };
        program.exe.as_ref().is_none_or(leads_elsewhere)
    }

    /// The file name of the executable: verdicts rest on it.
    #[must_use]
    pub fn exe_name(&self, os: Os) -> Option<&str> {
        self.exe().map(|exe| file_name(&exe.path, os))
    }
}

/// The name of an account, where a user is known by name. `None` where it is the number or security identifier (Windows)
/// of a user without a name, or of one whose name was not looked up.
#[must_use]
pub fn name_of_account(user: &str) -> Option<&str> {
    let is_number = user.bytes().all(|b| b.is_ascii_digit());
    let is_sid =
        user.strip_prefix("S-1-").is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit() || b == b'-'));
    (!is_number && !is_sid).then_some(user)
}

/// A user's name without the domain that Windows puts before it: `alice` for `OFFICE\alice`.
#[must_use]
pub fn account_name(user: &str, os: Os) -> &str {
    match os {
        Os::Windows => user.rsplit('\\').next().unwrap_or(user),
        Os::Linux | Os::Macos => user,
    }
}
