//! The ports that macOS keeps for its own programs.

use std::io::ErrorKind;

use super::super::decode::macos::restricted_ports;
use super::super::in_words;
use super::calls;
use crate::model::PortRules;

/// # Errors
///
/// Why the kernel does not say, in words.
pub(super) fn read() -> Result<PortRules, String> {
    let excluded = match calls::sysctl(c"net.restricted_port.bitmap") {
        Ok(map) => restricted_ports::decode(&map).ok_or("its answer was not understood")?,
        // Older systems have none.
        Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(in_words(&error)),
    };
    Ok(PortRules { excluded: Some(excluded), ..PortRules::default() })
}
