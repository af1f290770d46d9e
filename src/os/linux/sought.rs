//! The processes that were asked about by name or id, also those that hold no socket. `/proc` is read for them only if
//! somebody asked.

use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use super::super::decode::linux::proc_pid;
use super::super::decode::linux::task_file::OpenSocket;
use super::super::scan_scope::Sought;
use super::holders::Holders;
use super::namespace_scan::NamespaceScan;
use super::namespaces::NetworkNamespace;
use super::proc_dir::{ProcessDir, is_gone};
use super::scan_context::ScanContext;
use super::socket_scan::SocketScan;
use super::threads::spread;
use crate::model::{
    Executable, Gap, GapKind, Likeness, Namespace, Pid, Presence, Process, Program, SoughtProcess,
    SoughtProcesses, State, is_path,
};

/// At most so many are read, of those that are named best, root's first: anybody may start any number of processes of a
/// name.
const MOST_PROCESSES: usize = 100;

/// Finds them, and adds them to the processes that were read. `None` if nobody asked, or the processes cannot be listed.
pub(super) fn add(
    context: &ScanContext<'_>,
    sockets: &mut SocketScan,
    holders: &mut Holders,
) -> Option<SoughtProcesses> {
    let sought = &context.scope.sought;
    if sought.is_empty() {
        return None;
    }
    let pids = context.proc.pids().ok()?;
    let direct = holders.direct();
    let likeness = spread(&pids, |&pid| likeness(context, sought, pid));
    if context.deadline.check().is_err() {
        let detail = "not all processes could be searched in time";
        sockets.gaps.push(Gap::new(GapKind::TimedOut, detail));
        return None;
    }
    let ranked = pids.iter().zip(likeness).filter_map(|(&pid, found)| {
        let (likeness, is_roots) = found?;
        Some((likeness, direct.contains(&pid), !is_roots, pid))
    });
    let mut ranked: Vec<_> = ranked.collect();
    ranked.sort_unstable();
    let left_out = ranked.len().saturating_sub(MOST_PROCESSES) as u64;
    let mut found: Vec<Pid> = ranked.into_iter().take(MOST_PROCESSES).map(|(.., pid)| pid).collect();
    found.sort_unstable();
    let own = namespace_of(context, std::process::id());
    let others = &mut sockets.others;
    let at: HashMap<u64, usize> =
        others.iter().enumerate().map(|(at, (other, _))| (other.namespace.inode, at)).collect();
    let found = found.into_iter().filter_map(|pid| {
        let dir = context.proc.process(pid).ok()?;
        if !direct.contains(&pid) {
            let process = context.read(&dir).ok()?;
            holders.processes.entry(pid).or_insert(process);
        }
        if let Some(known) = holders.processes.get_mut(&pid) {
            known.process.cwd = dir.working_folder();
        }
        let namespace = namespace_of(context, pid).filter(|_| !context.scope.all_namespaces);
        Some(match namespace.filter(|its| own.is_some_and(|own| own != *its)) {
            None => SoughtProcess {
                pid,
                namespace: None,
                listens_on: (direct.contains(&pid) || can_be_seen(context, &dir)).then(Vec::new),
            },
            Some(inode) => {
                let other = at.get(&inode).map(|&at| &mut others[at]);
                elsewhere(context, &dir, inode, other)
            }
        })
    });
    Some(SoughtProcesses { found: found.collect(), left_out })
}

/// How well a process is named, and whether it is root's.
fn likeness(context: &ScanContext<'_>, sought: &Sought, pid: Pid) -> Option<(Likeness, bool)> {
    let is_late = context.deadline.check().is_err();
    let dir = context.proc.process(pid).ok().filter(|_| !is_late)?;
    let likeness = match sought.pids.contains(&pid) {
        true => Likeness::Exact,
        false if sought.names.is_empty() => return None,
        false => by_name(context, sought, &dir)?,
    };
    Some((likeness, dir.owner().is_ok_and(|uid| uid == 0)))
}

fn by_name(context: &ScanContext<'_>, sought: &Sought, dir: &ProcessDir) -> Option<Likeness> {
    let text = |raw: &OsStr| raw.to_string_lossy().into_owned();
    let path = dir.link("exe").ok().map(|path| text(path.as_os_str()));
    let path = path.map(|path| path.strip_suffix(" (deleted)").map(str::to_owned).unwrap_or(path));
    let comm = dir.read("comm").ok()?;
    let comm = comm.strip_suffix(b"\n").unwrap_or(&comm);
    let mut process = Process {
        name: path.as_deref().and_then(|path| path.rsplit('/').next()).map(str::to_owned),
        short_name: Some(text(OsStr::from_bytes(comm))),
        presence: Presence::Running(Program {
            exe: path.map(|path| Executable { path, ..Executable::default() }),
            ..Program::default()
        }),
        ..Process::default()
    };
    let best =
        |process: &Process| sought.names.iter().filter_map(|word| Likeness::of_process(process, word)).min();
    let by_name = best(&process);
    // Only a name may also be that of a unit or a container.
    if by_name == Some(Likeness::Exact) || sought.names.iter().all(|word| is_path(word)) {
        return by_name;
    }
    let labels = context.labels(dir);
    process.services.extend(labels.service);
    process.container = labels.container.map(Box::new);
    best(&process)
}

/// The inode of the network namespace of a process; `None` if this user may not see it.
fn namespace_of(context: &ScanContext<'_>, pid: Pid) -> Option<u64> {
    proc_pid::namespace_inode(context.proc.link(pid, "ns/net").ok()?.as_os_str().as_bytes())
}

/// Whether this user may see the sockets of a process. One that has ended has none.
fn can_be_seen(context: &ScanContext<'_>, dir: &ProcessDir) -> bool {
    match dir.sockets(context.deadline, &mut |_| {}) {
        Ok(()) => true,
        Err(error) => is_gone(&error),
    }
}

/// What a process listens on in another network namespace.
fn elsewhere(
    context: &ScanContext<'_>,
    dir: &ProcessDir,
    inode: u64,
    other: Option<&mut (NetworkNamespace, NamespaceScan)>,
) -> SoughtProcess {
    let pid = dir.pid;
    let Some((other, scan)) = other else {
        let namespace = Some(Namespace { inode, name: None });
        return SoughtProcess { pid, namespace, listens_on: None };
    };
    other.name(context);
    let mut held = HashSet::new();
    let mut add = |socket: OpenSocket| {
        held.insert(socket.inode);
    };
    let is_seen = dir.sockets(context.deadline, &mut add).is_ok();
    let listening = scan.found.iter().filter(|found| {
        found.socket.state != State::Bound && found.inode.is_some_and(|inode| held.contains(&inode))
    });
    let mut ports: Vec<_> =
        listening.map(|found| (found.socket.local.port(), found.socket.protocol)).collect();
    ports.sort_unstable();
    ports.dedup();
    let is_whole = is_seen && !scan.is_blind();
    SoughtProcess {
        pid,
        namespace: Some(other.namespace.clone()),
        listens_on: (is_whole || !ports.is_empty()).then_some(ports),
    }
}
