//! `diff` beside real listeners.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::document::{Diff, WatchEvent};
use crate::json_schema;
use crate::started::{Listening, copy_program, listener_program, loopback, program, whatlistens};

/// The changes at an address that nobody else has, and all there is to say.
fn changes(before: &Path, host: &str) -> (Vec<WatchEvent>, Diff) {
    let (out, why, status) = whatlistens(&["diff", "--json", before.to_str().unwrap()]);
    assert!(status != 2, "{why}");
    let mut diff: Diff = json_schema::read(&out);
    let changes = std::mem::take(&mut diff.changes);
    (changes.into_iter().filter(|change| change.address == host).collect(), diff)
}

fn looked_at(folder: &Path, line: &[&str]) -> std::path::PathBuf {
    let path = folder.join("before.json");
    fs::write(&path, whatlistens(line).0).unwrap();
    path
}

/// A port outside the ephemeral range that nobody has at this address.
fn listener(place: &str) -> Listening {
    Listening::at(&listener_program(), &[place])
}

#[test]
fn a_listener_that_stopped_and_one_that_started_are_found() {
    let (folder, host) = (tempfile::tempdir().unwrap(), loopback());
    for line in [&["record"][..], &["--json"]] {
        let first = listener(&format!("tcp:{host}:2111"));
        let before = looked_at(folder.path(), line);
        assert_eq!(changes(&before, &host).0.len(), 0);
        drop(first);
        let _second = listener(&format!("tcp:{host}:2112"));
        let (found, diff) = changes(&before, &host);
        let found: Vec<(&str, u16, &str)> = found
            .iter()
            .map(|one| (one.event.as_str(), one.port, one.process.as_deref().unwrap_or_default()))
            .collect();
        assert_eq!(found, [("went", 2111, "listener"), ("appeared", 2112, "listener")], "{line:?}");
        assert_eq!(diff.same_host, Some(true));
    }
}

#[test]
fn a_listener_that_was_started_again_is_the_same() {
    let (folder, host) = (tempfile::tempdir().unwrap(), loopback());
    let (fixed, ephemeral) = (format!("tcp:{host}:2113"), format!("udp:{host}:0"));
    let start = || Listening::at(&listener_program(), &[&fixed, &ephemeral]);
    let first = start();
    let before = looked_at(folder.path(), &["record"]);
    let pid = first.pid();
    drop(first);
    let second = start();
    assert_ne!(second.pid(), pid);
    let (found, _) = changes(&before, &host);
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn another_program_on_the_port_is_another_owner() {
    let (folder, host) = (tempfile::tempdir().unwrap(), loopback());
    let place = format!("tcp:{host}:2114");
    let first = listener(&place);
    let before = looked_at(folder.path(), &["record"]);
    drop(first);
    let other = folder.path().join("other");
    copy_program(listener_program(), &other);
    let _second = Listening::at(&other, &[&place]);
    let (found, _) = changes(&before, &host);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].event.as_str(), &found[0].changed[..]), ("changed", &["owner".to_owned()][..]));
    assert_eq!(found[0].was_process.as_deref(), Some("listener"));
}

/// Bytes that are not UTF-8 have no letter of their own.
#[cfg(target_os = "linux")]
#[test]
fn programs_whose_names_differ_in_a_byte_that_is_no_text_are_two() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let (folder, host) = (tempfile::tempdir().unwrap(), loopback());
    let place = format!("tcp:{host}:2115");
    let copy = |name: &[u8]| {
        let path = folder.path().join(OsStr::from_bytes(name));
        copy_program(listener_program(), &path);
        path
    };
    let first = Listening::at(&copy(b"l\xfe"), &[&place]);
    let before = looked_at(folder.path(), &["record"]);
    drop(first);
    let again = Listening::at(&copy(b"l\xfe"), &[&place]);
    assert!(changes(&before, &host).0.is_empty());
    drop(again);
    for name in [&b"l\xff"[..], "l\u{fffd}".as_bytes(), "l\u{fffd}fe".as_bytes()] {
        let _second = Listening::at(&copy(name), &[&place]);
        let (found, _) = changes(&before, &host);
        assert_eq!(found.len(), 1, "{name:?}: {found:?}");
        assert_eq!(found[0].was_process.as_deref(), Some("l\u{fffd}fe"));
        assert!(found[0].changed.contains(&"owner".to_owned()), "{found:?}");
    }
}

#[test]
fn standard_input_is_a_side_too() {
    let folder = tempfile::tempdir().unwrap();
    let before = looked_at(folder.path(), &["record"]);
    let mut command = Command::new(program());
    command.args(["diff", "-", before.to_str().unwrap()]).stdin(fs::File::open(&before).unwrap());
    let output = command.stderr(Stdio::inherit()).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("from standard input") && said.contains("No difference."), "{said}");
    assert_eq!(output.status.code(), Some(0));
}
