//! Where processes work, who holds those that a debugger has stopped, and what else runs in their units.

use super::super::decode::linux::proc_pid;
use super::holders::Holders;
use super::proc_dir::ProcessDir;
use super::process_reader::IdentifiedProcess;
use super::scan_context::ScanContext;
use super::unit_mates::UnitMates;
use crate::model::{ProcessRef, RunState};

/// No more is read of a status, in bytes: the tracer stands among its first lines.
const MOST_OF_STATUS: u64 = 4096;

/// Adds to every holder of a socket where it works, who traces it, and what else runs in its unit.
pub(super) fn add(context: &ScanContext<'_>, holders: &mut Holders) {
    let direct = holders.direct();
    let mut mates = UnitMates::default();
    for (pid, IdentifiedProcess { process, started, .. }) in &mut holders.processes {
        if !direct.contains(pid) {
            continue;
        }
        let Some(dir) = context.proc.same_process(*pid, *started) else { continue };
        let dir = dir.living_thread().unwrap_or(dir);
        process.cwd = dir.working_folder();
        process.others_in_unit = mates.of(context, &dir, process);
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
