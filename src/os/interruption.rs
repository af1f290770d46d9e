//! The signals that end a program (`Ctrl-C`, SIGTERM, SIGHUP), for one that first has to tidy up a terminal.

pub use self::system::{end_as_interrupted, is_interrupted, notice_interruptions};

#[cfg(unix)]
mod system {
    #![expect(unsafe_code, reason = "signal handlers")]

    use std::sync::atomic::{AtomicI32, Ordering};

    use nix::libc;

    static CAUGHT: AtomicI32 = AtomicI32::new(0);

    const ENDING: [libc::c_int; 3] = [libc::SIGINT, libc::SIGTERM, libc::SIGHUP];

    extern "C" fn notice(signal: libc::c_int) {
        CAUGHT.store(signal, Ordering::Relaxed);
    }

    /// From now on these signals are noticed, and end nothing by themselves. One that the caller ignores, as `nohup` does,
    /// stays ignored.
    pub fn notice_interruptions() {
        for signal in ENDING {
            let handler = notice as extern "C" fn(libc::c_int) as libc::sighandler_t;
            // SAFETY: the handler only stores a number, which is allowed at any moment (signal-safety(7)).
            let before = unsafe { libc::signal(signal, handler) };
            if before == libc::SIG_IGN {
                // SAFETY: SIG_IGN runs no code of this program.
                unsafe { libc::signal(signal, libc::SIG_IGN) };
            }
        }
    }

    /// Whether one of them came.
    #[must_use]
    pub fn is_interrupted() -> bool {
        CAUGHT.load(Ordering::Relaxed) != 0
    }

    /// Ends this program by the signal that came: a shell stops a loop only if it sees this.
    pub fn end_as_interrupted() -> ! {
        let signal = CAUGHT.load(Ordering::Relaxed);
        // SAFETY: SIG_DFL runs no code of this program, and `raise` takes any number.
        unsafe {
            libc::signal(signal, libc::SIG_DFL);
            libc::raise(signal);
        }
        crate::os::end(u8::try_from(128 + signal).unwrap_or(u8::MAX))
    }
}

/// Windows ends a console program itself, and gives the terminal back as it was.
#[cfg(windows)]
mod system {
    pub fn notice_interruptions() {}

    #[must_use]
    pub fn is_interrupted() -> bool {
        false
    }

    pub fn end_as_interrupted() -> ! {
        crate::os::end(u8::MAX)
    }
}
