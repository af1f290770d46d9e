//! The end of this program where it cannot go on: without a core file, an abort, or half a word.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// What to say when no memory is left to make a sentence.
#[derive(Debug)]
pub struct LastWords {
    /// For standard error.
    pub line: Vec<u8>,
    /// For standard output, if `is_json`, and nothing was written there.
    pub json: Vec<u8>,
    pub is_json: &'static AtomicBool,
    pub is_written: &'static AtomicBool,
    pub status: u8,
    /// The process that says it: one that it started has the same streams.
    pub speaker: u32,
}

static LAST_WORDS: OnceLock<LastWords> = OnceLock::new();

impl LastWords {
    /// Makes these the last words of the program, once.
    pub fn prepare(self) {
        let _ = LAST_WORDS.set(self);
    }

    fn say(&self) -> ! {
        if std::process::id() != self.speaker {
            end(self.status);
        }
        super::restore_screen();
        system::write(2, &self.line);
        if self.is_json.load(Ordering::Relaxed) && !self.is_written.swap(true, Ordering::Relaxed) {
            system::write(1, &self.json);
        }
        end(self.status)
    }
}

/// Ends the program at once, whatever its other threads do.
pub fn end(status: u8) -> ! {
    system::end(status.into())
}

/// Where a file may grow no further (`ulimit -f`), writing to it fails. By default a signal would end the program.
pub fn report_full_files() {
    system::ignore_full_files();
}

/// The system's memory, and an end in words where it gives none: for that the standard library aborts.
pub struct Memory;

impl Memory {
    fn given(memory: *mut u8) -> *mut u8 {
        match LAST_WORDS.get() {
            Some(words) if memory.is_null() && cfg!(unix) => words.say(),
            _ => memory,
        }
    }
}

#[expect(unsafe_code, reason = "only an allocator learns that there is no memory")]
// SAFETY: the system's allocator does it all, with the same arguments.
unsafe impl GlobalAlloc for Memory {
    // SAFETY: as for the system's.
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises are passed on.
        Memory::given(unsafe { System.alloc(layout) })
    }

    // SAFETY: as for the system's.
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises are passed on.
        Memory::given(unsafe { System.alloc_zeroed(layout) })
    }

    // SAFETY: as for the system's.
    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller's promises are passed on.
        Memory::given(unsafe { System.realloc(memory, layout, size) })
    }

    // SAFETY: as for the system's.
    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[cfg(unix)]
#[expect(
    unsafe_code,
    reason = "writes and ends without memory, and without the locks of the standard library"
)]
mod system {
    use nix::libc;

    pub(super) fn write(stream: i32, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            // SAFETY: the bytes are there, and a stream that is not open is an error.
            let written = unsafe { libc::write(stream, bytes.as_ptr().cast(), bytes.len()) };
            match usize::try_from(written) {
                Ok(written) if written > 0 => bytes = &bytes[written.min(bytes.len())..],
                _ => return,
            }
        }
    }

    pub(super) fn end(status: i32) -> ! {
        // SAFETY: it takes any number, and runs nothing of this program any more.
        unsafe { libc::_exit(status) }
    }

    pub(super) fn ignore_full_files() {
        // SAFETY: SIG_IGN runs no code of this program.
        unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
    }
}

#[cfg(windows)]
#[expect(unsafe_code, reason = "ends without the locks of the standard library")]
mod system {
    use windows_sys::Win32::System::Threading::ExitProcess;

    /// Windows gives a program memory until the whole machine has none.
    pub(super) fn write(_stream: i32, _bytes: &[u8]) {}

    pub(super) fn end(status: u32) -> ! {
        // SAFETY: it takes any number.
        unsafe { ExitProcess(status) }
    }

    pub(super) fn ignore_full_files() {}
}
