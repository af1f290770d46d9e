//! What a monitoring system is told, by the Monitoring Plugins Development Guidelines.

/// The answer of a monitoring plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckResult {
    pub service: CheckService,
    pub status: CheckStatus,
    /// What the status rests on, one line without its end.
    pub text: String,
    /// Lines below the first, which a monitoring system shows beside it.
    pub details: Vec<String>,
    /// Values for graphs: always the same few.
    pub performance: Vec<Performance>,
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
            performance: Vec::new(),
        }
    }
}

/// The states of monitoring plugins, with their exit statuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckStatus {
    Ok = 0,
    Warning = 1,
    Critical = 2,
    Unknown = 3,
}

impl CheckStatus {
    /// From the worst down. What could not be seen may be worse than any warning, and what is known to be wrong stays so
    /// whatever else could not be seen.
    pub const BY_WEIGHT: [CheckStatus; 4] =
        [CheckStatus::Critical, CheckStatus::Unknown, CheckStatus::Warning, CheckStatus::Ok];

    /// The word in the line.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            CheckStatus::Ok => "OK",
            CheckStatus::Warning => "WARNING",
            CheckStatus::Critical => "CRITICAL",
            CheckStatus::Unknown => "UNKNOWN",
        }
    }
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
