//! Takes the screen as `whatlistens watch` does, and then fails: `full_screen panic` in this thread, `full_screen thread` in
//! another. What stood on the terminal must be there again, and the error below it.
#![allow(clippy::print_stderr, reason = "a program of its own")]

use std::io;
use std::panic;
use std::sync::atomic::AtomicBool;

use whatlistens::command::{Exit, Failure, internal_error};
use whatlistens::os::{self, FullScreen, Stream};

static FAILURE: Failure = Failure::new();
static IS_WRITTEN: AtomicBool = AtomicBool::new(false);

fn main() -> io::Result<()> {
    FAILURE.prepare();
    // As in main.rs.
    panic::set_hook(Box::new(|panic| {
        let message = internal_error(panic);
        let (mut out, mut notes) = (io::sink(), Stream::new(io::stderr(), &IS_WRITTEN));
        os::end(FAILURE.tell(&message, Exit::Unobservable, &mut out, &mut notes).code());
    }));
    let (screen, _inputs) = FullScreen::prepare()?;
    screen.enter()?;
    eprintln!("on the other screen");
    match std::env::args().nth(1).as_deref() {
        Some("thread") => drop(std::thread::spawn(|| panic!("on purpose")).join()),
        Some("panic") => panic!("on purpose"),
        _ => {}
    }
    Ok(())
}
