//! JSON whose strings harm nobody who looks at them.

use std::io::{self, Write};

use serde_json::ser::Formatter;

use super::quoting::is_printable;

/// Lays out as another, and escapes in strings the characters that are to be escaped, as JSON allows (RFC 8259, section 7):
/// of ASCII, none but the delete character.
pub struct Escaping<F>(pub F, pub fn(char) -> bool);

impl<F: Formatter> Formatter for Escaping<F> {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        // Most texts need no look at each sign: of ASCII, JSON itself has escaped all controls but one.
        const DELETE: u8 = 0x7f;
        if fragment.is_ascii() && memchr::memchr(DELETE, fragment.as_bytes()).is_none() {
            return out.write_all(fragment.as_bytes());
        }
        let mut rest = fragment;
        while let Some((at, escaped)) = rest.char_indices().find(|&(_, c)| self.1(c)) {
            out.write_all(&rest.as_bytes()[..at])?;
            for unit in escaped.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}")?;
            }
            rest = &rest[at + escaped.len_utf8()..];
        }
        out.write_all(rest.as_bytes())
    }

    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_array(out)
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array(out)
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(out, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array_value(out)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object(out)
    }

    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object(out)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(out, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object_value(out)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object_value(out)
    }
}

/// What a terminal would interpret; JSON itself escapes the controls of ASCII but one.
#[must_use]
pub fn is_harmful(c: char) -> bool {
    c == '\x7f' || (!c.is_ascii() && !is_printable(c))
}

/// What a terminal would interpret, or anything on the way would take for another code page: all but ASCII's signs.
#[must_use]
pub fn is_not_plain(c: char) -> bool {
    c == '\x7f' || !c.is_ascii()
}
