//! What each wrong usage is answered.

use clap::Parser;

use super::*;
use crate::cli::{GlobalArgs, ListArgs};

#[derive(Debug, Parser)]
struct Line {
    #[command(flatten)]
    list: ListArgs,
    #[command(flatten)]
    global: GlobalArgs,
}

fn refused(line: &str) -> String {
    let error = Line::try_parse_from(line.split_whitespace()).unwrap_err();
    UsageError::from_clap(&error).unwrap().to_string()
}

#[test]
fn wrong_usage_is_one_line() {
    insta::assert_snapshot!(refused("w --jsn"), @"there is no option --jsn; did you mean --json?");
    insta::assert_snapshot!(refused("w -z"), @"there is no option -z; see --help");
    insta::assert_snapshot!(refused("w --sort size"), @"‘--sort size’: the values are port, address, process, pid, user, service, verdict");
    insta::assert_snapshot!(refused("w --color"), @"--color needs a value: one of auto, always, never");
    insta::assert_snapshot!(refused("w --pid"), @"--pid needs a value: --pid <PID>");
    insta::assert_snapshot!(refused("w --deadline 0"), @"‘--deadline 0’: give seconds or a time with its unit, from 10ms to 1h, as in --deadline 2 or --deadline 500ms");
    insta::assert_snapshot!(refused("w --deadline 5x"), @"‘--deadline 5x’: give seconds or a time with its unit, from 10ms to 1h, as in --deadline 2 or --deadline 500ms");
}
