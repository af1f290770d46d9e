//! What Windows says: version resources and what `netsh` prints.

pub mod excluded_ports;
pub mod version_info;
