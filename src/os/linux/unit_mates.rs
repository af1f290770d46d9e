//! How many processes of other programs run in the unit of a process: to stop the unit stops them, too.

use std::collections::BTreeMap;

use super::super::decode::linux::proc_pid::{self, Stat};
use super::super::decode::linux::unit_group;
use super::labels;
use super::nonblocking;
use super::proc_dir::ProcessDir;
use super::scan_context::ScanContext;
use crate::model::{Pid, Process, ServiceManager};
use crate::os::decode::text::text_of;

/// No more is read of a list of processes, in bytes, and no more of them are looked at.
const MOST_OF_LIST: u64 = 16 * 1024;
const MOST_PROCESSES: usize = 256;
/// No line of parents is followed further.
const MOST_PARENTS: usize = 16;

/// The parent and the short name of each process of a control group.
type Members = BTreeMap<Pid, (Pid, Vec<u8>)>;

/// Control groups that were read, by their paths: many processes may be in one.
#[derive(Default)]
pub(super) struct UnitMates {
    read: BTreeMap<String, Option<Members>>,
}

impl UnitMates {
    /// The processes of its unit that are no part of this program: it did not start them, and they did not start it.
    /// `None` where it is in no unit, or that cannot be read.
    pub(super) fn of(
        &mut self,
        context: &ScanContext<'_>,
        dir: &ProcessDir,
        process: &Process,
    ) -> Option<usize> {
        let unit = process.services.iter().find(|service| {
            matches!(service.manager, ServiceManager::Systemd | ServiceManager::SystemdUser)
                && service.name.ends_with(".service")
        })?;
        let group = unit_group::of_unit(&text_of(&dir.read("cgroup").ok()?), &unit.name)?;
        let mut folders = labels::folders(&group).into_iter();
        let members = self.read.entry(group.path).or_insert_with(|| {
            let list = folders
                .find_map(|folder| nonblocking::text(format!("{folder}/cgroup.procs"), MOST_OF_LIST).ok())?;
            let pids = unit_group::members(&list).take(MOST_PROCESSES);
            Some(pids.filter_map(|pid| Some((pid, parent_and_name(context, pid)?))).collect())
        });
        others(members.as_ref()?, process.pid)
    }
}

fn parent_and_name(context: &ScanContext<'_>, pid: Pid) -> Option<(Pid, Vec<u8>)> {
    let line = context.proc.process(pid).ok()?.read("stat").ok()?;
    let Stat { ppid, comm, .. } = proc_pid::stat(&line)?;
    Some((ppid, comm.to_owned()))
}

/// How many are neither above a process nor below the first one of its program. `None` where it is not among them.
fn others(members: &Members, pid: Pid) -> Option<usize> {
    let parents = |pid: Pid| {
        let next = |pid: &Pid| members.get(pid).map(|(parent, _)| *parent);
        std::iter::successors(next(&pid), next).take(MOST_PARENTS)
    };
    let (_, name) = members.get(&pid)?;
    let is_same = |pid: &Pid| members.get(pid).is_some_and(|(_, other)| other == name);
    let first = parents(pid).take_while(is_same).last().unwrap_or(pid);
    let is_part = |other: Pid| {
        other == first
            || parents(other).any(|parent| parent == first)
            || parents(first).any(|parent| parent == other)
    };
    Some(members.keys().filter(|&&other| !is_part(other)).count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_program_started_and_what_started_it_are_part_of_it() {
        let members = |all: &[(Pid, Pid, &str)]| -> Members {
            all.iter().map(|&(pid, parent, name)| (pid, (parent, name.as_bytes().to_vec()))).collect()
        };
        let nginx = members(&[(5, 1, "nginx"), (6, 5, "nginx"), (7, 5, "nginx"), (8, 7, "cgi")]);
        assert_eq!([others(&nginx, 5), others(&nginx, 7)], [Some(0); 2]);
        let script = members(&[(5, 1, "sh"), (6, 5, "lmgrd"), (7, 6, "adskflex")]);
        assert_eq!([others(&script, 6), others(&script, 7), others(&script, 9)], [Some(0), Some(0), None]);
        // Two that one script started, and one that is left over.
        let two = members(&[(5, 1, "sh"), (6, 5, "rlm"), (7, 5, "lmgrd"), (8, 1, "MLM")]);
        assert_eq!([others(&two, 6), others(&two, 8)], [Some(2), Some(3)]);
        // An id that was given anew makes no circle.
        let circle = members(&[(5, 6, "a"), (6, 5, "a"), (7, 1, "b")]);
        assert_eq!(others(&circle, 5), Some(1));
    }
}
