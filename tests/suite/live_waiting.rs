//! Waiting for nobody: what does not answer until the deadline becomes a gap, and an interrupt ends the program at once.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::symlink;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::document::{Document, read};
use crate::live_labels::{Delegated, container_id};
use crate::network::{Net, eventually, is_there, run};
use crate::served::Served;
use crate::started::{Ended, Listening, copy_program, listener_program, program, told};
use crate::terminal::shown_by;

/// More than a deadline of one second and the slowest machine need, and less than twice the deadline of the tests
/// that wait for several things.
const ENOUGH: Duration = Duration::from_secs(15);

/// Listens, and makes whoever reads its command line wait. One of its threads waits for a page of a file that does not
/// come, and holds the lock of its memory meanwhile; another waits to change that memory, and the kernel lets no reader
/// of the command line overtake it.
const STALLED: &str = "
import ctypes, mmap, os, signal, socket, sys, threading
libc = ctypes.CDLL(None)
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
libc.mmap.restype = ctypes.c_void_p
file = os.open(sys.argv[2], os.O_RDONLY)
page = libc.mmap(None, 4096, 1, 2, file, 0)
memory = os.open('/proc/self/mem', os.O_RDONLY)
s = socket.socket(); s.bind(('', int(sys.argv[1]))); s.listen()
sys.stdin.read(1)
def waits(thread):
    return open(f'/proc/self/task/{thread.native_id}/stat').read().rsplit(')', 1)[1].split()[0] == 'D'
reader = threading.Thread(target=lambda: os.pread(memory, 1, page), daemon=True)
writer = threading.Thread(target=lambda: libc.mmap(None, 4096, 3, 0x22, -1, 0), daemon=True)
reader.start()
while not waits(reader): pass
writer.start()
signal.pause()";

/// The answer in JSON, and how long it took.
fn timed(net: &Net, args: &[&str]) -> (Document, Duration) {
    let since = Instant::now();
    let (stdout, stderr, _) = net.run(&[&["--json"], args].concat());
    assert_eq!(stderr, "");
    (read(&stdout), since.elapsed())
}

fn gaps(document: &Document) -> Vec<(&str, &str)> {
    document.gaps.iter().map(|gap| (gap.kind.as_str(), gap.detail.as_str())).collect()
}

/// A server that stalls whoever reads its command line. It can only be ended once the file system has been.
struct Stalled {
    _served: Served,
    _server: Ended,
}

/// A server with the name of Java's program, whose command line says what it runs, on this port.
fn stalled(net: &Net, folder: &Path, port: u16) -> Option<Stalled> {
    let served = Served::new()?;
    fs::write(served.folder().join("disk/page"), [b'x'; 4096]).unwrap();
    let java = folder.join("java");
    copy_program("/usr/bin/python3", &java);
    let mut command = net.command(&java);
    command.env("PYTHONHOME", "/usr").args(["-S", "-c", STALLED, &port.to_string()]).arg(served.path("page"));
    let mut server =
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let listens = || {
        let listed = net.command("ss").args(["-tlnH"]).output().unwrap();
        String::from_utf8_lossy(&listed.stdout).contains(&format!(":{port} "))
    };
    assert!(eventually(listens), "it listens");
    served.stop();
    let mut input = server.stdin.take().unwrap();
    let stalled = Stalled { _served: served, _server: Ended(server) };
    input.write_all(b"x").unwrap();
    let tasks = format!("/proc/{}/task", stalled._server.0.id());
    let waits = |task: &fs::DirEntry| {
        let stat = fs::read_to_string(task.path().join("stat")).unwrap_or_default();
        stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('D'))
    };
    let waiting = || fs::read_dir(&tasks).unwrap().flatten().filter(waits).count();
    assert!(eventually(|| waiting() == 2), "both threads wait");
    Some(stalled)
}

#[test]
#[ignore = "needs root: makes a network namespace, and stops who serves a file system"]
fn a_process_that_stalls_its_readers_is_shown_without_what_it_stalls() {
    let (net, folder) = (Net::new(), tempfile::tempdir().unwrap());
    let Some(_stalled) = stalled(&net, folder.path(), 8085) else { return };
    for args in [&["8085"][..], &["--bpf", "always"], &["--bpf", "never", "--args"]] {
        let (document, took) = timed(&net, &[&["--deadline", "1s"], args].concat());
        assert!(took < ENOUGH, "{args:?}: {took:?}");
        assert_eq!(document.listeners[0].processes[0].name.as_deref(), Some("java"), "{args:?}");
        let gap = ("timed-out", "the command line of 1 process could not be read within 1 s");
        assert!(gaps(&document).contains(&gap), "{args:?}: {:?}", document.gaps);
    }
}

#[test]
#[ignore = "needs root: makes a network namespace, and stops who serves a file system"]
fn what_is_waited_for_is_shown_on_a_terminal_and_is_gone_in_the_end() {
    let (net, folder) = (Net::new(), tempfile::tempdir().unwrap());
    let Some(_stalled) = stalled(&net, folder.path(), 8087) else { return };
    let shown = |options: &str| {
        let line = format!("'{}' --deadline 3s {options} 8087", program().display());
        shown_by(&mut net.command("script"), &line)
    };
    let (table, json) = (shown(""), shown("--output list"));
    let (before, after) = table.split_once("\r\u{1b}[K").unwrap_or_else(|| panic!("{table:?}"));
    assert!(before.starts_with("\rwaiting for command lines (1 of 3 s)\u{1b}[K"), "{table:?}");
    assert!(!after.contains("waiting for") && after.contains("java"), "{table:?}");
    assert!(!json.contains("waiting for"), "a screen reader would read it again and again: {json:?}");
}

#[test]
#[ignore = "needs root: makes a network namespace, and stops who serves a file system"]
fn an_interrupt_ends_it_while_it_waits() {
    let (net, folder) = (Net::new(), tempfile::tempdir().unwrap());
    let Some(_stalled) = stalled(&net, folder.path(), 8085) else { return };
    // Whoever starts the tests may ignore interrupts, which is inherited.
    let mut waiting = net.command("env");
    waiting.arg("--default-signal=INT").arg(program());
    let mut waiting = waiting.args(["--deadline", "1h", "8085"]).stdout(Stdio::piped()).spawn().unwrap();
    // nsenter(1) and env(1) have become the program, and that has started its helper.
    let children = format!("/proc/{0}/task/{0}/children", waiting.id());
    assert!(eventually(|| fs::read_to_string(&children).is_ok_and(|pids| !pids.is_empty())));
    let since = Instant::now();
    run(Command::new("kill").args(["-INT", &waiting.id().to_string()]));
    assert_eq!(waiting.wait().unwrap().signal(), Some(2));
    assert!(since.elapsed() < ENOUGH);
    // Nothing that was left behind keeps the pipe open.
    let mut rest = String::new();
    waiting.stdout.as_mut().unwrap().read_to_string(&mut rest).unwrap();
    assert!(since.elapsed() < ENOUGH);
}

/// A name service (`nss(5)`) that never answers.
const SERVICE: &str = "
#include <nss.h>
#include <pwd.h>
#include <unistd.h>
enum nss_status _nss_stalls_getpwuid_r(uid_t u, struct passwd *p, char *b, size_t n, int *e) {
    for (;;) pause();
}";

/// Runs the program in a network namespace, where users are looked up in `/etc/passwd` and in a service that does not
/// answer.
fn with_stalled_service(net: &Net, folder: &Path, args: &[&str]) -> (Document, Duration) {
    let source = folder.join("service.c");
    fs::write(&source, SERVICE).unwrap();
    let library = folder.join("libnss_stalls.so.2");
    run(Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&library).arg(&source));
    let switch = folder.join("nsswitch.conf");
    fs::write(&switch, "passwd: files stalls\n").unwrap();
    let script = "mount --bind \"$0\" /etc/nsswitch.conf && exec \"$@\"";
    let mut command = net.command("unshare");
    command.args(["--mount", "sh", "-c", script]).arg(&switch).arg(program()).arg("--json").args(args);
    let since = Instant::now();
    let (stdout, ..) = told(command.env("LD_LIBRARY_PATH", folder).output().unwrap());
    (read(&stdout), since.elapsed())
}

#[test]
#[ignore = "needs root: makes namespaces, and listeners of users without an account"]
fn users_of_a_directory_that_does_not_answer_are_shown_by_number() {
    if !is_there("cc") {
        return;
    }
    let (net, folder) = (Net::new(), tempfile::tempdir().unwrap());
    let uids: Vec<u32> = (424_201..=424_210).collect();
    let listener = |(at, uid): (usize, &u32)| {
        let port = 4201 + u16::try_from(at).unwrap();
        let ids = [format!("--reuid={uid}"), format!("--regid={uid}")];
        let mut command = net.command("setpriv");
        command
            .args(ids)
            .args(["--clear-groups", "--"])
            .arg(listener_program())
            .arg(format!("tcp:0.0.0.0:{port}"));
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let input = child.stdin.take();
        (Ended(child), input)
    };
    let listeners: Vec<_> = uids.iter().enumerate().map(listener).collect();
    assert!(eventually(|| net.look(&["--numeric"]).listeners.len() == listeners.len()));
    // One deadline for them all, not one for each.
    let (document, took) = with_stalled_service(&net, folder.path(), &["--deadline", "2s"]);
    assert!(took < ENOUGH, "{took:?}");
    let holders = document.listeners.iter().map(|listener| &listener.processes[0]);
    let users: Vec<(Option<&str>, Option<u32>)> =
        holders.map(|holder| (holder.user.as_deref(), holder.uid)).collect();
    assert_eq!(users, uids.iter().map(|&uid| (None, Some(uid))).collect::<Vec<_>>());
    assert_eq!(gaps(&document), [("timed-out", "the names of 10 users could not be read within 2 s")]);
    let (document, _) = with_stalled_service(&net, folder.path(), &["--numeric"]);
    assert_eq!(gaps(&document), []);
}

/// Holds a lease on a file and ignores the signal that asks for it.
const LEASE: &str = "
import fcntl, os, signal, sys
signal.signal(signal.SIGIO, signal.SIG_IGN)
file = os.open(sys.argv[1], os.O_RDWR)
fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)
print(flush=True)
sys.stdin.read()";

#[test]
#[ignore = "needs root: makes a control group and a network namespace, and stops who serves a file system"]
fn the_files_of_docker_are_not_waited_for() {
    let Some(container) = Delegated::to(0) else {
        eprintln!("skipped: no control groups");
        return;
    };
    let (net, folder) = (Net::new(), tempfile::tempdir().unwrap());
    let server = Listening::start(net.command(listener_program()).arg("tcp:0.0.0.0:8086"), 1).unwrap();
    container.hold(server.pid());
    // In a mount namespace, the folder stands for /var/lib.
    let name = || {
        let script = "mount --bind \"$0\" /var/lib && exec timeout --signal KILL 30 \"$@\"";
        let mut command = net.command("unshare");
        command.args(["--mount", "sh", "-c", script]).arg(folder.path()).arg(program());
        let since = Instant::now();
        let (stdout, ..) = told(command.args(["--json", "8086"]).output().unwrap());
        assert!(since.elapsed() < ENOUGH, "{:?}", since.elapsed());
        read(&stdout).listeners[0].processes[0].container.as_ref().unwrap().name.clone()
    };
    let of_docker = folder.path().join("docker");
    let config = of_docker.join("containers").join(container_id()).join("config.v2.json");
    fs::create_dir_all(config.parent().unwrap()).unwrap();
    fs::write(&config, r#"{"Name":"/web"}"#).unwrap();
    assert_eq!(name().as_deref(), Some("web"));
    let mut holder = Command::new("python3");
    holder.args(["-c", LEASE]).arg(&config).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut holder = Ended(holder.spawn().unwrap());
    holder.0.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
    assert_eq!(name(), None, "there is a lease on the file");
    drop(holder);
    fs::remove_file(&config).unwrap();
    run(Command::new("mkfifo").arg(&config));
    assert_eq!(name(), None, "it is a pipe");
    let Some(served) = Served::new() else { return };
    fs::remove_dir_all(&of_docker).unwrap();
    symlink(served.path(""), &of_docker).unwrap();
    served.stop();
    assert_eq!(name(), None, "it is on a server that does not answer");
}

#[test]
#[ignore = "needs root: mounts a file, and stops who serves a file system"]
fn a_time_zone_on_a_server_that_does_not_answer_is_not_waited_for() {
    let Some(served) = Served::new() else { return };
    fs::write(served.folder().join("disk/zone"), "no rules").unwrap();
    let listening = Listening::at(&listener_program(), &["tcp:127.0.0.1:0"]);
    let zone = served.path("zone");
    // What is mounted from there has to be before it stops.
    let script = "{ ! test -e /etc/localtime || mount --bind \"$0\" /etc/localtime; } && echo && read x && exec \"$@\"";
    let mut commands = Vec::new();
    for named in ["TZ=".to_owned(), format!("TZ={}", zone.display())] {
        let mut command = Command::new("unshare");
        command
            .args(["--mount", "sh", "-c", script])
            .arg(&zone)
            .args(["env", &named, "timeout", "-sKILL", "30"]);
        command.arg(program()).arg(listening.port().to_string());
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut started = piped.spawn().unwrap();
        started.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
        commands.push(started);
    }
    served.stop();
    for mut started in commands {
        let since = Instant::now();
        started.stdin.take().unwrap().write_all(b"\n").unwrap();
        let (detail, ..) = told(started.wait_with_output().unwrap());
        assert!(detail.contains("Started ") && since.elapsed() < ENOUGH, "{:?} {detail}", since.elapsed());
    }
}

#[test]
#[ignore = "needs root: mounts a pipe over the system's files"]
fn a_pipe_in_place_of_a_file_of_the_system_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    run(Command::new("mkfifo").arg(&pipe));
    let listening = Listening::at(&listener_program(), &["tcp:127.0.0.1:0"]);
    let rules = ["ip_local_port_range", "ip_unprivileged_port_start", "ip_local_reserved_ports"];
    let of_net = rules.map(|name| format!("/proc/sys/net/ipv4/{name}"));
    let files = ["/etc/nsswitch.conf", "/etc/passwd", "/etc/group", "/etc/localtime"];
    let script = "for file; do test ! -e \"$file\" || mount --bind \"$PIPE\" \"$file\" || exit 9; done";
    for file in files.into_iter().map(str::to_owned).chain(of_net) {
        for args in [&["--json"][..], &["1"], &["excluded"], &["-t"]] {
            let ask = format!("{script}; exec timeout -sKILL 30 \"$PROGRAM\" {}", args.join(" "));
            let mut command = Command::new("unshare");
            command
                .args(["--mount", "sh", "-c", &ask, "sh", &file])
                .env("PIPE", &pipe)
                .env("PROGRAM", program());
            let since = Instant::now();
            let output = command.output().unwrap();
            let is_answer = matches!(output.status.code(), Some(0 | 1 | 3));
            assert!(since.elapsed() < ENOUGH && is_answer, "{file} {args:?}: {output:?}");
            if args == ["-t"] {
                assert!(told(output).0.contains(&listening.port().to_string()), "{file}");
            }
        }
    }
}
