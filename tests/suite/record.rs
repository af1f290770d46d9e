//! An observation is written and read back the same; what is no record is refused in one line.

use std::sync::Arc;

use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};
use whatlistens::judge::Inspection;
use whatlistens::model::record::{self, Record};
use whatlistens::model::{HiddenProcesses, Observation, Os};
use whatlistens::os::{self, ScanScope};

use crate::arbitrary;
use crate::recorded::{Machine, knowledge, linux, office, query};

/// A record of the present format, with a value for every field. If a change of the model breaks it, raise
/// [`record::VERSION`].
const FORMAT: &str = include_str!("record.json");

/// The forms of the output, and what can be asked of one port.
const LINES: [&str; 10] = [
    "",
    "--json",
    "--verbose --connections --all-namespaces --args",
    "--no-header --sort verdict",
    "27000",
    "27000 --json --args",
    "1-65535/tcp",
    "-i udp",
    "--excluded-ports",
    "--user alice --process lmgrd --pid 3",
];

fn written(observation: &Observation) -> Vec<u8> {
    let mut text = Vec::new();
    record::write(&Record::new(observation.clone()), &mut text).unwrap();
    text
}

fn read_back(observation: &Observation) -> Observation {
    record::read(&written(observation)).unwrap().observation
}

fn recorded() -> Observation {
    record::read(FORMAT.as_bytes()).unwrap().observation
}

fn machine(observation: &Observation) -> Machine {
    linux().seen(|seen| seen.clone_from(observation))
}

/// Why the record is refused with the value at this JSON pointer changed.
fn refusal(pointer: &str, change: impl FnOnce(&mut Value)) -> String {
    let mut record: Value = serde_json::from_str(FORMAT).unwrap();
    change(record.pointer_mut(pointer).unwrap());
    record::read(record.to_string().as_bytes()).unwrap_err().to_string()
}

fn refusal_of(text: &str) -> String {
    record::read(text.as_bytes()).unwrap_err().to_string()
}

proptest! {
    #[test]
    fn any_observation_reads_back_the_same(observation in arbitrary::observation()) {
        prop_assert_eq!(read_back(&observation), observation);
    }

}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn whatever_a_record_says_can_be_reported(observation in arbitrary::observation()) {
        let machine = machine(&read_back(&observation));
        for line in LINES {
            machine.printed(line, Some(40));
        }
    }
}

/// What is unknown is not written.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let known = fields.into_iter().filter(|(_, field)| !field.is_null());
            known.map(|(name, field)| (name, without_nulls(field))).collect()
        }
        Value::Array(items) => items.into_iter().map(without_nulls).collect(),
        other => other,
    }
}

#[test]
fn the_format_is_written_as_it_was_read() {
    let again: Value = serde_json::from_slice(&written(&recorded())).unwrap();
    assert_eq!(again, without_nulls(serde_json::from_str(FORMAT).unwrap()));
    for (os, name) in Os::ALL.into_iter().zip(["linux", "windows", "macos"]) {
        assert_eq!(serde_json::to_value(os).unwrap(), name);
    }
    assert_eq!(serde_json::to_value(HiddenProcesses::Unlisted).unwrap(), "unlisted");
}

#[test]
fn this_machine_reads_back_the_same() {
    let scope =
        ScanScope { args: true, other_sockets: true, ..query("--all-namespaces --connections 22").scope };
    for scope in [ScanScope::default(), scope] {
        let (mut machine, inspection) = (os::Machine::open(&scope), Inspection::new(knowledge()));
        let seen = machine.observe(&scope, &inspection, Timestamp::now()).unwrap();
        assert_eq!(read_back(&seen), seen);
    }
}

#[test]
fn a_recorded_machine_is_reported_as_the_machine_itself() {
    let by_ordinary_user = || office().by_ordinary_user(&[(7, "sshd")]);
    let on_windows = || office().os(Os::Windows);
    for machine in [&office as &dyn Fn() -> Machine, &by_ordinary_user, &on_windows] {
        let (itself, recorded) = (machine(), machine().seen(|seen| *seen = read_back(seen)));
        for line in LINES {
            assert_eq!(recorded.report(line), itself.report(line), "{line}");
            assert_eq!(recorded.printed(line, Some(80)), itself.printed(line, Some(80)), "{line}");
        }
    }
}

#[test]
fn rows_share_a_process_that_was_read() {
    let report = office().seen(|seen| *seen = read_back(seen)).report("80");
    let [one, other] = [0, 1].map(|row| report.rows[row].owner.processes().next().unwrap());
    assert!(Arc::ptr_eq(one, other));
}

#[test]
fn a_record_that_was_cut_or_damaged_is_an_error_or_an_observation() {
    let text = written(&recorded());
    // The last byte is the end of the line.
    for end in 0..text.len() - 1 {
        assert!(record::read(&text[..end]).is_err(), "{end}");
    }
    for at in 0..text.len() {
        let mut text = text.clone();
        text[at] ^= 1 << (at % 8);
        let _ = record::read(&text);
    }
}

#[test]
fn what_is_no_record_says_so() {
    insta::assert_snapshot!(refusal_of(""), @"not JSON: EOF while parsing a value (line 1, column 0)");
    insta::assert_snapshot!(refusal_of("PORT  ADDRESS"), @"not JSON: expected value (line 1, column 1)");
    insta::assert_snapshot!(refusal_of("\u{feff}{}"), @"not JSON: expected value (line 1, column 1)");
    insta::assert_snapshot!(refusal_of(&"[".repeat(1 << 20)), @"not JSON: EOF while parsing a list (line 1, column 1048576)");
    insta::assert_snapshot!(refusal_of(&FORMAT[..FORMAT.len() - 3]), @"not JSON: EOF while parsing an object (line 1178, column 2)");
    insta::assert_snapshot!(refusal_of(&format!("{FORMAT}{{}}")), @"not JSON: trailing characters (line 1180, column 1)");
    for text in ["{}", "[]", "null", "27000", r#""a""#, r#"{"schema_version": 1}"#] {
        insta::allow_duplicates!(
            insta::assert_snapshot!(refusal_of(text), @r#"not a record: it has no number "whatlistens_record"; whatlistens record makes one"#)
        );
    }
    for version in ["null", r#""1""#, "-1", "1.5", "1e3", "18446744073709551616"] {
        let text = format!(r#"{{"whatlistens_record": {version}}}"#);
        insta::allow_duplicates!(
            insta::assert_snapshot!(refusal_of(&text), @r#"not a record: it has no number "whatlistens_record"; whatlistens record makes one"#)
        );
    }
}

#[test]
fn another_version_is_named_before_what_it_changed() {
    let newer =
        r#"{"observation": {"fields": ["of", "tomorrow"]}, "whatlistens_record": 8, "signature": "…"}"#;
    insta::assert_snapshot!(refusal_of(newer), @"recorded by a newer version of whatlistens: this version reads record format 7, not 8; record it again with this version, or read it with that one");
    insta::assert_snapshot!(refusal("/whatlistens_record", |version| *version = json!(0)), @"this version of whatlistens reads record format 7, not 0: record it again with this version");
}

#[test]
fn a_malformed_record_says_where_and_why() {
    insta::assert_snapshot!(refusal_of(&FORMAT.replace("\"interface\"", "\"inter\\nface\"")), @r"malformed record: unknown field `inter\nface`, expected one of `id`, `protocol`, `state`, `local`, `interface`, `dual_stack`, `assigned`, `uid`, `user`, `namespace`, `made_in`, `opened_at`, `port_requested`, `http_urls`… (line 28, column 17)");
    insta::assert_snapshot!(refusal_of(&FORMAT.replace("0.0.0.0:27000", "localhost:27000")), @"malformed record: invalid socket address syntax (line 27, column 30)");
    let long = format!("{{\"whatlistens_record\": 7, \"{}\": 1}}", "a".repeat(1000));
    insta::assert_snapshot!(refusal_of(&long), @"malformed record: unknown field `aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa… (line 1, column 1028)");
    insta::assert_snapshot!(refusal_of("{\"whatlistens_record\": 7}"), @"malformed record: missing field `observation` (line 1, column 25)");
    let deep = ["[", "]"].map(|bracket| bracket.repeat(1 << 20)).concat();
    insta::assert_snapshot!(refusal_of(&FORMAT.replace("\"docker\"", &deep)), @"malformed record: invalid type: sequence, expected a word of Runtime (line 296, column 16)");
}

/// Every object of the record, by its pointer.
fn objects(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            found.push(at.to_owned());
            fields.iter().for_each(|(name, value)| objects(value, &format!("{at}/{name}"), found));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| objects(item, &format!("{at}/{index}"), found));
        }
        _ => {}
    }
}

#[test]
fn no_field_is_dropped_that_this_version_does_not_know() {
    let mut found = Vec::new();
    objects(&serde_json::from_str(FORMAT).unwrap(), "", &mut found);
    assert!(found.len() > 90, "{found:?}");
    for object in found {
        let refusal = refusal(&object, |object| object["signature"] = json!(7));
        let known = [
            "unknown field `signature`",
            "unknown variant `signature`",
            "expected value",
            "number in quotes",
        ];
        assert!(known.iter().any(|known| refusal.contains(known)), "{object}: {refusal}");
    }
}

#[test]
fn a_record_that_contradicts_itself_is_malformed() {
    let at = |pointer: &str, value: Value| {
        let refusal = refusal(&format!("/observation{pointer}"), |old| *old = value);
        let why = refusal.strip_prefix("malformed record: ").unwrap();
        why.split_once(" (line 1, column ").unwrap().0.to_owned()
    };
    insta::assert_snapshot!(at("/port_rules/ephemeral/first", json!(61000)), @"the range of ports 61000-60999 runs backwards");
    insta::assert_snapshot!(at("/port_rules/excluded/0/ports/last", json!(1)), @"the range of ports 1461-1 runs backwards");
    insta::assert_snapshot!(at("/processes/1/pid", json!(4)), @"two processes have the id 4");
    insta::assert_snapshot!(at("/sockets/1/id", json!(2)), @"two sockets have the id 2");
    insta::assert_snapshot!(at("/holdings/0/socket", json!(3)), @"process 900 holds socket 3, which is missing");
    for (pointer, value) in [
        ("/sockets/0/connections/established", json!(1)),
        ("/sockets/0/connections/peers", json!(0)),
        ("/sockets/0/connections/peers", json!(4)),
        ("/sockets/0/connections/top", json!([["192.0.2.7", usize::MAX], ["192.0.2.8", 2]])),
        ("/sockets/1/connections", json!({"established": usize::MAX, "peers": 1, "top": []})),
    ] {
        insta::allow_duplicates!(
            insta::assert_snapshot!(at(pointer, value), @"the numbers of connections do not add up")
        );
    }
}
