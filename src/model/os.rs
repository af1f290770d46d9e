//! Operating systems.

use serde::{Deserialize, Serialize};

/// The observed operating system. It is part of a recording, so that the judgment is the same wherever the
/// recording is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Os {
    Linux,
    Windows,
    Macos,
}

impl Os {
    pub const ALL: [Os; 3] = [Os::Linux, Os::Windows, Os::Macos];

    /// The name in the JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Os::Linux => "linux",
            Os::Windows => "windows",
            Os::Macos => "macos",
        }
    }

    /// Who may replace any file.
    #[must_use]
    pub fn administrators(self) -> &'static str {
        match self {
            Os::Linux | Os::Macos => "root",
            Os::Windows => "administrators",
        }
    }

    /// Whether file names that differ only in case usually name the same file.
    #[must_use]
    pub fn ignores_case(self) -> bool {
        !matches!(self, Os::Linux)
    }
}
