//! License programs by the names of their files.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::OnceLock;

use super::schema::{Emulator, Executables, LicenseManager, Technology};
use crate::model::Os;
use crate::model::sorting::sort_by_key;

/// The names of all executables, each with its program. They are collected at the first question about a system: every
/// process is looked up several times.
#[derive(Debug, Clone, Default)]
pub(super) struct Names([OnceLock<HashMap<String, Place>>; Os::ALL.len()]);

/// Where a program is in its list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Emulator(usize),
    Server(usize),
    Own(usize),
}

/// What the names are of.
#[derive(Clone, Copy)]
pub(super) struct Lists<'l> {
    pub(super) emulators: &'l [Emulator],
    pub(super) technologies: &'l [Technology],
    pub(super) managers: &'l [LicenseManager],
}

impl Names {
    /// The place of the program with exactly this file name, by the rules of the system.
    pub(super) fn place(&self, lists: Lists<'_>, exe: &str, os: Os) -> Option<Place> {
        let names = self.0[os as usize].get_or_init(|| collected(lists, os));
        names.get(&*as_compared(exe, os)).copied()
    }
}

fn collected(lists: Lists<'_>, os: Os) -> HashMap<String, Place> {
    let mut names = HashMap::new();
    let mut add = |executables: &Executables, place: Place| {
        for name in executables.on(os) {
            names.entry(as_compared(name, os).into_owned()).or_insert(place);
        }
    };
    for (at, emulator) in lists.emulators.iter().enumerate() {
        add(&emulator.executables, Place::Emulator(at));
    }
    for (at, technology) in lists.technologies.iter().enumerate() {
        add(&technology.servers, Place::Server(at));
    }
    // Of several managers with the same daemon, the one with the most certain facts; then the first.
    let mut managers: Vec<_> = lists.managers.iter().enumerate().collect();
    sort_by_key(&mut managers, |(_, manager)| std::cmp::Reverse(manager.confidence));
    for (at, manager) in managers {
        add(&manager.executables, Place::Own(at));
    }
    names
}

fn as_compared(name: &str, os: Os) -> Cow<'_, str> {
    if os.ignores_case() { name.to_ascii_lowercase().into() } else { name.into() }
}
