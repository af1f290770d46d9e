//! Walks over `/proc`: which processes cannot be looked into, and who holds a socket after all.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::super::decode::proc_stat::{self, Ticks};
use super::user_name;
use crate::model::{Pid, Unseen, UnseenProcess};

/// The processes whose open files may not be read. Rights decide, not the user: root without
/// `CAP_SYS_PTRACE`, as in a container, may list another's files but not read where they lead.
pub(in crate::os) fn unseen(_privileged: bool) -> Unseen {
    // Under hidepid=2 others' processes are not even listed; the first process usually is another's.
    if !fs::exists("/proc/1").unwrap_or(false) {
        return Unseen::Unlisted;
    }
    let Some(processes) = processes() else { return Unseen::Unlisted };
    let mut denied = BTreeMap::new();
    let mut names = HashMap::new();
    for (pid, folder) in processes {
        if may_look_into(&folder.join("fd")) {
            continue;
        }
        let comm = fs::read(folder.join("comm")).unwrap_or_default();
        let uid = fs::metadata(&folder).ok().map(|metadata| metadata.uid());
        denied.insert(
            pid,
            UnseenProcess {
                short_name: String::from_utf8_lossy(&comm).trim_end_matches('\n').to_owned(),
                uid,
                user: uid.and_then(|uid| names.entry(uid).or_insert_with(|| user_name(uid)).clone()),
            },
        );
    }
    Unseen::Processes(denied)
}

/// How long the system has been up.
pub(in crate::os) fn uptime() -> Option<Ticks> {
    proc_stat::uptime(&fs::read_to_string("/proc/uptime").ok()?)
}

/// Who holds these sockets, looked up once more, in the file tables of all threads. With `since`,
/// only where the first look may have missed them although they were there all the while: in
/// processes that started after it did, and in those with several threads, which may have file
/// tables of their own (`unshare(2)`, CLONE_FILES), or outlive their first thread.
pub(in crate::os) fn holders_of(inodes: &HashSet<u32>, since: Option<Ticks>) -> HashMap<u32, Vec<Pid>> {
    let mut holders: HashMap<u32, Vec<Pid>> = HashMap::new();
    if inodes.is_empty() {
        return holders;
    }
    for (pid, folder) in processes().into_iter().flatten() {
        let tasks = folder.join("task");
        if since.is_some_and(|since| !has_threads(&tasks) && !started_after(&folder, since)) {
            continue;
        }
        let threads = fs::read_dir(tasks).into_iter().flatten().flatten();
        let mut held: Vec<u32> = threads.flat_map(|thread| sockets_in(&thread.path().join("fd"))).collect();
        held.sort_unstable();
        held.dedup();
        for inode in held.into_iter().filter(|inode| inodes.contains(inode)) {
            holders.entry(inode).or_default().push(pid);
        }
    }
    holders
}

/// A folder has two links, and one more for each folder in it (`proc_task_getattr` in
/// `fs/proc/base.c` counts threads so).
fn has_threads(tasks: &Path) -> bool {
    fs::metadata(tasks).is_ok_and(|metadata| metadata.nlink() > 3)
}

/// Whether a process started no earlier than then; what cannot be read may have.
fn started_after(folder: &Path, since: Ticks) -> bool {
    let stat = fs::read(folder.join("stat")).unwrap_or_default();
    proc_stat::started(&String::from_utf8_lossy(&stat)).is_none_or(|started| started >= since)
}

/// The numbered folders of `/proc`; `None` where it cannot be listed.
fn processes() -> Option<impl Iterator<Item = (Pid, PathBuf)>> {
    let entries = fs::read_dir("/proc").ok()?;
    Some(entries.flatten().filter_map(|entry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        Some((pid, entry.path()))
    }))
}

fn may_look_into(files: &Path) -> bool {
    let first = fs::read_dir(files).and_then(|mut files| match files.next() {
        Some(file) => fs::read_link(file?.path()).map(drop),
        None => Ok(()),
    });
    // Gone (ENOENT, ESRCH) is not denied.
    !first.is_err_and(|error| error.kind() == ErrorKind::PermissionDenied)
}

/// The inodes of the sockets among a process's open files.
fn sockets_in(files: &Path) -> Vec<u32> {
    let files = fs::read_dir(files).into_iter().flatten().flatten();
    let links = files.filter_map(|file| fs::read_link(file.path()).ok());
    let inode = |link: PathBuf| link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok();
    links.filter_map(inode).collect()
}
