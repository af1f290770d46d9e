//! Which processes are license servers and vendors' daemons, and where each listens.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::knowledge::{Knowledge, LicenseManager, LicenseProgram, Technology};
use crate::model::sorting::sort_by_key;
use crate::model::{
    Checked, Forward, Observation, Os, Owner, Pid, PortRole, Process, Row, State, Vouched, Writer,
};

/// No line of parents is followed further: a license server is the parent of its daemon, or near.
const MOST_PARENTS: usize = 8;

/// What a process is to a license server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role<'a> {
    /// The server of a technology, which starts the vendors' daemons.
    Server(&'a Technology),
    /// `None`: whose daemon it is, is not known.
    Daemon(&'a Technology, Option<&'a LicenseManager>),
    /// A server without daemons.
    Alone(&'a LicenseManager),
}

/// The license servers and daemons of a machine.
pub(super) struct Survey<'a> {
    pub(super) observation: &'a Observation,
    pub(super) knowledge: &'a Knowledge,
    pub(super) rows: &'a [Row],
    vouched: &'a Vouched,
    roles: BTreeMap<Pid, Role<'a>>,
    /// The daemons of each server, and those without one. Of several processes of one program, the first counts.
    started: BTreeMap<Option<Pid>, Vec<&'a Arc<Process>>>,
    /// The rows of each process that has a role.
    listeners: BTreeMap<Pid, Vec<&'a Row>>,
}

impl<'a> Survey<'a> {
    /// `rows` are all sockets that were found, whether or not they are shown.
    pub(super) fn of(
        observation: &'a Observation,
        rows: &'a [Row],
        vouched: &'a Vouched,
        knowledge: &'a Knowledge,
    ) -> Survey<'a> {
        let mut listeners: BTreeMap<Pid, Vec<&Row>> = BTreeMap::new();
        for row in rows.iter().filter(|row| row.socket.state != State::Bound) {
            for holder in row.owner.processes() {
                listeners.entry(holder.pid).or_default().push(row);
            }
        }
        let (roles, started) = (BTreeMap::new(), BTreeMap::new());
        let mut survey =
            Survey { observation, knowledge, rows, vouched, roles, started, listeners: BTreeMap::new() };
        let elsewhere = only_elsewhere(observation, &listeners);
        let here = observation.processes.iter().filter(|(pid, _)| !elsewhere.contains(pid));
        let roles = here.filter_map(|(&pid, one)| Some((pid, survey.role_of(one)?)));
        survey.roles = roles.collect();
        // What a license server has started and listens is a daemon, whatever its name, if the rules of the verdicts take
        // it for one: a shell or a relay is none.
        let judged = listeners.iter().filter(|(pid, rows)| {
            !survey.roles.contains_key(pid) && rows.iter().any(|row| row.license.is_some())
        });
        let children = judged.filter_map(|(&pid, _)| {
            let parent = survey.parent(observation.processes.get(&pid)?)?;
            match survey.roles.get(&parent.pid)? {
                Role::Server(technology) => Some((pid, Role::Daemon(technology, None))),
                Role::Daemon(..) | Role::Alone(_) => None,
            }
        });
        let children: Vec<(Pid, Role<'_>)> = children.collect();
        survey.roles.extend(children);
        // What a worker listens on counts as its first process's.
        for (pid, rows) in listeners {
            let Some(process) = observation.processes.get(&pid).filter(|_| survey.roles.contains_key(&pid))
            else {
                continue;
            };
            let first = survey.first_of(process).map_or(pid, |first| first.pid);
            survey.listeners.entry(first).or_default().extend(rows);
        }
        for rows in survey.listeners.values_mut() {
            sort_by_key(rows, |row| (row.socket.local.port(), row.socket.protocol, row.socket.id));
            rows.dedup_by_key(|row| row.socket.id);
        }
        let mut started: BTreeMap<Option<Pid>, Vec<&'a Arc<Process>>> = BTreeMap::new();
        for (process, role) in survey.roles() {
            if let Role::Daemon(technology, _) = role
                && !survey.is_worker(process)
            {
                let server = survey.server_of(process, technology).map(|server| server.pid);
                started.entry(server).or_default().push(process);
            }
        }
        survey.started = started;
        survey
    }

    pub(super) fn os(&self) -> Os {
        self.observation.host.os
    }

    fn role_of(&self, process: &Process) -> Option<Role<'a>> {
        let (licenses, os) = (self.knowledge.licenses(), self.os());
        let by_claimed_name = || {
            let name = process.name.as_deref().filter(|_| process.exe().is_none())?;
            licenses.recognise_name(name, os)
        };
        match licenses.recognise(process, os).or_else(by_claimed_name)? {
            LicenseProgram::Emulator(_) => None,
            LicenseProgram::Server(technology) => Some(Role::Server(technology)),
            LicenseProgram::UnlistedDaemon(technology) => Some(Role::Daemon(technology, None)),
            LicenseProgram::Own(manager) => match licenses.technology_of(manager) {
                Some(technology) if technology.starts_daemons => {
                    Some(Role::Daemon(technology, Some(manager)))
                }
                _ => is_server(manager).then_some(Role::Alone(manager)),
            },
        }
    }

    /// The processes with a role, by id.
    pub(super) fn roles(&self) -> impl Iterator<Item = (&'a Arc<Process>, Role<'a>)> {
        self.roles.iter().filter_map(|(pid, &role)| Some((self.observation.processes.get(pid)?, role)))
    }

    pub(super) fn role(&self, pid: Pid) -> Option<Role<'a>> {
        self.roles.get(&pid).copied()
    }

    /// Where a process listens, by port.
    pub(super) fn listeners(&self, pid: Pid) -> &[&'a Row] {
        self.listeners.get(&pid).map_or(&[], Vec::as_slice)
    }

    /// The nearest ancestor of which something is true.
    pub(super) fn ancestor(
        &self,
        process: &Process,
        is_it: impl Fn(&Process) -> bool,
    ) -> Option<&'a Arc<Process>> {
        let mut line = BTreeSet::from([process.pid]);
        let mut parent = self.parent(process);
        while let Some(one) = parent.filter(|one| line.len() <= MOST_PARENTS && line.insert(one.pid)) {
            if is_it(one) {
                return Some(one);
            }
            parent = self.parent(one);
        }
        None
    }

    /// The parent, unless it started later: then it has the id of the parent, which has ended.
    pub(super) fn parent(&self, process: &Process) -> Option<&'a Arc<Process>> {
        let parent = self.observation.processes.get(&process.ppid?)?;
        let is_older = process.started_at.is_none() || parent.started_at <= process.started_at;
        is_older.then_some(parent)
    }

    /// The daemons that a server has started; with `None`, those without a server.
    pub(super) fn started_by(&self, server: Option<Pid>) -> &[&'a Arc<Process>] {
        self.started.get(&server).map_or(&[], Vec::as_slice)
    }

    /// Whether a process is one of several of the same program of which another is the first: it started this one.
    pub(super) fn is_worker(&self, process: &Process) -> bool {
        self.first_of(process).is_some()
    }

    fn first_of(&self, process: &Process) -> Option<&'a Arc<Process>> {
        let path = |process: &Process| process.exe().map(|exe| exe.path.clone());
        let role = self.role(process.pid)?;
        self.ancestor(process, |other| self.role(other.pid) == Some(role) && path(other) == path(process))
    }

    /// The server that started a daemon.
    fn server_of(&self, daemon: &Process, technology: &Technology) -> Option<&'a Arc<Process>> {
        let is_its_server = |process: &Process| matches!(self.role(process.pid), Some(Role::Server(own)) if own.id == technology.id);
        self.ancestor(daemon, is_its_server)
    }

    /// Who besides root, the service's own account and whom the caller vouches for could have put another file in the place
    /// of the one that a process runs; `None` where that is not established. What they start under the name of a license
    /// server raises no alarm.
    pub(super) fn doubtful_writers(&self, process: &Process) -> Option<Vec<&'a Writer>> {
        let process = self.observation.processes.get(&process.pid)?;
        let exe = process.exe().filter(|exe| exe.path_confirmed != Checked::Done(false))?;
        self.vouched.left(&exe.path, &exe.writers, process.uid, self.os())
    }

    /// Whether a process runs the program that its name says, as far as its file can show that.
    pub(super) fn is_believed(&self, process: &Process) -> bool {
        self.doubtful_writers(process).is_some_and(|writers| writers.is_empty())
    }

    /// License ports whose holder this user may not see.
    pub(super) fn hidden(&self) -> impl Iterator<Item = &'a Row> {
        self.rows.iter().filter(|row| row.license.is_some() && row.owner == Owner::Hidden)
    }
}

/// The processes that are known only because a proxy forwards to them, because they were asked about, or because they
/// started such a one: their sockets are, or may be, in network namespaces that are not listed, so that they would seem to
/// listen nowhere.
fn only_elsewhere(observation: &Observation, listeners: &BTreeMap<Pid, Vec<&Row>>) -> BTreeSet<Pid> {
    let forwards = observation.processes.values().filter_map(|process| process.forward.as_deref());
    let sought = observation.sought.iter().flat_map(|sought| &sought.found);
    let sought = sought.filter(|one| one.is_elsewhere());
    let behind: Vec<Pid> = forwards.flat_map(Forward::listeners).chain(sought.map(|one| one.pid)).collect();
    if behind.is_empty() {
        return BTreeSet::new();
    }
    let with_parents = |pids: &mut dyn Iterator<Item = Pid>| {
        let mut line = BTreeSet::new();
        for pid in pids {
            let mut next = Some(pid);
            while let Some(pid) = next.filter(|&pid| line.insert(pid)) {
                next = observation.processes.get(&pid).and_then(|process| process.ppid);
            }
        }
        line
    };
    let here = with_parents(&mut listeners.keys().copied());
    with_parents(&mut behind.into_iter()).difference(&here).copied().collect()
}

/// Whether a manager's programs serve licenses, and do not only help the programs that use them.
fn is_server(manager: &LicenseManager) -> bool {
    manager.ports.is_empty() || manager.ports.iter().any(|known| known.role != PortRole::Helper)
}
