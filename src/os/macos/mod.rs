//! macOS: sockets from the kernel's lists, their holders from libproc, and processes from `sysinfo`. libproc answers
//! an ordinary user only for their own processes. If the kernel hides its lists, as macOS 27 does from ordinary
//! users, sysctl(8) reads them; if it does not, libproc lists the sockets too.
//!
//! A socket in the lists and its holders are matched by the kernel's identity of the socket, not by address: several
//! sockets may have the same address.

mod calls;
mod files;
mod holders;
mod installed;
mod launchd_jobs;
mod machine_id;
mod port_rules;
mod processes;
mod self_test;
mod socket_lists;
mod socket_scan;
mod users;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;
use sysinfo::{ProcessRefreshKind, ProcessesToUpdate, System, UpdateKind};

pub(super) use self::files::{leads_there, may_not_answer, writers};
pub(super) use self::machine_id::machine_id;
pub(super) use self::processes::Processes;
pub(super) use self::self_test::self_test;
use self::socket_scan::SocketScan;
pub(super) use self::users::has_user;
use super::connection_count::{self, Connection};
use super::decode::macos::launchd;
use super::decode::macos::socket::MacosSocket;
use super::decode::text::os_text;
use super::license_files;
use super::process_scan::{self, HeldSocket, HeldSockets};
pub(super) use super::unix::is_root as privileged;
use super::users::Users;
pub(super) use super::users::{Prepared, drop_rights, restrict};
use super::{Inspect, ScanScope, Unobservable, in_words};
use crate::model::{
    Gap, GapKind, Observation, Os, Pid, PortRange, Process, ProcessRef, ProcessService, Socket,
};

/// Scans the machine once.
///
/// # Errors
///
/// If neither the kernel's lists nor the processes can be read.
pub(super) fn observe(
    scope: &ScanScope,
    inspect: &dyn Inspect,
    _: &mut Prepared,
    now: Timestamp,
) -> Result<Observation, Unobservable> {
    let license_ports = inspect.license_ports();
    let scan = SocketScan::run(scope, &license_ports)
        .map_err(|error| Unobservable::Sockets { why: in_words(&error) })?;
    Ok(assemble(scan, scope, &license_ports, inspect, now))
}

/// Reads which ports macOS keeps for its own programs, and nothing else.
///
/// # Errors
///
/// If the kernel does not say.
pub(super) fn observe_port_rules(now: Timestamp) -> Result<Observation, Unobservable> {
    let host = process_scan::host(true);
    let port_rules = port_rules::read().map_err(|why| Unobservable::PortRules { why })?;
    Ok(Observation { privileged: privileged(), port_rules, ..Observation::new(host, now) })
}

fn assemble(
    scan: SocketScan,
    scope: &ScanScope,
    license_ports: &[PortRange],
    inspect: &dyn Inspect,
    now: Timestamp,
) -> Observation {
    let SocketScan { sockets: all, kept, holders, unlisted, gaps, method_notes } = scan;
    let users = Users::new(scope);
    users.look_up(kept.listed.iter().filter_map(|&(at, _)| all[at].uid));
    let user = |uid: Option<u32>| uid.and_then(|uid| users.name(uid));
    let listed = kept.listed.iter().map(|&(at, state)| {
        let interface = all[at].interface.map(|index| calls::interface(index.get()));
        let pids = holders.of(at);
        let last_used = all[at].key.last_used.filter(|_| pids.is_empty() && !scope.glance);
        let last_used_by = last_used.and_then(last_user);
        let user = user(all[at].uid);
        HeldSocket { socket: Socket { interface, user, last_used_by, ..all[at].to_socket(state) }, pids }
    });
    let mut listed: Vec<HeldSocket> = listed.collect();
    if !scope.glance {
        launchd_jobs::name_sockets(&mut listed);
    }
    count(&mut listed, &all, if scope.connections { &[PortRange::ALL] } else { license_ports });
    let port_connections = kept.port_connections.iter();
    let unanswered = kept.unanswered.iter();
    let sockets = HeldSockets {
        listed,
        port_connections: port_connections
            .filter_map(|&at| all[at].to_port_connection(holders.of(at)))
            .collect(),
        unanswered: unanswered
            .filter_map(|&at| all[at].to_unanswered(user(all[at].uid), holders.of(at)))
            .collect(),
    };
    let mut running = Processes::open();
    let mut observation = process_scan::observation(sockets, gaps, &users, &mut running, scope, inspect, now);
    if scope.needs_port_rules() {
        match port_rules::read() {
            Ok(rules) => observation.port_rules = rules,
            Err(why) => {
                let detail = format!("the ports that macOS has reserved could not be read ({why})");
                observation.gaps.push(Gap::new(GapKind::PortRulesUnreadable, detail));
            }
        }
    }
    if !scope.glance {
        name_jobs(&mut observation);
    }
    if scope.license_servers {
        let installed = installed::read(&inspect.license_programs(Os::Macos));
        let processes = observation.processes.values().map(Arc::as_ref);
        let running = running.as_mut().ok();
        let gaps = &mut observation.gaps;
        let setup = license_files::read(processes, running, installed, inspect, scope, gaps);
        observation.license_setup = Some(setup);
    }
    let hidden = unlisted.unwrap_or_else(|| holders.hidden(&users));
    Observation { hidden, method_notes, ..observation }
}

/// `None` if the process has ended.
fn last_user(pid: Pid) -> Option<ProcessRef> {
    let path = calls::program(pid)?;
    Some(ProcessRef { pid, name: path.file_name().map(os_text) })
}

/// Counts the connections of the listeners on these ports.
fn count(listed: &mut [HeldSocket], all: &[MacosSocket], ports: &[PortRange]) {
    let listed = listed.iter_mut().map(|held| &mut held.socket).collect();
    connection_count::count(listed, ports, |_| {
        all.iter().filter(|socket| socket.is_established_tcp()).filter_map(|socket| {
            let interface = socket.interface.map(|index| calls::interface(index.get()));
            Some(Connection { local: socket.local, interface, peer: socket.peer?.ip() })
        })
    });
}

/// Adds the launchd jobs and the application bundles of the holders. Reads a single variable of their environment and
/// keeps nothing else: it may hold secrets.
fn name_jobs(observation: &mut Observation) {
    let holders: HashSet<Pid> = observation.holdings.iter().map(|holding| holding.pid).collect();
    let mut jobs = jobs_of(&holders);
    for (pid, process) in &mut observation.processes {
        let process: &mut Process = Arc::make_mut(process);
        process.services = jobs.remove(pid).into_iter().collect();
        process.application = process.exe().and_then(|exe| launchd::application(&exe.path));
    }
}

/// The jobs of these processes, as far as this user may read them.
fn jobs_of(pids: &HashSet<Pid>) -> BTreeMap<Pid, ProcessService> {
    let Ok(mut system) = System::new() else { return BTreeMap::new() };
    let kind = ProcessRefreshKind::nothing().without_tasks().with_environ(UpdateKind::Always);
    let ids: Vec<sysinfo::Pid> = pids.iter().map(|&pid| sysinfo::Pid::from_u32(pid)).collect();
    system.refresh_processes_specifics(ProcessesToUpdate::Some(&ids), false, kind);
    let job = |&pid: &Pid| {
        let process = system.process(sysinfo::Pid::from_u32(pid))?;
        let variables = process.environ().iter().filter_map(|variable| variable.to_str());
        Some((pid, launchd::job(variables)?))
    };
    pids.iter().filter_map(job).collect()
}
