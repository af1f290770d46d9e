//! The system that the program is compiled for.

use crate::model::Os;

/// Whether it is usual that whoever reads a pipe or a file takes it for UTF-8.
pub const READERS_TAKE_UTF_8: bool = !matches!(THIS_OS, Os::Windows);

#[cfg(target_os = "linux")]
pub(super) const THIS_OS: Os = Os::Linux;
#[cfg(target_os = "macos")]
pub(super) const THIS_OS: Os = Os::Macos;
#[cfg(windows)]
pub(super) const THIS_OS: Os = Os::Windows;
