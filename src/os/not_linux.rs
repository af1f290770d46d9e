//! What the portable backend needs of Windows and macOS alike.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use netstat2::error::Error;
use netstat2::{AddressFamilyFlags, ProtocolFlags, SocketInfo};

use super::Wish;
use super::decode::proc_net::Inodes;
use super::decode::proc_stat::Ticks;
use crate::model::{Gap, Pid, Unseen};

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

/// Only an administrator sees all.
pub(super) fn unseen(privileged: bool) -> Unseen {
    if privileged { Unseen::nothing() } else { Unseen::Unlisted }
}

/// There is no second table to hold against the first, and no inodes.
pub(super) fn inodes(_wish: Wish) -> io::Result<Inodes> {
    Ok(Inodes::default())
}

/// Nothing here is timed by it.
pub(super) fn uptime() -> Option<Ticks> {
    None
}

/// There is no second way to ask.
pub(super) fn holders_of(_inodes: &HashSet<u32>, _since: Option<Ticks>) -> HashMap<u32, Vec<Pid>> {
    HashMap::new()
}

/// The file that a process runs. Windows lets no such file be deleted; on macOS it is not told.
pub(super) fn executable(_pid: Pid, seen: &Path) -> (PathBuf, Option<bool>) {
    (seen.to_owned(), None)
}

/// The bytes of the file that a process runs.
pub(super) fn open_executable(_pid: Pid, path: &Path) -> io::Result<File> {
    File::open(path)
}
