//! What the portable backend needs of Linux: all of it from `/proc` (`proc(5)`).

use std::collections::HashSet;
use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use netstat2::error::Error;
use netstat2::{AddressFamilyFlags, ProtocolFlags, SocketInfo};

use super::{proc_net, unix};
use crate::model::{Gap, GapKind, Pid};

pub(super) use unix::{is_root as privileged, process_user, user_name};

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

/// Whether the open files of every process can be read, so that a socket nobody is seen to hold is
/// held by nobody here. Rights decide, not the user: root without `CAP_SYS_PTRACE`, as in a
/// container, may list another's files but not read where they lead.
pub(super) fn sees_all_processes(_privileged: bool) -> bool {
    let Ok(processes) = fs::read_dir("/proc") else { return false };
    lists_all_processes()
        && processes.flatten().all(|process| {
            let is_pid = process.file_name().as_encoded_bytes().iter().all(u8::is_ascii_digit);
            !is_pid || may_look_into(&process.path().join("fd"))
        })
}

/// Whether every process is listed. Under `hidepid=2` others' are not; the first process is always
/// there to be seen, and is not one's own (unless all are).
pub(super) fn lists_all_processes() -> bool {
    fs::exists("/proc/1").unwrap_or(false)
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

/// Whether the executable was deleted or replaced since the process started: the kernel still
/// holds the file, but no name leads to it.
pub(super) fn deleted(pid: Pid) -> Option<bool> {
    let executable = fs::metadata(format!("/proc/{pid}/exe")).ok()?;
    Some(executable.nlink() == 0)
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
