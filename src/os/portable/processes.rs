//! Process facts by `sysinfo`: only the processes asked for, and only what is shown of them.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::io::Read;
use std::path::Path;

use jiff::Timestamp;
use sysinfo::{ProcessRefreshKind, ProcessesToUpdate, System, UpdateKind};

use super::super::interpreter::{LOOKED_AT, interpreter_in};
use super::super::platform;
use crate::model::{Executable, Pid, Process};

/// Reads `holders` and all their ancestors: which of several holders is the lead, and who started
/// it, is a matter of descent. A holder that has ended since is there with its id alone.
///
/// # Errors
///
/// Where nothing can be known of any process.
pub(super) fn read(
    holders: &BTreeSet<Pid>,
    known: &dyn Fn(&str) -> bool,
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
    let mut wanted = holders.clone();
    while !wanted.is_empty() {
        let pids: Vec<_> = wanted.iter().map(|&pid| sysinfo::Pid::from_u32(pid)).collect();
        system.refresh_processes_specifics(ProcessesToUpdate::Some(&pids), false, kind);
        for &pid in &wanted {
            let process = match system.process(sysinfo::Pid::from_u32(pid)) {
                Some(seen) => decode(pid, seen, known, args),
                None => Process { pid, ..Process::default() },
            };
            processes.insert(pid, process);
        }
        let parents = wanted.iter().filter_map(|pid| processes[pid].ppid);
        wanted = parents.filter(|pid| !processes.contains_key(pid)).collect();
    }
    Ok(processes)
}

fn decode(pid: Pid, seen: &sysinfo::Process, known: &dyn Fn(&str) -> bool, args: bool) -> Process {
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
            interpreter: interpreter(pid, path, known),
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
        service: None,
        container: None,
    }
}

/// The interpreter behind a name that is not one's.
fn interpreter(pid: Pid, path: &Path, known: &dyn Fn(&str) -> bool) -> Option<&'static str> {
    known(path.file_name()?.to_str()?).then_some(())?;
    let mut bytes = Vec::new();
    platform::open_executable(pid, path).ok()?.take(LOOKED_AT).read_to_end(&mut bytes).ok()?;
    interpreter_in(&bytes)
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
