//! The verdict on a license port.

use super::Manager;
use super::word::words;

words! {
    /// Whether the process on a license port is the right one. The more it deserves attention, the greater.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum Verdict {
        /// a known program of the port's license manager, which nobody else could have replaced
        Expected = "expected",
        /// the visible facts do not decide
        CannotTell = "cannot-tell",
        /// a program of another license manager
        OtherLicenseManager = "other-license-manager",
        /// a program of no license manager that uses the port
        Mismatch = "mismatch",
    }
}

words! {
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum Severity {
        /// worth knowing
        Info = "info",
        /// worth checking
        Warning = "warning",
        /// needs attention now
        Critical = "critical",
    }
}

/// What is reported about a license port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct License {
    /// The permanent name of the rule that decided (`judge::rules`).
    pub rule: &'static str,
    /// The license managers that use the server's port.
    pub managers: Vec<Manager>,
    pub verdict: Verdict,
    pub severity: Severity,
    /// The reason for the verdict, as a sentence without the full stop.
    pub reason: String,
    /// The right executables on this system; empty where none is documented.
    pub expected: Vec<String>,
    /// The facts that the verdict rests on.
    pub evidence: Vec<String>,
    /// What to do next, as a sentence; `None` where there is nothing to do.
    pub advice: Option<String>,
}
