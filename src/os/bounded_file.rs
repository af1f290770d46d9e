//! A text file that the caller names and that must not be larger than it may be.

use std::fs::{self, File};
use std::io::{self, Read};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use super::decode::text::in_utf8;
use super::delay::{self, Delay};

/// How often progress says that the input is still awaited.
const TOLD_EVERY: Duration = Duration::from_secs(1);

/// The contents of a file, `-` for standard input, as UTF-8; `None` where it has more than `most` bytes. A pipe is waited for,
/// however long that takes.
///
/// # Errors
///
/// Where it cannot be read.
pub fn read_bounded(path: &str, most: u64) -> io::Result<Option<Vec<u8>>> {
    match fs::metadata(path).is_ok_and(|file| file.is_file()) {
        true => read(path, most),
        false => receive(path, most, None),
    }
}

/// As [`read_bounded`], of a file that may not answer, such as a pipe. What still reads it then ends with the program.
///
/// # Errors
///
/// Where it cannot be read, or not by the deadline.
pub fn read_in_time(path: &str, most: u64, deadline: Duration) -> io::Result<Option<Vec<u8>>> {
    receive(path, most, Some(deadline))
}

fn receive(path: &str, most: u64, allowed: Option<Duration>) -> io::Result<Option<Vec<u8>>> {
    let (sender, receiver) = mpsc::channel();
    let owned = path.to_owned();
    let reader = thread::Builder::new().spawn(move || drop(sender.send(read(&owned, most))))?;
    let began = Instant::now();
    let received = loop {
        let waited = began.elapsed();
        let left = allowed.map_or(TOLD_EVERY, |allowed| allowed.saturating_sub(waited));
        match receiver.recv_timeout(left.min(TOLD_EVERY)) {
            Err(RecvTimeoutError::Timeout) if left > TOLD_EVERY || allowed.is_none() => {
                let waited = began.elapsed();
                delay::tell(Some(Delay { what: "input", waited, allowed }));
            }
            received => break received,
        }
    };
    if began.elapsed() >= TOLD_EVERY {
        delay::tell(None);
    }
    let read = received.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?;
    // Whoever is forked later must be alone.
    drop(reader.join());
    read
}

fn read(path: &str, most: u64) -> io::Result<Option<Vec<u8>>> {
    let mut contents = Vec::new();
    let read = match path {
        "-" => io::stdin().lock().take(most + 1).read_to_end(&mut contents)?,
        _ => File::open(path)?.take(most + 1).read_to_end(&mut contents)?,
    };
    Ok((read as u64 <= most).then(|| in_utf8(contents)))
}
