//! Who has sockets open: found out by going through the open files of all processes, or by letting the
//! kernel do that and looking at those that it names.

use std::collections::{BTreeMap, HashSet};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

use rustix::fs::fstat;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};

use super::super::Bpf;
use super::super::decode::linux::inet_diag::States;
use super::super::decode::linux::task_file::OpenSocket;
use super::bpf::TaskFiles;
use super::proc_dir::{Proc, ProcessDir, is_exhausted, is_gone};
use super::process_reader::{Reader, Seen};
use super::threads;
use crate::model::{HiddenProcess, Pid};

/// With so many processes the kernel is asked: below, looking into them takes less time than to find
/// one's way in the kernel's structures.
const MANY: usize = 100;

/// Which sockets are looked for, by their inodes; all of them where that is not known yet.
pub(super) type Wanted<'a> = Option<&'a HashSet<u32>>;

/// A process, and the inodes of the sockets that it holds.
pub(super) type Holder = (Seen, Vec<u32>);

/// What a search found.
#[derive(Default)]
pub(super) struct SearchResult {
    /// Those that hold something.
    pub(super) holders: Vec<Holder>,
    /// Where sockets are open, of processes that were not read yet.
    pub(super) open: Vec<OpenSocket>,
    /// The processes that may not be looked into.
    pub(super) denied: BTreeMap<Pid, HiddenProcess>,
}

impl SearchResult {
    fn collect(looked: impl IntoIterator<Item = io::Result<Looked>>) -> io::Result<SearchResult> {
        let mut found = SearchResult::default();
        for looked in looked {
            let Looked { holds, open, denied } = looked?;
            found.holders.extend(holds.map(|holds| *holds));
            found.open.extend(open);
            found.denied.extend(denied);
        }
        Ok(found)
    }
}

/// What became of looking at one process. Something may be seen, and something not.
#[derive(Default)]
struct Looked {
    holds: Option<Box<Holder>>,
    open: Vec<OpenSocket>,
    denied: Option<(Pid, HiddenProcess)>,
}

/// How it was searched.
pub(super) enum Way {
    /// By going through `/proc`; why the kernel was not asked, where it could not be.
    Walk(Option<io::Error>),
    /// The kernel went through the open files.
    Kernel,
}

impl Default for Way {
    fn default() -> Way {
        Way::Walk(None)
    }
}

/// Searches these processes, which are all there are, by the way that is the quickest for sockets in
/// these states; and does something else meanwhile. `bpf` is whether the kernel is asked.
pub(super) fn everybody<M: Send>(
    (proc, reader): (&Proc, &Reader<'_>),
    pids: &[Pid],
    wanted: Wanted<'_>,
    (states, bpf): (States, Bpf),
    meanwhile: impl FnOnce() -> M + Send,
) -> (io::Result<SearchResult>, Way, M) {
    let asks = match bpf {
        Bpf::Always => true,
        Bpf::WhereQuicker => pids.len() >= MANY && super::privileged(),
        Bpf::Never => false,
    };
    if !asks {
        let (found, meanwhile) = walk_while((proc, reader), pids, wanted, meanwhile);
        return (found, Way::Walk(None), meanwhile);
    }
    match ask((proc, reader), states, wanted, meanwhile) {
        (Err(error), meanwhile) if !is_exhausted(&error) => {
            (walk(proc, reader, pids, wanted), Way::Walk(Some(error)), meanwhile)
        }
        (found, meanwhile) => (found, Way::Kernel, meanwhile),
    }
}

/// Lets the kernel go through the open files of all processes, and looks meanwhile at those that it
/// names.
fn ask<M: Send>(
    (proc, reader): (&Proc, &Reader<'_>),
    states: States,
    wanted: Wanted<'_>,
    meanwhile: impl FnOnce() -> M + Send,
) -> (io::Result<SearchResult>, M) {
    let ask = |hand_on: &mut dyn FnMut(Vec<OpenSocket>)| -> io::Result<()> {
        let (files, probe) = (TaskFiles::load(states)?, Probe::open()?);
        let mut of_one: Vec<OpenSocket> = Vec::new();
        let mut saw_probe = false;
        files.each(|socket| {
            saw_probe |= probe.is(&socket);
            if wanted.is_some_and(|wanted| !wanted.contains(&socket.inode)) {
                return;
            }
            // Those of one process follow one another, but for threads with a table of their own.
            if of_one.first().is_some_and(|first| first.pid != socket.pid) {
                hand_on(std::mem::take(&mut of_one));
            }
            of_one.push(socket);
        })?;
        hand_on(of_one);
        // Were it not to see a socket of our own, it would see nobody's.
        let missed = || io::Error::other("it did not see a socket that was put there for it");
        saw_probe.then_some(()).ok_or_else(missed)
    };
    let confirm = |open: Vec<OpenSocket>| confirm(proc, reader, &open).transpose();
    let (looked, asked, meanwhile) = threads::relay(ask, confirm, meanwhile);
    (asked.and_then(|()| SearchResult::collect(looked)), meanwhile)
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

/// Goes through the open files of these processes.
///
/// # Errors
///
/// Where the system has run out of what that takes.
pub(super) fn walk(
    proc: &Proc,
    reader: &Reader<'_>,
    pids: &[Pid],
    wanted: Wanted<'_>,
) -> io::Result<SearchResult> {
    walk_while((proc, reader), pids, wanted, || ()).0
}

fn walk_while<M: Send>(
    (proc, reader): (&Proc, &Reader<'_>),
    pids: &[Pid],
    wanted: Wanted<'_>,
    meanwhile: impl FnOnce() -> M + Send,
) -> (io::Result<SearchResult>, M) {
    let look_into = |&pid: &Pid| {
        let looked = look(proc, reader, pid, |dir, looked| {
            let listed = dir.sockets(&mut |socket| {
                if wanted.is_none_or(|wanted| wanted.contains(&socket.inode)) {
                    looked.open.push(socket);
                }
            });
            // What was seen of it counts, whatever else was not.
            if wanted.is_some() {
                let open = std::mem::take(&mut looked.open);
                looked.holds = read(reader, dir, &open)?;
            }
            listed
        });
        looked.transpose()
    };
    let (looked, meanwhile) = threads::each_while(pids, look_into, meanwhile);
    (SearchResult::collect(looked), meanwhile)
}

/// Looks at the processes that were found to have these sockets open.
///
/// # Errors
///
/// Where the system has run out of what that takes.
pub(super) fn confirm_all(
    proc: &Proc,
    reader: &Reader<'_>,
    open: impl Iterator<Item = OpenSocket>,
) -> io::Result<SearchResult> {
    let mut of_process: BTreeMap<Pid, Vec<OpenSocket>> = BTreeMap::new();
    for socket in open {
        of_process.entry(socket.pid).or_default().push(socket);
    }
    let of_process: Vec<Vec<OpenSocket>> = of_process.into_values().collect();
    SearchResult::collect(threads::each(&of_process, |open| confirm(proc, reader, open).transpose()))
}

/// Looks at one process that was found to have these sockets open: by now it may have closed them, or
/// have ended, and another may have its id.
fn confirm(proc: &Proc, reader: &Reader<'_>, open: &[OpenSocket]) -> io::Result<Option<Looked>> {
    let Some(first) = open.first() else { return Ok(None) };
    look(proc, reader, first.pid, |dir, looked| {
        let mut still = Vec::with_capacity(open.len());
        let mut denied = None;
        for socket in open {
            match dir.has_open(socket) {
                Ok(true) => still.push(*socket),
                Ok(false) => {}
                Err(error) if is_gone(&error) => {}
                Err(error) => denied = Some(error),
            }
        }
        looked.holds = read(reader, dir, &still)?;
        denied.map_or(Ok(()), Err)
    })
}

/// Reads a process that has these sockets open, through the folder that they were seen in, so that
/// these are the facts of whoever holds them.
fn read(reader: &Reader<'_>, dir: &ProcessDir, open: &[OpenSocket]) -> io::Result<Option<Box<Holder>>> {
    if open.is_empty() {
        return Ok(None);
    }
    let inodes = open.iter().map(|socket| socket.inode).collect();
    Ok(Some(Box::new((reader.read_holder(dir)?, inodes))))
}

/// Looks at a process in some way; `None` where it has ended.
fn look(
    proc: &Proc,
    reader: &Reader<'_>,
    pid: Pid,
    how: impl FnOnce(&ProcessDir, &mut Looked) -> io::Result<()>,
) -> io::Result<Option<Looked>> {
    let dir = match proc.process(pid) {
        Ok(dir) => dir,
        Err(error) if is_gone(&error) => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut looked = Looked::default();
    match how(&dir, &mut looked) {
        Err(error) if is_exhausted(&error) => Err(error),
        Err(error) if is_gone(&error) => Ok(None),
        Err(_) => {
            looked.denied = Some((pid, hidden_process(&dir, reader)));
            Ok(Some(looked))
        }
        Ok(()) => Ok(Some(looked)),
    }
}

/// What everyone may see of a process.
pub(super) fn hidden_process(dir: &ProcessDir, reader: &Reader<'_>) -> HiddenProcess {
    let comm = dir.read("comm").unwrap_or_default();
    let uid = dir.owner().ok();
    HiddenProcess {
        short_name: String::from_utf8_lossy(&comm).trim_end_matches('\n').to_owned(),
        uid,
        user: uid.and_then(|uid| reader.users.name(uid)),
    }
}
