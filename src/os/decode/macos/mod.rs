//! Decoders for macOS: the kernel's socket lists, libproc and launchd.

pub mod fileports;
pub mod launchd;
pub mod launchd_job;
pub mod launchd_sockets;
pub mod offsets;
pub mod pcblist;
#[cfg(test)]
mod pcblist_written;
pub mod restricted_ports;
pub mod socket;
pub mod socket_fdinfo;
pub mod socket_lists;
