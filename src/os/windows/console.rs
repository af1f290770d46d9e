//! The console window of this process.

#![expect(unsafe_code, reason = "which processes share a console")]

use std::time::{Duration, Instant};

use crossterm::event::{self, Event, KeyEventKind};
use windows_sys::Win32::System::Console::GetConsoleProcessList;

/// How many processes have this one's console; `None` where it has none.
pub(in super::super) fn programs() -> Option<u32> {
    let mut first = 0;
    // SAFETY: there is room for one id. If there are more, the call returns how many.
    let programs = unsafe { GetConsoleProcessList(&mut first, 1) };
    (programs > 0).then_some(programs)
}

/// Waits until a key is pressed, the console is gone, or this time has passed.
pub(in super::super) fn wait_for_key(at_most: Duration) {
    let until = Instant::now() + at_most;
    while event::poll(until.saturating_duration_since(Instant::now())).unwrap_or(false) {
        match event::read() {
            // The key that started the program may be released only now.
            Ok(Event::Key(key)) if key.kind == KeyEventKind::Press => return,
            Ok(_) => {}
            Err(_) => return,
        }
    }
}
