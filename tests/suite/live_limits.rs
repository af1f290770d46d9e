//! Where the program may see less: a gap that is stated, never an empty list.

use std::os::unix::process::CommandExt;
use std::process::Command;

use crate::document::read;
use crate::live::{pids, row};
use crate::live_linux::{NOBODY, copied};
use crate::network::{Net, quiet};
use crate::started::{Listening, in_the_end, listener_program, program, told};

/// Starts a program without netlink: a filter of system calls, such as a container has, denies the
/// socket (seccomp(2)).
const WITHOUT_NETLINK: &str = "
import ctypes, os, platform, struct, sys
LD, JEQ, RET = 0x20, 0x15, 0x06
ALLOW, EPERM = 0x7fff0000, 0x00050001
AF_NETLINK = 16
SOCKET = {'x86_64': 41, 'aarch64': 198}[platform.machine()]
steps = [(LD, 0, 0, 0), (JEQ, 0, 3, SOCKET), (LD, 0, 0, 16), (JEQ, 0, 1, AF_NETLINK), (RET, 0, 0, EPERM), (RET, 0, 0, ALLOW)]
code = b''.join(struct.pack('HBBI', *step) for step in steps)
buffer = ctypes.create_string_buffer(code)
program = struct.pack('HxxxxxxQ', len(steps), ctypes.addressof(buffer))
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.prctl(22, 2, ctypes.create_string_buffer(program)) == 0, ctypes.get_errno()
os.execv(sys.argv[1], sys.argv[1:])
";

#[test]
fn where_netlink_is_denied_proc_net_is_read_and_that_is_said() {
    let places =
        ["tcp:127.0.0.1:0", "tcp:[::1]:0", "udp:127.0.0.1:0", "udp:[::1]:0", "udp-connected:127.0.0.1:0"];
    let listening = Listening::at(&listener_program(), &places);
    let run = |args: &[&str]| {
        let mut command = Command::new("python3");
        told(command.args(["-c", WITHOUT_NETLINK]).arg(program()).args(args).output().unwrap())
    };
    let pid = listening.pid().to_string();
    // The kernel writes these tables in pieces: while others open and close sockets, a line may be there
    // twice or not at all.
    let look = || run(&["--json", "--verbose", "--pid", &pid]);
    let (stdout, stderr, status) = in_the_end(look, |(stdout, ..)| read(stdout).listeners.len() == 4);
    let document = read(&stdout);
    assert_eq!(status, 0, "{stderr}");
    assert!(
        stderr.contains(
            "How: sockets were read from /proc/net, because sock_diag failed: Operation not permitted."
        ),
        "{stderr}"
    );
    assert_eq!(document.listeners.len(), 4);
    for address in &listening.addresses[..4] {
        let found = row(&document, *address);
        assert_eq!(pids(found), [listening.pid()]);
        assert!(found.accept_queue.as_ref().is_none_or(|queue| queue.limit.is_none()));
    }
    // What it does not tell is a gap where a port is called free.
    let (free, _, status) = run(&["1"]);
    assert!(status == 1 && free.contains("/proc/net does not report it"), "{free}");
    let (table, ..) = run(&["-v", "--pid", &pid]);
    assert!(!table.contains("a TCP port without listening"), "{table}");
}

#[test]
fn how_it_was_looked_is_said_when_asked_for() {
    let (told, ..) = crate::started::whatlistens(&["--verbose"]);
    assert!(told.contains("How: sockets were read by sock_diag."), "{told}");
    assert!(
        told.contains("this process can start no program, connect to nothing and write no file"),
        "{told}"
    );
    let (silent, ..) = crate::started::whatlistens(&[]);
    assert!(!silent.contains("How: "), "{silent}");
}

#[test]
#[ignore = "needs root: mounts /proc so that it hides the processes of others"]
fn hidden_processes_are_a_gap_and_not_an_empty_list() {
    let listening = Listening::at(&listener_program(), &["tcp:127.0.0.1:0"]);
    let port = listening.port().to_string();
    let (_folder, program) = copied(&program(), "whatlistens");
    // A PID namespace has a /proc of its own: the machine's stays as it is. Its first process is root's.
    let script = "mount -t proc -o hidepid=2 proc /proc && cd / && \
                  setpriv --reuid 65534 --regid 65534 --clear-groups \"$@\"; exit $?";
    let run = |args: &[&str]| {
        let mut command = Command::new("unshare");
        command.args(["--pid", "--fork", "--mount", "sh", "-c", script, "sh"]).arg(&program).args(args);
        told(command.output().unwrap())
    };
    let (stdout, stderr, status) = run(&["--json", &port]);
    let document = read(&stdout);
    assert_eq!(
        (status, row(&document, listening.addresses[0]).owner_status.as_str()),
        (0, "hidden"),
        "{stderr}"
    );
    let gap = document.gaps.iter().find(|gap| gap.kind == "owner-hidden").unwrap();
    assert!(gap.remedy.as_deref().is_some_and(|remedy| remedy.starts_with("sudo ")), "{gap:?}");
    assert!(gap.detail.contains("because /proc does not show you the processes of other users"), "{gap:?}");
    let (detail, ..) = run(&[&port]);
    assert!(detail.contains("is in use. You are not allowed to see by which"), "{detail}");
}

#[test]
#[ignore = "needs root: acts as an ordinary user on root's listener"]
fn an_ordinary_user_still_sees_backlog_and_user() {
    let listening = Listening::at(&listener_program(), &["tcp:127.0.0.1:0"]);
    let (_folder, program) = copied(&program(), "whatlistens");
    let mut command = Command::new(&program);
    command.args(["--json", &listening.port().to_string()]).uid(NOBODY).gid(NOBODY).current_dir("/");
    let document = read(&told(command.output().unwrap()).0);
    let found = row(&document, listening.addresses[0]);
    assert_eq!((found.owner_status.as_str(), found.user.as_deref()), ("hidden", Some("root")));
    assert_eq!(found.accept_queue.as_ref().unwrap().limit, Some(128));
}

/// Enough processes that a search of them is worth threads.
const MANY_PROCESSES: &str = "
import ctypes, os, signal
for _ in range(70):
    if os.fork() == 0:
        ctypes.CDLL(None).prctl(1, signal.SIGKILL) # with its parent
        signal.pause()
signal.pause()
";

#[test]
#[ignore = "needs root: acts as an ordinary user who may start no thread"]
fn where_the_system_refuses_threads_one_thread_does_it_all() {
    // One that would be entered by a thread of its own.
    let net = Net::new();
    let _population = quiet(net.command("python3").args(["-c", MANY_PROCESSES]));
    let (_folder, listener) = copied(&listener_program(), "listener");
    let mut command = Command::new(listener);
    let listening =
        Listening::start(command.arg("tcp:127.0.0.1:0").uid(NOBODY).gid(NOBODY).current_dir("/"), 1).unwrap();
    let (_folder, program) = copied(&program(), "whatlistens");
    let look = |args: &[&str]| {
        let mut command = Command::new("prlimit");
        command.arg("--nproc=1").arg(&program).args(args).uid(NOBODY).gid(NOBODY).current_dir("/");
        told(command.output().unwrap())
    };
    for args in [&["--json"][..], &["--json", "--all-namespaces"], &["--json", "--bpf", "always"]] {
        let (stdout, stderr, status) = look(args);
        assert_eq!(status, 0, "{args:?}: {stderr}");
        let document = read(&stdout);
        assert_eq!(pids(row(&document, listening.addresses[0])), [listening.pid()], "{args:?}");
        let is_refused = document.gaps.iter().any(|gap| gap.detail.contains("temporarily unavailable"));
        assert_eq!(is_refused, args.contains(&"--all-namespaces"), "{:?}", document.gaps);
    }
}
