//! What a command is waiting for, as one line on a terminal that changes.

use std::io::{self, Write};
use std::time::Duration;

use crate::os::{self, Delay};
use crate::render;

/// What is over sooner is not shown.
pub(super) const SHOWN_AFTER: Duration = Duration::from_secs(1);

/// A line on standard error. It is gone when the command ends.
pub(super) struct Progress<'a> {
    notes: &'a mut dyn Write,
    /// The columns of the terminal; `None` where there is none.
    width: Option<u16>,
    shown: String,
}

impl<'a> Progress<'a> {
    pub(super) fn new(notes: &'a mut dyn Write, width: Option<u16>) -> Progress<'a> {
        Progress { notes, width, shown: String::new() }
    }

    /// Whether anybody sees it.
    pub(super) fn is_visible(&self) -> bool {
        self.width.is_some()
    }

    /// Shows this text in place of the last.
    pub(super) fn show(&mut self, text: &str) -> io::Result<()> {
        let Some(width) = self.width else { return Ok(()) };
        // A line as wide as the terminal would go on in the next.
        let room = usize::from(width.saturating_sub(1));
        let line: String = render::escape(text).chars().take(room).collect();
        if line == self.shown {
            return Ok(());
        }
        write!(self.notes, "\r{line}\x1b[K")?;
        self.shown = line;
        self.notes.flush()
    }

    pub(super) fn clear(&mut self) -> io::Result<()> {
        if self.shown.is_empty() {
            return Ok(());
        }
        self.shown.clear();
        self.clear_line()
    }

    fn clear_line(&mut self) -> io::Result<()> {
        if !self.is_visible() {
            return Ok(());
        }
        write!(self.notes, "\r\x1b[K")?;
        self.notes.flush()
    }
}

/// Shows that a scan waits, where `notes` is standard error and that is a terminal; `width` finds out.
pub(super) fn show_delays<W: Write + 'static>(notes: fn() -> W, width: fn() -> Option<u16>) {
    os::on_delay(move |delay| {
        let notes = &mut notes();
        let mut progress = Progress::new(notes, width());
        // What cannot be shown is not needed for the answer.
        let _ = match delay {
            Some(delay) => progress.show(&in_words(delay)),
            None => progress.clear_line(),
        };
    });
}

/// `waiting for the names of users (2 of 5 s)`.
fn in_words(Delay { what, waited, allowed }: Delay) -> String {
    let allowed = allowed.map_or(String::new(), |allowed| format!(" of {}", allowed.as_secs_f64()));
    format!("waiting for {what} ({}{allowed} s)", waited.as_secs())
}
