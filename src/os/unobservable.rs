//! Why there is no observation.

use std::error::Error;
use std::fmt;

/// The machine, or the part of it in question, could not be observed at all.
#[derive(Debug)]
pub enum Unobservable {
    Sockets {
        why: String,
    },
    PortRules {
        why: String,
    },
    /// What stands for a machine is no record that can be read.
    Record {
        path: String,
        why: String,
    },
}

impl fmt::Display for Unobservable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unobservable::Sockets { why } => write!(f, "this machine's sockets could not be read: {why}"),
            Unobservable::PortRules { why } => {
                write!(f, "the ports that the system excludes could not be read: {why}")
            }
            Unobservable::Record { path, why } if path == "-" => {
                write!(f, "standard input cannot be read as a record: {why}")
            }
            Unobservable::Record { path, why } => write!(f, "‘{path}’ cannot be read as a record: {why}"),
        }
    }
}

impl Error for Unobservable {}

/// The system's message for an error, without the number that Rust appends.
#[must_use]
pub fn in_words(error: &dyn Error) -> String {
    let words = error.to_string();
    words.split(" (os error").next().unwrap_or(&words).to_owned()
}
