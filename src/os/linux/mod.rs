//! What the portable backend needs of Linux: all of it from `/proc` (`proc(5)`).

mod walk;

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use netstat2::error::Error;
use netstat2::{AddressFamilyFlags, ProtocolFlags, SocketInfo};

use super::decode::proc_net::Inodes;
use super::{Wish, unix};
use crate::model::{Gap, GapKind, Pid, Protocol};

pub(super) use unix::{is_root as privileged, own_uid, process_user, uid, user_name};
pub(super) use walk::{holders_of, unseen, uptime};

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

/// Whether the processes can be listed while `netstat2` has its four netlink sockets open, and
/// each one's files besides.
fn process_table() -> io::Result<()> {
    let at_once: Vec<_> = (0..8).map(|_| fs::read_dir("/proc/self/fd")).collect::<Result<_, _>>()?;
    drop(at_once);
    fs::read_dir("/proc").map(drop)
}

/// What `/proc/net` says is there: it knows which UDP sockets have a peer, which `netstat2` does
/// not tell, and it tells whether a dump was refused, which `netstat2` takes for an empty one.
pub(super) fn inodes(wish: Wish) -> io::Result<Inodes> {
    let mut inodes = Inodes::default();
    for (table, protocol, wanted) in [
        ("tcp", Protocol::Tcp, wish.ipv4),
        ("tcp6", Protocol::Tcp, wish.ipv6),
        ("udp", Protocol::Udp, wish.ipv4),
        ("udp6", Protocol::Udp, wish.ipv6),
    ] {
        if !wanted || wish.protocol.is_some_and(|only| only != protocol) {
            continue;
        }
        match File::open(Path::new("/proc/net").join(table)) {
            Ok(file) => inodes.add(protocol, BufReader::new(file).lines().map_while(Result::ok).skip(1)),
            // A kernel without IPv6 has no such table.
            Err(error) if error.kind() == ErrorKind::NotFound && table.ends_with('6') => {}
            Err(error) => return Err(error),
        }
    }
    Ok(inodes)
}

/// The file that a process runs, and whether it was deleted or replaced since. The kernel tells that
/// by a suffix to the path (`d_path` in `fs/d_path.c`), which a file's name may also end in.
pub(super) fn executable(pid: Pid, seen: &Path) -> (PathBuf, Option<bool>) {
    let Ok(path) = fs::read_link(format!("/proc/{pid}/exe")) else { return (seen.to_owned(), None) };
    match path.as_os_str().as_bytes().strip_suffix(b" (deleted)") {
        Some(without) if !is_named(pid, &path) => (PathBuf::from(OsStr::from_bytes(without)), Some(true)),
        _ => (path, Some(false)),
    }
}

/// Whether a path, as the process sees it, leads to the file that it runs.
fn is_named(pid: Pid, path: &Path) -> bool {
    let running = unix::identity(Path::new(&format!("/proc/{pid}/exe")));
    running.is_some() && running == unix::identity_under(&root_of(pid), path)
}

/// The bytes of the file that a process runs, even where it was deleted.
pub(super) fn open_executable(pid: Pid, _path: &Path) -> io::Result<File> {
    File::open(format!("/proc/{pid}/exe"))
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
