//! Sockets × holdings × processes → one owner per socket.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::ancestry::Ancestry;
use crate::model::sorting::sort_by_key;
use crate::model::{Attributed, Observation, Owner, Pid, Process, Receiver, Socket, SocketId};

/// Gives every socket its owner. No socket is dropped.
#[must_use]
pub fn attribute(observation: &Observation) -> Vec<Attributed> {
    let mut holders: BTreeMap<SocketId, Vec<Pid>> = BTreeMap::new();
    for holding in &observation.holdings {
        holders.entry(holding.socket).or_default().push(holding.pid);
    }
    let processes = &observation.processes;
    let mut ancestry = Ancestry::of(processes);
    let receivers: Option<Arc<[Receiver]>> = observation.receivers.as_deref().map(Arc::from);
    observation
        .sockets
        .iter()
        .map(|socket| {
            let owner = owner(holders.get(&socket.id), observation, &ancestry);
            Attributed {
                more_holders: may_have_more(socket, &owner, observation),
                in_flight_to: receivers.clone().filter(|_| !matches!(owner, Owner::Identified { .. })),
                socket: socket.clone(),
                ancestors: owner.lead().map(|lead| ancestry.line(lead)).unwrap_or_default(),
                owner,
            }
        })
        .collect()
}

/// The owner of a socket that these hold, if any does.
pub(super) fn owner(holders: Option<&Vec<Pid>>, observation: &Observation, ancestry: &Ancestry<'_>) -> Owner {
    match holders {
        Some(pids) => identified(pids, &observation.processes, ancestry),
        None if observation.hidden.is_nothing() => Owner::Unattributed,
        None => Owner::Hidden,
    }
}

/// Whether a hidden process may hold a socket beside the visible holders.
fn may_have_more(socket: &Socket, owner: &Owner, observation: &Observation) -> bool {
    let Observation { hidden, privileged, .. } = observation;
    let users = || owner.processes().map(|holder| holder.uid);
    let is_of_holder = |uid| Some(uid) == socket.uid || users().any(|holder| holder == Some(uid));
    let is_identified = matches!(owner, Owner::Identified { .. });
    let lacks_maker = || !socket.has_maker_among(users());
    let hides_another = || *privileged && may_be_hidden(observation, is_of_holder);
    is_identified && !hidden.is_nothing() && (lacks_maker() || hides_another())
}

/// Whether a process is hidden that may be one of these users'. From root only a process is hidden that makes itself hard
/// to inspect, as one that is busy whenever somebody looks: it may hide what its user has. Root's own hide nothing on
/// purpose.
pub(super) fn may_be_hidden(observation: &Observation, is_of_them: impl Fn(u32) -> bool) -> bool {
    let mut users = observation.hidden.processes().map(|process| process.uid);
    users.any(|uid| uid != Some(0) && uid.is_none_or(&is_of_them))
}

/// The lead is the oldest of the holders that descend from no other holder; the rest follow by age.
fn identified(pids: &[Pid], processes: &BTreeMap<Pid, Arc<Process>>, ancestry: &Ancestry<'_>) -> Owner {
    let mut numbered: Vec<_> = pids.iter().map(|&pid| (ancestry.span(pid), pid)).collect();
    sort_by_key(&mut numbered, |(span, pid)| (span.map(|span| span.own), *pid));
    numbered.dedup();
    let unknown = |pid: Pid| Arc::new(Process { pid, ..Process::default() });
    // The last descendant of the holders so far.
    let mut last = None;
    let mut holders: Vec<(bool, Arc<Process>)> = Vec::with_capacity(numbered.len());
    for (span, pid) in numbered {
        let descends = span.is_some_and(|span| last.is_some_and(|last| span.own <= last));
        last = last.max(span.map(|span| span.last));
        holders.push((descends, processes.get(&pid).cloned().unwrap_or_else(|| unknown(pid))));
    }
    // An unknown start time sorts last: nothing speaks for its being the oldest.
    sort_by_key(&mut holders, |(descends, p)| (*descends, p.started_at.is_none(), p.started_at, p.pid));
    let mut holders = holders.into_iter().map(|(_, holder)| holder);
    match holders.next() {
        Some(lead) => Owner::Identified { lead, others: holders.collect() },
        None => Owner::Unattributed,
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, SocketAddr};

    use jiff::Timestamp;

    use super::*;
    use crate::model::{HiddenProcess, HiddenProcesses, Holding, Host, Os, Protocol, State};

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
            ..Observation::new(Host { name: None, os: Os::Linux, id: None }, Timestamp::UNIX_EPOCH)
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
    fn a_reused_id_makes_nobody_a_descendant() {
        // 9 got the id of the parent of 5, and is younger than its child.
        let seen = observed(&[5, 9], vec![process(5, 9, 1), process(9, 1, 2)], HiddenProcesses::nothing());
        assert_eq!(order(&seen), [5, 9]);
    }

    #[test]
    fn a_holder_named_twice_is_one() {
        let seen = observed(&[5, 7, 5, 7], vec![process(5, 1, 1)], HiddenProcesses::nothing());
        assert_eq!(order(&seen), [5, 7]);
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
        assert_eq!(attribute(&seen)[0].ancestors[..], []);
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

    #[test]
    fn root_may_not_see_that_a_hidden_process_of_the_same_user_holds_it_too() {
        let of = |privileged, user, hidden_uid| {
            let short_name = "busy".to_owned();
            let process_of_user = HiddenProcess { short_name, uid: hidden_uid, user: None };
            let hidden = HiddenProcesses::Processes([(9, process_of_user)].into());
            let holder = Process { uid: Some(user), ..process(5, 1, 5) };
            attribute(&Observation { privileged, ..observed(&[5], vec![holder], hidden) })[0].more_holders
        };
        let more = |privileged, hidden_uid| of(privileged, 1000, hidden_uid);
        assert!(more(true, Some(1000)) && more(true, None));
        assert!(!of(true, 0, Some(0)), "root's own");
        assert!(!more(true, Some(1001)), "whatever others hide, it is nobody else's fault");
        assert!(!more(false, Some(1000)), "most of what others do is hidden from an ordinary user");
    }
}
