//! Tells that a scan waits for an answer, or a command for its input, to whoever wants to show it.

use std::sync::OnceLock;
use std::time::Duration;

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delay {
    /// `the names of users`
    pub what: &'static str,
    /// Since the scan began, or the command looks for its input.
    pub waited: Duration,
    /// `None`: as long as it takes.
    pub allowed: Option<Duration>,
}

type Listener = Box<dyn Fn(Option<Delay>) + Send + Sync>;

static LISTENER: OnceLock<Listener> = OnceLock::new();

/// From now on, this is called once a second while something is waited for, and with `None` when it no longer is. Where it was called
/// before, it has no effect.
pub fn on_delay(tell: impl Fn(Option<Delay>) + Send + Sync + 'static) {
    let _ = LISTENER.set(Box::new(tell));
}

/// Whether anybody wants to know.
#[cfg(target_os = "linux")]
pub(super) fn is_told() -> bool {
    LISTENER.get().is_some()
}

pub(super) fn tell(delay: Option<Delay>) {
    if let Some(tell) = LISTENER.get() {
        tell(delay);
    }
}
