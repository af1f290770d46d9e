//! Decoders for Linux: netlink, `/proc`, BTF, control groups and systemd's unit files.

pub mod accounts;
pub mod acl;
mod bpf_code;
pub mod btf;
pub mod cgroup;
pub mod container_names;
pub mod docker_proxy;
pub mod inet_diag;
pub mod local_addresses;
pub mod mappings;
pub mod mounts;
pub mod nsswitch;
pub mod octal;
pub mod other_sockets;
pub mod passwd;
pub mod permissions;
pub mod port_filter;
pub mod port_rules;
pub mod proc_net;
pub mod proc_pid;
pub mod ring_files;
pub mod sctp_endpoints;
pub mod socket;
pub mod socket_unit;
pub mod task_file;
pub mod unix_socket;
pub mod user_mounts;
