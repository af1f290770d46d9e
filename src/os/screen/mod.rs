//! The terminal as a whole screen: keys are read one by one, and what stood there before comes back in the end, however
//! that comes.
//!
//! On Unix this calls the system itself. crossterm would do it too, but where the terminal is gone it reads it again and
//! again, at full speed (crossterm-rs/crossterm#793), takes the first byte of an arrow key for Esc if a slow line delays
//! the others, and on Linux would need more system calls than the filter allows.

mod input;
mod sequences;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
use unix as system;
#[cfg(windows)]
use windows as system;

use std::io;

pub use self::input::Input;
pub use self::system::{NEEDS_TERM, is_shown as is_screen_shown, restore as restore_screen};

/// The screen of this process. When it is dropped, the terminal is as it was before.
#[derive(Debug)]
pub struct FullScreen(system::System);

/// Where keys and other events of the terminal come from.
#[derive(Debug)]
pub struct Inputs(system::Inputs);

impl FullScreen {
    /// Makes ready for [`FullScreen::enter`]. On Linux this must come before the program restricts itself.
    ///
    /// # Errors
    ///
    /// Where no keys can be read.
    pub fn prepare() -> io::Result<(FullScreen, Inputs)> {
        let (system, inputs) = system::prepare()?;
        Ok((FullScreen(system), Inputs(inputs)))
    }

    /// Takes the screen.
    ///
    /// # Errors
    ///
    /// Those of the terminal.
    pub fn enter(&self) -> io::Result<()> {
        self.0.enter()
    }

    /// Columns and rows; `None` where the terminal does not know, as on a serial line.
    #[must_use]
    pub fn size(&self) -> Option<(u16, u16)> {
        terminal_size::terminal_size().map(|(columns, rows)| (columns.0, rows.0))
    }

    /// From now on this thread, and those that it starts, are not interrupted by what concerns the screen alone. To be
    /// called once the thread runs that reads [`Inputs`].
    pub fn leave_to_inputs(&self) {
        self.0.leave_to_inputs();
    }

    /// Gives the terminal back, and stops this process as Ctrl-Z does. It returns when the process goes on, with the screen.
    ///
    /// # Errors
    ///
    /// Those of the terminal.
    pub fn suspend(&self) -> io::Result<()> {
        self.0.suspend()
    }

    /// Takes the screen again from whoever had it while this process was stopped.
    ///
    /// # Errors
    ///
    /// Those of the terminal.
    pub fn resume(&self) -> io::Result<()> {
        self.0.resume()
    }

    /// Makes [`Inputs::wait`] return [`Input::Stopped`].
    pub fn stop_input(&self) {
        self.0.stop_input();
    }
}

impl Drop for FullScreen {
    fn drop(&mut self) {
        restore_screen();
    }
}

impl Inputs {
    /// Waits for the next.
    pub fn wait(&mut self) -> Input {
        self.0.wait()
    }
}
