//! JSON as PowerShell 5.1 reads it: it takes what a program prints for text in the OEM code page of the system.

use std::collections::BTreeSet;

use encoding_rs::{GBK, SHIFT_JIS};
use serde_json::Value;
use whatlistens::model::{Os, Process};
use whatlistens::query::Environment;

use crate::recorded::{Machine, linux, process};

const OEM_CODE_PAGES: [u16; 4] = [437, 850, 932, 936];

/// A program's bytes as PowerShell 5.1 reads them. Which letter of a single-byte code page a byte is does not matter here,
/// but that each is one.
fn read_in(code_page: u16, bytes: &[u8]) -> String {
    match code_page {
        932 => SHIFT_JIS.decode_without_bom_handling(bytes).0.into_owned(),
        936 => GBK.decode_without_bom_handling(bytes).0.into_owned(),
        _ => bytes.iter().map(|&byte| if byte < 0x80 { byte.into() } else { '\u{2580}' }).collect(),
    }
}

const STRANGER: &str = r"C:\ツール\python.exe";
const OTHER: &str = r"C:\Users\管理者\Größe\python🦀.exe";

/// Two license ports, each with another program than is known there, and a user of this name.
fn machine() -> Machine {
    let of_user =
        |pid, exe| Process { uid: None, user: Some(r"LIC01\jürgen".to_owned()), ..process(pid, exe) };
    linux()
        .os(Os::Windows)
        .seen(|seen| seen.host.name = Some("büro".to_owned()))
        .socket("tcp 0.0.0.0:1538", &[of_user(900, STRANGER)])
        .socket("tcp 0.0.0.0:2080", &[of_user(901, OTHER)])
        .socket("tcp 0.0.0.0:27000", &[of_user(903, r"C:\ツール\lmgrd.exe")])
        .socket("tcp 0.0.0.0:8080", &[of_user(902, r"C:\Web\nginx.exe")])
}

fn printed(line: &str) -> Vec<u8> {
    machine().run(line, &Environment::plain()).unwrap().0.into_bytes()
}

#[test]
fn json_is_read_the_same_in_every_code_page() {
    for line in ["--json", "--json 1538", "servers --json", "--json --args nginx.exe"] {
        let bytes = printed(line);
        let meant: Value = serde_json::from_slice(&bytes).unwrap();
        for code_page in OEM_CODE_PAGES {
            let read: Value = serde_json::from_str(&read_in(code_page, &bytes))
                .unwrap_or_else(|error| panic!("{line} in {code_page}: {error}"));
            assert_eq!(read, meant, "{line} in {code_page}");
        }
        assert_eq!(meant["host"]["name"], "büro", "{line}");
    }
    let lines = printed("--output jsonl");
    for code_page in OEM_CODE_PAGES {
        let users: BTreeSet<String> = read_in(code_page, &lines)
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap()["user"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(users, BTreeSet::from([r"LIC01\jürgen".to_owned()]), "{code_page}");
    }
}

#[test]
fn json_in_utf_8_would_not_be() {
    let whole: Value = serde_json::from_slice(&printed("--json")).unwrap();
    let utf_8 = serde_json::to_vec(&whole).unwrap();
    for code_page in OEM_CODE_PAGES {
        let read = serde_json::from_str::<Value>(&read_in(code_page, &utf_8));
        assert!(read.as_ref().is_err() || read.as_ref().ok() != Some(&whole), "{code_page}");
        // The last byte of a letter and the backslash behind it are one character.
        assert_eq!(read.is_err(), code_page == 936, "{code_page}");
    }
}

/// The PowerShell of a document.
fn blocks(document: &str) -> Vec<&str> {
    let blocks = document.split("```powershell\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks.filter(|block| block.contains("ConvertFrom-Json")).collect()
}

/// A value by its path, such as `processes[0].name`.
fn at<'a>(value: &'a Value, path: &str) -> &'a Value {
    path.split('.').fold(value, |value, step| match step.split_once('[') {
        Some((field, index)) => &value[field][index.trim_end_matches(']').parse::<usize>().unwrap()],
        None => &value[step],
    })
}

/// What `$_.` stands before.
fn paths(block: &str) -> impl Iterator<Item = &str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "_.[]".contains(c);
    block.split("$_.").skip(1).map(move |rest| &rest[..rest.find(|c| !is_part(c)).unwrap_or(rest.len())])
}

/// The value that a block compares this with.
fn compared<'a>(block: &'a str, path: &str) -> &'a str {
    let (_, behind) = block.split_once(&format!("$_.{path} -eq '")).unwrap();
    behind.split('\'').next().unwrap()
}

#[test]
fn the_powershell_of_the_documents_finds_what_is_there() {
    let documents = [
        ("README.md", include_str!("../../README.md")),
        ("windows.md", include_str!("../../docs/windows.md")),
    ];
    for (name, document) in documents {
        let found = blocks(document);
        assert_eq!(found.len(), 1, "{name}");
        let block = found[0];
        assert!(block.contains("whatlistens --json | ConvertFrom-Json"), "{block}");
        assert!(block.contains(".listeners | Where-Object {"), "{block}");
        let (filter, columns) = block.split_once("Select-Object").unwrap();
        let filtered = paths(filter).next().unwrap();
        let plain: Vec<&str> =
            columns.split(',').map(str::trim).filter(|word| !word.contains(['@', '$', '}', '='])).collect();
        assert!(!plain.is_empty() && paths(columns).any(|path| path == "processes[0].name"), "{block}");
        for code_page in OEM_CODE_PAGES {
            let read: Value = serde_json::from_str(&read_in(code_page, &printed("--json"))).unwrap();
            let listeners = read["listeners"].as_array().unwrap().iter();
            let kept: Vec<&Value> =
                listeners.filter(|one| at(one, filtered) == compared(block, filtered)).collect();
            let ports: Vec<u64> = kept.iter().map(|one| one["port"].as_u64().unwrap()).collect();
            assert_eq!(ports, [1538, 2080], "{name} in {code_page}");
            for (listener, exe) in kept.iter().zip([STRANGER, OTHER]) {
                assert_eq!(at(listener, "processes[0].exe"), exe, "{name} in {code_page}");
                assert!(at(listener, "processes[0].name").as_str().is_some_and(|name| exe.ends_with(name)));
                for path in plain.iter().copied().chain(paths(block)) {
                    assert!(!at(listener, path).is_null(), "{name}: {path}");
                }
            }
        }
    }
}
