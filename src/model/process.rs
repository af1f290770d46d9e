//! Processes that hold sockets, and their ancestors.

use std::borrow::Cow;
use std::net::SocketAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Os, Protocol};

/// A process id.
pub type Pid = u32;

/// A program that runs scripts or other programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Interpreter {
    Python,
    Perl,
    Ruby,
    NodeJs,
    Java,
    Bash,
    BusyBox,
}

impl Interpreter {
    /// What people call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Interpreter::Python => "Python",
            Interpreter::Perl => "Perl",
            Interpreter::Ruby => "Ruby",
            Interpreter::NodeJs => "Node.js",
            Interpreter::Java => "Java",
            Interpreter::Bash => "bash",
            Interpreter::BusyBox => "BusyBox",
        }
    }
}

/// The file a process runs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Executable {
    /// The full path; bytes that are not UTF-8 are replaced by U+FFFD.
    pub path: String,
    /// The interpreter that the file is, whatever its name; looked for only under some names.
    pub interpreter: Option<Interpreter>,
    /// Of the texts that were looked for in the file, those that it has.
    pub texts: Vec<String>,
    /// Whether the file was deleted or replaced since the process started; `None` where not known.
    pub deleted: Option<bool>,
    /// The file or folder through which any user of the machine could have put another file in
    /// place of this one; `None` where there is none, or where it is not known.
    pub replaceable_at: Option<String>,
    /// Why neither the file nor its folders were looked at, where they would have been.
    pub not_inspected: Option<NotInspected>,
    /// What the file says of itself, where it does and was asked: programs of Windows do.
    pub version: Option<FileVersion>,
}

/// What a program's file says of itself in its version resource (`VERSIONINFO` in Microsoft's
/// documentation of resource files). Whoever makes the file can write there what they like.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FileVersion {
    /// Who made it (`CompanyName`).
    pub company: Option<String>,
    /// What it is part of (`ProductName`).
    pub product: Option<String>,
    /// What it was called when it was made (`OriginalFilename`).
    pub original_name: Option<String>,
}

/// Why a file is not looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum NotInspected {
    /// It lies on a file server, or a program serves it: that may not answer for hours.
    MayNotAnswer,
    /// The process is in another user namespace (`user_namespaces(7)`), where any user can put together
    /// a file system as they like.
    AnotherUserNamespace,
    /// The system refuses it.
    Unreadable,
}

impl FileVersion {
    /// The file name it had when it was made, with the ending that many leave out.
    #[must_use]
    pub fn program_name(&self) -> Option<Cow<'_, str>> {
        let name = self.original_name.as_deref()?;
        let ending = name.len().checked_sub(4).and_then(|at| name.get(at..));
        let is_whole = ending.is_some_and(|ending| ending.eq_ignore_ascii_case(".exe"));
        Some(if is_whole { name.into() } else { format!("{name}.exe").into() })
    }
}

/// A program that starts services and keeps track of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ServiceManager {
    Systemd,
    /// One user's own systemd.
    SystemdUser,
    Launchd,
    /// The service control manager.
    Windows,
}

impl ServiceManager {
    /// The word for it in the JSON and on the screen.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            ServiceManager::Systemd => "systemd",
            ServiceManager::SystemdUser => "systemd-user",
            ServiceManager::Launchd => "launchd",
            ServiceManager::Windows => "windows",
        }
    }
}

/// The service manager's name for what a process belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessService {
    /// Which service manager.
    pub manager: ServiceManager,
    /// Its name for the service, such as `nginx.service`.
    pub name: String,
    /// What people know it as, where that is something else: `DNS Client` for Windows' `Dnscache`.
    pub display_name: Option<String>,
}

impl ProcessService {
    /// A service that is known by that name alone.
    #[must_use]
    pub fn new(manager: ServiceManager, name: &str) -> ProcessService {
        ProcessService { manager, name: name.to_owned(), display_name: None }
    }
}

/// What runs a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Runtime {
    Docker,
    Podman,
    Containerd,
    CriO,
    /// A pod's container whose runtime does not show.
    Kubernetes,
    Lxc,
    SystemdNspawn,
}

impl Runtime {
    /// The word for it in the JSON and on the screen.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Runtime::Docker => "docker",
            Runtime::Podman => "podman",
            Runtime::Containerd => "containerd",
            Runtime::CriO => "cri-o",
            Runtime::Kubernetes => "kubernetes",
            Runtime::Lxc => "lxc",
            Runtime::SystemdNspawn => "systemd-nspawn",
        }
    }
}

/// The container a process runs in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Container {
    /// What runs it.
    pub runtime: Runtime,
    /// The runtime's identifier.
    pub id: String,
    /// The name a person gave it, where it can be had.
    pub name: Option<String>,
    /// The Kubernetes pod that it is part of, by its UID.
    pub pod: Option<String>,
}

impl Container {
    /// As a person says it: `docker web`, or by the first 12 digits of a long id, as the runtimes
    /// themselves show it.
    #[must_use]
    pub fn called(&self) -> String {
        let id = self.id.get(..12).filter(|_| self.id.len() == 64).unwrap_or(&self.id);
        format!("{} {}", self.runtime.code(), self.name.as_deref().unwrap_or(id))
    }
}

/// How an application is packaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ApplicationKind {
    Snap,
    Flatpak,
    /// A bundle of macOS.
    App,
}

impl ApplicationKind {
    /// The word for it in the JSON and on the screen.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            ApplicationKind::Snap => "snap",
            ApplicationKind::Flatpak => "flatpak",
            ApplicationKind::App => "app",
        }
    }
}

/// The sandboxed or bundled application a process is part of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Application {
    /// How it is packaged.
    pub kind: ApplicationKind,
    /// Its id there: `firefox`, `org.mozilla.firefox`, `Safari`.
    pub id: String,
}

/// Where a process sends on what it receives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
pub struct ProcessRef {
    pub pid: Pid,
    pub name: Option<String>,
}

/// What a process runs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Program {
    /// The file it runs; `None` where that could not be read.
    pub exe: Option<Executable>,
    /// Its command line, where it was asked for.
    pub args: Option<Vec<String>>,
    /// The id of the license manager or emulator that an interpreter runs, where its command line names one.
    /// Nothing else of a command line is kept that was not asked for: it may hold secrets.
    pub interpreted: Option<String>,
}

/// Whether a process runs, and if not, what it is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
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

/// The last component of a path written in `os`'s way, whichever system this runs on.
#[must_use]
pub fn file_name(path: &str, os: Os) -> &str {
    let separator = |c| c == '/' || (os == Os::Windows && c == '\\');
    path.rsplit(separator).next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_follow_the_observed_system() {
        assert_eq!(file_name("/usr/bin/python3.11", Os::Linux), "python3.11");
        assert_eq!(file_name(r"C:\Program Files\lmgrd.exe", Os::Windows), "lmgrd.exe");
        assert_eq!(file_name(r"/tmp/C:\lmgrd", Os::Linux), r"C:\lmgrd");
        assert_eq!(file_name("lmgrd", Os::Linux), "lmgrd");
    }
}
