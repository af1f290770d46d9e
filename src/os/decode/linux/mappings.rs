//! Decodes what a process has mapped (`proc_pid_maps(5)`).

use std::collections::HashSet;

/// A file whose code a process may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MappedCode<'a> {
    /// Where it is mapped: the name of its link in `/proc/PID/map_files`.
    pub place: (u64, u64),
    /// Major and minor number of the file system.
    pub device: (u32, u32),
    pub inode: u64,
    /// With a newline written as `\012`, which may also be meant as it stands.
    pub path: &'a [u8],
}

/// The files that are mapped so that they can be executed, each once. `None` if a line is not understood, as if
/// the text is cut short.
#[must_use]
pub fn code(maps: &[u8]) -> Option<Vec<MappedCode<'_>>> {
    if maps.last().is_some_and(|&last| last != b'\n') {
        return None;
    }
    let mut known = HashSet::new();
    let mut files = Vec::new();
    for line in maps.split(|&b| b == b'\n').filter(|line| !line.is_empty()) {
        let Mapping { is_executable, code } = mapping(line)?;
        // Memory without a file has inode 0.
        let is_code = is_executable && code.inode != 0;
        if is_code && known.insert((code.device, code.inode, code.path)) {
            files.push(code);
        }
    }
    Some(files)
}

struct Mapping<'a> {
    is_executable: bool,
    code: MappedCode<'a>,
}

/// `7f12-7f34 r-xp 00000000 fe:00 1234    /usr/lib/x.so`.
fn mapping(line: &[u8]) -> Option<Mapping<'_>> {
    let mut fields = line.splitn(6, |&b| b == b' ');
    let mut field = || std::str::from_utf8(fields.next()?).ok();
    let hex = |digits: &str| u64::from_str_radix(digits, 16).ok();
    let (from, to) = field()?.split_once('-')?;
    let permissions = field()?.as_bytes();
    let _offset = hex(field()?)?;
    let (major, minor) = field()?.split_once(':')?;
    let number = |digits| u32::from_str_radix(digits, 16).ok();
    let (device, inode) = ((number(major)?, number(minor)?), field()?.parse().ok()?);
    let path = fields.next().unwrap_or_default();
    let blanks = path.iter().take_while(|&&b| b == b' ').count();
    let code = MappedCode { place: (hex(from)?, hex(to)?), device, inode, path: &path[blanks..] };
    let is_executable = match permissions.get(2)? {
        b'x' => true,
        b'-' => false,
        _ => return None,
    };
    Some(Mapping { is_executable, code })
}

/// The paths that the kernel may mean by one in this file (`seq_path` in `fs/seq_file.c` escapes the newline and
/// nothing else), the likeliest first.
#[must_use]
pub fn possible_paths(path: &[u8]) -> Vec<Vec<u8>> {
    let mut paths = vec![path.to_vec()];
    if path.windows(4).any(|part| part == b"\\012") {
        let mut plain = Vec::with_capacity(path.len());
        let mut rest = path;
        while let [first, after @ ..] = rest {
            let newline = rest.strip_prefix(b"\\012");
            plain.push(if newline.is_some() { b'\n' } else { *first });
            rest = newline.unwrap_or(after);
        }
        paths.push(plain);
    }
    paths
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Recorded on Linux 6.18; the last two names are made up.
    const MAPS: &[u8] = b"\
55fae0a5d000-55fae0a62000 r-xp 00002000 fe:00 1048663                    /usr/bin/cat
55fae0a62000-55fae0a65000 r--p 00007000 fe:00 1048663                    /usr/bin/cat
7f21c4028000-7f21c417e000 r-xp 00026000 fe:00 1050028                    /usr/lib/x86_64-linux-gnu/libc.so.6
7f21c4200000-7f21c4201000 r-xp 00000000 00:00 0 
7f21c4300000-7f21c4301000 rwxs 00000000 00:01 5                          /memfd:jit (deleted)
7fffd1d5c000-7fffd1d5e000 r-xp 00000000 00:00 0                          [vdso]
7f21c4400000-7f21c4401000 r-xp 00000000 00:2f 77                         /opt/a b/x\\012y.so (deleted)
7f21c4500000-7f21c4501000 r-xp 00001000 00:2f 77                         /opt/a b/x\\012y.so (deleted)
";

    fn paths(maps: &[u8]) -> Option<Vec<String>> {
        let path = |file: MappedCode<'_>| String::from_utf8_lossy(file.path).into_owned();
        Some(code(maps)?.into_iter().map(path).collect())
    }

    #[test]
    fn code_comes_from_these_files_each_once() {
        let expected = [
            "/usr/bin/cat",
            "/usr/lib/x86_64-linux-gnu/libc.so.6",
            "/memfd:jit (deleted)",
            r"/opt/a b/x\012y.so (deleted)",
        ];
        assert_eq!(paths(MAPS).unwrap(), expected);
        let cat = code(MAPS).unwrap()[0];
        assert_eq!((cat.place, cat.device), ((0x55fa_e0a5_d000, 0x55fa_e0a6_2000), (0xfe, 0)));
        assert_eq!(cat.inode, 1_048_663);
        assert_eq!(paths(b""), Some(vec![]));
    }

    #[test]
    fn what_is_cut_short_is_no_list() {
        let ends = MAPS.iter().enumerate().filter(|(_, b)| **b == b'\n').map(|(at, _)| at + 1);
        let ends: Vec<usize> = ends.chain([0]).collect();
        for end in 0..MAPS.len() {
            assert_eq!(paths(&MAPS[..end]).is_some(), ends.contains(&end), "{end}");
        }
        assert_eq!(paths(b"7f-80 r-?p 0 0:0 5 /x\n"), None);
    }

    #[test]
    fn a_newline_in_a_path_is_found_and_so_is_what_only_looks_like_one() {
        assert_eq!(possible_paths(br"/a\012b"), [br"/a\012b".to_vec(), b"/a\nb".to_vec()]);
        assert_eq!(possible_paths(br"/a\040b"), [br"/a\040b".to_vec()]);
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_strange(bytes in prop::collection::vec(any::<u8>(), 0..300), at in 0..MAPS.len(), bit in 0..8_u32) {
            let _ = (code(&bytes), possible_paths(&bytes));
            let mut flipped = MAPS.to_vec();
            flipped[at] ^= 1 << bit;
            let _ = code(&flipped);
        }
    }
}
