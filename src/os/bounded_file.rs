//! A file that the caller names and that must not be larger than it may be.

use std::fs::File;
use std::io::{self, Read};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

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

/// As [`read_bounded`], of a file that may not answer, such as a pipe. What still reads it then ends with the program.
///
/// # Errors
///
/// Where it cannot be read, or not by the deadline.
pub fn read_in_time(path: &str, most: u64, deadline: Duration) -> io::Result<Option<Vec<u8>>> {
    let (sender, receiver) = mpsc::channel();
    let owned = path.to_owned();
    let reader = thread::Builder::new().spawn(move || drop(sender.send(read_bounded(&owned, most))))?;
    let read = receiver.recv_timeout(deadline).map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?;
    // Whoever is forked later must be alone.
    drop(reader.join());
    read
}
