//! Why a text is no document.

use std::fmt;

use crate::model::record::Flaw;

/// The version of the JSON that is read.
pub(super) const SCHEMA_VERSION: u64 = 1;

/// Why a text cannot be read as a listing. Each message is one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DocumentError {
    NotJson(Flaw),
    /// JSON of something else.
    NotADocument,
    OtherVersion {
        found: u64,
    },
    /// What another command printed.
    OtherAnswer {
        printed_by: &'static str,
    },
    Malformed(Flaw),
    TooManyProcesses {
        most: usize,
    },
}

impl fmt::Display for DocumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DocumentError::NotJson(flaw) => write!(f, "not JSON: {flaw}"),
            DocumentError::NotADocument => f.write_str("JSON of something else"),
            DocumentError::OtherVersion { found } => write!(
                f,
                "this version of whatlistens reads schema_version {SCHEMA_VERSION} of the JSON, not {found}"
            ),
            DocumentError::OtherAnswer { printed_by } => write!(f, "it is what {printed_by} printed"),
            DocumentError::Malformed(flaw) => write!(f, "malformed: {flaw}"),
            DocumentError::TooManyProcesses { most } => write!(f, "it has more than {most} processes"),
        }
    }
}

impl std::error::Error for DocumentError {}
