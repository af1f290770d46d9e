//! Holders that do not run: the tables name the process that created a socket, also after it has ended and left the
//! socket to a process that it started, and even when its id has gone to another process since.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use super::super::ScanScope;
use super::super::decode::windows::process_list::ListedProcess;
use super::processes;
use super::sockets::{self, Binding};
use crate::model::{Gap, GapKind, Observation, Pid, Presence, Process, ProcessRef, SocketId};

/// The running processes by id.
type Running = BTreeMap<Pid, ListedProcess>;

/// A process starts before it opens a socket. By so much the two times may be wrong: the clock of the kernel ticks every
/// 15.6 ms (`GetSystemTimeAdjustment`).
const TICK: Duration = Duration::from_millis(20);

/// Names the heirs of holders that do not run. If a second scan still finds the socket, it has outlived its holder;
/// otherwise the holder ended during the scan. `bindings` has one entry for each socket.
pub(super) fn find(observation: &mut Observation, bindings: &[Binding], scope: &ScanScope) {
    let reused = take_from_successors(observation, bindings);
    if reused.is_empty() && !observation.processes.values().any(|process| is_absent(process)) {
        return;
    }
    match processes::running() {
        Ok(running) => {
            let held_by = sockets::holders(scope);
            name_children(&mut observation.processes, &held_by, &running, &reused);
        }
        Err(_) => {
            let detail = "only the ids of the processes could be read";
            observation.gaps.push(Gap::new(GapKind::ProcessesUnreadable, detail));
        }
    }
}

fn is_absent(process: &Process) -> bool {
    process.name.is_none() && process.exe().is_none()
}

/// Takes the sockets that are older than their process from it: another process with the same id opened them. Returns the
/// ids of the processes that hold nothing else, and which stand now for the one that has ended.
fn take_from_successors(observation: &mut Observation, bindings: &[Binding]) -> HashSet<Pid> {
    let bound_at = |socket: SocketId| bindings.get(socket.0 as usize)?.at;
    let is_stale = |socket: SocketId, process: &Process| {
        let (Some(bound), Some(started)) = (bound_at(socket), process.started_at) else { return false };
        started.duration_since(bound).try_into().is_ok_and(|older: Duration| older > TICK)
    };
    let mut held: HashMap<Pid, (Vec<SocketId>, usize)> = HashMap::new();
    for holding in &observation.holdings {
        let Some(process) = observation.processes.get(&holding.pid) else { continue };
        let (stale, all) = held.entry(holding.pid).or_default();
        *all += 1;
        if is_stale(holding.socket, process) {
            stale.push(holding.socket);
        }
    }
    let mut reused = HashSet::new();
    for (pid, (stale, all)) in held {
        if stale.len() == all {
            reused.insert(pid);
            observation.processes.insert(pid, Arc::new(Process { pid, ..Process::default() }));
        } else if !stale.is_empty() {
            observation.holdings.retain(|one| one.pid != pid || !stale.contains(&one.socket));
        }
    }
    reused
}

/// Adds to each process that has ended and still holds sockets those of its children that run. `reused` are the ids that
/// another process has now.
fn name_children(
    processes: &mut BTreeMap<Pid, Arc<Process>>,
    held_by: &HashSet<Pid>,
    running: &Running,
    reused: &HashSet<Pid>,
) {
    for process in processes.values_mut().filter(|process| is_absent(process)) {
        let pid = process.pid;
        let successor = running.get(&pid);
        if (successor.is_some() && !reused.contains(&pid)) || !held_by.contains(&pid) {
            continue;
        }
        // What the successor started is younger than it.
        let is_older = |child: &ListedProcess| {
            let started = successor.map(|successor| (successor.started_at, child.started_at));
            !matches!(started, Some((Some(successor), Some(child))) if child >= successor)
        };
        let children = running.values().filter(|child| child.parent == Some(pid) && is_older(child));
        let children =
            children.map(|child| ProcessRef { pid: child.pid, name: child.name.clone() }).collect();
        Arc::make_mut(process).presence = Presence::Ended { children };
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::model::{Holding, Host, Os};

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
        name_children(&mut processes, &[5, 7, 8, 9].into(), &running, &HashSet::new());
        let children = |pid: Pid| match &processes[&pid].presence {
            Presence::Ended { children } => Some(&children[..]),
            _ => None,
        };
        let heir = ProcessRef { pid: 50, name: Some("heir.exe".to_owned()) };
        assert_eq!(children(5), Some(&[heir][..]));
        assert_eq!((children(6), children(7), children(9)), (None, None, None));
        assert_eq!(children(8), Some(&[][..]));
    }

    /// `lmgrd.exe` got the id of a process that had opened the port and left it to a child.
    #[test]
    fn a_socket_older_than_its_process_is_of_another_with_the_same_id() {
        let lmgrd = |pid| {
            let started_at = Timestamp::from_second(100).ok();
            (
                pid,
                Arc::new(Process {
                    pid,
                    name: Some("lmgrd.exe".to_owned()),
                    started_at,
                    ..Process::default()
                }),
            )
        };
        let mut observation =
            Observation::new(Host { name: None, os: Os::Windows, id: None }, Timestamp::UNIX_EPOCH);
        observation.processes = [lmgrd(5), lmgrd(6), lmgrd(7)].into();
        let holding = |socket, pid| Holding { socket: SocketId(socket), pid };
        observation.holdings = vec![holding(0, 5), holding(1, 6), holding(2, 6), holding(3, 7)];
        let at =
            |millisecond| Binding { at: Timestamp::from_millisecond(millisecond).ok(), service_tag: None };
        // 7 opened its socket in the tick in which it started.
        let bindings = [at(99_000), at(99_000), at(100_500), at(99_990)];
        let reused = take_from_successors(&mut observation, &bindings);
        assert_eq!(reused, [5].into());
        assert!(is_absent(&observation.processes[&5]) && !is_absent(&observation.processes[&6]));
        assert_eq!(observation.holdings, [holding(0, 5), holding(2, 6), holding(3, 7)]);
        let running = [
            running(5, 1, "lmgrd.exe", 100),
            running(50, 5, "heir.exe", 98),
            running(51, 5, "adskflex.exe", 101),
        ];
        name_children(&mut observation.processes, &[5].into(), &running.into(), &reused);
        let heir = ProcessRef { pid: 50, name: Some("heir.exe".to_owned()) };
        assert_eq!(observation.processes[&5].presence, Presence::Ended { children: vec![heir] });
        // Where Windows says nothing of the time, nothing is taken from anybody.
        assert!(take_from_successors(&mut observation, &[Binding::default(); 4]).is_empty());
    }
}
