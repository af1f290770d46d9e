//! Why there is nothing to observe: help was asked for, or the usage was wrong.

use std::fmt;

use clap::error::{ContextKind, ContextValue, ErrorKind};

/// The command line does not ask for anything that can be answered. One line: what was typed, and
/// what would be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageError(String);

impl UsageError {
    /// Says so in one line.
    #[must_use]
    pub fn new(message: String) -> UsageError {
        UsageError(message)
    }
}

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UsageError {}

/// Why a command line ends before anything is observed.
#[derive(Debug)]
pub enum Stop {
    /// Help or the version was asked for: the text to print.
    Told(String),
    /// The usage was wrong.
    Wrong(UsageError),
}

impl From<UsageError> for Stop {
    fn from(wrong: UsageError) -> Stop {
        Stop::Wrong(wrong)
    }
}

/// Puts what clap says into one line.
pub(super) fn stop(error: &clap::Error) -> Stop {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        return Stop::Told(error.render().to_string());
    }
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) if !texts.is_empty() => Some(texts.join(" or ")),
        _ => None,
    };
    let typed = text(ContextKind::InvalidArg).unwrap_or_default();
    let line = match error.kind() {
        ErrorKind::UnknownArgument => {
            let nearest = text(ContextKind::SuggestedArg);
            let right = nearest.map_or("see --help".to_owned(), |nearest| format!("did you mean {nearest}?"));
            format!("there is no option {typed}; {right}")
        }
        ErrorKind::InvalidValue => {
            let value = text(ContextKind::InvalidValue).unwrap_or_default();
            let option = typed.split(' ').next().unwrap_or_default();
            let valid = match error.get(ContextKind::ValidValue) {
                Some(ContextValue::Strings(valid)) => valid.join(", "),
                _ => String::new(),
            };
            match (value.is_empty(), valid.is_empty()) {
                (true, true) => format!("{option} needs a value: {typed}"),
                (true, false) => format!("{option} needs a value: one of {valid}"),
                (false, _) => format!("‘{option} {value}’: the values are {valid}"),
            }
        }
        ErrorKind::MissingRequiredArgument => {
            "explain needs a WHAT: a port, a service, a process or a license manager".to_owned()
        }
        // Whatever else clap finds: its first line, without its prefix and layout.
        _ => {
            let all = error.render().to_string();
            let first = all.lines().next().unwrap_or_default();
            format!("{}; see --help", first.trim_start_matches("error: "))
        }
    };
    Stop::Wrong(UsageError::new(line))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Cli;
    use clap::{CommandFactory, Parser};

    fn told(line: &str) -> String {
        match stop(&Cli::try_parse_from(line.split_whitespace()).unwrap_err()) {
            Stop::Wrong(wrong) => wrong.to_string(),
            Stop::Told(text) => text,
        }
    }

    #[test]
    fn wrong_usage_is_one_line() {
        insta::assert_snapshot!(told("w --jsn"), @"there is no option --jsn; did you mean --json?");
        insta::assert_snapshot!(told("w -z"), @"there is no option -z; see --help");
        insta::assert_snapshot!(told("w --sort size"), @"‘--sort size’: the values are port, address, process, pid, user, service, verdict");
        insta::assert_snapshot!(told("w --color"), @"--color needs a value: one of auto, always, never");
        insta::assert_snapshot!(told("w --pid"), @"--pid needs a value: --pid <PID>");
    }

    #[test]
    fn clap_finds_the_definition_sound() {
        Cli::command().debug_assert();
    }
}
