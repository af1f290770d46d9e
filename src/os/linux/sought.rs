//! The processes that were asked about by name or id, also those that hold no socket. `/proc` is read for them only if
//! somebody asked.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use super::super::scan_scope::Sought;
use super::holders::Holders;
use super::proc_dir::ProcessDir;
use super::scan_context::ScanContext;
use super::socket_scan::SocketScan;
use super::threads::spread;
use super::unlisted_ports::UnlistedSockets;
use crate::model::{
    Executable, Gap, GapKind, Likeness, Pid, Presence, Process, Program, SoughtProcesses, is_path,
};
use crate::os::decode::text::os_text;

/// At most so many are read, of those that are named best, root's first: anybody may start any number of processes of a
/// name.
const MOST_PROCESSES: usize = 100;

/// At most so many stand in a record.
const MOST_RECORDED: usize = 10_000;

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
    let most = if sought.everything { MOST_RECORDED } else { MOST_PROCESSES };
    let left_out = ranked.len().saturating_sub(most) as u64;
    let mut found: Vec<Pid> = ranked.into_iter().take(most).map(|(.., pid)| pid).collect();
    found.sort_unstable();
    let namespaces = holders.namespaces().cloned();
    let mut unlisted = UnlistedSockets::new(context, sockets, namespaces.as_ref());
    let found = found.into_iter().filter_map(|pid| {
        let dir = context.proc.process(pid).ok()?;
        if !direct.contains(&pid) {
            let process = context.read(&dir).ok()?;
            holders.processes.entry(pid).or_insert(process);
        }
        let known = holders.processes.get_mut(&pid)?;
        known.process.cwd = dir.working_folder();
        Some(unlisted.of(&dir, known.process.state))
    });
    Some(SoughtProcesses { found: found.collect(), left_out })
}

/// How well a process is named, and whether it is root's.
fn likeness(context: &ScanContext<'_>, sought: &Sought, pid: Pid) -> Option<(Likeness, bool)> {
    let is_late = context.deadline.check().is_err();
    let dir = context.proc.process(pid).ok().filter(|_| !is_late)?;
    let likeness = match sought.pids.contains(&pid) {
        true => Likeness::Exact,
        false if sought.everything => Likeness::Exact,
        false if sought.names.is_empty() => return None,
        false => by_name(context, sought, &dir)?,
    };
    Some((likeness, dir.owner().is_ok_and(|uid| uid == 0)))
}

fn by_name(context: &ScanContext<'_>, sought: &Sought, dir: &ProcessDir) -> Option<Likeness> {
    let path = dir.link("exe").ok().map(|path| os_text(path.as_os_str()));
    let path = path.map(|path| path.strip_suffix(" (deleted)").map(str::to_owned).unwrap_or(path));
    let comm = dir.read("comm").ok()?;
    let comm = comm.strip_suffix(b"\n").unwrap_or(&comm);
    let mut process = Process {
        name: path.as_deref().and_then(|path| path.rsplit('/').next()).map(str::to_owned),
        short_name: Some(os_text(OsStr::from_bytes(comm))),
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
