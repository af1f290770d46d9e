//! What the portable backend needs of Linux: all of it from `/proc` (`proc(5)`).

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use netstat2::error::Error;
use netstat2::{AddressFamilyFlags, ProtocolFlags, SocketInfo};

use super::{proc_net, unix};
use crate::model::{Gap, GapKind, Pid, Unseen};

pub(super) use unix::{is_root as privileged, process_user, uid, user_name};

/// Nothing is out of sight on Linux before it is looked at.
pub(super) fn standing_gaps(_privileged: bool) -> Vec<Gap> {
    Vec::new()
}

/// The socket tables, entry by entry.
pub(super) type Entries = Box<dyn Iterator<Item = Result<SocketInfo, Error>>>;

/// Opens the socket tables, with the holders where the processes can be listed: `netstat2` panics
/// where they cannot.
pub(super) fn open(
    families: AddressFamilyFlags,
    protocols: ProtocolFlags,
    gaps: &mut Vec<Gap>,
) -> Result<Entries, Error> {
    match process_table() {
        Ok(()) => Ok(Box::new(netstat2::iterate_sockets_info(families, protocols)?)),
        Err(error) => {
            gaps.push(Gap {
                kind: GapKind::ProcessesUnreadable,
                detail: format!("the process table could not be read ({error}), so no owner is known"),
                count: None,
                remedy: None,
            });
            Ok(Box::new(netstat2::iterate_sockets_info_without_pids(families, protocols)?))
        }
    }
}

fn process_table() -> io::Result<()> {
    fs::read_dir("/proc/self/fd")?;
    fs::read_dir("/proc").map(drop)
}

/// The processes whose open files may not be read. Rights decide, not the user: root without
/// `CAP_SYS_PTRACE`, as in a container, may list another's files but not read where they lead.
pub(super) fn unseen(_privileged: bool) -> Unseen {
    let Ok(processes) = fs::read_dir("/proc") else { return Unseen::Unlisted };
    // Under hidepid=2 others' processes are not even listed. The first process is always another's,
    // unless all are one's own.
    if !fs::exists("/proc/1").unwrap_or(false) {
        return Unseen::Unlisted;
    }
    let denied = processes.flatten().filter_map(|process| {
        let pid: Pid = process.file_name().to_str()?.parse().ok()?;
        (!may_look_into(&process.path().join("fd"))).then(|| {
            let name = fs::read(process.path().join("comm")).unwrap_or_default();
            (pid, String::from_utf8_lossy(&name).trim_end_matches('\n').to_owned())
        })
    });
    Unseen::Processes(denied.collect())
}

fn may_look_into(files: &Path) -> bool {
    let first = fs::read_dir(files).and_then(|mut files| match files.next() {
        Some(file) => fs::read_link(file?.path()).map(drop),
        None => Ok(()),
    });
    // Gone (ENOENT, ESRCH) is not denied.
    !first.is_err_and(|error| error.kind() == ErrorKind::PermissionDenied)
}

/// The inodes of UDP sockets with a peer: they are clients, and `netstat2` does not tell.
pub(super) fn connected_udp() -> io::Result<HashSet<u32>> {
    let mut connected = HashSet::new();
    for table in ["/proc/net/udp", "/proc/net/udp6"] {
        match fs::read_to_string(table) {
            Ok(text) => connected.extend(proc_net::connected_inodes(&text)),
            // A kernel without IPv6 has no such table.
            Err(error) if error.kind() == ErrorKind::NotFound && table.ends_with('6') => {}
            Err(error) => return Err(error),
        }
    }
    Ok(connected)
}

/// The file that a process runs, and whether it was deleted or replaced since. The kernel tells that
/// by a suffix to the path (`d_path` in `fs/d_path.c`), which a file's name may also end in.
pub(super) fn executable(pid: Pid, seen: &Path) -> (PathBuf, Option<bool>) {
    let link = PathBuf::from(format!("/proc/{pid}/exe"));
    let Ok(path) = fs::read_link(&link) else { return (seen.to_owned(), None) };
    let Some(without) = path.as_os_str().as_bytes().strip_suffix(b" (deleted)") else {
        return (path, Some(false));
    };
    let (Ok(running), Ok(named)) =
        (fs::metadata(&link), fs::metadata(root_of(pid).join(path.strip_prefix("/").unwrap_or(&path))))
    else {
        return (PathBuf::from(OsStr::from_bytes(without)), Some(true));
    };
    if (running.dev(), running.ino()) == (named.dev(), named.ino()) {
        (path, Some(false))
    } else {
        (PathBuf::from(OsStr::from_bytes(without)), Some(true))
    }
}

/// Where any user could replace the executable; paths are seen as the process sees them.
pub(super) fn replaceable_at(pid: Pid, path: &Path) -> Option<String> {
    unix::replaceable_at(&root_of(pid), path)
}

/// Whether two paths, as the process sees them, lead to one file.
pub(super) fn same_file(pid: Pid, one: &Path, other: &Path) -> bool {
    unix::same_file(&root_of(pid), one, other)
}

fn root_of(pid: Pid) -> PathBuf {
    PathBuf::from(format!("/proc/{pid}/root"))
}
