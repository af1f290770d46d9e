//! The files that processes run: their version resources, and whether they are on this machine.
#![expect(unsafe_code, reason = "only the Windows API says what kind a drive is")]

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::path::{Component, Path, PathBuf, Prefix};
use std::sync::Arc;

use windows_sys::Win32::Storage::FileSystem::GetDriveTypeW;

use super::super::deadline::Deadline;
use super::super::decode::windows::version_info;
use super::signature;
use crate::model::{Checked, Executable, FileVersion, NotInspected, Pid, Process, Signature};

/// `DRIVE_REMOTE`, a drive of another machine (documentation of `GetDriveTypeW`).
const DRIVE_REMOTE: u32 = 4;
/// How the volumes of disks begin.
const LOCAL_VOLUMES: &str = r"\\?\GLOBALROOT\Device\HarddiskVolume";
/// The signatures of no more files are verified.
const MOST_SIGNATURES: usize = 100;

/// Adds the version resources of the holders' files, and the signatures of those that get a verdict. Reads each file once.
pub(super) fn inspect(
    processes: &mut BTreeMap<Pid, Arc<Process>>,
    holders: &BTreeSet<Pid>,
    deadline: Deadline,
) {
    add_versions(processes, holders);
    let is_examined = |exe: &&Executable| exe.path_confirmed == Checked::Done(true);
    let examined = || holders.iter().filter_map(|pid| processes.get(pid)?.exe().filter(is_examined));
    // Those first that only administrators could have written: others are not believed anyway.
    let is_weak = |exe: &Executable| exe.writers.done().is_none_or(|writers| !writers.is_empty());
    let paths: BTreeSet<(bool, String)> = examined().map(|exe| (is_weak(exe), exe.path.clone())).collect();
    let paths: Vec<String> = paths.into_iter().map(|(_, path)| path).take(MOST_SIGNATURES).collect();
    if paths.is_empty() {
        return;
    }
    let signatures = signature::signatures(paths.iter().map(PathBuf::from).collect(), deadline);
    let known: HashMap<String, Checked<Signature>> = paths.into_iter().zip(signatures).collect();
    for process in processes.values_mut().filter(|process| holders.contains(&process.pid)) {
        let Some(exe) = process.exe().filter(is_examined) else { continue };
        if let Some(signature) = known.get(&exe.path).cloned()
            && let Some(exe) = Arc::make_mut(process).program_mut().and_then(|program| program.exe.as_mut())
        {
            exe.signature = signature;
        }
    }
}

fn add_versions(processes: &mut BTreeMap<Pid, Arc<Process>>, holders: &BTreeSet<Pid>) {
    let mut known: HashMap<String, Result<Option<FileVersion>, NotInspected>> = HashMap::new();
    for process in processes.values_mut().filter(|process| holders.contains(&process.pid)) {
        let process = Arc::make_mut(process);
        let Some(exe) = process.program_mut().and_then(|program| program.exe.as_mut()) else { continue };
        if may_not_answer(Path::new(&exe.path)) {
            exe.contents = Checked::Failed(NotInspected::MayNotAnswer);
            continue;
        }
        let version = known.entry(exe.path.clone()).or_insert_with_key(|path| {
            let file = File::open(path).map_err(|_| NotInspected::Unreadable)?;
            Ok(version_info::of_program(file))
        });
        match version {
            Ok(version) => exe.version.clone_from(version),
            Err(why) => exe.contents = Checked::Failed(*why),
        }
    }
}

/// Whether a file lies on another machine: behind a path such as `\\server\share`, or on a drive that stands for one.
/// That machine may not answer, and opening the file would send it this user's name and password.
pub(in crate::os) fn may_not_answer(path: &Path) -> bool {
    match path.components().next() {
        Some(Component::Prefix(prefix)) => match prefix.kind() {
            // A volume of this machine that is mounted in a folder.
            Prefix::Verbatim(root) if root == "GLOBALROOT" => {
                !path.to_string_lossy().starts_with(LOCAL_VOLUMES)
            }
            Prefix::Disk(letter) | Prefix::VerbatimDisk(letter) => {
                let root = [u16::from(letter), u16::from(b':'), u16::from(b'\\'), 0];
                // SAFETY: the text ends with a zero.
                unsafe { GetDriveTypeW(root.as_ptr()) == DRIVE_REMOTE }
            }
            _ => true,
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_on_other_machines_are_not_looked_at() {
        for path in [r"\\server\share\lmgrd.exe", r"\\?\UNC\server\share\lmgrd.exe", r"\\.\pipe\lmgrd.exe"] {
            assert!(may_not_answer(Path::new(path)), "{path}");
        }
        for path in [r"C:\Windows\System32\svchost.exe", r"\\?\C:\Windows\notepad.exe", "lmgrd.exe"] {
            assert!(!may_not_answer(Path::new(path)), "{path}");
        }
    }
}
