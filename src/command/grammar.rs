//! What can be typed: the commands with their arguments, and what the manual says of each.

use std::ffi::OsString;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{ArgAction, CommandFactory, Parser, Subcommand, ValueEnum};

use super::manual::Manual;
use super::{check, diff, excluded, explain, generate, help, record, servers, wait, watch};
use crate::cli::{COMMANDS, GlobalArgs, ListArgs, OutputFormat};
use crate::query::Options;
use crate::render::Format;

/// What is listening on this machine, who owns it, and should it be there?
#[derive(Debug, Clone, PartialEq, Eq, Parser)]
#[command(
    name = "whatlistens",
    version,
    about,
    disable_help_flag = true,
    disable_version_flag = true,
    args_override_self = true,
    override_usage = "whatlistens [OPTIONS] [WHAT]...\n       whatlistens <COMMAND> [OPTIONS] [WHAT]...",
    disable_help_subcommand = true
)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) verb: Option<Verb>,

    #[command(flatten)]
    pub(super) list: ListArgs,

    #[command(flatten)]
    pub(super) global: GlobalArgs,

    /// Print help
    #[arg(short = 'h', long, short_alias = '?', action = ArgAction::HelpShort)]
    help: Option<bool>,

    /// Print the version; with --verbose also its data and the systems it was tested on
    #[arg(short = 'V', long)]
    pub(super) version: bool,

    /// Report what the interfaces of the system answer, in counts without names: for a report of a fault
    #[arg(long)]
    pub(super) self_test: bool,
}

/// The commands that have a name. The options of each are made only where they are asked for.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
#[command(defer = true)]
pub(super) enum Verb {
    Explain(explain::ExplainArgs),
    Excluded(excluded::ExcludedArgs),
    Servers(servers::ServersArgs),
    Check(check::CheckArgs),
    Wait(wait::WaitArgs),
    Watch(Box<watch::WatchArgs>),
    Generate(generate::GenerateArgs),
    Record(record::RecordArgs),
    Diff(diff::DiffArgs),
}

impl Verb {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Verb::Explain(_) => "explain",
            Verb::Excluded(_) => "excluded",
            Verb::Servers(_) => "servers",
            Verb::Check(_) => "check",
            Verb::Wait(_) => "wait",
            Verb::Watch(_) => "watch",
            Verb::Generate(_) => "generate",
            Verb::Record(_) => "record",
            Verb::Diff(_) => "diff",
        }
    }
}

/// With the options of every command.
pub(super) fn whole() -> clap::Command {
    built(Cli::command())
}

/// With all that help shows on a line of so many columns.
pub(super) fn with_help(typed: &[OsString], width: usize) -> clap::Command {
    let mut grammar = Cli::command().term_width(width).after_help(help::below(width));
    if let Some((verb, manual)) = typed_verb(typed).and_then(|verb| Some((verb, manual(verb)?))) {
        grammar = grammar.mut_subcommand(verb, |own| own.after_help(help::below_own(manual, width)));
    }
    built(grammar)
}

/// With the options of every command; each command offers only those that it takes.
fn built(mut grammar: clap::Command) -> clap::Command {
    grammar.build();
    grammar.mut_subcommands(|own| {
        let Some(manual) = manual(own.get_name()) else { return own };
        let parts = own
            .mut_subcommands(|part| offering(generate::formats(part.get_name()), manual.takes_record, part));
        offering(manual.formats, manual.takes_record, parts)
    })
}

/// Without the formats that a command refuses, which the definition of `--output` has for all, and without `--from` if it
/// refuses that.
fn offering(formats: &'static [Format], takes_record: bool, command: clap::Command) -> clap::Command {
    command.mut_args(|arg| match arg.get_id().as_str() {
        "output" if formats.is_empty() => arg.hide(true),
        "output" => {
            let names = PossibleValuesParser::new(formats.iter().map(|format| format.name()));
            arg.value_parser(names.try_map(|name| OutputFormat::from_str(&name, false)))
        }
        "json" => arg.hide(!formats.contains(&Format::Json)),
        "from" => arg.hide(!takes_record),
        _ => arg,
    })
}

/// What the manual says of a command.
pub(super) fn manual(verb: &str) -> Option<&'static Manual> {
    Some(match verb {
        "explain" => &explain::MANUAL,
        "excluded" => &excluded::MANUAL,
        "servers" => &servers::MANUAL,
        "check" => &check::MANUAL,
        "wait" => &wait::MANUAL,
        "watch" => &watch::MANUAL,
        "generate" => &generate::MANUAL,
        "record" => &record::MANUAL,
        "diff" => &diff::MANUAL,
        _ => return None,
    })
}

/// The name of the command in a command line.
pub(super) fn typed_verb(typed: &[OsString]) -> Option<&str> {
    typed.iter().skip(1).filter_map(|word| word.to_str()).find(|word| COMMANDS.contains(word))
}

/// The options of the command that was typed, without those that only users of other programs know, and those of the
/// others.
pub(super) fn options(grammar: &clap::Command, typed: &[OsString]) -> Options {
    let verb = typed_verb(typed);
    let command = verb.and_then(|verb| grammar.find_subcommand(verb));
    let is_shown = |arg: &&clap::Arg| !arg.is_hide_set();
    // A command has those of every command too, but for what it refuses.
    let global = grammar.get_arguments().filter(|_| command.is_none());
    let parts: Vec<&clap::Command> = command.into_iter().flat_map(clap::Command::get_subcommands).collect();
    let own = command.into_iter().chain(parts.iter().copied()).flat_map(clap::Command::get_arguments);
    let own = global.chain(own).filter(is_shown).filter_map(|arg| arg.get_long());
    let listing = command.map(|_| (None, grammar));
    let commands = grammar.get_subcommands().map(|other| (Some(other.get_name()), other));
    let others = listing.into_iter().chain(commands.filter(|(name, _)| *name != verb));
    let of_others = others.flat_map(|(name, other)| {
        let names = other.get_arguments().filter(is_shown).flat_map(|arg| {
            let short = arg.get_short().map(|short| format!("-{short}"));
            short.into_iter().chain(arg.get_long().map(|long| format!("--{long}")))
        });
        names.map(move |option| (option, name.map(str::to_owned)))
    });
    Options {
        command: verb.map(str::to_owned),
        parts: parts.iter().map(|part| part.get_name().to_owned()).collect(),
        own: own.map(str::to_owned).collect(),
        of_others: of_others.collect(),
    }
}
