//! The verdict on a license port.

use super::Manager;

/// Whether the process on a license port is the right one. The more it deserves attention, the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// A process known for the port's license manager.
    Expected,
    /// The visible facts do not decide.
    CannotTell,
    /// A process of another license manager.
    OtherLicenseManager,
    /// Neither.
    Mismatch,
}

impl Verdict {
    /// The word in the JSON and on the screen.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Verdict::Expected => "expected",
            Verdict::OtherLicenseManager => "other-license-manager",
            Verdict::Mismatch => "mismatch",
            Verdict::CannotTell => "cannot-tell",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Worth checking.
    Warning,
    /// Needs attention now.
    Critical,
}

impl Severity {
    /// The word in the JSON and on the screen.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Critical => "critical",
        }
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
