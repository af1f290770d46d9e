//! Who holds which socket.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::io;

use super::super::decode::linux::inet_diag::States;
use super::super::decode::linux::mounts;
use super::super::{Bpf, in_words, unix};
use super::proc_dir::Proc;
use super::process_reader::{Reader, Seen};
use super::search::{self, SearchResult, Wanted, Way, hidden_process};
use crate::model::{HiddenProcess, HiddenProcesses, Pid, State};

/// So often the processes that came meanwhile are looked into.
const ROUNDS: usize = 4;

/// The holders of sockets, as far as they were asked for.
#[derive(Default)]
pub(super) struct Holders {
    /// The holders of each socket, by its inode.
    pub(super) of_socket: HashMap<u32, BTreeSet<Pid>>,
    /// Every holder.
    pub(super) seen: BTreeMap<Pid, Seen>,
    /// The processes that may not be looked into.
    denied: BTreeMap<Pid, HiddenProcess>,
    /// The processes that were searched.
    searched: HashSet<Pid>,
    /// What was found before it was known what is wanted.
    found: SearchResult,
    way: Way,
}

impl Holders {
    /// Searches all processes for open sockets in these states: for those that are wanted, or where that
    /// is not known yet, for [`Holders::find`]. Does something else meanwhile. `bpf` is whether the kernel
    /// is asked.
    ///
    /// # Errors
    ///
    /// Where the processes cannot be listed, or the system has run out of what that takes.
    pub(super) fn search<M: Send>(
        proc: &Proc,
        reader: &Reader<'_>,
        (states, bpf): (States, Bpf),
        wanted: Wanted<'_>,
        meanwhile: impl FnOnce() -> M + Send,
    ) -> (io::Result<Holders>, M) {
        let pids = match proc.pids() {
            Ok(pids) => pids,
            Err(error) => return (Err(error), meanwhile()),
        };
        let (found, way, meanwhile) =
            search::everybody((proc, reader), &pids, wanted, (states, bpf), meanwhile);
        let holders = found.map(|found| {
            let mut holders = Holders { way, searched: pids.into_iter().collect(), ..Holders::default() };
            match wanted {
                Some(wanted) => holders.keep(found, wanted),
                None => holders.found = found,
            }
            holders
        });
        (holders, meanwhile)
    }

    /// The holders of these sockets among these processes alone.
    ///
    /// # Errors
    ///
    /// Where the system has run out of what that takes.
    pub(super) fn among(
        proc: &Proc,
        reader: &Reader<'_>,
        wanted: &HashSet<u32>,
        pids: &[Pid],
    ) -> io::Result<Holders> {
        let mut holders = Holders::default();
        if !wanted.is_empty() {
            holders.keep(search::walk(proc, reader, pids, Some(wanted))?, wanted);
        }
        Ok(holders)
    }

    /// Finds the holders of these sockets in what [`Holders::search`] found.
    ///
    /// # Errors
    ///
    /// Where the system has run out of what that takes.
    pub(super) fn find(&mut self, proc: &Proc, reader: &Reader<'_>, wanted: &HashSet<u32>) -> io::Result<()> {
        let mut found = std::mem::take(&mut self.found);
        let open =
            std::mem::take(&mut found.open).into_iter().filter(|socket| wanted.contains(&socket.inode));
        let confirmed = search::confirm_all(proc, reader, open)?;
        self.keep(found, wanted);
        self.keep(confirmed, wanted);
        Ok(())
    }

    /// Looks once more for those that seem to be held by nobody, which were doing this: their holder may
    /// have been started during the search by one that has ended since, or have passed the socket on.
    /// `closed` are the processes that may not be looked into.
    ///
    /// # Errors
    ///
    /// As for [`Holders::search`].
    pub(super) fn look_again(
        &mut self,
        proc: &Proc,
        reader: &Reader<'_>,
        unheld: &HashMap<u32, State>,
        closed: &[Pid],
    ) -> io::Result<()> {
        let still_unheld = |holders: &Holders| -> HashSet<u32> {
            unheld.keys().copied().filter(|inode| !holders.of_socket.contains_key(inode)).collect()
        };
        for _ in 0..ROUNDS {
            let (left, pids) = (still_unheld(self), proc.pids()?);
            let new: Vec<Pid> = pids.into_iter().filter(|pid| !self.searched.contains(pid)).collect();
            if left.is_empty() || new.is_empty() {
                break;
            }
            self.searched.extend(&new);
            self.keep(search::walk(proc, reader, &new, Some(&left))?, &left);
        }
        if let Way::Kernel = self.way {
            // It does not say whom it passes over.
            let closed = closed
                .iter()
                .filter_map(|&pid| Some((pid, hidden_process(&proc.process(pid).ok()?, reader))));
            self.denied.extend(closed);
        }
        // That nobody holds it is said only after a second look at everybody, one by one. The kernel passes
        // over what was connected once and is bound still.
        let left = still_unheld(self);
        let may_be_passed_over = matches!(self.way, Way::Kernel)
            && left.iter().any(|inode| unheld.get(inode) == Some(&State::Bound));
        if (self.denied.is_empty() || may_be_passed_over) && !left.is_empty() {
            self.keep(search::walk(proc, reader, &proc.pids()?, Some(&left))?, &left);
        }
        Ok(())
    }

    fn keep(&mut self, found: SearchResult, wanted: &HashSet<u32>) {
        self.denied.extend(found.denied);
        for (seen, mut inodes) in found.holders {
            inodes.retain(|inode| wanted.contains(inode));
            if !inodes.is_empty() {
                self.add(seen, &inodes);
            }
        }
    }

    /// Notes what a process holds. Where its id was another's in an earlier look, that one has ended.
    fn add(&mut self, seen: Seen, held: &[u32]) {
        let pid = seen.process.pid;
        if self.seen.get(&pid).is_some_and(|known| known.started != seen.started) {
            self.of_socket.retain(|_, pids| {
                pids.remove(&pid);
                !pids.is_empty()
            });
        }
        self.seen.insert(pid, seen);
        for &inode in held {
            self.of_socket.entry(inode).or_default().insert(pid);
        }
    }

    /// The holders of a socket, by id.
    pub(super) fn of(&self, inode: Option<u32>) -> Vec<Pid> {
        let pids = inode.and_then(|inode| self.of_socket.get(&inode));
        pids.into_iter().flatten().copied().collect()
    }

    /// The processes that could not be looked into.
    pub(super) fn hidden(&mut self, proc: &Proc) -> HiddenProcesses {
        // Under hidepid=2 others' processes are not even listed. The first process usually is
        // another's, and there is always one; where it is one's own, the mount tells. Its folder can be
        // opened all the same, and not be looked at (`proc_pid_permission` and `pid_getattr` in
        // `fs/proc/base.c`).
        let first = proc.process(1).and_then(|first| first.owner());
        let hides = || {
            let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
            mounts::hides_processes(&mounts)
        };
        if first.is_err() || (!unix::is_root() && hides()) {
            return HiddenProcesses::Unlisted;
        }
        HiddenProcesses::Processes(std::mem::take(&mut self.denied))
    }

    /// How they were found, in words; nothing where nobody was looked for.
    pub(super) fn method_note(&self) -> Option<String> {
        let (searched, denied) = (self.searched.len(), self.denied.len());
        let one_by_one = format!("{denied} of {searched} processes could not be looked into");
        match &self.way {
            _ if searched == 0 => None,
            Way::Kernel => {
                let denied = match denied {
                    0 => String::new(),
                    // Only where somebody is missed it is asked who may not be looked into.
                    _ => format!("; {denied} of them could not be looked into"),
                };
                Some(format!("the kernel went through the open files of {searched} processes (BPF){denied}"))
            }
            Way::Walk(None) => Some(one_by_one),
            Way::Walk(Some(why)) => {
                Some(format!("{one_by_one}; the kernel could not be asked to (BPF): {}", in_words(why)))
            }
        }
    }
}

/// The ancestors of all that were seen. A parent that started after its child is another process
/// under the parent's id, and ends the line.
pub(super) fn add_ancestors(proc: &Proc, reader: &Reader<'_>, seen: &mut BTreeMap<Pid, Seen>) {
    let mut children: Vec<Pid> = seen.keys().copied().collect();
    while let Some(child) = children.pop() {
        let Some(Seen { process, started }) = seen.get(&child) else { continue };
        let (Some(ppid), started) = (process.ppid, *started) else { continue };
        if seen.contains_key(&ppid) {
            continue;
        }
        let Some(parent) = proc.process(ppid).ok().and_then(|dir| reader.read(&dir).ok()) else { continue };
        if parent.started <= started {
            seen.insert(ppid, parent);
            children.push(ppid);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Process;

    fn seen(pid: Pid, started: u64) -> Seen {
        Seen { process: Process { pid, ..Process::default() }, started }
    }

    #[test]
    fn a_reused_id_holds_only_what_its_new_process_holds() {
        let mut holders = Holders::default();
        holders.add(seen(5, 100), &[1, 2]);
        holders.add(seen(6, 101), &[2]);
        holders.add(seen(5, 100), &[3]);
        assert_eq!((holders.of(Some(1)), holders.of(Some(3))), (vec![5], vec![5]), "the same process");
        holders.add(seen(5, 900), &[4]);
        let held: Vec<Vec<Pid>> = (1..=4).map(|inode| holders.of(Some(inode))).collect();
        assert_eq!(held, [vec![], vec![6], vec![], vec![5]]);
    }
}
