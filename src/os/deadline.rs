//! Until when a scan waits for others.

#[cfg(target_os = "linux")]
use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

/// A moment, with the time that was allowed until then.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadline {
    at: Instant,
    pub(super) allowed: Duration,
}

impl Deadline {
    /// From now on.
    pub(super) fn after(allowed: Duration) -> Deadline {
        Deadline { at: Instant::now() + allowed, allowed }
    }

    /// # Errors
    ///
    /// Once it has passed.
    #[cfg(target_os = "linux")]
    pub(super) fn check(self) -> io::Result<()> {
        if self.left().is_zero() { Err(ErrorKind::TimedOut.into()) } else { Ok(()) }
    }

    /// Since it was set.
    #[cfg(target_os = "linux")]
    pub(super) fn waited(self) -> Duration {
        self.allowed.saturating_sub(self.left())
    }

    /// Zero once it has passed.
    pub(super) fn left(self) -> Duration {
        self.at.saturating_duration_since(Instant::now())
    }
}
