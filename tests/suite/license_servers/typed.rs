//! What an answer from a record says to type asks the record again.

use std::fs;

use whatlistens::model::record::{self, Record};

use super::{ADSKFLEX, LMGRD, of};
use crate::recorded::linux;
use crate::started::whatlistens;

#[test]
fn what_a_record_says_to_type_asks_the_record() {
    let machine = linux()
        .socket("tcp 0.0.0.0:27005", &[of(812, 1, LMGRD)])
        .socket("tcp 0.0.0.0:2081", &[of(99, 1, ADSKFLEX)])
        .socket("tcp 127.0.0.1:27000", &[of(7, 1, "/usr/bin/python3.11")])
        .socket("tcp 0.0.0.0:27001", &[of(8, 1, "/usr/bin/python3.11")])
        .socket("tcp 0.0.0.0:1055", &[of(9, 1, "/usr/bin/nginx")])
        .socket("tcp 0.0.0.0:5053", &[of(10, 1, "/usr/bin/nginx")])
        .socket("tcp 0.0.0.0:2080", &[of(11, 1, "/usr/bin/socat")]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("my record.json");
    record::write(&Record::new(machine.observed().clone()), &mut fs::File::create(&path).unwrap()).unwrap();
    let file = path.to_str().unwrap();
    let quote = if cfg!(windows) { '"' } else { '\'' };
    let typed = format!("whatlistens --from {quote}{file}{quote} ");
    let mut commands = 0;
    for question in [
        "",
        "--flagged",
        "27000",
        "27002",
        "2080",
        "27005",
        "lmgrd",
        "1055 27003",
        "servers",
        "servers --check",
        "check --servers",
        "check --no-flagged",
        "check --suggest",
        "explain -15 --servers",
        "explain -97 --servers",
        "--json",
        "--json 27002 27000",
        "servers --json",
        "--output html",
        "--report",
    ] {
        let words = question.split_whitespace();
        let (out, notes, _) = whatlistens(&["--from", file].into_iter().chain(words).collect::<Vec<_>>());
        // Lines are wrapped where they may be.
        let said = (out + &notes).split_whitespace().collect::<Vec<_>>().join(" ");
        // A quotation mark and a backslash as pages, JUnit files and JSON have them.
        let said = [
            ("&#39;", "'"),
            ("&apos;", "'"),
            ("&#34;", "\""),
            ("&quot;", "\""),
            ("\\\"", "\""),
            ("\\\\", "\\"),
        ]
        .iter()
        .fold(said, |said, (written, meant)| said.replace(written, meant));
        for (at, _) in said.match_indices(": whatlistens ") {
            let command = &said[at + 2..];
            let is_of_none = ["explain", "record", "check --policy FILE"]
                .iter()
                .any(|name| command["whatlistens ".len()..].starts_with(name));
            let shown: String = command.chars().take(120).collect();
            assert!(is_of_none || command.starts_with(&typed), "{question}: {shown}");
            commands += usize::from(!is_of_none);
        }
    }
    assert!(commands > 8, "{commands}");
    let (table, _, _) = whatlistens(&["--from", folder.path().to_str().unwrap(), "27000"]);
    assert!(table.contains("For the reasons: whatlistens --from DIR/HOST.json --flagged"), "{table}");
}
