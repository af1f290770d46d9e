//! Operating systems.

use serde::Serialize;

use super::word::{read_as_word, words};

words! {
    /// The observed operating system. It is part of a record, so that the judgment is the same wherever the
    /// record is read.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum Os {
        Linux = "linux",
        Windows = "windows",
        Macos = "macos",
    }
}

read_as_word!(Os);

impl Os {
    /// The name in the JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.code()
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
