//! What a narrower scan of the same machine would have found: the scope of a scan, applied to what a wider one found.
//!
//! A record is of the widest scan. Narrowed, a question about a record has the same answer as one about the machine.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::elsewhere;
use super::port_set::PortSet;
use super::scan_scope::Sought;
use super::{Inspect, ScanScope};
use crate::model::quoting::quoted;
use crate::model::{
    Checked, Gap, GapKind, LicenseSetup, Likeness, NamedBy, Namespace, Observation, Os, OtherNamespace, Pid,
    Process, Protocol, Socket, SocketId, SoughtProcess, SoughtProcesses, State,
};

/// What a scan of this scope would have found.
#[must_use]
pub fn narrowed(observation: &Observation, scope: &ScanScope, inspect: &dyn Inspect) -> Observation {
    let is_listed = |namespace: &Option<Namespace>| scope.all_namespaces || namespace.is_none();
    let license_ports = PortSet::new(&inspect.license_ports());
    let detail_ports = PortSet::new(&scope.detail_ports);
    let is_in_scope = |socket: &Socket| {
        let is_in_family = scope.includes_family_of(socket.local, socket.dual_stack);
        is_in_family && scope.protocol.is_none_or(|only| only == socket.protocol)
    };
    let (listed, elsewhere): (Vec<&Socket>, Vec<&Socket>) = observation
        .sockets
        .iter()
        .filter(|socket| is_in_scope(socket))
        .partition(|socket| is_listed(&socket.namespace));
    let listed = listed.into_iter().filter(|socket| scope.includes(socket.local.port()));
    let mut narrow = Observation { sockets: listed.cloned().collect(), ..without_sockets(observation) };
    for socket in &mut narrow.sockets {
        let is_counted = socket.protocol != Protocol::Udp && license_ports.contains(socket.local.port());
        if !scope.connections && !is_counted {
            socket.connections = None;
        }
        if scope.numeric {
            socket.user = None;
        }
    }
    let ids: HashSet<SocketId> = narrow.sockets.iter().map(|socket| socket.id).collect();
    narrow.holdings = observation.holdings.iter().copied().filter(|one| ids.contains(&one.socket)).collect();
    let unanswered = observation.unanswered.iter().filter(|attempt| {
        scope.protocol.is_none_or(|only| only == Protocol::Tcp)
            && scope.includes_family_of(attempt.local, None)
            && scope.includes(attempt.remote.port())
    });
    narrow.unanswered = unanswered.cloned().collect();
    let connections = observation.port_connections.iter().filter(|connection| {
        is_listed(&connection.namespace)
            && detail_ports.contains(connection.local.port())
            && scope.protocol.is_none_or(|only| only == connection.protocol)
    });
    narrow.port_connections = connections.cloned().collect();
    let held: HashSet<SocketId> = narrow.holdings.iter().map(|holding| holding.socket).collect();
    let is_in_flight = narrow
        .sockets
        .iter()
        .any(|socket| detail_ports.contains(socket.local.port()) && !held.contains(&socket.id));
    narrow.receivers = observation.receivers.clone().filter(|_| is_in_flight);
    if scope.needs_port_rules() {
        narrow.port_rules.clone_from(&observation.port_rules);
    }
    let held_ports = narrow.sockets.iter().map(|socket| (socket.protocol, socket.local.port())).collect();
    narrow.packet_rules = observation.packet_rules.filter(|_| scope.asks_about_free_port(&held_ports));
    if !scope.all_namespaces {
        narrow.other_namespaces = counted(observation, &elsewhere);
    }
    narrow.interfaces = observation.interfaces.clone().filter(|_| scope.interfaces);
    narrow.other_sockets = observation.other_sockets.clone().filter(|_| scope.other_sockets);
    if let Some(others) = &mut narrow.other_sockets {
        others.retain(|other| is_listed(&other.namespace));
    }
    narrow.sought = sought(observation, scope);
    let programs = scope.license_servers.then(|| inspect.license_programs(observation.host.os));
    let is_license_program = |process: &Process| {
        // To root on Linux, only what is ending has no file.
        let is_ending = observation.privileged && observation.host.os == Os::Linux;
        let claimed = process.name.as_deref().filter(|_| !is_ending);
        let name = process.exe_name(observation.host.os).or(claimed);
        let is_known = |name| programs.as_ref().is_some_and(|programs| programs.of_name(name).is_some());
        name.is_some_and(is_known)
    };
    let there = license_programs_elsewhere(observation, &narrow, scope, &is_license_program);
    let is_license_program =
        |process: &Process| !there.contains_key(&process.pid) && is_license_program(process);
    narrow.processes = processes(observation, &narrow, scope, &is_license_program);
    let setup = observation.license_setup.clone().filter(|_| scope.license_servers);
    let is_server_here = narrow.processes.values().any(|one| is_license_program(one));
    narrow.license_setup = setup.map(|setup| without(setup, &there, is_server_here));
    if !scope.host_id {
        narrow.host.id = None;
    }
    if !scope.by_user {
        narrow.hidden.processes_mut().for_each(|process| process.user = None);
    }
    narrow
        .gaps
        .retain(|gap| is_of(gap.kind, scope) && (scope.all_namespaces || !gap.concerns_all_namespaces));
    narrow.gaps.extend(elsewhere::gap(there.into_values(), scope));
    narrow.gaps.extend(unread_license_files(observation, scope));
    narrow
}

/// Everything but what the scope chooses from.
fn without_sockets(observation: &Observation) -> Observation {
    Observation {
        privileged: observation.privileged,
        hidden: observation.hidden.clone(),
        other_namespaces: observation.other_namespaces.clone(),
        gaps: observation.gaps.clone(),
        method_notes: observation.method_notes.clone(),
        ..Observation::new(observation.host.clone(), observation.taken_at)
    }
}

/// Whether a gap of this kind concerns a scan of this scope.
fn is_of(kind: GapKind, scope: &ScanScope) -> bool {
    match kind {
        GapKind::ArgsUnreadable => scope.args,
        GapKind::PortRulesUnreadable => scope.needs_port_rules(),
        GapKind::InterfacesUnreadable => scope.interfaces,
        GapKind::LicenseSetupUnreadable => scope.license_servers,
        GapKind::BoundSocketsHidden | GapKind::GuestsHidden | GapKind::PacketRules => {
            !scope.detail_ports.is_empty()
        }
        GapKind::NamespacesHidden => scope.all_namespaces || !scope.detail_ports.is_empty(),
        GapKind::SocketsUnreadable
        | GapKind::SocketsHidden
        | GapKind::OwnerHidden
        | GapKind::HoldersHidden
        | GapKind::ProcessesUnreadable
        | GapKind::ProcessesHidden
        | GapKind::ProcessGone
        | GapKind::ConnectionsUnreadable
        | GapKind::ProcessesProtected
        | GapKind::ServicesUnreadable
        | GapKind::TimedOut => true,
    }
}

/// The namespaces that are not listed, with the ports of their listeners.
fn counted(observation: &Observation, elsewhere: &[&Socket]) -> Vec<OtherNamespace> {
    let mut counted = observation.other_namespaces.clone();
    let mut places: HashMap<u64, usize> =
        counted.iter().enumerate().map(|(at, other)| (other.namespace.inode, at)).collect();
    for socket in elsewhere {
        let Some(namespace) = &socket.namespace else { continue };
        let at = *places.entry(namespace.inode).or_insert_with(|| {
            counted.push(OtherNamespace { namespace: namespace.clone(), listeners: Vec::new() });
            counted.len() - 1
        });
        if socket.state != State::Bound {
            counted[at].listeners.push((socket.protocol, socket.local.port()));
        }
    }
    counted
}

/// Of the processes without a listed socket those that are asked about.
fn sought(observation: &Observation, scope: &ScanScope) -> Option<SoughtProcesses> {
    let Sought { names, pids, everything } = &scope.sought;
    if scope.sought.is_empty() {
        return None;
    }
    let mut sought = observation.sought.clone()?;
    let is_named = |pid: Pid| {
        let process = observation.processes.get(&pid);
        process.is_some_and(|process| names.iter().any(|word| Likeness::of_process(process, word).is_some()))
    };
    sought.found.retain(|one| *everything || pids.contains(&one.pid) || is_named(one.pid));
    sought.found = sought.found.iter().map(|one| as_listed(one, scope)).collect();
    Some(sought)
}

/// What is not listed of a process: where every namespace is, only what could not be seen.
fn as_listed(one: &SoughtProcess, scope: &ScanScope) -> SoughtProcess {
    let mut one = one.clone();
    if scope.all_namespaces {
        one.may_hold_more |= one.is_seen && one.unlisted.iter().any(|there| there.listens_on.is_none());
        (one.namespace, one.unlisted) = (None, Vec::new());
    }
    one
}

/// The license programs without a listed socket whose sockets are, or may be, where none are listed.
fn license_programs_elsewhere<'a>(
    observation: &'a Observation,
    narrow: &Observation,
    scope: &ScanScope,
    is_license_program: &dyn Fn(&Process) -> bool,
) -> BTreeMap<Pid, &'a Process> {
    let holders: HashSet<Pid> = narrow.holdings.iter().map(|holding| holding.pid).collect();
    let all = observation.sought.iter().filter(|_| scope.license_servers).flat_map(|sought| &sought.found);
    let there = all.filter(|one| !holders.contains(&one.pid) && as_listed(one, scope).is_elsewhere());
    let there = there.filter_map(|one| observation.processes.get(&one.pid));
    there.filter(|one| is_license_program(one)).map(|one| (one.pid, &**one)).collect()
}

/// Without what was read only because these processes run.
fn without(mut setup: LicenseSetup, there: &BTreeMap<Pid, &Process>, is_server_here: bool) -> LicenseSetup {
    let is_there = |by: &NamedBy| by.pid().is_some_and(|pid| there.contains_key(&pid));
    setup.files.retain_mut(|file| {
        file.named_by.retain(|by| !is_there(by));
        !file.named_by.is_empty()
    });
    setup.logs.retain(|log| log.pid.is_none_or(|pid| !there.contains_key(&pid)));
    if !is_server_here {
        setup.lock_files.clear();
    }
    setup
}

/// The holders, whoever else is asked about, and the ancestors of them all, with what the scope asks of each.
fn processes(
    observation: &Observation,
    narrow: &Observation,
    scope: &ScanScope,
    is_license_program: &dyn Fn(&Process) -> bool,
) -> BTreeMap<Pid, Arc<Process>> {
    let all = &observation.processes;
    let holders: HashSet<Pid> = narrow.holdings.iter().map(|holding| holding.pid).collect();
    let sought: HashSet<Pid> =
        narrow.sought.iter().flat_map(|sought| &sought.found).map(|one| one.pid).collect();
    let clients = narrow.unanswered.iter().flat_map(|attempt| &attempt.pids);
    let connected = narrow.port_connections.iter().flat_map(|connection| &connection.pids);
    let of_others = narrow.other_sockets.iter().flatten().flat_map(|other| &other.pids);
    let mut wanted: Vec<Pid> = clients.chain(connected).chain(of_others).copied().collect();
    wanted.extend(holders.iter().chain(&sought));
    if scope.license_servers {
        wanted.extend(all.values().filter(|one| is_license_program(one)).map(|one| one.pid));
    }
    let mut kept = BTreeMap::new();
    let mut seen: HashSet<Pid> = HashSet::new();
    while let Some(pid) = wanted.pop() {
        let Some(process) = all.get(&pid).filter(|_| seen.insert(pid)) else { continue };
        wanted.extend(process.ppid);
        wanted.extend(process.forward.iter().flat_map(|forward| forward.listeners()));
        let is_direct = holders.contains(&pid);
        kept.insert(
            pid,
            as_asked(process, scope, is_direct, is_direct || sought.contains(&pid), observation.host.os),
        );
    }
    kept
}

/// A process with what the scope asks of it.
fn as_asked(
    process: &Arc<Process>,
    scope: &ScanScope,
    is_holder: bool,
    is_in_question: bool,
    os: Os,
) -> Arc<Process> {
    let mut process = Arc::clone(process);
    let changed = Arc::make_mut(&mut process);
    if !(scope.details && is_holder) {
        (changed.tracer, changed.others_in_unit) = (None, None);
        if !is_in_question || is_holder {
            changed.cwd = None;
        }
    }
    if scope.numeric {
        changed.user = changed.uid.map(|uid| uid.to_string());
    }
    if let Some(program) = changed.program_mut() {
        if !(scope.details && is_in_question) {
            program.claimed_script = None;
        }
        if !scope.args {
            program.args = None;
        }
        // What no verdict needed; on Linux it shows, because then loaded code is examined too.
        let is_linux = os == Os::Linux;
        if !scope.writers
            && is_linux
            && program.loaded == Checked::NotRequested
            && let Some(exe) = program.exe.as_mut()
        {
            exe.writers = Checked::NotRequested;
        }
        // A listing looks only where a verdict needs it, and then at who could replace the file, too.
        if let Some(exe) = program.exe.as_mut().filter(|_| scope.detail_ports.is_empty() && !scope.writers)
            && exe.path_confirmed == Checked::Done(true)
            && exe.writers == Checked::NotRequested
        {
            exe.path_confirmed = Checked::NotRequested;
        }
    }
    process
}

/// The license files that are asked about and were not read when the record was made.
fn unread_license_files(observation: &Observation, scope: &ScanScope) -> Vec<Gap> {
    let read = observation.license_setup.iter().flat_map(|setup| &setup.files);
    let read: HashSet<&str> = read.map(|file| file.path.as_str()).collect();
    let asked =
        scope.license_files.iter().filter_map(|path| path.to_str()).filter(|path| !read.contains(path));
    let unread = asked.map(|path| {
        let detail = format!("the license file {} is not in the record", quoted(path));
        Gap::new(GapKind::LicenseSetupUnreadable, detail)
    });
    unread.collect()
}
