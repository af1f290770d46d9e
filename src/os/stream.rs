//! The standard streams as the caller left them: closed, not writable, or set to return at once.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

/// A standard stream without a buffer. It waits where another process has set the stream to return at once (`O_NONBLOCK`
/// belongs to the open file, which processes share; fcntl(2)), and reports what the standard library takes for success:
/// a stream that cannot be written to.
pub struct Stream<S> {
    stream: S,
    /// Becomes true with the first byte.
    is_written: &'static AtomicBool,
}

impl<S> Stream<S> {
    pub fn new(stream: S, is_written: &'static AtomicBool) -> Stream<S> {
        Stream { stream, is_written }
    }
}

impl<S: Unbuffered> Write for Stream<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.stream.write_some(bytes)?;
        if written > 0 {
            self.is_written.store(true, Ordering::Relaxed);
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush_all()
    }
}

/// A stream that the system takes bytes from.
pub trait Unbuffered {
    /// # Errors
    ///
    /// Those of the system, but not that it would have to wait.
    fn write_some(&mut self, bytes: &[u8]) -> io::Result<usize>;

    /// # Errors
    ///
    /// Those of the system.
    fn flush_all(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(unix)]
pub use self::unix::was_closed_at_start;

#[cfg(unix)]
mod unix {
    #![expect(unsafe_code, reason = "looks at a descriptor before the standard library does")]

    use std::io;
    use std::os::fd::AsFd;
    use std::sync::atomic::{AtomicBool, Ordering};

    use nix::errno::Errno;
    use nix::libc;
    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

    use super::Unbuffered;

    impl<S: AsFd> Unbuffered for S {
        fn write_some(&mut self, bytes: &[u8]) -> io::Result<usize> {
            loop {
                match nix::unistd::write(&*self, bytes) {
                    Err(Errno::EAGAIN) => {
                        let mut full = [PollFd::new(self.as_fd(), PollFlags::POLLOUT)];
                        poll(&mut full, PollTimeout::NONE).or_else(interrupted)?;
                    }
                    Err(Errno::EINTR) => {}
                    written => return Ok(written?),
                }
            }
        }
    }

    fn interrupted(error: Errno) -> nix::Result<i32> {
        if error == Errno::EINTR { Ok(0) } else { Err(error) }
    }

    static WAS_CLOSED: AtomicBool = AtomicBool::new(false);

    /// Whether standard output was closed when this program was started. Rust opens `/dev/null` in its place before
    /// `main`, and then it looks like one that the caller opened (`sanitize_standard_fds` in
    /// `library/std/src/sys/pal/unix/mod.rs`).
    #[must_use]
    pub fn was_closed_at_start() -> bool {
        WAS_CLOSED.load(Ordering::Relaxed)
    }

    extern "C" fn look() {
        // SAFETY: F_GETFD takes no argument, and reads flags of a descriptor, open or not.
        let flags = unsafe { libc::fcntl(libc::STDOUT_FILENO, libc::F_GETFD) };
        WAS_CLOSED.store(flags == -1, Ordering::Relaxed);
    }

    // SAFETY: the loader calls what these sections list before Rust's runtime starts, with the C library ready. The
    // function neither needs that runtime nor panics.
    #[used]
    #[cfg_attr(target_os = "macos", unsafe(link_section = "__DATA,__mod_init_func,mod_init_funcs"))]
    #[cfg_attr(not(target_os = "macos"), unsafe(link_section = ".init_array"))]
    static LOOK: extern "C" fn() = look;
}

#[cfg(windows)]
impl<S: Write + std::os::windows::io::AsRawHandle> Unbuffered for S {
    fn write_some(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // The standard library takes a missing stream for one that takes everything.
        if self.as_raw_handle().is_null() {
            return Err(io::ErrorKind::NotConnected.into());
        }
        self.write(bytes)
    }

    fn flush_all(&mut self) -> io::Result<()> {
        self.flush()
    }
}

/// A missing stream is found when it is written to.
#[cfg(windows)]
#[must_use]
pub fn was_closed_at_start() -> bool {
    false
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::io::Read;
    use std::thread;

    use nix::fcntl::{FcntlArg, OFlag, fcntl};

    use super::*;

    #[test]
    fn a_stream_that_returns_at_once_gets_every_byte_in_the_end() {
        static IS_WRITTEN: AtomicBool = AtomicBool::new(false);
        let (mut reader, writer) = io::pipe().unwrap();
        fcntl(&writer, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).unwrap();
        let text = vec![b'x'; 1_000_000];
        let read = thread::spawn(move || {
            let mut all = Vec::new();
            reader.read_to_end(&mut all).map(|_| all.len())
        });
        assert!(!IS_WRITTEN.load(Ordering::Relaxed));
        Stream::new(writer, &IS_WRITTEN).write_all(&text).unwrap();
        assert!(IS_WRITTEN.load(Ordering::Relaxed));
        assert_eq!(read.join().unwrap().unwrap(), text.len());
    }

    #[test]
    fn what_cannot_be_written_to_is_an_error() {
        static IS_WRITTEN: AtomicBool = AtomicBool::new(false);
        let read_only = std::fs::File::open("/dev/null").unwrap();
        assert!(Stream::new(read_only, &IS_WRITTEN).write_all(b"x").is_err());
        assert!(!IS_WRITTEN.load(Ordering::Relaxed));
    }
}
