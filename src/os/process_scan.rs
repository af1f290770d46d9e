//! Reads processes, and assembles the observation: what the backends of Windows and macOS share. Only the holders and
//! their ancestors are read, and only what is shown of them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use sysinfo::System;

use super::inspect_files::{self, FileFacts, PortsOf};
use super::interfaces;
use super::license_files;
use super::platform::{Processes, leads_there, machine_id, may_not_answer, privileged, writers};
use super::read_process::ReadProcess;
use super::sought_pids::SoughtPids;
use super::this_os::THIS_OS;
use super::users::Users;
use super::{FileChecks, Inspect, ScanScope, in_words};
use crate::model::{
    Checked, CodeFile, Gap, GapKind, HiddenProcesses, Holding, Host, NotInspected, Observation, Pid,
    PortConnection, Process, Socket, SocketId, UnansweredAttempt, claimed_script, forward_targets,
    runs_scripts, script_of,
};

/// A socket and the processes that hold it.
pub(super) struct HeldSocket {
    pub(super) socket: Socket,
    pub(super) pids: Vec<Pid>,
}

/// The sockets that count, with their holders.
#[derive(Default)]
pub(super) struct HeldSockets {
    pub(super) listed: Vec<HeldSocket>,
    pub(super) port_connections: Vec<PortConnection>,
    pub(super) unanswered: Vec<UnansweredAttempt>,
}

/// Assembles the observation: these sockets with their holders, read now.
pub(super) fn observation(
    HeldSockets { mut listed, port_connections, unanswered }: HeldSockets,
    mut gaps: Vec<Gap>,
    users: &Users,
    running: &mut io::Result<Processes>,
    scope: &ScanScope,
    inspect: &dyn Inspect,
    now: Timestamp,
) -> Observation {
    let privileged = privileged();
    let mut holdings: Vec<Holding> = Vec::new();
    let mut ports_of = PortsOf::new();
    for (at, HeldSocket { socket, pids }) in listed.iter_mut().enumerate() {
        socket.id = SocketId(at as u64);
        for &pid in pids.iter().filter(|_| !scope.glance) {
            holdings.push(Holding { socket: socket.id, pid });
            ports_of.entry(pid).or_default().push((socket.protocol, socket.local.port()));
        }
    }
    let others = port_connections.iter().flat_map(|connection| &connection.pids);
    for pid in others.chain(unanswered.iter().flat_map(|asking| &asking.pids)) {
        ports_of.entry(*pid).or_default();
    }
    let mut sought = None;
    let mut processes = BTreeMap::new();
    match running {
        _ if scope.glance => {}
        Ok(running) => {
            let servers: Vec<Pid> =
                if scope.license_servers { license_files::servers(inspect, running) } else { Vec::new() };
            sought = SoughtPids::of(scope, running);
            let wanted = [&servers[..], sought.as_ref().map_or(&[], |sought| &sought.pids)].concat();
            processes = read(running, &ports_of, &wanted, users, inspect, scope);
        }
        Err(error) => {
            let detail = format!("only the ids of the processes could be read ({})", in_words(error));
            gaps.push(Gap::new(GapKind::ProcessesUnreadable, detail));
            let unread = |&pid: &Pid| (pid, Process { pid, ..Process::default() });
            processes = ports_of.keys().map(unread).collect();
        }
    }

    gaps.extend(users.gap());
    let sought = sought.map(|sought| sought.found(&processes, privileged));
    // Only an administrator can see all holders.
    let unread = gaps.iter().any(|gap| gap.kind == GapKind::ProcessesUnreadable);
    let all_held = listed.iter().all(|held| !held.pids.is_empty());
    let hidden = if !unread && (privileged || all_held) {
        HiddenProcesses::nothing()
    } else {
        HiddenProcesses::Unlisted
    };
    let host = host(scope.host_id);
    let mut observation = Observation {
        privileged,
        hidden,
        sockets: listed.into_iter().map(|held| held.socket).collect(),
        holdings,
        port_connections,
        unanswered,
        processes: processes.into_iter().map(|(pid, process)| (pid, Arc::new(process))).collect(),
        sought,
        gaps,
        ..Observation::new(host, now)
    };
    interfaces::add(&mut observation, scope);
    observation
}

/// What the machine is called, and which it is.
pub(super) fn host(with_id: bool) -> Host {
    Host { name: System::host_name().ok(), os: THIS_OS, id: with_id.then(machine_id).flatten() }
}

/// Reads the holders, `others` that hold nothing (license servers, and who was asked about), and all their ancestors, which
/// decide who of several holders is the lead, and who started it.
/// A holder that has ended since has only an id.
fn read(
    running: &mut Processes,
    holders: &PortsOf,
    others: &[Pid],
    users: &Users,
    inspect: &dyn Inspect,
    scope: &ScanScope,
) -> BTreeMap<Pid, Process> {
    let mut processes = BTreeMap::new();
    let mut wanted: BTreeSet<Pid> = holders.keys().chain(others).copied().collect();
    while !wanted.is_empty() {
        let mut read = running.read(&wanted, scope);
        #[allow(clippy::clone_on_copy, reason = "an id is a number on macOS, and no number on Windows")]
        users.look_up(read.values().filter_map(|read| read.owner.clone()));
        for &pid in &wanted {
            let process = match read.remove(&pid) {
                Some(ReadProcess { process, owner }) => {
                    let user = owner.map(|owner| users.name_or_id(owner)).or(process.user);
                    Process { user, ..process }
                }
                None if holders.contains_key(&pid) => Process { pid, ..Process::default() },
                // A parent that has ended: its id says nothing.
                None => continue,
            };
            processes.insert(pid, process);
        }
        let parents = wanted.iter().filter_map(|pid| processes.get(pid)?.ppid);
        wanted = parents.filter(|pid| !processes.contains_key(pid)).collect();
    }
    inspect_all(&mut processes, holders, inspect, scope, users);
    name_interpreted(running, &mut processes, holders, others, inspect, users, scope.details);
    processes
}

/// Adds what interpreters run, and where relays forward to. Only their command lines are read, and nothing else of these
/// is kept.
fn name_interpreted(
    running: &mut Processes,
    processes: &mut BTreeMap<Pid, Process>,
    holders: &PortsOf,
    others: &[Pid],
    inspect: &dyn Inspect,
    users: &Users,
    details: bool,
) {
    let interpreters: Vec<(Pid, String)> = holders
        .keys()
        .chain(others.iter().filter(|_| details))
        .filter_map(|&pid| Some((pid, processes.get(&pid)?.exe_name(THIS_OS)?.to_owned())))
        .filter(|(_, exe)| inspect.reads_command_line_of(exe) || (details && runs_scripts(exe)))
        .collect();
    if interpreters.is_empty() {
        return;
    }
    let pids: Vec<Pid> = interpreters.iter().map(|&(pid, _)| pid).collect();
    let mut all_args = running.args(&pids);
    for (pid, exe) in interpreters {
        let program = processes.get_mut(&pid).and_then(Process::program_mut);
        if let (Some(args), Some(program)) = (all_args.remove(&pid), program) {
            program.interpreted = inspect.program(&exe, &args);
            program.relays_to = forward_targets(&exe, &args);
            program.claimed_script = if details { claimed_script(&exe, &args) } else { None };
            program.script = script_of(&exe, &args)
                .map(|path| CodeFile { path: path.to_owned(), writers: writers(Path::new(path), users) });
        }
    }
}

/// Adds what the files of the processes are, as far as it is requested.
fn inspect_all(
    processes: &mut BTreeMap<Pid, Process>,
    holders: &PortsOf,
    inspect: &dyn Inspect,
    scope: &ScanScope,
    users: &Users,
) {
    let texts = inspect.texts();
    // A file that many processes run is read once.
    let mut known: HashMap<(PathBuf, FileChecks), FileFacts> = HashMap::new();
    for (pid, checks) in inspect_files::requested(processes, holders, inspect, scope) {
        let program = processes.get_mut(&pid).and_then(Process::program_mut);
        if let Some(program) = program
            && let Some(path) = program.exe.as_ref().map(|exe| PathBuf::from(&exe.path))
        {
            let facts = known
                .entry((path, checks))
                .or_insert_with_key(|(path, _)| facts(path, checks, &texts, users));
            facts.clone().add_to(program);
        }
    }
}

/// The file is found by its path, in this process's view of the file system.
fn facts(path: &Path, checks: FileChecks, texts: &[&str], users: &Users) -> FileFacts {
    // What is loaded is not examined here.
    let checks = FileChecks { loaded: false, ..checks };
    if may_not_answer(path) {
        return FileFacts::failed(checks, NotInspected::MayNotAnswer);
    }
    let mut facts = FileFacts::default();
    if checks.place {
        facts.path_confirmed = leads_there(path);
        facts.writers = writers(path, users);
    }
    if checks.content {
        facts.contents = match File::open(path) {
            Ok(file) => inspect_files::contents(file, texts),
            Err(_) => Checked::Failed(NotInspected::Unreadable),
        };
    }
    facts
}
