//! The command lines of processes, of those that are shown or that say what the process does.

use std::cell::LazyCell;
use std::collections::{BTreeMap, HashMap, HashSet};

use super::super::decode::linux::docker_proxy;
use super::helper::command_line::CommandLineTask;
use super::helper::{Pending, ProcessId};
use super::holders::Holders;
use super::process_reader::IdentifiedProcess;
use super::scan_context::ScanContext;
use crate::model::{
    Checked, CodeFile, Os, Pid, SoughtProcesses, claimed_script, forward_targets, runs_scripts, script_of,
};

/// Command lines that are being read.
pub(super) struct CommandLinesInProgress {
    asked: Vec<CommandLineTask>,
    pending: Pending<CommandLineTask>,
}

/// What was read, by process.
pub(super) struct CommandLines {
    of_process: HashMap<Pid, Vec<String>>,
    /// How many could not be read in time.
    pub(super) late: usize,
}

impl CommandLinesInProgress {
    /// Begins to read the command lines of the holders and of the processes that were `sought`, if these say what they do.
    /// If they were requested, those of all, and of their ancestors: what runs in an ancestor changes nothing, and a process
    /// has to be started for it.
    pub(super) fn begin(
        context: &ScanContext<'_>,
        holders: &Holders,
        sought: Option<&SoughtProcesses>,
    ) -> CommandLinesInProgress {
        let says_what_it_does = |IdentifiedProcess { process, .. }: &IdentifiedProcess| {
            process.exe_name(Os::Linux).is_some_and(|name| {
                docker_proxy::is_proxy(name)
                    || context.inspect.reads_command_line_of(name)
                    || (context.scope.details && runs_scripts(name))
            })
        };
        let direct = LazyCell::new(|| {
            let sought = sought.iter().flat_map(|sought| &sought.found).map(|one| one.pid);
            holders.direct().into_iter().chain(sought).collect::<HashSet<Pid>>()
        });
        let read = holders.processes.values().filter(|one| {
            context.scope.args || (says_what_it_does(one) && direct.contains(&one.process.pid))
        });
        CommandLinesInProgress::of(context, read)
    }

    /// Begins to read those of these processes that say what they run.
    pub(super) fn begin_of<'a>(
        context: &ScanContext<'_>,
        processes: impl Iterator<Item = &'a IdentifiedProcess>,
    ) -> CommandLinesInProgress {
        let says_what_it_runs = |one: &&IdentifiedProcess| {
            let name = one.process.exe_name(Os::Linux);
            name.is_some_and(|name| context.inspect.reads_command_line_of(name))
        };
        CommandLinesInProgress::of(context, processes.filter(says_what_it_runs))
    }

    fn of<'a>(
        context: &ScanContext<'_>,
        read: impl Iterator<Item = &'a IdentifiedProcess>,
    ) -> CommandLinesInProgress {
        let asked = read.map(|IdentifiedProcess { process, started, .. }| CommandLineTask {
            process: ProcessId { pid: process.pid, started: *started },
        });
        let asked: Vec<CommandLineTask> = asked.collect();
        let pending = context.begin(&asked);
        CommandLinesInProgress { asked, pending }
    }

    pub(super) fn finish(self, context: &ScanContext<'_>) -> CommandLines {
        let (mut of_process, mut late) = (HashMap::new(), 0);
        for (task, answer) in self.asked.into_iter().zip(self.pending.finish(context.deadline)) {
            match answer {
                Some(Some(args)) => drop(of_process.insert(task.process.pid, args)),
                Some(None) => {}
                None => late += 1,
            }
        }
        CommandLines { of_process, late }
    }
}

impl CommandLines {
    pub(super) fn of(&self, pid: Pid) -> Option<&[String]> {
        self.of_process.get(&pid).map(Vec::as_slice)
    }

    /// Adds what the command lines say: to all processes the words, if they were requested, to an interpreter what it
    /// runs, and to a relay where it forwards to.
    pub(super) fn add(&self, context: &ScanContext<'_>, processes: &mut BTreeMap<Pid, IdentifiedProcess>) {
        for (pid, args) in &self.of_process {
            let Some(process) = processes.get_mut(pid).map(|identified| &mut identified.process) else {
                continue;
            };
            let name = process.exe_name(Os::Linux);
            let says = name.filter(|_| context.scope.details).and_then(|name| claimed_script(name, args));
            let exe = name.filter(|exe| context.inspect.reads_command_line_of(exe));
            let interpreted = exe.and_then(|exe| context.inspect.program(exe, args));
            // Whether that is what it says it is, its script shows.
            let script = exe.filter(|_| interpreted.is_some()).and_then(|exe| script_of(exe, args));
            let script =
                script.map(|path| CodeFile { path: path.to_owned(), writers: Checked::NotRequested });
            let relays_to = exe.and_then(|exe| forward_targets(exe, args));
            if let Some(program) = process.program_mut() {
                program.interpreted = interpreted;
                program.relays_to = relays_to;
                program.claimed_script = says;
                program.script = script;
                program.args = context.scope.args.then(|| args.clone());
            }
        }
    }
}
