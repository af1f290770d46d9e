//! A terminal of a test's own: script(1) for one command, or tmux(1) without anybody in front of it, and in it a shell.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::network::{eventually, is_there};

/// What a shell's command line shows on a terminal of its own that nobody types at. `script` starts script(1), as in a network
/// namespace.
pub fn shown_by(script: &mut Command, line: &str) -> String {
    let script = script.args(["-qec", line, "/dev/null"]).env_remove("NO_COLOR").env("TERM", "xterm");
    String::from_utf8(script.stdin(Stdio::null()).output().unwrap().stdout).unwrap()
}

/// The same of a terminal with so many columns.
pub fn shown(columns: u16, line: &str) -> String {
    shown_by(&mut Command::new("script"), &format!("stty cols {columns} rows 24; {line}"))
}

/// A screen with a shell, which starts what is typed.
pub struct Terminal {
    server: String,
    folder: tempfile::TempDir,
}

impl Terminal {
    /// `None` where there is no tmux.
    pub fn new(columns: u16, rows: u16) -> Option<Terminal> {
        if !is_there("tmux") {
            eprintln!("skipped: there is no tmux");
            return None;
        }
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let server = format!("whatlistens-{}-{number}", std::process::id());
        let terminal = Terminal { server, folder: tempfile::tempdir().unwrap() };
        let (columns, rows) = (columns.to_string(), rows.to_string());
        let size = ["-x", &columns, "-y", &rows];
        let mut command = terminal.tmux(&["-f", "/dev/null", "new-session", "-d"]);
        let command = command.args(size).arg("exec env -u NO_COLOR PS1='$ ' bash --norc --noprofile");
        assert!(command.status().unwrap().success());
        // The shell reads.
        terminal.run("true");
        Some(terminal)
    }

    fn tmux(&self, args: &[&str]) -> Command {
        let mut command = Command::new("tmux");
        command.args(["-L", &self.server]).args(args);
        command
    }

    fn told(&self, args: &[&str]) -> String {
        String::from_utf8(self.tmux(args).output().unwrap().stdout).unwrap()
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Types keys, by tmux's names for them.
    pub fn keys(&self, keys: &[&str]) {
        assert!(self.tmux(&["send-keys"]).args(keys).status().unwrap().success());
    }

    /// Types a command.
    pub fn start(&self, command: &str) {
        self.keys(&["-l", command]);
        self.keys(&["Enter"]);
    }

    /// Types a command, and waits for its end.
    pub fn run(&self, command: &str) {
        let done = self.file("done");
        let _ = fs::remove_file(&done);
        self.start(&format!("{command}; : >'{}'", done.display()));
        assert!(eventually(|| done.exists()), "{command}: {}", self.screen());
    }

    /// What is on the screen, without the blank lines below.
    pub fn screen(&self) -> String {
        self.told(&["capture-pane", "-p"]).trim_end().to_owned()
    }

    /// With the codes of the colours.
    pub fn painted(&self) -> String {
        self.told(&["capture-pane", "-p", "-e"])
    }

    /// Waits until the screen is right.
    pub fn until(&self, is_right: impl Fn(&str) -> bool) -> String {
        let is_there = eventually(|| is_right(&self.screen()));
        let screen = self.screen();
        assert!(is_there, "the screen never shows it:\n{screen}");
        screen
    }

    pub fn resize(&self, columns: u16, rows: u16) {
        let (columns, rows) = (columns.to_string(), rows.to_string());
        let size = ["resize-window", "-x", &columns, "-y", &rows];
        assert!(self.tmux(&size).status().unwrap().success());
    }

    /// Whether a program has the other screen, whether the cursor is seen, and whether lines go on in the next.
    pub fn modes(&self) -> String {
        let modes = self.told(&["display-message", "-p", "#{alternate_on}#{cursor_flag}#{wrap_flag}"]);
        modes.trim_end().to_owned()
    }
}

/// As a shell leaves it.
pub const USUAL: &str = "011";
/// As a program with the whole screen has it.
pub const TAKEN: &str = "100";

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.tmux(&["kill-server"]).output();
    }
}
