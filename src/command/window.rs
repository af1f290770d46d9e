//! The end in a window that closes with the program.

use std::ffi::OsString;
use std::io::Write;
use std::time::Duration;

use crate::os;
use crate::query::Window;

/// Nobody reads a list longer than a working day.
const AT_MOST: Duration = Duration::from_secs(8 * 60 * 60);

/// Waits for a key where the answer would be gone otherwise.
pub fn keep_window(window: Window, args: &[OsString], out: &mut dyn Write) {
    let mut asked = || writeln!(out, "\nPress any key to close this window.").and_then(|()| out.flush());
    if window.closes_unread(args) && asked().is_ok() {
        os::wait_for_key(AT_MOST);
    }
}
