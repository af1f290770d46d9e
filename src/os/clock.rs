//! Time that passes while this program waits.

use std::thread;
use std::time::{Duration, Instant};

/// A clock that began when it was made.
#[derive(Debug)]
pub struct Clock {
    began: Instant,
}

impl Clock {
    #[must_use]
    pub fn new() -> Clock {
        Clock { began: Instant::now() }
    }

    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// Lets time pass; it may be less.
    pub fn wait(&self, time: Duration) {
        thread::park_timeout(time);
    }
}

impl Default for Clock {
    fn default() -> Clock {
        Clock::new()
    }
}
