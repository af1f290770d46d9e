//! How a command ends.

use std::io;
use std::{fmt, process};

use crate::os::Unobservable;
use crate::query::UsageError;

/// The exit statuses of a listing and of everything that answers like one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    Matched = 0,
    NothingMatched = 1,
    /// Wrong usage, or the output could not be written.
    Failed = 2,
    /// This machine cannot be observed.
    Unobservable = 3,
}

impl Exit {
    #[must_use]
    pub fn matched(any: bool) -> Exit {
        if any { Exit::Matched } else { Exit::NothingMatched }
    }

    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }
}

impl From<Exit> for process::ExitCode {
    fn from(exit: Exit) -> process::ExitCode {
        process::ExitCode::from(exit.code())
    }
}

/// Why there is no answer.
#[derive(Debug)]
pub enum Error {
    Usage(UsageError),
    Unobservable(Unobservable),
    Output(io::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Usage(error) => error.fmt(f),
            Error::Unobservable(error) => error.fmt(f),
            Error::Output(error) => write!(f, "the output could not be written: {error}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Usage(error) => Some(error),
            Error::Unobservable(error) => Some(error),
            Error::Output(error) => Some(error),
        }
    }
}

impl From<UsageError> for Error {
    fn from(error: UsageError) -> Error {
        Error::Usage(error)
    }
}

impl From<Unobservable> for Error {
    fn from(error: Unobservable) -> Error {
        Error::Unobservable(error)
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Error {
        Error::Output(error)
    }
}
