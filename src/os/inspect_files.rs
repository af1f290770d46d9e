//! Inspects the files that processes run, as far as [`Inspect`] requests it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;

use serde::{Deserialize, Serialize};

use super::decode::file_text::{MOST_READ, flexnet_version_in, interpreter_in, texts_in};
use super::this_os::THIS_OS;
use super::{FileChecks, Inspect, PortHolder, ScanScope};
use crate::model::{Checked, CodeFile, Contents, NotInspected, Pid, Process, Program, Protocol, Writer};

/// The ports that each process holds.
pub(super) type PortsOf = BTreeMap<Pid, Vec<(Protocol, u16)>>;

/// What was found out about the file that a process runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileFacts {
    pub(super) path_confirmed: Checked<bool>,
    /// As in [`Executable`](crate::model::Executable).
    pub(super) replaced: Option<bool>,
    pub(super) writers: Checked<Vec<Writer>>,
    pub(super) contents: Checked<Contents>,
    pub(super) by_service: Checked<bool>,
    pub(super) loaded: Checked<Vec<CodeFile>>,
}

impl FileFacts {
    /// Nothing was found out of what was requested.
    pub(super) fn failed(checks: FileChecks, why: NotInspected) -> FileFacts {
        FileFacts {
            path_confirmed: failed_if(checks.place, why),
            replaced: None,
            writers: failed_if(checks.place, why),
            contents: failed_if(checks.content, why),
            by_service: Checked::NotRequested,
            loaded: failed_if(checks.loaded, why),
        }
    }

    /// Adds the facts to the program that they are about.
    pub(super) fn add_to(self, program: &mut Program) {
        if let Some(exe) = &mut program.exe {
            // A check that failed takes back nothing.
            if self.path_confirmed.failed().is_none() || exe.path_confirmed.done().is_none() {
                replace(&mut exe.path_confirmed, self.path_confirmed);
            }
            exe.replaced = self.replaced.or(exe.replaced);
            replace(&mut exe.writers, self.writers);
            replace(&mut exe.contents, self.contents);
        }
        replace(&mut program.by_service, self.by_service);
        replace(&mut program.loaded, self.loaded);
    }
}

fn replace<T>(known: &mut Checked<T>, found: Checked<T>) {
    if !matches!(found, Checked::NotRequested) {
        *known = found;
    }
}

fn failed_if<T>(is_requested: bool, why: NotInspected) -> Checked<T> {
    if is_requested { Checked::Failed(why) } else { Checked::NotRequested }
}

/// A process with the ports that it holds.
pub(super) fn holder<'a>(process: &'a Process, ports_of: &'a PortsOf) -> PortHolder<'a> {
    PortHolder { process, ports: ports_of.get(&process.pid).map_or(&[][..], Vec::as_slice) }
}

/// What to check about the file of each process that runs one.
pub(super) fn requested(
    processes: &BTreeMap<Pid, Process>,
    ports_of: &PortsOf,
    inspect: &dyn Inspect,
    scope: &ScanScope,
) -> Vec<(Pid, FileChecks)> {
    let interest = |process: &Process| {
        let parent = process.ppid.and_then(|ppid| processes.get(&ppid));
        let holder = |process| holder(process, ports_of);
        let checks = inspect.interest(holder(process), parent.map(holder), THIS_OS);
        FileChecks { place: checks.place || (scope.writers && ports_of.contains_key(&process.pid)), ..checks }
    };
    let running = processes.values().filter(|process| process.exe().is_some());
    running.map(|process| (process.pid, interest(process))).collect()
}

/// What a file contains, of these texts and of those that identify an interpreter.
pub(super) fn contents<T: AsRef<str>>(file: File, texts: &[T]) -> Checked<Contents> {
    let mut bytes = Vec::new();
    match file.take(MOST_READ).read_to_end(&mut bytes) {
        Ok(_) => Checked::Done(Contents {
            interpreter: interpreter_in(&bytes),
            texts: texts_in(&bytes, &texts.iter().map(AsRef::as_ref).collect::<Vec<&str>>()),
            flexnet_version: flexnet_version_in(&bytes),
        }),
        Err(_) => Checked::Failed(NotInspected::Unreadable),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Executable;

    #[test]
    fn a_check_that_failed_takes_back_nothing() {
        let failed = Checked::Failed(NotInspected::TimedOut);
        let after = |known: Checked<bool>, found: Checked<bool>| {
            let exe = Executable { path_confirmed: known, ..Executable::default() };
            let mut program = Program { exe: Some(exe), ..Program::default() };
            FileFacts { path_confirmed: found, ..FileFacts::default() }.add_to(&mut program);
            program.exe.unwrap().path_confirmed
        };
        assert_eq!(after(Checked::Done(false), failed.clone()), Checked::Done(false));
        assert_eq!(after(Checked::NotRequested, failed.clone()), failed);
        assert_eq!(after(Checked::Done(true), Checked::Done(false)), Checked::Done(false));
    }
}
