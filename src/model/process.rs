//! Processes that hold sockets, and their ancestors.

use std::net::SocketAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Application, Container, Executable, Os, ProcessService, Program, Protocol, file_name};

/// A process id.
pub type Pid = u32;

/// Where a process sends on what it receives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Forward {
    /// The protocol it uses.
    pub protocol: Protocol,
    /// The address it sends to.
    pub to: SocketAddr,
    /// The container there, where its network namespace could be looked into.
    pub container: Option<Container>,
    /// The process that listens there.
    pub process: Option<ProcessRef>,
}

/// A process of which only the id, and perhaps the name, is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProcessRef {
    pub pid: Pid,
    pub name: Option<String>,
}

/// Whether a process runs, and if not, what it is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Presence {
    Running(Program),
    /// The kernel itself: on Windows the process `System`.
    Kernel,
    /// It has ended and its sockets live on. On Windows the processes that it had started, and that still run,
    /// may have inherited them.
    Ended {
        children: Vec<ProcessRef>,
    },
    /// It ended while the machine was scanned: only its id is known.
    #[default]
    Vanished,
}

/// What is known of one process. Everything but its id can be unknown, because a process may end,
/// or be another user's, while the machine is scanned.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Process {
    /// Its id.
    pub pid: Pid,
    /// Its parent's id; `None` for a process without one.
    pub ppid: Option<Pid>,
    /// The executable's file name in full, or else the kernel's short name.
    pub name: Option<String>,
    /// The kernel's short name (`comm`), which the process itself can set and which Linux cuts at
    /// 15 bytes (`PR_SET_NAME` in prctl(2)). Never judged by; shown where it contradicts `name`.
    pub short_name: Option<String>,
    /// Whether it runs, and what.
    pub presence: Presence,
    /// The number of the user it runs as, on systems that have such numbers.
    pub uid: Option<u32>,
    /// The user it runs as: the name, or the number where it has none, as ps(1) shows it.
    pub user: Option<String>,
    /// When it started. Linux tells hundredths of a second, the others whole ones.
    pub started_at: Option<Timestamp>,
    /// The services it belongs to, or runs: one process of Windows may run several.
    pub services: Vec<ProcessService>,
    /// The container it runs in.
    pub container: Option<Container>,
    /// The sandboxed or bundled application it is part of.
    pub application: Option<Application>,
    /// Where it sends on what it receives, where its command line says so.
    pub forward: Option<Forward>,
}

impl Process {
    /// What it runs; `None` where it does not run.
    #[must_use]
    pub fn program(&self) -> Option<&Program> {
        match &self.presence {
            Presence::Running(program) => Some(program),
            Presence::Kernel | Presence::Ended { .. } | Presence::Vanished => None,
        }
    }

    /// What it runs, to be completed.
    pub fn program_mut(&mut self) -> Option<&mut Program> {
        match &mut self.presence {
            Presence::Running(program) => Some(program),
            Presence::Kernel | Presence::Ended { .. } | Presence::Vanished => None,
        }
    }

    /// The file it runs, where that could be read.
    #[must_use]
    pub fn exe(&self) -> Option<&Executable> {
        self.program()?.exe.as_ref()
    }

    /// The file name of the executable: what a process is judged by.
    #[must_use]
    pub fn exe_name(&self, os: Os) -> Option<&str> {
        self.exe().map(|exe| file_name(&exe.path, os))
    }
}

/// A user's name without the domain that Windows puts before it: `alice` of `OFFICE\alice`.
#[must_use]
pub fn account_name(user: &str, os: Os) -> &str {
    match os {
        Os::Windows => user.rsplit('\\').next().unwrap_or(user),
        Os::Linux | Os::Macos => user,
    }
}
