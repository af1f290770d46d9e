//! The whole screen of `watch`. This thread looks at the machine, and another obeys the keys meanwhile: a look may take as
//! long as its deadline.

use std::io::{self, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use super::{Error, Exit};
use crate::model::Report;
use crate::os::{self, FullScreen, Input, Inputs, Key};
use crate::render::{self, Frame, LiveView, Style};
use crate::report::Watching;

/// What screens have that do not say their size.
const USUAL_SIZE: (u16, u16) = (80, 24);
/// The exit status after Ctrl-C where that is no signal.
const INTERRUPTED: u8 = 130;

pub(super) struct LiveScreen<'a> {
    screen: &'a FullScreen,
    style: &'a Style,
    interval: Duration,
    view: Mutex<View<'a>>,
}

/// What both threads change.
struct View<'a> {
    watching: Watching,
    out: &'a mut (dyn Write + Send),
    size: (u16, u16),
    /// How many lines of the listing are above those that are shown.
    above: usize,
    /// How many are shown at once.
    page: usize,
    frame: Frame,
}

impl<'a> LiveScreen<'a> {
    pub(super) fn new(
        watching: Watching,
        interval: Duration,
        style: &'a Style,
        screen: &'a FullScreen,
        out: &'a mut (dyn Write + Send),
    ) -> LiveScreen<'a> {
        let view = View { watching, out, size: USUAL_SIZE, above: 0, page: 1, frame: Frame::default() };
        LiveScreen { screen, style, interval, view: Mutex::new(view) }
    }

    /// Shows what was seen, and goes on with `work` while the keys are obeyed.
    pub(super) fn while_obeying(
        &self,
        inputs: Inputs,
        work: impl FnOnce(&Self) -> Result<Exit, Error>,
    ) -> Result<Exit, Error> {
        self.screen.enter()?;
        self.repaint(&mut self.view())?;
        thread::scope(|scope| {
            // It has the restrictions of this thread, which has looked once.
            thread::Builder::new().spawn_scoped(scope, || self.obey(inputs))?;
            self.screen.leave_to_inputs();
            let ended = work(self);
            self.screen.stop_input();
            ended
        })
    }

    /// Shows the next look, at the moment `now`.
    pub(super) fn see(&self, report: Report, now: Duration) -> io::Result<()> {
        let mut view = self.view();
        view.watching.see(report, now);
        self.paint(&mut view)
    }

    /// Shows a look that could not see everything.
    pub(super) fn see_part(&self, report: Report) -> io::Result<()> {
        let mut view = self.view();
        view.watching.see_part(report);
        self.paint(&mut view)
    }

    fn view(&self) -> MutexGuard<'_, View<'a>> {
        self.view.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Obeys the keys until there are no more.
    fn obey(&self, mut inputs: Inputs) {
        loop {
            let input = inputs.wait();
            // The other thread writes nothing meanwhile, and nothing after the end.
            let mut view = self.view();
            let done = match input {
                Input::Key(Key::Quit) => end(Exit::Matched.code()),
                Input::Interrupt => end(INTERRUPTED),
                Input::Closed => end(Exit::Failed.code()),
                Input::Stopped => return,
                Input::Resized => self.repaint(&mut view),
                Input::Suspend => self.screen.suspend().and_then(|()| self.repaint(&mut view)),
                Input::Resumed => self.screen.resume().and_then(|()| self.repaint(&mut view)),
                Input::Key(key) => {
                    view.scroll(key);
                    self.paint(&mut view)
                }
            };
            if done.is_err() {
                // Nobody is there to be told.
                end(Exit::Failed.code());
            }
        }
    }

    fn repaint(&self, view: &mut View<'_>) -> io::Result<()> {
        let usual = (self.style.width.unwrap_or(USUAL_SIZE.0), USUAL_SIZE.1);
        view.size = self.screen.size().unwrap_or(usual);
        view.frame.forget();
        self.paint(view)
    }

    /// Writes the lines that changed, at once.
    fn paint(&self, view: &mut View<'_>) -> io::Result<()> {
        if !os::is_screen_shown() {
            return Ok(());
        }
        let shown = render::live(&LiveView {
            watched: view.watching.shown(),
            style: self.style,
            interval: self.interval,
            size: view.size,
            above: view.above,
        });
        (view.above, view.page) = (shown.above, shown.page);
        let sent = view.frame.show(shown.lines);
        if sent.is_empty() {
            return Ok(());
        }
        view.out.write_all(sent.as_bytes())?;
        view.out.flush()
    }
}

impl View<'_> {
    fn scroll(&mut self, key: Key) {
        self.above = match key {
            Key::Up => self.above.saturating_sub(1),
            Key::Down => self.above.saturating_add(1),
            Key::PageUp => self.above.saturating_sub(self.page),
            Key::PageDown => self.above.saturating_add(self.page),
            Key::Home => 0,
            // The end is where the last line is seen.
            Key::End => usize::MAX,
            Key::Quit => self.above,
        };
    }
}

/// Ends the program at once: the other thread may be in the middle of a look.
fn end(status: u8) -> ! {
    os::restore_screen();
    os::end(status)
}
