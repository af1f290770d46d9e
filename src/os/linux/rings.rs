//! Finds sockets that a process holds by io_uring alone. Such a socket is in no table of open files, so that no other
//! search finds it; the process serves it all the same.
//!
//! To find them, the links of all open files are read once more. So it is done only where it matters: for sockets
//! that seem to have no holder, and on license ports, where every holder counts.

use std::collections::HashSet;
use std::io;

use super::super::port_set::PortSet;
use super::holders::Holders;
use super::scan_context::ScanContext;
use super::search;
use super::socket_scan::SocketScan;

/// Adds the processes that hold the sockets by io_uring.
///
/// # Errors
///
/// If the processes cannot be listed, or the system has run out of files or memory.
pub(super) fn add_holders(
    context: &ScanContext<'_>,
    sockets: &SocketScan,
    holders: &mut Holders,
) -> io::Result<()> {
    let license_ports = PortSet::new(&context.inspect.license_ports());
    let matters = sockets.found.iter().filter(|found| {
        let is_unheld = found.inode.is_some_and(|inode| !holders.of_socket.contains_key(&inode));
        is_unheld || license_ports.contains(found.socket.local.port())
    });
    let wanted: HashSet<u32> = matters.filter_map(|found| found.inode).collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let found = search::rings(context, &context.proc.pids()?, &wanted)?;
    holders.keep(found, &wanted);
    Ok(())
}
