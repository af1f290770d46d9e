//! Which machine an answer is from, by its machine id.

use std::fs;
use std::process::Command;

use tempfile::TempDir;

use crate::document::read;
use crate::network::{Net, is_there};
use crate::started::{program, told};

const MACHINE: &str = "3e0f2a7c5b914d6f8a1b2c3d4e5f6071";

/// The id in the answer of a machine that has this machine id.
fn host_id(machine_id: &str, args: &[&str]) -> Option<String> {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("machine-id");
    fs::write(&file, machine_id).unwrap();
    // Both places, so that this machine's own id is in neither.
    let script = "for place in /etc/machine-id /var/lib/dbus/machine-id; do
        [ ! -e $place ] || mount --bind \"$0\" $place || exit; done; exec \"$@\"";
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", script]).arg(&file).arg(program()).args(args);
    let (stdout, stderr, _) = told(command.output().unwrap());
    assert!(!stdout.contains(MACHINE) && !stderr.contains(MACHINE), "{stdout}{stderr}");
    read(&stdout).host.id
}

#[test]
#[ignore = "needs root: mounts another machine id"]
fn the_id_is_a_hash_of_the_machine_id_as_systemd_makes_it() {
    if !fs::exists("/etc/machine-id").unwrap() {
        eprintln!("skipped: this machine has no machine id");
        return;
    }
    for args in [&["--json"][..], &["servers", "--json"], &["excluded", "--json"], &["--json", "1"]] {
        let id = host_id(MACHINE, args);
        assert_eq!(id.as_deref(), Some("50047b8ee5a349c4958cf99d0d488037"), "{args:?}");
    }
    assert_eq!(host_id("uninitialized\n", &["--json"]), None);
    assert_eq!(host_id("", &["--json"]), None);
}

#[test]
#[ignore = "needs root: traces the program's system calls"]
fn what_identifies_the_machine_is_read_only_where_it_is_shown() {
    if !is_there("strace") {
        return;
    }
    let net = Net::new();
    let reads = |args: &[&str]| {
        net.traced(&["-e", "trace=openat"], args).iter().any(|call| call.contains("machine-id"))
    };
    assert!(reads(&["--json"]));
    assert!(!reads(&[]) && !reads(&["27000"]) && !reads(&["servers"]));
}
