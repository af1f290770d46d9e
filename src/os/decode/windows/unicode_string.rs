//! Decodes a `UNICODE_STRING` (ntdef.h): how long the text is, how much room it has, and a pointer to it.

use crate::os::decode::bytes::{bytes_at, u16_at};

/// How wide a pointer is, in bytes. The texts stand behind a pointer as wide.
pub(in crate::os::decode::windows) const POINTER: usize = size_of::<usize>();

/// No text of the system is longer, in bytes: its length has 16 bits.
pub const LONGEST_TEXT: usize = u16::MAX as usize;

/// The text of the structure at `at`, whose pointer leads into the same bytes. They begin at the address `base`. `None`
/// for an empty text, and for one that is not in these bytes.
#[must_use]
pub fn text_at(bytes: &[u8], at: usize, base: usize) -> Option<String> {
    let length = usize::from(u16_at(bytes, at)?);
    let pointer = usize::from_ne_bytes(bytes_at::<POINTER>(bytes, at.checked_add(POINTER)?)?);
    let start = pointer.checked_sub(base).filter(|_| length > 0)?;
    let text = bytes.get(start..start.checked_add(length)?)?;
    let units: Vec<u16> = text.chunks_exact(2).map(|unit| u16::from_ne_bytes([unit[0], unit[1]])).collect();
    Some(String::from_utf16_lossy(&units))
}

#[cfg(test)]
pub(in crate::os::decode::windows) fn written(text: &str, pointer: usize) -> Vec<u8> {
    let length = u16::try_from(text.encode_utf16().count() * 2).unwrap();
    let mut bytes = [length.to_ne_bytes(), (length + 2).to_ne_bytes()].concat();
    bytes.resize(POINTER, 0);
    bytes.extend(pointer.to_ne_bytes());
    bytes
}

#[cfg(test)]
pub(in crate::os::decode::windows) fn units(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_ne_bytes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_where_its_pointer_leads_and_nowhere_else() {
        let base = 0x1000;
        let text = "größe 日本.exe";
        let mut bytes = written(text, base + 2 * POINTER);
        bytes.extend(units(text));
        assert_eq!(text_at(&bytes, 0, base).as_deref(), Some(text));
        // Another base, as if the pointer led elsewhere: before the bytes, or over their end.
        assert_eq!(text_at(&bytes, 0, base + 0x1000), None);
        assert_eq!(text_at(&bytes, 0, base - 2), None);
        for end in 0..bytes.len() {
            assert_eq!(text_at(&bytes[..end], 0, base), None, "{end}");
        }
        assert_eq!(text_at(&written("", base), 0, base), None);
        assert_eq!(text_at(&bytes, usize::MAX, base), None);
    }
}
