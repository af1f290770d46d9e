//! Looks into files and command lines, where [`Inspect`] asks for it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::decode::file_text::{LOOKED_AT, interpreter_in, texts_in};
use super::{Inspect, THIS_OS};
use crate::model::{Pid, Process, Protocol, file_name};

/// The ports that each holder holds.
pub(super) type PortsOf = BTreeMap<Pid, Vec<(Protocol, u16)>>;

/// A process and the words that started it.
pub(super) type CommandLine = (Pid, Vec<String>);

/// Notes what the files of processes are. `open` opens the file that a process runs.
pub(super) fn files(
    processes: &mut BTreeMap<Pid, Process>,
    ports_of: &PortsOf,
    inspect: &dyn Inspect,
    open: &dyn Fn(Pid, &Path) -> io::Result<File>,
) {
    let wanted = processes.values().filter(|process| {
        let parent = process.ppid.and_then(|ppid| processes.get(&ppid));
        let ports = ports_of.get(&process.pid).map_or(&[][..], Vec::as_slice);
        process.exe.is_some() && inspect.looks_into(process, parent, ports, THIS_OS)
    });
    let wanted: Vec<Pid> = wanted.map(|process| process.pid).collect();
    let texts = inspect.texts();
    for pid in wanted {
        let Some(exe) = processes.get_mut(&pid).and_then(|process| process.exe.as_mut()) else { continue };
        let mut bytes = Vec::new();
        let file = open(pid, Path::new(&exe.path));
        if file.and_then(|file| file.take(LOOKED_AT).read_to_end(&mut bytes)).is_ok() {
            exe.interpreter = interpreter_in(&bytes);
            exe.texts = texts_in(&bytes, &texts);
        }
    }
}

/// Notes which programs interpreters run. `read` gives the command lines of these processes, and
/// nothing else of them is kept.
pub(super) fn command_lines(
    processes: &mut BTreeMap<Pid, Process>,
    ports_of: &PortsOf,
    inspect: &dyn Inspect,
    read: &mut dyn FnMut(&[Pid]) -> Vec<CommandLine>,
) {
    let holding = ports_of.keys().filter_map(|pid| processes.get(pid));
    let exe_of = |process: &Process| process.exe.as_ref().map(|exe| file_name(&exe.path, THIS_OS).to_owned());
    let wanted: BTreeMap<Pid, String> = holding
        .filter_map(|process| Some((process.pid, exe_of(process)?)))
        .filter(|(_, exe)| inspect.reads_command_line_of(exe))
        .collect();
    if wanted.is_empty() {
        return;
    }
    let pids: Vec<Pid> = wanted.keys().copied().collect();
    for (pid, args) in read(&pids) {
        if let (Some(exe), Some(process)) = (wanted.get(&pid), processes.get_mut(&pid)) {
            process.program = inspect.program(exe, &args);
        }
    }
}
