//! Holders that do not run: the tables name the process that created a socket, also after it has ended and left the
//! socket to a process that it started. That its id has gone to another process since is a doubt of the verdict.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::super::ScanScope;
use super::processes::Running;
use super::sockets;
use crate::model::{Gap, GapKind, Observation, Pid, Presence, Process, ProcessRef};

/// Names the heirs of holders that do not run. If a second scan still finds the socket, it has outlived its holder;
/// otherwise the holder ended during the scan. `running` are the processes after the first scan; `None` if they could not
/// be listed.
pub(super) fn find(observation: &mut Observation, running: Option<&Running>, scope: &ScanScope) {
    if !observation.processes.values().any(|process| is_absent(process)) {
        return;
    }
    match running {
        Some(running) => {
            let held_by = sockets::holders(scope);
            name_children(&mut observation.processes, &held_by, running);
        }
        None => {
            let detail = "only the ids of the processes could be read";
            observation.gaps.push(Gap::new(GapKind::ProcessesUnreadable, detail));
        }
    }
}

fn is_absent(process: &Process) -> bool {
    process.name.is_none() && process.exe().is_none()
}

/// Adds to each process that has ended and still holds sockets those of its children that run.
fn name_children(processes: &mut BTreeMap<Pid, Arc<Process>>, held_by: &HashSet<Pid>, running: &Running) {
    for process in processes.values_mut().filter(|process| is_absent(process)) {
        let pid = process.pid;
        if running.contains_key(&pid) || !held_by.contains(&pid) {
            continue;
        }
        let children = running.values().filter(|child| child.parent == Some(pid));
        let children =
            children.map(|child| ProcessRef { pid: child.pid, name: child.name.clone() }).collect();
        Arc::make_mut(process).presence = Presence::Ended { children };
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::super::super::decode::windows::process_list::ListedProcess;
    use super::*;

    fn running(pid: Pid, parent: Pid, name: &str, started: i64) -> (Pid, ListedProcess) {
        let (parent, name) = (Some(parent), Some(name.to_owned()));
        (
            pid,
            ListedProcess { pid, parent, name, started_at: Timestamp::from_second(started).ok(), session: 0 },
        )
    }

    #[test]
    fn what_outlives_its_process_is_told_from_what_ended_while_it_was_looked_at() {
        let absent = |pid| (pid, Arc::new(Process { pid, ..Process::default() }));
        let named = Process { pid: 9, name: Some("a.exe".to_owned()), ..Process::default() };
        let mut processes: BTreeMap<Pid, Arc<Process>> =
            [absent(5), absent(6), absent(7), absent(8), (9, Arc::new(named))].into();
        let running =
            [running(50, 5, "heir.exe", 1), running(7, 1, "back.exe", 1), running(90, 9, "b.exe", 1)].into();
        // 6 has closed its sockets; 7 has started meanwhile; nobody is left of what 8 started.
        name_children(&mut processes, &[5, 7, 8, 9].into(), &running);
        let children = |pid: Pid| match &processes[&pid].presence {
            Presence::Ended { children } => Some(&children[..]),
            _ => None,
        };
        let heir = ProcessRef { pid: 50, name: Some("heir.exe".to_owned()) };
        assert_eq!(children(5), Some(&[heir][..]));
        assert_eq!((children(6), children(7), children(9)), (None, None, None));
        assert_eq!(children(8), Some(&[][..]));
    }
}
