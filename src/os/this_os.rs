//! The system that the program is compiled for.

use crate::model::Os;

#[cfg(target_os = "linux")]
pub(super) const THIS_OS: Os = Os::Linux;
#[cfg(target_os = "macos")]
pub(super) const THIS_OS: Os = Os::Macos;
#[cfg(windows)]
pub(super) const THIS_OS: Os = Os::Windows;
