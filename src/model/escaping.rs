//! JSON in ASCII alone, which harms nobody who looks at it, and comes through every code page.

use std::io::{self, Write};

use serde_json::ser::Formatter;

/// Lays out as another, and escapes in strings whatever is not printable ASCII, as JSON allows (RFC 8259, section 7): a
/// terminal obeys none of it, and no code page on the way has another character for it. PowerShell 5.1 reads what a program
/// prints in the OEM code page; that of Chinese (936) takes the last byte of a letter in UTF-8 and the backslash behind it
/// for one character.
pub struct Escaping<F>(pub F);

const DELETE: u8 = 0x7f;
/// The escapes of several letters in a row are written at once.
const AT_ONCE: usize = 64;

impl<F: Formatter> Formatter for Escaping<F> {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        // Most texts need no look at each sign: of ASCII, JSON itself has escaped all controls but one.
        if fragment.is_ascii() && memchr::memchr(DELETE, fragment.as_bytes()).is_none() {
            return out.write_all(fragment.as_bytes());
        }
        let is_plain = |c: char| c.is_ascii() && c != char::from(DELETE);
        let mut escaped = [0; AT_ONCE];
        let mut used = 0;
        let mut rest = fragment;
        while let Some(first) = rest.chars().next() {
            if is_plain(first) {
                out.write_all(&escaped[..used])?;
                used = 0;
                let (plain, others) = rest.split_at(rest.find(|c| !is_plain(c)).unwrap_or(rest.len()));
                out.write_all(plain.as_bytes())?;
                rest = others;
                continue;
            }
            for unit in first.encode_utf16(&mut [0; 2]) {
                escaped[used..used + ESCAPE].copy_from_slice(&escape(*unit));
                used += ESCAPE;
            }
            if used > AT_ONCE - 2 * ESCAPE {
                out.write_all(&escaped[..used])?;
                used = 0;
            }
            rest = &rest[first.len_utf8()..];
        }
        out.write_all(&escaped[..used])
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

/// The bytes of an escape.
const ESCAPE: usize = 6;

/// `\u00fc`, of a letter or of half of one above U+FFFF.
fn escape(unit: u16) -> [u8; ESCAPE] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |shift: u32| DIGITS[usize::from(unit >> shift & 0xf)];
    [b'\\', b'u', digit(12), digit(8), digit(4), digit(0)]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Serialize;
    use serde_json::ser::{CompactFormatter, Serializer};

    use super::*;

    fn written(value: &impl Serialize) -> String {
        let mut text = Vec::new();
        value.serialize(&mut Serializer::with_formatter(&mut text, Escaping(CompactFormatter))).unwrap();
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn what_is_not_ascii_is_escaped_by_its_utf_16() {
        for (text, json) in [
            ("jürgen", r#""j\u00fcrgen""#),
            (r"C:\管理者\x", r#""C:\\\u7ba1\u7406\u8005\\x""#),
            ("🦀\x7f\n\0", r#""\ud83e\udd80\u007f\n\u0000""#),
            ("\u{ffff}\u{10000}", r#""\uffff\ud800\udc00""#),
        ] {
            assert_eq!(written(&text), json);
        }
        let long = "🦀".repeat(40) + "é";
        assert_eq!(written(&long), format!("\"{}\\u00e9\"", r"\ud83e\udd80".repeat(40)));
    }

    proptest! {
        #[test]
        fn any_text_is_ascii_and_reads_back_the_same(text: String, others in "[a\u{7f}-\u{ff}日🦀\\\\\"]{0,40}") {
            for text in [text, others] {
                let json = written(&text);
                prop_assert!(json.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{json}");
                prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
            }
        }
    }
}
