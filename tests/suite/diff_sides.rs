//! `diff` of what is less than a whole record: listings, narrowed ones, license servers alone, and the machine itself.

use std::fs;
use std::path::{Path, PathBuf};

use whatlistens::command::Exit;
use whatlistens::query::Environment;

use crate::diff::{json, record_of, told};
use crate::document::Diff;
use crate::json_schema;
use crate::license_servers::healthy;
use crate::recorded::{Machine, linux, office, process};

/// What the machine prints with these words, in a folder.
fn printed(machine: &Machine, line: &str, folder: &Path, name: &str) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, machine.printed(line, None)).unwrap();
    path
}

#[test]
fn a_listing_that_was_narrowed_says_nothing_of_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let after = office().socket("tcp 0.0.0.0:27001", &[process(6, "/opt/lmgrd")]);
    let after = record_of(&after, folder.path(), "after");
    let of = |line: &str| {
        let before = printed(&office(), &format!("--json {line}"), folder.path(), "before");
        json(&before, &after, "")
    };
    assert_eq!(told(&of("")), ["27001 appeared"]);
    assert_eq!(told(&of("27000-27009")), ["27001 appeared"]);
    assert_eq!(told(&of("80 -t")), [""; 0]);
    assert_eq!(told(&of("27000-27009 --udp")), [""; 0]);
    assert_eq!(told(&of("--flagged")), [""; 0]);
    let part = of("--process nginx");
    assert_eq!((part.before.shown.as_str(), part.complete), ("selected", true));
    assert!(
        part.notes[0].starts_with("BEFORE has only some listeners (--process=nginx): "),
        "{:?}",
        part.notes
    );
    // What it has is compared.
    let empty = record_of(&linux(), folder.path(), "empty");
    let before = printed(&office(), "--json --user alice", folder.path(), "before");
    assert_eq!(
        json(&before, &empty, "").changes.iter().filter(|change| change.event == "went").count(),
        json(&before, &empty, "").changes.len()
    );
}

#[test]
fn license_servers_alone_are_compared_with_license_servers() {
    let folder = tempfile::tempdir().unwrap();
    let before = printed(&healthy(), "servers --json", folder.path(), "before");
    let diff = json(&before, &record_of(&linux(), folder.path(), "after"), "");
    assert_eq!((diff.before.shown.as_str(), diff.changes.len()), ("license-servers", 0));
    assert_eq!(diff.license_servers[0].event, "went");
    let same = json(&before, &record_of(&healthy(), folder.path(), "after"), "");
    assert!(same.same, "{same:?}");
}

#[test]
fn now_is_what_the_machine_shows() {
    let folder = tempfile::tempdir().unwrap();
    let before = record_of(&office(), folder.path(), "before");
    let now = office().socket("tcp 127.0.0.1:9000", &[process(7, "/usr/bin/node")]);
    let line = format!("diff --json {}", before.display());
    let (out, _, exit) = now.run(&line, &Environment::plain()).unwrap();
    let diff: Diff = json_schema::read(&out);
    assert_eq!((told(&diff), exit), (vec!["9000 appeared".to_owned()], Exit::NothingMatched));
    assert_eq!((diff.after.source.as_str(), diff.after.file.as_deref()), ("machine", None));
    // --from stands for AFTER.
    let line = format!("{line} --from {}", record_of(&linux(), folder.path(), "after").display());
    let (out, ..) = now.run(&line, &Environment::plain()).unwrap();
    assert_eq!(json_schema::read::<Diff>(&out).after.source, "record");
}
