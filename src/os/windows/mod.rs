//! Windows: sockets and the ids of their holders from the tables of iphlpapi, processes from lists that every user may
//! read. In addition: services, the ports that the system excludes, the version resources of programs, the process
//! `System`, and sockets that have outlived their process.

pub(super) mod accounts;
mod console;
mod devices;
mod file_security;
mod firewall;
mod guests;
mod heirs;
mod installed;
mod kernel_ports;
mod machine_id;
mod netsh;
mod processes;
mod programs;
mod registry;
mod room;
mod self_test;
mod service_tag;
mod services;
mod signature;
mod sockets;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::io;
use std::num::NonZeroU32;
use std::sync::Arc;

use jiff::Timestamp;

pub(super) use self::accounts::{has_user, privileged};
pub(super) use self::console::{programs as programs_of_console, wait_for_key};
pub(super) use self::file_security::{leads_there, writers};
pub(super) use self::machine_id::machine_id;
pub(super) use self::processes::Processes;
use self::processes::Running;
pub(super) use self::programs::may_not_answer;
pub(super) use self::self_test::self_test;
use self::service_tag::ServiceTags;
use self::services::Services;
use self::sockets::SocketScan;
use super::deadline::Deadline;
use super::license_files;
use super::process_scan;
use super::users::Users;
pub(super) use super::users::{Prepared, drop_rights, restrict};
use super::{Inspect, ScanScope, Unobservable};
use crate::model::{
    Gap, GapKind, Observation, Os, Pid, PortRange, Presence, Process, ProcessService, SocketId,
};

/// The process of the kernel's own threads: always this one since Windows XP (Windows Internals, "System process").
const SYSTEM: Pid = 4;

/// The firewall is asked about no more sockets.
const MOST_ASKED: usize = 64;

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
    let SocketScan { held, service_tags } = sockets::read(scope, &license_ports, counted, &mut gaps)?;
    let users = Users::new(scope);
    let mut running = match scope.glance {
        // A glance is at sockets alone.
        true => Err(io::ErrorKind::Unsupported.into()),
        false => Processes::open(),
    };
    let mut observation = process_scan::observation(held, gaps, &users, &mut running, scope, inspect, now);
    if scope.glance {
        return Ok(observation);
    }
    // Listed again, after everything about them was asked by their ids.
    let running_now = processes::running();
    if let Ok(running_now) = &running_now {
        forget_successors(&mut observation.processes, running_now);
    }
    heirs::find(&mut observation, running_now.as_ref().ok(), scope);
    let holders: BTreeSet<Pid> = observation.holdings.iter().map(|holding| holding.pid).collect();
    name_system(&mut observation.processes);
    programs::inspect(&mut observation.processes, &holders, Deadline::after(scope.deadline));
    let installed = match running.as_ref().map(Processes::services) {
        Ok(Ok(services)) => {
            name_services(&mut observation, &service_tags, services);
            observation.gaps.extend(guests::gap(services).filter(|_| !scope.detail_ports.is_empty()));
            let is_wanted = scope.license_servers;
            is_wanted.then(|| installed::read(services, &inspect.license_programs(Os::Windows)))
        }
        Ok(Err(error)) | Err(error) => {
            let detail = format!("the services could not be read ({})", super::in_words(error));
            observation.gaps.push(Gap::new(GapKind::ServicesUnreadable, detail));
            None
        }
    };
    if scope.license_servers {
        let processes = observation.processes.values().map(Arc::as_ref);
        let (running, installed) = (running.as_mut().ok(), installed.unwrap_or_default());
        let gaps = &mut observation.gaps;
        let setup = license_files::read(processes, running, installed, inspect, scope, gaps);
        observation.license_setup = Some(setup);
    }
    kernel_ports::add_proxies(&mut observation);
    if let Ok(running) = &running {
        kernel_ports::add_http_urls(&mut observation, running, scope);
    }
    ask_firewall(&mut observation, scope);
    if may_be_free(scope, &observation) {
        read_port_rules(&mut observation);
    }
    if let Ok(running_now) = &running_now {
        add_namesake(&mut observation, running_now, scope);
    }
    let processes = "the processes come from lists that every user may read; no process's memory was read";
    let sockets =
        "the sockets, and the ids of the processes that created them, come from the tables of iphlpapi";
    observation.method_notes.splice(0..0, [sockets.to_owned(), processes.to_owned()]);
    Ok(observation)
}

/// Forgets what was read of a process whose id has gone to another one since it was listed: its file may be that one's.
fn forget_successors(processes: &mut BTreeMap<Pid, Arc<Process>>, running: &Running) {
    for (pid, process) in processes {
        let now = running.get(pid).map(|now| now.started_at);
        if now.is_some_and(|now| now != process.started_at) {
            *process = Arc::new(Process { pid: *pid, ..Process::default() });
        }
    }
}

/// Adds the services of the processes, and of each socket the one that created it, where its process runs several.
fn name_services(observation: &mut Observation, service_tags: &[Option<NonZeroU32>], services: &Services) {
    let mut by_process = services.by_process();
    for (pid, process) in &mut observation.processes {
        if matches!(process.presence, Presence::Running(_)) {
            Arc::make_mut(process).services = by_process.remove(pid).unwrap_or_default();
        }
    }
    let tags = ServiceTags::open();
    // The service manager is asked once about each.
    let mut known: HashMap<(Pid, NonZeroU32), Option<ProcessService>> = HashMap::new();
    for holding in &observation.holdings {
        let at = holding.socket.0 as usize;
        let tag = service_tags.get(at).copied().flatten();
        let is_shared =
            observation.processes.get(&holding.pid).is_some_and(|process| process.services.len() > 1);
        if let (Some(tag), Some(socket)) = (tag.filter(|_| is_shared), observation.sockets.get_mut(at)) {
            let named = || Some(services.named(&tags.name(holding.pid, tag)?)?.of_process());
            socket.made_in = known.entry((holding.pid, tag)).or_insert_with(named).clone();
        }
    }
}

/// Asks Windows Firewall about the sockets that were asked about and that other machines could reach.
fn ask_firewall(observation: &mut Observation, scope: &ScanScope) {
    let mut asked = Vec::new();
    for holding in &observation.holdings {
        let SocketId(at) = holding.socket;
        let Some(socket) = observation.sockets.get(at as usize) else { continue };
        if asked.len() == MOST_ASKED
            || !scope.asks_about(socket.local.port())
            || socket.local.ip().is_loopback()
        {
            continue;
        }
        let process = observation.processes.get(&holding.pid);
        // What the kernel receives for its drivers is a program of this name to the firewall.
        let program = process.and_then(|process| match process.presence {
            Presence::Kernel => Some("System"),
            _ => process.exe().map(|exe| exe.path.as_str()),
        });
        asked.extend(program.map(|program| (at as usize, firewall::Asked::of(socket, program))));
    }
    let (places, asked): (Vec<usize>, Vec<firewall::Asked>) = asked.into_iter().unzip();
    if asked.is_empty() {
        return;
    }
    let (answers, why) = firewall::answers(asked, Deadline::after(scope.deadline));
    for (at, answer) in places.into_iter().zip(answers) {
        observation.sockets[at].firewall = answer;
    }
    if let Some(why) = why {
        observation
            .method_notes
            .push(format!("Windows Firewall was asked and said nothing ({})", why.trim()));
    }
}

/// Reads which ports Windows excludes, and nothing else.
///
/// # Errors
///
/// If `netsh` answers none of the queries.
pub(super) fn observe_port_rules(now: Timestamp) -> Result<Observation, Unobservable> {
    let host = process_scan::host(true);
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
fn add_namesake(observation: &mut Observation, running: &Running, scope: &ScanScope) {
    let [range] = scope.detail_ports[..] else { return };
    let pid = Pid::from(range.first);
    if range.first != range.last
        || !observation.sockets.is_empty()
        || observation.processes.contains_key(&pid)
    {
        return;
    }
    let name = running.get(&pid).and_then(|process| process.name.clone());
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

#[cfg(test)]
mod tests {
    use super::*;

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
