//! Real processes: the program under test, and listeners for it to find.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU8, Ordering};

use whatlistens::render::Signs;

/// The program under test.
pub fn program() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_whatlistens"))
}

/// The example that listens where it is told to; `cargo test` builds it.
pub fn listener_program() -> PathBuf {
    example("listener")
}

/// One of the project's example programs, which cargo builds before it runs the tests.
pub fn example(name: &str) -> PathBuf {
    let path = program().with_file_name("examples").join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(path.exists(), "{} is missing: run `cargo build --examples`", path.display());
    path
}

/// Copies a program that will be run. By another program: a file that this process had open for writing cannot be run as long
/// as a child that another test forks meanwhile has it open too (ETXTBSY, execve(2)).
pub fn copy_program(from: impl AsRef<Path>, to: impl AsRef<Path>) {
    let (from, to) = (from.as_ref(), to.as_ref());
    if cfg!(unix) {
        assert!(Command::new("cp").args([from, to]).status().unwrap().success(), "{}", to.display());
    } else {
        std::fs::copy(from, to).unwrap();
    }
}

/// Runs the program under test: what it prints, what it complains of, and its exit status.
pub fn whatlistens(args: &[&str]) -> (String, String, u8) {
    told(Command::new(program()).args(args).env_remove("NO_COLOR").output().unwrap())
}

pub fn told(output: Output) -> (String, String, u8) {
    (
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
        output.status.code().expect("ended by itself").try_into().unwrap(),
    )
}

/// A text of the program's own as it stands in a pipe of this system.
pub fn in_pipe(text: &str) -> String {
    let signs = if cfg!(windows) { Signs::Ascii } else { Signs::All };
    signs.of(text.to_owned())
}

/// A text as one line: how it is broken is another matter.
pub fn unbroken(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Looks again, some times, until what is seen is right: a test beside this one may, between the
/// fork and the exec of a child of its own, hold every socket of this process for a moment.
pub fn in_the_end<T>(look: impl Fn() -> T, right: impl Fn(&T) -> bool) -> T {
    (0..50).map(|_| look()).find(right).unwrap_or_else(look)
}

/// Ends a child when the test does.
#[cfg(target_os = "linux")]
pub struct Ended(pub Child);

#[cfg(target_os = "linux")]
impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// An address that no other test has: all of 127.0.0.0/8 is this machine (RFC 1122, 3.2.1.3).
pub fn loopback() -> String {
    static NEXT: AtomicU8 = AtomicU8::new(1);
    let [_, _, high, low] = std::process::id().to_be_bytes();
    format!("127.{}.{high}.{low}", 100 + NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Starts a program where it gets the port, from `ports` in turn: somebody else may hold one.
pub fn start(ports: &[u16], command: impl Fn(&str) -> Command) -> Listening {
    // Where somebody's wildcard holds a port, IPv6 may still have it.
    let hosts = [loopback(), "[::1]".to_owned()];
    let mut why = String::new();
    for (host, port) in hosts.iter().flat_map(|host| ports.iter().map(move |port| (host, port))) {
        match Listening::start(&mut command(&format!("{host}:{port}")), 1) {
            Ok(listening) => return listening,
            Err(error) => why = error,
        }
    }
    panic!("none of {ports:?} is to be had, close what holds them: {why}");
}

/// The listener program, or a copy of it at `path`, on the first of these ports that is to be had.
pub fn listener_on(ports: &[u16], path: &Path) -> Listening {
    start(ports, |place| {
        let mut command = Command::new(path);
        command.arg(format!("tcp:{place}"));
        command
    })
}

/// The ports of a FlexNet license server.
pub const FLEXNET: [u16; 10] = [27000, 27001, 27002, 27003, 27004, 27005, 27006, 27007, 27008, 27009];

/// Starts it until nothing else has its port, on any address.
#[cfg(target_os = "linux")]
pub fn alone(start: impl Fn() -> Listening) -> Listening {
    let has_it_alone = |started: &Listening| {
        let own = started.addresses[0].to_string();
        let filter = format!("sport = :{}", started.port());
        let output = Command::new("ss").args(["-Htuna", &filter]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let listed = String::from_utf8(output.stdout).unwrap();
        listed.lines().all(|line| line.split_whitespace().nth(4) == Some(&own))
    };
    let mut started = (0..100).map(|_| start());
    started.find(has_it_alone).expect("a port that nobody else has")
}

/// A process that listens until it is dropped.
pub struct Listening {
    child: Child,
    /// Where, in the order it was asked to.
    pub addresses: Vec<SocketAddr>,
}

impl Listening {
    /// Starts the listener program, or a copy of it at `path`, on places such as `tcp:127.0.0.1:0`.
    pub fn at(path: &Path, places: &[&str]) -> Listening {
        Listening::start(Command::new(path).args(places), places.len())
            .unwrap_or_else(|why| panic!("{places:?}: {why}"))
    }

    /// Starts a command that says where it listens, a line for each of `count` sockets, and then
    /// waits for the end of its input.
    pub fn start(command: &mut Command, count: usize) -> Result<Listening, String> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| error.to_string())?;
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let addresses: Vec<SocketAddr> =
            lines.take(count).filter_map(|line| line.ok()?.parse().ok()).collect();
        if addresses.len() < count {
            let _ = child.kill();
            let output = child.wait_with_output().map_err(|error| error.to_string())?;
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        Ok(Listening { child, addresses })
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits for its end.
    #[cfg(windows)]
    pub fn wait(&mut self) {
        self.child.wait().unwrap();
    }

    /// The port of the first socket.
    pub fn port(&self) -> u16 {
        self.addresses[0].port()
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
