//! Who owns the sockets that were found.

use std::collections::BTreeMap;

use super::super::ScanScope;
use super::holders::Holders;
use super::listeners;
use super::scan_context::ScanContext;
use super::tables::Tables;
use crate::model::{HiddenProcesses, Pid, Process};

/// The owners of the sockets that were found.
pub(super) struct Owners {
    /// Who holds which.
    pub(super) holders: Holders,
    /// All holders, and who started them.
    pub(super) processes: BTreeMap<Pid, Process>,
    pub(super) hidden: HiddenProcesses,
}

impl Owners {
    /// Where no process could be read.
    pub(super) fn unknown() -> Owners {
        Owners { holders: Holders::default(), processes: BTreeMap::new(), hidden: HiddenProcesses::Unlisted }
    }

    /// Adds the listening process whose id is the one port that was asked about: the number may have
    /// been meant for it.
    pub(super) fn add_namesake(&mut self, context: &ScanContext<'_>) {
        if let Some(namesake) = namesake(context) {
            self.processes.entry(namesake.pid).or_insert(namesake);
        }
    }
}

fn namesake(context: &ScanContext<'_>) -> Option<Process> {
    let pid = match context.scope.detail_ports[..] {
        [port] if port.first == port.last => Pid::from(port.first),
        _ => return None,
    };
    context.proc.process(pid).ok()?;
    let listeners = listeners::read(&mut Tables::of_this_thread(), &ScanScope::default(), &[]).found;
    let inodes = listeners.iter().filter_map(|found| found.inode).collect();
    let holders = Holders::among(context, &inodes, &[pid]).ok()?;
    holders.processes.into_values().next().map(|identified| identified.process)
}
