//! Understands what systems say, in bytes and text, and writes what they are asked in. Nothing here
//! calls a system: all of it is compiled and tested on every one, from recorded input.

pub mod btf;
mod bytes;
pub mod cgroup;
pub mod docker_proxy;
pub mod excluded_ports;
pub mod file_text;
pub mod inet_diag;
pub mod kernel_socket;
pub mod launchd;
pub mod local_addresses;
pub mod mounts;
pub mod pcb;
pub mod pcblist;
#[cfg(test)]
mod pcblist_written;
pub mod port_filter;
pub mod port_rules;
pub mod proc_net;
pub mod proc_pid;
pub mod socket_fdinfo;
pub mod socket_unit;
pub mod task_file;
pub mod version_info;
