//! How a command ends.

use std::io;
use std::{fmt, process};

use crate::model::{CheckService, CheckStatus};
use crate::os::Unobservable;
use crate::query::UsageError;
use crate::render::Format;

/// The exit statuses of a listing and of everything that answers like one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    Matched,
    NothingMatched,
    /// Wrong usage, or the output could not be written.
    Failed,
    /// This machine cannot be observed, or the program failed.
    Unobservable,
    /// That of a monitoring plugin.
    Checked(CheckStatus),
}

impl Exit {
    #[must_use]
    pub fn matched(any: bool) -> Exit {
        if any { Exit::Matched } else { Exit::NothingMatched }
    }

    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Exit::Matched => 0,
            Exit::NothingMatched => 1,
            Exit::Failed => 2,
            Exit::Unobservable => 3,
            Exit::Checked(status) => status as u8,
        }
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
    /// What kept a monitoring plugin from its answer.
    Unchecked(Box<Error>),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Usage(error) => error.fmt(f),
            Error::Unobservable(error) => error.fmt(f),
            Error::Output(error) => write!(f, "the output could not be written: {error}"),
            Error::Unchecked(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Usage(error) => Some(error),
            Error::Unobservable(error) => Some(error),
            Error::Output(error) => Some(error),
            Error::Unchecked(error) => error.source(),
        }
    }
}

/// A command line that was refused, and whether it wanted JSON.
#[derive(Debug)]
pub struct Refused {
    pub error: UsageError,
    pub format: Format,
    /// What it checks, of a monitoring plugin that answers as one.
    pub service: Option<CheckService>,
    /// Whether it is one, whatever its answer is.
    pub is_plugin: bool,
}

impl Error {
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Error::Usage(_) | Error::Output(_) | Error::Unobservable(Unobservable::Record { .. }) => {
                Exit::Failed
            }
            Error::Unobservable(_) => Exit::Unobservable,
            Error::Unchecked(_) => Exit::Checked(CheckStatus::Unknown),
        }
    }

    /// The same error of a monitoring plugin: its exit status says that nothing is known.
    #[must_use]
    pub fn of_check(self) -> Error {
        Error::Unchecked(Box::new(self))
    }

    /// The caller left standard output closed.
    #[must_use]
    pub fn closed() -> Error {
        Error::Output(io::Error::new(io::ErrorKind::NotConnected, "standard output is closed"))
    }

    pub(super) fn is_closed_pipe(&self) -> bool {
        matches!(self, Error::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Error {
        let error = Error::Usage(refused.error);
        if refused.is_plugin { error.of_check() } else { error }
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
