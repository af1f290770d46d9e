//! The only folder that knows the operating system: a backend for each, and what they share.
//!
//! Calling a system is apart from decoding what it says. Code that calls copies text and fields out; code that
//! understands them ([`decode`]) is compiled and tested on every system.

#[cfg(any(windows, target_os = "macos", test))]
mod asked_program;
mod bounded_file;
mod clock;
pub mod connection_count;
mod deadline;
pub mod decode;
mod delay;
mod elsewhere;
mod file_at;
mod inspect;
mod inspect_files;
#[cfg(any(windows, target_os = "macos"))]
mod interfaces;
mod interruption;
mod last_words;
#[cfg(any(windows, target_os = "macos"))]
mod license_files;
mod narrowed;
pub mod port_set;
mod probe;
#[cfg(unix)]
mod program_name;
mod scan_scope;
mod screen;
mod socket_filter;
pub mod socket_record;
mod stack;
mod stream;
mod this_os;
mod unobservable;
#[cfg(any(windows, target_os = "macos"))]
mod users;

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "macos")]
mod macos;
#[cfg(any(windows, target_os = "macos"))]
mod process_scan;
#[cfg(any(windows, target_os = "macos"))]
mod read_process;
#[cfg(any(windows, target_os = "macos"))]
mod sought_pids;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(target_os = "linux")]
use linux as platform;
#[cfg(target_os = "macos")]
use macos as platform;
#[cfg(windows)]
use windows as platform;

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;

pub use self::bounded_file::{read_bounded, read_in_time};
pub use self::clock::Clock;
pub use self::decode::keys::Key;
pub use self::delay::{Delay, on_delay};
pub use self::file_at::FileAt;
pub use self::inspect::{FileChecks, Inspect, LicensePrograms, PortHolder, ServerProgram};
pub use self::interruption::{end_as_interrupted, is_interrupted, notice_interruptions};
pub use self::last_words::{LastWords, Memory, end, report_full_files};
pub use self::narrowed::narrowed;
pub use self::probe::Probe;
pub use self::scan_scope::{Bpf, DEADLINE, ScanScope, Sought};
pub use self::screen::{FullScreen, Input, Inputs, NEEDS_TERM, is_screen_shown, restore_screen};
pub use self::stack::with_room;
pub use self::stream::{Stream, was_closed_at_start};
pub use self::this_os::READERS_TAKE_UTF_8;
pub use self::unobservable::Unobservable;
pub use self::unobservable::in_words;
use crate::model::{Observation, Os};

/// This machine, ready to be scanned.
pub struct Machine {
    prepared: platform::Prepared,
    /// What this process may do, in a sentence without the full stop.
    restrictions: Option<String>,
}

impl Machine {
    /// On Linux, may start a process that looks up users: call it before any thread is started. `scope` is that of the
    /// first scan.
    #[must_use]
    pub fn open(scope: &ScanScope) -> Machine {
        Machine { prepared: platform::Prepared::new(scope), restrictions: None }
    }

    /// As [`Machine::open`]. From then on this thread, and what it starts, may do nothing but what a scan needs, as far
    /// as the system can enforce that.
    #[must_use]
    pub fn open_restricted(scope: &ScanScope) -> Machine {
        platform::drop_rights();
        let machine = Machine::open(scope);
        Machine { restrictions: platform::restrict(), ..machine }
    }

    /// Scans the machine. `now` becomes [`Observation::taken_at`]. Of users that are not on this machine, only those of the
    /// first scan have names.
    ///
    /// # Errors
    ///
    /// If no socket table could be read at all. Everything else that could not be read is a gap.
    pub fn observe(
        &mut self,
        scope: &ScanScope,
        inspect: &dyn Inspect,
        now: Timestamp,
    ) -> Result<Observation, Unobservable> {
        let mut observation = platform::observe(scope, inspect, &mut self.prepared, now)?;
        observation.method_notes.extend(self.restrictions.clone());
        Ok(observation)
    }
}

/// Reads the system's rules for ports, and nothing else. `now` becomes [`Observation::taken_at`].
///
/// # Errors
///
/// If they could not be read at all.
pub fn observe_port_rules(now: Timestamp) -> Result<Observation, Unobservable> {
    platform::observe_port_rules(now)
}

/// What each interface of the system answers, without a name of anybody. What does not answer is waited for no longer than
/// this.
#[must_use]
pub fn self_test(deadline: Duration) -> Vec<Probe> {
    platform::self_test(deadline)
}

/// Whether this machine has a user of this name; `None` where only a directory server could say so, which is not asked.
#[must_use]
pub fn has_user(name: &str) -> Option<bool> {
    platform::has_user(name)
}

/// How many programs have the console of this one; `None` where it has none, and where a window is the shell's anyway.
#[must_use]
pub fn programs_of_console() -> Option<u32> {
    #[cfg(windows)]
    return platform::programs_of_console();
    #[cfg(not(windows))]
    None
}

/// Waits for a key in a console of Windows, for no longer than this.
pub fn wait_for_key(at_most: Duration) {
    #[cfg(windows)]
    platform::wait_for_key(at_most);
    #[cfg(not(windows))]
    let _ = at_most;
}

/// Whether a path leads to an ordinary file that nobody has to wait for, or to nothing. Whether a file is on a server is
/// known on Linux alone.
#[must_use]
pub fn can_be_read_at_once(path: &Path) -> bool {
    #[cfg(target_os = "linux")]
    return platform::can_be_read_at_once(path);
    #[cfg(not(target_os = "linux"))]
    std::fs::metadata(path).map_or(true, |file| file.is_file())
}

/// What a path leads to. Nobody is waited for, as far as the system says who may not answer.
#[must_use]
pub fn file_at(path: &Path) -> FileAt {
    #[cfg(target_os = "linux")]
    return platform::file_at(path);
    #[cfg(not(target_os = "linux"))]
    match std::fs::metadata(path) {
        Ok(found) => {
            let real = path.canonicalize().ok().filter(|_| this_os::THIS_OS != Os::Windows);
            let real = decode::text::os_text(real.as_deref().unwrap_or(path));
            if found.is_dir() { FileAt::Folder(real) } else { FileAt::File(real) }
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => FileAt::Nothing,
        Err(_) => FileAt::Unknown,
    }
}

/// What the user can do, on the observed system, to see more owners; `None` if nothing would help. `command` is the
/// whole command line to run again, quoted for a shell.
#[must_use]
pub fn remedy(os: Os, privileged: bool, command: &str) -> Option<String> {
    match (os, privileged) {
        (Os::Linux | Os::Macos, false) => Some(format!("sudo {command}")),
        (Os::Windows, false) => {
            Some(format!("{command} (in a terminal opened with \"Run as administrator\")"))
        }
        // Capabilities that root was not given, and security modules, limit even root.
        (Os::Linux, true) => Some(
            "run it on the host, outside any container, or with CAP_SYS_PTRACE and no security policy in the way"
                .to_owned(),
        ),
        (Os::Windows | Os::Macos, true) => None,
    }
}
