//! Why there is no observation.

use std::error::Error;
use std::fmt;

/// The machine, or the part of it in question, could not be observed at all.
#[derive(Debug)]
pub enum Unobservable {
    Sockets { why: String },
    PortRules { why: String },
}

impl fmt::Display for Unobservable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unobservable::Sockets { why } => write!(f, "this machine's sockets could not be read: {why}"),
            Unobservable::PortRules { why } => {
                write!(f, "the ports that the system excludes could not be read: {why}")
            }
        }
    }
}

impl Error for Unobservable {}

/// The system's message for an error, without the number that Rust appends.
pub(super) fn in_words(error: &dyn Error) -> String {
    let words = error.to_string();
    words.split(" (os error").next().unwrap_or(&words).to_owned()
}
