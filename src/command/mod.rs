//! The commands: each in a file of its own, with its arguments, its story and its exit statuses.
//!
//! To add one, write its file, name it in [`COMMANDS`], and here in `Verb`, [`Command`] and `manual`; the compiler and the
//! tests name the rest. Its help, manual page and completions are made from these.

mod context;
mod error;
mod excluded;
mod explain;
mod failure;
mod generate;
mod help;
mod list;
mod manual;
mod progress;
mod servers;
mod show;
#[cfg(test)]
mod tests;
mod version;
mod wait;
mod watch;

use std::ffi::OsString;
use std::io::{BufWriter, Write};

use clap::{ArgAction, CommandFactory, FromArgMatches, Parser, Subcommand};

use self::manual::Manual;
use crate::cli::{COMMANDS, GlobalArgs, ListArgs};
use crate::knowledge::Knowledge;
use crate::query::{
    Environment, Options, Output, Query, UsageError, command_line, in_own_words, refuse_long,
};
use crate::render::{self, Format};

pub use self::context::{Clock, Context, LiveMachine, Source};
pub use self::error::{Error, Exit, Refused};
pub use self::excluded::Excluded;
pub use self::explain::Explain;
pub use self::failure::{Failure, internal_error};
pub use self::generate::Generate;
pub use self::list::List;
pub use self::servers::Servers;
pub use self::show::Show;
pub use self::wait::Wait;
pub use self::watch::Watch;

/// The size of the buffer for output, in bytes: as much as a pipe takes at once.
const BUFFER: usize = 64 * 1024;

/// A command that is ready to run: every word it was given is understood.
#[derive(Debug, Clone)]
pub enum Command {
    List(List),
    Show(Show),
    Excluded(Excluded),
    Explain(Explain),
    Servers(Servers),
    Wait(Wait),
    Watch(Box<Watch>),
    Generate(Generate),
    /// Help or the version: the text to print.
    Print(String),
}

/// The commands that have a name.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
enum Verb {
    Explain(explain::ExplainArgs),
    Excluded(excluded::ExcludedArgs),
    Servers(servers::ServersArgs),
    Wait(wait::WaitArgs),
    Watch(Box<watch::WatchArgs>),
    Generate(generate::GenerateArgs),
}

impl Command {
    /// Reads a command line, the program's name first.
    ///
    /// # Errors
    ///
    /// Where a word or an option is not understood.
    pub fn parse(
        args: &[OsString],
        environment: &Environment,
        knowledge: &Knowledge,
    ) -> Result<Command, Refused> {
        refuse_long(args).map_err(|error| refused(error, args))?;
        // What Windows users type for help, and what many programs take as a word.
        let asks_for_help = matches!(args, [_, word] if word == "/?" || word == "/help" || word == "help");
        let help: &[OsString] = &["whatlistens".into(), "--help".into()];
        let help_on = help::on_command(args, &COMMANDS);
        let args = help_on.as_deref().unwrap_or(args);
        let typed = in_own_words(args, &COMMANDS).map_err(|error| refused(error, args))?;
        let words = if asks_for_help { help.into() } else { explain::keep_codes(&typed) };
        let width = help::width(environment.width.or(environment.exported_width));
        let mut grammar = Cli::command().term_width(width).after_help(help::below(width));
        if let Some((verb, manual)) = typed_verb(&typed).and_then(|verb| Some((verb, manual(verb)?))) {
            grammar = grammar.mut_subcommand(verb, |own| own.after_help(help::below_own(manual, width)));
        }
        let parsed = grammar.try_get_matches_from_mut(&*words);
        let cli = match parsed.and_then(|matches| Cli::from_arg_matches(&matches)) {
            Ok(cli) => cli,
            Err(error) => {
                let usage = UsageError::from_clap(&error, &options(&grammar, &typed), &typed)
                    .map(|error| refused(error, args));
                return usage.map_or_else(|| Ok(printed(&error, typed_format(&typed))), Err);
            }
        };
        if cli.version {
            return Ok(Command::Print(version::text(cli.list.verbose)));
        }
        let output = Output::new(&cli.global, environment).map_err(|error| refused(error, args))?;
        let format = output.format;
        Command::resolve(cli, args, output, environment, knowledge)
            .map_err(|error| Refused { format, ..refused(error, args) })
    }

    fn resolve(
        cli: Cli,
        args: &[OsString],
        output: Output,
        environment: &Environment,
        knowledge: &Knowledge,
    ) -> Result<Command, UsageError> {
        if let Some(verb) = cli.verb {
            // They say how to list, and would have no effect.
            if cli.list != ListArgs::default() {
                return Err(UsageError::OptionsOfListing { command: verb.name() });
            }
            let repeat = command_line(args, environment.program.as_deref());
            return match verb {
                Verb::Explain(args) => {
                    Explain::resolve(&args, &cli.global, output, knowledge, repeat).map(Command::Explain)
                }
                Verb::Excluded(args) => Excluded::resolve(&args, output, knowledge).map(Command::Excluded),
                Verb::Servers(own) => {
                    Servers::resolve(&own, &cli.global, output, knowledge, repeat).map(Command::Servers)
                }
                Verb::Wait(own) => Wait::resolve(&own, &cli.global, output, environment, knowledge, repeat)
                    .map(Command::Wait),
                Verb::Watch(own) => Watch::resolve(&own, &cli.global, output, environment, knowledge, repeat)
                    .map(|watch| Command::Watch(Box::new(watch))),
                Verb::Generate(own) => Generate::resolve(own, &cli.global, Cli::command(), manual, knowledge)
                    .map(Command::Generate),
            };
        }
        if cli.list.excluded_ports {
            return Excluded::from_listing(&cli.list, output, knowledge).map(Command::Excluded);
        }
        let mut query = Query::resolve(&cli.list, knowledge)?;
        query.scope.deadline = cli.global.deadline;
        // A table has neither.
        let is_json = output.format == Format::Json;
        let on_terminal = output.format.is_for_terminal();
        query.scope.other_sockets = is_json && query.is_about_everything();
        query.scope.interfaces |=
            !on_terminal || query.is_about_ports() || !query.filter.addresses.is_empty();
        query.scope.details |= is_json;
        query.scope.host_id = !on_terminal || cli.list.report;
        if !on_terminal && !is_json {
            // They have rows alone.
            query.alone = None;
        }
        let output = output.for_listing(&cli.list)?;
        let repeat = command_line(args, environment.program.as_deref());
        Ok(match query.is_about_ports() {
            true => Command::Show(Show::new(query, output.in_local_time(environment), repeat)),
            // What a process is like that listens nowhere is said with a time.
            false if query.is_about_processes() => {
                Command::List(List::new(query, output.in_local_time(environment), repeat))
            }
            false => Command::List(List::new(query, output, repeat)),
        })
    }

    /// The form of its answer, and of an error in its place.
    #[must_use]
    pub fn format(&self) -> Format {
        match self {
            Command::List(list) => list.output().format,
            Command::Show(show) => show.output().format,
            Command::Excluded(excluded) => excluded.output().format,
            Command::Explain(explain) => explain.output().format,
            Command::Servers(servers) => servers.output().format,
            Command::Wait(wait) => wait.output().format,
            Command::Watch(watch) => watch.output().format,
            Command::Generate(_) | Command::Print(_) => Format::Text,
        }
    }

    /// Runs it and writes the whole answer, or, of one that failed, no more than is written already.
    ///
    /// # Errors
    ///
    /// Where there is no answer.
    pub fn answer(
        &self,
        knowledge: &Knowledge,
        source: &dyn Source,
        out: impl Write,
        notes: &mut dyn Write,
    ) -> Result<Exit, Error> {
        let mut out = BufWriter::with_capacity(BUFFER, out);
        let ended = self.run(&mut Context { knowledge, source, out: &mut out, notes });
        let written = if ended.is_ok() { out.flush() } else { Ok(()) };
        // Dropped, it would write the rest of an answer that failed.
        drop(out.into_parts());
        match (ended, written.map_err(Error::from)) {
            // The reader has read enough, of an answer longer than a pipe takes at once.
            (Err(error), _) if error.is_closed_pipe() => Ok(Exit::Matched),
            (Ok(exit), Err(error)) if error.is_closed_pipe() => Ok(exit),
            (ended, written) => written.and(ended),
        }
    }

    /// Runs it; the exit status says whether anything matched.
    ///
    /// # Errors
    ///
    /// Where there is no answer.
    pub fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        match self {
            Command::List(list) => list.run(context),
            Command::Show(show) => show.run(context),
            Command::Excluded(excluded) => excluded.run(context),
            Command::Explain(explain) => explain.run(context),
            Command::Servers(servers) => servers.run(context),
            Command::Wait(wait) => wait.run(context),
            Command::Watch(watch) => watch.run(context),
            Command::Generate(generate) => generate.run(context),
            Command::Print(text) => {
                write!(context.out, "{text}")?;
                Ok(Exit::Matched)
            }
        }
    }
}

/// What the manual says of a command.
fn manual(verb: &str) -> Option<&'static Manual> {
    Some(match verb {
        "explain" => &explain::MANUAL,
        "excluded" => &excluded::MANUAL,
        "servers" => &servers::MANUAL,
        "wait" => &wait::MANUAL,
        "watch" => &watch::MANUAL,
        "generate" => &generate::MANUAL,
        _ => return None,
    })
}

/// The name of the command in a command line.
fn typed_verb(typed: &[OsString]) -> Option<&str> {
    typed.iter().skip(1).filter_map(|word| word.to_str()).find(|word| COMMANDS.contains(word))
}

/// The options of the command that was typed, without those that only users of other programs know, and those of the
/// others.
fn options(grammar: &clap::Command, typed: &[OsString]) -> Options {
    let verb = typed_verb(typed);
    let command = verb.and_then(|verb| grammar.find_subcommand(verb));
    let is_shown = |arg: &&clap::Arg| !arg.is_hide_set();
    let global = grammar.get_arguments().filter(|arg| command.is_none() || arg.is_global_set());
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

impl Verb {
    fn name(&self) -> &'static str {
        match self {
            Verb::Explain(_) => "explain",
            Verb::Excluded(_) => "excluded",
            Verb::Servers(_) => "servers",
            Verb::Wait(_) => "wait",
            Verb::Watch(_) => "watch",
            Verb::Generate(_) => "generate",
        }
    }
}

/// The form that a command line asks for which is not understood, or only for help: `--json` is an option up to `--`.
#[must_use]
pub fn typed_format(args: &[OsString]) -> Format {
    let options: Vec<&OsString> = args.iter().skip(1).take_while(|arg| *arg != "--").collect();
    let is = |name: &str| {
        options.iter().any(|arg| arg.to_str().and_then(|arg| arg.strip_prefix("--output=")) == Some(name))
            || options.windows(2).any(|pair| pair[0] == "--output" && pair[1] == name)
    };
    match () {
        () if is("json") || options.iter().any(|arg| *arg == "--json") => Format::Json,
        () if is("list") => Format::List,
        () => Format::Text,
    }
}

fn refused(error: UsageError, args: &[OsString]) -> Refused {
    let typed = || args.iter().skip(1).take_while(|arg| *arg != "--");
    let is_check = typed().any(|arg| arg == "servers") && typed().any(|arg| arg == "--check");
    Refused { error, format: typed_format(args), is_check }
}

fn printed(help: &clap::Error, format: Format) -> Command {
    Command::Print(render::in_signs_of(format, help.render().to_string()))
}

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
struct Cli {
    #[command(subcommand)]
    verb: Option<Verb>,

    #[command(flatten)]
    list: ListArgs,

    #[command(flatten)]
    global: GlobalArgs,

    /// Print help
    #[arg(short = 'h', long, short_alias = '?', action = ArgAction::HelpShort)]
    help: Option<bool>,

    /// Print the version; with --verbose also its data and the systems it was tested on
    #[arg(short = 'V', long)]
    version: bool,
}
