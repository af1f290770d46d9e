//! Bytes of names and paths as text. Two that differ stay different.

use std::borrow::Cow;
use std::ffi::OsStr;

/// Stands before the two hexadecimal digits of a byte that is not UTF-8.
const MARK: char = char::REPLACEMENT_CHARACTER;

/// The text of bytes that should be UTF-8: `a\xff` is `a�ff`. A mark that stands in the bytes itself is written so too.
#[must_use]
pub fn text_of(bytes: &[u8]) -> Cow<'_, str> {
    match str::from_utf8(bytes) {
        Ok(text) if !text.contains(MARK) => Cow::Borrowed(text),
        _ => Cow::Owned(marked(bytes)),
    }
}

/// The text of a name or path.
#[must_use]
pub fn os_text(raw: impl AsRef<OsStr>) -> String {
    text_of(raw.as_ref().as_encoded_bytes()).into_owned()
}

/// A file without its byte order mark, in UTF-8: what PowerShell's `>` writes is UTF-16.
#[must_use]
pub fn in_utf8(contents: Vec<u8>) -> Vec<u8> {
    match &contents[..] {
        [0xff, 0xfe, rest @ ..] => of_utf16(rest, u16::from_le_bytes).into_bytes(),
        [0xfe, 0xff, rest @ ..] => of_utf16(rest, u16::from_be_bytes).into_bytes(),
        [0xef, 0xbb, 0xbf, rest @ ..] => rest.to_vec(),
        _ => contents,
    }
}

/// The text of UTF-16 without a byte order mark.
#[must_use]
pub fn of_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let (pairs, _) = bytes.as_chunks();
    let units = pairs.iter().map(|&pair| unit(pair));
    char::decode_utf16(units).map(|c| c.unwrap_or(MARK)).collect()
}

fn marked(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    let mark = |text: &mut String, bytes: &[u8]| {
        bytes.iter().for_each(|byte| *text += &format!("{MARK}{byte:02x}"));
    };
    for chunk in bytes.utf8_chunks() {
        for sign in chunk.valid().chars() {
            match sign {
                MARK => mark(&mut text, MARK.encode_utf8(&mut [0; 3]).as_bytes()),
                sign => text.push(sign),
            }
        }
        mark(&mut text, chunk.invalid());
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The bytes of a text of [`text_of`].
    fn bytes_of(text: &str) -> Vec<u8> {
        let mut parts = text.split(MARK);
        let mut bytes = parts.next().unwrap().as_bytes().to_vec();
        for part in parts {
            bytes.push(u8::from_str_radix(&part[..2], 16).unwrap());
            bytes.extend(part[2..].bytes());
        }
        bytes
    }

    #[test]
    fn only_what_is_no_text_is_marked() {
        for plain in ["", "/usr/bin/nginx", "Über/π", "\\x2d", "a\u{1b}"] {
            assert_eq!(text_of(plain.as_bytes()), plain);
        }
        assert_eq!(text_of(b"/tmp/a\xff"), "/tmp/a\u{fffd}ff");
        assert_eq!(text_of(b"\xe2\x82"), "\u{fffd}e2\u{fffd}82");
        assert_eq!(os_text("\u{fffd}ff"), "\u{fffd}ef\u{fffd}bf\u{fffd}bdff");
    }

    #[test]
    fn what_powershell_writes_is_read() {
        let text = "{\"a\": \"é日\u{1f600}\"}\r\n";
        let utf16 = |mark: [u8; 2], bytes: fn(u16) -> [u8; 2]| {
            mark.into_iter().chain(text.encode_utf16().flat_map(bytes)).collect::<Vec<u8>>()
        };
        let with_mark = [b"\xef\xbb\xbf", text.as_bytes()].concat();
        let all = [
            utf16([0xff, 0xfe], u16::to_le_bytes),
            utf16([0xfe, 0xff], u16::to_be_bytes),
            with_mark,
            text.into(),
        ];
        for contents in all {
            assert_eq!(in_utf8(contents), text.as_bytes());
        }
        assert_eq!(in_utf8(b"\xff\xfe{".to_vec()), b"", "half a character");
    }

    proptest! {
        #[test]
        fn no_two_have_the_same_text(bytes: Vec<u8>, text: String) {
            for bytes in [bytes, text.into_bytes()] {
                prop_assert_eq!(bytes_of(&text_of(&bytes)), bytes);
            }
        }
    }
}
