//! Whatever the text says, the JSON says too: each sentence of the text is in the JSON of the same question.

use serde_json::Value;
use whatlistens::model::{
    ExcludedPorts, Gap, GapKind, Namespace, Os, OtherNamespace, PacketRules, PortRange, Process, Protocol,
};
use whatlistens::query::Environment;

use crate::recorded::{Machine, linux, process};
use crate::several::with_uses;

/// What the text says of all answers alike, and what JSON has as single values: `owner_status`, `state`, `listeners`,
/// `service`, `accept_queue`, `unanswered`, `other_namespaces`.
const AS_VALUES: [&str; 15] = [
    "No listener matches",
    "Nothing listens here",
    " listens on TCP port ",
    " listens on UDP port ",
    " port 22 is in use",
    "You are not allowed to see by which program",
    " port 33333 is in use",
    " holds TCP port 8080 without listening",
    " (IANA, ",
    "the backlog is full",
    "gets no answer from license server",
    " not shown",
    "To show all: ",
    "To see more: ",
    "For details: whatlistens servers",
];

fn machines() -> Vec<(&'static str, Machine)> {
    let used = || with_uses().seen(|seen| seen.port_rules.unprivileged_from = Some(1024));
    let elsewhere = OtherNamespace {
        namespace: Namespace { inode: 4, name: Some("blue".to_owned()) },
        listeners: vec![(Protocol::Tcp, 9999)],
    };
    let reserved = |protocol| ExcludedPorts {
        ports: PortRange { first: 9990, last: 9999 },
        protocol,
        family: None,
        by_number: false,
    };
    let worker = Process { user: Some("www".to_owned()), uid: Some(33), ..process(801, "/usr/sbin/nginx") };
    vec![
        ("root's", used()),
        ("an ordinary user's", used().by_ordinary_user(&[(3, "sshd")]).socket("tcp 0.0.0.0:22", &[])),
        ("with packet rules", used().seen(|seen| seen.packet_rules = Some(PacketRules::Hidden))),
        ("with another namespace", used().seen(|seen| seen.other_namespaces = vec![elsewhere])),
        ("blind", used().gap(Gap::new(GapKind::SocketsHidden, "some sockets are hidden"))),
        ("without rules", used().gap(Gap::new(GapKind::PortRulesUnreadable, "the rules could not be read"))),
        ("with a worker", linux().socket("tcp 0.0.0.0:80", &[process(800, "/usr/sbin/nginx"), worker])),
        (
            "Windows",
            linux().os(Os::Windows).socket("tcp 0.0.0.0:80", &[process(9, r"C:\x\httpd.exe")]).seen(|seen| {
                seen.port_rules.excluded = Some(vec![reserved(Some(Protocol::Tcp))]);
            }),
        ),
    ]
}

/// Questions of every kind.
const LINES: [&str; 34] = [
    "80",
    "1194",
    "5433",
    "9999",
    "8080",
    "7279/tcp",
    "40000",
    "443",
    "1538",
    "27000",
    "22",
    "53",
    "-H 9999",
    "-4 ssh",
    "-6 80",
    "-u 80",
    "80 9999 1538",
    "1194 5433 9999 8080",
    "27000-27009",
    "9990-9999",
    "1-1000",
    "lmgrd",
    "lmadmin",
    "citrix",
    "80 nosuchname",
    "http ssh lmgrd",
    "80 --user nobody",
    "80 9999 --pid 3",
    "--user www",
    "--process nginx",
    "--pid 4711",
    "-t",
    "--flagged",
    "",
];

/// Every string in the JSON.
fn strings(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::String(text) => into.push(text.clone()),
        Value::Array(all) => all.iter().for_each(|one| strings(one, into)),
        Value::Object(fields) => fields.values().for_each(|one| strings(one, into)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Letters and digits alone: of labels, line breaks and the first letter of a sentence each view has its own.
fn bare(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The sentences of a text. Titles, labels and columns are single values.
fn sentences(text: &str) -> Vec<String> {
    let is_title = |line: &&str| !line.split("  ").any(|part| part.trim().contains(' '));
    let mut all = Vec::new();
    for block in text.split("\n\n").flat_map(|block| block.split_inclusive(".\n")) {
        let lines: Vec<&str> = block.lines().map(str::trim).filter(|line| !is_title(line)).collect();
        let lines = lines.join(" ");
        // Columns and labels stand before a field.
        let prose = lines.rsplit("   ").next().unwrap_or_default().trim_end_matches('.');
        all.extend(prose.split(". ").map(|one| one.trim_end_matches('.').to_owned()));
    }
    all.retain(|one| one.split(' ').count() > 3);
    all
}

/// Whether the JSON has a sentence, perhaps behind a name, a label or a column.
fn is_said(sentence: &str, json: &str) -> bool {
    let behind = sentence.match_indices([':', ' ']).map(|(at, _)| &sentence[at + 1..]);
    let behind = behind.filter(|rest| rest.starts_with(' '));
    [sentence].into_iter().chain(behind).any(|one| one.split(' ').count() > 2 && json.contains(&bare(one)))
}

fn unsaid(machine: &Machine, line: &str) -> Vec<String> {
    let Ok((out, notes, _)) = machine.run(line, &Environment::plain()) else { return Vec::new() };
    // The rows of a table are single values. Of a detail view nothing stands apart.
    let text = match out.contains("PORT") || line.contains("-H") {
        true => machine.run(&format!("-H {line}"), &Environment::plain()).unwrap().1.replace('\n', "\n\n"),
        false => out + &notes,
    };
    let json: Value = serde_json::from_str(&machine.printed(&format!("--json {line}"), None)).unwrap();
    let mut said = Vec::new();
    strings(&json, &mut said);
    let said = said.iter().map(|text| bare(text)).collect::<Vec<_>>().join("|");
    let is_known = |sentence: &String| {
        AS_VALUES.iter().any(|known| sentence.contains(known)) || is_said(sentence, &said)
    };
    sentences(&text).into_iter().filter(|sentence| !is_known(sentence)).collect()
}

#[test]
fn each_sentence_of_the_text_is_in_the_json() {
    let mut missing = Vec::new();
    for (whose, machine) in machines() {
        for line in LINES {
            missing.extend(unsaid(&machine, line).into_iter().map(|one| format!("{whose}, {line}: {one}")));
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}
