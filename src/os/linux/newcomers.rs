//! Processes that were started during the search. A holder that passes its socket on to a child and ends, again and again,
//! has ended when the search gets to it. If another process holds the socket too, nothing shows that one is missing.

use std::collections::{BTreeMap, HashSet};

use super::super::inspect_files;
use super::super::this_os::THIS_OS;
use super::holders::Holders;
use super::listeners::ScannedSocket;
use super::proc_dir::ProcessDir;
use super::process_root::check_user_namespace;
use super::scan_context::ScanContext;
use super::search::hidden_process;
use crate::model::{HiddenProcess, NotInspected, Pid};

/// How often the processes are listed before those that were started last count as unseen. Between two listings pass some
/// 0.1 ms, in which hardly ever a process is started, and not by the same user each time.
const ROUNDS: usize = 32;

/// Searches the processes that were started meanwhile for the sockets that are judged by their holders, and adds those that
/// hold one. Returns those that may hold one all the same: a user of these sockets starts them faster than they can be
/// searched.
pub(super) fn search<'a>(
    context: &ScanContext<'_>,
    found: impl Iterator<Item = &'a ScannedSocket>,
    holders: &mut Holders,
) -> BTreeMap<Pid, HiddenProcess> {
    let Some(judged) = Judged::of(context, found, holders) else { return BTreeMap::new() };
    let mut is_any_holder = false;
    let mut unseen = BTreeMap::new();
    for _ in 0..ROUNDS {
        let new = context.proc.pids().map(|pids| holders.not_searched(pids)).unwrap_or_default();
        let mut is_quiet = true;
        for pid in new {
            match judged.search(context, holders, pid) {
                Newcomer::Holder => is_any_holder = true,
                Newcomer::OfOthers => {}
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
    if is_any_holder {
        holders.add_ancestors(context);
    }
    unseen
}

/// What a process turns out to be that was started during the search.
enum Newcomer {
    Holder,
    /// It was a holder that has ended since, or may have been one and have passed the socket on.
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
    fn of<'a>(
        context: &ScanContext<'_>,
        found: impl Iterator<Item = &'a ScannedSocket>,
        holders: &Holders,
    ) -> Option<Judged> {
        let process = |pid: Pid| holders.processes.get(&pid).map(|known| &known.process);
        let is_user_s = |&pid: &Pid| process(pid).is_some_and(|holder| holder.uid != Some(0));
        let of_users: Vec<&ScannedSocket> =
            found.filter(|found| holders.of(found.inode).iter().any(is_user_s)).collect();
        let ports_of = holders.ports_of(of_users.iter().copied());
        let holder = |process| inspect_files::holder(process, &ports_of);
        let is_judged = |pid: &Pid| {
            process(*pid).filter(|_| is_user_s(pid)).is_some_and(|user_s| {
                let parent = user_s.ppid.and_then(process);
                context.inspect.interest(holder(user_s), parent.map(holder), THIS_OS).place
            })
        };
        let judged_pids: HashSet<Pid> = ports_of.keys().copied().filter(is_judged).collect();
        if judged_pids.is_empty() {
            return None;
        }
        let of_holders = judged_pids.iter().filter_map(|&pid| process(pid)?.uid);
        let mut judged = Judged { inodes: HashSet::new(), uids: of_holders.collect() };
        for found in of_users {
            if holders.of(found.inode).iter().any(|pid| judged_pids.contains(pid)) {
                judged.inodes.extend(found.inode);
                judged.uids.extend(found.socket.uid.filter(|&uid| uid != 0));
            }
        }
        Some(judged)
    }

    /// Adds this process if it holds one.
    fn search(&self, context: &ScanContext<'_>, holders: &mut Holders, pid: Pid) -> Newcomer {
        let Ok(dir) = context.proc.process(pid) else { return Newcomer::Ended };
        let Ok(uid) = dir.owner() else { return Newcomer::Ended };
        // Once it has ended, this cannot be read.
        let is_elsewhere = check_user_namespace(&dir) == Err(NotInspected::AnotherUserNamespace);
        let held = self.held_by(context, &dir);
        if let (false, Ok(holder)) = (held.is_empty(), context.read(&dir)) {
            holders.add(holder, &held);
            return Newcomer::Holder;
        }
        if is_elsewhere || !held.is_empty() || self.uids.contains(&uid) {
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
