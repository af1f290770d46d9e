//! What packagers install beside the program: manual pages, completions, and the schema of the JSON.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use whatlistens::cli::COMMANDS;

use crate::started::{told, whatlistens};

pub fn generated(what: &[&str]) -> String {
    let (text, stderr, status) = whatlistens(&[&["generate"], what].concat());
    assert_eq!((status, stderr.as_str()), (0, ""), "{what:?}");
    text
}

/// Whether a program is installed.
pub fn has(program: &str) -> bool {
    let found = std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(program).exists()));
    if !found {
        eprintln!("skipped: there is no {program}");
    }
    found
}

#[test]
fn all_manual_pages_are_written_into_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("share/man/man1");
    assert_eq!(generated(&["man", "--dir", pages.to_str().unwrap()]), "");
    let written: BTreeSet<String> = fs::read_dir(&pages)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let named = COMMANDS.iter().map(|command| format!("whatlistens-{command}.1"));
    assert_eq!(written, named.chain(["whatlistens.1".to_owned()]).collect());
    for file in written {
        let command = file.strip_prefix("whatlistens-").and_then(|rest| rest.strip_suffix(".1"));
        let printed = generated(&["man"].into_iter().chain(command).collect::<Vec<_>>());
        assert_eq!(fs::read_to_string(pages.join(&file)).unwrap(), printed, "{file}");
    }
    let one = folder.path().join("one");
    generated(&["man", "servers", "--dir", one.to_str().unwrap()]);
    assert_eq!(fs::read_dir(one).unwrap().count(), 1);
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let (stdout, stderr, status) =
        whatlistens(&["generate", "man", "--dir", file.join("x").to_str().unwrap()]);
    assert_eq!((stdout.as_str(), status), ("", 2));
    assert!(stderr.contains("could not be written") && stderr.contains("file"), "{stderr}");
}

#[test]
fn a_manual_page_says_all_that_help_does() {
    let pages = [None].into_iter().chain(COMMANDS.map(Some));
    for command in pages {
        let page = generated(&["man"].into_iter().chain(command).collect::<Vec<_>>()).replace("\\-", "-");
        let sections: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix(".SH ")).collect();
        let wanted =
            ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "\"EXIT STATUS\"", "EXAMPLES", "\"SEE ALSO\""];
        let mut at = sections.iter();
        assert!(wanted.iter().all(|one| at.any(|section| section == one)), "{command:?}: {sections:?}");
        let help = whatlistens(&command.into_iter().chain(["--help"]).collect::<Vec<_>>()).0;
        for option in help.split_whitespace().filter(|word| word.starts_with("--") && word.len() > 2) {
            let option = option.trim_end_matches([',', ':', ')']);
            assert!(page.contains(option), "{command:?}: {option}");
        }
    }
}

#[test]
fn what_a_command_refuses_is_neither_in_its_help_nor_on_its_page() {
    for (command, formats) in [("wait", "table, list, json"), ("watch", "table, list, jsonl")] {
        let help = whatlistens(&[command, "--help"]).0.split_whitespace().collect::<Vec<_>>().join(" ");
        let page = generated(&["man", command]).replace("\\-", "-").replace('\n', " ");
        assert!(help.contains(&format!("[possible values: {formats}]")), "{help}");
        assert!(page.contains(&format!("The values are {formats}.")), "{page}");
        assert!(!help.contains("--from") && !page.contains("--from"), "{help}\n{page}");
        let refused = whatlistens(&[command, "--from", "Cargo.toml", "80"]).1;
        assert_eq!(
            refused,
            format!("whatlistens: {command} looks at this machine again and again: leave out --from\n")
        );
    }
    assert!(!generated(&["man", "watch"]).replace("\\-", "-").contains("--json"));
}

/// `man` shows them as they are meant: nothing in them is wrong for groff or mandoc.
#[test]
fn manual_pages_are_free_of_faults() {
    let folder = tempfile::tempdir().unwrap();
    generated(&["man", "--dir", folder.path().to_str().unwrap()]);
    let faults = |command: &mut Command, page: &Path| {
        let (stdout, stderr, _) = told(command.arg(page).output().unwrap());
        assert_eq!(format!("{stdout}{stderr}"), "", "{}", page.display());
    };
    for page in fs::read_dir(folder.path()).unwrap() {
        let page = page.unwrap().path();
        if has("groff") {
            faults(Command::new("groff").args(["-k", "-man", "-ww", "-Tutf8", "-z"]), &page);
        }
        if has("mandoc") {
            faults(Command::new("mandoc").args(["-T", "lint"]), &page);
        }
    }
}
