//! The license servers and daemons that hold no listed socket: a server that listens nowhere is known by its name alone.

use std::fs;
use std::os::unix::fs::MetadataExt;

use super::super::super::elsewhere;
use super::super::super::unix::is_root;
use super::super::holders::Holders;
use super::super::process_reader::IdentifiedProcess;
use super::super::scan_context::ScanContext;
use super::super::socket_scan::SocketScan;
use super::super::unlisted_ports::UnlistedSockets;
use crate::model::sorting::sort_by_key;
use crate::model::{Os, Pid};
use crate::os::decode::text::{os_text, text_of};

/// Programs of these names are added, at most so many, root's first: anybody may start any number of them.
const MOST_PROCESSES: usize = 1000;

/// Adds the processes that run a license program and hold no socket, without their ancestors. What has its sockets where
/// none are listed would seem to listen nowhere: that is a gap. Returns how many there are beyond those.
pub(in super::super) fn add_servers(
    context: &ScanContext<'_>,
    sockets: &mut SocketScan,
    holders: &mut Holders,
) -> usize {
    let programs = context.inspect.license_programs(Os::Linux);
    let Ok(pids) = context.proc.pids() else { return 0 };
    let new = pids.into_iter().filter(|pid| !holders.processes.contains_key(pid));
    let named =
        new.filter(|&pid| name_of(context, pid).is_some_and(|name| programs.of_name(&name).is_some()));
    let mut named: Vec<Pid> = named.collect();
    let left_out = named.len().saturating_sub(MOST_PROCESSES);
    if left_out > 0 {
        sort_by_key(&mut named, |&pid| !is_roots(pid));
        named.truncate(MOST_PROCESSES);
    }
    let read = named.into_iter().filter_map(|pid| context.read_process(pid).ok());
    let read: Vec<IdentifiedProcess> = read.collect();
    // A record has all, and is asked later.
    if context.scope.sought.everything || read.is_empty() {
        holders.processes.extend(read.into_iter().map(|one| (one.process.pid, one)));
        return left_out;
    }
    let namespaces = holders.namespaces().cloned();
    let mut unlisted = UnlistedSockets::new(context, sockets, namespaces.as_ref());
    let (there, here): (Vec<_>, Vec<_>) = read.into_iter().partition(|one| {
        let dir = context.proc.same_process(one.process.pid, one.started);
        dir.is_some_and(|dir| unlisted.of(&dir, one.process.state).is_elsewhere())
    });
    holders.processes.extend(here.into_iter().map(|one| (one.process.pid, one)));
    sockets.gaps.extend(elsewhere::gap(there.iter().map(|one| &one.process), context.scope));
    left_out
}

fn is_roots(pid: Pid) -> bool {
    // The folder of a process is owned by its user (proc(5)).
    fs::metadata(format!("/proc/{pid}")).is_ok_and(|folder| folder.uid() == 0)
}

/// The file name of what a process runs, or what it calls itself where that may not be seen.
fn name_of(context: &ScanContext<'_>, pid: Pid) -> Option<String> {
    match context.proc.link(pid, "exe") {
        Ok(path) => {
            let name = os_text(path.file_name()?);
            Some(name.strip_suffix(" (deleted)").map(str::to_owned).unwrap_or(name))
        }
        Err(_) if !is_root() => {
            let name = context.proc.process(pid).ok()?.read("comm").ok()?;
            Some(text_of(&name).trim_end_matches('\n').to_owned())
        }
        Err(_) => None,
    }
}
