//! The verdict on real processes on license ports, each on a loopback address of its own, so that
//! tests in parallel and the machine's own listeners are not in the way.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::document::License;
use crate::live::row;
use crate::live_linux::{copied, look_trusting_us};
use crate::network::Net;
use crate::started::{FLEXNET, Listening, copy_program, listener_on, listener_program, start};

fn verdict(listening: &Listening) -> License {
    let address = listening.addresses[0];
    let document = look_trusting_us(&format!("{}/tcp", address.port()));
    row(&document, address).license.clone().expect("a license port")
}

/// A listener by a python, which calls itself `title` where one is given, and says where it listens.
fn python(program: &Path, ports: &[u16], title: &str) -> Listening {
    const SCRIPT: &str = "
import ctypes, socket, sys
host, port = sys.argv[1].rsplit(':', 1)
PR_SET_NAME = 15
if sys.argv[2]: ctypes.CDLL(None).prctl(PR_SET_NAME, sys.argv[2].encode(), 0, 0, 0)
family = socket.AF_INET6 if '[' in host else socket.AF_INET
listener = socket.create_server((host.strip('[]'), int(port)), family=family)
print(sys.argv[1], flush=True)
sys.stdin.read()
";
    start(ports, |place| {
        let mut command = Command::new(program);
        command.args(["-c", SCRIPT, place, title]);
        command
    })
}

#[test]
fn a_real_program_called_lmgrd_in_a_private_folder_is_expected() {
    let (_folder, path) = copied(&listener_program(), "lmgrd");
    let license = verdict(&listener_on(&FLEXNET, &path));
    assert_eq!((license.verdict.as_str(), license.severity.as_str()), ("expected", "info"));
    assert!(license.evidence.contains(&format!("exe {}", path.display())), "{license:?}");
}

#[test]
fn the_same_program_under_its_own_name_is_a_mismatch() {
    let license = verdict(&listener_on(&FLEXNET, &listener_program()));
    assert_eq!((license.verdict.as_str(), license.severity.as_str()), ("mismatch", "warning"));
}

#[test]
fn lmgrd_in_a_folder_for_everyone_is_not_believed() {
    let (folder, path) = copied(&listener_program(), "lmgrd");
    fs::set_permissions(folder.path(), Permissions::from_mode(0o1777)).unwrap();
    let license = verdict(&listener_on(&FLEXNET, &path));
    assert_eq!((license.verdict.as_str(), license.severity.as_str()), ("cannot-tell", "warning"));
    assert!(license.reason.contains(folder.path().to_str().unwrap()), "{}", license.reason);
}

#[test]
fn no_name_of_a_folder_hides_who_may_write_there() {
    for name in ["a\nb", "a\\012b", "a (deleted)"] {
        let (folder, path) = copied(&listener_program(), "lmgrd");
        let inside = folder.path().join(name);
        fs::create_dir(&inside).unwrap();
        fs::rename(&path, inside.join("lmgrd")).unwrap();
        fs::set_permissions(&inside, Permissions::from_mode(0o777)).unwrap();
        let license = verdict(&listener_on(&FLEXNET, &inside.join("lmgrd")));
        assert_eq!(license.verdict, "cannot-tell", "{name:?}: {license:?}");
        assert!(
            license.evidence.iter().any(|line| line.contains("any user of this machine can write to")),
            "{license:?}"
        );
    }
}

/// As on Linux before 5.6, or in a container with an older filter.
#[test]
fn without_newer_system_calls_the_answer_is_the_same() {
    const DENIED: &str = "
import ctypes, os, platform, struct, sys
# Load the number of the system call; for openat2 and statx: ENOSYS.
numbers = [437, 332 if platform.machine() == 'x86_64' else 291]
program = [(0x20, 0, 0, 0)]
program += [(0x15, len(numbers) - i, 0, number) for i, number in enumerate(numbers)]
program += [(0x06, 0, 0, 0x7fff0000), (0x06, 0, 0, 0x00050026)]
code = b''.join(struct.pack('<HBBI', *one) for one in program)
buffer = ctypes.create_string_buffer(code)
filter = struct.pack('@HP', len(program), ctypes.addressof(buffer))
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, filter) == 0, os.strerror(ctypes.get_errno())
os.execv(sys.argv[1], sys.argv[1:])";
    let (folder, path) = copied(&listener_program(), "lmgrd");
    let listening = listener_on(&FLEXNET, &path);
    let without = || {
        let what = format!("{}/tcp", listening.addresses[0].port());
        let mut command = Command::new("python3");
        command.args(["-c", DENIED]).arg(crate::started::program()).args(["--json", &what]);
        let document = crate::document::read(&crate::started::told(command.output().unwrap()).0);
        row(&document, listening.addresses[0]).license.clone().unwrap()
    };
    assert_eq!(format!("{:?}", without()), format!("{:?}", verdict(&listening)));
    fs::set_permissions(folder.path(), Permissions::from_mode(0o777)).unwrap();
    let license = without();
    assert_eq!(license.verdict, "cannot-tell");
    assert_eq!(format!("{license:?}"), format!("{:?}", verdict(&listening)));
}

#[test]
fn lmgrd_whose_file_is_gone_is_not_believed() {
    let (_folder, path) = copied(&listener_program(), "lmgrd");
    let listening = listener_on(&FLEXNET, &path);
    assert_eq!(verdict(&listening).verdict, "expected");
    fs::remove_file(&path).unwrap();
    let license = verdict(&listening);
    assert_eq!(license.verdict, "cannot-tell");
    assert!(license.reason.contains("deleted"), "{}", license.reason);
}

#[test]
fn python_on_3ds_lm_is_a_mismatch() {
    let license = verdict(&python(Path::new("python3"), &[1538], ""));
    assert_eq!((license.verdict.as_str(), license.severity.as_str()), ("mismatch", "warning"));
    assert_eq!(license.managers[0].id, "autodesk-3ds-lm");
    assert_eq!(license.expected, ["lmgrd", "lmadmin", "adskflex"]);
}

#[test]
fn python_that_calls_itself_lmgrd_is_still_python() {
    let license = verdict(&python(Path::new("python3"), &FLEXNET, "lmgrd"));
    assert_eq!((license.verdict.as_str(), license.severity.as_str()), ("mismatch", "warning"));
    assert!(license.evidence.contains(&"calls itself lmgrd".to_owned()), "{license:?}");
}

#[test]
fn a_copy_of_python_called_lmgrd_is_still_python() {
    let script = "import os; print(os.path.realpath('/proc/self/exe'))";
    let python3 = Command::new("python3").args(["-c", script]).output().unwrap();
    let python3 = String::from_utf8(python3.stdout).unwrap();
    let (_folder, path) = copied(Path::new(python3.trim()), "lmgrd");
    let license = verdict(&python(&path, &FLEXNET, ""));
    assert_eq!((license.verdict.as_str(), license.severity.as_str()), ("mismatch", "warning"));
    assert!(license.evidence.contains(&"the file is Python".to_owned()), "{license:?}");
}

#[test]
fn a_file_whose_name_ends_like_the_kernel_s_mark_is_not_deleted() {
    let (_folder, path) = copied(&listener_program(), "lmgrd.x (deleted)");
    let listening = listener_on(&FLEXNET, &path);
    let license = verdict(&listening);
    assert!(license.evidence.contains(&format!("exe \"{}\"", path.display())), "{license:?}");
    assert_eq!(license.verdict, "expected");
}

#[test]
fn a_second_name_does_not_undo_a_deletion() {
    let (folder, path) = copied(&listener_program(), "lmgrd");
    fs::hard_link(&path, folder.path().join("other")).unwrap();
    let listening = listener_on(&FLEXNET, &path);
    fs::remove_file(&path).unwrap();
    assert_eq!(verdict(&listening).verdict, "cannot-tell");
}

#[test]
fn a_link_called_lmgrd_to_python_is_still_python() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("lmgrd");
    let python3 = Command::new("python3").args(["-c", "import sys; print(sys.executable)"]).output().unwrap();
    std::os::unix::fs::symlink(String::from_utf8(python3.stdout).unwrap().trim(), &link).unwrap();
    let listening = python(&link, &FLEXNET, "");
    assert_eq!(verdict(&listening).verdict, "mismatch");
}

/// Holds a port until it is ended.
const HOLDS: &str = "
import signal, socket, sys
s = socket.socket(); s.bind(('127.0.0.1', int(sys.argv[1]))); s.listen()
signal.pause()";

/// Any user can make a user namespace, and in it a file system in which everything seems to be in order.
#[test]
#[ignore = "needs root: makes a network namespace"]
fn in_a_user_namespace_of_its_own_a_name_proves_nothing() {
    let (_folder, path) = copied(Path::new("/usr/bin/python3"), "lmgrd");
    let net = Net::new();
    let mut command = net.command("unshare");
    let _server = net.serving(command.arg("-Ur").arg(&path).args(["-c", HOLDS, "27000"]), 27000);
    let listeners = net.look(&["27000"]).listeners;
    let license = listeners[0].license.as_ref().unwrap();
    assert_eq!(listeners[0].processes[0].name.as_deref(), Some("lmgrd"));
    assert_eq!(license.verdict, "cannot-tell", "{license:?}");
    assert!(license.reason.contains("runs in another user namespace"), "{}", license.reason);
}

/// What it says of itself is as long as a process likes, and must not fill this one's memory.
#[test]
#[ignore = "needs root: makes a network namespace"]
fn a_command_line_without_end_is_not_read_to_its_end() {
    let net = Net::new();
    let mut command = net.command("python3");
    let _server = net.serving(command.args(["-c", HOLDS, "8500"]).args(vec!["x"; 50_000]), 8500);
    let args =
        net.look(&["--args", "--deadline", "1m", "8500"]).listeners[0].processes[0].args.clone().unwrap();
    assert_eq!(args.len(), 4096);
}

/// A license server on a port, and a program that it started on another, both of them running.
fn pair(net: &Net, server: (&Path, u16), daemon: (&Path, u16)) -> Listening {
    let place = |port| format!("tcp:0.0.0.0:{port}");
    let mut command = net.command(server.0);
    command.arg(place(server.1)).arg(format!("start:{}", daemon.0.display())).arg(place(daemon.1));
    Listening::start(&mut command, 2).unwrap()
}

/// Of the names of real daemons, and of one that nobody knows: a license server starts nothing else.
#[test]
#[ignore = "needs root: makes a network namespace"]
fn what_a_license_server_started_is_expected_beside_it() {
    for (server, port, daemon, daemon_s_port, named) in [
        ("lmgrd", 27000, "adskflex", 2080, "Autodesk"),
        ("lmgrd", 5280, "cdslmd", 5281, "Cadence"),
        ("rlm", 5053, "nobodys-isv", 41234, "started by rlm"),
    ] {
        let (folder, path) = copied(&listener_program(), server);
        let child = folder.path().join(daemon);
        copy_program(&path, &child);
        let net = Net::new();
        let _pair = pair(&net, (&path, port), (&child, daemon_s_port));
        let license = |port: u16| net.look(&[&port.to_string()]).listeners.remove(0).license;
        let verdict = |port| license(port).map(|license| license.verdict);
        assert_eq!(verdict(port).as_deref(), Some("expected"), "{server} on {port}");
        let of_daemon = license(daemon_s_port).unwrap_or_else(|| panic!("no verdict on {daemon}"));
        assert_eq!(of_daemon.verdict, "expected", "{daemon}: {of_daemon:?}");
        assert!(of_daemon.reason.contains(named), "{daemon}: {of_daemon:?}");
        // Anybody may write there now: neither the server's word nor its own name helps.
        fs::set_permissions(folder.path(), Permissions::from_mode(0o777)).unwrap();
        for port in [port, daemon_s_port] {
            assert_ne!(verdict(port).as_deref(), Some("expected"), "{server} and {daemon} on {port}");
        }
    }
}
