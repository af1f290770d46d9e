//! What was typed wrong → what would be right. Only what exists is suggested: by likeness, or because other programs call
//! it so.

use std::error::Error;
use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::habits::letters_and_ports;
use super::nearest::{filled, is_command, nearest};
use super::tried::{OF_COMMANDS, Tried};
use super::typed::Typed;
use super::usage::UsageError;
use crate::cli::COMMANDS;
use crate::model::phrase::list;

/// Options that other programs have, and what does the same here.
const ELSEWHERE: &Tried = &[
    (&["--ticket", "--summary"], "for a block to paste into a ticket use --report"),
    (&["--csv"], "for CSV use --output csv"),
    (&["--tsv", "--output tsv"], "for values in a line use --output csv, for columns between blanks -H"),
    (&["--jsonl", "--ndjson", "--output ndjson"], "for a JSON object a line use --output jsonl"),
    (
        &["--format", "--fmt", "--out", "--output-format"],
        "the format is chosen with --output, as in --output json",
    ),
    (
        &["--xml", "--yaml", "--html", "--text", "--md", "--markdown", "--prometheus", "--prom"],
        "the formats are those of --output: table, list, json, jsonl, csv, markdown, prometheus, html",
    ),
    (
        &["--watch", "-w", "--continuous", "--repeat", "--follow", "--refresh"],
        "to see what appears, goes and changes: whatlistens watch",
    ),
    (&["--wait", "--wait-for", "--until"], "to wait until a port listens: whatlistens wait WHAT"),
    (
        &["-f"],
        "no name of a host is looked up; for IPv4 alone use -4, for IPv6 alone -6, for a record --from FILE",
    ),
    (&["-r", "--route", "--routes"], "it lists what listens, and no routes"),
    (
        &["--statistics", "--stats"],
        "it prints no statistics; for numbers of listeners use --output prometheus",
    ),
    (&["-c"], "for a process use --process NAME, to see what changes whatlistens watch"),
    (&["--pids", "--process-id", "--processid"], "for a process ID use --pid 4242"),
    (
        &["-q", "--quiet", "--silent"],
        "for the exit status alone, send the output to /dev/null (on Windows: NUL)",
    ),
    (&["--process-name", "--proc", "--name", "--command", "--exe"], "for a process use --process NAME"),
    (&["--protocol", "--proto"], "for TCP alone use -t, for UDP alone -u"),
    (&["--no-color", "--no-colour", "--colour", "--nocolor"], "for no colours use --color never"),
    (&["--kill", "-k", "-K", "--stop"], "whatlistens ends no process, but says how to: whatlistens WHAT"),
    (
        &["--free", "--free-port", "--free-ports", "--unused", "--available"],
        "to learn whether a port is free, name it: whatlistens WHAT",
    ),
    (&["--unit", "--container"], "a unit or a container is found by its name: whatlistens NAME"),
    (&["--service", "--services"], "a service is found by its name: whatlistens NAME"),
    (
        &["--script", "--module", "--jar"],
        "a script is found by its name: whatlistens NAME; to see those that run: --columns port,process,script",
    ),
    (
        &["--cwd", "--dir", "--directory", "--folder"],
        "to see the folders in which processes work: --columns port,process,cwd",
    ),
    (
        &["--exclude", "--except", "--without", "--ignore", "--skip", "--not"],
        "to leave rows out, filter the JSON, as in whatlistens --json | jq \".listeners[] | select(.port != 80)\"",
    ),
    (
        &["--public", "--external", "--remote", "--reachable", "--wan"],
        "for what other machines may reach use --exposed",
    ),
    (
        &["--stale", "--outdated", "--replaced", "--upgraded", "--restart", "--needrestart"],
        "for what still runs a file that was deleted or replaced use --deleted",
    ),
    (&["--port", "--ports", "-i"], "for what listens on a port: whatlistens WHAT"),
    (
        &["--namespaces", "--namespace", "--netns", "--ns", "--containers", "-N"],
        "for every network namespace, also those of containers, use --all-namespaces",
    ),
    (&["--unix", "-x"], "it lists ports, and no unix sockets"),
    (&["-j"], "for JSON use --json"),
    (
        &["--local", "--local-only", "--localhost", "--loopback"],
        "--exposed leaves out what only this machine reaches, --address 127.0.0.1 lists what receives there",
    ),
    (&["--state", "--states", "--established"], "it lists listeners; --connections counts connections"),
    (
        &["--nagios", "--icinga", "--assert", "--verify", "--audit", "--expected"],
        "for monitoring: whatlistens check --expect WHAT",
    ),
    (&["--servers"], "servers is a command: whatlistens servers"),
    (&["--record", "--save", "--dump", "--snapshot"], "record is a command: whatlistens record > FILE"),
    (
        &["--diff", "--compare", "--baseline", "--changes", "--since"],
        "to see what is different since: whatlistens record > FILE, and later whatlistens diff FILE",
    ),
    (
        &["--host", "--hosts", "--ssh", "--computer"],
        "on the other machine: whatlistens record > FILE; here: whatlistens --from FILE",
    ),
    (&["--input", "--file", "--read", "--load"], "for a record of a machine use --from FILE"),
    (&["--explain"], "explain is a command: whatlistens explain WHAT"),
    (&["--excluded"], "excluded is a command: whatlistens excluded"),
    (&["--help-all", "--usage"], "see --help"),
    (&["--man", "--manual"], "for the manual page: whatlistens generate man"),
    (
        &["--completion", "--completions", "--generate-completion", "--complete"],
        "for the completions of a shell: whatlistens generate completions bash",
    ),
    (&["--schema", "--json-schema"], "for the schema of the JSON: whatlistens generate schema"),
    (&["-H", "--no-header"], "only a listing has a header; for scripts use --output json"),
    (&["--headers", "--header"], "headers are shown unless you give -H"),
];

/// The options that exist.
#[derive(Debug, Default)]
pub struct Options {
    /// The command that was typed; `None` for a listing.
    pub command: Option<String>,
    /// What must stand behind its name, as `man` behind `generate`, if anything.
    pub parts: Vec<String>,
    /// Its long options, without the hyphens.
    pub own: Vec<String>,
    /// Those of the other commands as they are typed, each with its command; `None` for those of a listing.
    pub of_others: Vec<(String, Option<String>)>,
}

/// The long option most like one that does not exist.
fn nearest_option(typed: &str, options: &[String]) -> Option<String> {
    let name = typed.strip_prefix("--")?;
    nearest(name, options.iter().map(String::as_str)).map(|nearest| format!("--{nearest}"))
}

impl UsageError {
    /// What clap finds wrong in a command line; `None` where it was asked for help.
    #[must_use]
    pub fn from_clap(error: &clap::Error, options: &Options, args: &[OsString]) -> Option<UsageError> {
        if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
            return None;
        }
        let text = |kind| match error.get(kind) {
            Some(ContextValue::String(text)) => Some(text.clone()),
            Some(ContextValue::Strings(texts)) if !texts.is_empty() => Some(list(texts, "or")),
            _ => None,
        };
        let typed = text(ContextKind::InvalidArg).unwrap_or_default();
        Some(match error.kind() {
            ErrorKind::UnknownArgument => match args.iter().find_map(|arg| number(arg)) {
                // Of `explain` a number is the code of an error, and another option is the wrong one.
                Some(number) if options.command.as_deref() != Some("explain") => {
                    UsageError::NumberAsOption { typed: number.into() }
                }
                _ if !typed.starts_with('-') => {
                    let command = options.command.as_deref().unwrap_or("whatlistens");
                    if command == "record" {
                        let right = format!("a record goes to standard output: whatlistens record > {typed}");
                        return Some(UsageError::instead(&typed, right));
                    }
                    UsageError::instead(&typed, format!("{command} takes no more words; see --help"))
                }
                _ => {
                    ports_behind_letters(&typed, args).unwrap_or_else(|| unknown_option(typed, options, args))
                }
            },
            // Of `--json=pretty`.
            ErrorKind::TooManyValues => {
                let option = typed.split(['=', ' ']).next().unwrap_or_default();
                let value = text(ContextKind::InvalidValue).unwrap_or_default();
                UsageError::instead(&format!("{option}={value}"), format!("{option} takes no value"))
            }
            ErrorKind::InvalidValue => {
                let value = text(ContextKind::InvalidValue).unwrap_or_default();
                let option = typed.split(' ').next().unwrap_or_default().to_owned();
                let values = match error.get(ContextKind::ValidValue) {
                    Some(ContextValue::Strings(values)) => &values[..],
                    _ => &[],
                };
                if option == "--output" && ["tsv", "ndjson"].contains(&value.as_str()) {
                    return Some(unknown_option(format!("--output {value}"), options, args));
                }
                // `<SHELL>` and `[COMMAND]` are no options: only the value was typed.
                let option = if option.starts_with('-') { option } else { String::new() };
                match value.is_empty() {
                    true => {
                        UsageError::MissingValue { option, placeholder: typed, values: values.join(", ") }
                    }
                    false => none_of(values, option, &value),
                }
            }
            ErrorKind::ValueValidation => {
                let option = typed.split(' ').next().unwrap_or_default().to_owned();
                let value = text(ContextKind::InvalidValue).unwrap_or_default();
                let wanted = Error::source(error).map(ToString::to_string).unwrap_or_default();
                UsageError::WrongValue { option, value: value.into(), wanted }
            }
            ErrorKind::InvalidSubcommand => {
                let option = options.command.clone().unwrap_or_default();
                none_of(&options.parts, option, &text(ContextKind::InvalidSubcommand).unwrap_or_default())
            }
            ErrorKind::MissingSubcommand => UsageError::MissingValue {
                option: options.command.clone().unwrap_or_default(),
                placeholder: String::new(),
                values: options.parts.join(", "),
            },
            ErrorKind::MissingRequiredArgument if options.command.as_deref() == Some("explain") => {
                UsageError::MissingWhat
            }
            ErrorKind::MissingRequiredArgument if options.command.as_deref() == Some("diff") => {
                let right = "name how it was: whatlistens record > before.json, and later whatlistens diff before.json";
                UsageError::instead("diff", right)
            }
            ErrorKind::MissingRequiredArgument if typed == "<SHELL>" => {
                let right = "name the shell: bash, zsh, fish or powershell";
                UsageError::instead("generate completions", right)
            }
            ErrorKind::MissingRequiredArgument => {
                UsageError::CommandLine(format!("{typed} is missing").into())
            }
            _ => {
                let all = error.render().to_string();
                let first = all.lines().next().unwrap_or_default();
                UsageError::CommandLine(first.trim_start_matches("error: ").into())
            }
        })
    }
}

/// A value that is none of those that there are.
fn none_of(values: &[String], option: String, value: &str) -> UsageError {
    let nearest = nearest(value, values.iter().map(String::as_str)).map(str::to_owned);
    UsageError::InvalidValue { option, value: value.into(), values: values.join(", "), nearest }
}

/// Of `-t80`, where it is not understood: the digit that clap takes for an option is one of a port.
fn ports_behind_letters(typed: &str, args: &[OsString]) -> Option<UsageError> {
    typed
        .strip_prefix('-')
        .filter(|digit| digit.len() == 1 && digit.bytes().all(|byte| byte.is_ascii_digit()))?;
    let mut args = args.iter().filter_map(|arg| arg.to_str());
    let (arg, (letters, ports)) = args.find_map(|arg| Some((arg, letters_and_ports(arg)?)))?;
    Some(UsageError::instead(arg, format!("a blank belongs before the port: {letters} {ports}")))
}

fn unknown_option(typed: String, options: &Options, args: &[OsString]) -> UsageError {
    let of_command = OF_COMMANDS.iter().filter(|(command, _)| options.command.as_deref() == Some(command));
    if let Some((_, right)) =
        of_command.flat_map(|(_, tried)| *tried).find(|(names, _)| names.contains(&typed.as_str()))
    {
        let right = filled(right, words(args, &typed));
        return UsageError::OptionElsewhere { typed: typed.into(), right };
    }
    if let Some((_, right)) = ELSEWHERE.iter().find(|(names, _)| names.contains(&typed.as_str())) {
        let right = filled(right, words(args, &typed));
        return UsageError::OptionElsewhere { typed: typed.into(), right };
    }
    if let Some((option, of)) = options.of_others.iter().find(|(option, _)| *option == typed) {
        let (option, of, here) = (option.clone(), of.clone(), options.command.clone());
        return UsageError::OptionOfAnother { option, of, here };
    }
    let nearest = nearest_option(&typed, &options.own);
    let command = COMMANDS.into_iter().find(|command| options.command.as_deref() == Some(command));
    match command.filter(|_| nearest.as_ref() == Some(&typed)) {
        // It stands before the name of its command.
        Some(command) => UsageError::OptionsOfListing { command },
        None => UsageError::UnknownOption { typed: typed.into(), nearest },
    }
}

/// The words of a command line that are neither options nor commands nor, behind another option than this, what may be
/// its value.
fn words(args: &[OsString], option: &str) -> impl Iterator<Item = String> {
    let args = args.iter().skip(1).map(|arg| arg.to_string_lossy());
    let mut before = String::new();
    args.filter_map(move |arg| {
        let own = arg.strip_prefix(option).and_then(|rest| rest.strip_prefix('='));
        let is_value = before.starts_with("--") && before != option && !before.contains('=');
        // Of the filters of ss only the port matters.
        let is_of_filter = ["sport", "dport", "src", "dst", "=", "==", "eq", "(", ")"].contains(&&*arg);
        let is_word = !is_of_filter && !arg.starts_with('-') && !is_value && !is_command(&arg);
        let word = own.or_else(|| is_word.then_some(&*arg)).map(|word| Typed::from(word).to_string());
        before = arg.into_owned();
        word
    })
}

/// `-97` and `-15,570`: a number, and none of the options -4 and -6.
fn number(arg: &OsString) -> Option<&str> {
    let digits = arg.to_str()?.strip_prefix('-')?;
    let is_number = digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.bytes().all(|byte| byte.is_ascii_digit() || b",.:".contains(&byte))
        && !digits.bytes().all(|byte| b"46".contains(&byte));
    is_number.then(|| arg.to_str()).flatten()
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::*;
    use crate::cli::{GlobalArgs, ListArgs};

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        list: ListArgs,
        #[command(flatten)]
        global: GlobalArgs,
    }

    fn options() -> Options {
        let grammar = Line::command();
        let shown = grammar.get_arguments().filter(|arg| !arg.is_hide_set());
        let own = shown.filter_map(|arg| arg.get_long().map(str::to_owned)).collect();
        Options { own, ..Options::default() }
    }

    fn refused(line: &str) -> String {
        let error = Line::try_parse_from(line.split_whitespace()).unwrap_err();
        let args: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        UsageError::from_clap(&error, &options(), &args).unwrap().to_string()
    }

    #[test]
    fn wrong_usage_is_one_line() {
        insta::assert_snapshot!(refused("w --jsn"), @"there is no option --jsn; did you mean --json?");
        insta::assert_snapshot!(refused("w -z"), @"there is no option -z; see --help");
        insta::assert_snapshot!(refused("w --sort size"), @"‘--sort size’: the values are port, address, process, pid, user, service, verdict");
        insta::assert_snapshot!(refused("w --sort prot"), @"‘--sort prot’: the values are port, address, process, pid, user, service, verdict. Did you mean port?");
        insta::assert_snapshot!(refused("w --color"), @"--color needs a value: one of auto, always, never");
        insta::assert_snapshot!(refused("w --pid"), @"--pid needs a value: --pid <PID>");
        insta::assert_snapshot!(refused("w --deadline 0"), @"‘--deadline 0’: give seconds or a time with its unit, from 10ms to 1h, as in --deadline 2 or --deadline 500ms");
        insta::assert_snapshot!(refused("w --deadline 5x"), @"‘--deadline 5x’: give seconds or a time with its unit, from 10ms to 1h, as in --deadline 2 or --deadline 500ms");
    }

    #[test]
    fn options_of_other_programs_are_answered_with_those_of_this() {
        insta::assert_snapshot!(refused("w --csv"), @"there is no option --csv: for CSV use --output csv");
        insta::assert_snapshot!(refused("w --format json"), @"there is no option --format: the format is chosen with --output, as in --output json");
        insta::assert_snapshot!(refused("w --watch"), @"there is no option --watch: to see what appears, goes and changes: whatlistens watch");
        insta::assert_snapshot!(refused("w -q"), @"there is no option -q: for the exit status alone, send the output to /dev/null (on Windows: NUL)");
        insta::assert_snapshot!(refused("w --process-name x"), @"there is no option --process-name: for a process use --process x");
        insta::assert_snapshot!(refused("w --help-all"), @"there is no option --help-all: see --help");
    }

    #[test]
    fn only_what_exists_and_is_like_it_is_suggested() {
        let suggested = |typed: &str| nearest_option(typed, &options().own);
        for (typed, option) in [
            ("--verb", "--verbose"),
            ("--vebrose", "--verbose"),
            ("--wied", "--wide"),
            ("--wid", "--wide"),
            ("--use", "--user"),
            ("--col", "--color"),
            ("--colu", "--columns"),
            ("--licence", "--licenses"),
            ("--users", "--user"),
            ("--no-headers", "--no-header"),
            ("--column", "--columns"),
            ("--namespaces", "--all-namespaces"),
        ] {
            let expected = if typed == "--namespaces" { None } else { Some(option) };
            assert_eq!(suggested(typed).as_deref(), expected, "{typed}");
        }
        for typed in ["--frobnicate", "--x", "--width", "--trace", "--no-such-option-at-all"] {
            assert!(
                suggested(typed).is_none_or(|option| option == "--wide" && typed == "--width"),
                "{typed}"
            );
        }
    }
}
