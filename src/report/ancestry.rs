//! Who started whom, read once for all sockets.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::model::{Pid, Process};

/// So many generations of parents are kept. Anyone can make a long line of parents, by starting processes or by
/// writing a record.
const MOST_GENERATIONS: usize = 100;

type Processes = BTreeMap<Pid, Arc<Process>>;

/// The processes of an observation as a forest.
pub(super) struct Ancestry<'a> {
    processes: &'a Processes,
    spans: HashMap<Pid, Span>,
    lines: HashMap<Pid, Arc<[Arc<Process>]>>,
}

/// The numbers of a process and of its last descendant, counted parents first: a process descends from another
/// where its number is within the span of that one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) own: usize,
    pub(super) last: usize,
}

impl<'a> Ancestry<'a> {
    pub(super) fn of(processes: &'a Processes) -> Ancestry<'a> {
        let mut children: HashMap<Pid, Vec<Pid>> = HashMap::new();
        let mut roots = Vec::new();
        for process in processes.values() {
            match parent(process, processes) {
                Some(parent) => children.entry(parent).or_default().push(process.pid),
                None => roots.push(process.pid),
            }
        }
        let unknown = children.keys().copied().filter(|parent| !processes.contains_key(parent));
        roots.extend(unknown);
        let mut spans = HashMap::with_capacity(processes.len());
        roots.into_iter().for_each(|root| number(root, &mut children, &mut spans));
        // What no root leads to is a ring, which reused ids can close: it is cut somewhere.
        processes.keys().for_each(|&pid| number(pid, &mut children, &mut spans));
        Ancestry { processes, spans, lines: HashMap::new() }
    }

    /// `None` for a process of which nothing is known, not even a child.
    pub(super) fn span(&self, pid: Pid) -> Option<Span> {
        self.spans.get(&pid).copied()
    }

    /// Who started a process, and who started that, as far as it is known.
    pub(super) fn line(&mut self, process: &Process) -> Arc<[Arc<Process>]> {
        let read = || {
            let parent = |child: &Process| self.processes.get(&parent(child, self.processes)?);
            let line = std::iter::successors(parent(process), |child| parent(child));
            line.take(self.processes.len().min(MOST_GENERATIONS)).cloned().collect()
        };
        Arc::clone(self.lines.entry(process.pid).or_insert_with(read))
    }
}

/// The parent of a process. A parent that is younger than its child is another process that got the parent's id.
fn parent(child: &Process, processes: &Processes) -> Option<Pid> {
    let is_older = |parent: &Process| child.started_at.is_none() || parent.started_at <= child.started_at;
    child.ppid.filter(|ppid| processes.get(ppid).is_none_or(|parent| is_older(parent)))
}

/// Numbers a process and its descendants, unless it has its number already.
fn number(root: Pid, children: &mut HashMap<Pid, Vec<Pid>>, spans: &mut HashMap<Pid, Span>) {
    // Not by recursion: a line of parents may be longer than the stack is deep.
    let mut line: Vec<(Pid, Vec<Pid>)> = Vec::new();
    let mut next = Some(root);
    loop {
        if let Some(pid) = next.take().filter(|pid| !spans.contains_key(pid)) {
            spans.insert(pid, Span { own: spans.len(), last: spans.len() });
            line.push((pid, children.remove(&pid).unwrap_or_default()));
        }
        let Some((pid, left)) = line.last_mut() else { return };
        next = left.pop();
        if next.is_none() {
            let last = spans.len() - 1;
            spans.entry(*pid).and_modify(|span| span.last = last);
            line.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forest(parents: &[(Pid, Option<Pid>)]) -> Processes {
        let process = |&(pid, ppid)| (pid, Arc::new(Process { pid, ppid, ..Process::default() }));
        parents.iter().map(process).collect()
    }

    fn descends(ancestry: &Ancestry<'_>, pid: Pid, from: Pid) -> bool {
        let (of, from) = (ancestry.span(pid).unwrap(), ancestry.span(from).unwrap());
        from.own < of.own && of.own <= from.last
    }

    #[test]
    fn descent_shows_in_the_numbers() {
        let processes =
            forest(&[(1, None), (2, Some(1)), (3, Some(2)), (4, Some(1)), (5, Some(99)), (6, Some(99))]);
        let ancestry = Ancestry::of(&processes);
        for (pid, from) in [(2, 1), (3, 1), (3, 2), (4, 1), (5, 99), (6, 99)] {
            assert!(descends(&ancestry, pid, from) && !descends(&ancestry, from, pid), "{pid} {from}");
        }
        for (pid, from) in [(4, 2), (3, 4), (5, 6), (6, 5), (5, 1), (99, 1)] {
            assert!(!descends(&ancestry, pid, from), "{pid} {from}");
        }
        assert!(ancestry.span(7).is_none());
    }

    #[test]
    fn a_ring_is_cut_and_a_long_line_does_not_overflow_the_stack() {
        let processes = forest(&[(5, Some(6)), (6, Some(5)), (7, Some(7))]);
        let mut ancestry = Ancestry::of(&processes);
        assert!([5, 6, 7].iter().all(|&pid| ancestry.span(pid).is_some()));
        assert_eq!(ancestry.line(&processes[&5]).len(), 3, "it comes to an end");
        let line: Vec<(Pid, Option<Pid>)> = (1..=200_000).map(|pid| (pid, Some(pid + 1))).collect();
        let processes = forest(&line);
        assert!(descends(&Ancestry::of(&processes), 1, 200_001));
    }
}
