//! Who holds which socket: a walk over the open files of all processes.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::io;

use super::super::decode::proc_pid;
use super::super::unix;
use super::facts::{Reader, Seen};
use super::proc_dir::{Proc, ProcessDir, is_exhausted, is_gone};
use crate::model::{Pid, Unseen, UnseenProcess};

/// So often the processes that came meanwhile are looked into.
const ROUNDS: usize = 4;

/// What a walk found.
#[derive(Default)]
pub(super) struct Holders {
    /// The holders of each socket, by its inode.
    pub(super) of_socket: HashMap<u32, BTreeSet<Pid>>,
    /// Every holder.
    pub(super) seen: BTreeMap<Pid, Seen>,
    /// The processes that may not be looked into.
    denied: BTreeMap<Pid, UnseenProcess>,
    /// The processes that were looked into, or would have been.
    walked: HashSet<Pid>,
}

impl Holders {
    /// Looks for the holders of these sockets.
    ///
    /// # Errors
    ///
    /// Where the processes cannot be listed.
    pub(super) fn find(proc: &Proc, reader: &Reader<'_>, wanted: &HashSet<u32>) -> io::Result<Holders> {
        Holders::among(proc, reader, wanted, if wanted.is_empty() { Vec::new() } else { proc.pids()? })
    }

    /// Looks for them among these processes alone.
    ///
    /// # Errors
    ///
    /// Where the system has run out of what that takes.
    pub(super) fn among(
        proc: &Proc,
        reader: &Reader<'_>,
        wanted: &HashSet<u32>,
        pids: Vec<Pid>,
    ) -> io::Result<Holders> {
        let mut holders = Holders::default();
        if !wanted.is_empty() {
            holders.walk(proc, reader, wanted, pids)?;
        }
        Ok(holders)
    }

    /// Looks once more for those that seem to be held by nobody: their holder may have been started
    /// during the walk by one that has ended since, or have passed the socket on. Does nothing
    /// where there are none.
    ///
    /// # Errors
    ///
    /// As for [`Holders::find`].
    pub(super) fn look_again(
        &mut self,
        proc: &Proc,
        reader: &Reader<'_>,
        unheld: &HashSet<u32>,
    ) -> io::Result<()> {
        let left = |holders: &Holders| -> HashSet<u32> {
            unheld.iter().copied().filter(|inode| !holders.of_socket.contains_key(inode)).collect()
        };
        for _ in 0..ROUNDS {
            let (unheld, pids) = (left(self), proc.pids()?);
            let new: Vec<Pid> = pids.into_iter().filter(|pid| !self.walked.contains(pid)).collect();
            if unheld.is_empty() || new.is_empty() {
                break;
            }
            self.walk(proc, reader, &unheld, new)?;
        }
        // That nobody holds it is said only after a second look at everybody.
        if self.denied.is_empty() && !left(self).is_empty() {
            self.walk(proc, reader, &left(self), proc.pids()?)?;
        }
        Ok(())
    }

    fn walk(
        &mut self,
        proc: &Proc,
        reader: &Reader<'_>,
        wanted: &HashSet<u32>,
        pids: Vec<Pid>,
    ) -> io::Result<()> {
        let mut held = Vec::new();
        for pid in pids {
            self.walked.insert(pid);
            let dir = match proc.process(pid) {
                Ok(dir) => dir,
                // One that has ended between the listing and now holds nothing.
                Err(error) if is_gone(&error) => continue,
                Err(error) => return Err(error),
            };
            held.clear();
            let looked = dir.sockets(&mut |inode| {
                if wanted.contains(&inode) {
                    held.push(inode);
                }
            });
            match looked {
                Err(error) if is_exhausted(&error) => return Err(error),
                // Whatever else is in the way, what it holds stays untold.
                Err(error) if !is_gone(&error) => {
                    self.denied.insert(pid, unseen(&dir, reader));
                }
                _ => {}
            }
            if held.is_empty() {
                continue;
            }
            // Read through the same folder, so that these are the facts of whoever held them.
            match reader.read(&dir) {
                Ok(seen) => self.add(pid, seen, &held),
                Err(error) if is_exhausted(&error) => return Err(error),
                Err(error) if is_gone(&error) => {}
                Err(_) => {
                    self.denied.insert(pid, unseen(&dir, reader));
                }
            }
        }
        Ok(())
    }

    /// Notes what a process holds. Where its id was another's in an earlier walk, that one has ended.
    fn add(&mut self, pid: Pid, seen: Seen, held: &[u32]) {
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
    pub(super) fn unseen(&mut self, proc: &Proc) -> Unseen {
        // Under hidepid=2 others' processes are not even listed. The first process usually is
        // another's, and there is always one; where it is one's own, the mount tells. Its folder can be
        // opened all the same, and not be looked at (`proc_pid_permission` and `pid_getattr` in
        // `fs/proc/base.c`).
        let first = proc.process(1).and_then(|first| first.owner());
        let hides = || {
            let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
            proc_pid::hides_processes(&mounts)
        };
        if first.is_err() || (!unix::is_root() && hides()) {
            return Unseen::Unlisted;
        }
        Unseen::Processes(std::mem::take(&mut self.denied))
    }

    /// How many processes were looked into, and how many could not be.
    pub(super) fn counts(&self) -> (usize, usize) {
        (self.walked.len(), self.denied.len())
    }
}

/// What everyone may see of a process.
fn unseen(dir: &ProcessDir, reader: &Reader<'_>) -> UnseenProcess {
    let comm = dir.read("comm").unwrap_or_default();
    let status = dir.text("status").ok();
    let uid = status.and_then(|status| proc_pid::effective_uid(&status)).or_else(|| dir.owner().ok());
    UnseenProcess {
        short_name: String::from_utf8_lossy(&comm).trim_end_matches('\n').to_owned(),
        uid,
        user: uid.and_then(|uid| reader.users.name(uid)),
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
        holders.add(5, seen(5, 100), &[1, 2]);
        holders.add(6, seen(6, 101), &[2]);
        holders.add(5, seen(5, 100), &[3]);
        assert_eq!((holders.of(Some(1)), holders.of(Some(3))), (vec![5], vec![5]), "the same process");
        holders.add(5, seen(5, 900), &[4]);
        let held: Vec<Vec<Pid>> = (1..=4).map(|inode| holders.of(Some(inode))).collect();
        assert_eq!(held, [vec![], vec![6], vec![], vec![5]]);
    }
}
