//! Records as files: what the program says of one, of a folder of them, and of what is none.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use whatlistens::model::record::{self, Record};
use whatlistens::model::{ConnectionState, PortConnection, Protocol};

use crate::recorded::{Machine, office};
use crate::started::{in_pipe, program, whatlistens};

fn text_of(machine: &Machine) -> Vec<u8> {
    let mut text = Vec::new();
    record::write(&Record::new(machine.observed().clone()), &mut text).unwrap();
    text
}

/// A machine of this name, as a file in a folder.
fn file_of(machine: Machine, name: &str, folder: &Path) -> PathBuf {
    let path = folder.join(format!("{name}.json"));
    let machine = machine.seen(|seen| seen.host.name = Some(name.to_owned()));
    fs::write(&path, text_of(&machine)).unwrap();
    path
}

fn from(path: &Path, args: &[&str]) -> (String, String, u8) {
    whatlistens(&[&["--from", path.to_str().unwrap()], args].concat())
}

#[test]
fn a_file_answers_whatever_is_asked_of_a_machine() {
    let folder = tempfile::tempdir().unwrap();
    let path = file_of(office(), "lic01", folder.path());
    let (table, notes, status) = from(&path, &[]);
    assert!(table.contains("PORT") && table.contains("nginx") && status == 0, "{table}");
    assert!(notes.starts_with("Record of lic01 (linux), taken 20"), "{notes}");
    let (detail, _, status) = from(&path, &["80"]);
    assert!(detail.contains("nginx") && status == 0, "{detail}");
    for (args, expected) in
        [(&["--json"][..], 0), (&["excluded"], 3), (&["servers"], 0), (&["explain", "80"], 0), (&["6000"], 1)]
    {
        let (out, why, status) = from(&path, args);
        assert_eq!(status, expected, "{args:?}: {out}{why}");
    }
    let json = from(&path, &["--json"]).0;
    assert_eq!(serde_json::from_str::<Value>(&json).unwrap()["host"]["name"], "lic01");
    assert!(!from(&path, &["--json"]).1.contains("Record of"), "the JSON says it");
}

#[test]
fn a_ticket_says_what_was_typed_and_more_rights_are_needed_where_the_machine_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = file_of(office().by_ordinary_user(&[(7, "sshd")]), "lic01", folder.path());
    let ticket = from(&path, &["--report", "80"]).0;
    let line = |label: &str| ticket.lines().find(|line| line.starts_with(label)).unwrap().to_owned();
    assert!(line("Command").contains(" --from ") && line("Command").ends_with(" 80"), "{ticket}");
    let machine = office().socket("tcp 0.0.0.0:2222", &[]).by_ordinary_user(&[(7, "sshd")]);
    let (out, notes, _) = from(&file_of(machine, "lic02", folder.path()), &["2222"]);
    let said = crate::started::unbroken(&(out + &notes));
    assert!(said.contains("To see more: sudo whatlistens record > "), "{said}");
}

#[test]
fn a_record_has_one_form() {
    let (out, why, status) = whatlistens(&["record", "--output", "csv"]);
    assert!(
        why.contains(&in_pipe("‘--output csv’: a record is always JSON")) && out.is_empty() && status == 2,
        "{why}"
    );
    assert_eq!(whatlistens(&["record", "--json"]).2, 0);
}

#[test]
fn standard_input_is_a_file_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("here.json");
    fs::write(&path, whatlistens(&["record"]).0).unwrap();
    let mut command = Command::new(program());
    command.args(["--from", "-", "--json"]).stdin(fs::File::open(&path).unwrap());
    let output = command.output().unwrap();
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["schema_version"], 1, "{document}");
}

#[test]
fn what_is_no_record_is_refused_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ticket.json");
    let hostile = [
        "[".repeat(10 << 20),
        "{\"a\":".repeat(1 << 20),
        "9".repeat(1 << 20),
        r#"{"whatlistens_record": 7, "observation": {"host": {"name": "a\u001b[31m\u0000", "os": 7}}}"#
            .to_owned(),
        r#"{"whatlistens_record": 1e999}"#.to_owned(),
        String::new(),
        "\u{0}".repeat(100),
    ];
    for text in hostile {
        fs::write(&path, &text).unwrap();
        let (out, why, status) = from(&path, &[]);
        assert_eq!((out.as_str(), status), ("", 2), "{:.40}", text);
        assert!(why.starts_with(&in_pipe("whatlistens: ‘")) && why.lines().count() == 1, "{why}");
        assert!(
            why.len() < 600
                && !why.contains('\u{1b}')
                && why.contains(&in_pipe("ticket.json’ cannot be read as a record: "))
        );
        // A monitoring system reads one line of the output.
        let (out, _, status) = from(&path, &["servers", "--check"]);
        assert!(
            out.starts_with("LICENSE SERVERS UNKNOWN - ") && out.lines().count() == 1 && status == 3,
            "{out}"
        );
    }
    // What is another file of this program's says what it is for.
    fs::write(&path, office().printed("--json", None)).unwrap();
    let (_, why, status) = from(&path, &[]);
    assert!(
        why.contains("it is what --json printed, which diff compares: for --from make a record"),
        "{why}"
    );
    assert_eq!(status, 2);
    let missing = from(&folder.path().join("missing"), &[]);
    assert!(
        missing.1.contains(&in_pipe("missing’ cannot be read as a record: ")) && missing.2 == 2,
        "{missing:?}"
    );
}

#[test]
fn a_file_that_is_too_large_is_not_read_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.json");
    // Sparse, where the file system can.
    fs::File::create(&path).unwrap().set_len(1 << 30).unwrap();
    let (_, why, status) = from(&path, &[]);
    assert!(why.contains("it is larger than 64 MiB") && status == 2, "{why}");
}

#[test]
fn names_in_a_record_reach_a_terminal_escaped() {
    let folder = tempfile::tempdir().unwrap();
    let path = file_of(office(), "ok", folder.path());
    let text = fs::read_to_string(&path).unwrap().replace("\"ok\"", r#""\u001b]0;evil\u0007\n\u202e""#);
    fs::write(&path, text.replace("nginx", r"n\u001b[31mx")).unwrap();
    for args in [&[][..], &["80"], &["--output", "list"], &["servers"], &["--verbose"]] {
        let (out, notes, _) = from(&path, args);
        assert!(!(out + &notes).contains(['\u{1b}', '\u{7}', '\u{202e}']), "{args:?}");
    }
    let (out, notes, _) = from(folder.path(), &[]);
    assert!(!(out.clone() + &notes).contains(['\u{1b}', '\u{7}', '\u{202e}']), "{out}");
}

#[test]
fn command_lines_are_recorded_only_on_request_and_said_to_be_missing() {
    let secret = "hunter2-of-this-test";
    let mut command = Command::new("python3");
    command.args(["-c", &crate::records::listens(), &format!("--password={secret}")]);
    let Ok(listening) = crate::started::Listening::start(&mut command, 1) else {
        eprintln!("skipped: there is no python3 here");
        return;
    };
    let pid = listening.pid().to_string();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.json");
    for (args, is_there) in [(&["record"][..], false), (&["record", "--args"], true)] {
        let text = whatlistens(args).0;
        assert_eq!(text.contains(secret), is_there, "{args:?}");
        fs::write(&path, text).unwrap();
        let (out, ..) = from(&path, &["--args", "--pid", &pid]);
        assert_eq!(out.contains("The record has no command lines"), !is_there, "{out}");
    }
    // They can be taken out later.
    let again = from(&path, &["record"]).0;
    assert!(!again.contains(secret) && again.contains("\"whatlistens_record\""));
}

/// A listener that says where it is, as the tests start it.
fn listens() -> String {
    "import sys
from socket import *
s = socket(); s.bind(('127.0.0.1', 0)); s.listen()
print('%s:%d' % s.getsockname(), flush=True); sys.stdin.read()"
        .to_owned()
}

#[test]
fn a_folder_is_one_listing_with_the_host_of_each_row() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["web2", "web1"] {
        file_of(office(), name, folder.path());
    }
    fs::write(folder.path().join("notes.txt"), "not meant").unwrap();
    let (table, notes, status) = from(folder.path(), &["80"]);
    let rows: Vec<&str> = table.lines().take_while(|line| !line.is_empty()).collect();
    assert!(rows[0].starts_with("HOST ") && rows[0].contains("PORT"), "{table}");
    assert!(rows[1].starts_with("web1 ") && rows.last().unwrap().starts_with("web2 "), "{table}");
    assert!(!notes.contains("could not be read") && status == 0, "{notes}");
    assert_eq!(from(folder.path(), &["6000"]).2, 1);

    fs::write(folder.path().join("broken.json"), "{").unwrap();
    let (table, _, status) = from(folder.path(), &["80"]);
    assert!(table.contains("1 file could not be read as a record: broken.json (not JSON: ") && status == 0);
    let json: Value = serde_json::from_str(&from(folder.path(), &["--json", "80"]).0).unwrap();
    assert_eq!(json["hosts"].as_array().unwrap().len(), 2);
    assert_eq!(
        (&json["hosts"][0]["host"]["name"], &json["unreadable"][0]["file"]),
        (&"web1".into(), &"broken.json".into())
    );
    // What was typed is refused, whatever else is wrong.
    let (_, why, status) = from(folder.path(), &["nosuchthing"]);
    assert!(why.contains(&in_pipe("‘nosuchthing’")) && status == 2, "{why}");
    let (_, why, status) = from(folder.path(), &["servers"]);
    assert!(why.contains("only a listing shows a folder of records") && status == 2, "{why}");
    let empty = tempfile::tempdir().unwrap();
    let (_, why, status) = from(empty.path(), &[]);
    assert!(why.contains("no file whose name ends in .json") && status == 2, "{why}");
}

/// As with `whatlistens --from DIR | head -1`, whatever is asked and however it is shown.
#[test]
fn a_reader_that_has_read_enough_is_no_error() {
    let folder = tempfile::tempdir().unwrap();
    let file = file_of(office(), "web1", folder.path());
    let (folder, file) = (folder.path().to_str().unwrap(), file.to_str().unwrap());
    let formats = ["table", "list", "json", "jsonl", "csv", "html", "markdown", "prometheus"];
    let asked = |from: &str, format: &str| format!("--from {from} --output {format}");
    let mut lines: Vec<String> = formats.iter().map(|format| asked(file, format)).collect();
    lines.extend(formats[..6].iter().map(|format| asked(folder, format)));
    let of_commands = ["80", "servers", "record", "record --redact", "check --suggest", "diff FILE"];
    lines.extend(of_commands.map(|words| format!("--from {file} {}", words.replace("FILE", file))));
    lines.extend(["generate schema", "generate man", "explain 80", "--help", "--version"].map(str::to_owned));
    lines.push("watch --for 1ms --output jsonl".to_owned());
    for line in lines {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = Command::new(program());
        let output = command.args(line.split(' ')).stdout(writer).output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(!told.contains("could not be written"), "{line}: {told}");
        assert!(matches!(output.status.code(), Some(0 | 1)), "{line}: {:?} {told}", output.status);
    }
}

#[test]
#[cfg(unix)]
fn nobody_is_waited_for_in_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    file_of(office(), "lic01", folder.path());
    let pipe = folder.path().join("pipe.json");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let (table, _, status) = from(folder.path(), &["80"]);
    assert!(table.contains("lic01 ") && status == 0, "{table}");
    assert!(table.contains("1 file could not be read as a record: pipe.json (it is not a file"), "{table}");
}

#[cfg(target_os = "linux")]
fn on_terminal(args: &str) -> String {
    crate::terminal::shown(80, &format!("exec '{}' {args}", program().display()))
}

#[test]
#[cfg(target_os = "linux")]
fn a_large_folder_shows_how_far_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let first = file_of(office(), "host0", folder.path());
    let dir = folder.path().display();
    assert!(!on_terminal(&format!("--from {dir} 80")).contains("records"), "it takes no second");
    // As many as this machine cannot read in a second.
    let mut count = 1;
    let shown = loop {
        for at in count..count * 4 {
            fs::copy(&first, folder.path().join(format!("host{at}.json"))).unwrap();
        }
        count *= 4;
        let since = std::time::Instant::now();
        let shown = on_terminal(&format!("--from {dir} 9"));
        if since.elapsed().as_secs() >= 3 {
            break shown;
        }
    };
    assert!(shown.contains(&format!(" of {count} records\u{1b}[K")), "{shown:?}");
    assert!(shown.contains("\r\u{1b}[K"), "and it is gone: {shown:?}");
    let piped = from(folder.path(), &["9"]);
    assert!(!piped.1.contains("records") && !piped.0.contains('\r'), "{}", piped.1);
}

#[test]
fn of_too_many_connections_those_without_a_listener_stay() {
    let connection = |port: u16| PortConnection {
        protocol: Protocol::Tcp,
        state: ConnectionState::Established,
        local: SocketAddr::from(([10, 0, 0, 1], port)),
        peer: SocketAddr::from(([10, 0, 0, 2], 50_000)),
        pids: Vec::new(),
        namespace: None,
    };
    let mut record = Record::new(office().observed().clone());
    record.observation.port_connections = [80, 50_001, 80, 50_002].map(connection).to_vec();
    let whole = record.clone();
    record.limit_connections(4);
    assert_eq!(record, whole);
    record.limit_connections(3);
    let ports: Vec<u16> =
        record.observation.port_connections.iter().map(|connection| connection.local.port()).collect();
    assert_eq!(ports, [50_001, 50_002, 80]);
    let gap = record.observation.gaps.last().unwrap();
    assert_eq!((gap.count, gap.detail.as_str()), (Some(1), "only 3 of 4 connections are in the record"));
}
