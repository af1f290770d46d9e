//! `--output jsonl` and `--output csv`: each listener on one line, the same in both, whatever it is called.

use proptest::prelude::*;
use serde_json::{Value, json};
use whatlistens::command::Exit;
use whatlistens::model::{Checked, Gap, GapKind, Namespace, Observation, State};
use whatlistens::query::Environment;

use crate::arbitrary;
use crate::document::FlatListener;
use crate::json_schema::read;
use crate::recorded::{Machine, linux, now, office, process, with_file};

fn answer(machine: &Machine, line: &str) -> (String, String, Exit) {
    machine.run(line, &Environment::plain()).unwrap()
}

/// The lines of `--output jsonl`, each validated.
fn objects(machine: &Machine, line: &str) -> Vec<FlatListener> {
    let (out, ..) = answer(machine, &format!("--output jsonl {line}"));
    out.lines().map(read).collect()
}

/// The records of `--output csv`, by a reader that is not ours.
fn records(machine: &Machine, line: &str) -> Vec<Vec<String>> {
    let (out, ..) = answer(machine, &format!("--output csv {line}"));
    let reader = csv::ReaderBuilder::new().has_headers(false).from_reader(out.as_bytes());
    let records = reader.into_records().map(|record| record.unwrap().iter().map(str::to_owned).collect());
    records.collect()
}

#[test]
fn a_listener_is_a_line_of_values() {
    insta::assert_snapshot!(answer(&office(), "--output csv 1538 27000").0.replace("\r\n", "\n"), @r"
    host,host_id,taken_at,complete,protocol,address,port,process,pid,user,service,unit,exposure,verdict,severity,reason,state,namespace
    lic01,50047b8ee5a349c4958cf99d0d488037,2026-11-22T04:00:00Z,true,tcp,0.0.0.0,1538,python3.11,11224,alice,3ds-lm,,all-interfaces,mismatch,warning,python3.11 is not a known program of Autodesk 3ds-lm,listen,
    lic01,50047b8ee5a349c4958cf99d0d488037,2026-11-22T04:00:00Z,true,tcp,0.0.0.0,27000,lmgrd,900,root,flex-lm,,all-interfaces,expected,info,lmgrd is a known program of Revenera FlexNet license server,listen,
    ");
    insta::assert_snapshot!(answer(&office(), "--output jsonl 1538 33333").0, @r#"
    {"host":"lic01","host_id":"50047b8ee5a349c4958cf99d0d488037","taken_at":"2026-11-22T04:00:00Z","complete":true,"protocol":"tcp","address":"0.0.0.0","port":1538,"process":"python3.11","pid":11224,"user":"alice","service":"3ds-lm","unit":null,"exposure":"all-interfaces","verdict":"mismatch","severity":"warning","reason":"python3.11 is not a known program of Autodesk 3ds-lm","state":"listen","namespace":null}
    {"host":"lic01","host_id":"50047b8ee5a349c4958cf99d0d488037","taken_at":"2026-11-22T04:00:00Z","complete":true,"protocol":"udp","address":"0.0.0.0","port":33333,"process":null,"pid":null,"user":"alice","service":null,"unit":null,"exposure":"all-interfaces","verdict":null,"severity":null,"reason":null,"state":"unconnected","namespace":null}
    "#);
}

#[test]
fn lines_of_csv_end_with_cr_and_lf() {
    let (out, ..) = answer(&office(), "--output csv");
    assert!(out.split_inclusive('\n').all(|line| line.ends_with("\r\n")), "{out:?}");
}

#[test]
fn one_port_alone_gives_its_rows_and_the_exit_status_is_that_of_a_listing() {
    for (line, lines, exit) in [
        ("80", 2, Exit::Matched),
        ("80 9", 2, Exit::Matched),
        ("9", 0, Exit::NothingMatched),
        ("--all 80 9", 2, Exit::NothingMatched),
    ] {
        let (out, notes, told) = answer(&office(), &format!("--output jsonl {line}"));
        assert_eq!((out.lines().count(), told), (lines, exit), "{line}: {out}");
        assert_eq!(notes.contains("9: free for TCP and UDP"), line.contains('9'), "{notes}");
        assert_eq!(records(&office(), line).len(), lines + 1);
    }
    assert_eq!(records(&office(), "-H 80").len(), 2, "without the header");
}

#[test]
fn a_gap_is_in_every_line_and_on_standard_error() {
    let seen = office().gap(Gap::new(GapKind::SocketsUnreadable, "the table of UDP could not be read"));
    assert!(objects(&office(), "").iter().all(|line| line.complete));
    assert!(objects(&seen, "").iter().all(|line| !line.complete));
    let (_, notes, _) = answer(&seen, "--output csv");
    assert!(notes.contains("The table of UDP could not be read."), "{notes}");
}

#[test]
fn what_is_unknown_is_null_and_what_only_the_process_says_is_said_so() {
    let claims = with_file(7, "/x/lmgrd", |exe| exe.path_confirmed = Checked::Done(false));
    let machine = linux()
        .seen(|seen| (seen.host.name, seen.host.id) = (None, None))
        .socket("udp 0.0.0.0:33333", &[])
        .socket("tcp 0.0.0.0:8080", &[claims])
        .but(|socket| {
            socket.state = State::Bound;
            socket.namespace = Some(Namespace { inode: 4026532201, name: Some("web".to_owned()) });
        });
    let [claimed, nobody] = &objects(&machine, "")[..] else { panic!() };
    assert_eq!((&nobody.host, &nobody.host_id, &nobody.process, nobody.pid), (&None, &None, &None, None));
    assert_eq!(
        (&nobody.verdict, &nobody.severity, &nobody.reason, &nobody.unit),
        (&None, &None, &None, &None)
    );
    assert_eq!(claimed.process.as_deref(), Some("(calls itself lmgrd)"));
    assert_eq!((&*claimed.state, claimed.namespace.as_deref()), ("bound", Some("web")));
}

#[test]
fn what_has_no_place_in_a_line_is_refused() {
    let refusal = |line: &str| office().refusal(line);
    insta::assert_snapshot!(refusal("--output csv --columns port"), @"‘--columns’: it chooses columns of the table; --output csv always has the same");
    insta::assert_snapshot!(refusal("--output csv --args"), @"‘--args’: --output csv has no place for it; --output json has");
    insta::assert_snapshot!(refusal("--output jsonl --connections"), @"‘--connections’: --output jsonl has no place for it; --output json has");
    insta::assert_snapshot!(refusal("--json --output jsonl"), @"--json and --output name different formats: give one of them");
    insta::assert_snapshot!(refusal("servers --output csv"), @"‘--output csv’: the formats of servers are table, list, json, markdown, prometheus, html");
    insta::assert_snapshot!(refusal("explain --output jsonl 80"), @"‘--output jsonl’: the formats of explain are table, list, json");
    insta::assert_snapshot!(refusal("excluded --output csv"), @"‘--output csv’: the formats of excluded are table, list, json");
    insta::assert_snapshot!(refusal("--output tsv"), @"there is no option --output tsv: for values in a line use --output csv, for columns between blanks -H");
    insta::assert_snapshot!(refusal("--csv"), @"there is no option --csv: for CSV use --output csv");
    insta::assert_snapshot!(refusal("--jsonl"), @"there is no option --jsonl: for a JSON object a line use --output jsonl");
}

/// With what spreadsheets begin a formula.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

#[test]
fn a_process_that_is_called_like_a_formula_is_none() {
    let hostile = process(7, "/x/=cmd|' -C calc'!A0;=1+1");
    let machine = linux().socket("tcp 0.0.0.0:8080", &[hostile]);
    assert_eq!(records(&machine, "")[1][7], "'=cmd|' -C calc'!A0;'=1+1");
    assert_eq!(objects(&machine, "")[0].process.as_deref(), Some("=cmd|' -C calc'!A0;=1+1"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn csv_and_jsonl_say_the_same_of_whatever_was_observed(observation in arbitrary::observation()) {
        let machine = linux().seen(|seen| *seen = Observation { taken_at: now(), ..observation });
        let (out, ..) = answer(&machine, "--output csv");
        prop_assert!(!out.chars().any(|c| c.is_control() && !"\r\n".contains(c)), "{out:?}");
        let records = records(&machine, "");
        let (lines, ..) = answer(&machine, "--output jsonl");
        let lines: Vec<Value> = lines.lines().map(read).collect();
        let listed: Value = serde_json::from_str(&answer(&machine, "--json").0).unwrap();
        let listed = listed["listeners"].as_array().unwrap();
        prop_assert_eq!(records.len(), lines.len() + 1);
        prop_assert_eq!(lines.len(), listed.len());
        for ((record, line), listener) in records[1..].iter().zip(&lines).zip(listed) {
            for (name, cell) in records[0].iter().zip(record) {
                prop_assert!(!cell.starts_with(FORMULA), "{cell:?}");
                match &line[name] {
                    Value::Null => prop_assert_eq!(cell, ""),
                    // With escapes and apostrophes.
                    Value::String(text) => prop_assert!(cell.len() >= text.len(), "{cell:?} {text:?}"),
                    value => prop_assert_eq!(cell, &value.to_string()),
                }
            }
            for name in ["protocol", "address", "port", "exposure", "state"] {
                prop_assert_eq!(&line[name], &listener[name]);
            }
            prop_assert_eq!(&line["pid"], listener.pointer("/processes/0/pid").unwrap_or(&json!(null)));
            prop_assert_eq!(&line["reason"], listener.pointer("/license/reason").unwrap_or(&json!(null)));
        }
    }
}
