//! `diff` of any observations, and of files that are none.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use serde_json::Value;
use whatlistens::command::RecordedMachine;
use whatlistens::model::record::Record;
use whatlistens::model::{Observation, document};
use whatlistens::query::Environment;

use crate::arbitrary;
use crate::diff::record_of;
use crate::document::Diff;
use crate::json_schema;
use crate::recorded::{Machine, knowledge, linux, now, office, run_on};
use crate::started::{in_pipe, whatlistens};

fn machine(observation: &Observation) -> Machine {
    linux().seen(|seen| *seen = Observation { taken_at: now(), ..observation.clone() })
}

fn diff(before: &Path, after: &Path) -> Diff {
    let line = format!("diff --all-namespaces --json {} {}", before.display(), after.display());
    json_schema::read(&linux().run(&line, &Environment::plain()).unwrap().0)
}

fn of(before: &Observation, after: &Observation) -> Diff {
    let folder = tempfile::tempdir().unwrap();
    let before = record_of(&machine(before), folder.path(), "before");
    diff(&before, &record_of(&machine(after), folder.path(), "after"))
}

/// What changed, and what is not known, seen from the other side where `is_mirrored`.
fn seen(diff: &Diff, is_mirrored: bool) -> (Vec<String>, Vec<String>, usize) {
    let event = |event: &str| match (event, is_mirrored) {
        ("appeared", true) => "went".to_owned(),
        ("went", true) => "appeared".to_owned(),
        (event, _) => event.to_owned(),
    };
    let change = |one: &crate::document::WatchEvent| {
        let mut ports = [one.port, one.was_port.unwrap_or(one.port)];
        ports.sort_unstable();
        let mut addresses = [&one.address, one.was_address.as_ref().unwrap_or(&one.address)];
        addresses.sort_unstable();
        format!("{ports:?} {} {addresses:?} {} {:?}", one.protocol, event(&one.event), one.changed)
    };
    let mut changes: Vec<String> = diff.changes.iter().map(change).collect();
    let untold = |one: &crate::document::CannotTell| format!("{} {} {:?}", one.port, one.address, one.about);
    let mut cannot_tell: Vec<String> = diff.cannot_tell.iter().map(untold).collect();
    changes.sort_unstable();
    cannot_tell.sort_unstable();
    (changes, cannot_tell, diff.left_out)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_was_observed_does_not_differ_from_itself(observation in arbitrary::observation()) {
        let diff = of(&observation, &observation);
        prop_assert!(diff.same && diff.complete && diff.left_out == 0, "{diff:#?}");
    }

    #[test]
    fn the_other_way_round_everything_is_the_other_way_round(
        one in arbitrary::observation(),
        other in arbitrary::observation(),
        with_sockets in any::<bool>(),
    ) {
        // Much of both is the same, so that there is something to compare.
        let other = match with_sockets {
            true => Observation { sockets: one.sockets.clone(), holdings: one.holdings.clone(), ..other },
            false => Observation { processes: one.processes.clone(), ..other },
        };
        let (there, back) = (of(&one, &other), of(&other, &one));
        prop_assert_eq!(seen(&there, false), seen(&back, true));
        prop_assert_eq!(there.license_servers.len(), back.license_servers.len());
    }

    #[test]
    fn a_record_is_the_same_as_the_listing_made_of_it(observation in arbitrary::observation()) {
        let folder = tempfile::tempdir().unwrap();
        let machine = machine(&observation);
        let record = record_of(&machine, folder.path(), "record");
        let source = RecordedMachine::new(Record::new(machine.observed().clone()), knowledge());
        let (out, ..) = run_on(&source, "--json --all-namespaces", &Environment::plain()).unwrap();
        let listing = folder.path().join("listing");
        fs::write(&listing, &out).unwrap();
        for (before, after) in [(&record, &listing), (&listing, &record), (&listing, &listing)] {
            let diff = diff(before, after);
            prop_assert!(diff.same && diff.complete, "{diff:#?}\n{out}");
        }
    }
}

fn listing() -> String {
    office().printed("--json", None)
}

#[test]
fn a_listing_that_was_cut_or_changed_is_refused_or_read() {
    let whole = listing().into_bytes();
    assert_eq!(document::read(&whole).unwrap().rows.len(), 6);
    for end in (0..whole.len() - 2).step_by(7) {
        assert!(document::read(&whole[..end]).is_err(), "{end}");
    }
    for at in (0..whole.len()).step_by(11) {
        for flip in [1, 0x20, 0x80] {
            let mut changed = whole.clone();
            changed[at] ^= flip;
            let _ =
                document::read(&changed).map_err(|error| assert_eq!(error.to_string().lines().count(), 1));
        }
    }
}

#[test]
fn what_a_later_version_adds_is_passed_over_and_what_it_lacks_is_not() {
    let value: Value = serde_json::from_str(&listing()).unwrap();
    let read = |value: &Value| document::read(value.to_string().as_bytes());
    let known = read(&value).unwrap();
    for place in ["", "/host", "/listeners/0", "/listeners/0/processes/0", "/license_servers/0"] {
        let mut more = value.clone();
        let object = more.pointer_mut(place).unwrap().as_object_mut().unwrap();
        object.insert("new".to_owned(), serde_json::json!({"of": [1]}));
        assert_eq!(read(&more).unwrap(), known, "{place}");
    }
    for (place, field) in [
        ("", "listeners"),
        ("", "gaps"),
        ("/host", "os"),
        ("/listeners/0", "exposure"),
        ("/listeners/0", "license"),
        ("/listeners/0/processes/0", "exe"),
    ] {
        let mut less = value.clone();
        less.pointer_mut(place).unwrap().as_object_mut().unwrap().remove(field);
        assert!(read(&less).is_err(), "{place} {field}");
    }
    // The first versions did not say what had been asked for.
    let mut old = value.clone();
    old.as_object_mut().unwrap().remove("selection");
    assert_eq!(read(&old).unwrap().selection, None);
}

#[test]
fn what_is_neither_a_record_nor_a_listing_is_refused_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let (good, bad) = (folder.path().join("good.json"), folder.path().join("bad.json"));
    fs::write(&good, listing()).unwrap();
    let (good, path) = (good.to_str().unwrap(), bad.to_str().unwrap());
    let document = |change: fn(&mut Value)| {
        let mut value: Value = serde_json::from_str(&listing()).unwrap();
        change(&mut value);
        value.to_string()
    };
    let hostile = [
        "[".repeat(10 << 20),
        "{\"a\":".repeat(1 << 20),
        "9".repeat(1 << 20),
        r#"{"whatlistens_record": 1e999}"#.to_owned(),
        r#"{"schema_version": "\u001b[31m"}"#.to_owned(),
        String::new(),
        "PORT  ADDRESS\n80/tcp  0.0.0.0\n".to_owned(),
        document(|value| value["listeners"][0]["port"] = 65_536.into()),
        document(|value| value["listeners"][0]["exposure"] = "\u{1b}[31m".repeat(1000).into()),
        document(|value| value["listeners"] = Value::Null),
    ];
    for text in hostile {
        fs::write(&bad, &text).unwrap();
        for (before, after) in [(path, good), (good, path)] {
            let (out, why, status) = whatlistens(&["diff", before, after]);
            assert_eq!((out.as_str(), status), ("", 2), "{text:.40}: {why}");
            assert!(why.starts_with(&in_pipe("whatlistens: ‘")) && why.lines().count() == 1, "{why}");
            assert!(why.len() < 600 && !why.contains('\u{1b}'), "{why}");
        }
    }
}

// Windows has other words for what it cannot open.
#[cfg(not(windows))]
#[test]
fn wrong_usage_says_what_would_be_right() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let refused = |line: &str| {
        let why = linux().refusal(line);
        why.replace(folder.path().to_str().unwrap(), "/tmp")
    };
    let listing = write("listing", &listing());
    insta::assert_snapshot!(refused("diff"), @"‘diff’: name how it was: whatlistens record > before.json, and later whatlistens diff before.json");
    insta::assert_snapshot!(refused("diff - -"), @"‘- -’: standard input can be BEFORE or AFTER, not both: write one of them to a file");
    insta::assert_snapshot!(refused("diff - --from -"), @"‘- -’: standard input can be BEFORE or AFTER, not both: write one of them to a file");
    insta::assert_snapshot!(refused(&format!("diff {listing} {listing} --from {listing}")), @"‘/tmp/listing’: --from stands for AFTER too: leave out one of the two");
    insta::assert_snapshot!(refused("diff a b c"), @"‘c’: diff takes no more words; see --help");
    insta::assert_snapshot!(refused(&format!("diff {}/missing", folder.path().display())), @"‘/tmp/missing’: it cannot be read: No such file or directory");
    insta::assert_snapshot!(refused(&format!("diff {}", folder.path().display())), @"‘/tmp’: it cannot be read: Is a directory");
    insta::assert_snapshot!(refused(&format!("diff {}", write("empty", ""))), @"‘/tmp/empty’: it is empty");
    insta::assert_snapshot!(refused(&format!("diff {}", write("table", "PORT\n"))), @"‘/tmp/table’: neither a record nor a listing (not JSON: expected value (line 1, column 1)): give a file that ‘whatlistens record’ or ‘whatlistens --json’ wrote");
    insta::assert_snapshot!(refused(&format!("diff {}", write("other", "{}"))), @"‘/tmp/other’: neither a record nor a listing (JSON of something else): give a file that ‘whatlistens record’ or ‘whatlistens --json’ wrote");
    insta::assert_snapshot!(refused(&format!("diff {}", write("explain", &office().printed("explain --json 80", None)))), @"‘/tmp/explain’: it is what explain printed: give a file that ‘whatlistens record’ or ‘whatlistens --json’ wrote");
    insta::assert_snapshot!(refused(&format!("diff {}", write("excluded", &office().printed("excluded --json", None)))), @"‘/tmp/excluded’: it is what excluded printed: give a file that ‘whatlistens record’ or ‘whatlistens --json’ wrote");
    insta::assert_snapshot!(refused(&format!("diff {}", write("newer", r#"{"schema_version": 2}"#))), @"‘/tmp/newer’: this version of whatlistens reads schema_version 1 of the JSON, not 2");
    insta::assert_snapshot!(refused(&format!("diff {}", write("record", r#"{"whatlistens_record": 99}"#))), @"‘/tmp/record’: recorded by a newer version of whatlistens: this version reads record format 7, not 99; record it again with this version, or read it with that one");
    insta::assert_snapshot!(refused(&format!("diff {}", write("wrong", &listing_with_a_wrong_word()))), @"‘/tmp/wrong’: malformed: ‘everywhere’ is no word of Exposure (line 90, column 30)");
    insta::assert_snapshot!(refused(&format!("diff --output csv {listing}")), @"‘--output csv’: the formats of diff are table, list, json");
    insta::assert_snapshot!(refused(&format!("diff --flagged {listing}")), @"there is no option --flagged in diff; a listing has it: whatlistens --flagged");
    insta::assert_snapshot!(refused("--diff"), @"there is no option --diff: to see what is different since: whatlistens record > FILE, and later whatlistens diff FILE");
}

#[cfg(not(windows))]
fn listing_with_a_wrong_word() -> String {
    listing().replacen("\"all-interfaces\"", "\"everywhere\"", 1)
}
