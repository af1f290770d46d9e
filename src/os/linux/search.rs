//! Searches the processes that have sockets open: a queue of processes to inspect, which several threads
//! share.

use std::collections::{BTreeMap, HashSet};
use std::io::{self, ErrorKind};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::super::decode::linux::task_file::{OpenFile, OpenSocket, Reported};
use super::candidates::{Candidates, Task, Wanted};
use super::proc_dir::{ProcessDir, is_exhausted, is_gone};
use super::process_reader::IdentifiedProcess;
use super::scan_context::ScanContext;
use super::threads::{self, SharedQueue};
use crate::model::{HiddenProcess, Pid};
use crate::os::decode::text::text_of;

/// A process, and the inodes of the sockets that it holds.
pub(super) type Holder = (IdentifiedProcess, Vec<u32>);

/// What a search found.
#[derive(Default)]
pub(super) struct SearchResult {
    pub(super) holders: Vec<Holder>,
    /// Open sockets of processes that were not read yet.
    pub(super) open: Vec<OpenSocket>,
    /// The processes that this user may not inspect, or for which no time was left.
    pub(super) inaccessible: BTreeMap<Pid, HiddenProcess>,
    /// For so many of them no time was left.
    pub(super) late: usize,
    /// The processes that were searched while the sockets were still being listed.
    pub(super) early: Vec<Pid>,
}

/// The result of inspecting one process. A part may have succeeded and another not.
#[derive(Default)]
struct InspectedProcess {
    holder: Option<Box<Holder>>,
    open: Vec<OpenSocket>,
    inaccessible: Option<(Pid, HiddenProcess)>,
    is_late: bool,
    early: Option<Pid>,
}

/// A search that several threads share.
pub(super) struct Search<'a> {
    context: &'a ScanContext<'a>,
    wanted: Wanted<'a>,
    tasks: SharedQueue<Task>,
    /// The number of threads that help the main one: none if there is little to do.
    pub(super) helpers: usize,
    inspected: Mutex<Vec<io::Result<InspectedProcess>>>,
}

impl<'a> Search<'a> {
    /// A search of all processes, and what fills its queue.
    pub(super) fn of_all(
        context: &'a ScanContext<'a>,
        pids: &'a [Pid],
        wanted: Wanted<'a>,
    ) -> (Search<'a>, Candidates<'a>) {
        let (sender, tasks) = SharedQueue::new();
        let candidates = Candidates::new(context.scope, context.deadline, pids, wanted, sender);
        let helpers =
            if candidates.uses_bpf() { threads::most_helpers() } else { threads::helpers_for(pids.len()) };
        (Search { context, wanted, tasks, helpers, inspected: Mutex::default() }, candidates)
    }

    /// Does these tasks.
    fn of_tasks(
        context: &ScanContext<'_>,
        wanted: Wanted<'_>,
        todo: impl ExactSizeIterator<Item = Task>,
    ) -> io::Result<SearchResult> {
        let (sender, tasks) = SharedQueue::new();
        let helpers = threads::helpers_for(todo.len());
        todo.for_each(|task| drop(sender.send(task)));
        drop(sender);
        let search = Search { context, wanted, tasks, helpers, inspected: Mutex::default() };
        search.run(|| ());
        search.finish()
    }

    /// Runs the search: this thread fills the queue and then helps the others.
    pub(super) fn run<R>(&self, fill: impl FnOnce() -> R) -> R {
        thread::scope(|scope| {
            for _ in 0..self.helpers {
                threads::start(scope, || self.help());
            }
            let filled = fill();
            self.help();
            filled
        })
    }

    /// Inspects processes from the queue until it ends.
    pub(super) fn help(&self) {
        let mut inspected = Vec::new();
        while let Some(task) = self.tasks.take() {
            inspected.extend(self.inspect(task).transpose());
        }
        self.inspected.lock().unwrap_or_else(PoisonError::into_inner).extend(inspected);
    }

    /// What all threads have found.
    ///
    /// # Errors
    ///
    /// If the system has run out of files or memory.
    pub(super) fn finish(self) -> io::Result<SearchResult> {
        let mut found = SearchResult::default();
        for inspected in self.inspected.into_inner().unwrap_or_else(PoisonError::into_inner) {
            let InspectedProcess { holder, open, inaccessible, is_late, early } = inspected?;
            found.late += usize::from(is_late);
            found.early.extend(early);
            found.holders.extend(holder.map(|holder| *holder));
            found.open.extend(open);
            found.inaccessible.extend(inaccessible);
        }
        Ok(found)
    }

    fn inspect(&self, task: Task) -> io::Result<Option<InspectedProcess>> {
        match task {
            Task::Walk(pid) => self.inspect_by(pid, |dir, inspected| {
                inspected.early = self.context.is_early().then_some(pid);
                self.walk(dir, inspected)
            }),
            Task::Confirm(open) => match open.first() {
                Some(first) => {
                    self.inspect_by(first.pid(), |dir, inspected| self.confirm(dir, &open, inspected))
                }
                None => Ok(None),
            },
        }
    }

    /// Inspects a process in the given way; `None` if it has ended.
    fn inspect_by(
        &self,
        pid: Pid,
        inspect: impl FnOnce(&ProcessDir, &mut InspectedProcess) -> io::Result<()>,
    ) -> io::Result<Option<InspectedProcess>> {
        let dir = match self.context.proc.process(pid) {
            Ok(dir) => dir,
            Err(error) if is_gone(&error) => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut inspected = InspectedProcess::default();
        // Whoever opens very many files, in very many processes, takes no more time than this.
        let in_time = self.context.deadline.check();
        match in_time.and_then(|()| inspect(&dir, &mut inspected)) {
            Err(error) if is_exhausted(&error) => Err(error),
            Err(error) if is_gone(&error) => Ok(None),
            Err(error) => {
                inspected.inaccessible = Some((pid, hidden_process(&dir)));
                inspected.is_late = error.kind() == ErrorKind::TimedOut;
                Ok(Some(inspected))
            }
            Ok(()) => Ok(Some(inspected)),
        }
    }

    fn walk(&self, dir: &ProcessDir, inspected: &mut InspectedProcess) -> io::Result<()> {
        let listed = dir.sockets(self.context.deadline, &mut |socket| {
            if self.wanted.is_none_or(|wanted| wanted.contains(&socket.inode)) {
                inspected.open.push(socket);
            }
        });
        // The sockets that were found count, even if others could not be read.
        if self.wanted.is_some() {
            let open = std::mem::take(&mut inspected.open);
            inspected.holder = self.read_holder(dir, inodes(&open))?;
        }
        listed
    }

    fn confirm(
        &self,
        dir: &ProcessDir,
        open: &[Reported],
        inspected: &mut InspectedProcess,
    ) -> io::Result<()> {
        let mut still = Vec::with_capacity(open.len());
        let mut denied = None;
        // The sockets of one io_uring adjoin, and it is read once for all of them.
        let mut last: Option<(OpenFile, HashSet<u32>)> = None;
        for reported in open {
            // One io_uring can take a tenth of a second.
            if self.context.deadline.check().is_err() {
                denied = Some(ErrorKind::TimedOut.into());
                break;
            }
            let confirmed = match reported {
                Reported::Socket(OpenSocket { inode, file }) => {
                    let known = last.take().filter(|(known, _)| known == file);
                    let sockets = known.map_or_else(|| dir.sockets_of(*file), |(_, sockets)| Ok(sockets));
                    sockets.map(|sockets| {
                        still.extend(sockets.get(inode));
                        last = Some((*file, sockets));
                    })
                }
                Reported::PerhapsRing(file) => dir.sockets_of_ring(*file).map(|sockets| match self.wanted {
                    Some(wanted) => still.extend(sockets.into_iter().filter(|inode| wanted.contains(inode))),
                    None => {
                        let held = |inode| OpenSocket { inode, file: *file };
                        inspected.open.extend(sockets.into_iter().map(held));
                    }
                }),
            };
            denied = confirmed.err().filter(|error| !is_gone(error)).or(denied);
        }
        let mut moved: HashSet<u32> = open.iter().filter_map(Reported::inode).collect();
        for inode in &still {
            moved.remove(inode);
        }
        if denied.is_none() && !moved.is_empty() {
            // It may have another descriptor by now (`dup(2)`).
            denied = dir
                .sockets(self.context.deadline, &mut |socket| still.extend(moved.take(&socket.inode)))
                .err()
                .filter(|error| !is_gone(error));
        }
        inspected.holder = self.read_holder(dir, still)?;
        denied.map_or(Ok(()), Err)
    }

    /// Reads a process that holds these sockets, through the same folder, so that the facts are those of
    /// the process that holds them.
    fn read_holder(&self, dir: &ProcessDir, held: Vec<u32>) -> io::Result<Option<Box<Holder>>> {
        if held.is_empty() {
            return Ok(None);
        }
        Ok(Some(Box::new((self.context.read(dir)?, held))))
    }
}

fn inodes(open: &[OpenSocket]) -> Vec<u32> {
    open.iter().map(|socket| socket.inode).collect()
}

/// Reads the open files of these processes.
///
/// # Errors
///
/// If the system has run out of files or memory.
pub(super) fn walk(context: &ScanContext<'_>, pids: &[Pid], wanted: Wanted<'_>) -> io::Result<SearchResult> {
    Search::of_tasks(context, wanted, pids.iter().map(|&pid| Task::Walk(pid)))
}

/// Reads the processes that still have these sockets open.
///
/// # Errors
///
/// If the system has run out of files or memory.
pub(super) fn confirm(
    context: &ScanContext<'_>,
    open: impl Iterator<Item = OpenSocket>,
) -> io::Result<SearchResult> {
    let mut of_process: BTreeMap<Pid, Vec<Reported>> = BTreeMap::new();
    for socket in open {
        of_process.entry(socket.file.pid).or_default().push(Reported::Socket(socket));
    }
    Search::of_tasks(context, None, of_process.into_values().map(Task::Confirm))
}

/// What every user may read of a process.
pub(super) fn hidden_process(dir: &ProcessDir) -> HiddenProcess {
    let comm = dir.read("comm").unwrap_or_default();
    let uid = dir.owner().ok();
    HiddenProcess { short_name: text_of(&comm).trim_end_matches('\n').to_owned(), uid, user: None }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::super::ScanScope;
    use super::super::super::deadline::Deadline;
    use super::*;
    use crate::judge::Inspection;
    use crate::knowledge::Knowledge;

    #[test]
    fn a_socket_that_has_another_descriptor_by_now_is_still_open() {
        let (scope, knowledge) = (ScanScope::default(), Knowledge::embedded());
        let inspection = Inspection::new(&knowledge);
        let context =
            ScanContext::open(&scope, &inspection, Deadline::after(Duration::from_secs(600))).unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let inode = u32::try_from(rustix::fs::fstat(&listener).unwrap().st_ino).unwrap();
        let pid = std::process::id();
        let file = OpenFile { pid, thread: pid, fd: u32::MAX >> 1 };
        for (inode, is_open) in [(inode, true), (u32::MAX, false)] {
            let found = confirm(&context, std::iter::once(OpenSocket { inode, file })).unwrap();
            let held: Vec<u32> = found.holders.into_iter().flat_map(|(_, held)| held).collect();
            assert_eq!(held == [inode], is_open, "{held:?}");
        }
    }

    #[test]
    fn whose_files_are_not_read_before_the_deadline_is_known() {
        let (scope, knowledge) = (ScanScope::default(), Knowledge::embedded());
        let inspection = Inspection::new(&knowledge);
        let own = std::process::id();
        let _listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        for (allowed, late) in [(Duration::ZERO, 1), (Duration::from_secs(600), 0)] {
            let context = ScanContext::open(&scope, &inspection, Deadline::after(allowed)).unwrap();
            let found = walk(&context, &[own], None).unwrap();
            assert_eq!((found.late, found.inaccessible.contains_key(&own)), (late, late == 1), "{allowed:?}");
            assert_eq!(found.open.is_empty(), late == 1, "{allowed:?}");
        }
    }
}
