//! Decoders for Windows: its lists of processes and sockets, paths, services, version resources, permissions of files, and
//! the output of `netsh`.

pub mod command_line;
pub mod excluded_ports;
pub mod file_time;
pub mod http_services;
pub mod image_path;
pub mod port_proxy;
pub mod process_list;
pub mod security;
pub mod service;
pub mod service_command;
pub mod socket_tables;
pub mod unicode_string;
pub mod version_info;
