//! Processes that were started during the search. A holder that passes its socket on to a child and ends, again and again,
//! is never one of the processes that a search lists first; beside another holder it would not be missed.

use std::collections::{BTreeMap, HashSet};
use std::os::fd::AsFd;

use rustix::fs::{AtFlags, CWD, statat};

use super::super::this_os::THIS_OS;
use super::holders::Holders;
use super::listeners::ScannedSocket;
use super::proc_dir::ProcessDir;
use super::scan_context::ScanContext;
use super::search::hidden_process;
use crate::model::{HiddenProcess, Pid, Protocol};

/// How often the processes are listed before those that were started last count as unseen. Between two listings pass some
/// 0.1 ms, in which hardly ever a process is started, and not by the same user each time.
const ROUNDS: usize = 32;

/// Searches the processes that were started meanwhile for the sockets that are judged by their holders, and adds those that
/// hold one. Returns those that may hold one all the same: a user of these sockets starts them faster than they can be
/// searched.
pub(super) fn search(
    context: &ScanContext<'_>,
    found: &[ScannedSocket],
    holders: &mut Holders,
) -> BTreeMap<Pid, HiddenProcess> {
    let Some(judged) = Judged::of(context, found, holders) else { return BTreeMap::new() };
    let mut unseen = BTreeMap::new();
    for _ in 0..ROUNDS {
        let new = context.proc.pids().map(|pids| holders.not_searched(pids)).unwrap_or_default();
        let mut is_quiet = true;
        for pid in new {
            match judged.search(context, holders, pid) {
                Newcomer::Holder | Newcomer::OfOthers => {}
                // As a stranger's may, who starts and ends them without pause.
                Newcomer::Ended => is_quiet = false,
                Newcomer::Theirs(process) => {
                    is_quiet = false;
                    unseen.insert(pid, process);
                }
            }
        }
        if is_quiet {
            unseen.clear();
            break;
        }
    }
    holders.add_ancestors(context);
    unseen
}

/// What a process turns out to be that was started during the search.
enum Newcomer {
    Holder,
    /// It is no holder, but may have been one and have passed the socket on.
    Theirs(HiddenProcess),
    OfOthers,
    /// It has ended before anything of it could be read.
    Ended,
}

/// The sockets that are judged by their holders.
struct Judged {
    inodes: HashSet<u32>,
    /// The users that opened or hold them.
    uids: HashSet<u32>,
}

impl Judged {
    /// `None` if there is none that somebody but root holds: root deceives nobody.
    fn of(context: &ScanContext<'_>, found: &[ScannedSocket], holders: &Holders) -> Option<Judged> {
        let process = |pid: Pid| holders.processes.get(&pid).map(|known| &known.process);
        let uid = |pid: Pid| process(pid).and_then(|process| process.uid);
        let is_judged = |pid: Pid, ports: &[(Protocol, u16)]| {
            process(pid).filter(|process| process.uid != Some(0)).is_some_and(|holder| {
                let parent = holder.ppid.and_then(process);
                context.inspect.interest(holder, parent, ports, THIS_OS).place
            })
        };
        let ports = holders.ports_of(found);
        let pids: HashSet<Pid> =
            ports.iter().filter(|(pid, ports)| is_judged(**pid, ports)).map(|(&pid, _)| pid).collect();
        if pids.is_empty() {
            return None;
        }
        let mut judged =
            Judged { inodes: HashSet::new(), uids: pids.iter().copied().filter_map(uid).collect() };
        for found in found.iter().filter(|found| holders.of(found.inode).iter().any(|pid| pids.contains(pid)))
        {
            judged.inodes.extend(found.inode);
            judged.uids.extend(found.socket.uid.filter(|&uid| uid != 0));
        }
        Some(judged)
    }

    /// Adds this process if it holds one.
    fn search(&self, context: &ScanContext<'_>, holders: &mut Holders, pid: Pid) -> Newcomer {
        let Ok(dir) = context.proc.process(pid) else { return Newcomer::Ended };
        let Ok(uid) = dir.owner() else { return Newcomer::Ended };
        // Once it has ended, this cannot be read.
        let is_elsewhere = is_in_other_user_namespace(&dir);
        let held = self.held_by(context, &dir);
        if let (false, Ok(holder)) = (held.is_empty(), context.read(&dir)) {
            holders.add(holder, &held);
            return Newcomer::Holder;
        }
        if is_elsewhere || self.uids.contains(&uid) {
            // There a user has more than one id (`subuid(5)`): whose this one is is not known.
            let uid = (!is_elsewhere).then_some(uid);
            Newcomer::Theirs(HiddenProcess { uid, ..hidden_process(&dir) })
        } else {
            Newcomer::OfOthers
        }
    }

    /// Those that a process holds, as far as it can be inspected before it ends.
    fn held_by(&self, context: &ScanContext<'_>, dir: &ProcessDir) -> Vec<u32> {
        let mut held = Vec::new();
        let _ = dir.sockets(context.deadline, &mut |socket| {
            held.extend(Some(socket.inode).filter(|inode| self.inodes.contains(inode)));
        });
        held
    }
}

fn is_in_other_user_namespace(dir: &ProcessDir) -> bool {
    let inode = |dir, path: &str| Some(statat(dir, path, AtFlags::empty()).ok()?.st_ino);
    let own = inode(CWD, "/proc/self/ns/user");
    inode(dir.as_fd(), "ns/user").is_some_and(|theirs| own != Some(theirs))
}
