//! What there is to write, and in which form.

use crate::model::{
    CheckResult, Diff, ExcludedReport, Explanation, Report, ServersReport, SuggestedPolicy, WaitReport,
};

/// What a command answers.
#[derive(Debug, Clone, Copy)]
pub enum Answer<'a> {
    /// The listeners, a row for each.
    Listing(&'a Report),
    /// Everything about one port or service.
    Detail(&'a Report),
    Excluded(&'a ExcludedReport),
    Explanations(&'a [Explanation]),
    /// License servers as wholes.
    Servers(&'a ServersReport),
    /// Whether all is as it should be, for a monitoring system.
    Check(&'a CheckResult),
    /// What may listen.
    Policy(&'a SuggestedPolicy),
    /// How waiting for ports ended. In text, only that it failed is said.
    Wait(&'a WaitReport),
    /// What differs between two looks.
    Diff(&'a Diff),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Text,
    /// Lines of `label: value`.
    List,
    /// One JSON object.
    Json,
    /// A JSON object a line, for each listener.
    Jsonl,
    /// A line of values for each listener.
    Csv,
    /// A table for a wiki or a ticket.
    Markdown,
    /// Numbers for a monitoring system.
    Prometheus,
    /// A page that is complete in itself.
    Html,
}

impl Format {
    pub const ALL: [Format; 8] = [
        Format::Text,
        Format::List,
        Format::Json,
        Format::Jsonl,
        Format::Csv,
        Format::Markdown,
        Format::Prometheus,
        Format::Html,
    ];

    /// The word that stands for it behind `--output`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Format::Text => "table",
            Format::List => "list",
            Format::Json => "json",
            Format::Jsonl => "jsonl",
            Format::Csv => "csv",
            Format::Markdown => "markdown",
            Format::Prometheus => "prometheus",
            Format::Html => "html",
        }
    }

    /// Whether people read it where it is written, on a terminal. All else goes to a program or a file.
    #[must_use]
    pub fn is_for_terminal(self) -> bool {
        matches!(self, Format::Text | Format::List)
    }
}
