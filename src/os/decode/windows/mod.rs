//! Decoders for Windows: version resources, permissions of files, and the output of `netsh`.

pub mod excluded_ports;
pub mod security;
pub mod service_command;
pub mod version_info;
