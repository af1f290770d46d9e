//! A file that the caller names and that must not be larger than it may be.

use std::fs::File;
use std::io::{self, Read};

/// The contents of a file, `-` for standard input; `None` where it has more than `most` bytes.
///
/// # Errors
///
/// Where it cannot be read.
pub fn read_bounded(path: &str, most: u64) -> io::Result<Option<Vec<u8>>> {
    let mut contents = Vec::new();
    let read = match path {
        "-" => io::stdin().lock().take(most + 1).read_to_end(&mut contents)?,
        _ => File::open(path)?.take(most + 1).read_to_end(&mut contents)?,
    };
    Ok((read as u64 <= most).then_some(contents))
}
