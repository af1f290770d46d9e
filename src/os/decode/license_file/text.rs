//! The bytes of a license file as text, as its logical lines, and a line as words.

use std::borrow::Cow;

use super::super::text::of_utf16;

/// How the text was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// UTF-8, of which ASCII is a part, or Latin-1.
    EightBit,
    Utf8WithMark,
    Utf16,
}

/// The text of a file, and how it was written. It ends at the first NUL byte, if it is not UTF-16.
pub(super) struct Text<'a> {
    pub(super) text: Cow<'a, str>,
    pub(super) encoding: Encoding,
    /// Whether it goes on after a NUL byte.
    pub(super) is_binary: bool,
}

impl<'a> Text<'a> {
    pub(super) fn of(bytes: &'a [u8]) -> Text<'a> {
        let utf16 = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
            Text::until_nul(Cow::Owned(of_utf16(bytes, unit)), Encoding::Utf16)
        };
        match bytes {
            [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
            [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
            // Without its mark: a license file begins with ASCII.
            &[a, 0, b, 0, ..] if a != 0 && b != 0 => utf16(bytes, u16::from_le_bytes),
            &[0, a, 0, b, ..] if a != 0 && b != 0 => utf16(bytes, u16::from_be_bytes),
            [0xef, 0xbb, 0xbf, rest @ ..] => Text::until_nul(eight_bit(rest), Encoding::Utf8WithMark),
            _ => Text::until_nul(eight_bit(bytes), Encoding::EightBit),
        }
    }

    fn until_nul(text: Cow<'a, str>, encoding: Encoding) -> Text<'a> {
        let Some(end) = text.find('\0') else { return Text { text, encoding, is_binary: false } };
        let text = match text {
            Cow::Borrowed(text) => Cow::Borrowed(&text[..end]),
            Cow::Owned(text) => Cow::Owned(text[..end].to_owned()),
        };
        Text { text, encoding, is_binary: true }
    }
}

/// UTF-8, whose last character may have been cut; or else Latin-1, whose bytes are Unicode's first 256 characters.
fn eight_bit(bytes: &[u8]) -> Cow<'_, str> {
    match str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(error) if error.error_len().is_none() => {
            Cow::Borrowed(str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default())
        }
        Err(_) => Cow::Owned(bytes.iter().map(|&byte| char::from(byte)).collect()),
    }
}

/// A line with those that continue it.
pub(super) struct Line<'a> {
    /// Of its first line; they count from 1.
    pub(super) number: usize,
    pub(super) text: Cow<'a, str>,
}

/// The lines that are neither empty nor a comment. One that ends in a backslash is continued by the next.
pub(super) fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    let mut rest = physical_lines(text).enumerate();
    std::iter::from_fn(move || {
        let (at, first) = rest.by_ref().find(|(_, line)| !line.is_empty() && !line.starts_with('#'))?;
        let mut text = Cow::Borrowed(first);
        while let Some(begun) = text.strip_suffix('\\').map(str::len) {
            let text = text.to_mut();
            text.truncate(begun);
            let Some((_, next)) = rest.next() else { break };
            text.push(' ');
            text.push_str(next);
        }
        Some(Line { number: at + 1, text })
    })
}

/// The lines of a file of Unix, Windows or the old Macintosh, without the blanks around them.
fn physical_lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let (line, after) = match text.find(['\n', '\r']) {
            Some(end) => {
                let after = &text[end..];
                (&text[..end], Some(after.strip_prefix("\r\n").unwrap_or(&after[1..])))
            }
            None => (text, None),
        };
        rest = after;
        Some(line.trim_matches(is_blank))
    })
}

fn is_blank(character: char) -> bool {
    character.is_ascii_whitespace() || character == '\u{b}'
}

/// A word of a line, without its quotes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Word {
    pub(super) text: String,
    /// Whether a quote in it has no second one, so that the rest of the line belongs to it.
    pub(super) is_open: bool,
}

/// The words of a line until its comment. Blanks between quotes separate none.
pub(super) fn words(line: &str) -> impl Iterator<Item = Word> {
    let mut rest = line.trim_start_matches(is_blank);
    std::iter::from_fn(move || {
        if rest.is_empty() || rest.starts_with('#') {
            return None;
        }
        let mut word = Word::default();
        let mut end = rest.len();
        for (at, character) in rest.char_indices() {
            match character {
                '"' => word.is_open = !word.is_open,
                _ if is_blank(character) && !word.is_open => {
                    end = at;
                    break;
                }
                _ => word.text.push(character),
            }
        }
        rest = rest[end..].trim_start_matches(is_blank);
        Some(word)
    })
}
