//! Windows: sockets and their owners' ids from `netstat2`, processes from `sysinfo`. Beside them: the services in a
//! process, the ports that the system excludes, what programs say of themselves, the process `System`, and
//! sockets whose process has ended.

mod accounts;
mod netsh;
mod programs;
mod services;
mod sockets;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use jiff::Timestamp;

pub(super) use self::accounts::{UserId, privileged, uid, user_id, user_name};
pub(super) use self::programs::{may_not_answer, replaceable_path, same_path};
use super::sysinfo_processes::{self, Running};
use super::users::Users;
use super::{Inspect, ScanScope, Unobservable};
use crate::model::{Gap, GapKind, Host, Observation, Os, Pid, PortRange, Presence, Process, ProcessRef};

/// The process that the kernel's own threads belong to: always this one, since Windows XP (Windows Internals,
/// "System process").
const SYSTEM: Pid = 4;

/// Looks at the machine once.
///
/// # Errors
///
/// Where no socket table could be read.
pub(super) fn observe(
    scope: &ScanScope,
    inspect: &dyn Inspect,
    now: Timestamp,
) -> Result<Observation, Unobservable> {
    let mut gaps = Vec::new();
    let license_ports = inspect.license_ports();
    let counted = if scope.connections { &[PortRange::ALL][..] } else { &license_ports };
    let sockets = sockets::read(scope, &license_ports, counted, &mut gaps)?;
    let mut seen = sysinfo_processes::observation(sockets, gaps, &Users::default(), scope, inspect, now);
    let holders: BTreeSet<Pid> = seen.holdings.iter().map(|holding| holding.pid).collect();
    name_system(&mut seen.processes);
    programs::ask(&mut seen.processes, &holders);
    follow_the_ended(&mut seen, scope);
    match services::by_process() {
        Ok(mut services) => {
            for (pid, process) in &mut seen.processes {
                Arc::make_mut(process).services = services.remove(pid).unwrap_or_default();
            }
        }
        Err(error) => {
            let detail =
                format!("which services processes run could not be read ({})", super::in_words(&error));
            seen.gaps.push(Gap::new(GapKind::ServicesUnreadable, detail));
        }
    }
    if may_be_free(scope, &seen) {
        read_port_rules(&mut seen);
    }
    if !scope.detail_ports.is_empty() {
        let detail = "TCP ports that are bound without listening, which Windows tells no program";
        seen.gaps.push(Gap::new(GapKind::BoundSocketsHidden, detail));
        name_process_of_that_number(&mut seen, scope);
    }
    seen.method_notes = vec![
        "sockets and the ids of their processes were read from the tables of iphlpapi, by netstat2"
            .to_owned(),
        "processes were read by sysinfo, their services from the service control manager".to_owned(),
    ];
    Ok(seen)
}

/// Reads which ports Windows excludes, and nothing else.
///
/// # Errors
///
/// Where `netsh` does not answer any of the questions.
pub(super) fn observe_port_rules(now: Timestamp) -> Result<Observation, Unobservable> {
    let host = Host { name: sysinfo::System::host_name().ok(), os: Os::Windows };
    let mut observation = Observation { privileged: privileged(), ..Observation::new(host, now) };
    let unanswered = read_port_rules(&mut observation);
    match observation.port_rules.excluded {
        None => Err(Unobservable::PortRules { why: unanswered.join("; ") }),
        Some(_) => Ok(observation),
    }
}

/// Notes which ports Windows excludes, and what of that could not be read. Returns why not.
fn read_port_rules(observation: &mut Observation) -> Vec<String> {
    let netsh::Answer { excluded, unanswered } = netsh::excluded_ports();
    if unanswered.is_empty() {
        observation.port_rules.excluded = Some(excluded);
    } else {
        observation.port_rules.excluded = Some(excluded).filter(|excluded| !excluded.is_empty());
        let why = unanswered.join("; ");
        let detail = format!("which ports Windows keeps from programs could not be read ({why})");
        observation.gaps.push(Gap::new(GapKind::PortRulesUnreadable, detail));
    }
    unanswered
}

/// Whether any port that was asked about is not seen to be held.
fn may_be_free(scope: &ScanScope, seen: &Observation) -> bool {
    let held: HashSet<u16> = seen.sockets.iter().map(|socket| socket.local.port()).collect();
    let asked = scope.detail_ports.iter().chain(&scope.ports);
    asked.flat_map(|range| range.first..=range.last).any(|port| !held.contains(&port))
}

/// Who looks at `netstat -ano` may type a process's number for a port: such a process is told, where it listens
/// elsewhere.
fn name_process_of_that_number(seen: &mut Observation, scope: &ScanScope) {
    let [range] = scope.detail_ports[..] else { return };
    let pid = Pid::from(range.first);
    if range.first != range.last || !seen.sockets.is_empty() || seen.processes.contains_key(&pid) {
        return;
    }
    let name =
        sysinfo_processes::running().and_then(|mut running| running.remove(&pid)).and_then(|(_, name)| name);
    if name.is_some() && sockets::holders(&ScanScope::default()).contains(&pid) {
        seen.processes.insert(pid, Arc::new(Process { pid, name, ..Process::default() }));
    }
}

/// The kernel's process has no file, and to most users no name either.
fn name_system(processes: &mut BTreeMap<Pid, Arc<Process>>) {
    if let Some(system) = processes.get_mut(&SYSTEM) {
        let system = Arc::make_mut(system);
        system.presence = Presence::Kernel;
        system.name = Some("System".to_owned());
    }
}

/// Follows up the holders that are not there: a socket that is still held by them in a second look outlives them.
/// Others ended while they were looked at.
fn follow_the_ended(seen: &mut Observation, scope: &ScanScope) {
    if !seen.processes.values().any(|process| is_absent(process)) {
        return;
    }
    match sysinfo_processes::running() {
        Some(running) => {
            let held_by = sockets::holders(scope);
            name_children(&mut seen.processes, &held_by, &running);
        }
        None => {
            let detail = "nothing could be read of the processes but their numbers";
            seen.gaps.push(Gap::new(GapKind::ProcessesUnreadable, detail));
        }
    }
}

fn is_absent(process: &Process) -> bool {
    process.name.is_none() && process.exe().is_none()
}

/// Notes of each process that has ended and still holds sockets which of its children still run: of handles that a
/// process inherits, the tables name the process that made them.
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
