//! Twice of what a stranger can open takes at most about twice the system calls (house rule 12). Each input
//! is made in namespaces of its own, for network and processes: what else runs does not count.

use std::process::{Command, Stdio};

use crate::network::is_there;
use crate::started::program;

/// How many times the calls of an input one of twice its size may take.
const MOST: f64 = 2.2;

/// So many calls more or less two runs on the same machine may take: memory, and threads that wait.
const NOISE: f64 = 15.0;

/// What the inputs are made of, then the input, then the program under strace(1): says how many system
/// calls it made and how many holders of listeners it showed.
const BEFORE: &str = "
import ctypes, json, os, resource, signal, subprocess, sys
from socket import *
size, wl = int(sys.argv[1]), sys.argv[2:]
libc = ctypes.CDLL(None)
resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
subprocess.run('ip link set lo up && mkdir -p /run/netns && mount -t tmpfs none /run/netns', shell=True, check=True)
def listener(port=0):
    s = socket()
    s.setsockopt(SOL_SOCKET, SO_REUSEPORT, 1)
    s.bind(('127.0.0.1', port)); s.listen(1024)
    return s
def child(act):
    ready, said = os.pipe()
    if os.fork() == 0:
        kept = act()
        os.close(said)
        signal.pause()
    os.close(said); os.read(ready, 1); os.close(ready)
def hide(sockets):
    ring = libc.syscall(425, 8, (ctypes.c_char * 120)()) # io_uring_setup
    files = (ctypes.c_int * len(sockets))(*[s.fileno() for s in sockets])
    if ring < 0 or libc.syscall(427, ring, 2, files, len(sockets)): # IORING_REGISTER_FILES
        print('no io_uring here'); sys.exit()
    for s in sockets: s.close()
";
const AFTER: &str = "
said = subprocess.run(['strace', '-f', '-c', '-o', '/proc/self/fd/2', *wl], stdin=subprocess.DEVNULL, capture_output=True, text=True)
calls = [line.split()[3] for line in said.stderr.splitlines() if line.endswith(' total')]
shown = sum(max(1, len(one['processes'])) for one in json.loads(said.stdout)['listeners'])
print(calls[0], shown)
";

/// What makes an input of `size`, and how many holders of listeners it has.
struct Input {
    made_by: &'static str,
    size: usize,
    args: &'static [&'static str],
    holders: fn(usize) -> usize,
}

/// The system calls with an input of this size; `None`, said so, where it cannot be made.
fn calls(input: &Input, size: usize, bpf: &str) -> Option<f64> {
    let mut command = Command::new("unshare");
    command.args(["--net", "--pid", "--fork", "--kill-child", "--mount-proc", "python3", "-c"]);
    command.arg(format!("{BEFORE}{}{AFTER}", input.made_by)).arg(size.to_string());
    command.arg(program()).args(["--json", "--bpf", bpf]).args(input.args);
    let output = command.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    if said.contains("no io_uring here") {
        eprintln!("skipped: there is no io_uring here");
        return None;
    }
    let counted: Vec<usize> = said.split_whitespace().map(|number| number.parse().unwrap()).collect();
    let [calls, shown] = counted[..] else { panic!("{}", String::from_utf8_lossy(&output.stderr)) };
    assert_eq!(shown, (input.holders)(size), "{size} of {}", input.made_by);
    Some(calls as f64)
}

/// Without the calls that one of them takes, which are those that do not grow. Where it does not hold, it is counted again: the kernel's
/// list of all sockets changes with the tests beside this one, and then the program looks twice.
fn assert_linear(input: &Input) {
    if !is_there("strace") {
        return;
    }
    for bpf in ["never", "always"] {
        let counted = || [1, input.size, 2 * input.size].map(|size| calls(input, size, bpf));
        let is_linear = |counted: &[Option<f64>; 3]| match *counted {
            [Some(least), Some(once), Some(twice)] => twice - least <= MOST * (once - least) + NOISE,
            _ => true,
        };
        let counted = (0..3).map(|_| counted()).find(is_linear).unwrap_or_else(counted);
        eprintln!("--bpf {bpf}: {counted:?} calls");
        assert!(
            is_linear(&counted),
            "--bpf {bpf}: {counted:?} calls with one, some and twice as many of\n{}",
            input.made_by
        );
    }
}

#[test]
#[ignore = "needs root: makes namespaces, and counts system calls"]
fn twice_the_listeners_of_a_process_take_twice_the_calls() {
    let made_by = "kept = [listener() for _ in range(size)]";
    assert_linear(&Input { made_by, size: 200, args: &[], holders: |size| size });
}

#[test]
#[ignore = "needs root: makes namespaces, and counts system calls"]
fn twice_the_processes_with_a_listener_take_twice_the_calls() {
    let made_by = "for _ in range(size): child(listener)";
    assert_linear(&Input { made_by, size: 30, args: &[], holders: |size| size });
}

/// Children that inherit what they share.
#[test]
#[ignore = "needs root: makes namespaces, and counts system calls"]
fn twice_the_holders_of_sockets_take_twice_the_calls() {
    let made_by = "
kept = [listener() for _ in range(10)]
for _ in range(size): child(lambda: None)
for s in kept: s.close()";
    assert_linear(&Input { made_by, size: 30, args: &[], holders: |size| 10 * size });
}

#[test]
#[ignore = "needs root: makes namespaces, and counts system calls"]
fn twice_the_sockets_that_processes_share_take_twice_the_calls() {
    let made_by = "
kept = [listener() for _ in range(size)]
for _ in range(10): child(lambda: None)
for s in kept: s.close()";
    assert_linear(&Input { made_by, size: 30, args: &[], holders: |size| 10 * size });
}

#[test]
#[ignore = "needs root: makes namespaces, and counts system calls"]
fn twice_the_group_with_twice_the_peers_takes_twice_the_calls() {
    let made_by = "
kept = [listener(27000) for _ in range(size)]
def peer(at):
    s = socket(); s.bind(('127.1.%d.%d' % (at >> 8, at & 255), 0)); s.connect(('127.0.0.1', 27000))
    return s
kept += [peer(at) for at in range(size)]";
    assert_linear(&Input { made_by, size: 100, args: &["--connections"], holders: |size| size });
}

#[test]
#[ignore = "needs root: makes namespaces, and counts system calls"]
fn twice_the_network_namespaces_take_twice_the_calls() {
    let made_by = "
def apart():
    assert libc.unshare(0x40000000) == 0 # CLONE_NEWNET
    subprocess.run(['ip', 'link', 'set', 'lo', 'up'], check=True)
    return listener()
for _ in range(size): child(apart)";
    assert_linear(&Input { made_by, size: 10, args: &["--all-namespaces"], holders: |size| size });
}

#[test]
#[ignore = "needs root: makes namespaces, and counts system calls"]
fn twice_the_sockets_of_a_ring_take_twice_the_calls() {
    let made_by = "hide([listener() for _ in range(size)])";
    assert_linear(&Input { made_by, size: 200, args: &[], holders: |size| size });
}

#[test]
#[ignore = "needs root: makes namespaces, and counts system calls"]
fn twice_the_rings_take_twice_the_calls() {
    let made_by = "for _ in range(size): hide([listener()])";
    assert_linear(&Input { made_by, size: 30, args: &[], holders: |size| size });
}

#[test]
#[ignore = "needs root: makes namespaces, and counts system calls"]
fn twice_the_open_files_take_twice_the_calls() {
    let made_by = "
kept = [listener()] + [open('/dev/null') for _ in range(size)]";
    assert_linear(&Input { made_by, size: 300, args: &[], holders: |_| 1 });
}
