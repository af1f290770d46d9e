//! What a monitoring system is told, by the Monitoring Plugins Development Guidelines.

use jiff::Timestamp;

use super::word::words;
use super::{Host, PolicyPlace};

/// The answer of a monitoring plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckResult {
    pub service: CheckService,
    pub status: CheckStatus,
    /// What the status rests on, one line without its end.
    pub text: String,
    /// Lines below the first, which a monitoring system shows beside it.
    pub details: Vec<String>,
    /// What was not looked at, and what to do to see more: lines below these.
    pub notes: Vec<String>,
    /// Values for graphs: always the same few.
    pub performance: Vec<Performance>,
    /// What must listen.
    pub expectations: Vec<Expectation>,
    /// All of them, from the worst down.
    pub findings: Vec<Finding>,
    /// `None` where it was not looked at.
    pub machine: Option<CheckedMachine>,
}

/// The machine that was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedMachine {
    pub host: Host,
    pub taken_at: Timestamp,
    pub privileged: bool,
}

/// A port that must listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectation {
    /// As it was written.
    pub what: String,
    /// `None` of the command line.
    pub place: Option<PolicyPlace>,
    pub status: CheckStatus,
    /// Why it is not as it should be; `None` where it is.
    pub reason: Option<String>,
}

/// What is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckService {
    Listeners,
    LicenseServers,
}

impl CheckService {
    /// The first word of the line, by which a person knows the plugin.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            CheckService::Listeners => "WHATLISTENS",
            CheckService::LicenseServers => "LICENSE SERVERS",
        }
    }
}

/// A value for graphs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Performance {
    pub label: &'static str,
    pub value: usize,
}

impl CheckResult {
    /// Where there is no answer.
    #[must_use]
    pub fn unknown(service: CheckService, why: &str) -> CheckResult {
        CheckResult {
            service,
            status: CheckStatus::Unknown,
            text: why.to_owned(),
            details: Vec::new(),
            notes: Vec::new(),
            performance: Vec::new(),
            expectations: Vec::new(),
            findings: vec![Finding::new(CheckStatus::Unknown, why)],
            machine: None,
        }
    }
}

words! {
    /// The states of monitoring plugins, in the order of their exit statuses.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum CheckStatus {
        /// all is as it should be
        Ok = "OK",
        /// something should be looked at
        Warning = "WARNING",
        /// something is wrong
        Critical = "CRITICAL",
        /// something could not be seen, or the policy is wrong
        Unknown = "UNKNOWN",
    }
}

impl CheckStatus {
    /// From the worst down. What could not be seen may be worse than any warning, and what is known to be wrong stays so
    /// whatever else could not be seen.
    pub const BY_WEIGHT: [CheckStatus; 4] =
        [CheckStatus::Critical, CheckStatus::Unknown, CheckStatus::Warning, CheckStatus::Ok];
}

/// Something that is not as it should be, or of which that is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub status: CheckStatus,
    /// A sentence without the full stop.
    pub text: String,
}

impl Finding {
    #[must_use]
    pub fn new(status: CheckStatus, text: impl Into<String>) -> Finding {
        Finding { status, text: text.into() }
    }
}
