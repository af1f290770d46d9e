//! A terminal of Unix (termios(3), signal(7)).

#![expect(unsafe_code, reason = "terminal modes and signal handlers")]

use std::io::{self, PipeReader, PipeWriter, Read};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use nix::errno::Errno;
use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::super::decode::keys::Keys;
use super::input::Input;
use super::sequences::{ENTER, LEAVE, RESUME};

/// A terminal that does not say what it is may not know how to show a whole screen.
pub const NEEDS_TERM: bool = true;

/// Whether the screen is taken.
static IS_SHOWN: AtomicBool = AtomicBool::new(false);
/// The process that took it: one that it forks has the same handlers, and leaves the terminal alone.
static OWNER: AtomicU32 = AtomicU32::new(0);
static TERMINAL: OnceLock<Terminal> = OnceLock::new();

/// What a signal handler needs.
#[derive(Debug)]
struct Terminal {
    keys: RawFd,
    before: libc::termios,
    during: libc::termios,
    /// Takes the number of a signal that concerns the screen.
    notices: PipeWriter,
}

const STANDARD_OUTPUT: RawFd = libc::STDOUT_FILENO;
/// Of a signal that ends the program, but for those of a fault in memory: Rust says of these what happened.
const ENDING: [libc::c_int; 15] = [
    libc::SIGINT,
    libc::SIGTERM,
    libc::SIGHUP,
    libc::SIGQUIT,
    libc::SIGUSR1,
    libc::SIGUSR2,
    libc::SIGALRM,
    libc::SIGVTALRM,
    libc::SIGPROF,
    libc::SIGXCPU,
    libc::SIGABRT,
    libc::SIGTRAP,
    libc::SIGILL,
    libc::SIGFPE,
    libc::SIGSYS,
];
/// Of a signal that concerns the screen.
const NOTICED: [libc::c_int; 3] = [libc::SIGWINCH, libc::SIGTSTP, libc::SIGCONT];
/// No signal has this number.
const STOP: u8 = 0;

/// How long the rest of a key may take that sends several bytes, in milliseconds. It comes in one piece, but a slow line
/// may break it.
const REST_OF_KEY: u16 = 150;
/// How long the terminal may take to be written to once more, in milliseconds: its other side may hang.
const LAST_WRITE: libc::c_int = 200;

#[derive(Debug)]
pub(super) struct System {
    terminal: &'static Terminal,
}

#[derive(Debug)]
pub(super) struct Inputs {
    terminal: &'static Terminal,
    notices: PipeReader,
    keys: Keys,
}

pub(super) fn prepare() -> io::Result<(System, Inputs)> {
    let no_keys = || io::Error::new(io::ErrorKind::Unsupported, "no keys can be read from this terminal");
    let keys = [libc::STDIN_FILENO, STANDARD_OUTPUT].into_iter().find(|&fd| is_readable_terminal(fd));
    let keys = keys.ok_or_else(no_keys)?;
    let before = modes(keys)?;
    let (reader, notices) = io::pipe()?;
    // A handler must not wait.
    // SAFETY: the descriptor is open, and F_SETFL takes a number.
    unsafe { libc::fcntl(notices.as_raw_fd(), libc::F_SETFL, libc::O_NONBLOCK) };
    OWNER.store(std::process::id(), Ordering::Relaxed);
    let terminal = TERMINAL.get_or_init(|| Terminal { keys, before, during: unbuffered(before), notices });
    Ok((System { terminal }, Inputs { terminal, notices: reader, keys: Keys::default() }))
}

/// Whether it is a terminal from which can be read: that of output usually is, wherever input comes from.
fn is_readable_terminal(fd: RawFd) -> bool {
    // SAFETY: F_GETFL takes no argument, and is an error where nothing is open.
    let flags = unsafe { libc::fcntl(fd, libc::F_GETFL) };
    // SAFETY: the number is only asked about.
    flags != -1 && flags & libc::O_ACCMODE != libc::O_WRONLY && unsafe { libc::isatty(fd) } == 1
}

fn modes(fd: RawFd) -> io::Result<libc::termios> {
    let mut modes = MaybeUninit::uninit();
    // SAFETY: there is room for the answer.
    Errno::result(unsafe { libc::tcgetattr(fd, modes.as_mut_ptr()) })?;
    // SAFETY: it was written, for there was no error.
    Ok(unsafe { modes.assume_init() })
}

/// Each key at once and unseen. Ctrl-C and Ctrl-Z stay signals, so that they work whatever the program does.
fn unbuffered(mut modes: libc::termios) -> libc::termios {
    modes.c_lflag &= !(libc::ICANON | libc::ECHO | libc::IEXTEN);
    // Ctrl-S would stop the screen.
    modes.c_iflag &= !(libc::IXON | libc::IXOFF);
    modes.c_cc[libc::VMIN] = 1;
    modes.c_cc[libc::VTIME] = 0;
    modes
}

/// Calls nothing but what a signal handler may (signal-safety(7)).
fn set(terminal: &Terminal, modes: &libc::termios) -> Result<(), Errno> {
    loop {
        // SAFETY: the modes are of this terminal.
        match Errno::result(unsafe { libc::tcsetattr(terminal.keys, libc::TCSANOW, modes) }) {
            Err(Errno::EINTR) => {}
            done => return done.map(drop),
        }
    }
}

/// As [`set`].
fn write(mut bytes: &[u8]) -> Result<(), Errno> {
    while !bytes.is_empty() {
        // SAFETY: the bytes are there.
        let written = unsafe { libc::write(STANDARD_OUTPUT, bytes.as_ptr().cast(), bytes.len()) };
        match Errno::result(written) {
            Ok(written) => bytes = bytes.get(written.unsigned_abs()..).unwrap_or_default(),
            Err(Errno::EINTR) => {}
            Err(Errno::EAGAIN) if can_be_written_to(-1) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// As [`set`].
fn can_be_written_to(time: libc::c_int) -> bool {
    let mut output = libc::pollfd { fd: STANDARD_OUTPUT, events: libc::POLLOUT, revents: 0 };
    // SAFETY: it is one.
    unsafe { libc::poll(&raw mut output, 1, time) == 1 }
}

/// Whether this process has the screen: what is written now goes there.
#[must_use]
pub fn is_shown() -> bool {
    IS_SHOWN.load(Ordering::Relaxed)
}

/// Gives the terminal back as it was, if this process took it. It may be called at any moment, from any thread, and by a
/// signal handler.
pub fn restore() {
    let Some(terminal) = TERMINAL.get() else { return };
    // SAFETY: it cannot fail.
    let own = unsafe { libc::getpid() }.unsigned_abs();
    if own != OWNER.load(Ordering::Relaxed) || !IS_SHOWN.swap(false, Ordering::Relaxed) {
        return;
    }
    // Nothing is left to be done where it fails.
    if can_be_written_to(LAST_WRITE) {
        let _ = write(LEAVE);
    }
    let _ = set(terminal, &terminal.before);
}

extern "C" fn end(signal: libc::c_int) {
    restore();
    // It ends this process once this handler returns.
    // SAFETY: SIG_DFL runs no code of this program, and `raise` takes any number.
    unsafe {
        libc::signal(signal, libc::SIG_DFL);
        libc::raise(signal);
    }
}

extern "C" fn notice(signal: libc::c_int) {
    let errno = Errno::last_raw();
    if let Some(terminal) = TERMINAL.get() {
        note(terminal, u8::try_from(signal).unwrap_or(u8::MAX));
    }
    Errno::set_raw(errno);
}

fn note(terminal: &Terminal, what: u8) {
    // Where the pipe is full, there is enough to wake up for.
    // SAFETY: the byte is there.
    let _ = unsafe { libc::write(terminal.notices.as_raw_fd(), (&raw const what).cast(), 1) };
}

/// One that the caller ignores, as `nohup` does, stays ignored.
fn handle(signal: libc::c_int, handler: extern "C" fn(libc::c_int)) {
    // SAFETY: the handlers call only what they may at any moment; SIG_IGN runs no code.
    unsafe {
        if libc::signal(signal, handler as libc::sighandler_t) == libc::SIG_IGN {
            libc::signal(signal, libc::SIG_IGN);
        }
    }
}

impl System {
    pub(super) fn enter(&self) -> io::Result<()> {
        for signal in ENDING {
            handle(signal, end);
        }
        for signal in NOTICED {
            handle(signal, notice);
        }
        self.take(ENTER)
    }

    fn take(&self, sequence: &[u8]) -> io::Result<()> {
        IS_SHOWN.store(true, Ordering::Relaxed);
        // Of a process in the background this stops it, before it writes.
        set(self.terminal, &self.terminal.during)?;
        Ok(write(sequence)?)
    }

    pub(super) fn leave_to_inputs(&self) {
        // SAFETY: the set is made empty before it is used.
        unsafe {
            let mut signals = MaybeUninit::uninit();
            libc::sigemptyset(signals.as_mut_ptr());
            for signal in NOTICED {
                libc::sigaddset(signals.as_mut_ptr(), signal);
            }
            libc::pthread_sigmask(libc::SIG_BLOCK, signals.as_ptr(), ptr::null_mut());
        }
    }

    pub(super) fn suspend(&self) -> io::Result<()> {
        restore();
        // SAFETY: SIG_DFL runs no code of this program, and `raise` takes any number.
        unsafe {
            libc::signal(libc::SIGTSTP, libc::SIG_DFL);
            libc::raise(libc::SIGTSTP);
        }
        handle(libc::SIGTSTP, notice);
        self.take(ENTER)
    }

    pub(super) fn resume(&self) -> io::Result<()> {
        self.take(RESUME)
    }

    pub(super) fn stop_input(&self) {
        note(self.terminal, STOP);
    }
}

impl Inputs {
    pub(super) fn wait(&mut self) -> Input {
        loop {
            if let Some(key) = self.keys.next_key() {
                return Input::Key(key);
            }
            let time = if self.keys.is_begun() { PollTimeout::from(REST_OF_KEY) } else { PollTimeout::NONE };
            // SAFETY: the terminal of the keys is a standard stream, which stays open.
            let keys = unsafe { BorrowedFd::borrow_raw(self.terminal.keys) };
            let (notices, typed) = {
                let mut both = [
                    PollFd::new(self.notices.as_fd(), PollFlags::POLLIN),
                    PollFd::new(keys, PollFlags::POLLIN),
                ];
                match poll(&mut both, time) {
                    Err(Errno::EINTR) => continue,
                    Err(_) => return Input::Closed,
                    Ok(_) => (both[0].any() == Some(true), both[1].any() == Some(true)),
                }
            };
            if notices && let Some(input) = self.notice() {
                return input;
            }
            if typed {
                let mut bytes = [0; 256];
                match nix::unistd::read(keys, &mut bytes) {
                    Ok(0) => return Input::Closed,
                    Ok(length) => self.keys.push(&bytes[..length]),
                    Err(Errno::EINTR | Errno::EAGAIN) => {}
                    Err(_) => return Input::Closed,
                }
            } else if !notices && let Some(key) = self.keys.finish() {
                return Input::Key(key);
            }
        }
    }

    fn notice(&mut self) -> Option<Input> {
        let mut signal = [0];
        self.notices.read_exact(&mut signal).ok()?;
        match signal[0] {
            STOP => Some(Input::Stopped),
            signal if libc::c_int::from(signal) == libc::SIGWINCH => Some(Input::Resized),
            signal if libc::c_int::from(signal) == libc::SIGTSTP => Some(Input::Suspend),
            signal if libc::c_int::from(signal) == libc::SIGCONT => Some(Input::Resumed),
            _ => None,
        }
    }
}
