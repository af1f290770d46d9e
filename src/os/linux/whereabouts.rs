//! Where processes work, and who holds those that a debugger has stopped.

use super::super::decode::linux::proc_pid;
use super::holders::Holders;
use super::proc_dir::ProcessDir;
use super::process_reader::IdentifiedProcess;
use super::scan_context::ScanContext;
use crate::model::{ProcessRef, RunState};

/// No more is read of a status, in bytes: the tracer stands among its first lines.
const MOST_OF_STATUS: u64 = 4096;

/// Adds to every holder of a socket where it works, and who traces it.
pub(super) fn add(context: &ScanContext<'_>, holders: &mut Holders) {
    let direct = holders.direct();
    for (pid, IdentifiedProcess { process, started, .. }) in &mut holders.processes {
        if !direct.contains(pid) {
            continue;
        }
        let Some(dir) = context.proc.same_process(*pid, *started) else { continue };
        let dir = dir.living_thread().unwrap_or(dir);
        process.cwd = dir.working_folder();
        if process.state == Some(RunState::Traced) {
            process.tracer = tracer(context, &dir);
        }
    }
}

fn tracer(context: &ScanContext<'_>, dir: &ProcessDir) -> Option<ProcessRef> {
    let pid = proc_pid::tracer(&dir.beginning("status", MOST_OF_STATUS).ok()?)?;
    let name = context.read_process(pid).ok().and_then(|tracer| tracer.process.name);
    Some(ProcessRef { pid, name })
}
