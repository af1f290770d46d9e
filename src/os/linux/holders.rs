//! Who holds which socket.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::io;

use super::super::decode::linux::mounts;
use super::super::inspect_files::PortsOf;
use super::super::{in_words, unix};
use super::candidates::{HoldersIn, SearchMethod};
use super::listeners::ScannedSocket;
use super::mount_tables::MOST_OF_MOUNTS;
use super::nonblocking;
use super::proc_dir::Proc;
use super::process_reader::IdentifiedProcess;
use super::scan_context::ScanContext;
use super::search::{self, Search, SearchResult, hidden_process};
use crate::model::{HiddenProcess, HiddenProcesses, Pid};

/// How often the processes that were started meanwhile are searched.
const ROUNDS: usize = 4;

/// A socket that seems to have no holder.
pub(super) struct Unheld {
    /// Whether BPF may have skipped it: it skips a socket that was connected once and is still bound, and one of UDP as long
    /// as it is connected, which it may be now and then.
    pub(super) may_be_skipped: bool,
    /// Who opened it.
    pub(super) uid: Option<u32>,
}

/// The holders of sockets, and how they were found.
#[derive(Default)]
pub(super) struct Holders {
    /// The holders of each socket, by its inode.
    pub(super) of_socket: HashMap<u32, BTreeSet<Pid>>,
    /// Every holder.
    pub(super) processes: BTreeMap<Pid, IdentifiedProcess>,
    /// The processes that this user may not inspect.
    inaccessible: BTreeMap<Pid, HiddenProcess>,
    /// So many of these were searched too late.
    pub(super) late: usize,
    searched: HashSet<Pid>,
    /// Those that were searched while the sockets were still being listed.
    early: Vec<Pid>,
    /// What the search found, until [`Holders::confirm`] keeps what is wanted.
    found: SearchResult,
    method: SearchMethod,
}

impl Holders {
    /// Searches all processes for the holders of these sockets, to be confirmed by [`Holders::confirm`]. Without any,
    /// only the kernel is asked, for the namespaces that have a socket, and only if all namespaces are wanted.
    ///
    /// # Errors
    ///
    /// If the processes cannot be listed, or the system has run out of files or memory.
    pub(super) fn search(context: &ScanContext<'_>, wanted: &HashSet<u32>) -> io::Result<Holders> {
        if wanted.is_empty() && !context.scope.all_namespaces {
            return Ok(Holders::default());
        }
        let pids = context.proc.pids()?;
        let (search, candidates) = Search::of_all(context, &pids, Some(wanted));
        let method = search.run(|| candidates.queue(|| ()));
        Holders::found_by(search, method, &pids)
    }

    /// What a search of all processes found, to be confirmed by [`Holders::confirm`].
    ///
    /// # Errors
    ///
    /// If the system has run out of files or memory.
    pub(super) fn found_by(
        search: Search<'_>,
        method: io::Result<SearchMethod>,
        pids: &[Pid],
    ) -> io::Result<Holders> {
        let method = method?;
        let searched = pids.iter().copied().collect();
        Ok(Holders { found: search.finish()?, method, searched, ..Holders::default() })
    }

    /// What a search has found where no socket is wanted: the namespaces that have one, if the kernel was asked.
    pub(super) fn of_nothing(search: Option<Holders>) -> Holders {
        let Some(Holders { method, searched, .. }) = search else { return Holders::default() };
        let searched = if let SearchMethod::Kernel(_) = method { searched } else { HashSet::new() };
        Holders { method, searched, ..Holders::default() }
    }

    /// The holders of these sockets among these processes.
    ///
    /// # Errors
    ///
    /// If the system has run out of files or memory.
    pub(super) fn among(
        context: &ScanContext<'_>,
        wanted: &HashSet<u32>,
        pids: &[Pid],
    ) -> io::Result<Holders> {
        let mut holders = Holders::default();
        if !wanted.is_empty() {
            holders.keep(search::walk(context, pids, Some(wanted))?, wanted);
        }
        Ok(holders)
    }

    /// Keeps the holders of these sockets, and reads those that the search has not read yet.
    ///
    /// # Errors
    ///
    /// If the system has run out of files or memory.
    pub(super) fn confirm(&mut self, context: &ScanContext<'_>, wanted: &HashSet<u32>) -> io::Result<()> {
        let mut found = std::mem::take(&mut self.found);
        let open =
            std::mem::take(&mut found.open).into_iter().filter(|socket| wanted.contains(&socket.inode));
        let confirmed = search::confirm(context, open)?;
        self.keep(found, wanted);
        self.keep(confirmed, wanted);
        Ok(())
    }

    /// Searches again for the holders of sockets that seem to have none: such a holder may have been
    /// started during the search by a process that has ended since, or have passed the socket on (which
    /// is not noticed where some processes may not be inspected). `unheld` are these sockets by their
    /// inodes, `inaccessible` the processes that this user may not inspect. With `has_newer`, some may
    /// have been opened after the processes were searched.
    ///
    /// # Errors
    ///
    /// As for [`Holders::search`].
    pub(super) fn search_again(
        &mut self,
        context: &ScanContext<'_>,
        unheld: &HashMap<u32, Unheld>,
        has_newer: bool,
        inaccessible: &[Pid],
    ) -> io::Result<()> {
        let still_unheld = |holders: &Holders| -> HashSet<u32> {
            unheld.keys().copied().filter(|inode| !holders.of_socket.contains_key(inode)).collect()
        };
        for _ in 0..ROUNDS {
            let (left, new) = (still_unheld(self), self.not_searched(context.proc.pids()?));
            if left.is_empty() || new.is_empty() {
                break;
            }
            self.keep(search::walk(context, &new, Some(&left))?, &left);
        }
        if let SearchMethod::Kernel(_) = self.method {
            // The kernel does not report whom it skips.
            let hidden = |&pid: &Pid| Some((pid, hidden_process(&context.proc.process(pid).ok()?)));
            self.inaccessible.extend(inaccessible.iter().filter_map(hidden));
        }
        let left = still_unheld(self);
        let of_left = || left.iter().filter_map(|inode| unheld.get(inode));
        let may_be_skipped =
            matches!(self.method, SearchMethod::Kernel(_)) && of_left().any(|socket| socket.may_be_skipped);
        // That a socket has no holder is said only if a walk over all processes finds none. Where some may
        // not be inspected, it is probably one of theirs, unless a process opened it after it had been
        // searched.
        let is_own = |socket: &Unheld| unix::is_root() || socket.uid == Some(unix::own_uid());
        let again = if self.inaccessible.is_empty() || may_be_skipped || has_newer {
            context.proc.pids()?
        } else if of_left().any(is_own) {
            std::mem::take(&mut self.early)
        } else {
            Vec::new()
        };
        if !left.is_empty() && !again.is_empty() {
            self.keep(search::walk(context, &again, Some(&left))?, &left);
        }
        Ok(())
    }

    /// Of these processes, those that have not been searched. From now on they count as searched.
    pub(super) fn not_searched(&mut self, mut pids: Vec<Pid>) -> Vec<Pid> {
        pids.retain(|&pid| self.searched.insert(pid));
        pids
    }

    /// Keeps the holders of these sockets.
    pub(super) fn keep(&mut self, found: SearchResult, wanted: &HashSet<u32>) {
        self.inaccessible.extend(found.inaccessible);
        self.late += found.late;
        self.early.extend(found.early);
        for (holder, mut inodes) in found.holders {
            inodes.retain(|inode| wanted.contains(inode));
            if !inodes.is_empty() {
                self.add(holder, &inodes);
            }
        }
    }

    /// Adds what a process holds. If an earlier search found another process under its id, that one has
    /// ended.
    pub(super) fn add(&mut self, holder: IdentifiedProcess, held: &[u32]) {
        let pid = holder.process.pid;
        if self.processes.get(&pid).is_some_and(|known| known.started != holder.started) {
            self.of_socket.retain(|_, pids| {
                pids.remove(&pid);
                !pids.is_empty()
            });
        }
        self.processes.insert(pid, holder);
        for &inode in held {
            self.of_socket.entry(inode).or_default().insert(pid);
        }
    }

    pub(super) fn has(&self, inode: Option<u32>) -> bool {
        inode.is_some_and(|inode| self.of_socket.contains_key(&inode))
    }

    /// The holders of a socket, in the order of their ids.
    pub(super) fn of(&self, inode: Option<u32>) -> Vec<Pid> {
        let pids = inode.and_then(|inode| self.of_socket.get(&inode));
        pids.into_iter().flatten().copied().collect()
    }

    /// The ports of these sockets that each process holds.
    pub(super) fn ports_of<'a>(&self, found: impl IntoIterator<Item = &'a ScannedSocket>) -> PortsOf {
        let mut ports = PortsOf::new();
        for found in found {
            let port = (found.socket.protocol, found.socket.local.port());
            self.of(found.inode).into_iter().for_each(|pid| ports.entry(pid).or_default().push(port));
        }
        ports
    }

    /// All processes that hold a socket, without those that are only their ancestors.
    pub(super) fn direct(&self) -> HashSet<Pid> {
        self.of_socket.values().flatten().copied().collect()
    }

    /// The processes that could not be inspected.
    pub(super) fn hidden(&mut self, proc: &Proc) -> HiddenProcesses {
        if !lists_all_processes(proc) {
            return HiddenProcesses::Unlisted;
        }
        HiddenProcesses::Processes(std::mem::take(&mut self.inaccessible))
    }

    /// Holders of sockets in each network namespace; `None` if the kernel did not report them.
    pub(super) fn namespaces(&self) -> Option<&HoldersIn> {
        match &self.method {
            SearchMethod::Kernel(namespaces) => Some(namespaces),
            SearchMethod::Walk(_) => None,
        }
    }

    /// Why the kernel could not report the open sockets, if it was asked.
    pub(super) fn bpf_error(&self) -> Option<&io::Error> {
        match &self.method {
            SearchMethod::Walk(why) => why.as_ref(),
            SearchMethod::Kernel(_) => None,
        }
    }

    /// How the holders were found, in words; `None` without a search.
    pub(super) fn method_note(&self) -> Option<String> {
        let (searched, inaccessible) = (self.searched.len(), self.inaccessible.len());
        let walked = format!("{inaccessible} of {searched} processes could not be inspected");
        match &self.method {
            _ if searched == 0 => None,
            SearchMethod::Kernel(_) => {
                let inaccessible = match inaccessible {
                    0 => String::new(),
                    // They are known only if the holder of a socket was missing.
                    _ => format!("; {inaccessible} of them could not be inspected"),
                };
                Some(format!("BPF read the open files of {searched} processes{inaccessible}"))
            }
            SearchMethod::Walk(None) => Some(walked),
            SearchMethod::Walk(Some(why)) => {
                Some(format!("{walked}; BPF could not be used: {}", in_words(why)))
            }
        }
    }

    /// Adds the ancestors of all holders. A parent that started after its child is another process under
    /// the parent's id: there the line ends.
    pub(super) fn add_ancestors(&mut self, context: &ScanContext<'_>) {
        let mut children: Vec<Pid> = self.processes.keys().copied().collect();
        while let Some(child) = children.pop() {
            let Some(IdentifiedProcess { process, started, .. }) = self.processes.get(&child) else {
                continue;
            };
            let (Some(ppid), started) = (process.ppid, *started) else { continue };
            if self.processes.contains_key(&ppid) {
                continue;
            }
            let Ok(parent) = context.read_process(ppid) else { continue };
            if parent.started <= started {
                self.processes.insert(ppid, parent);
                children.push(ppid);
            }
        }
    }
}

/// Whether `/proc` lists the processes of all users.
pub(super) fn lists_all_processes(proc: &Proc) -> bool {
    // Under hidepid=2, /proc does not even list the processes of others. Process 1 always exists and
    // usually belongs to another user; if not, the mount options decide. Its folder can be opened
    // all the same, but stat fails (`proc_pid_permission` and `pid_getattr` in `fs/proc/base.c`).
    let first = proc.process(1).and_then(|first| first.owner());
    let hides = || {
        let mounts = nonblocking::text("/proc/self/mountinfo", MOST_OF_MOUNTS).unwrap_or_default();
        mounts::hides_processes(&mounts)
    };
    first.is_ok() && (unix::is_root() || !hides())
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::time::Duration;

    use rustix::fs::fstat;

    use super::super::super::ScanScope;
    use super::super::super::deadline::Deadline;
    use super::super::path_origin::PathOrigin;
    use super::*;
    use crate::judge::Inspection;
    use crate::knowledge::Knowledge;
    use crate::model::Process;

    fn holder(pid: Pid, started: u64) -> IdentifiedProcess {
        let process = Process { pid, ..Process::default() };
        IdentifiedProcess { process, started, path_origin: PathOrigin::System }
    }

    #[test]
    fn beside_a_hidden_process_only_those_are_searched_again_that_were_searched_too_early() {
        let (scope, knowledge) = (ScanScope::default(), Knowledge::embedded());
        let inspection = Inspection::new(&knowledge);
        let context =
            ScanContext::open(&scope, &inspection, Deadline::after(Duration::from_secs(600))).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let inode = u32::try_from(fstat(&listener).unwrap().st_ino).unwrap();
        let (own, uid) = (std::process::id(), unix::own_uid());
        for (early, has_newer, uid, is_found) in [
            (vec![], false, uid, false),
            (vec![own], false, uid, true),
            (vec![own], false, uid.wrapping_add(1), unix::is_root()),
            (vec![], true, uid, true),
        ] {
            let found = || {
                let searched = context.proc.pids().unwrap().into_iter().collect();
                let hidden = HiddenProcess { short_name: "init".to_owned(), uid: Some(0), user: None };
                let inaccessible = BTreeMap::from([(1, hidden)]);
                let early = early.clone();
                let mut holders = Holders { early, searched, inaccessible, ..Holders::default() };
                let unheld = HashMap::from([(inode, Unheld { may_be_skipped: true, uid: Some(uid) })]);
                holders.search_again(&context, &unheld, has_newer, &[]).unwrap();
                holders.has(Some(inode))
            };
            // A child that another test forks has it open too, until it becomes another program.
            assert!((0..20).any(|_| found() == is_found), "{early:?} {uid} {has_newer}");
        }
    }

    #[test]
    fn a_reused_id_holds_only_what_its_new_process_holds() {
        let mut holders = Holders::default();
        holders.add(holder(5, 100), &[1, 2]);
        holders.add(holder(6, 101), &[2]);
        holders.add(holder(5, 100), &[3]);
        assert_eq!((holders.of(Some(1)), holders.of(Some(3))), (vec![5], vec![5]), "the same process");
        holders.add(holder(5, 900), &[4]);
        let held: Vec<Vec<Pid>> = (1..=4).map(|inode| holders.of(Some(inode))).collect();
        assert_eq!(held, [vec![], vec![6], vec![], vec![5]]);
    }
}
