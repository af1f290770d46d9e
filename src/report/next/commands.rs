//! The commands that stop and restart what holds a socket. Names come from files and from strangers: they are quoted for a
//! shell, and one that cannot be is in no command.

use crate::model::quoting::is_printable;
use crate::model::{Os, Process, file_name};

/// How to stop a holder and how to start it anew.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Commands {
    /// What to know or to find out before, as a sentence.
    pub(super) before: Option<String>,
    pub(super) stop: Option<String>,
    /// Whom or what the command to stop it stops, or who runs it: it stands before the command.
    pub(super) aside: Option<String>,
    pub(super) restart: Option<String>,
}

impl Commands {
    pub(super) fn stopped_by(stop: String) -> Commands {
        Commands { stop: Some(stop), ..Commands::default() }
    }

    pub(super) fn both(stop: String, restart: String) -> Commands {
        Commands { restart: Some(restart), ..Commands::stopped_by(stop) }
    }

    /// Whether the process alone would get a signal, because nothing runs it.
    pub(super) fn is_signal(&self) -> bool {
        let stop = self.stop.as_deref().unwrap_or_default();
        ["kill ", "sudo kill ", "taskkill "].iter().any(|signal| stop.starts_with(signal))
    }

    pub(super) fn after(self, before: impl Into<String>) -> Commands {
        Commands { before: Some(before.into()), ..self }
    }

    pub(super) fn aside(self, aside: &str) -> Commands {
        Commands { aside: Some(aside.to_owned()), ..self }
    }
}

/// A word for a shell; `None` where it would not be what it seems.
pub(super) fn word(text: &str) -> Option<String> {
    if text.is_empty() || text.starts_with('-') || !text.chars().all(is_printable) {
        return None;
    }
    shlex::try_quote(text).ok().map(|word| word.into_owned())
}

/// The file name of what a process runs, else its name, in small letters and without `.exe`.
pub(super) fn program_of(process: &Process, os: Os) -> Option<String> {
    let name = process.exe().map(|exe| file_name(&exe.path, os)).or(process.name.as_deref())?;
    let name = name.to_ascii_lowercase();
    Some(name.strip_suffix(".exe").map(str::to_owned).unwrap_or(name))
}
