//! What differs between two answers about one machine.

use super::word::words;
use super::{EventKind, Row};

words! {
    /// What of a listener changed.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    pub enum ChangedPart {
        /// another program or user holds it
        Owner = "owner",
        /// whether the process on a license port is the right one
        Verdict = "verdict",
        /// from where it can be reached
        Exposure = "exposure",
        /// whether it can receive
        State = "state",
    }
}

/// What became of one listener between two looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub kind: EventKind,
    /// In the order of [`ChangedPart`]; empty where nothing changed of a listener that stayed.
    pub parts: Vec<ChangedPart>,
    /// As it is, or as it was last.
    pub row: Row,
    /// As it was, of one that changed.
    pub before: Option<Row>,
}
