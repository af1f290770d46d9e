//! The completion scripts, each driven in its shell: what it offers behind what was typed.

use std::fs;
use std::process::{Command, Stdio};

use whatlistens::cli::COMMANDS;
use whatlistens::render::column_names;

use crate::generate::{generated, has};
use crate::started::whatlistens;

/// What was typed, and all that must be offered for the last word, in order, if it is not too much.
const TYPED: &[(&str, &[&str])] = &[
    ("whatlistens serve", &["servers"]),
    ("whatlistens 3ds", &["3ds-lm"]),
    ("whatlistens postg", &["postgres", "postgresql"]),
    ("whatlistens rdp", &["rdp"]),
    ("whatlistens nginx serve", &[]),
    ("whatlistens --so", &["--sort"]),
    ("whatlistens --sort p", &["pid", "port", "process"]),
    ("whatlistens --output json servers --ch", &["--check"]),
    ("whatlistens --json servers --lic", &["--license-file"]),
    ("whatlistens -- serve", &[]),
    ("whatlistens servers autodesk-n", &["autodesk-nlm"]),
    ("whatlistens servers lmg", &["lmgrd"]),
    ("whatlistens servers --tcp", &[]),
    ("whatlistens explain mism", &["mismatch"]),
    ("whatlistens excluded flex-lma", &["flex-lmadmin"]),
    ("whatlistens --deadline ", &[]),
    ("whatlistens --user roo", &["root"]),
    ("whatlistens --bpf n", &["never"]),
    ("whatlistens --color al", &["always"]),
    ("whatlistens --output cs", &["csv"]),
    ("whatlistens wait --output js", &["json"]),
    ("whatlistens watch --output js", &["jsonl"]),
    ("whatlistens watch --fro", &[]),
    ("whatlistens generate man --js", &[]),
    ("whatlistens check --max-exposure pri", &["private"]),
    ("whatlistens check --expect flex-lma", &["flex-lmadmin"]),
    ("whatlistens check --expect ", &[]),
    ("whatlistens check --expect 27000/tcp=flex", &[]),
    ("whatlistens wait --process lmg", &["lmgrd"]),
    ("whatlistens generate ", &["completions", "man", "schema"]),
    ("whatlistens generate man serv", &["servers"]),
    ("whatlistens generate completions f", &["fish"]),
    ("whatlistens generate man --dir", &["--dir"]),
    ("whatlistens explain ssh servers", &[]),
];

/// Runs a program of a shell, with the script for it and a command line. What it prints is what is offered.
fn offered(shell: &mut Command, script: &str, line: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("script");
    fs::write(&path, script).unwrap();
    let output = shell.arg(&path).arg(line).stdin(Stdio::null()).env_remove("TERM").output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(err, "", "{line}");
    // fish writes what a word means behind it.
    let mut words: Vec<String> =
        out.lines().map(|line| line.split('\t').next().unwrap_or_default().to_owned()).collect();
    words.sort();
    words.dedup();
    words
}

fn assert_offers(shell: &str, offered: impl Fn(&str) -> Vec<String>, lists: &[(&str, &[&str])]) {
    for (line, words) in TYPED.iter().chain(lists) {
        assert_eq!(offered(line), *words, "{shell}: {line}");
    }
    let commands = offered("whatlistens ");
    let mut all = COMMANDS.to_vec();
    all.sort_unstable();
    assert_eq!(commands, all, "{shell}: without a letter, the commands alone");
    let options = offered("whatlistens --");
    for option in ["--tcp", "--columns", "--json", "--help"] {
        assert!(options.iter().any(|one| one == option), "{shell}: {option} of {options:?}");
    }
}

#[test]
fn bash_completes() {
    if !has("bash") {
        return;
    }
    const DRIVER: &str = r#"
source "$1"
read -ra COMP_WORDS <<<"${2//=/ = }"
if [[ $2 == *' ' ]]; then COMP_WORDS+=(''); fi
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
complete -p whatlistens >/dev/null
_whatlistens 2>/dev/null
printf '%s\n' "${COMPREPLY[@]}"
"#;
    let script = generated(&["completions", "bash"]);
    let offer = |line: &str| {
        let words = offered(Command::new("bash").args(["--norc", "-c", DRIVER, "bash"]), &script, line);
        words.into_iter().filter(|word| !word.is_empty()).collect()
    };
    assert_offers(
        "bash",
        offer,
        &[
            ("whatlistens --columns port,pro", &["port,process"]),
            ("whatlistens --columns=port,pro", &["port,process"]),
            ("whatlistens --sort=po", &["port"]),
            ("whatlistens --trust-path /et", &["/etc"]),
            ("whatlistens servers --license-file Cargo.to", &["Cargo.toml"]),
            ("whatlistens diff Cargo.to", &["Cargo.toml"]),
            ("whatlistens diff Cargo.lock Cargo.to", &["Cargo.toml"]),
        ],
    );
}

#[test]
fn fish_completes() {
    if !has("fish") {
        return;
    }
    let script = generated(&["completions", "fish"]);
    let run = ["--no-config", "-c", "source $argv[1]; complete -C $argv[2]"];
    assert_offers(
        "fish",
        |line| {
            let mut words = offered(Command::new("fish").args(run), &script, line);
            // Where no word begins so, fish offers those that contain it. Where one does, the others would be a part of
            // it: a line of it each, and all of them inserted.
            let typed = line.rsplit(' ').next().unwrap_or_default();
            if !words.iter().any(|word| word.starts_with(typed)) {
                words.clear();
            }
            words
        },
        &[
            ("whatlistens --columns port,pro", &["port,process"]),
            ("whatlistens --columns=port,pro", &["--columns=port,process"]),
            ("whatlistens --sort=po", &["--sort=port"]),
            ("whatlistens --trust-path /et", &["/etc/"]),
            ("whatlistens diff Cargo.to", &["Cargo.toml"]),
            ("whatlistens diff Cargo.lock Cargo.to", &["Cargo.toml"]),
        ],
    );
}

/// zsh completes for a terminal alone: it gets one, and says what it is about to add.
#[test]
fn zsh_completes() {
    if !has("zsh") {
        return;
    }
    const DRIVER: &str = r#"
zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z 'PROMPT= ; stty -echo; unset zle_bracketed_paste; autoload -Uz compinit; compinit -u -D'
zpty -w z "source ${(q)1}"
zpty -w z 'bindkey "^I" complete-word; zstyle ":completion:*" completer _complete
compadd() {
  if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then builtin compadd "$@"; return $?; fi
  typeset -a hits; builtin compadd -A hits "$@"; (( $#hits )) && print -rl -- "OFF""ERED "${^hits}
  builtin compadd "$@"
}
end-now() { print -r -- "THE ""END"; exit }
comppostfuncs=( end-now )'
zpty -w -n z "$2"$'\t'
while zpty -r z line; do
  [[ $line == *"THE END"* ]] && break
  [[ $line == *"OFFERED "* ]] && print -r -- "${${line##*OFFERED }%%$'\r'*}"
done
zpty -d z
"#;
    let script = generated(&["completions", "zsh"]);
    assert_offers(
        "zsh",
        |line| offered(Command::new("zsh").args(["-f", "-c", DRIVER, "zsh"]), &script, line),
        &[
            ("whatlistens --columns port,pro", &["process"]),
            ("whatlistens --columns=port,pro", &["process"]),
            ("whatlistens --sort=po", &["port"]),
            ("whatlistens --trust-path /et", &["etc"]),
            ("whatlistens diff Cargo.to", &["Cargo.toml"]),
            ("whatlistens diff Cargo.lock Cargo.to", &["Cargo.toml"]),
        ],
    );
}

#[test]
fn powershell_completes() {
    if !has("pwsh") && !has("pwsh.exe") {
        return;
    }
    const DRIVER: &str = ". ([ScriptBlock]::Create((Get-Content -Raw $args[0]))); \
        (TabExpansion2 -inputScript $args[1] -cursorColumn $args[1].Length).CompletionMatches.CompletionText";
    let script = generated(&["completions", "powershell"]);
    let folder = tempfile::tempdir().unwrap();
    let driver = folder.path().join("driver.ps1");
    fs::write(&driver, DRIVER).unwrap();
    let run = |line: &str| {
        let mut shell = Command::new("pwsh");
        offered(shell.args(["-NoProfile", "-NonInteractive", "-File"]).arg(&driver), &script, line)
    };
    for (line, words) in TYPED.iter().filter(|(line, words)| !words.is_empty() && !line.contains("--user")) {
        assert_eq!(run(line), *words, "{line}");
    }
}

#[test]
fn every_script_has_all_options_commands_and_columns() {
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let script = generated(&["completions", shell]);
        assert!(
            shell != "powershell" || script.is_ascii(),
            "PowerShell 5.1 reads scripts in the ANSI code page"
        );
        let has_word = |wanted: &str| {
            script
                .split(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c)))
                .any(|word| word == wanted)
        };
        for command in [""].into_iter().chain(COMMANDS) {
            let help = whatlistens(
                &[command, "--help"].into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>(),
            )
            .0;
            let options = help.lines().filter_map(|line| line.trim_start().split_once("--"));
            let options = options.filter(|(before, _)| before.is_empty() || before.starts_with('-'));
            for option in options.filter_map(|(_, name)| name.split_whitespace().next()) {
                // fish has its names without the hyphens.
                assert!(
                    has_word(&format!("--{option}")) || has_word(option),
                    "{shell}: --{option} of {command}"
                );
            }
            assert!(command.is_empty() || has_word(command), "{shell}: {command}");
        }
        assert!(column_names().all(|column| has_word(column.0)), "{shell}");
        for service in ["ssh", "https", "flex-lm", "3ds-lm", "postgres", "rdp"] {
            assert!(has_word(service), "{shell}: {service}");
        }
        assert!(script.len() < 100_000, "{shell}: {} bytes are read at every start of a shell", script.len());
        assert!(!script.contains("#OPTIONS#") && !script.contains("#VALUES#"), "{shell}: a mark was left");
    }
}
