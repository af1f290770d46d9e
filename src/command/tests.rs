//! Which command a command line becomes.

use super::*;

fn parse(line: &str) -> Result<Command, Refused> {
    let args: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
    Command::parse(&args, &Environment::plain(), &Knowledge::embedded())
}

#[test]
fn clap_finds_the_definition_sound() {
    Cli::command().debug_assert();
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
