//! Finds a few names in the kernel's description of its own types (BTF, `Documentation/bpf/btf.rst`).
//!
//! A kernel's BTF has some 5 MB. It is read once, a piece at a time, without building anything from it: to parse all
//! of it takes longer than a walk over the open files of a small machine.

use std::io;
use std::ops::Range;

use super::super::bytes::u32_at;

/// Reads from this offset into the buffer, and returns the number of bytes; 0 at the end.
pub type ReadAt<'a> = dyn FnMut(u64, &mut [u8]) -> io::Result<usize> + 'a;

/// A field of a structure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// The name of the structure.
    pub of: &'static str,
    pub name: &'static str,
}

/// What the names stand for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// The type number of the function.
    pub function: u32,
    /// The offset of each field in its structure, in bytes, in the order of the request.
    pub offsets: Vec<u32>,
}

/// `BTF_MAGIC` and `BTF_VERSION` in `include/uapi/linux/btf.h`.
const MAGIC: u16 = 0xEB9F;
const VERSION: u8 = 1;

/// The size of `struct btf_header`; and of `struct btf_type` and `struct btf_member`, three numbers each.
const HEADER: usize = 24;
const RECORD: u64 = 12;

const STRUCT: u32 = 4;
const FUNCTION: u32 = 12;

/// How much is read at once, in bytes.
const PIECE: usize = 64 * 1024;
/// A limit that no name reaches (`KSYM_NAME_LEN` in `include/linux/kallsyms.h` is 512).
const LONGEST: u64 = 1024;

/// Finds the type of a function and the offsets of fields.
///
/// # Errors
///
/// If BTF cannot be read or decoded, or lacks one of the names.
pub fn find(read_at: &mut ReadAt<'_>, function: &'static str, fields: &[Field]) -> io::Result<Names> {
    let mut window = Window { read_at, piece: vec![0; PIECE], at: 0, filled: 0 };
    let (types, strings) = sections(&mut window)?;
    let mut words: Vec<Word> = Vec::new();
    for text in fields.iter().flat_map(|field| [field.of, field.name]).chain([function]) {
        if words.iter().all(|word| word.text != text) {
            words.push(Word { text, place: None });
        }
    }
    place_all(&mut window, strings, &mut words)?;
    let place = |text: &str| words.iter().find(|word| word.text == text).and_then(|word| word.place);
    let mut wanted = Vec::new();
    for field in fields {
        let places = place(field.of).zip(place(field.name));
        let (of, name) = places.ok_or_else(|| lacking(field.of, field.name))?;
        wanted.push(Wanted { of, name, offset: None });
    }
    let mut sought = Sought {
        function: place(function).ok_or_else(|| lacking("function", function))?,
        number: None,
        fields: wanted,
    };
    sought.read(&mut window, types)?;
    let offset = |(field, wanted): (&Field, &Wanted)| match wanted.offset {
        Some(bits) if bits % 8 == 0 => Ok(bits / 8),
        _ => Err(lacking(field.of, field.name)),
    };
    Ok(Names {
        function: sought.number.ok_or_else(|| lacking("function", function))?,
        offsets: fields.iter().zip(&sought.fields).map(offset).collect::<io::Result<_>>()?,
    })
}

fn lacking(of: &str, name: &str) -> io::Error {
    io::Error::other(format!("this kernel's BTF does not describe {of} {name}"))
}

/// A piece of BTF.
struct Window<'r, 'a> {
    read_at: &'r mut ReadAt<'a>,
    piece: Vec<u8>,
    /// The offset of the piece.
    at: u64,
    filled: usize,
}

impl Window<'_, '_> {
    /// The bytes from an offset on: at least `least`, and as many more as the piece holds.
    fn from(&mut self, at: u64, least: usize) -> io::Result<&[u8]> {
        let is_here = at >= self.at && at + least as u64 <= self.at + self.filled as u64;
        if !is_here {
            (self.at, self.filled) = (at, 0);
            while self.filled < self.piece.len() {
                match (self.read_at)(at + self.filled as u64, &mut self.piece[self.filled..])? {
                    0 => break,
                    read => self.filled += read,
                }
            }
        }
        let bytes = self.piece.get((at - self.at) as usize..self.filled).unwrap_or_default();
        if bytes.len() < least { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(bytes) }
    }

    /// Three numbers: a type, or a member of one.
    fn record(&mut self, at: u64) -> io::Result<[u32; 3]> {
        let bytes = self.from(at, RECORD as usize)?;
        Ok([number(bytes, 0), number(bytes, 4), number(bytes, 8)])
    }
}

/// The caller has checked the length.
fn number(bytes: &[u8], at: usize) -> u32 {
    u32_at(bytes, at).unwrap_or(0)
}

/// The ranges of the types and of the strings.
fn sections(window: &mut Window<'_, '_>) -> io::Result<(Range<u64>, Range<u64>)> {
    let header = window.from(0, HEADER)?;
    if header[..3] != [MAGIC.to_ne_bytes()[0], MAGIC.to_ne_bytes()[1], VERSION] {
        return Err(io::Error::other("this kernel's BTF has an unknown format"));
    }
    let behind = |at| u64::from(number(header, 4)) + u64::from(number(header, at));
    let section = |at| behind(at)..behind(at) + u64::from(number(header, at + 4));
    Ok((section(8), section(16)))
}

/// A word to find among the strings.
struct Word {
    text: &'static str,
    /// Its offset from the first string, by which types refer to it.
    place: Option<u32>,
}

/// Finds the offsets of all words. No string is there twice.
fn place_all(window: &mut Window<'_, '_>, strings: Range<u64>, words: &mut [Word]) -> io::Result<()> {
    // The length and the first byte rule out nearly every string.
    let mut lengths = [0_u64; 256];
    for word in words.iter() {
        let first = word.text.bytes().next().unwrap_or(0);
        lengths[usize::from(first)] |= 1 << word.text.len();
    }
    let (mut at, mut missing) = (strings.start, words.len());
    while at < strings.end && missing > 0 {
        let left = strings.end - at;
        let bytes = window.from(at, left.min(LONGEST) as usize)?;
        let bytes = &bytes[..bytes.len().min(left as usize)];
        let mut begin = 0;
        for end in memchr::memchr_iter(0, bytes) {
            let string = &bytes[begin..end];
            if let Some(&first) = string.first()
                && string.len() < 64
                && lengths[usize::from(first)] & 1 << string.len() != 0
                && let Some(word) = words.iter_mut().find(|word| word.text.as_bytes() == string)
            {
                missing -= usize::from(word.place.is_none());
                word.place = u32::try_from(at - strings.start + begin as u64).ok();
            }
            begin = end + 1;
        }
        if begin == 0 {
            return Err(io::Error::other("this kernel's BTF has a string without an end"));
        }
        at += begin as u64;
    }
    Ok(())
}

/// A field to find, by the offsets of its names.
struct Wanted {
    of: u32,
    name: u32,
    /// In bits.
    offset: Option<u32>,
}

/// What to find among the types.
struct Sought {
    function: u32,
    number: Option<u32>,
    fields: Vec<Wanted>,
}

impl Sought {
    /// Reads until everything is found. Of several structures with one name the first counts.
    fn read(&mut self, window: &mut Window<'_, '_>, types: Range<u64>) -> io::Result<()> {
        let (mut at, mut number) = (types.start, 0);
        let mut left = self.fields.len() + 1;
        while at < types.end && left > 0 {
            let [name, info, _] = window.record(at)?;
            // Types are numbered from 1.
            number += 1;
            let (kind, count) = (info >> 24 & 0x1f, u64::from(info & 0xffff));
            at += RECORD;
            if kind == FUNCTION && name == self.function && self.number.is_none() {
                self.number = Some(number);
                left -= 1;
            } else if kind == STRUCT && self.fields.iter().any(|field| field.of == name) {
                // The first bit marks a structure with bit fields, where the upper byte of an offset is a size.
                let mask = if info >> 31 == 1 { 0xff_ffff } else { u32::MAX };
                for member in 0..count {
                    let [member, _, offset] = window.record(at + member * RECORD)?;
                    left -= self.add(name, member, offset & mask);
                }
            }
            at += behind(kind, count)
                .ok_or_else(|| io::Error::other(format!("this kernel's BTF has types of kind {kind}")))?;
        }
        Ok(())
    }

    /// Notes the offset of a field; returns how many of the wanted fields it is.
    fn add(&mut self, of: u32, name: u32, bits: u32) -> usize {
        let is_it = |field: &&mut Wanted| field.of == of && field.name == name && field.offset.is_none();
        let found = self.fields.iter_mut().filter(is_it);
        found.map(|field| field.offset = Some(bits)).count()
    }
}

/// How many bytes follow the first record of a type of this kind; `None` for kinds newer than Linux 6.18.
fn behind(kind: u32, count: u64) -> Option<u64> {
    Some(match kind {
        // Integers, variables and declaration tags.
        1 | 14 | 17 => 4,
        // Pointers, type names and functions.
        2 | 7..=12 | 16 | 18 => 0,
        // Arrays.
        3 => 12,
        // Structures, unions, data sections and 64-bit enumerations.
        4 | 5 | 15 | 19 => count * 12,
        // Enumerations and function parameters.
        6 | 13 => count * 8,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FIELDS: [Field; 3] = [
        Field { of: "task", name: "pid" },
        Field { of: "task", name: "flag" },
        Field { of: "file", name: "pid" },
    ];

    /// The name, the kind with the count, and what follows.
    type Type<'a> = (&'a str, u32, &'a [u32]);

    /// BTF laid out as the kernel's: the strings, then the types.
    fn described(strings: &[&str], types: &[Type]) -> Vec<u8> {
        let text: String = strings.iter().map(|string| format!("{string}\0")).collect();
        let place = |name: &str| {
            let mut at = 0;
            for string in strings {
                if *string == name {
                    return at;
                }
                at += u32::try_from(string.len()).unwrap() + 1;
            }
            panic!("{name:?} is no string")
        };
        let mut numbers: Vec<u32> = Vec::new();
        for (name, info, behind) in types {
            numbers.extend([place(name), *info, 0]);
            numbers.extend(*behind);
        }
        let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_ne_bytes()).collect();
        let mut all = MAGIC.to_ne_bytes().to_vec();
        all.extend([VERSION, 0]);
        let lengths = [24, 0, bytes.len(), bytes.len(), text.len()];
        all.extend(lengths.iter().flat_map(|&length| u32::try_from(length).unwrap().to_ne_bytes()));
        [all, bytes, text.into_bytes()].concat()
    }

    const STRINGS: &[&str] = &["", "pid", "task", "flag", "int", "iter", "file", "other"];

    /// "pid" is at 1, "flag" at 10, "file" at 24.
    fn kernel() -> Vec<u8> {
        described(
            STRINGS,
            &[
                ("int", 1 << 24, &[0]),
                // A pointer, an enumeration, and a structure that is not requested.
                ("", 2 << 24, &[]),
                ("other", 6 << 24 | 2, &[1, 1, 1, 2]),
                ("other", 4 << 24 | 1, &[1, 1, 8]),
                // Bit fields, whose sizes are in the upper byte of their offsets.
                ("task", 1 << 31 | 4 << 24 | 2, &[10, 1, 64, 1, 1, 32 << 24 | 96]),
                ("iter", 12 << 24, &[]),
                // A second structure of that name does not count.
                ("task", 4 << 24 | 1, &[1, 1, 8]),
                ("file", 4 << 24 | 2, &[4, 1, 0, 1, 1, 160]),
            ],
        )
    }

    fn found(bytes: &[u8]) -> io::Result<Names> {
        let mut read_at = |at: u64, buffer: &mut [u8]| {
            let rest = bytes.get(at as usize..).unwrap_or_default();
            // A part at a time, as from the kernel.
            let length = rest.len().min(buffer.len()).min(40);
            buffer[..length].copy_from_slice(&rest[..length]);
            Ok(length)
        };
        find(&mut read_at, "iter", &FIELDS)
    }

    #[test]
    fn names_are_found_where_they_are() {
        assert_eq!(found(&kernel()).unwrap(), Names { function: 6, offsets: vec![12, 8, 20] });
    }

    #[test]
    fn what_is_not_there_is_named() {
        let lacking =
            |types: &[(&str, u32, &[u32])]| found(&described(STRINGS, types)).unwrap_err().to_string();
        assert!(lacking(&[("iter", 12 << 24, &[])]).ends_with("does not describe task pid"));
        // Its offset is not a whole byte.
        let crooked: &[Type] = &[("iter", 12 << 24, &[]), ("task", 4 << 24 | 2, &[1, 1, 3, 10, 1, 8])];
        assert!(lacking(crooked).ends_with("does not describe task pid"));
        let without: &[Type] =
            &[("task", 4 << 24 | 2, &[1, 1, 0, 10, 1, 8]), ("file", 4 << 24 | 1, &[1, 1, 0])];
        assert!(lacking(without).ends_with("does not describe function iter"));
        assert!(lacking(&[("other", 31 << 24, &[])]).ends_with("has types of kind 31"));
        let nameless = described(&["", "pid"], &[]);
        assert!(found(&nameless).unwrap_err().to_string().ends_with("does not describe task pid"));
    }

    #[test]
    fn no_truncation_gives_other_places() {
        let whole = kernel();
        for end in 0..whole.len() - "other\0".len() {
            assert!(found(&whole[..end]).is_err(), "{end}");
        }
        for (at, byte) in [(0, 0), (2, 2)] {
            let mut other = whole.clone();
            other[at] = byte;
            assert!(found(&other).unwrap_err().to_string().ends_with("has an unknown format"));
        }
    }

    proptest! {
        #[test]
        fn no_byte_is_too_strange(at in 0..400_usize, byte: u8) {
            let mut bytes = kernel();
            let at = at % bytes.len();
            bytes[at] = byte;
            let _ = found(&bytes);
        }
    }
}
