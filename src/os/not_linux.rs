//! What the portable backend needs of Windows and macOS alike.

use std::collections::HashSet;
use std::io;

use netstat2::error::Error;
use netstat2::{AddressFamilyFlags, ProtocolFlags, SocketInfo};

use crate::model::{Gap, Pid};

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
pub(super) fn sees_all_processes(privileged: bool) -> bool {
    privileged
}

/// The names of all processes are for everyone to see.
pub(super) fn lists_all_processes() -> bool {
    true
}

/// `netstat2` does not tell, and Windows' own UDP table has no peers (`MIB_UDPROW_OWNER_PID`).
pub(super) fn connected_udp() -> io::Result<HashSet<u32>> {
    Ok(HashSet::new())
}

/// Windows lets no running executable be deleted; on macOS it is not told.
pub(super) fn deleted(_pid: Pid) -> Option<bool> {
    None
}
