//! The programs that processes run: their full paths, and the version resources of their files.
#![expect(unsafe_code, reason = "only the Windows API returns the path of another process's program")]

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::path::{Component, Path, Prefix};
use std::sync::Arc;

use windows_sys::Win32::Foundation::CloseHandle;
use windows_sys::Win32::Storage::FileSystem::GetDriveTypeW;
use windows_sys::Win32::System::Threading::{
    OpenProcess, PROCESS_NAME_WIN32, PROCESS_QUERY_LIMITED_INFORMATION, QueryFullProcessImageNameW,
};

use super::super::decode::windows::version_info;
use crate::model::{
    Checked, Executable, FileVersion, NotInspected, Os, Pid, Presence, Process, Program, file_name,
};

/// `sysinfo` may cut a path at this length (`MAX_PATH`).
const CUT: usize = 259;
/// `DRIVE_REMOTE`, a drive of another machine (documentation of `GetDriveTypeW`).
const DRIVE_REMOTE: u32 = 4;
/// The longest path, in UTF-16 units ("Maximum Path Length Limitation" in Microsoft's documentation).
const LONGEST: usize = 32_768;

/// Adds the version resources of the holders' files, and the paths that `sysinfo` lacks or has cut. Reads each file
/// once.
pub(super) fn inspect(processes: &mut BTreeMap<Pid, Arc<Process>>, holders: &BTreeSet<Pid>) {
    let mut known: HashMap<String, Result<Option<FileVersion>, NotInspected>> = HashMap::new();
    for process in processes.values_mut().filter(|process| holders.contains(&process.pid)) {
        let process = Arc::make_mut(process);
        let length = process.exe().map(|exe| exe.path.encode_utf16().count());
        if length.is_none_or(|length| length >= CUT)
            && process.presence != Presence::Kernel
            && let Some(path) = path(process.pid)
        {
            process.name = Some(file_name(&path, Os::Windows).to_owned());
            let exe = Some(Executable { path, ..Executable::default() });
            match process.program_mut() {
                Some(program) => program.exe = exe,
                None => process.presence = Presence::Running(Program { exe, ..Program::default() }),
            }
        }
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

/// On Windows, programs have no second names.
pub(in crate::os) fn same_path(_one: &Path, _other: &Path) -> bool {
    false
}

/// The path of the file that a process runs. An ordinary user may read it for their own processes, and for few others.
fn path(pid: Pid) -> Option<String> {
    let mut path = vec![0_u16; LONGEST];
    let mut length = LONGEST as u32;
    // SAFETY: the handle is closed once; the buffer has this length, which the call sets to the number of
    // units that it wrote.
    let done = unsafe {
        let process = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, 0, pid);
        if process.is_null() {
            return None;
        }
        let done =
            QueryFullProcessImageNameW(process, PROCESS_NAME_WIN32, path.as_mut_ptr(), &raw mut length);
        CloseHandle(process);
        done
    };
    let path = path.get(..length as usize).filter(|_| done != 0)?;
    Some(String::from_utf16_lossy(path))
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
