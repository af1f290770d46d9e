//! What came of waiting for ports.

use std::time::Duration;

use jiff::Timestamp;

use super::word::words;
use super::{Gap, Host, Row};

words! {
    /// What is waited for.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum WaitGoal {
        /// every port listens
        Listening = "listening",
        /// none of the ports listens or is held any more
        Gone = "gone",
    }
}

words! {
    /// How waiting ended.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum WaitOutcome {
        /// it is as it was waited for
        Reached = "reached",
        /// the time was up before that
        TimedOut = "timed-out",
        /// whether it is so depends on something that cannot be seen
        CannotTell = "cannot-tell",
    }
}

/// A port that is waited for, as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitedPort {
    /// As it was typed.
    pub what: String,
    /// Whether what is waited for is so; `None` where that is not known.
    pub reached: Option<bool>,
    /// The sockets on it that count, with their owners as far as these were looked for.
    pub rows: Vec<Row>,
    /// Why it is not so, or why that is not known: a part of a sentence.
    pub why: Option<String>,
}

impl WaitedPort {
    #[must_use]
    pub fn is_reached(&self) -> bool {
        self.reached == Some(true)
    }
}

/// How waiting ended, and how things stand then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitReport {
    pub host: Host,
    pub taken_at: Timestamp,
    pub privileged: bool,
    pub goal: WaitGoal,
    pub outcome: WaitOutcome,
    /// The processes one of which has to hold the ports; empty for any.
    pub processes: Vec<String>,
    pub waited: Duration,
    /// In the order of the words.
    pub ports: Vec<WaitedPort>,
    /// Why it is not so, as a sentence without the full stop; `None` where it is.
    pub message: Option<String>,
    pub gaps: Vec<Gap>,
}
