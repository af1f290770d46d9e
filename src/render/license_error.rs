//! What a license error means, as text.

use std::io;

use super::page::Page;
use super::text::system;
use crate::model::phrase::list;
use crate::model::{KnownSystemError, LicenseError, SystemError};

/// What the typed code stands for.
pub(super) fn summary(errors: &[LicenseError]) -> String {
    let names: Vec<&str> = errors.iter().map(|error| error.system_name.as_str()).collect();
    let what = if errors.len() == 1 { "a license error" } else { "license errors" };
    format!("{what} of {}", list(&names, "and"))
}

impl Page<'_> {
    pub(super) fn license_error(&mut self, error: &LicenseError) -> io::Result<()> {
        self.heading(&format!("{} {}", error.system_name, error.code), &error.symbol)?;
        self.field("Meaning", &error.meaning)?;
        if let Some(minor) = &error.minor {
            self.field("Minor", &format!("{} {}", minor.number, minor.meaning))?;
        }
        if let Some(error) = &error.system_error {
            self.field("System error", &in_words(error))?;
        }
        if let Some(here) = &error.here {
            self.field("Here", here)?;
        }
        for (index, cause) in error.causes.iter().enumerate() {
            self.field(&format!("Cause {}", index + 1), &cause.text)?;
            if let Some(here) = &cause.here {
                self.field("  Here", here)?;
            } else if let Some(command) = &cause.command {
                self.field("  Check", command)?;
            }
        }
        self.sources(&error.sources)
    }
}

fn in_words(error: &SystemError) -> String {
    let Some(known) = &error.known else {
        return format!(
            "{} is the number of an error of the client's operating system; its meaning is not known here.",
            error.number
        );
    };
    known_in_words(known)
}

pub(super) fn known_in_words(known: &KnownSystemError) -> String {
    let systems: Vec<&str> = known.os.iter().map(|os| system(*os)).collect();
    format!("{} is {} on {}: {}.", known.number, known.name, list(&systems, "and"), known.meaning)
}
