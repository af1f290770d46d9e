//! Escaping, colour, wrapping.

use std::borrow::Cow;

use owo_colors::{OwoColorize, Style as Paint};
use textwrap::Options;
use textwrap::WordSplitter::NoHyphenation;

use super::Style;
use super::quotes::Quotes;
use super::width::display_width;
use crate::model::quoting::{escaped, is_printable, quoted};
use crate::model::{License, Os, ProcessService, Row, Service, ServiceManager, Severity, Verdict};

/// The width of prose, in columns: longer lines are hard to read.
const PROSE: usize = 100;

/// A width that no line has.
const UNBROKEN: usize = 1 << 20;

/// Makes untrusted text safe to show: unprintable characters become `\u{1b}` or the like.
#[must_use]
pub fn escape(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_printable) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if is_printable(c) { safe.push(c) } else { safe.extend(escaped(c)) }
    }
    Cow::Owned(safe)
}

/// A text as one word, for scripts split rows at blanks: `-` for none, a colon between words, and within a quoted name the
/// code of a blank.
pub(super) fn one_word(text: &str) -> String {
    let mut word = String::with_capacity(text.len());
    let mut quotes = Quotes::default();
    for c in text.chars() {
        let is_quoted = quotes.before(c);
        match c {
            ' ' if is_quoted => word.push_str("\\u{20}"),
            ' ' if word.ends_with(',') => {}
            ' ' => word.push(':'),
            c => word.push(c),
        }
    }
    if word.is_empty() { "-".to_owned() } else { word }
}

/// A command line in which it is clear where each word ends.
pub(super) fn command_line(args: &[String]) -> String {
    args.iter().map(|arg| quoted(arg)).collect::<Vec<_>>().join(" ")
}

/// An operating system as people write it.
pub(super) fn system(os: Os) -> &'static str {
    match os {
        Os::Linux => "Linux",
        Os::Windows => "Windows",
        Os::Macos => "macOS",
    }
}

/// What the registry calls a port. In parentheses unless the program is known for that: the name says what the port is
/// registered for, not what runs there.
pub(super) fn registered_name(row: &Row, style: &Style) -> Option<String> {
    let Service { name, .. } = row.service.as_ref()?;
    Some(match row.known_for_service {
        Some(true) => name.clone(),
        _ if style.plain => format!("{name}, which may not be what runs there"),
        _ => format!("({name})"),
    })
}

/// A service by its name; that of a user's own service manager is marked: any user may call one `nginx.service`.
pub(super) fn service_called(service: &ProcessService) -> String {
    unit_called(service.manager, &service.name)
}

pub(super) fn unit_called(manager: ServiceManager, name: &str) -> String {
    let user = if manager == ServiceManager::SystemdUser { "user " } else { "" };
    format!("{user}{}", quoted(name))
}

impl Style {
    pub(super) fn prose_width(&self) -> usize {
        if self.plain || self.wide {
            UNBROKEN
        } else {
            self.width.map_or(PROSE, usize::from).clamp(20, PROSE)
        }
    }

    /// Wraps a sentence to the terminal; in a file or pipe it stays one line.
    pub(super) fn set(&self, sentence: &str) -> String {
        match self.width {
            Some(width) => fill(sentence, unbroken(width.into())),
            None => sentence.to_owned(),
        }
    }

    /// Whether a line of so many columns fits. Elsewhere than on a terminal any does.
    pub(super) fn fits(&self, columns: usize) -> bool {
        self.width.is_none_or(|width| columns <= usize::from(width))
    }

    /// Colours text, if colour is on.
    pub(super) fn paint(&self, text: &str, paint: Paint) -> String {
        if self.color && !text.is_empty() { text.style(paint).to_string() } else { text.to_owned() }
    }

    pub(super) fn verdict(&self, license: &License) -> String {
        self.paint(license.verdict.code(), verdict_paint(license))
    }
}

pub(super) fn verdict_paint(license: &License) -> Paint {
    match (license.verdict, license.severity) {
        (Verdict::Expected, _) => Paint::new().green(),
        (Verdict::Mismatch, Severity::Warning | Severity::Critical) => Paint::new().red().bold(),
        (_, Severity::Warning | Severity::Critical) => Paint::new().yellow().bold(),
        (_, Severity::Info) => Paint::new().yellow(),
    }
}

/// Wraps an escaped text, and breaks no quoted name: a part of one on a line of its own would pass for this program's words.
pub(super) fn fill(text: &str, options: Options<'_>) -> String {
    // Escaped text has no such blank, and a wrapped text is not broken there.
    const KEPT: char = '\u{a0}';
    let mut is_quoted = Quotes::default();
    let kept = text.chars().map(|c| if is_quoted.before(c) && c == ' ' { KEPT } else { c });
    textwrap::fill(&kept.collect::<String>(), options).replace(KEPT, " ")
}

/// Wraps at blanks only: a path or a range that is broken cannot be copied.
pub(super) fn unbroken(width: usize) -> Options<'static> {
    Options::new(width).word_splitter(NoHyphenation).break_words(false)
}

/// The beginning of a text, at `most` so many characters.
pub(super) fn beginning(text: &str, most: usize) -> &str {
    text.char_indices().nth(most).map_or(text, |(end, _)| &text[..end])
}

/// A text that is no wider than `width` columns: the rest is an ellipsis.
pub(super) fn cut(text: &str, width: usize) -> Cow<'_, str> {
    if display_width(text) <= width {
        return Cow::Borrowed(text);
    }
    let mut shown = String::new();
    let mut left = width.saturating_sub(1);
    for c in text.chars() {
        let Some(rest) = left.checked_sub(display_width(c.encode_utf8(&mut [0; 4]))) else { break };
        left = rest;
        shown.push(c);
    }
    shown.truncate(shown.trim_end().len());
    shown.push('…');
    Cow::Owned(shown)
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
}
