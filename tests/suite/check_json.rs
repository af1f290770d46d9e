//! `check --json`: it says what the text says, with the same exit status.

use std::io::Write as _;

use whatlistens::command::Exit;
use whatlistens::model::{CheckStatus, Gap, GapKind};
use whatlistens::query::Environment;

use crate::document::{Check, Failed};
use crate::json_schema::read;
use crate::recorded::{Machine, linux, office};
use crate::started::{in_pipe, whatlistens};

fn both(machine: &Machine, line: &str) -> (Check, String, CheckStatus) {
    let run = |line: &str| machine.run(line, &Environment::plain()).unwrap();
    let (json, notes, exit) = run(&format!("check --json {line}"));
    let (text, _, of_text) = run(&format!("check {line}"));
    assert_eq!((exit, notes.as_str()), (of_text, ""), "{line}");
    let Exit::Checked(status) = exit else { panic!("{line}: {exit:?}") };
    (read(&json), text, status)
}

fn file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

#[test]
fn whatever_the_text_says_is_in_the_json() {
    let policy = file("nothing-else = true\n\n[[must-listen]]\nport = [80, 22]\nprogram = 'nginx'\n");
    let policy = format!("--policy {} --no-flagged", policy.path().display());
    let hidden = || linux().by_ordinary_user(&[(58, "nginx")]).socket("tcp 0.0.0.0:80", &[]);
    let unseen = || office().gap(Gap::new(GapKind::SocketsUnreadable, "a table could not be read"));
    for (machine, line) in [
        (office(), "--expect 80"),
        (office(), "--expect 80=nginx --expect 81 --no-flagged"),
        (office(), &*policy),
        (office(), "--max-exposure loopback"),
        (office(), "--servers --expect 27000"),
        (hidden(), "--expect 80=nginx"),
        (hidden(), "--max-exposure public"),
        (unseen(), "--no-flagged --expect 9"),
    ] {
        let (check, text, status) = both(&machine, line);
        assert_eq!((check.state.as_str(), check.exit_status), (status.code(), status as u8), "{line}");
        let (first, rest) = text.split_once('\n').unwrap();
        let (said, values) = first.split_once(" | ").unwrap();
        assert_eq!(said, format!("WHATLISTENS {} - {}", check.state, check.summary));
        let in_json: Vec<String> =
            check.values.iter().map(|value| format!("{}={}", value.label, value.value)).collect();
        assert_eq!(values, in_json.join(" "));
        let findings = check.findings.iter().map(|finding| format!("{}: {}", finding.state, finding.text));
        // The same line as in the text, up to the two forms of the command.
        let notes = check.notes.iter().map(|note| note.replace(" --json", ""));
        let lines: Vec<String> = findings.chain(notes).collect();
        for line in rest.lines() {
            assert!(lines.iter().any(|one| one == line), "{line}: {lines:?}");
        }
        assert!(check.host.is_some() && check.taken_at.is_some() && check.privileged.is_some());
        assert_eq!(check.findings.is_empty(), status == CheckStatus::Ok);
    }
}

#[test]
fn each_expectation_has_its_line_and_state() {
    let policy = file("nothing-else = false\n\n[[must-listen]]\nport = [80, 22]\n");
    let path = policy.path().to_str().unwrap();
    let (check, ..) = both(&office(), &format!("--expect 27000=lmgrd --policy {path}"));
    let said: Vec<String> = check
        .expectations
        .iter()
        .map(|one| {
            let place = one.file.iter().map(|file| file.replace(path, "FILE")).collect::<String>();
            format!("{} {place}:{:?} {} {:?}", one.what, one.line, one.state, one.reason)
        })
        .collect();
    insta::assert_snapshot!(said.join("\n"), @r#"
    27000 :None OK None
    80 FILE:Some(3) OK None
    22 FILE:Some(3) CRITICAL Some("22 does not listen")
    "#);
}

#[test]
fn a_wrong_policy_is_an_answer_and_wrong_usage_an_error() {
    let policy = file("foo = 1\nbar = 2\n");
    let (check, ..) = both(&office(), &format!("--policy {}", policy.path().display()));
    assert!(check.host.is_none() && check.taken_at.is_none() && check.expectations.is_empty());
    assert_eq!((check.findings.len(), check.exit_status), (2, 3));
    assert!(check.findings[0].text.contains(":1: foo: there is no such key"), "{check:?}");
    for line in ["check --json", "check --json --expect x=", "check --json --expect 9 --from /nonexistent"] {
        let (stdout, stderr, status) = whatlistens(&line.split(' ').collect::<Vec<_>>());
        let error = read::<Failed>(&stdout).error;
        assert_eq!((status, error.exit_status), (3, 3), "{stdout}");
        assert_eq!(stderr, in_pipe(&format!("whatlistens: {}\n", error.message)));
    }
}
