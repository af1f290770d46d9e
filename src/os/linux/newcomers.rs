//! Processes that were started during the search. A holder that passes its socket on to a child and ends, again and again,
//! is never one of the processes that a search lists first; beside another holder it would not be missed.

use std::collections::{BTreeMap, HashSet};

use super::super::this_os::THIS_OS;
use super::holders::Holders;
use super::listeners::ScannedSocket;
use super::proc_dir::ProcessDir;
use super::scan_context::ScanContext;
use super::search::hidden_process;
use crate::model::{HiddenProcess, Pid, Protocol};

/// How often the processes are listed before those that were started last count as unseen. Between two listings pass some
/// 0.1 ms, in which hardly ever a process is started, and not by the same user each time.
const ROUNDS: usize = 8;

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
        unseen = new.into_iter().filter_map(|pid| judged.search(context, holders, pid)).collect();
        if unseen.is_empty() {
            break;
        }
    }
    holders.add_ancestors(context);
    unseen
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

    /// Adds this process if it holds one. Else returns it if it may have passed one on.
    fn search(
        &self,
        context: &ScanContext<'_>,
        holders: &mut Holders,
        pid: Pid,
    ) -> Option<(Pid, HiddenProcess)> {
        let Ok(dir) = context.proc.process(pid) else { return Some((pid, HiddenProcess::default())) };
        let uid = dir.owner().ok();
        let held = self.held_by(context, &dir);
        if let (false, Ok(holder)) = (held.is_empty(), context.read(&dir)) {
            holders.add(holder, &held);
            return None;
        }
        let is_theirs = uid.is_none_or(|uid| self.uids.contains(&uid));
        is_theirs.then(|| (pid, HiddenProcess { uid, ..hidden_process(&dir) }))
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
