//! Windows: sockets and the ids of their holders from `netstat2`, processes from `sysinfo`. In addition: the services
//! in a process, the ports that the system excludes, the version resources of programs, the process `System`, and
//! sockets that have outlived their process.

pub(super) mod accounts;
mod file_security;
mod installed;
mod machine_id;
mod netsh;
mod programs;
mod registry;
mod services;
mod sockets;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use jiff::Timestamp;

pub(super) use self::accounts::{has_user, is_of_service, privileged, uid, user_id};
pub(super) use self::file_security::writers;
pub(super) use self::machine_id::machine_id;
pub(super) use self::programs::{may_not_answer, same_path};
use super::license_files;
use super::sysinfo_processes::{self, Running};
use super::users::Users;
pub(super) use super::users::{Prepared, drop_rights, restrict};
use super::{Inspect, ScanScope, Unobservable};
use crate::model::{Gap, GapKind, Observation, Os, Pid, PortRange, Presence, Process, ProcessRef};

/// The process of the kernel's own threads: always this one since Windows XP (Windows Internals, "System process").
const SYSTEM: Pid = 4;

/// Scans the machine once.
///
/// # Errors
///
/// If no socket table could be read.
pub(super) fn observe(
    scope: &ScanScope,
    inspect: &dyn Inspect,
    _: &mut Prepared,
    now: Timestamp,
) -> Result<Observation, Unobservable> {
    let mut gaps = Vec::new();
    let license_ports = inspect.license_ports();
    let counted = if scope.connections { &[PortRange::ALL][..] } else { &license_ports };
    let sockets = sockets::read(scope, &license_ports, counted, &mut gaps)?;
    let mut observation =
        sysinfo_processes::observation(sockets, gaps, &Users::new(scope), scope, inspect, now);
    if scope.glance {
        return Ok(observation);
    }
    let holders: BTreeSet<Pid> = observation.holdings.iter().map(|holding| holding.pid).collect();
    name_system(&mut observation.processes);
    programs::inspect(&mut observation.processes, &holders);
    find_heirs(&mut observation, scope);
    match services::by_process() {
        Ok(mut services) => {
            for (pid, process) in &mut observation.processes {
                Arc::make_mut(process).services = services.remove(pid).unwrap_or_default();
            }
        }
        Err(error) => {
            let detail =
                format!("the services of the processes could not be read ({})", super::in_words(&error));
            observation.gaps.push(Gap::new(GapKind::ServicesUnreadable, detail));
        }
    }
    if scope.license_servers {
        let installed = installed::read(&inspect.license_programs(Os::Windows)).unwrap_or_else(|error| {
            let detail =
                format!("which services are installed could not be read ({})", super::in_words(&error));
            observation.gaps.push(Gap::new(GapKind::ServicesUnreadable, detail));
            Vec::new()
        });
        let processes = observation.processes.values().map(Arc::as_ref);
        observation.license_setup = Some(license_files::read(processes, installed, inspect, scope));
    }
    if may_be_free(scope, &observation) {
        read_port_rules(&mut observation);
    }
    if !scope.detail_ports.is_empty() {
        let detail = "a program may hold a TCP port without listening: Windows does not report it";
        observation.gaps.push(Gap::new(GapKind::BoundSocketsHidden, detail));
        add_namesake(&mut observation, scope);
    }
    observation.method_notes = vec![
        "netstat2 read the sockets and the ids of their holders from the tables of iphlpapi".to_owned(),
        "sysinfo read the processes, and the service control manager named their services".to_owned(),
    ];
    Ok(observation)
}

/// Reads which ports Windows excludes, and nothing else.
///
/// # Errors
///
/// If `netsh` answers none of the queries.
pub(super) fn observe_port_rules(now: Timestamp) -> Result<Observation, Unobservable> {
    let host = sysinfo_processes::host(true);
    let mut observation = Observation { privileged: privileged(), ..Observation::new(host, now) };
    let unanswered = read_port_rules(&mut observation);
    match observation.port_rules.excluded {
        None => Err(Unobservable::PortRules { why: unanswered.join("; ") }),
        Some(_) => Ok(observation),
    }
}

/// Adds the ports that Windows excludes, or a gap. Returns why some could not be read.
fn read_port_rules(observation: &mut Observation) -> Vec<String> {
    let netsh::Answer { excluded, unanswered } = netsh::excluded_ports();
    if unanswered.is_empty() {
        observation.port_rules.excluded = Some(excluded);
    } else {
        observation.port_rules.excluded = Some(excluded).filter(|excluded| !excluded.is_empty());
        let why = unanswered.join("; ");
        let detail = format!("the ports that Windows has reserved could not be read ({why})");
        observation.gaps.push(Gap::new(GapKind::PortRulesUnreadable, detail));
    }
    unanswered
}

/// Whether any port in question has no visible holder.
fn may_be_free(scope: &ScanScope, observation: &Observation) -> bool {
    let held: HashSet<u16> = observation.sockets.iter().map(|socket| socket.local.port()).collect();
    let asked = scope.detail_ports.iter().chain(&scope.ports);
    scope.license_servers
        || asked.flat_map(|range| range.first..=range.last).any(|port| !held.contains(&port))
}

/// Adds the process whose id equals the one port in question, if it listens elsewhere: someone who reads `netstat -ano`
/// may type the id for the port.
fn add_namesake(observation: &mut Observation, scope: &ScanScope) {
    let [range] = scope.detail_ports[..] else { return };
    let pid = Pid::from(range.first);
    if range.first != range.last
        || !observation.sockets.is_empty()
        || observation.processes.contains_key(&pid)
    {
        return;
    }
    let name =
        sysinfo_processes::running().and_then(|mut running| running.remove(&pid)).and_then(|(_, name)| name);
    if name.is_some() && sockets::holders(&ScanScope::default()).contains(&pid) {
        observation.processes.insert(pid, Arc::new(Process { pid, name, ..Process::default() }));
    }
}

/// The kernel's process has no file, and for most users no name either.
fn name_system(processes: &mut BTreeMap<Pid, Arc<Process>>) {
    if let Some(system) = processes.get_mut(&SYSTEM) {
        let system = Arc::make_mut(system);
        system.presence = Presence::Kernel;
        system.name = Some("System".to_owned());
    }
}

/// Names the heirs of holders that do not run. If a second scan still finds the socket, it has outlived its holder;
/// otherwise the holder ended during the scan.
fn find_heirs(observation: &mut Observation, scope: &ScanScope) {
    if !observation.processes.values().any(|process| is_absent(process)) {
        return;
    }
    match sysinfo_processes::running() {
        Some(running) => {
            let held_by = sockets::holders(scope);
            name_children(&mut observation.processes, &held_by, &running);
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

/// Adds to each process that has ended and still holds sockets those of its children that run: for inherited handles,
/// the tables name the process that created them.
fn name_children(processes: &mut BTreeMap<Pid, Arc<Process>>, held_by: &HashSet<Pid>, running: &Running) {
    for process in processes.values_mut().filter(|process| is_absent(process)) {
        let pid = process.pid;
        if running.contains_key(&pid) || !held_by.contains(&pid) {
            continue;
        }
        let children = running.iter().filter(|(_, (parent, _))| *parent == Some(pid));
        let children = children.map(|(&pid, (_, name))| ProcessRef { pid, name: name.clone() }).collect();
        Arc::make_mut(process).presence = Presence::Ended { children };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_outlives_its_process_is_told_from_what_ended_while_it_was_looked_at() {
        let absent = |pid| (pid, Arc::new(Process { pid, ..Process::default() }));
        let named = Process { pid: 9, name: Some("a.exe".to_owned()), ..Process::default() };
        let mut processes: BTreeMap<Pid, Arc<Process>> =
            [absent(5), absent(6), absent(7), absent(8), (9, Arc::new(named))].into();
        let running = |pid, parent, name: &str| (pid, (Some(parent), Some(name.to_owned())));
        let running = [running(50, 5, "heir.exe"), running(7, 1, "back.exe"), running(90, 9, "b.exe")].into();
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

    #[test]
    fn the_kernel_has_a_name_and_no_file() {
        let unnamed =
            Process { pid: SYSTEM, presence: Presence::Running(Default::default()), ..Process::default() };
        let mut processes = [(SYSTEM, Arc::new(unnamed))].into();
        name_system(&mut processes);
        let system = &processes[&SYSTEM];
        assert!(system.presence == Presence::Kernel);
        assert_eq!(system.name.as_deref(), Some("System"));
    }
}
