//! A socket that was sent over a unix socket and not received yet (SCM_RIGHTS, `unix(7)`) is in no table of open files. The
//! kernel does not say in which queue it waits, but how many descriptors wait in each.

use std::collections::{HashMap, HashSet};

use super::super::decode::linux::task_file::{OpenFile, OpenSocket};
use super::super::decode::linux::unix_socket::waiting_descriptors;
use super::super::unix::{is_root, own_uid};
use super::holders::Holders;
use super::listeners::ScannedSocket;
use super::proc_dir::ProcessDir;
use super::scan_context::ScanContext;
use super::search::{self, Holder, SearchResult};
use super::settle::is_unheld;
use crate::model::sorting::sort_by_key;
use crate::model::{HiddenProcesses, Process, ProcessRef, Receiver, Socket};

/// The descriptions of so many sockets are read, which takes about a second.
const MOST_SOCKETS: usize = 100_000;

/// The processes that the sockets without a holder may be on their way to, by id. `None` if there is no such socket, or no
/// such process to be seen and not everything could be examined.
///
/// An ordinary user may not see what others have open. A socket of their own, though, is hardly another's: only then their
/// own processes are worth the time.
pub(super) fn receivers(
    context: &ScanContext<'_>,
    found: &[ScannedSocket],
    holders: &Holders,
    hidden: &HiddenProcesses,
) -> Option<Vec<Receiver>> {
    // The kernel's own sockets have no holder either: only an answer about the port is worth the time.
    let is_asked =
        |socket: &Socket| context.scope.detail_ports.iter().any(|range| range.contains(socket.local.port()));
    let may_be_seen = |socket: &Socket| hidden.is_nothing() || is_root() || socket.uid == Some(own_uid());
    let is_in_question = |found: &ScannedSocket| {
        is_asked(&found.socket) && may_be_seen(&found.socket) && is_unheld(holders, found)
    };
    if !found.iter().any(is_in_question) {
        return None;
    }
    let known: HashSet<u32> = found.iter().filter_map(|found| found.inode).collect();
    let Queues { waiting, mut open, is_whole } = Queues::read(context, &known)?;
    open.retain(|socket| waiting.contains_key(&socket.inode));
    let confirmed = search::confirm(context, open.into_iter()).ok()?.holders;
    let mut receivers: Vec<Receiver> =
        confirmed.into_iter().map(|holder| receiver(holder, &waiting)).collect();
    sort_by_key(&mut receivers, |receiver| receiver.process.pid);
    Some(receivers).filter(|receivers| is_whole && hidden.is_nothing() || !receivers.is_empty())
}

/// A process that has these unix sockets open.
fn receiver((process, sockets): Holder, waiting: &HashMap<u32, u32>) -> Receiver {
    // It may have one socket open more than once.
    let sockets: HashSet<u32> = sockets.into_iter().collect();
    let descriptors = sockets.iter().filter_map(|inode| waiting.get(inode)).copied().map(u64::from);
    let Process { pid, name, .. } = process.process;
    Receiver { process: ProcessRef { pid, name }, descriptors: descriptors.sum() }
}

/// The receive queues of the unix sockets of all processes.
struct Queues {
    /// How many descriptors wait, by the inode of the socket: only those where some do.
    waiting: HashMap<u32, u32>,
    /// All sockets of all processes, but one of each io_uring.
    open: Vec<OpenSocket>,
    /// Whether all could be examined.
    is_whole: bool,
}

impl Queues {
    /// `known` are the inodes of sockets of other families. `None` if the processes could not be searched.
    fn read(context: &ScanContext<'_>, known: &HashSet<u32>) -> Option<Queues> {
        let pids = context.proc.pids().ok()?;
        let SearchResult { mut open, inaccessible, .. } = search::walk(context, &pids, None).ok()?;
        open.retain(|socket| !known.contains(&socket.inode));
        // The sockets of a process adjoin. An io_uring may hold many sockets, but has no queue itself: it is read once.
        sort_by_key(&mut open, |socket| (socket.file, socket.inode));
        open.dedup_by_key(|socket| socket.file);
        let mut waiting: HashMap<u32, u32> = HashMap::new();
        let mut process: Option<ProcessDir> = None;
        let mut read = 0;
        let mut is_whole = inaccessible.is_empty();
        for &socket in &open {
            // Processes share sockets.
            if waiting.contains_key(&socket.inode) {
                continue;
            }
            if read == MOST_SOCKETS || context.deadline.left().is_zero() {
                is_whole = false;
                break;
            }
            read += 1;
            let pid = socket.file.pid;
            if process.as_ref().is_none_or(|process| process.pid != pid) {
                process = context.proc.process(pid).ok();
            }
            if let Some(count) = process.as_ref().and_then(|process| process.waiting_descriptors(socket.file))
            {
                waiting.insert(socket.inode, count);
            }
        }
        // Kernels before 5.6 count nothing.
        is_whole &= !waiting.is_empty();
        waiting.retain(|_, count| *count > 0);
        Some(Queues { waiting, open, is_whole })
    }
}

impl ProcessDir {
    /// How many descriptors wait in the queue of this unix socket; `None` for any other file.
    fn waiting_descriptors(&self, file: OpenFile) -> Option<u32> {
        let fdinfo = self.read(&format!("task/{}/fdinfo/{}", file.thread, file.fd)).ok()?;
        waiting_descriptors(std::str::from_utf8(&fdinfo).ok()?)
    }
}
