//! Sockets × holdings × processes → one owner per socket.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use crate::model::{Attributed, HiddenProcesses, Observation, Owner, Pid, Process, Socket, SocketId};

/// So many generations of parents are followed. Reused ids can close a line of parents into a ring, and
/// anyone can make a long one, by starting processes or by writing a recording.
const MOST_GENERATIONS: usize = 100;

/// Gives every socket its owner. No socket is dropped.
#[must_use]
pub fn attribute(observation: &Observation) -> Vec<Attributed> {
    let mut holders: BTreeMap<SocketId, Vec<Pid>> = BTreeMap::new();
    for holding in &observation.holdings {
        holders.entry(holding.socket).or_default().push(holding.pid);
    }
    let processes = &observation.processes;
    observation
        .sockets
        .iter()
        .map(|socket| {
            let owner = match holders.get(&socket.id) {
                Some(pids) => identified(pids, processes),
                None if observation.hidden.is_nothing() => Owner::Unattributed,
                None => Owner::Hidden,
            };
            let ancestors = owner.lead().map_or_else(Vec::new, |lead| ancestors(lead, processes));
            Attributed {
                more_holders: may_have_more(socket, &owner, &observation.hidden),
                socket: socket.clone(),
                owner,
                ancestors,
            }
        })
        .collect()
}

/// Who started a process, and who started that, as far as it is known. A parent that is younger than its
/// child is another process that got the parent's id: the line ends there.
fn ancestors(process: &Process, processes: &BTreeMap<Pid, Arc<Process>>) -> Vec<Arc<Process>> {
    let mut ancestors: Vec<Arc<Process>> = Vec::new();
    let mut child = process;
    while ancestors.len() < processes.len().min(MOST_GENERATIONS) {
        let parent = child.ppid.and_then(|ppid| processes.get(&ppid));
        let is_older =
            |parent: &&Arc<Process>| child.started_at.is_none() || parent.started_at <= child.started_at;
        let Some(parent) = parent.filter(is_older) else { break };
        ancestors.push(Arc::clone(parent));
        child = parent;
    }
    ancestors
}

/// Whether a hidden process may hold a socket beside the visible holders.
fn may_have_more(socket: &Socket, owner: &Owner, hidden: &HiddenProcesses) -> bool {
    let is_identified = matches!(owner, Owner::Identified { .. });
    !hidden.is_nothing()
        && is_identified
        && !socket.has_maker_among(owner.processes().map(|holder| holder.uid))
}

/// The lead is the oldest of the holders that descend from no other holder; the rest follow by age.
fn identified(pids: &[Pid], processes: &BTreeMap<Pid, Arc<Process>>) -> Owner {
    let unknown = |pid: Pid| Arc::new(Process { pid, ..Process::default() });
    let mut holders: Vec<Arc<Process>> =
        pids.iter().map(|&pid| processes.get(&pid).cloned().unwrap_or_else(|| unknown(pid))).collect();
    let pids: HashSet<Pid> = pids.iter().copied().collect();
    // An unknown start time sorts last: nothing speaks for its being the oldest.
    holders.sort_by_cached_key(|p| {
        (descends_from_any(p, &pids, processes), p.started_at.is_none(), p.started_at, p.pid)
    });
    holders.dedup_by_key(|p| p.pid);
    let mut holders = holders.into_iter();
    match holders.next() {
        Some(lead) => Owner::Identified { lead, others: holders.collect() },
        None => Owner::Unattributed,
    }
}

fn descends_from_any(
    process: &Process,
    pids: &HashSet<Pid>,
    processes: &BTreeMap<Pid, Arc<Process>>,
) -> bool {
    let mut ancestor = process.ppid;
    for _ in 0..MOST_GENERATIONS {
        match ancestor {
            Some(pid) if pids.contains(&pid) && pid != process.pid => return true,
            Some(pid) => ancestor = processes.get(&pid).and_then(|parent| parent.ppid),
            None => return false,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, SocketAddr};

    use jiff::Timestamp;

    use super::*;
    use crate::model::{Holding, Host, Os, Protocol, State};

    fn process(pid: Pid, ppid: Pid, started: i64) -> Process {
        Process {
            pid,
            ppid: Some(ppid),
            started_at: Timestamp::from_second(started).ok(),
            ..Process::default()
        }
    }

    fn observed(holders: &[Pid], processes: Vec<Process>, hidden: HiddenProcesses) -> Observation {
        let id = SocketId(7);
        let local = SocketAddr::from((Ipv4Addr::LOCALHOST, 80));
        Observation {
            hidden,
            sockets: vec![Socket::new(id, Protocol::Tcp, State::Listen, local)],
            holdings: holders.iter().map(|&pid| Holding { socket: id, pid }).collect(),
            processes: processes.into_iter().map(|p| (p.pid, Arc::new(p))).collect(),
            ..Observation::new(Host { name: None, os: Os::Linux }, Timestamp::UNIX_EPOCH)
        }
    }

    fn order(observation: &Observation) -> Vec<Pid> {
        attribute(observation)[0].owner.processes().map(|p| p.pid).collect()
    }

    #[test]
    fn the_ancestor_leads_even_with_a_higher_pid() {
        // PIDs wrapped around: the master is 900, its workers 20 and 30.
        let seen = observed(
            &[20, 900, 30],
            vec![process(20, 900, 9), process(30, 900, 9), process(900, 1, 9)],
            HiddenProcesses::nothing(),
        );
        assert_eq!(order(&seen), [900, 20, 30]);
    }

    #[test]
    fn descent_is_followed_through_processes_that_hold_nothing() {
        let seen = observed(
            &[5, 50],
            vec![process(5, 40, 1), process(40, 50, 1), process(50, 1, 1)],
            HiddenProcesses::nothing(),
        );
        assert_eq!(order(&seen), [50, 5]);
    }

    #[test]
    fn of_unrelated_holders_the_oldest_leads() {
        let seen =
            observed(&[5, 9], vec![process(5, 1, 200), process(9, 1, 100)], HiddenProcesses::nothing());
        assert_eq!(order(&seen), [9, 5]);
    }

    #[test]
    fn a_ring_of_parents_comes_to_an_end() {
        let seen = observed(&[5], vec![process(5, 6, 1), process(6, 5, 1)], HiddenProcesses::nothing());
        assert_eq!(order(&seen), [5]);
    }

    #[test]
    fn the_ancestors_of_the_lead_are_kept_the_parent_first() {
        let chain = vec![process(5, 6, 2), process(6, 1, 1), process(1, 0, 1)];
        let seen = observed(&[5], chain, HiddenProcesses::nothing());
        assert_eq!(attribute(&seen)[0].ancestors.iter().map(|p| p.pid).collect::<Vec<_>>(), [6, 1]);
    }

    #[test]
    fn of_a_long_line_of_parents_the_nearest_are_kept() {
        let line = (1..=200).map(|pid| process(pid, pid + 1, 1)).collect();
        let seen = observed(&[1, 90], line, HiddenProcesses::nothing());
        assert_eq!(order(&seen), [90, 1]);
        assert_eq!(
            attribute(&seen)[0].ancestors.iter().map(|p| p.pid).collect::<Vec<_>>(),
            Vec::from_iter(91..=190)
        );
    }

    #[test]
    fn a_parent_younger_than_its_child_is_none() {
        let seen = observed(&[5], vec![process(5, 6, 1), process(6, 1, 2)], HiddenProcesses::nothing());
        assert_eq!(attribute(&seen)[0].ancestors, []);
    }

    #[test]
    fn a_holder_that_is_gone_is_still_a_holder() {
        let seen = observed(&[5], Vec::new(), HiddenProcesses::nothing());
        assert_eq!(order(&seen), [5]);
    }

    #[test]
    fn no_holder_is_hidden_or_nobody_by_what_could_be_seen() {
        assert_eq!(attribute(&observed(&[], Vec::new(), HiddenProcesses::Unlisted))[0].owner, Owner::Hidden);
        assert_eq!(
            attribute(&observed(&[], Vec::new(), HiddenProcesses::nothing()))[0].owner,
            Owner::Unattributed
        );
    }
}
