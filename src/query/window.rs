//! A window that opens for this program alone, and closes with it.

use std::ffi::OsString;
use std::io::{self, IsTerminal};

use crate::os;

/// Where this program was started.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    /// Whether keys can be read, and whether the answer is seen there.
    pub is_terminal: (bool, bool),
    /// How many programs have this console; `None` where that cannot be known, or where there are none.
    pub programs: Option<u32>,
}

impl Window {
    #[must_use]
    pub fn of_this_process() -> Window {
        // Where this is not known, nothing else is asked: on Linux the program may do little in the end.
        let programs = os::programs_of_console();
        let is_terminal = || (io::stdin().is_terminal(), io::stdout().is_terminal());
        Window { is_terminal: programs.map_or((false, false), |_| is_terminal()), programs }
    }

    /// Whether the answer would be gone before anybody has read it: by a double-click, Explorer opens a console for this
    /// program alone, and types nothing. A shell would be another program of the console.
    #[must_use]
    pub fn closes_unread(&self, args: &[OsString]) -> bool {
        self.is_terminal == (true, true) && self.programs == Some(1) && args.len() <= 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_window_of_its_own_closes_unread() {
        let closes = |keys, seen, programs, line: &str| {
            let args: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            Window { is_terminal: (keys, seen), programs }.closes_unread(&args)
        };
        assert!(closes(true, true, Some(1), "whatlistens.exe"));
        assert!(Window { is_terminal: (true, true), programs: Some(1) }.closes_unread(&[]));
        for (why, is_open) in [
            ("from a shell", closes(true, true, Some(2), "whatlistens")),
            ("from a script in a shell", closes(true, true, Some(3), "whatlistens")),
            ("into a pipe or a file", closes(true, false, Some(1), "whatlistens")),
            ("without keys", closes(false, true, Some(1), "whatlistens")),
            ("of a link with options", closes(true, true, Some(1), "whatlistens --exposed")),
            ("without a console", closes(true, true, Some(0), "whatlistens")),
            ("of a system that cannot say", closes(true, true, None, "whatlistens")),
        ] {
            assert!(!is_open, "{why}");
        }
    }
}
