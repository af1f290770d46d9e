//! The end without an answer: one line for a person, and with `--json` the same as JSON, unless a part of an answer stands
//! there already.

use std::io::Write;
use std::mem;
use std::panic::PanicHookInfo;
use std::process;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};

use super::{Exit, Refused};
use crate::model::{CheckResult, CheckService};
use crate::os;
use crate::render::{self, Format, InSigns, Signs};

/// What a failure has to know, whenever and on whatever thread it happens.
#[derive(Debug)]
pub struct Failure {
    is_json: AtomicBool,
    is_list: AtomicBool,
    /// Whether standard output and standard error take ASCII alone.
    is_ascii: [AtomicBool; 2],
    /// What a monitoring plugin checks: it says on standard output that it failed.
    service: OnceLock<CheckService>,
    /// Whether standard output has a part of an answer.
    pub is_written: AtomicBool,
    telling: Mutex<()>,
    /// The process that speaks: one that it started has the same streams, and ends without a word.
    speaker: AtomicU32,
}

impl Failure {
    #[must_use]
    pub const fn new() -> Failure {
        Failure {
            is_json: AtomicBool::new(false),
            is_list: AtomicBool::new(false),
            is_ascii: [const { AtomicBool::new(false) }; 2],
            service: OnceLock::new(),
            is_written: AtomicBool::new(false),
            telling: Mutex::new(()),
            speaker: AtomicU32::new(0),
        }
    }

    /// Remembers how to tell an error.
    pub fn expect(&self, format: Format) {
        self.is_json.store(format == Format::Json, Ordering::Relaxed);
        self.is_list.store(format == Format::List, Ordering::Relaxed);
    }

    /// Remembers how to tell why a command line is refused.
    pub fn expect_refused(&self, refused: &Refused) {
        self.expect(refused.format);
        self.expect_check(refused.service);
    }

    /// Remembers which signs the readers of standard output and standard error take.
    pub fn expect_signs(&self, (out, notes): (Signs, Signs)) {
        for (is_ascii, signs) in self.is_ascii.iter().zip([out, notes]) {
            is_ascii.store(signs == Signs::Ascii, Ordering::Relaxed);
        }
    }

    /// Remembers that a monitoring system reads the first line of standard output; `None` where none does.
    pub fn expect_check(&self, service: Option<CheckService>) {
        if let Some(service) = service {
            let _ = self.service.set(service);
        }
    }

    /// Makes ready for the end of all memory and the limit of a file's size, which end programs by a signal.
    pub fn prepare(&'static self) {
        os::report_full_files();
        self.speaker.store(process::id(), Ordering::Relaxed);
        const NO_MEMORY: &str = "there is not enough memory (see ulimit -v)";
        let (mut line, mut json) = (Vec::new(), Vec::new());
        let status = Exit::Unobservable.code();
        let _ = (
            render::error_line(NO_MEMORY, Format::Text, &mut line),
            render::json_error(NO_MEMORY, status, &mut json),
        );
        let (is_json, is_written) = (&self.is_json, &self.is_written);
        os::LastWords { line, json, is_json, is_written, status, speaker: process::id() }.prepare();
    }

    /// Tells an error, before the end of the program. Another thread that fails meanwhile waits for that end.
    pub fn tell(&self, message: &str, exit: Exit, out: &mut dyn Write, notes: &mut dyn Write) -> Exit {
        mem::forget(self.telling.lock());
        if self.speaker.load(Ordering::Relaxed) != process::id() {
            return exit;
        }
        // On another screen, nobody would read it.
        os::restore_screen();
        // Where even this cannot be written, only the exit status is left to tell.
        let signs = |is_ascii: &AtomicBool| match is_ascii.load(Ordering::Relaxed) {
            true => Signs::Ascii,
            false => Signs::All,
        };
        let [of_out, of_notes] = [signs(&self.is_ascii[0]), signs(&self.is_ascii[1])];
        let (out, notes) = (&mut InSigns::new(out, of_out), &mut InSigns::new(notes, of_notes));
        let is_first = !self.is_written.load(Ordering::Relaxed) && !self.is_json.load(Ordering::Relaxed);
        if let Some(service) = self.service.get().copied().filter(|_| is_first) {
            let _ = render::check_line(&CheckResult::unknown(service, message), of_out, out);
            return exit;
        }
        let format = if self.is_list.load(Ordering::Relaxed) { Format::List } else { Format::Text };
        let _ = render::error_line(message, format, notes);
        if self.is_json.load(Ordering::Relaxed) && !self.is_written.load(Ordering::Relaxed) {
            let _ = render::json_error(message, exit.code(), out);
        }
        exit
    }
}

impl Default for Failure {
    fn default() -> Failure {
        Failure::new()
    }
}

/// A fault of this program, in one line.
#[must_use]
pub fn internal_error(panic: &PanicHookInfo<'_>) -> String {
    let place =
        panic.location().map_or(String::new(), |place| format!(" ({}:{})", place.file(), place.line()));
    let message = panic.payload_as_str().unwrap_or("no message");
    format!("a fault of the program itself, please report it: {message}{place}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_in_the_signs_of_its_stream() {
        let refused = "‘a→b’ is no port|; \"→\" “x”…";
        let told = |signs, service| {
            let failure = Failure::new();
            failure.speaker.store(process::id(), Ordering::Relaxed);
            failure.expect(Format::Text);
            failure.expect_signs(signs);
            failure.expect_check(service);
            let (mut out, mut notes) = (Vec::new(), Vec::new());
            assert_eq!(failure.tell(refused, Exit::Failed, &mut out, &mut notes), Exit::Failed);
            (String::from_utf8(out).unwrap(), String::from_utf8(notes).unwrap())
        };
        let line = format!("whatlistens: {refused}\n");
        for signs in [(Signs::All, Signs::All), (Signs::Ascii, Signs::All)] {
            assert_eq!(told(signs, None), (String::new(), line.clone()));
        }
        let in_ascii = "'a->b' is no port|; \"→\" \"x\"...";
        assert_eq!(told((Signs::All, Signs::Ascii), None).1, format!("whatlistens: {in_ascii}\n"));
        let (plugin, notes) = told((Signs::Ascii, Signs::All), Some(CheckService::Listeners));
        assert!(plugin.contains("'a->b' is no port!; \"→\" \"x\"..."), "{plugin}");
        assert_eq!(notes, "");
        assert!(
            told((Signs::All, Signs::All), Some(CheckService::Listeners)).0.contains("‘a→b’ is no port¦;")
        );
    }
}
