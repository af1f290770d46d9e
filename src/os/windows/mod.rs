//! Windows: the portable backend, and what that does not tell.
//!
//! Sockets and their owners' ids come from `netstat2`, processes from `sysinfo`. Beside them: the services in a
//! process, the ports that the system excludes, what programs say of themselves, the process `System`, and
//! sockets whose process has ended.

mod accounts;
mod netsh;
mod programs;
mod services;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

pub(super) use self::accounts::{privileged, process_user};
use super::{Inspect, Unobservable, Wish, portable};
use crate::model::{Gap, GapKind, Observation, Pid, Process};

/// The process that the kernel's own threads belong to: always this one, since Windows XP (Windows Internals,
/// "System process").
const SYSTEM: Pid = 4;

/// Looks at the machine once.
///
/// # Errors
///
/// Where no socket table could be read.
pub(super) fn observe(
    wish: &Wish,
    inspect: &dyn Inspect,
    now: Timestamp,
) -> Result<Observation, Unobservable> {
    let mut seen = portable::observe(wish, inspect, now)?;
    let holders: BTreeSet<Pid> = seen.holdings.iter().map(|holding| holding.pid).collect();
    name_system(&mut seen.processes);
    programs::ask(&mut seen.processes, &holders);
    follow_the_ended(&mut seen, wish, inspect);
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
    if wish.takes_rules() {
        match netsh::excluded_ports() {
            Ok(excluded) => seen.port_rules.excluded = excluded,
            Err(why) => {
                let detail = format!("which ports Windows keeps from programs could not be read ({why})");
                if wish.rules {
                    return Err(Unobservable { reason: detail });
                }
                seen.gaps.push(Gap::new(GapKind::PortRulesUnreadable, detail));
            }
        }
    }
    seen.account = vec![
        "sockets and the ids of their processes were read from the tables of iphlpapi, by netstat2"
            .to_owned(),
        "processes were read by sysinfo, their services from the service control manager".to_owned(),
    ];
    Ok(seen)
}

/// The kernel's process has no file, and to most users no name either.
fn name_system(processes: &mut BTreeMap<Pid, Arc<Process>>) {
    if let Some(system) = processes.get_mut(&SYSTEM) {
        let system = Arc::make_mut(system);
        system.is_kernel = true;
        system.exe = None;
        system.name = Some("System".to_owned());
    }
}

/// Tells holders that have ended from such as ended while they were looked at: a socket that is still there in
/// a second look outlives its process. Another process inherited it, as a rule a child.
fn follow_the_ended(seen: &mut Observation, wish: &Wish, inspect: &dyn Inspect) {
    let is_absent = |process: &&Arc<Process>| process.name.is_none() && process.exe.is_none();
    let absent: BTreeSet<Pid> =
        seen.processes.values().filter(is_absent).map(|process| process.pid).collect();
    if absent.is_empty() {
        return;
    }
    let again = portable::holders(wish, inspect);
    let Ok(running) = portable::running() else { return };
    for pid in absent.into_iter().filter(|pid| !running.contains_key(pid) && again.contains(pid)) {
        let children = running.iter().filter(|(_, (parent, _))| *parent == Some(pid));
        let survivors = children.map(|(&child, (_, name))| (child, name.clone())).collect();
        if let Some(process) = seen.processes.get_mut(&pid) {
            Arc::make_mut(process).survivors = Some(survivors);
        }
    }
}

/// Windows lists every socket to everyone.
pub(super) fn standing_gaps(_privileged: bool) -> Vec<Gap> {
    Vec::new()
}

/// Sockets carry no user id here.
pub(super) fn user_name(_uid: u32) -> Option<String> {
    None
}

/// Users have no such numbers here.
pub(super) fn uid(_sid: &sysinfo::Uid) -> Option<u32> {
    None
}

/// Not told here.
pub(super) fn replaceable_path(_path: &Path) -> Option<String> {
    None
}

/// Processes have no second name here.
pub(super) fn same_path(_one: &Path, _other: &Path) -> bool {
    false
}
