//! The live view of `watch` on a real terminal: what it shows, and that it leaves the terminal as it was.

use std::ffi::OsStr;
use std::fs;
use std::net::TcpListener;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::network::eventually;
use crate::started::{Listening, copy_program, example, listener_program, loopback, program, told};
use crate::terminal::{TAKEN, Terminal, USUAL};

/// A program with a name that nobody else has: others may listen on any address.
struct Own {
    folder: tempfile::TempDir,
    name: String,
}

impl Own {
    fn new() -> Own {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let name = format!("own{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let own = Own { folder: tempfile::tempdir().unwrap(), name };
        copy_program(listener_program(), own.path());
        own
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join(&self.name)
    }

    fn listens(&self, count: usize) -> Listening {
        let host = loopback();
        let places: Vec<String> = (0..count).map(|_| format!("tcp:{host}:0")).collect();
        Listening::at(&self.path(), &places.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// Watches it alone.
    fn watch(&self, options: &str) -> String {
        watch(&format!("--process {} {options}", self.name))
    }
}

fn watch(options: &str) -> String {
    format!("'{}' watch --interval 50ms {options}", program().display())
}

/// The row of a port, if it is there.
fn row(screen: &str, port: u16) -> Option<&str> {
    let rows = screen.lines().take_while(|line| !line.is_empty());
    rows.skip(1).find(|line| line.contains(&format!(" {port}/tcp ")))
}

#[test]
fn the_listing_marks_what_comes_and_goes_and_the_log_says_when() {
    let Some(terminal) = Terminal::new(110, 24) else { return };
    let own = Own::new();
    let first = own.listens(1);
    terminal.start(&own.watch(""));
    let screen = terminal.until(|screen| row(screen, first.port()).is_some());
    assert!(row(&screen, first.port()).unwrap().starts_with("  "), "it was there before: {screen}");
    assert!(screen.contains("  every 50ms  1 listener  "), "{screen}");
    let second = own.listens(1);
    let port = second.port();
    let is_marked = |screen: &str, sign: char| row(screen, port).is_some_and(|row| row.starts_with(sign));
    let logged = |screen: &str, word: &str| {
        screen
            .lines()
            .any(|line| line.contains(&format!("  {word} ")) && line.contains(&format!("{port}/tcp")))
    };
    // A frame may be seen in parts.
    terminal.until(|screen| {
        is_marked(screen, '+') && logged(screen, "appeared") && screen.contains("  2 listeners  ")
    });
    drop(second);
    terminal.until(|screen| {
        is_marked(screen, '-') && logged(screen, "went") && screen.contains("  1 listener  ")
    });
    // Colour, beside the sign.
    let is_painted = |line: &str| {
        line.contains("\u{1b}[31m") && line.contains(&format!("{port}/tcp")) && !line.contains("went")
    };
    let painted = terminal.painted();
    assert!(painted.lines().any(is_painted), "{painted:?}");
    terminal.until(|screen| row(screen, port).is_none());
}

#[test]
fn it_has_the_size_of_the_terminal_and_scrolls() {
    let Some(terminal) = Terminal::new(110, 30) else { return };
    let own = Own::new();
    let listening = own.listens(20);
    let mut ports: Vec<u16> = listening.addresses.iter().map(|address| address.port()).collect();
    ports.sort_unstable();
    let (first, last) = (ports[0], ports[19]);
    terminal.start(&own.watch(""));
    terminal.until(|screen| row(screen, first).is_some() && row(screen, last).is_some());
    terminal.resize(50, 12);
    let is_first = |screen: &str| row(screen, first).is_some() && !screen.contains(" above");
    let is_cut = |screen: &str| screen.contains("more lines below") && screen.lines().count() == 12;
    let screen = terminal.until(|screen| is_cut(screen) && is_first(screen));
    assert!(screen.lines().all(|line| line.chars().count() <= 50), "{screen}");
    assert!(row(&screen, last).is_none(), "{screen}");
    terminal.keys(&["Down"]);
    terminal.until(|screen| row(screen, first).is_none() && row(screen, ports[1]).is_some());
    terminal.keys(&["Up"]);
    terminal.until(is_first);
    terminal.keys(&["PageDown"]);
    terminal.until(|screen| row(screen, first).is_none() && screen.contains(" above"));
    terminal.keys(&["PageUp"]);
    terminal.until(is_first);
    terminal.keys(&["End"]);
    terminal.until(|screen| row(screen, last).is_some() && !screen.contains(" below"));
    terminal.keys(&["Home"]);
    terminal.until(is_first);
    terminal.resize(110, 30);
    terminal.until(|screen| row(screen, last).is_some() && !screen.contains("more line"));
}

/// Starts a command on a terminal on which something stands, ends it so, and looks at what is left.
fn ends(command: &str, end: impl FnOnce(&Terminal), status: &str) {
    let Some(terminal) = Terminal::new(100, 20) else { return };
    let [before, after, ended, pid] = ["before", "after", "ended", "pid"].map(|name| terminal.file(name));
    terminal.run(&format!("ulimit -c 0; echo 'stood here'; stty -g >'{}'", before.display()));
    terminal.start(&format!("sh -c 'echo $$ >{}; exec \"$@\"' sh {command}", pid.display()));
    assert!(eventually(|| terminal.modes() == TAKEN), "{}", terminal.screen());
    assert!(!terminal.screen().contains("stood here"));
    end(&terminal);
    assert!(eventually(|| terminal.modes() == USUAL), "it does not end: {}", terminal.screen());
    terminal.until(|screen| screen.ends_with('$'));
    // A shell leaves out the rest of a line after Ctrl-C.
    terminal.run(&format!("echo $? >'{}'", ended.display()));
    terminal.run(&format!("stty -g >'{}'", after.display()));
    assert_eq!(fs::read_to_string(&ended).unwrap().trim(), status);
    assert_eq!(terminal.modes(), USUAL, "{}", terminal.screen());
    assert_eq!(fs::read(&before).unwrap(), fs::read(&after).unwrap());
    assert!(terminal.screen().contains("stood here"), "{}", terminal.screen());
}

/// Sends a signal to the program.
fn signal(name: &str) -> impl FnOnce(&Terminal) {
    let name = format!("-{name}");
    move |terminal| {
        let pid = fs::read_to_string(terminal.file("pid")).unwrap();
        assert!(Command::new("kill").args([&name, pid.trim()]).status().unwrap().success());
    }
}

#[test]
fn however_it_ends_the_terminal_is_as_it_was() {
    let own = Own::new();
    let command = own.watch("");
    ends(&command, |terminal| terminal.keys(&["q"]), "0");
    ends(&command, |terminal| terminal.keys(&["Escape"]), "0");
    // As the shell says of a program that a signal ended.
    ends(&command, |terminal| terminal.keys(&["C-c"]), "130");
    ends(&command, signal("TERM"), "143");
    ends(&command, signal("HUP"), "129");
    ends(&command, signal("QUIT"), "131");
    ends(&command, signal("USR1"), "138");
    ends(&command, signal("ABRT"), "134");
    ends(&own.watch("--for 1s"), |_| {}, "0");
}

#[test]
fn after_a_panic_the_terminal_is_as_it_was_and_says_why() {
    let Some(terminal) = Terminal::new(100, 20) else { return };
    for how in ["panic", "thread"] {
        let [before, after] = ["before", "after"].map(|name| terminal.file(name));
        terminal.run(&format!("stty -g >'{}'", before.display()));
        terminal.run(&format!("'{}' {how}; echo ended $?", example("full_screen").display()));
        terminal.run(&format!("stty -g >'{}'", after.display()));
        let screen = terminal.screen();
        assert!(
            screen.contains("a fault of the program itself") && screen.contains("on purpose"),
            "{screen}"
        );
        assert!(screen.contains("ended 3") && !screen.contains("other screen"), "{screen}");
        assert_eq!(terminal.modes(), USUAL);
        assert_eq!(fs::read(&before).unwrap(), fs::read(&after).unwrap());
    }
}

#[test]
fn it_stops_as_other_programs_do_and_goes_on() {
    let Some(terminal) = Terminal::new(100, 20) else { return };
    let own = Own::new();
    let listening = own.listens(1);
    let [before, stopped] = ["before", "stopped"].map(|name| terminal.file(name));
    terminal.run(&format!("stty -g >'{}'", before.display()));
    terminal.start(&own.watch(""));
    terminal.until(|screen| row(screen, listening.port()).is_some());
    terminal.keys(&["C-z"]);
    terminal.until(|screen| screen.contains("Stopped"));
    assert_eq!(terminal.modes(), USUAL);
    terminal.run(&format!("stty -g >'{}'", stopped.display()));
    assert_eq!(fs::read(&before).unwrap(), fs::read(&stopped).unwrap());
    terminal.start("fg");
    terminal.until(|screen| row(screen, listening.port()).is_some() && !screen.contains("Stopped"));
    assert_eq!(terminal.modes(), TAKEN);
    terminal.keys(&["q"]);
    assert!(eventually(|| terminal.modes() == USUAL));
}

#[test]
fn names_of_strangers_are_escaped() {
    let Some(terminal) = Terminal::new(110, 20) else { return };
    // A port of an address that nobody else has.
    let place = TcpListener::bind((loopback().as_str(), 0)).unwrap().local_addr().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(OsStr::from_bytes(b"e\x1b[2J\x1b[?25h"));
    copy_program(listener_program(), &path);
    terminal.start(&watch(&place.to_string()));
    assert!(eventually(|| terminal.modes() == TAKEN));
    let listening = Listening::at(&path, &[&format!("tcp:{place}")]);
    // In its row, and in the log.
    let escaped = r#""e\u{1b}[2J\u{1b}[?25h""#;
    let screen = terminal.until(|screen| screen.matches(escaped).count() >= 2);
    assert!(row(&screen, listening.port()).is_some_and(|row| row.contains(escaped)), "{screen}");
    assert_eq!(terminal.modes(), TAKEN, "the cursor is not seen");
}

/// Runs Python with the program on a terminal that it makes: `fd` is the other side.
fn on_a_terminal(script: &str, args: &[&str]) -> (String, String, u8) {
    const BEGIN: &str = "
import os, pty, select, signal, sys, time
def start(environment={}, ignored=()):
    pid, fd = pty.fork()
    if pid == 0:
        for one in ignored: signal.signal(one, signal.SIG_IGN)
        os.environ.update({'TERM': 'xterm', **environment})
        os.execv(sys.argv[1], sys.argv[1:])
    return pid, fd
def read(fd):
    try: return os.read(fd, 65536)
    except OSError: return b''
def ended(pid):
    until = time.monotonic() + 20
    while time.monotonic() < until:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done: return os.waitstatus_to_exitcode(status)
        select.select([], [], [], 0.01)
    os.kill(pid, signal.SIGKILL)
    return 'never'
";
    let mut command = Command::new("python3");
    command.args(["-c", &format!("{BEGIN}{script}")]).arg(program()).arg("watch").args(args);
    told(command.env_remove("NO_COLOR").output().unwrap())
}

#[test]
fn only_what_changed_is_written() {
    const SCRIPT: &str = "
pid, fd = start()
frames = []
while chunk := read(fd): frames.append(chunk)
print(len(frames), sum(map(len, frames[2:])))
print(b''.join(frames).decode())
";
    let own = Own::new();
    let listening = own.listens(1);
    let args = ["--process", &own.name, "--interval", "20ms", "--for", "3s"];
    let (written, complaints, status) = on_a_terminal(SCRIPT, &args);
    assert_eq!((complaints.as_str(), status), ("", 0));
    assert_eq!(written.matches(&format!("{}/tcp", listening.port())).count(), 1, "{written:?}");
    // In about 100 looks, the line with the time changes 3 or 4 times.
    let first = written.lines().next().unwrap();
    let (writes, bytes) = first.split_once(' ').unwrap();
    let (writes, bytes): (usize, usize) = (writes.parse().unwrap(), bytes.parse().unwrap());
    assert!(writes <= 9 && bytes < 600, "{writes} writes, {bytes} bytes");
}

#[test]
fn it_ends_with_its_terminal_even_if_nobody_says_so() {
    // Closed as by an ssh that broke, with SIGHUP ignored as by nohup.
    const SCRIPT: &str = "
pid, fd = start(ignored=[signal.SIGHUP])
while b'1049h' not in read(fd): pass
os.close(fd)
print(ended(pid))
pid, fd = start()
while b'1049h' not in read(fd): pass
os.close(fd)
print(ended(pid))
";
    let (said, complaints, status) = on_a_terminal(SCRIPT, &[]);
    assert_eq!((said.as_str(), complaints.as_str(), status), ("2\n-1\n", "", 0));
}

#[test]
fn a_terminal_that_shows_no_screen_gets_lines() {
    const SCRIPT: &str = "
for term in ['dumb', '']:
    pid, fd = start({'TERM': term})
    said = b''
    while chunk := read(fd): said += chunk
    # Below stand gaps, of whatever else listens here.
    print(said.decode().splitlines()[:2], b'\\x1b[?' in said, ended(pid))
";
    let own = Own::new();
    let (said, ..) = on_a_terminal(SCRIPT, &["--process", &own.name, "--for", "100ms"]);
    insta::assert_snapshot!(said, @"
    ['Each change is printed as a line: the terminal is ‘dumb’ (TERM).', 'No listener matches.'] False 0
    ['Each change is printed as a line: TERM does not say what terminal this is.', 'No listener matches.'] False 0
    ");
}

#[test]
fn without_colours_the_signs_are_left() {
    const SCRIPT: &str = "
pid, fd = start({'NO_COLOR': '1'})
said = b''
while chunk := read(fd): said += chunk
print(said.decode())
";
    let own = Own::new();
    let (written, ..) = on_a_terminal(SCRIPT, &["--process", &own.name, "--for", "300ms"]);
    assert!(written.contains("+ appeared") && !written.contains("\u{1b}[1m"), "{written:?}");
}
