//! A console of Windows.

use std::fs::File;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use crossterm::terminal::{disable_raw_mode, enable_raw_mode};

use super::super::decode::keys::Key;
use super::input::Input;
use super::sequences::{ENTER, LEAVE, RESUME};

/// Consoles do not say what they are.
pub const NEEDS_TERM: bool = false;

static IS_SHOWN: AtomicBool = AtomicBool::new(false);
static IS_STOPPED: AtomicBool = AtomicBool::new(false);

/// How often it is looked whether input is still wanted: nothing else ends the wait for a key.
const WAIT: Duration = Duration::from_millis(250);

#[derive(Debug)]
pub(super) struct System;

#[derive(Debug)]
pub(super) struct Inputs;

pub(super) fn prepare() -> io::Result<(System, Inputs)> {
    // A terminal that is no console, as of MSYS, has no keys to read.
    crossterm::terminal::size()?;
    event::poll(Duration::ZERO)?;
    Ok((System, Inputs))
}

fn write(bytes: &[u8]) -> io::Result<()> {
    // The console, whatever the standard streams are (Console Handles).
    File::options().write(true).open("CONOUT$")?.write_all(bytes)
}

/// Whether this process has the screen: what is written now goes there.
#[must_use]
pub fn is_shown() -> bool {
    IS_SHOWN.load(Ordering::Relaxed)
}

/// Gives the console back as it was, if this process took it. It may be called at any moment, from any thread.
pub fn restore() {
    if IS_SHOWN.swap(false, Ordering::Relaxed) {
        // Nothing is left to be done where it fails.
        let _ = (write(LEAVE), disable_raw_mode());
    }
}

impl System {
    pub(super) fn enter(&self) -> io::Result<()> {
        IS_SHOWN.store(true, Ordering::Relaxed);
        enable_raw_mode()?;
        write(ENTER)
    }

    pub(super) fn leave_to_inputs(&self) {}

    pub(super) fn suspend(&self) -> io::Result<()> {
        Ok(())
    }

    pub(super) fn resume(&self) -> io::Result<()> {
        write(RESUME)
    }

    pub(super) fn stop_input(&self) {
        IS_STOPPED.store(true, Ordering::Relaxed);
    }
}

impl Inputs {
    pub(super) fn wait(&mut self) -> Input {
        while !IS_STOPPED.load(Ordering::Relaxed) {
            let event = match event::poll(WAIT) {
                Ok(false) => continue,
                Ok(true) => event::read(),
                Err(error) => Err(error),
            };
            match event {
                Ok(Event::Resize(..)) => return Input::Resized,
                Ok(Event::Key(key)) if key.kind != KeyEventKind::Release => {
                    if let Some(input) = input(key.code, key.modifiers) {
                        return input;
                    }
                }
                Ok(_) => {}
                Err(_) => return Input::Closed,
            }
        }
        Input::Stopped
    }
}

fn input(code: KeyCode, modifiers: KeyModifiers) -> Option<Input> {
    if modifiers.contains(KeyModifiers::CONTROL) {
        return (code == KeyCode::Char('c')).then_some(Input::Interrupt);
    }
    Some(Input::Key(match code {
        KeyCode::Char('q' | 'Q') | KeyCode::Esc => Key::Quit,
        KeyCode::Up | KeyCode::Char('k') => Key::Up,
        KeyCode::Down | KeyCode::Char('j') => Key::Down,
        KeyCode::PageUp | KeyCode::Char('b') => Key::PageUp,
        KeyCode::PageDown | KeyCode::Char(' ') => Key::PageDown,
        KeyCode::Home | KeyCode::Char('g') => Key::Home,
        KeyCode::End | KeyCode::Char('G') => Key::End,
        _ => return None,
    }))
}
