//! The systemd unit that a socket belongs to, if its holders do not show it: found by the control group
//! that the socket was made in (cgroups(7)), and for a socket that systemd itself holds, by the unit files.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::accounts::Accounts;
use super::cgroup_units;
use super::helper::units::UnitsTask;
use super::helper::{Pending, ProcessId};
use super::holders::Holders;
use super::listeners::ScannedSocket;
use super::process_reader::IdentifiedProcess;
use super::scan_context::ScanContext;
use super::socket_units::SocketUnits;
use crate::model::{Gap, GapKind, Os, Pid, Process, ProcessService, ServiceManager};

/// The systemd that holds a socket for another program, if one does.
fn systemd<'a>(found: &ScannedSocket, holders: &'a Holders) -> Option<&'a IdentifiedProcess> {
    let pids = holders.of(found.inode);
    let mut identified = pids.iter().filter_map(|pid| holders.processes.get(pid));
    identified.find(|identified| identified.process.exe_name(Os::Linux) == Some("systemd"))
}

/// Whether the holders of a socket do not show its unit: they are hidden, none, or systemd on behalf of another.
fn is_open(found: &ScannedSocket, holders: &Holders) -> bool {
    !holders.has(found.inode) || systemd(found, holders).is_some()
}

/// Units that are being read.
pub(super) struct UnitsInProgress {
    of_cgroup: HashMap<u64, ProcessService>,
    asked: Vec<UnitsTask>,
    pending: Pending<UnitsTask>,
}

impl UnitsInProgress {
    /// Begins to read the units of sockets whose holders do not show them.
    pub(super) fn begin(
        context: &ScanContext<'_>,
        found: &[ScannedSocket],
        holders: &Holders,
        accounts: &mut Accounts,
    ) -> UnitsInProgress {
        let open = || found.iter().filter(|found| is_open(found, holders));
        let cgroups: HashSet<u64> = open().filter_map(|found| found.cgroup).collect();
        let of_cgroup = if cgroups.is_empty() { HashMap::new() } else { cgroup_units::of_cgroups(&cgroups) };
        let mut systemds: BTreeSet<Pid> = BTreeSet::new();
        let mut asked = Vec::new();
        for IdentifiedProcess { process, started, .. } in open().filter_map(|found| systemd(found, holders)) {
            if systemds.insert(process.pid) {
                // Only root's systemd has no unit files in a home.
                let uid = process.uid.filter(|&uid| uid != 0);
                let home = uid.and_then(|uid| accounts.home(uid, context.deadline));
                let process_id = ProcessId { pid: process.pid, started: *started };
                asked.push(UnitsTask { process: process_id, uid: process.uid, home });
            }
        }
        let pending = context.begin(&asked);
        UnitsInProgress { of_cgroup, asked, pending }
    }

    /// Adds the units.
    pub(super) fn finish(
        self,
        context: &ScanContext<'_>,
        found: &mut [ScannedSocket],
        holders: &Holders,
    ) -> UnitsRead {
        let (mut of_systemd, mut late, mut are_more) = (HashMap::new(), 0, false);
        for (task, answer) in self.asked.into_iter().zip(self.pending.finish(context.deadline)) {
            match answer {
                Some(units) => {
                    are_more |= units.are_more;
                    of_systemd.insert(task.process.pid, SocketUnits::from(units));
                }
                None => late += 1,
            }
        }
        for found in found.iter_mut().filter(|found| is_open(found, holders)) {
            add(found, systemd(found, holders), &self.of_cgroup, &of_systemd);
        }
        let detail = "systemd has more unit files than are read, so the units of some sockets may be missing";
        let unread = are_more.then(|| Gap::new(GapKind::ServicesUnreadable, detail));
        UnitsRead { late, unread }
    }
}

/// What is missing of the units.
pub(super) struct UnitsRead {
    /// Of how many service managers the units did not arrive in time.
    pub(super) late: usize,
    /// The gap that there are more unit files than are read, if there are.
    pub(super) unread: Option<Gap>,
}

fn add(
    found: &mut ScannedSocket,
    systemd: Option<&IdentifiedProcess>,
    of_cgroup: &HashMap<u64, ProcessService>,
    of_systemd: &HashMap<Pid, SocketUnits>,
) {
    let made_in = found.cgroup.and_then(|cgroup| of_cgroup.get(&cgroup).cloned());
    if let Some(IdentifiedProcess { process: systemd, .. }) = systemd
        && let Some(units) = of_systemd.get(&systemd.pid)
        && let Some(manager) = manager(systemd, units.is_of_user)
    {
        let (protocol, local) = (found.socket.protocol, found.socket.local);
        found.socket.activation = units.activation(manager, made_in.as_ref(), protocol, local);
    }
    found.socket.made_in = made_in;
}

/// Whose systemd a process is. `None` where it is not the systemd that it is called after: any user may run a program of that
/// name.
fn manager(systemd: &Process, is_of_user: bool) -> Option<ServiceManager> {
    let Process { uid, container, .. } = systemd;
    let of_user = container.as_ref().and_then(|container| container.user.as_ref());
    match is_of_user || of_user.is_some() {
        true => Some(ServiceManager::SystemdUser),
        false if *uid == Some(0) || container.is_some() => Some(ServiceManager::Systemd),
        false => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Container, Runtime};

    #[test]
    fn a_program_that_is_called_systemd_is_not_the_system_s() {
        let container = |user: Option<&str>| {
            let (id, user) = ("web".to_owned(), user.map(str::to_owned));
            Some(Container {
                runtime: Runtime::Lxc,
                id,
                name: None,
                image: None,
                pod: None,
                user,
                nested: false,
            })
        };
        let (system, user) = (Some(ServiceManager::Systemd), Some(ServiceManager::SystemdUser));
        for (uid, container, is_of_user, expected) in [
            (0, None, false, system),
            (0, None, true, user),
            (1000, None, true, user),
            (1000, None, false, None),
            (100_000, container(None), false, system),
            (100_000, container(Some("alice")), false, user),
        ] {
            let systemd =
                Process { uid: Some(uid), container: container.map(Box::new), ..Process::default() };
            assert_eq!(manager(&systemd, is_of_user), expected, "{systemd:?} {is_of_user}");
        }
    }
}
