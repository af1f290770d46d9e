//! Sockets that a process holds by io_uring alone: it is named all the same.

use std::process::Command;

use crate::live::{look, pids, row};
use crate::live_sockets::script;
use crate::network::{Net, is_there};
use crate::started::{Listening, in_the_end, loopback, whatlistens};

/// Puts a socket into the fixed files of an io_uring, which has no other use here, and closes it.
const HIDE: &str = "
from ctypes import CDLL, c_char, c_int
def hide(s):
    call = CDLL(None).syscall
    ring = call(425, 8, (c_char * 120)())  # io_uring_setup
    if ring < 0 or call(427, ring, 2, (c_int * 1)(s.fileno()), 1):  # IORING_REGISTER_FILES
        sys.exit('no io_uring here')
    say(s); s.close()";

/// A Python that runs such lines; `None`, said so, where there is no io_uring.
fn hiding(lines: &str, start: impl FnOnce(&str) -> Command) -> Option<Listening> {
    match Listening::start(&mut start(&script(&format!("{HIDE}\n{lines}"))), 1) {
        Ok(listening) => Some(listening),
        Err(why) if why.contains("no io_uring here") => {
            eprintln!("skipped: there is no io_uring here");
            None
        }
        Err(why) => panic!("{why}"),
    }
}

fn python(script: &str) -> Command {
    let mut command = Command::new("python3");
    command.args(["-c", script]);
    command
}

#[test]
fn a_socket_that_only_io_uring_holds_has_its_holder() {
    for lines in [
        "s = socket(); s.bind(('HOST', 0)); s.listen(); hide(s)",
        "s = socket(type=SOCK_DGRAM); s.bind(('HOST', 0)); hide(s)",
    ] {
        // Of another protocol, somebody may have the same port on all addresses.
        let lines = &lines.replace("HOST", &loopback());
        let Some(hidden) = hiding(lines, python) else { return };
        let document = in_the_end(|| look(&hidden.port().to_string()), |seen| !seen.listeners.is_empty());
        let found = row(&document, hidden.addresses[0]);
        assert_eq!((found.owner_status.as_str(), pids(found)), ("identified", vec![hidden.pid()]), "{lines}");
        let rows = whatlistens(&["-H", "--bpf", "never", "--pid", &hidden.pid().to_string()]).0;
        assert_eq!(rows.lines().count(), 1, "{rows}");
    }
}

#[test]
#[ignore = "needs root: makes a network namespace, and uses BPF"]
fn on_a_license_port_every_holder_counts() {
    let net = Net::new();
    // The child inherits the socket; the parent serves it by io_uring.
    let lines = "
s = socket(); s.bind(('127.0.0.1', 27000)); s.listen()
import subprocess
subprocess.Popen(['sleep', '60'], pass_fds=[s.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
hide(s)";
    let in_it = |script: &str| {
        let mut command = net.command("python3");
        command.args(["-c", script]);
        command
    };
    let Some(hidden) = hiding(lines, in_it) else { return };
    for bpf in ["never", "always"] {
        let document = net.look(&["--bpf", bpf, "27000"]);
        let names: Vec<_> =
            document.listeners[0].processes.iter().map(|one| one.name.clone().unwrap()).collect();
        assert!(pids(&document.listeners[0]).contains(&hidden.pid()), "{bpf}: {names:?}");
        assert!(names.iter().any(|name| name == "sleep"), "{bpf}: {names:?}");
    }
}

#[test]
#[ignore = "needs root: makes a network namespace, and counts system calls"]
fn an_io_uring_is_read_once_for_all_its_sockets() {
    if !is_there("strace") {
        return;
    }
    let net = Net::new();
    let lines = "
kept = [socket() for _ in range(200)]
for s in kept: s.bind(('127.0.0.1', 0)); s.listen(1)
call = CDLL(None).syscall
ring = call(425, 8, (c_char * 120)())
if ring < 0 or call(427, ring, 2, (c_int * 200)(*[s.fileno() for s in kept]), 200): sys.exit('no io_uring here')
say(kept[0])
for s in kept: s.close()";
    let in_it = |script: &str| {
        let mut command = net.command("python3");
        command.args(["-c", script]);
        command
    };
    let Some(hidden) = hiding(lines, in_it) else { return };
    let pid = hidden.pid().to_string();
    for bpf in ["never", "always"] {
        let args = ["-H", "--bpf", bpf, "--pid", &pid];
        assert_eq!(net.run(&args).0.lines().count(), 200, "{bpf}");
        let calls = net.traced(&["-e", "trace=openat"], &args);
        let read = calls.iter().filter(|call| call.contains(&format!("task/{pid}/fdinfo/"))).count();
        assert!((1..20).contains(&read), "{bpf}: {read}");
    }
}
