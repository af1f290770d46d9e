//! The signs that this program writes beside letters, and what stands for them where only ASCII arrives.

use std::io::{self, Write};
use std::{mem, str};

use super::Format;
use super::quotes::Quotes;

/// Which signs a stream takes. A console of Windows takes all: the standard library writes UTF-16 there
/// (`WriteConsoleW`), unless the code page of the console is UTF-8 (`write` in `library/std/src/sys/stdio/windows.rs`).
/// Whoever reads a pipe or a file there takes it for another code page: PowerShell 5.1, `findstr` and `more` for the OEM
/// one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signs {
    All,
    Ascii,
}

impl Signs {
    /// Those of an answer in this format. What says of itself that it is UTF-8, or must be, stays so: HTML, CSV and
    /// Prometheus's, in which this program writes no sign but those of the page. JSON is ASCII anyway.
    #[must_use]
    pub fn in_format(self, format: Format) -> Signs {
        match format {
            Format::Text | Format::List | Format::Markdown => self,
            Format::Json | Format::Jsonl | Format::Csv | Format::Prometheus | Format::Html => Signs::All,
        }
    }

    /// A text of this program's in these signs. Others' words stay as they are.
    #[must_use]
    pub fn of(self, text: String) -> String {
        if self == Signs::All || text.is_ascii() {
            return text;
        }
        let mut written = String::with_capacity(text.len());
        add(&text, &mut Speech::default(), &mut written);
        written
    }

    /// What stands for the bar that begins the values in the line of a monitoring plugin.
    pub(super) fn broken_bar(self) -> &'static str {
        match self {
            Signs::All => "¦",
            Signs::Ascii => "!",
        }
    }
}

/// Adds a text in ASCII, but for others' words.
fn add(text: &str, speech: &mut Speech, written: &mut String) {
    for c in text.chars() {
        let is_own = speech.is_own(c);
        match ascii(c).filter(|_| is_own) {
            Some(sign) => written.push_str(sign),
            None => written.push(c),
        }
    }
}

/// What stands for a sign of this program's.
fn ascii(c: char) -> Option<&'static str> {
    Some(match c {
        '→' => "->",
        '…' => "...",
        '‘' | '’' => "'",
        '“' | '”' => "\"",
        _ => return None,
    })
}

/// Follows a text, and says which characters are this program's own: others' names are in quotes of ASCII.
#[derive(Debug, Default)]
pub(super) struct Speech {
    quotes: Quotes,
    /// Within other quotes, where a quote of ASCII has no meaning.
    is_said: bool,
}

impl Speech {
    /// Whether the next character, this one, is outside of a quoted name.
    pub(super) fn is_own(&mut self, next: char) -> bool {
        if next == '\n' {
            // No name goes on in the next line.
            *self = Speech::default();
        }
        if self.is_said {
            self.is_said = !matches!(next, '’' | '”');
            return true;
        }
        let is_own = !self.quotes.before(next);
        self.is_said = is_own && matches!(next, '‘' | '“');
        is_own
    }
}

/// Writes a text in the signs that the reader takes.
#[derive(Debug)]
pub struct InSigns<W> {
    to: W,
    signs: Signs,
    speech: Speech,
    /// The beginning of a character whose other bytes are still to come.
    begun: Vec<u8>,
}

impl<W> InSigns<W> {
    pub fn new(to: W, signs: Signs) -> InSigns<W> {
        InSigns { to, signs, speech: Speech::default(), begun: Vec::new() }
    }
}

impl<W: Write> Write for InSigns<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.signs == Signs::All {
            return self.to.write(bytes);
        }
        let mut all = mem::take(&mut self.begun);
        all.extend_from_slice(bytes);
        let mut written = String::with_capacity(all.len());
        match str::from_utf8(&all) {
            Ok(text) => add(text, &mut self.speech, &mut written),
            Err(error) => {
                let (whole, rest) = all.split_at(error.valid_up_to());
                add(&String::from_utf8_lossy(whole), &mut self.speech, &mut written);
                match error.error_len() {
                    None => self.begun = rest.to_owned(),
                    // This program writes none.
                    Some(_) => written.push_str(&String::from_utf8_lossy(rest)),
                }
            }
        }
        self.to.write_all(written.as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CASES: [(&str, &str); 10] = [
        ("Parents: systemd (PID 1) → a.service → a", "Parents: systemd (PID 1) -> a.service -> a"),
        ("kernel: http.sys, SMB, …", "kernel: http.sys, SMB, ..."),
        ("‘80’ is “x”…", "'80' is \"x\"..."),
        ("‘a\"b’: a range, ‘c’", "'a\"b': a range, 'c'"),
        ("Its log says “\"x” → y", "Its log says \"\"x\" -> y"),
        ("Process: \"→ docker…\" → \"“\" …", "Process: \"→ docker…\" -> \"“\" ..."),
        ("\"a\\\"→\" →", "\"a\\\"→\" ->"),
        ("\"open\n→", "\"open\n->"),
        ("jürgen 管理者 FORTÉ", "jürgen 管理者 FORTÉ"),
        ("", ""),
    ];

    #[test]
    fn own_signs_become_ascii_and_names_stay() {
        for (text, written) in CASES {
            assert_eq!(Signs::Ascii.of(text.to_owned()), written);
            assert_eq!(Signs::All.of(text.to_owned()), text);
        }
    }

    proptest! {
        #[test]
        fn in_whatever_pieces_a_text_comes_it_is_the_same(
            text in "[a→…‘’“”\"\\\\ü日🦀\n]{0,40}",
            pieces in prop::collection::vec(1..5_usize, 1..80),
        ) {
            for signs in [Signs::All, Signs::Ascii] {
                let mut written = Vec::new();
                let mut out = InSigns::new(&mut written, signs);
                let mut rest = text.as_bytes();
                for piece in pieces.iter().chain(&[usize::MAX]) {
                    let (now, later) = rest.split_at((*piece).min(rest.len()));
                    out.write_all(now).unwrap();
                    rest = later;
                }
                prop_assert_eq!(String::from_utf8(written).unwrap(), signs.of(text.clone()));
            }
        }
    }
}
