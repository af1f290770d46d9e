//! Decoders for Windows: version resources and the output of `netsh`.

pub mod excluded_ports;
pub mod version_info;
