//! The kernel's own pass over open files tells what a walk tells, and nothing of it stays.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use crate::document::Document;
use crate::network::{Net, eventually, is_there, quiet};
use crate::started::program;

const KERNEL: &[&str] = &["--bpf", "always"];
const WALK: &[&str] = &["--bpf", "never"];

/// Every listener of a document, with its holders.
fn holders(document: &Document) -> BTreeMap<(String, SocketAddr), BTreeSet<u32>> {
    let listeners = document.listeners.iter().map(|listener| {
        let place = SocketAddr::new(listener.address.parse().unwrap(), listener.port);
        let pids = listener.processes.iter().map(|process| process.pid).collect();
        ((listener.protocol.clone(), place), pids)
    });
    listeners.collect()
}

/// Holders of many kinds: several sockets in one process, one socket in several, by a descriptor above
/// others, over both protocols and families, in a thread's own table of files, bound and not listening,
/// beside sockets and files that are nobody's to tell.
const POPULATION: &str = "
import ctypes, os, signal, socket, threading
libc = ctypes.CDLL(None)
def tcp(family=socket.AF_INET, listens=True):
    s = socket.socket(family); s.bind(('', 0))
    if listens: s.listen(5)
    return s
kept = [tcp() for _ in range(20)] + [tcp(socket.AF_INET6) for _ in range(10)] + [tcp(listens=False)]
for family in (socket.AF_INET, socket.AF_INET6):
    u = socket.socket(family, socket.SOCK_DGRAM); u.bind(('', 0)); kept.append(u)
kept += [open('/dev/null') for _ in range(100)] + list(socket.socketpair()) + [socket.socket()]
high = tcp(); os.dup2(high.fileno(), 900)
for _ in range(5):
    if os.fork() == 0:
        libc.prctl(1, signal.SIGKILL) # with its parent
        del kept[:7]
        kept.append(tcp())
        signal.pause()
ready = threading.Event()
def own_table():
    libc.unshare(0x400)
    own = tcp()
    ready.set()
    signal.sigwait([signal.SIGUSR2])
threading.Thread(target=own_table, daemon=True).start()
ready.wait()
last = socket.socket(); last.bind(('', 8500)); last.listen()
signal.pause()
";

/// Connections, files and processes that come and go without pause.
const CHURN: &str = "
import os, socket
l = socket.socket(); l.bind(('127.0.0.1', 0)); l.listen(50)
while True:
    c = [socket.socket() for _ in range(20)]
    for s in c: s.connect(l.getsockname()); l.accept()
    if os.fork() == 0: os._exit(0)
    os.wait()
";

#[test]
#[ignore = "needs root: the kernel is given a program"]
fn the_kernel_and_a_walk_find_the_same_holders_under_churn() {
    let net = Net::new();
    let _population = net.serving(net.command("python3").args(["-c", POPULATION]), 8500);
    // The churn is in another namespace: its own listeners are not compared.
    let busy = Net::new();
    let _churn = quiet(busy.command("python3").args(["-c", CHURN]));
    assert!(eventually(|| !busy.look(&[]).listeners.is_empty()));

    let walked = holders(&net.look(WALK));
    assert!(walked.len() >= 40 && walked.values().any(|pids| pids.len() == 6), "{walked:?}");
    assert!(walked.values().all(|pids| !pids.is_empty()), "{walked:?}");
    let (_, notes, _) = net.run(&[KERNEL, &["--json", "--verbose"]].concat());
    assert!(notes.contains("How: BPF read the open files of"), "{notes}");
    for _ in 0..60 {
        assert_eq!(holders(&net.look(KERNEL)), walked);
    }
    assert_eq!(holders(&net.look(WALK)), walked, "they stayed as they were");
}

#[test]
#[ignore = "needs root: traces the program's system calls"]
fn nothing_is_pinned_or_attached_to_anything_that_stays() {
    if !is_there("strace") {
        return;
    }
    let net = Net::new();
    let said = net.traced(&["-e", "trace=bpf"], KERNEL);
    let calls: Vec<&str> =
        said.iter().filter_map(|line| line.split_once("bpf(")?.1.split(',').next()).collect();
    // What the last three make is gone with their descriptors (bpf(2)), and so with the program.
    assert_eq!(calls, ["BPF_PROG_LOAD", "BPF_LINK_CREATE", "BPF_ITER_CREATE"], "{said:?}");
}

#[test]
#[ignore = "needs root, which may ask the kernel"]
fn what_may_not_be_asked_is_walked_and_that_is_said() {
    let net = Net::new();
    let _population = net.serving(net.command("python3").args(["-c", POPULATION]), 8500);
    let walked = holders(&net.look(WALK));
    let without = |rights: &str| {
        let mut command = net.command("setpriv");
        command.args(["--bounding-set", rights, "--inh-caps", rights]).arg(program()).args(["--json", "-v"]);
        crate::started::told(command.args(KERNEL).output().unwrap())
    };
    let (stdout, notes, _) = without("-bpf,-sys_admin");
    assert!(notes.contains("BPF could not be used: Operation not permitted"), "{notes}");
    assert_eq!(holders(&crate::document::read(&stdout)), walked);
    let (_, notes, _) = net.run(&["--json", "-v", "--bpf", "never"]);
    assert!(notes.contains("processes could not be inspected.") && !notes.contains("BPF"), "{notes}");
}

#[test]
#[ignore = "needs root: makes a namespace of process ids"]
fn in_a_container_processes_are_told_by_the_ids_that_they_have_there() {
    let net = Net::new();
    let mut command = net.command("unshare");
    command.args(["--pid", "--mount-proc", "--fork", "sh", "-c"]);
    command.arg("python3 -c \"$1\" & until \"$0\" --bpf never -t 8500 -H >/dev/null; do :; done; exec \"$0\" --bpf always --json -v 8500");
    command.arg(program()).arg(POPULATION);
    let (stdout, notes, _) = crate::started::told(command.output().unwrap());
    assert!(notes.contains("BPF could not be used: process ids are different in this container"), "{notes}");
    let told = holders(&crate::document::read(&stdout));
    assert!(told.values().all(|pids| !pids.is_empty() && pids.iter().all(|&pid| pid < 100)), "{told:?}");
}
