//! The form of `data/license_errors.toml`. `data/README.md` describes its keys.

use serde::Deserialize;

use crate::model::{Check, KnownSystemError};

/// The facts of `data/license_errors.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LicenseErrors {
    #[serde(rename = "system")]
    pub systems: Vec<ErrorSystem>,
    /// Sorted by number.
    #[serde(rename = "system_error")]
    pub system_errors: Vec<KnownSystemError>,
}

/// A licensing system with its codes.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorSystem {
    /// Permanent, in kebab-case.
    pub id: String,
    pub name: String,
    /// What people call it, in small letters. A name may stand for several systems.
    pub names: Vec<String>,
    /// The server's ports, as typed to ask for them.
    pub ports: String,
    /// Stands before four digits: `H0007`.
    pub letter: Option<char>,
    /// Some codes are also written as this number and theirs: 210005 for 5.
    pub also_from: Option<i64>,
    /// What the number behind the comma is for; without it the system has none.
    pub minor: Option<String>,
    #[serde(default)]
    pub minor_sources: Vec<String>,
    pub sources: Vec<CodeSource>,
    pub causes: Vec<KnownCause>,
    /// Sorted by number, away from zero.
    pub errors: Vec<KnownError>,
}

/// Where the meanings of a system's codes come from: of all, or of those from `first` to `last`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeSource {
    pub source: String,
    pub first: Option<i64>,
    pub last: Option<i64>,
}

/// A cause that several codes of a system can have.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownCause {
    pub id: String,
    pub check: Option<Check>,
    pub text: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownError {
    pub code: i64,
    pub symbol: String,
    /// Whether it is also written with the system's `also_from`.
    #[serde(default)]
    pub also: bool,
    pub meaning: String,
    /// Ids of causes, in order of frequency.
    #[serde(default)]
    pub causes: Vec<String>,
}

impl CodeSource {
    fn covers(&self, code: i64) -> bool {
        let code = code.abs();
        self.first.is_none_or(|first| first.abs() <= code) && self.last.is_none_or(|last| code <= last.abs())
    }
}

impl ErrorSystem {
    /// The sources of a code.
    pub fn sources_of(&self, code: i64) -> impl Iterator<Item = &str> {
        self.sources.iter().filter(move |source| source.covers(code)).map(|source| source.source.as_str())
    }

    /// A code as the system writes it.
    #[must_use]
    pub fn written(&self, code: i64) -> String {
        match self.letter {
            Some(letter) => format!("{letter}{code:04}"),
            None if code > 0xFFFF => format!("0x{code:X}"),
            None => code.to_string(),
        }
    }

    #[must_use]
    pub fn is_called(&self, name: &str) -> bool {
        self.names.iter().any(|known| known.eq_ignore_ascii_case(name))
    }
}
