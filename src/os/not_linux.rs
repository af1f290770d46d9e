//! What the portable backend needs of Windows and macOS alike.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

use netstat2::error::Error;
use netstat2::{AddressFamilyFlags, ProtocolFlags, SocketInfo};

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

/// `netstat2` does not tell, and Windows' own UDP table has no peers (`MIB_UDPROW_OWNER_PID`).
pub(super) fn connected_udp() -> io::Result<HashSet<u32>> {
    Ok(HashSet::new())
}

/// The file that a process runs. Windows lets no such file be deleted; on macOS it is not told.
pub(super) fn executable(_pid: Pid, seen: &Path) -> (PathBuf, Option<bool>) {
    (seen.to_owned(), None)
}
