//! Process facts by `sysinfo`: only the processes asked for, and only what is shown of them.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::io::Read;
use std::path::Path;

use jiff::Timestamp;
use sysinfo::{ProcessRefreshKind, ProcessesToUpdate, System, UpdateKind};

use super::super::decode::file_text::{LOOKED_AT, interpreter_in, texts_in};
use super::super::{Inspect, platform};
use super::THIS_OS;
use crate::model::{Executable, Pid, Process, Protocol, file_name};

/// Reads the holders of ports and all their ancestors: which of several holders is the lead, and who
/// started it, is a matter of descent. A holder that has ended since is there with its id alone.
///
/// # Errors
///
/// Where nothing can be known of any process.
pub(super) fn read(
    holders: &BTreeMap<Pid, Vec<(Protocol, u16)>>,
    inspect: &dyn Inspect,
    args: bool,
) -> Result<BTreeMap<Pid, Process>, sysinfo::Error> {
    let mut kind = ProcessRefreshKind::nothing()
        .without_tasks()
        .with_exe(UpdateKind::OnlyIfNotSet)
        .with_user(UpdateKind::OnlyIfNotSet);
    if args {
        kind = kind.with_cmd(UpdateKind::OnlyIfNotSet);
    }
    let mut system = System::new()?;
    let mut processes = BTreeMap::new();
    let mut wanted: BTreeSet<Pid> = holders.keys().copied().collect();
    while !wanted.is_empty() {
        let pids: Vec<_> = wanted.iter().map(|&pid| sysinfo::Pid::from_u32(pid)).collect();
        system.refresh_processes_specifics(ProcessesToUpdate::Some(&pids), false, kind);
        for &pid in &wanted {
            let process = match system.process(sysinfo::Pid::from_u32(pid)) {
                Some(seen) => decode(pid, seen, args),
                None => Process { pid, ..Process::default() },
            };
            processes.insert(pid, process);
        }
        let parents = wanted.iter().filter_map(|pid| processes[pid].ppid);
        wanted = parents.filter(|pid| !processes.contains_key(pid)).collect();
    }
    look_into_files(&mut processes, holders, inspect);
    look_into_command_lines(&mut processes, holders, inspect, &mut system);
    Ok(processes)
}

fn look_into_files(
    processes: &mut BTreeMap<Pid, Process>,
    holders: &BTreeMap<Pid, Vec<(Protocol, u16)>>,
    inspect: &dyn Inspect,
) {
    let wanted = processes.values().filter(|process| {
        let parent = process.ppid.and_then(|ppid| processes.get(&ppid));
        let ports = holders.get(&process.pid).map_or(&[][..], Vec::as_slice);
        process.exe.is_some() && inspect.looks_into(process, parent, ports, THIS_OS)
    });
    let wanted: Vec<Pid> = wanted.map(|process| process.pid).collect();
    let texts = inspect.texts();
    for pid in wanted {
        let Some(exe) = processes.get_mut(&pid).and_then(|process| process.exe.as_mut()) else { continue };
        let mut bytes = Vec::new();
        let file = platform::open_executable(pid, Path::new(&exe.path));
        if file.and_then(|file| file.take(LOOKED_AT).read_to_end(&mut bytes)).is_ok() {
            exe.interpreter = interpreter_in(&bytes);
            exe.texts = texts_in(&bytes, &texts);
        }
    }
}

fn look_into_command_lines(
    processes: &mut BTreeMap<Pid, Process>,
    holders: &BTreeMap<Pid, Vec<(Protocol, u16)>>,
    inspect: &dyn Inspect,
    system: &mut System,
) {
    let exe = |process: &Process| {
        let exe = process.exe.as_ref().map(|exe| file_name(&exe.path, THIS_OS).to_owned())?;
        inspect.reads_command_line_of(&exe).then_some(exe)
    };
    let holding = holders.keys().filter_map(|pid| processes.get(pid));
    let wanted: Vec<(Pid, String)> = holding.filter_map(|p| Some((p.pid, exe(p)?))).collect();
    let kind = ProcessRefreshKind::nothing().without_tasks().with_cmd(UpdateKind::OnlyIfNotSet);
    let pids: Vec<_> = wanted.iter().map(|(pid, _)| sysinfo::Pid::from_u32(*pid)).collect();
    if !pids.is_empty() {
        system.refresh_processes_specifics(ProcessesToUpdate::Some(&pids), false, kind);
    }
    for (pid, exe) in wanted {
        let seen = system.process(sysinfo::Pid::from_u32(pid));
        if let (Some(seen), Some(process)) = (seen, processes.get_mut(&pid)) {
            let args: Vec<String> = seen.cmd().iter().map(|arg| text(arg)).collect();
            process.program = inspect.program(&exe, &args);
        }
    }
}

fn decode(pid: Pid, seen: &sysinfo::Process, args: bool) -> Process {
    let short_name = seen.name();
    let owner = seen.effective_user_id().or(seen.user_id());
    let file = seen.exe().filter(|path| !path.as_os_str().is_empty());
    let file = file.map(|path| platform::executable(pid, path));
    let exe = file.as_ref().map(|(path, _)| path.as_path());
    let name = exe.and_then(|exe| {
        let file = exe.file_name()?;
        let called = called_as(pid, exe, file, short_name);
        Some(called.unwrap_or(file))
    });
    let name = name.unwrap_or(short_name);
    Process {
        pid,
        ppid: seen.parent().map(sysinfo::Pid::as_u32).filter(|&ppid| ppid != 0 && ppid != pid),
        name: (!name.is_empty()).then(|| text(name)),
        short_name: (!short_name.is_empty()).then(|| text(short_name)),
        exe: file.as_ref().map(|(path, deleted)| Executable {
            path: text(path.as_os_str()),
            deleted: *deleted,
            interpreter: None,
            texts: Vec::new(),
            replaceable_at: platform::replaceable_at(pid, path),
        }),
        // Empty is what an unreadable command line looks like, too.
        args: args
            .then(|| seen.cmd().iter().map(|arg| text(arg)).collect())
            .filter(|args: &Vec<_>| !args.is_empty()),
        uid: owner.and_then(platform::uid),
        user: owner.and_then(platform::process_user),
        started_at: i64::try_from(seen.start_time())
            .ok()
            .filter(|&seconds| seconds > 0)
            .and_then(|seconds| Timestamp::from_second(seconds).ok()),
        program: None,
        service: None,
        container: None,
    }
}

/// The name a program was called by, where the file has several: Debian's `redis-server` is a link
/// to `redis-check-rdb`, and nobody knows it by that name. Believed only where a file of that name
/// beside the executable is that same file, since a process can call itself anything.
fn called_as<'a>(pid: Pid, exe: &Path, file: &OsStr, short_name: &'a OsStr) -> Option<&'a OsStr> {
    let (file, short) = (file.as_encoded_bytes(), short_name.as_encoded_bytes());
    // `python3` for `python3.11`, or a long name that the kernel cut: the file's own name says more.
    let says_less = file.starts_with(short) || short.contains(&b'/') || short.is_empty();
    (!says_less && platform::same_file(pid, exe, &exe.with_file_name(short_name))).then_some(short_name)
}

fn text(raw: &OsStr) -> String {
    raw.to_string_lossy().into_owned()
}
