//! Decodes the bytes and texts of the systems, and encodes requests to them. Nothing here calls a system: every
//! decoder is compiled and tested on every system, with recorded input.

mod bytes;
pub mod file_text;
pub mod flexnet_log;
pub mod hosts_file;
pub mod keys;
pub mod license_command;
pub mod license_file;
pub mod linux;
pub mod machine_id;
pub mod macos;
pub mod services_file;
pub mod text;
pub mod windows;
