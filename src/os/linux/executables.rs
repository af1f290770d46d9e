//! The files that holders and their ancestors run, for whoever inspects them.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use super::super::decode::linux::proc_pid::Ticks;
use super::super::inspect_files::{self, PortsOf};
use super::super::unix;
use super::executable_file::can_be_opened;
use super::holders::Holders;
use super::listeners::ScannedSocket;
use super::proc_dir::ProcessDir;
use super::process_root::{ProcessRoot, is_in_another_user_namespace};
use super::scan_context::ScanContext;
use crate::model::{Checked, NotInspected, Pid, Process, Writer};

/// Inspects the files that the holders and their ancestors run, as far as
/// [`Inspect`](super::super::Inspect) requests it.
pub(super) fn inspect(
    context: &ScanContext<'_>,
    found: &[ScannedSocket],
    holders: &mut Holders,
) -> BTreeMap<Pid, Process> {
    let mut ports_of = PortsOf::new();
    for found in found {
        for pid in holders.of(found.inode) {
            let port = (found.socket.protocol, found.socket.local.port());
            ports_of.entry(pid).or_default().push(port);
        }
    }
    let identified = std::mem::take(&mut holders.processes);
    let started = identified.iter().map(|(&pid, identified)| (pid, identified.started)).collect();
    let mut processes: BTreeMap<Pid, Process> =
        identified.into_iter().map(|(pid, identified)| (pid, identified.process)).collect();
    inspect_files::files(&mut processes, &ports_of, context.inspect, &Executables { context, started });
    processes
}

/// The files that processes run. A process is found by its id and start.
struct Executables<'a> {
    context: &'a ScanContext<'a>,
    started: BTreeMap<Pid, Ticks>,
}

impl Executables<'_> {
    fn dir(&self, pid: Pid) -> Option<ProcessDir> {
        self.context.proc.same_process(pid, *self.started.get(&pid)?)
    }
}

impl inspect_files::Files for Executables<'_> {
    fn hidden(&self, pid: Pid, path: &Path) -> Option<NotInspected> {
        let dir = self.dir(pid)?;
        if is_in_another_user_namespace(&dir) {
            Some(NotInspected::AnotherUserNamespace)
        } else {
            (!can_be_opened(&dir, &self.context.mounts, path)).then_some(NotInspected::MayNotAnswer)
        }
    }

    /// Opens the file that the process runs, even if it was deleted.
    fn open(&self, pid: Pid, _path: &Path) -> io::Result<fs::File> {
        self.dir(pid).ok_or(io::ErrorKind::NotFound)?.open("exe")
    }

    fn writers(&self, pid: Pid, path: &Path) -> Checked<Vec<Writer>> {
        let root = self.dir(pid).and_then(|dir| ProcessRoot::of(&dir, &self.context.mounts).ok());
        match root {
            Some(root) => unix::writers(path, |place| root.stat(place).map(|stat| stat.st_mode)),
            None => Checked::Failed(NotInspected::Unreadable),
        }
    }
}
