//! Bytes of a terminal → keys. A key that sends several bytes may come in parts.

use std::collections::VecDeque;

/// A key that a view obeys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    Up,
    Down,
    PageUp,
    PageDown,
    Home,
    End,
    Quit,
}

/// No key sends more bytes.
const LONGEST: usize = 32;
const ESCAPE: u8 = 0x1b;

/// What came, and is not yet read.
#[derive(Debug, Default)]
pub struct Keys {
    pending: VecDeque<u8>,
}

impl Keys {
    /// Takes what the terminal sent.
    pub fn push(&mut self, bytes: &[u8]) {
        self.pending.extend(bytes);
    }

    /// The next key that is complete. Others than those of [`Key`] are passed over.
    pub fn next_key(&mut self) -> Option<Key> {
        loop {
            let bytes = self.pending.make_contiguous();
            let (length, key) = match *bytes.first()? {
                ESCAPE => sequence(bytes)?,
                byte => (1, of_letter(byte)),
            };
            self.pending.drain(..length);
            if key.is_some() {
                return key;
            }
        }
    }

    /// Whether the beginning of a key is there, after which more must come soon: else it was Esc.
    #[must_use]
    pub fn is_begun(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Takes what is there as complete, because no more came.
    pub fn finish(&mut self) -> Option<Key> {
        let is_escape = self.pending == [ESCAPE];
        self.pending.clear();
        is_escape.then_some(Key::Quit)
    }
}

/// As in less(1) and top(1).
fn of_letter(byte: u8) -> Option<Key> {
    Some(match byte {
        b'q' | b'Q' => Key::Quit,
        b'k' => Key::Up,
        b'j' => Key::Down,
        b'b' => Key::PageUp,
        b' ' => Key::PageDown,
        b'g' => Key::Home,
        b'G' => Key::End,
        _ => return None,
    })
}

/// How long the escape sequence is at the beginning of these bytes, and its key (ECMA-48, 5.4, and XTerm Control
/// Sequences, "PC-Style Function Keys"). `None` where it is not complete.
fn sequence(bytes: &[u8]) -> Option<(usize, Option<Key>)> {
    match *bytes.get(1)? {
        // Esc twice.
        ESCAPE => Some((1, Some(Key::Quit))),
        b'O' => {
            let last = *bytes.get(2)?;
            Some((3, of_last(last, &[])))
        }
        b'[' => {
            let length = bytes[2..].iter().position(|byte| (0x40..=0x7e).contains(byte));
            match length {
                Some(at) => Some((at + 3, of_last(bytes[at + 2], &bytes[2..at + 2]))),
                None if bytes.len() > LONGEST => Some((bytes.len(), None)),
                None => None,
            }
        }
        // Alt with a letter.
        _ => Some((2, None)),
    }
}

/// The key of a sequence with this last byte, and these numbers before it: the first is the key's, a second says
/// which of Shift, Alt and Ctrl are held.
fn of_last(last: u8, numbers: &[u8]) -> Option<Key> {
    let first = numbers.split(|&byte| byte == b';').next().unwrap_or_default();
    Some(match (last, first) {
        (b'A', _) => Key::Up,
        (b'B', _) => Key::Down,
        (b'H', _) | (b'~', b"1" | b"7") => Key::Home,
        (b'F', _) | (b'~', b"4" | b"8") => Key::End,
        (b'~', b"5") => Key::PageUp,
        (b'~', b"6") => Key::PageDown,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(keys: &mut Keys, bytes: &[u8]) -> Vec<Key> {
        keys.push(bytes);
        std::iter::from_fn(|| keys.next_key()).collect()
    }

    #[test]
    fn what_terminals_send_is_known() {
        for (bytes, key) in [
            (&b"q"[..], Key::Quit),
            (b"\x1b[A", Key::Up),
            (b"\x1bOA", Key::Up),
            (b"\x1b[1;5B", Key::Down),
            (b"\x1b[5~", Key::PageUp),
            (b"\x1b[6;2~", Key::PageDown),
            (b"\x1b[H", Key::Home),
            (b"\x1b[1~", Key::Home),
            (b"\x1b[7~", Key::Home),
            (b"\x1bOF", Key::End),
            (b"\x1b[4~", Key::End),
            (b"\x1b[8~", Key::End),
        ] {
            assert_eq!(all(&mut Keys::default(), bytes), [key], "{bytes:?}");
        }
    }

    #[test]
    fn a_key_that_comes_in_parts_is_one_key_and_no_escape() {
        let mut keys = Keys::default();
        for part in [&b"\x1b"[..], b"[", b"6"] {
            assert_eq!(all(&mut keys, part), []);
            assert!(keys.is_begun());
        }
        assert_eq!(all(&mut keys, b"~"), [Key::PageDown]);
        assert!(!keys.is_begun());
    }

    #[test]
    fn escape_alone_ends_once_nothing_follows() {
        let mut keys = Keys::default();
        assert_eq!(all(&mut keys, b"\x1b"), []);
        assert_eq!(keys.finish(), Some(Key::Quit));
        assert!(!keys.is_begun());
        assert_eq!(all(&mut keys, b"\x1b["), []);
        assert_eq!(keys.finish(), None, "half a key is none");
    }

    #[test]
    fn what_else_is_typed_does_nothing() {
        let mut keys = Keys::default();
        // A function key, Alt with a letter, a letter of several bytes, the position of the mouse.
        assert_eq!(all(&mut keys, b"\x1b[15~\x1bq\xc3\xa9x\x1b[<0;1;1M\x1b[A"), [Key::Up]);
    }

    proptest! {
        #[test]
        fn nothing_is_kept_for_ever(bytes: Vec<u8>) {
            let mut keys = Keys::default();
            all(&mut keys, &bytes);
            prop_assert!(keys.pending.len() <= LONGEST);
            keys.finish();
            prop_assert!(!keys.is_begun());
        }
    }
}
