//! Reads the kernel's lists of sockets.
//!
//! Since macOS 27 the kernel hands an ordinary user's program only the sockets of that program, unless Apple has signed
//! it. sysctl(8) is signed so, changes nothing when it reads, and is the only program that whatlistens starts on macOS.

use std::ffi::CString;
use std::io;
use std::process::Command;
use std::time::Duration;

use super::super::asked_program::AskedProgram;
use super::super::deadline::Deadline;
use super::super::decode::macos::socket_lists::{NAMES, SocketLists};
use super::super::in_words;
use super::super::unix::own_uid;
use super::calls;

/// By its full path: its name alone could start another program.
const SYSCTL: &str = "/usr/sbin/sysctl";
/// How many bytes a list may have: 616 for each of some 100,000 TCP sockets.
const MOST: u64 = 64 * 1024 * 1024;

/// From whom the lists are.
#[derive(Debug, Clone)]
pub(super) enum Source {
    Kernel,
    /// From sysctl(8), and why the kernel's own answer was of no use.
    Sysctl {
        why: String,
    },
}

impl Source {
    /// How the sockets were read, in words.
    pub(super) fn method_note(&self) -> String {
        match self {
            Source::Kernel => "sockets were read from the kernel's lists (pcblist_n)".to_owned(),
            Source::Sysctl { why } => {
                format!("sockets were read from the kernel's lists (pcblist_n) by {SYSCTL}, because {why}")
            }
        }
    }

    /// Reads the lists again.
    ///
    /// # Errors
    ///
    /// Why they cannot be read or used.
    pub(super) fn read(&self, patience: Duration) -> Result<SocketLists, String> {
        match self {
            Source::Kernel => from_kernel(),
            Source::Sysctl { .. } => from_sysctl(patience),
        }
    }
}

/// Reads the lists, from the kernel if it answers in full. Sysctl(8) has `patience` to answer.
///
/// # Errors
///
/// Why they cannot be read or used.
pub(super) fn read(patience: Duration) -> Result<(SocketLists, Source), String> {
    let why = match from_kernel() {
        Ok(lists) => return Ok((lists, Source::Kernel)),
        Err(why) => why,
    };
    match from_sysctl(patience) {
        Ok(lists) => Ok((lists, Source::Sysctl { why })),
        Err(not_asked) if not_asked == why => Err(why),
        Err(not_asked) => Err(format!("{why}, and from {SYSCTL}: {not_asked}")),
    }
}

fn from_kernel() -> Result<SocketLists, String> {
    let read = |name: &str| {
        let list = CString::new(name).map_err(io::Error::other).and_then(|name| calls::sysctl(&name));
        list.map_err(|error| format!("{name} could not be read ({})", in_words(&error)))
    };
    let [tcp, udp] = NAMES.map(|(_, name)| read(name));
    SocketLists::decode([&tcp?, &udp?], own_uid())
}

fn from_sysctl(patience: Duration) -> Result<SocketLists, String> {
    let deadline = Deadline::after(patience);
    // At the same time: each takes most of its time to start.
    let asked = NAMES.map(|(_, name)| {
        let mut sysctl = Command::new(SYSCTL);
        sysctl.args(["-b", name]).env_clear().current_dir("/");
        AskedProgram::start("sysctl", &mut sysctl, MOST)
    });
    let [tcp, udp] = asked.map(|program| program.and_then(|program| program.answer(deadline)));
    SocketLists::decode([&tcp?, &udp?], own_uid())
}
