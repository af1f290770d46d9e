//! The owners of the sockets that a scan found.

use std::collections::BTreeMap;

use super::super::ScanScope;
use super::holders::Holders;
use super::listeners;
use super::scan_context::ScanContext;
use super::tables::Tables;
use crate::model::{HiddenProcesses, LicenseSetup, Pid, Process, Receiver, SoughtProcesses};

/// The owners of the sockets that a scan found.
pub(super) struct Owners {
    pub(super) holders: Holders,
    /// All holders and their ancestors.
    pub(super) processes: BTreeMap<Pid, Process>,
    /// Those that sockets without a holder may be on their way to.
    pub(super) receivers: Option<Vec<Receiver>>,
    pub(super) hidden: HiddenProcesses,
    pub(super) late: Late,
    /// How license servers are set up, if that was asked for.
    pub(super) license_setup: Option<LicenseSetup>,
    /// The processes that were asked about by name or id.
    pub(super) sought: Option<SoughtProcesses>,
}

/// How much of it did not answer in time.
#[derive(Default)]
pub(super) struct Late {
    /// The open files of so many processes.
    pub(super) files: usize,
    /// The command lines of so many processes.
    pub(super) command_lines: usize,
    /// The units of so many service managers.
    pub(super) units: usize,
    /// Why no process could be started to read them, if it was refused.
    pub(super) refused: Option<String>,
}

impl Owners {
    /// The owners if no process could be read.
    pub(super) fn unknown() -> Owners {
        Owners {
            holders: Holders::default(),
            processes: BTreeMap::new(),
            receivers: None,
            hidden: HiddenProcesses::Unlisted,
            late: Late::default(),
            license_setup: None,
            sought: None,
        }
    }

    /// Adds the listening process whose id equals the one port in question: the number may be meant as a
    /// process id.
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
    let listeners = listeners::read(&mut Tables::of_this_thread(), &ScanScope::default(), &[], &[]).found;
    let inodes = listeners.iter().filter_map(|found| found.inode).collect();
    let holders = Holders::among(context, &inodes, &[pid]).ok()?;
    holders.processes.into_values().next().map(|identified| identified.process)
}
