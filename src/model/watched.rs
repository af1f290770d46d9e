//! What a live view shows.

use std::collections::VecDeque;

use jiff::Timestamp;

use super::{Change, Report};

/// The last answer, with what changed a moment ago.
#[derive(Debug, Clone)]
pub struct Watched {
    /// Its rows are marked, and among them are those that went.
    pub report: Report,
    /// How many are there.
    pub listeners: usize,
    /// Whether the last look could not see everything, so that the rows are those of the look before.
    pub is_partial: bool,
    /// What changed, the latest last.
    pub log: VecDeque<Logged>,
}

/// A change, and when it was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logged {
    pub change: Change,
    pub seen_at: Timestamp,
}
