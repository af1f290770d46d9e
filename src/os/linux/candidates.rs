//! The processes that may hold a wanted socket: all, or those that the kernel reports.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::mpsc::Sender;

use rustix::fs::fstat;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};

use super::super::deadline::Deadline;
use super::super::decode::linux::inet_diag::States;
use super::super::decode::linux::task_file::{INTERNET, OpenFile, OpenSocket, Reported, WITH_PACKET};
use super::super::unix::is_root;
use super::super::{Bpf, ScanScope};
use super::bpf::TaskFiles;
use super::proc_dir::is_exhausted;
use crate::model::Pid;

/// With fewer processes than this, inspecting all takes less time than reading the kernel's BTF.
const WORTH_BPF: usize = 100;

/// The inodes of the sockets whose holders are searched; `None` for all sockets, as long as it is not
/// known which are wanted.
pub(super) type Wanted<'a> = Option<&'a HashSet<u32>>;

/// A process to inspect.
pub(super) enum Task {
    /// Read all its open files.
    Walk(Pid),
    /// Check whether the process still has these files open: it may have closed them or have ended, and
    /// another may have its id.
    Confirm(Vec<Reported>),
}

/// Holders of sockets in each network namespace that has one, by the namespace's inode: all if processes or license servers
/// are sought, else one.
pub(super) type HoldersIn = BTreeMap<u64, BTreeSet<Pid>>;

/// How the holders of sockets were searched.
pub(super) enum SearchMethod {
    /// The open files of each process in `/proc` were read. If BPF was tried first, why it failed.
    Walk(Option<io::Error>),
    /// The kernel reported the open sockets (BPF).
    Kernel(HoldersIn),
}

impl Default for SearchMethod {
    fn default() -> SearchMethod {
        SearchMethod::Walk(None)
    }
}

/// Fills the task queue of a search.
pub(super) struct Candidates<'a> {
    scope: &'a ScanScope,
    deadline: Deadline,
    pids: &'a [Pid],
    wanted: Wanted<'a>,
    tasks: Sender<Task>,
}

impl<'a> Candidates<'a> {
    /// `pids` are all processes.
    pub(super) fn new(
        scope: &'a ScanScope,
        deadline: Deadline,
        pids: &'a [Pid],
        wanted: Wanted<'a>,
        tasks: Sender<Task>,
    ) -> Candidates<'a> {
        Candidates { scope, deadline, pids, wanted, tasks }
    }

    pub(super) fn uses_bpf(&self) -> bool {
        match self.scope.bpf {
            Bpf::Always => true,
            // Only the kernel reports namespaces in which there are sockets and no process.
            Bpf::WhereQuicker => {
                let asks_for_namespaces = self.scope.all_namespaces || !self.scope.sought.is_empty();
                is_root() && (self.pids.len() >= WORTH_BPF || asks_for_namespaces)
            }
            Bpf::Never => false,
        }
    }

    /// Queues all processes that have to be inspected, by the fastest method, and closes the queue. Other
    /// threads inspect meanwhile. `list` lists the sockets of the caller's namespace, if they are not listed yet.
    ///
    /// # Errors
    ///
    /// If the system has run out of files or memory.
    pub(super) fn queue(self, list: impl FnOnce()) -> io::Result<SearchMethod> {
        let failed = match self.uses_bpf().then(|| self.queue_reported_by_kernel(list)) {
            Some(Ok(namespaces)) => return Ok(SearchMethod::Kernel(namespaces)),
            Some(Err(error)) if is_exhausted(&error) => return Err(error),
            Some(Err(error)) => Some(error),
            None => None,
        };
        if !self.wants_nothing() {
            self.pids.iter().for_each(|&pid| self.send(Task::Walk(pid)));
        }
        Ok(SearchMethod::Walk(failed))
    }

    /// Queues the processes that have a wanted socket or an io_uring open, as the kernel reports them.
    fn queue_reported_by_kernel(&self, list: impl FnOnce()) -> io::Result<HoldersIn> {
        let families = if self.scope.other_sockets { WITH_PACKET } else { INTERNET };
        let (files, probe) = (TaskFiles::load(families, states_of_holders(self.scope))?, Probe::open()?);
        // To load the program takes about as long as to list the sockets. Once they are listed, each is open already, and the
        // kernel reports who holds it.
        list();
        let mut of_one: Vec<Reported> = Vec::new();
        let (mut saw_probe, mut namespaces) = (false, HoldersIn::new());
        let all_are_wanted = !self.scope.sought.is_empty() || self.scope.license_servers;
        files.each(self.deadline, |reported, namespace| {
            if let Reported::Socket(socket) = reported {
                let holders = namespaces.entry(u64::from(namespace)).or_default();
                if holders.is_empty() || all_are_wanted {
                    holders.insert(socket.file.pid);
                }
                saw_probe |= probe.is(&socket);
                if self.wanted.is_some_and(|wanted| !wanted.contains(&socket.inode)) {
                    return;
                }
            } else if self.wants_nothing() {
                return;
            }
            // The files of a process are adjacent, except those of threads with a file table of their own.
            if of_one.first().is_some_and(|first| first.pid() != reported.pid()) {
                self.send(Task::Confirm(std::mem::take(&mut of_one)));
            }
            of_one.push(reported);
        })?;
        self.send(Task::Confirm(of_one));
        // If our own socket is missing, the others may be, too.
        let missed = || io::Error::other("the program did not report a socket of this process");
        saw_probe.then_some(namespaces).ok_or_else(missed)
    }

    /// Whether no socket is wanted, but only the namespaces that have one.
    fn wants_nothing(&self) -> bool {
        self.wanted.is_some_and(HashSet::is_empty)
    }

    fn send(&self, task: Task) {
        // The receiving end is open as long as the search exists.
        drop(self.tasks.send(task));
    }
}

/// The states of the sockets whose holders are reported. A listener listens, or is about to, or has just
/// stopped; unanswered requests are reported with the waiting process; for a port in detail, everything is.
fn states_of_holders(scope: &ScanScope) -> States {
    if scope.detail_ports.is_empty() {
        States::LISTENING.and(States::UNCONNECTED).and(States::SYN_SENT)
    } else {
        States::LISTENING.and(States::UNCONNECTED).and(States::WITH_PEER)
    }
}

/// A socket of our own, not bound and never used, that a complete iteration has to report.
struct Probe {
    socket: OwnedFd,
    inode: u64,
    pid: Pid,
}

impl Probe {
    fn open() -> io::Result<Probe> {
        let socket = socket_with(AddressFamily::INET, SocketType::DGRAM, SocketFlags::CLOEXEC, None)?;
        let inode = fstat(&socket)?.st_ino;
        Ok(Probe { socket, inode, pid: std::process::id() })
    }

    fn is(&self, socket: &OpenSocket) -> bool {
        let OpenFile { pid, fd, .. } = socket.file;
        (pid, u64::from(socket.inode), fd) == (self.pid, self.inode, self.socket.as_raw_fd().unsigned_abs())
    }
}
