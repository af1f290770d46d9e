//! Escaping, colour, wrapping.

use std::borrow::Cow;

use owo_colors::{OwoColorize, Style as Paint};
use textwrap::Options;
use textwrap::WordSplitter::NoHyphenation;

use super::Style;
use crate::model::{License, Severity, Verdict};

/// The widest that prose is set, in columns: longer lines are hard to read.
const PROSE: usize = 100;
/// How wide prose is set where nothing tells the width.
const UNTOLD: usize = 100;

/// Letters and signs by their class, and blank by their look: Hangul fillers and the empty Braille
/// pattern.
const LOOKS_EMPTY: [char; 5] = ['\u{115f}', '\u{1160}', '\u{2800}', '\u{3164}', '\u{ffa0}'];

/// Whether a character may reach a terminal as it is. Control characters move the cursor and change
/// colours, bidirectional and zero-width ones deceive the eye: `char::escape_debug` escapes all that
/// Unicode calls control, format, private, unassigned, a separator, or combining.
pub(super) fn printable(c: char) -> bool {
    matches!(c, '"' | '\'' | '\\' | ' '..='~') || (c.escape_debug().len() == 1 && !LOOKS_EMPTY.contains(&c))
}

/// Makes text from a stranger safe to show: what is not printable becomes `\u{1b}` or the like.
#[must_use]
pub fn escape(text: &str) -> Cow<'_, str> {
    if text.chars().all(printable) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            _ if printable(c) => safe.push(c),
            _ if LOOKS_EMPTY.contains(&c) => safe.extend(c.escape_unicode()),
            _ => safe.extend(c.escape_debug()),
        }
    }
    Cow::Owned(safe)
}

impl Style {
    /// The columns for prose.
    pub(super) fn prose_width(&self) -> usize {
        self.width.map_or(UNTOLD, usize::from).clamp(20, PROSE)
    }

    /// Fits a sentence to the terminal; in a file or pipe it stays one line.
    pub(super) fn set(&self, sentence: &str) -> String {
        match self.width {
            Some(width) => textwrap::fill(sentence, unbroken(width.into())),
            None => sentence.to_owned(),
        }
    }

    /// Text in a colour, where there is colour.
    pub(super) fn paint(&self, text: &str, paint: Paint) -> String {
        if self.color && !text.is_empty() { text.style(paint).to_string() } else { text.to_owned() }
    }

    /// The verdict's word in its colour.
    pub(super) fn verdict(&self, license: &License) -> String {
        let paint = match (license.verdict, license.severity) {
            (Verdict::Expected, _) => Paint::new().green(),
            (Verdict::Mismatch, Severity::Warning | Severity::Critical) => Paint::new().red().bold(),
            (_, Severity::Warning | Severity::Critical) => Paint::new().yellow().bold(),
            (_, Severity::Info) => Paint::new().yellow(),
        };
        self.paint(license.verdict.code(), paint)
    }
}

/// Lines of a width that break at blanks only: a path or a range that is broken cannot be copied.
pub(super) fn unbroken(width: usize) -> Options<'static> {
    Options::new(width).word_splitter(NoHyphenation).break_words(false)
}

/// "a", "a or b", "a, b or c".
pub(super) fn list(words: &[impl AsRef<str>], conjunction: &str) -> String {
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    match &words[..] {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} {conjunction} {last}", first.join(", ")),
    }
}

/// `1 socket`, `2 sockets`.
pub(super) fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_obeys_is_left() {
        for (hostile, safe) in [
            ("\x1b[31mred", "\\u{1b}[31mred"),
            ("a\nb\r\tc", "a\\nb\\r\\tc"),
            ("\u{9b}31m", "\\u{9b}31m"),
            ("\x7f", "\\u{7f}"),
            ("exe\u{202e}gpj", "exe\\u{202e}gpj"),
            ("a\u{2066}b\u{200b}c\u{feff}", "a\\u{2066}b\\u{200b}c\\u{feff}"),
            ("line\u{2028}break", "line\\u{2028}break"),
            ("e\u{301}", "e\\u{301}"),
            ("\0", "\\0"),
            ("a\u{3164}b\u{2800}", "a\\u{3164}b\\u{2800}"),
        ] {
            assert_eq!(escape(hostile), safe);
        }
    }

    #[test]
    fn what_people_write_stays_as_it_is() {
        for text in [r"C:\Program Files\Tool's (x86)\a.exe", "a) (b", "größe 日本 🦀", "\"quoted\""] {
            assert!(matches!(escape(text), Cow::Borrowed(same) if same == text));
        }
    }

    #[test]
    fn lists_read_as_a_person_says_them() {
        assert_eq!(list(&["a"], "or"), "a");
        assert_eq!(list(&["a", "b", "c"], "or"), "a, b or c");
    }
}
