//! The rules on real processes: who started a daemon, what its file says, what an interpreter runs.

use std::fs::{self, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::process::Command;

use crate::document::License;
use crate::live::row;
use crate::live_linux::{copied, look_trusting_us};
use crate::started::{FLEXNET, Listening, copy_program, listener_on, listener_program, whatlistens};

/// What a FlexNet vendor's daemon says in its file.
const MARKER: &str = "\0FLEXnet Licensing Report Log\0";

/// The verdict on a listener, `None` where its port is no license manager's.
fn verdict(listening: &Listening) -> Option<License> {
    let address = listening.addresses[0];
    row(&look_trusting_us(&format!("{}/tcp", address.port())), address).license.clone()
}

fn in_short(license: &License) -> (&str, &str) {
    (&license.verdict, &license.severity)
}

/// Two copies of the listener in one folder, the first of which starts the second.
fn pair(server: &str, daemon: &str) -> (tempfile::TempDir, Listening) {
    let (folder, server) = copied(&listener_program(), server);
    let daemon = folder.path().join(daemon);
    copy_program(listener_program(), &daemon);
    let mut command = Command::new(server);
    command.arg(format!("start:{}", daemon.display())).arg("tcp:127.0.0.1:0");
    let listening = Listening::start(&mut command, 1).unwrap();
    (folder, listening)
}

#[test]
fn a_daemon_is_right_on_whatever_port_where_lmgrd_started_it() {
    let (_folder, listening) = pair("lmgrd", "MLM");
    let license = verdict(&listening).expect("a license manager's");
    assert_eq!(in_short(&license), ("expected", "info"));
    assert_eq!(license.managers[0].id, "mathworks");
    assert!(license.reason.contains("started by lmgrd (PID "), "{}", license.reason);
    let (_folder, listening) = pair("starter", "MLM");
    assert!(verdict(&listening).is_none(), "its name alone says nothing");
}

#[test]
fn a_renamed_daemon_that_lmgrd_started_is_known_on_whatever_port() {
    let (folder, server) = copied(&listener_program(), "lmgrd");
    let (original, daemon) = (folder.path().join("original"), folder.path().join("daemon7"));
    copy_program(&server, &original);
    lengthen(&original, 0, MARKER);
    copy_program(&original, &daemon);
    let mut command = Command::new(server);
    command.arg(format!("start:{}", daemon.display())).arg("tcp:127.0.0.1:0");
    let listening = Listening::start(&mut command, 1).unwrap();
    let license = verdict(&listening).expect("a vendor's daemon");
    assert_eq!(in_short(&license), ("expected", "info"), "{license:?}");
}

/// Lengthens a program by a text, so many bytes behind its end.
fn lengthen(program: &Path, gap: u64, text: &str) {
    let mut file = OpenOptions::new().write(true).open(program).unwrap();
    file.seek(SeekFrom::End(gap.try_into().unwrap())).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

/// A copy of a longer one, for this process had that open for writing: see `copy_program`.
fn saying(text: &str, gap: u64) -> (tempfile::TempDir, Listening) {
    let (folder, original) = copied(&listener_program(), "original");
    lengthen(&original, gap, text);
    let program = folder.path().join("daemon7");
    copy_program(&original, &program);
    let listening = listener_on(&FLEXNET, &program);
    (folder, listening)
}

#[test]
fn a_renamed_daemon_is_known_by_its_file() {
    let (_folder, listening) = saying(MARKER, 0);
    let license = verdict(&listening).unwrap();
    assert_eq!(in_short(&license), ("expected", "info"), "{license:?}");
    let (_folder, listening) = saying("\0FLEXnet Licensing Report\0", 0);
    assert_eq!(in_short(&verdict(&listening).unwrap()), ("mismatch", "warning"));
}

#[test]
fn a_file_is_read_no_further_than_its_first_16_mebibytes() {
    let (_folder, listening) = saying(MARKER, 16 * 1024 * 1024);
    assert_eq!(in_short(&verdict(&listening).unwrap()), ("mismatch", "warning"));
}

#[test]
fn py_kms_is_known_by_its_script_and_nothing_else_of_its_command_line_is_told() {
    const SERVER: &str = "
import socket, sys
listener = socket.create_server(('127.0.0.1', 0))
print('127.0.0.1:%d' % listener.getsockname()[1], flush=True)
sys.stdin.read()
";
    let folder = tempfile::tempdir().unwrap();
    let run = |name: &str| {
        let script = folder.path().join(name);
        fs::write(&script, SERVER).unwrap();
        Listening::start(Command::new("python3").arg("-u").arg(script).arg("--password=hunter2"), 1).unwrap()
    };
    let listening = run("pykms_Server.py");
    let license = verdict(&listening).expect("an emulator is told on any port");
    assert_eq!(in_short(&license), ("mismatch", "critical"));
    let port = listening.port().to_string();
    for args in [&[port.as_str()][..], &["--json", &port], &["-H", &port], &["--flagged"]] {
        let (out, notes, _) = whatlistens(args);
        assert!(out.contains(&port) && !(out + &notes).contains("hunter2"), "{args:?}");
    }
    assert!(verdict(&run("server.py")).is_none());
}
