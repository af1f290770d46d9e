//! Opening files without waiting, whatever is at their paths: root may have put a FIFO there, or a file that somebody else
//! serves.

use crate::os::decode::text::text_of;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// Most files are shorter, in bytes: they are read at once.
const USUAL: usize = 1024;

/// Opens a file for reading. A FIFO without a writer is an empty file then, instead of one that is never opened (`fifo(7)`).
pub(super) fn open(path: impl AsRef<Path>) -> io::Result<File> {
    File::options().read(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY).open(path)
}

/// What a file has, up to `most` bytes of it.
pub(super) fn bytes(path: impl AsRef<Path>, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(USUAL);
    open(path)?.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The text of a file, up to `most` bytes of it.
pub(super) fn text(path: impl AsRef<Path>, most: u64) -> io::Result<String> {
    Ok(text_of(&bytes(path, most)?).into_owned())
}
