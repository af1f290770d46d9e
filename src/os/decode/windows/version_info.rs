//! Decodes the version resource of a Windows program, a PE file ("PE Format", section `.rsrc`, and `VS_VERSIONINFO` with
//! its children, in Microsoft's documentation).

use std::io::{Read, Seek};

use object::LittleEndian as LE;
use object::pe::{self, ImageDosHeader, ImageNtHeaders32, ImageNtHeaders64, RT_VERSION};
use object::read::pe::{
    ImageNtHeaders, ResourceDirectory, ResourceDirectoryTable, ResourceNameOrId, optional_header_magic,
};
use object::read::{ReadCache, ReadCacheOps, ReadRef};

use crate::model::FileVersion;

/// How much of a program's resources is read, in bytes, from their beginning, where their tables are. Icons and pictures
/// are among them, and the author of the file decides how large they claim to be.
const MOST_RESOURCES: u32 = 4 << 20;
/// A version resource has a 16-bit length.
const MOST_VERSION: u64 = u16::MAX as u64;
/// How many characters of a value are kept: enough for a name.
const LONGEST: usize = 200;

/// The version of a file; `None` if it is not a Windows program, or has no version resource. Reads little, however large
/// the file is.
#[must_use]
pub fn of_program(file: impl Read + Seek) -> Option<FileVersion> {
    let file = ReadCache::new(file);
    match optional_header_magic(&file).ok()? {
        pe::IMAGE_NT_OPTIONAL_HDR32_MAGIC => version_of(resource::<_, ImageNtHeaders32>(&file)?),
        pe::IMAGE_NT_OPTIONAL_HDR64_MAGIC => version_of(resource::<_, ImageNtHeaders64>(&file)?),
        _ => None,
    }
}

/// The bytes of the version resource, in the first language that has one.
fn resource<R: ReadCacheOps, Headers: ImageNtHeaders>(file: &ReadCache<R>) -> Option<&[u8]> {
    let mut offset = ImageDosHeader::parse(file).ok()?.nt_headers_offset().into();
    let (headers, directories) = Headers::parse(file, &mut offset).ok()?;
    let sections = headers.sections(file, offset).ok()?;
    let directory = directories.get(pe::IMAGE_DIRECTORY_ENTRY_RESOURCE)?;
    let (at, room) = sections.pe_file_range_at(directory.virtual_address.get(LE))?;
    let size = room.min(MOST_RESOURCES);
    let resources = ResourceDirectory::new(file.read_bytes_at(at.into(), size.into()).ok()?);
    // Type, then name, then language.
    let first = |table: ResourceDirectoryTable<'_>| table.entries.first()?.data(resources).ok();
    let root = resources.root().ok()?;
    let is_version = |id: ResourceNameOrId| matches!(id, ResourceNameOrId::Id(id) if u32::from(id) == u32::from(RT_VERSION));
    let kind = root.entries.iter().find(|entry| is_version(entry.name_or_id()))?;
    let names = kind.data(resources).ok()?.table()?;
    let languages = first(names)?.table()?;
    let data = first(languages)?.data()?;
    let (at, room) = sections.pe_file_range_at(data.offset_to_data.get(LE))?;
    let size = u64::from(data.size.get(LE).min(room)).min(MOST_VERSION);
    file.read_bytes_at(at.into(), size).ok()
}

/// Decodes the resource itself.
fn version_of(resource: &[u8]) -> Option<FileVersion> {
    let (root, _) = Block::first(resource).filter(|(root, _)| root.key == "VS_VERSION_INFO")?;
    let mut version = FileVersion::default();
    let tables = root.children().filter(|child| child.key == "StringFileInfo");
    // Of several languages the first counts: the names of companies are not translated.
    for string in tables.flat_map(Block::children).flat_map(Block::children) {
        let field = match string.key.as_str() {
            "CompanyName" => &mut version.company,
            "ProductName" => &mut version.product,
            "OriginalFilename" => &mut version.original_name,
            _ => continue,
        };
        let text: String = text(string.value).trim().chars().take(LONGEST).collect();
        if field.is_none() && !text.is_empty() {
            *field = Some(text);
        }
    }
    (version != FileVersion::default()).then_some(version)
}

/// A block of a version resource: its length, the length of its value, whether that is text, a key that ends with a
/// zero, the value, and further blocks, each aligned to four bytes.
struct Block<'a> {
    key: String,
    value: &'a [u8],
    rest: &'a [u8],
}

impl<'a> Block<'a> {
    /// The first block, and what follows it.
    fn first(bytes: &'a [u8]) -> Option<(Block<'a>, &'a [u8])> {
        const HEAD: usize = 6;
        let mut head = units(bytes).map(usize::from);
        let length = head.next()?.min(bytes.len());
        let (value_length, is_text) = (head.next()?, head.next()? == 1);
        let whole = bytes.get(..length)?;
        let key = whole.get(HEAD..)?;
        let end = units(key).position(|unit| unit == 0)?;
        let from = (HEAD + 2 * (end + 1)).next_multiple_of(4);
        // By the documentation the length of a text counts characters; some compilers count bytes.
        let value_bytes = if is_text { 2 * value_length } else { value_length };
        let from = from.min(length);
        let to = (from + value_bytes).min(length);
        let block = Block {
            key: text(&key[..2 * end]),
            value: &whole[from..to],
            rest: whole.get(to.next_multiple_of(4)..).unwrap_or_default(),
        };
        Some((block, bytes.get(length.next_multiple_of(4)..).unwrap_or_default()))
    }

    fn children(self) -> impl Iterator<Item = Block<'a>> {
        let mut rest = self.rest;
        std::iter::from_fn(move || {
            let (block, next) = Block::first(rest)?;
            rest = next;
            Some(block)
        })
    }
}

fn units(bytes: &[u8]) -> impl Iterator<Item = u16> + '_ {
    bytes.as_chunks::<2>().0.iter().map(|&pair| u16::from_le_bytes(pair))
}

/// Text up to a zero or the end of the bytes.
fn text(bytes: &[u8]) -> String {
    let before_zero: Vec<u16> = units(bytes).take_while(|&unit| unit != 0).collect();
    String::from_utf16_lossy(&before_zero)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::io::{self, Cursor, SeekFrom};
    use std::rc::Rc;

    use editpe::{Image, ResourceDirectory, VersionInfo, VersionStringTable};
    use proptest::prelude::*;

    use super::*;

    /// The headers of a program with one empty section ("PE Format": DOS header, signature,
    /// COFF header, optional header, section table).
    fn empty_program(bits: u8) -> Vec<u8> {
        let mut program = b"MZ".to_vec();
        program.resize(0x3c, 0);
        program.extend(0x40_u32.to_le_bytes());
        let (machine, magic, optional_size): (u16, u16, u16) =
            if bits == 64 { (0x8664, 0x20b, 240) } else { (0x14c, 0x10b, 224) };
        program.extend(b"PE\0\0");
        program.extend(machine.to_le_bytes());
        program.extend(1_u16.to_le_bytes());
        program.extend([0; 12]);
        program.extend(optional_size.to_le_bytes());
        program.extend(0x22_u16.to_le_bytes());
        let optional = program.len();
        program.extend(magic.to_le_bytes());
        program.resize(optional + usize::from(optional_size), 0);
        let mut set = |at: usize, number: u32| {
            program[optional + at..optional + at + 4].copy_from_slice(&number.to_le_bytes());
        };
        // SectionAlignment, FileAlignment, SizeOfImage, SizeOfHeaders; NumberOfRvaAndSizes.
        for (at, number) in [(32, 0x1000), (36, 0x200), (56, 0x2000), (60, 0x400)] {
            set(at, number);
        }
        set(usize::from(optional_size) - 16 * 8 - 4, 16);
        program.extend(b".text\0\0\0");
        for number in [0x200_u32, 0x1000, 0x200, 0x400, 0, 0, 0, 0x6000_0020] {
            program.extend(number.to_le_bytes());
        }
        program.resize(0x600, 0);
        program
    }

    /// A program with this version resource, written by an independent resource editor.
    fn saying(bits: u8, tables: &[&[(&str, &str)]]) -> Vec<u8> {
        let mut version = VersionInfo::default();
        for strings in tables {
            let mut table =
                VersionStringTable { key: "040904b0".to_owned(), ..VersionStringTable::default() };
            for (key, value) in *strings {
                table.strings.insert((*key).to_owned(), (*value).to_owned());
            }
            version.strings.push(table);
        }
        let mut image = Image::parse(empty_program(bits)).unwrap();
        let mut resources = ResourceDirectory::default();
        resources.set_version_info(&version).unwrap();
        image.set_resource_directory(resources).unwrap();
        image.data().to_vec()
    }

    const ADSKFLEX: &[(&str, &str)] = &[
        ("CompanyName", "Autodesk, Inc."),
        ("FileDescription", "odd"),
        ("ProductName", " AdskFlex "),
        ("OriginalFilename", "adskflex.exe"),
    ];

    fn of(program: &[u8]) -> Option<FileVersion> {
        of_program(Cursor::new(program))
    }

    #[test]
    fn company_product_and_first_name_are_read() {
        for bits in [32, 64] {
            let version = of(&saying(bits, &[ADSKFLEX])).unwrap();
            assert_eq!(version.company.as_deref(), Some("Autodesk, Inc."));
            assert_eq!(version.product.as_deref(), Some("AdskFlex"));
            assert_eq!(version.original_name.as_deref(), Some("adskflex.exe"));
        }
    }

    #[test]
    fn what_one_language_does_not_say_another_may() {
        let version = of(&saying(64, &[&[("CompanyName", "")], &[("CompanyName", "株式会社")]])).unwrap();
        assert_eq!((version.company.as_deref(), version.product), (Some("株式会社"), None));
    }

    #[test]
    fn names_are_cut_where_no_name_is_so_long() {
        let version = of(&saying(64, &[&[("CompanyName", &"ä".repeat(5000))]])).unwrap();
        assert_eq!(version.company.unwrap().chars().count(), LONGEST);
    }

    #[test]
    fn what_says_nothing_says_nothing() {
        assert_eq!(of(&empty_program(64)), None);
        assert_eq!(of(&saying(64, &[&[("Comments", "x")]])), None);
        assert_eq!(of(b"\x7fELF"), None);
        assert_eq!(of(b""), None);
    }

    /// Counts what is read of an endless file.
    struct Endless {
        beginning: Vec<u8>,
        at: u64,
        read: Rc<Cell<usize>>,
    }

    impl Read for Endless {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let beginning = usize::try_from(self.at).ok().and_then(|at| self.beginning.get(at..));
            let beginning = beginning.unwrap_or_default();
            let copied = beginning.len().min(buffer.len());
            buffer[..copied].copy_from_slice(&beginning[..copied]);
            buffer[copied..].fill(0);
            self.at += buffer.len() as u64;
            self.read.set(self.read.get() + buffer.len());
            Ok(buffer.len())
        }
    }

    impl Seek for Endless {
        fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
            self.at = match to {
                SeekFrom::Start(at) => at,
                _ => 4 << 30,
            };
            Ok(self.at)
        }
    }

    #[test]
    fn however_large_the_resources_are_said_to_be_little_is_read() {
        let mut program = saying(64, &[ADSKFLEX]);
        // The section of the resources, by the name that the editor gives it: its sizes in memory and in the file.
        let headers = program.windows(8).position(|name| name == b".pedata\0").unwrap();
        for at in [headers + 8, headers + 16] {
            program[at..at + 4].copy_from_slice(&0x7000_0000_u32.to_le_bytes());
        }
        let read = Rc::default();
        let version = of_program(Endless { beginning: program, at: 0, read: Rc::clone(&read) });
        assert_eq!(version.unwrap().company.as_deref(), Some("Autodesk, Inc."));
        assert!(read.get() < 8 << 20, "{}", read.get());
    }

    #[test]
    fn a_program_that_is_cut_short_says_all_or_nothing_wrong() {
        let whole = saying(64, &[ADSKFLEX]);
        let version = of(&whole).unwrap();
        for end in 0..whole.len() {
            let cut = of(&whole[..end]).unwrap_or_default();
            for (part, all) in
                [(&cut.company, &version.company), (&cut.original_name, &version.original_name)]
            {
                assert!(part.is_none() || part == all, "{end}: {cut:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_much(flips in prop::collection::vec((0_usize..2048, any::<u8>()), 1..40)) {
            let mut program = saying(64, &[ADSKFLEX]);
            for (at, byte) in flips {
                let length = program.len();
                program[at % length] = byte;
            }
            if let Some(version) = of(&program) {
                prop_assert!(version.company.is_none_or(|company| company.chars().count() <= LONGEST));
            }
        }

        #[test]
        fn no_resource_is_too_much(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = version_of(&bytes);
        }
    }
}
