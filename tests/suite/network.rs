//! Network namespaces of a test's own, and servers in them: their ports are nobody else's.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use crate::document::{Document, read};
use crate::started::{Ended, program, told, whatlistens};

/// So long a server may take to start.
const PATIENCE: Duration = Duration::from_secs(30);

/// A named network namespace with its loopback up; gone when it is dropped.
pub struct Net {
    pub name: String,
}

impl Net {
    pub fn new() -> Net {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        static CLEARED: Once = Once::new();
        CLEARED.call_once(remove_left_behind);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let net = Net { name: format!("wl{}-{number}", std::process::id()) };
        run(Command::new("ip").args(["netns", "add", &net.name]));
        net.ip(&["link", "set", "lo", "up"]);
        net
    }

    /// ip(8) in the namespace.
    pub fn ip(&self, args: &[&str]) {
        run(Command::new("ip").args(["-n", &self.name]).args(args));
    }

    /// A command that runs in it.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        // ip(8) would give it a /sys of its own, without the control groups.
        let mut command = Command::new("nsenter");
        command.arg(format!("--net=/run/netns/{}", self.name)).arg(program);
        command
    }

    /// A server in it, once something there listens on this port.
    pub fn serving(&self, command: &mut Command, port: u16) -> Ended {
        let server = quiet(command);
        let port_typed = port.to_string();
        let listens = || self.look(&[&port_typed]).listeners.iter().any(|l| l.state != "bound");
        assert!(eventually(listens), "{command:?} listens on {port}");
        server
    }

    /// What the program says, run in it.
    pub fn run(&self, args: &[&str]) -> (String, String, u8) {
        told(self.command(program()).args(args).output().unwrap())
    }

    /// The system calls that the program makes in it, a line each, by strace(1) with these options.
    pub fn traced(&self, options: &[&str], args: &[&str]) -> Vec<String> {
        let mut command = self.command("strace");
        command.args(["-f", "-qq"]).args(options).arg(program()).args(args);
        let said = String::from_utf8_lossy(&command.output().unwrap().stderr).into_owned();
        said.lines().map(str::to_owned).collect()
    }

    /// What the program says in JSON.
    pub fn look(&self, args: &[&str]) -> Document {
        let (stdout, ..) = self.run(&[&["--json"], args].concat());
        read(&stdout)
    }
}

impl Drop for Net {
    fn drop(&mut self) {
        let _ = Command::new("ip").args(["netns", "delete", &self.name]).status();
    }
}

/// Removes the namespaces of test programs that were killed, and ends the servers in them: every later
/// look at the machine would go through them. Where another process has the id by now, they stay.
fn remove_left_behind() {
    for entry in fs::read_dir("/run/netns").into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let pid = name.strip_prefix("wl").and_then(|rest| rest.split_once('-')?.0.parse::<u32>().ok());
        if pid.is_some_and(|pid| !Path::new(&format!("/proc/{pid}")).exists()) {
            // Another test program may do the same at this moment, so this may fail.
            let script = "ip netns pids \"$0\" | xargs -r kill -KILL; ip netns delete \"$0\"";
            let _ = Command::new("sh").args(["-c", script, &name]).output();
        }
    }
}

/// How many sockets have each port, on any address and in any namespace: what the program says of a port
/// may depend on all of them.
pub fn sockets_by_port() -> BTreeMap<u16, usize> {
    let document = read(&whatlistens(&["--json", "--all-namespaces"]).0);
    let mut counted = BTreeMap::new();
    for listener in document.listeners {
        *counted.entry(listener.port).or_default() += 1;
    }
    counted
}

/// Whether the test's own socket is the only one that has this port.
pub fn is_alone_on(port: u16) -> bool {
    sockets_by_port().get(&port) == Some(&1)
}

/// Looks until it is so, for as long as a slow machine may need.
pub fn eventually(is_so: impl Fn() -> bool) -> bool {
    let since = Instant::now();
    while since.elapsed() < PATIENCE {
        if is_so() {
            return true;
        }
    }
    false
}

/// A process that says nothing and is ended with the test.
pub fn quiet(command: &mut Command) -> Ended {
    Ended(start(command))
}

fn start(command: &mut Command) -> Child {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

pub fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Whether a part that a test needs is on this machine; says so where it is not.
pub fn is_there(program: &str) -> bool {
    let found = Command::new("sh").args(["-c", &format!("command -v {program}")]).output().unwrap();
    if !found.status.success() {
        eprintln!("skipped: {program} is not installed");
    }
    found.status.success()
}

/// A process in a control group of version 2, where one can be made; the process goes back to the root
/// when it is dropped.
pub struct InCgroup {
    folder: PathBuf,
    root: PathBuf,
    pid: u32,
}

/// Puts a process into a control group of this path; `None`, said so, where there is no version 2.
pub fn in_cgroup(path: &str, pid: u32) -> Option<InCgroup> {
    let roots = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].map(PathBuf::from);
    let Some(root) = roots.into_iter().find(|root| root.join("cgroup.procs").exists()) else {
        eprintln!("skipped: there are no control groups of version 2 here");
        return None;
    };
    let folder = root.join(path);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("cgroup.procs"), pid.to_string()).unwrap();
    Some(InCgroup { folder, root, pid })
}

impl Drop for InCgroup {
    fn drop(&mut self) {
        let _ = fs::write(self.root.join("cgroup.procs"), self.pid.to_string());
        let empty = |folder: &&std::path::Path| **folder != self.root && fs::remove_dir(folder).is_ok();
        self.folder.ancestors().take_while(empty).for_each(drop);
    }
}
