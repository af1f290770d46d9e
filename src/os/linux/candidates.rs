//! Which processes a search of all of them inspects: every one, or those that the kernel names.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::mpsc::Sender;

use rustix::fs::fstat;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};

use super::super::decode::linux::inet_diag::States;
use super::super::decode::linux::task_file::OpenSocket;
use super::super::{Bpf, ScanScope};
use super::bpf::TaskFiles;
use super::proc_dir::is_exhausted;
use super::search::{Task, Wanted};
use crate::model::Pid;

/// With so many processes the kernel is asked: below, inspecting them takes less time than to find
/// one's way in the kernel's structures.
const MANY: usize = 100;

/// How the holders of sockets were searched.
pub(super) enum SearchMethod {
    /// By going through `/proc`; why the kernel was not asked, where it could not be.
    Walk(Option<io::Error>),
    /// The kernel went through the open files.
    Kernel,
}

impl Default for SearchMethod {
    fn default() -> SearchMethod {
        SearchMethod::Walk(None)
    }
}

/// Hands on whom a search is to inspect.
pub(super) struct Candidates<'a> {
    scope: &'a ScanScope,
    pids: &'a [Pid],
    wanted: Wanted<'a>,
    tasks: Sender<Task>,
}

impl<'a> Candidates<'a> {
    /// `pids` are all the processes there are.
    pub(super) fn new(
        scope: &'a ScanScope,
        pids: &'a [Pid],
        wanted: Wanted<'a>,
        tasks: Sender<Task>,
    ) -> Candidates<'a> {
        Candidates { scope, pids, wanted, tasks }
    }

    /// Whether the kernel is asked.
    pub(super) fn asks_kernel(&self) -> bool {
        match self.scope.bpf {
            Bpf::Always => true,
            Bpf::WhereQuicker => self.pids.len() >= MANY && super::privileged(),
            Bpf::Never => false,
        }
    }

    /// Hands on all that are to be inspected, by the method that is the quickest. To be called on one
    /// thread, while others inspect.
    ///
    /// # Errors
    ///
    /// Where the system has run out of what that takes.
    pub(super) fn hand_on(self) -> io::Result<SearchMethod> {
        let failed = match self.asks_kernel().then(|| self.hand_on_whom_the_kernel_names()) {
            Some(Ok(())) => return Ok(SearchMethod::Kernel),
            Some(Err(error)) if is_exhausted(&error) => return Err(error),
            Some(Err(error)) => Some(error),
            None => None,
        };
        self.pids.iter().for_each(|&pid| self.send(Task::Walk(pid)));
        Ok(SearchMethod::Walk(failed))
    }

    /// Lets the kernel go through the open files of all processes.
    fn hand_on_whom_the_kernel_names(&self) -> io::Result<()> {
        let (files, probe) = (TaskFiles::load(states_of_holders(self.scope))?, Probe::open()?);
        let mut of_one: Vec<OpenSocket> = Vec::new();
        let mut saw_probe = false;
        files.each(|socket| {
            saw_probe |= probe.is(&socket);
            if self.wanted.is_some_and(|wanted| !wanted.contains(&socket.inode)) {
                return;
            }
            // Those of one process follow one another, but for threads with a table of their own.
            if of_one.first().is_some_and(|first| first.pid != socket.pid) {
                self.send(Task::Confirm(std::mem::take(&mut of_one)));
            }
            of_one.push(socket);
        })?;
        self.send(Task::Confirm(of_one));
        // Were it not to see a socket of our own, it would see nobody's.
        let missed = || io::Error::other("it did not see a socket that was put there for it");
        saw_probe.then_some(()).ok_or_else(missed)
    }

    fn send(&self, task: Task) {
        // The other end is there as long as the search.
        drop(self.tasks.send(task));
    }
}

/// The states of the sockets whose holders may be asked for. A listener listens, or is on its way to
/// it or from it; of unanswered requests it is told who waits; of ports asked about, everything.
fn states_of_holders(scope: &ScanScope) -> States {
    if scope.detail_ports.is_empty() {
        States::LISTENING.and(States::UNCONNECTED).and(States::SYN_SENT)
    } else {
        States::LISTENING.and(States::UNCONNECTED).and(States::WITH_PEER)
    }
}

/// A socket of our own that nothing is bound to or sent through.
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
        let fd = self.socket.as_raw_fd().unsigned_abs();
        (socket.pid, u64::from(socket.inode), socket.fd) == (self.pid, self.inode, fd)
    }
}
