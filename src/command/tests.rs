//! Which command a command line becomes.

use std::iter;

use clap::ValueEnum;
use clap::builder::PossibleValue;

use super::manual::Manual;
use super::*;
use crate::cli::OutputFormat;

fn parse(line: &str) -> Result<Command, Refused> {
    let args: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
    Command::parse(&args, &Environment::plain(), &Knowledge::embedded())
}

#[test]
fn clap_finds_the_definition_sound() {
    grammar::whole().debug_assert();
}

#[test]
fn one_port_or_service_alone_is_shown_in_detail() {
    for line in
        ["w 1538", "w :1538", "w 1538/udp", "w 3ds-lm", "w -i :1538", "w -tulpn 1538", "w --json 1538"]
    {
        assert!(matches!(parse(line), Ok(Command::Show(_))), "{line}");
    }
    for line in ["w", "w 1538 1539", "w 27000-27009", "w -H 1538", "w --user root 1538", "w -i", "w lmgrd"] {
        assert!(matches!(parse(line), Ok(Command::List(_))), "{line}");
    }
}

#[test]
fn a_command_takes_no_option_of_a_listing_before_it() {
    for line in ["w explain 1538", "w --json explain 1538", "w explain --color never 1538"] {
        assert!(matches!(parse(line), Ok(Command::Explain(_))), "{line}");
    }
    for line in [
        "w -t explain 1538",
        "w --flagged explain 22",
        "w -tulpn explain ssh",
        "w -t excluded",
        "w --trust-user alice explain 1538",
        "w --trust-path /opt excluded",
    ] {
        let refused = parse(line).unwrap_err().error;
        assert!(matches!(refused, UsageError::OptionsOfListing { .. }), "{line}: {refused}");
    }
}

#[test]
fn an_option_of_another_command_is_answered_with_that_command() {
    let refused = |line: &str| parse(line).unwrap_err().error.to_string();
    insta::assert_snapshot!(refused("w --license-file a.lic 27000"), @"there is no option --license-file in a listing; servers has it: whatlistens servers --license-file");
    insta::assert_snapshot!(refused("w servers --user lic"), @"there is no option --user in servers; a listing has it: whatlistens --user");
    insta::assert_snapshot!(refused("w explain -t 80"), @"there is no option -t in explain; a listing has it: whatlistens -t");
    insta::assert_snapshot!(refused("w excluded --check"), @"there is no option --check in excluded; servers has it: whatlistens servers --check");
    insta::assert_snapshot!(refused("w explain -15 --servers --expiry-days 3"), @"there is no option --expiry-days in explain; servers has it: whatlistens servers --expiry-days");
    insta::assert_snapshot!(refused("w explain -15 --bogus"), @"there is no option --bogus; see --help");
    insta::assert_snapshot!(refused("w --servers"), @"there is no option --servers: servers is a command: whatlistens servers");
}

#[test]
fn a_word_too_many_is_no_option() {
    let refused = |line: &str| parse(line).unwrap_err().error.to_string();
    insta::assert_snapshot!(refused("w record ticket.json"), @"‘ticket.json’: a record goes to standard output: whatlistens record > ticket.json");
    insta::assert_snapshot!(refused("w record -o a.json"), @"there is no option -o: a record goes to standard output: whatlistens record > FILE");
    insta::assert_snapshot!(refused("w generate completions"), @"‘generate completions’: name the shell: bash, zsh, fish or powershell");
    insta::assert_snapshot!(refused("w generate schema --dir /tmp"), @"there is no option --dir: it goes to standard output, as in whatlistens generate schema > FILE; a folder is for all manual pages: whatlistens generate man --dir DIR");
    insta::assert_snapshot!(refused("w check 27000/tcp=lmgrd"), @"‘27000/tcp=lmgrd’: what must listen stands behind --expect, as in check --expect 27000/tcp=lmgrd");
    insta::assert_snapshot!(refused("w watch --for 99d"), @"‘--for 99d’: give seconds or a time with its unit (ms, s, m or h), at most 8784h, as in --for 30 or --for 5m");
    insta::assert_snapshot!(refused("w generate schema 80"), @"‘80’: generate takes no more words; see --help");
}

#[test]
fn excluded_ports_are_a_command_and_an_option() {
    for line in ["w excluded", "w excluded -t 1538", "w --excluded-ports", "w --excluded-ports -t 1538"] {
        assert!(matches!(parse(line), Ok(Command::Excluded(_))), "{line}");
    }
    for line in [
        "w excluded --pid 4",
        "w --excluded-ports --pid 4",
        "w excluded lmgrd",
        "w excluded -6",
        "w excluded --trust-user alice",
        "w --excluded-ports --trust-path /opt",
        "w explain --trust-user alice 1538",
    ] {
        assert!(parse(line).is_err(), "{line}");
    }
}

/// The manuals of a listing and of every command, with their names.
fn manuals() -> Vec<(String, &'static Manual)> {
    let grammar = grammar::whole();
    let of_commands = grammar.get_subcommands().map(|command| {
        let name = command.get_name();
        (
            name.to_owned(),
            manual(name).unwrap_or_else(|| panic!("‘{name}’ has no manual: src/command/mod.rs")),
        )
    });
    iter::once((String::new(), &help::MANUAL)).chain(of_commands).collect()
}

/// What a shell hands to the program of an example.
fn as_typed(example: &str) -> &str {
    example.split([';', '|', '>', '&']).next().unwrap_or_default().trim_end()
}

#[test]
fn the_names_of_the_commands_are_those_of_the_grammar() {
    let grammar = grammar::whole();
    let names: Vec<&str> = grammar.get_subcommands().map(clap::Command::get_name).collect();
    assert_eq!(names, COMMANDS, "src/cli.rs");
}

#[test]
fn every_command_has_examples_that_it_understands() {
    for (name, manual) in manuals() {
        assert!(!manual.description.is_empty() && !manual.statuses.is_empty(), "{name}");
        assert!(manual.examples.len() >= 3, "{name}: {} examples", manual.examples.len());
        for (example, _) in manual.examples {
            let typed = as_typed(example);
            let command = parse(typed);
            assert!(command.is_ok(), "{example}: {:?}", command.unwrap_err().error);
            assert!(typed.starts_with(&format!("whatlistens {name}")) || name.is_empty(), "{example}");
        }
    }
}

#[test]
fn whatever_has_json_has_a_branch_of_the_schema() {
    let schema = crate::render::json_schema().to_value();
    for (name, manual) in manuals() {
        let has_json = manual.examples.iter().any(|(example, _)| {
            let typed = as_typed(example).replace(" --json", "");
            let is_json = |typed: &str, format| parse(typed).is_ok_and(|command| command.format() == format);
            is_json(&format!("{typed} --json"), Format::Json) || is_json(&typed, Format::Jsonl)
        });
        assert_eq!(manual.document.is_some(), has_json, "{name}");
        let Some(document) = manual.document else { continue };
        let branch = format!("#/$defs/{document}");
        assert!(schema["oneOf"].as_array().unwrap().iter().any(|one| one["$ref"] == *branch), "{document}");
        let description = schema["$defs"][document]["description"].as_str().unwrap_or_default();
        let named = if name.is_empty() { "a listing".to_owned() } else { format!("`{name}`") };
        assert!(
            description.contains(&named),
            "{document} does not say that {named} prints it: {description}"
        );
    }
}

#[test]
fn a_command_offers_the_formats_that_it_takes_and_no_other() {
    let lines = [
        "explain 80",
        "excluded",
        "servers",
        "check --no-flagged",
        "wait 80",
        "watch",
        "generate man",
        "generate completions fish",
        "generate schema",
        "record",
        "diff before.json",
    ];
    assert!(COMMANDS.iter().all(|name| lines.iter().any(|line| line.split(' ').next() == Some(name))));
    let names = |values: Vec<PossibleValue>| -> Vec<String> {
        values.iter().map(|value| value.get_name().to_owned()).collect()
    };
    let all = names(OutputFormat::value_variants().iter().filter_map(ValueEnum::to_possible_value).collect());
    assert_eq!(all, Format::ALL.map(Format::name));
    let grammar = grammar::whole();
    for line in lines {
        let own = line.split(' ').fold(&grammar, |own, word| own.find_subcommand(word).unwrap_or(own));
        let offered = |id: &str| own.get_arguments().find(|arg| arg.get_id() == id && !arg.is_hide_set());
        let is_taken = |option: &str| parse(&format!("w {line} {option}")).is_ok();
        let formats = offered("output").map(|arg| names(arg.get_possible_values())).unwrap_or_default();
        let taken: Vec<String> =
            all.iter().filter(|format| is_taken(&format!("--output {format}"))).cloned().collect();
        assert_eq!(formats, taken, "{line}");
        assert_eq!(offered("json").is_some(), is_taken("--json"), "{line}");
        // `wait` and `watch` refuse it once they look.
        let reads = parse(&format!("w {line} --from a.json")).is_ok_and(|command| command.looks_once());
        assert_eq!(offered("from").is_some(), reads, "{line}");
    }
}

#[test]
fn what_is_missing_behind_generate_is_said() {
    let refused = |line: &str| parse(line).unwrap_err().error.to_string();
    insta::assert_snapshot!(refused("w generate"), @"generate needs a value: one of man, completions, schema");
    insta::assert_snapshot!(refused("w generate mna"), @"‘generate mna’: the values are man, completions, schema. Did you mean man?");
    insta::assert_snapshot!(refused("w generate man server"), @"‘server’: the values are explain, excluded, servers, check, wait, watch, generate, record, diff. Did you mean servers?");
    insta::assert_snapshot!(refused("w generate man --dri x"), @"there is no option --dri; did you mean --dir?");
    insta::assert_snapshot!(refused("w generate man --json"), @"‘--json’: only listings and answers have another format; generate schema prints JSON");
    insta::assert_snapshot!(refused("w --timeout 3 wait 27000"), @"options of wait go after its name, and those of a listing do not apply: see whatlistens wait --help");
    insta::assert_snapshot!(refused("w generate schema --output csv"), @"‘--output’: only listings and answers have another format; generate schema prints JSON");
    insta::assert_snapshot!(refused("w generate man --from a.json"), @"‘--from’: generate looks at no machine: leave it out");
    insta::assert_snapshot!(refused("w record --output table"), @"‘--output table’: a record is always JSON; whatlistens --from FILE shows it in any format");
    insta::assert_snapshot!(refused("w wait --form a.json 80"), @"there is no option --form; see --help");
    insta::assert_snapshot!(refused("w watch --jsn"), @"there is no option --jsn; see --help");
    insta::assert_snapshot!(refused("w excluded --jsn"), @"there is no option --jsn; did you mean --json?");
    insta::assert_snapshot!(refused("w wait --output cvs"), @"‘--output cvs’: the values are table, list, json");
    insta::assert_snapshot!(refused("w -t generate man"), @"options of generate go after its name, and those of a listing do not apply: see whatlistens generate --help");
    insta::assert_snapshot!(refused("w --man"), @"there is no option --man: for the manual page: whatlistens generate man");
}
