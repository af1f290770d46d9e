//! The files that holders and their ancestors run, for whoever inspects them.

use std::collections::BTreeMap;

use super::super::inspect_files;
use super::examination::{Facts, Request};
use super::helper::examine::ExamineTask;
use super::holders::Holders;
use super::listeners::ScannedSocket;
use super::path_origin::PathOrigin;
use super::scan_context::ScanContext;
use crate::model::{NotInspected, Pid, Process};

/// Inspects the files that the holders and their ancestors run, as far as
/// [`Inspect`](super::super::Inspect) requests it.
pub(super) fn inspect<'a>(
    context: &ScanContext<'_>,
    found: impl Iterator<Item = &'a ScannedSocket>,
    holders: &mut Holders,
) -> BTreeMap<Pid, Process> {
    let ports_of = holders.ports_of(found);
    let identified = std::mem::take(&mut holders.processes);
    let known: BTreeMap<Pid, _> =
        identified.iter().map(|(&pid, known)| (pid, (known.started, known.path_origin))).collect();
    let mut processes: BTreeMap<Pid, Process> =
        identified.into_iter().map(|(pid, identified)| (pid, identified.process)).collect();
    let texts: Vec<String> = context.inspect.texts().into_iter().map(str::to_owned).collect();
    let is_detail = !context.scope.detail_ports.is_empty();
    let mut tasks = Vec::new();
    for (pid, checks) in inspect_files::requested(&processes, &ports_of, context.inspect, context.scope) {
        let (Some(process), Some(&(started, path_origin))) = (processes.get(&pid), known.get(&pid)) else {
            continue;
        };
        let Some(program) = process.program() else { continue };
        let Some(exe) = program.exe.as_ref().map(|exe| exe.path.clone()) else { continue };
        let script = program.script.as_ref().map(|script| script.path.clone());
        let user = process.uid.filter(|_| program.interpreted.is_some());
        let is_unknown = matches!(path_origin, PathOrigin::UserNamespace | PathOrigin::Unknown);
        let path = (is_detail || is_unknown) && ports_of.contains_key(&pid);
        // In a container or an application it is plain that its path is one of theirs.
        let is_labeled = process.container.is_some() || process.application.is_some();
        let here = path_origin == PathOrigin::UserNamespace && !is_labeled;
        let texts = if checks.content { texts.clone() } else { Vec::new() };
        let request = Request { pid, started, exe, checks, path, here, texts, user, script };
        if request.asks() {
            tasks.push(ExamineTask(request));
        }
    }
    let answers = context.begin(&tasks).finish(context.deadline);
    for (ExamineTask(request), facts) in tasks.into_iter().zip(answers) {
        let Some(program) = processes.get_mut(&request.pid).and_then(Process::program_mut) else { continue };
        let why =
            if context.refused.get().is_some() { NotInspected::Unreadable } else { NotInspected::TimedOut };
        let Facts { file, script } = facts.unwrap_or_else(|| Facts::failed(&request, why));
        file.add_to(program);
        program.script = script;
    }
    processes
}
