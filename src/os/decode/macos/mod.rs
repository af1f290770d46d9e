//! What macOS says: the kernel's socket lists, libproc and launchd.

pub mod launchd;
pub mod pcb;
pub mod pcblist;
#[cfg(test)]
mod pcblist_written;
pub mod socket_fdinfo;
