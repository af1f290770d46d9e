//! What the portable backend needs of macOS.

use std::collections::HashSet;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use netstat2::error::Error;
use netstat2::{AddressFamilyFlags, ProtocolFlags, SocketInfo};

use super::unix;
use crate::model::{Gap, GapKind, Pid};

pub(super) use unix::{is_root as privileged, user_name};

/// libproc tells an ordinary user only of their own processes, and `netstat2` finds sockets
/// through processes alone.
pub(super) fn standing_gaps(privileged: bool) -> Vec<Gap> {
    if privileged {
        return Vec::new();
    }
    vec![Gap {
        kind: GapKind::SocketsUnreadable,
        detail: "listeners of other users are not seen at all".to_owned(),
        count: None,
        remedy: None,
    }]
}

/// The socket tables, entry by entry.
pub(super) type Entries = Box<dyn Iterator<Item = Result<SocketInfo, Error>>>;

/// Opens the socket tables, which carry the process ids.
pub(super) fn open(
    families: AddressFamilyFlags,
    protocols: ProtocolFlags,
    _gaps: &mut Vec<Gap>,
) -> Result<Entries, Error> {
    Ok(Box::new(netstat2::iterate_sockets_info(families, protocols)?))
}

/// Only root sees all.
pub(super) fn sees_all_processes(privileged: bool) -> bool {
    privileged
}

/// The names of all processes are for everyone to see.
pub(super) fn lists_all_processes() -> bool {
    true
}

/// Not told here.
pub(super) fn connected_udp() -> io::Result<HashSet<u32>> {
    Ok(HashSet::new())
}

/// The name of the user a process runs as.
pub(super) fn process_user(uid: &sysinfo::Uid) -> Option<String> {
    user_name(**uid)
}

/// Not told here.
pub(super) fn deleted(_pid: Pid) -> Option<bool> {
    None
}

/// Where any user could replace the executable.
pub(super) fn replaceable_at(_pid: Pid, path: &Path) -> Option<String> {
    let place = unix::replaceable_at(Path::new("/"), path)?;
    Some(place.to_string_lossy().into_owned())
}

/// Whether two paths lead to one file.
pub(super) fn same_file(_pid: Pid, one: &Path, other: &Path) -> bool {
    let identity = |path: &Path| {
        let metadata = std::fs::metadata(path).ok()?;
        Some((metadata.dev(), metadata.ino()))
    };
    identity(one).is_some_and(|found| identity(other) == Some(found))
}
