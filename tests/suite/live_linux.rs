//! The live path, where it is Linux's own: shared sockets, other users, namespaces, hostile names.

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::document::{Document, read};
use crate::live::{look, pids, row};
use crate::network::is_alone_on;
use crate::started::{
    Ended, Listening, copy_program, in_the_end, listener_program, program, told, whatlistens,
};
use crate::terminal::shown;

/// Debian's `nobody`.
pub const NOBODY: u32 = 65534;

/// A copy of a program, under a name of its own, in a folder that everyone may enter.
pub fn copied(program: &Path, name: impl AsRef<OsStr>) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    let path = folder.path().join(name.as_ref());
    copy_program(program, &path);
    (folder, path)
}

/// What the program says of one port and protocol, with trust in the user who runs the tests: they can write to the
/// folders that they make.
pub fn look_trusting_us(what: &str) -> Document {
    let uid = fs::metadata("/proc/self").unwrap().uid().to_string();
    read(&whatlistens(&["--json", "--trust-user", &uid, what]).0)
}

/// What the program says of a port in a mount namespace where this folder is empty.
fn without(folder: &str, port: &str) -> (String, String, u8) {
    let script = format!("mount -t tmpfs none {folder} && exec \"$@\"");
    let mut command = Command::new("unshare");
    let inside = command.args(["--mount", "sh", "-c", &script, "sh"]).arg(program()).args(["--json", port]);
    told(inside.output().unwrap())
}

/// A process that holds an open socket as its standard input, and does nothing.
fn holding(socket: &TcpListener) -> Ended {
    let socket = OwnedFd::from(socket.try_clone().unwrap());
    Ended(Command::new("sleep").arg("infinity").stdin(Stdio::from(socket)).spawn().unwrap())
}

#[test]
fn command_lines_are_there_when_asked_for() {
    let listening = Listening::at(&listener_program(), &["tcp:127.0.0.1:0"]);
    let (stdout, ..) = whatlistens(&["--json", "--args", &listening.port().to_string()]);
    let document = read(&stdout);
    let args = row(&document, listening.addresses[0]).processes[0].args.as_ref().unwrap();
    assert_eq!(args[1..], ["tcp:127.0.0.1:0"]);
}

#[test]
fn a_process_whose_first_thread_has_ended_is_known_by_the_others() {
    const SCRIPT: &str = "
import ctypes, platform, socket, sys, threading
def serve():
    while open('/proc/self/stat').read().rsplit(')', 1)[1].split()[0] != 'Z': pass
    listener = socket.create_server(('127.0.0.1', 0))
    print('%s:%d' % listener.getsockname(), flush=True)
    sys.stdin.read()
open('/proc/self/comm', 'w').write('lmgrd')
threading.Thread(target=serve).start()
ctypes.CDLL(None).syscall(60 if platform.machine() == 'x86_64' else 93, 0)";
    let mut command = Command::new("/usr/bin/python3");
    let listening = Listening::start(command.args(["-c", SCRIPT]), 1).unwrap();
    let (stdout, ..) = whatlistens(&["--json", "--args", &listening.port().to_string()]);
    let document = read(&stdout);
    let process = &row(&document, listening.addresses[0]).processes[0];
    let python = fs::canonicalize("/usr/bin/python3").unwrap();
    assert_eq!(process.exe.as_deref(), python.to_str(), "{process:?}");
    assert_eq!(process.name.as_deref(), python.file_name().and_then(OsStr::to_str));
    assert_eq!(process.args.as_ref().map(|args| args[0].as_str()), Some("/usr/bin/python3"));
    // Its first thread is a zombie, and it is none.
    let by_name = look(process.name.as_deref().unwrap());
    let mut named = by_name.asked[0].processes.iter();
    let named = named.find(|one| one.pid == listening.pid()).unwrap();
    assert_eq!(named.state.as_deref(), Some("running"));
}

#[test]
fn a_process_that_was_asked_about_by_name_runs_or_is_stopped() {
    let name = format!("runs-{}", std::process::id());
    let (_folder, path) = copied(&listener_program(), &name);
    let listening = Listening::at(&path, &["tcp:127.0.0.1:0"]);
    let state = || {
        let document = look(&name);
        let [process] = &document.asked[0].processes[..] else { panic!("{document:?}") };
        assert_eq!(process.pid, listening.pid());
        process.state.clone()
    };
    assert_eq!(state().as_deref(), Some("running"));
    kill(Pid::from_raw(listening.pid().try_into().unwrap()), Signal::SIGSTOP).unwrap();
    // Each of its threads stops when it next runs.
    assert_eq!(in_the_end(state, |state| state.as_deref() != Some("running")).as_deref(), Some("stopped"));
}

#[test]
fn a_connected_udp_socket_is_a_client_and_no_listener() {
    let places = ["udp-connected:127.0.0.1:0", "udp-connected:[::1]:0", "udp:127.0.0.1:0"];
    let listening = Listening::at(&listener_program(), &places);
    let (stdout, ..) = whatlistens(&["--json", "-u"]);
    let document = read(&stdout);
    let mine = document.listeners.iter().filter(|l| pids(l).contains(&listening.pid()));
    let ports: Vec<u16> = mine.map(|l| l.port).collect();
    assert_eq!(ports, [listening.addresses[2].port()]);
}

#[test]
fn all_who_share_a_socket_hold_it_and_the_ancestor_leads() {
    let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = socket.local_addr().unwrap();
    let (one, other) = (holding(&socket), holding(&socket));
    let mut workers = [one.0.id(), other.0.id()];
    workers.sort_unstable();
    let expected = [std::process::id(), workers[0], workers[1]];
    let holders = || {
        let mut found = pids(row(&look(&address.port().to_string()), address));
        found[1..].sort_unstable();
        found
    };
    assert_eq!(in_the_end(holders, |found| *found == expected), expected, "the parent leads");
}

#[test]
fn a_family_that_was_not_asked_for_is_not_shown() {
    let places = ["tcp:127.0.0.1:0", "tcp:[::1]:0", "udp:127.0.0.1:0", "udp:[::1]:0"];
    let listening = Listening::at(&listener_program(), &places);
    let pid = listening.pid().to_string();
    let seen = |flags: &[&str]| {
        let (stdout, ..) = whatlistens(&[&["--json", "--pid", &pid], flags].concat());
        let document = read(&stdout);
        document.listeners.iter().map(|l| format!("{} {}", l.protocol, l.family)).collect::<Vec<_>>()
    };
    let mut all = seen(&[]);
    all.sort_unstable();
    assert_eq!(all, ["tcp ipv4", "tcp ipv6", "udp ipv4", "udp ipv6"]);
    assert_eq!(seen(&["-4", "-t"]), ["tcp ipv4"]);
    assert_eq!(seen(&["-6", "-u"]), ["udp ipv6"]);
}

#[test]
fn a_socket_in_a_thread_s_own_file_table_is_the_process_s() {
    // The thread takes the process's file table for its own, and then opens the socket.
    let script = "
import ctypes, socket, sys, threading
CLONE_FILES = 0x400
def own():
    assert ctypes.CDLL(None).unshare(CLONE_FILES) == 0
    listener = socket.create_server(('127.0.0.1', 0))
    print('127.0.0.1:%d' % listener.getsockname()[1], flush=True)
    sys.stdin.read()
threading.Thread(target=own).start()
";
    let listening = Listening::start(Command::new("python3").args(["-c", script]), 1).unwrap();
    let document = look(&listening.port().to_string());
    assert_eq!(pids(row(&document, listening.addresses[0])), [listening.pid()]);
}

#[test]
fn a_terminal_gets_colour_and_lines_that_fit() {
    let listening = Listening::at(&listener_program(), &["tcp:127.0.0.1:0"]);
    let on_terminal = |columns: u16, setting: &str| {
        let (program, pid) = (program(), listening.pid());
        let text = shown(columns, &format!("{setting} '{}' --pid {pid}", program.display()));
        assert!(text.contains(&listening.port().to_string()), "{text:?}");
        text
    };
    assert!(on_terminal(100, "").contains("\x1b[1m"));
    assert!(on_terminal(100, "NO_COLOR=").contains("\x1b[1m"), "an empty value sets nothing");
    for setting in ["NO_COLOR=1", "TERM=dumb"] {
        assert!(!on_terminal(100, setting).contains('\x1b'), "{setting}");
    }
    assert!(on_terminal(100, "").contains("ADDRESS  "));
    assert!(on_terminal(40, "").contains("ADDRESS hidden: "), "there is no room for it");
    assert!(on_terminal(100, "COLUMNS=40").contains("ADDRESS  "), "the terminal knows its own width");
}

#[test]
fn ipv4_and_ipv6_of_one_program_are_one_row_for_a_person_and_two_for_a_script() {
    // A port that is free on both: the first bind gives it, the second may find it taken by another.
    let (v4, v6) = (0..50)
        .find_map(|_| {
            let v4 = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).ok()?;
            let v6 = TcpListener::bind((Ipv6Addr::LOCALHOST, v4.local_addr().ok()?.port())).ok()?;
            Some((v4, v6))
        })
        .expect("a port that is free on both");
    let port = v4.local_addr().unwrap().port();
    let document = look(&port.to_string());
    row(&document, v4.local_addr().unwrap());
    row(&document, v6.local_addr().unwrap());
    let (table, ..) = whatlistens(&["-H", "--pid", &std::process::id().to_string(), &port.to_string()]);
    assert_eq!(table.lines().count(), 1, "{table}");
    assert!(table.contains(&format!("127.0.0.1:{port},[::1]:{port}")), "{table}");
}

#[test]
fn hostile_names_stay_data() {
    let name = OsStr::from_bytes(b"e\x1b[31mv) (l\n\xe2\x80\xae\xff\xc2\x9b");
    let (_folder, path) = copied(&listener_program(), name);
    let listening = Listening::at(&path, &["tcp:127.0.0.1:0"]);
    let port = listening.port().to_string();
    for args in [
        &[port.as_str()][..],
        &["-H", "--args", &port],
        &["--color=never", "--pid", &listening.pid().to_string()],
    ] {
        let (stdout, stderr, status) = whatlistens(args);
        assert_eq!(status, 0, "{stderr}");
        let blank = if args.contains(&"-H") { "\\u{20}" } else { " " };
        let shown = format!("\"e\\u{{1b}}[31mv){blank}(l\\n\\u{{202e}}");
        assert!(stdout.contains(&shown), "{stdout}");
        let raw = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
        assert!(!stdout.contains(raw) && !stderr.contains(raw), "{stdout:?}");
    }
    let (stdout, ..) = whatlistens(&["--json", "--args", &port]);
    assert!(!stdout.contains(|c: char| c != '\n' && (c.is_control() || c == '\u{202e}')));
    let document = read(&stdout);
    let process = &row(&document, listening.addresses[0]).processes[0];
    assert_eq!(process.pid, listening.pid());
    assert_eq!(process.name.as_deref(), Some("e\x1b[31mv) (l\n\u{202e}\u{fffd}ff\u{9b}"));
}

#[test]
fn a_program_with_two_names_goes_by_the_one_it_was_called_by() {
    let (folder, path) = copied(&listener_program(), "store-check");
    let link = folder.path().join("store-server");
    symlink(&path, &link).unwrap();
    let by_link = Listening::at(&link, &["tcp:127.0.0.1:0"]);
    let by_file = Listening::at(&path, &["tcp:127.0.0.1:0"]);
    for (listening, name) in [(&by_link, "store-server"), (&by_file, "store-check")] {
        let document = look(&listening.port().to_string());
        let process = &row(&document, listening.addresses[0]).processes[0];
        assert_eq!(process.name.as_deref(), Some(name));
        assert_eq!(process.exe.as_deref(), path.to_str());
    }
}

#[test]
#[ignore = "needs root: starts a listener as another user"]
fn another_user_s_listener_is_that_user_s() {
    let (_folder, path) = copied(&listener_program(), "listener");
    let listening = Listening::start(
        Command::new(path).args(["tcp:127.0.0.1:0", "udp:127.0.0.1:0"]).uid(NOBODY).gid(NOBODY),
        2,
    )
    .unwrap();
    for address in &listening.addresses {
        let document = look(&address.port().to_string());
        let row = row(&document, *address);
        assert_eq!((pids(row), row.uid), (vec![listening.pid()], Some(NOBODY)));
        assert_eq!((row.user.as_deref(), row.processes[0].user.as_deref()), (Some("nobody"), Some("nobody")));
    }
}

#[test]
#[ignore = "needs root: acts as another user than the real one"]
fn a_process_is_the_user_s_that_it_acts_as() {
    let script = "
import os, socket, sys
os.seteuid(65534)
listener = socket.create_server(('127.0.0.1', 0))
print('127.0.0.1:%d' % listener.getsockname()[1], flush=True)
sys.stdin.read()
";
    let listening = Listening::start(Command::new("python3").args(["-c", script]), 1).unwrap();
    let document = look(&listening.port().to_string());
    let row = row(&document, listening.addresses[0]);
    assert_eq!(row.processes[0].user.as_deref(), Some("nobody"));
}

#[test]
#[ignore = "needs root: shares a root's socket with another user's process"]
fn a_worker_s_master_that_cannot_be_seen_is_a_gap() {
    let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = socket.local_addr().unwrap();
    let stdin = Stdio::from(OwnedFd::from(socket.try_clone().unwrap()));
    let worker =
        Ended(Command::new("sleep").arg("infinity").stdin(stdin).uid(NOBODY).gid(NOBODY).spawn().unwrap());
    let (_folder, program) = copied(&program(), "whatlistens");
    let port = address.port().to_string();
    let mut command = Command::new(&program);
    let (stdout, ..) =
        told(command.args(["--json", &port]).uid(NOBODY).gid(NOBODY).current_dir("/").output().unwrap());
    let document = read(&stdout);
    assert_eq!(pids(row(&document, address)), [worker.0.id()]);
    // Somebody else may have the port on another address.
    let is_told = document.gaps.iter().any(|gap| gap.kind == "holders-hidden");
    assert!(!document.complete && is_told, "{stdout}");
}

#[test]
#[ignore = "needs root: takes /proc/net away in a mount namespace"]
fn a_container_without_proc_net_is_looked_at_all_the_same() {
    let listening = Listening::at(&listener_program(), &["udp:127.0.0.1:0", "udp-connected:127.0.0.1:0"]);
    let [receiver, client] = &listening.addresses[..] else { panic!("two sockets") };
    // exec keeps the id, and with it the folder that the mount is over.
    let (stdout, ..) = without("/proc/$$/net", &receiver.port().to_string());
    let document = read(&stdout);
    assert_eq!(pids(row(&document, *receiver)), [listening.pid()]);
    assert!(document.complete, "{stdout}");
    let (stdout, _, status) = without("/proc/$$/net", &format!("{}/udp", client.port()));
    assert!(status == 0 && read(&stdout).listeners.is_empty(), "{stdout}");
}

#[test]
#[ignore = "needs root: looks at root's listener as an ordinary user"]
fn an_ordinary_user_sees_that_there_is_an_owner_and_what_to_do() {
    // On a port that nobody else has: the program counts the owners that it cannot see.
    let start = || Listening::at(&listener_program(), &["tcp:127.0.0.1:0"]);
    let listening = in_the_end(start, |listening| is_alone_on(listening.port()));
    let port = listening.port().to_string();
    let (_folder, program) = copied(&program(), "whatlistens");
    let run = |args: &[&str]| {
        let mut command = Command::new(&program);
        told(command.args(args).uid(NOBODY).gid(NOBODY).current_dir("/").output().unwrap())
    };
    let (stdout, _, status) = run(&["--json", &port]);
    let document = read(&stdout);
    let row = row(&document, listening.addresses[0]);
    assert_eq!((status, row.owner_status.as_str(), row.uid), (0, "hidden", Some(0)));
    assert!(row.processes.is_empty() && !document.privileged && !document.complete);
    let gap = document.gaps.iter().find(|gap| gap.kind == "owner-hidden").unwrap();
    let again = format!("sudo {} --json {port}", program.display());
    assert_eq!((gap.count, gap.remedy.as_deref()), (Some(1), Some(again.as_str())));

    let (detail, _, status) = run(&[&port]);
    assert!(status == 0 && detail.contains("is in use. You are not allowed to see by which"), "{detail}");
    assert!(detail.contains(&format!("sudo {} {port}", program.display())), "{detail}");
    let (table, ..) = run(&["-t"]);
    assert!(table.lines().any(|line| line.contains(&port) && line.contains("(hidden)")), "{table}");
}

#[test]
#[ignore = "needs root: looks from a PID namespace of its own"]
fn root_is_told_that_no_process_owns_it_and_never_to_use_sudo() {
    let listening = Listening::at(&listener_program(), &["tcp:127.0.0.1:0"]);
    let port = listening.port().to_string();
    let run = |args: &[&str]| {
        let mut command = Command::new("unshare");
        let inside = command.args(["--pid", "--fork", "--mount-proc"]).arg(program()).args(args);
        told(inside.output().unwrap())
    };
    let (stdout, stderr, status) = run(&["--json", &port]);
    assert_eq!((status, stderr.as_str()), (0, ""));
    let document = read(&stdout);
    assert_eq!(row(&document, listening.addresses[0]).owner_status, "unattributed");
    assert!(document.privileged && document.complete, "{stdout}");
    let (detail, ..) = run(&[&port]);
    assert!(detail.contains("no visible process owns it") && !detail.contains("sudo"), "{detail}");
}

#[test]
#[ignore = "needs root: drops its capabilities"]
fn root_without_its_rights_is_told_of_rights_and_not_of_sudo() {
    let listening = Listening::at(&listener_program(), &["tcp:127.0.0.1:0"]);
    let port = listening.port().to_string();
    let mut command = Command::new("setpriv");
    let bounded = command.args(["--bounding-set=-all", "--inh-caps=-all", "--"]).arg(program());
    let (stdout, _, status) = told(bounded.args(["--json", &port]).output().unwrap());
    let document = read(&stdout);
    assert_eq!((status, row(&document, listening.addresses[0]).owner_status.as_str()), (0, "hidden"));
    let gap = document.gaps.iter().find(|gap| gap.kind == "owner-hidden").unwrap();
    let remedy = gap.remedy.as_deref().unwrap();
    assert!(gap.detail.contains("even as root"), "{}", gap.detail);
    assert!(document.privileged && remedy.contains("CAP_SYS_PTRACE") && !remedy.contains("sudo"), "{remedy}");
}

#[test]
#[ignore = "needs root: makes a mount namespace without /proc"]
fn without_a_process_table_the_sockets_are_shown_and_the_gap_is_stated() {
    let listening = Listening::at(&listener_program(), &["tcp:127.0.0.1:0"]);
    let port = listening.port().to_string();
    let (stdout, _, status) = without("/proc", &port);
    let document = read(&stdout);
    assert_eq!((status, row(&document, listening.addresses[0]).owner_status.as_str()), (0, "hidden"));
    assert!(document.gaps.iter().any(|gap| gap.kind == "processes-unreadable"), "{stdout}");
}
