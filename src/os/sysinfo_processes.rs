//! Reads processes with `sysinfo`, and assembles the observation: what the backends of Windows and macOS share.
//! Only the holders and their ancestors are read, and only what is shown of them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use sysinfo::{ProcessRefreshKind, ProcessStatus, ProcessesToUpdate, System, UpdateKind};

use super::inspect_files::{self, FileFacts, PortsOf};
use super::interfaces;
use super::license_files;
use super::platform::{is_of_service, machine_id, may_not_answer, privileged, uid, user_id, writers};
use super::sysinfo_sought::{SoughtPids, named};
use super::this_os::THIS_OS;
use super::users::Users;
use super::{FileChecks, Inspect, ScanScope};
use crate::model::{
    Checked, CodeFile, Gap, GapKind, HiddenProcesses, Holding, Host, NotInspected, Observation, Os, Pid,
    PortConnection, Presence, Process, RunState, Socket, SocketId, UnansweredAttempt, WorkingFolder,
    claimed_script, forward_targets, runs_scripts, script_of,
};
use crate::os::decode::text::os_text;

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
    let servers: Vec<Pid> = if scope.license_servers { license_files::servers(inspect) } else { Vec::new() };
    let sought = SoughtPids::of(scope);
    let wanted = [&servers[..], sought.as_ref().map_or(&[], |sought| &sought.pids)].concat();
    let processes = match scope.glance {
        false => read(&ports_of, &wanted, users, inspect, scope).unwrap_or_else(|error| {
            let detail = format!("only the ids of the processes could be read ({error})");
            gaps.push(Gap::new(GapKind::ProcessesUnreadable, detail));
            BTreeMap::new()
        }),
        true => BTreeMap::new(),
    };

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
///
/// # Errors
///
/// If no process can be read.
fn read(
    holders: &PortsOf,
    others: &[Pid],
    users: &Users,
    inspect: &dyn Inspect,
    scope: &ScanScope,
) -> Result<BTreeMap<Pid, Process>, sysinfo::Error> {
    let mut kind = ProcessRefreshKind::nothing()
        .without_tasks()
        .with_exe(UpdateKind::OnlyIfNotSet)
        .with_user(UpdateKind::OnlyIfNotSet);
    if scope.args {
        kind = kind.with_cmd(UpdateKind::OnlyIfNotSet);
    }
    // On Windows it stands in the memory of the process, and whoever may read that may read its secrets.
    if scope.details && THIS_OS == Os::Macos {
        kind = kind.with_cwd(UpdateKind::OnlyIfNotSet);
    }
    let mut system = System::new()?;
    let mut processes = BTreeMap::new();
    let mut wanted: BTreeSet<Pid> = holders.keys().chain(others).copied().collect();
    while !wanted.is_empty() {
        let pids: Vec<_> = wanted.iter().map(|&pid| sysinfo::Pid::from_u32(pid)).collect();
        system.refresh_processes_specifics(ProcessesToUpdate::Some(&pids), false, kind);
        let owners = pids.iter().filter_map(|&pid| owner(system.process(pid)?));
        users.look_up(owners.map(user_id));
        for &pid in &wanted {
            let process = match system.process(sysinfo::Pid::from_u32(pid)) {
                Some(process) => decode(pid, process, users, scope.args),
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
    name_interpreted(&mut system, &mut processes, holders, others, inspect, users, scope.details);
    Ok(processes)
}

/// Adds what interpreters run, and where relays forward to. Only their command lines are read, and nothing else of these is kept.
fn name_interpreted(
    system: &mut System,
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
    let kind = ProcessRefreshKind::nothing().without_tasks().with_cmd(UpdateKind::OnlyIfNotSet);
    let ids: Vec<_> = interpreters.iter().map(|&(pid, _)| sysinfo::Pid::from_u32(pid)).collect();
    system.refresh_processes_specifics(ProcessesToUpdate::Some(&ids), false, kind);
    for (pid, exe) in interpreters {
        let running = system.process(sysinfo::Pid::from_u32(pid));
        let program = processes.get_mut(&pid).and_then(Process::program_mut);
        if let (Some(running), Some(program)) = (running, program) {
            let args: Vec<String> = running.cmd().iter().map(os_text).collect();
            program.interpreted = inspect.program(&exe, &args);
            program.relays_to = forward_targets(&exe, &args);
            program.claimed_script = if details { claimed_script(&exe, &args) } else { None };
            program.script = script_of(&exe, &args)
                .map(|path| CodeFile { path: path.to_owned(), writers: writers(Path::new(path), users) });
        }
    }
}

/// The running processes by id, with parent and name.
#[cfg(windows)]
pub(super) type Running = BTreeMap<Pid, (Option<Pid>, Option<String>)>;

/// `None` if the processes cannot be listed: at least this process must be among them.
#[cfg(windows)]
pub(super) fn running() -> Option<Running> {
    let mut system = System::new().ok()?;
    let kind = ProcessRefreshKind::nothing().without_tasks();
    system.refresh_processes_specifics(ProcessesToUpdate::All, false, kind);
    let one = |(pid, process): (&sysinfo::Pid, &sysinfo::Process)| {
        let name = Some(os_text(process.name())).filter(|name| !name.is_empty());
        (pid.as_u32(), (process.parent().map(sysinfo::Pid::as_u32), name))
    };
    let running: Running = system.processes().iter().map(one).collect();
    running.contains_key(&std::process::id()).then_some(running)
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
        // Whoever could have put another file at this path since the process started is among the writers.
        facts.path_confirmed = Checked::Done(true);
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

fn owner(process: &sysinfo::Process) -> Option<&sysinfo::Uid> {
    process.effective_user_id().or(process.user_id())
}

fn decode(pid: Pid, process: &sysinfo::Process, users: &Users, args: bool) -> Process {
    let owner = owner(process);
    let Process { name, short_name, mut presence, .. } = named(pid, process);
    if let Presence::Running(program) = &mut presence {
        // An unreadable command line is empty, too.
        let read = args.then(|| process.cmd().iter().map(os_text).collect());
        program.args = read.filter(|args: &Vec<_>| !args.is_empty());
        program.by_service =
            owner.and_then(uid).map(is_of_service).map_or(Checked::NotRequested, Checked::Done);
    }
    Process {
        pid,
        ppid: process.parent().map(sysinfo::Pid::as_u32).filter(|&ppid| ppid != 0 && ppid != pid),
        name,
        short_name,
        presence,
        state: state(process),
        cwd: process
            .cwd()
            .filter(|path| !path.as_os_str().is_empty())
            .map(|path| WorkingFolder { path: os_text(path.as_os_str()), deleted: false }),
        uid: owner.and_then(uid),
        user: owner.map(|owner| users.name_or_id(user_id(owner))),
        started_at: i64::try_from(process.start_time())
            .ok()
            .filter(|&seconds| seconds > 0)
            .and_then(|seconds| Timestamp::from_second(seconds).ok()),
        ..Process::default()
    }
}

/// Whether a process can do anything. Windows stops threads, not processes, and sysinfo says nothing of these.
fn state(process: &sysinfo::Process) -> Option<RunState> {
    match process.status() {
        _ if THIS_OS != Os::Macos => None,
        ProcessStatus::Run | ProcessStatus::Sleep | ProcessStatus::Idle => Some(RunState::Running),
        ProcessStatus::Stop => Some(RunState::Stopped),
        ProcessStatus::Zombie => Some(RunState::Zombie),
        _ => None,
    }
}
