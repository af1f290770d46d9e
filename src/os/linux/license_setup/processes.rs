//! The license servers and daemons that hold no socket: a server that listens nowhere is known by its name alone.

use std::fs;
use std::os::unix::fs::MetadataExt;

use super::super::super::unix::is_root;
use super::super::holders::Holders;
use super::super::scan_context::ScanContext;
use crate::model::sorting::sort_by_key;
use crate::model::{Os, Pid};

/// Programs of these names are added, at most so many, root's first: anybody may start any number of them.
const MOST_PROCESSES: usize = 1000;

/// Adds the processes of this network namespace that run a license program and hold no socket, without their ancestors.
/// Returns how many there are beyond those.
pub(in super::super) fn add_servers(context: &ScanContext<'_>, holders: &mut Holders) -> usize {
    let programs = context.inspect.license_programs(Os::Linux);
    let Ok(pids) = context.proc.pids() else { return 0 };
    // The sockets of other network namespaces are not listed: who is there would seem to listen nowhere.
    let own = if context.scope.all_namespaces { None } else { fs::read_link("/proc/self/ns/net").ok() };
    let is_here = |pid: &Pid| {
        let its = context.proc.link(*pid, "ns/net").ok();
        own.is_none() || its.is_none() || its == own
    };
    let new = pids.into_iter().filter(|pid| !holders.processes.contains_key(pid));
    let named =
        new.filter(|&pid| name_of(context, pid).is_some_and(|name| programs.of_name(&name).is_some()));
    let mut named: Vec<Pid> = named.filter(is_here).collect();
    let left_out = named.len().saturating_sub(MOST_PROCESSES);
    if left_out > 0 {
        sort_by_key(&mut named, |&pid| !is_roots(pid));
        named.truncate(MOST_PROCESSES);
    }
    for pid in named {
        if let Ok(process) = context.read_process(pid) {
            holders.processes.insert(pid, process);
        }
    }
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
            let name = path.file_name()?.to_string_lossy().into_owned();
            Some(name.strip_suffix(" (deleted)").map(str::to_owned).unwrap_or(name))
        }
        Err(_) if !is_root() => {
            let name = context.proc.process(pid).ok()?.read("comm").ok()?;
            Some(String::from_utf8_lossy(&name).trim_end_matches('\n').to_owned())
        }
        Err(_) => None,
    }
}
