//! What a terminal says.

use super::super::decode::keys::Key;

/// What happens at a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    Key(Key),
    /// Ctrl-C, where it is no signal.
    Interrupt,
    Resized,
    /// Ctrl-Z: see [`super::FullScreen::suspend`].
    Suspend,
    /// The program goes on after it was stopped: see [`super::FullScreen::resume`].
    Resumed,
    /// See [`super::FullScreen::stop_input`].
    Stopped,
    /// The terminal is gone.
    Closed,
}
