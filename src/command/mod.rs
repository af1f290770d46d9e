//! The commands: each in a file of its own, with its arguments, its story and its exit statuses.
//!
//! To add one, write its file, name it in [`COMMANDS`], in `Verb` and `manual` (grammar.rs), and here in [`Command`]; the compiler and the
//! tests name the rest. Its help, manual page and completions are made from these.

mod check;
mod context;
mod diff;
mod error;
mod excluded;
mod explain;
mod failure;
mod generate;
mod grammar;
mod help;
mod list;
mod live_screen;
mod look;
mod manual;
mod progress;
mod record;
mod record_folder;
mod recorded;
mod self_test;
mod servers;
mod show;
#[cfg(test)]
mod tests;
mod typed;
mod version;
mod wait;
mod watch;
mod window;
mod written;

use std::ffi::OsString;
use std::io::Write;
use std::path::Path;

use clap::{CommandFactory, FromArgMatches};
use jiff::Timestamp;

use self::grammar::{Cli, Verb, manual, options, with_help};
use crate::cli::{COMMANDS, ListArgs};
use crate::knowledge::Knowledge;
use crate::model::CheckService;
use crate::query::{Environment, Output, Query, UsageError, command_line, in_own_words, refuse_long};
use crate::render::{self, Format, InSigns, Signs};

pub use self::check::Check;
pub use self::context::{Clock, Context, LiveMachine, Source};
pub use self::diff::DiffCommand;
pub use self::error::{Error, Exit, Refused};
pub use self::excluded::Excluded;
pub use self::explain::Explain;
pub use self::failure::{Failure, internal_error};
pub use self::generate::Generate;
pub use self::list::List;
use self::progress::show_delays;
pub use self::record::RecordCommand;
use self::record_folder::answer_from_folder;
pub use self::recorded::{LARGEST_RECORD, RecordedMachine};
pub use self::self_test::SelfTest;
pub use self::servers::Servers;
pub use self::show::Show;
use self::typed::refused;
pub use self::typed::{closed_output, typed_format};
pub use self::wait::Wait;
pub use self::watch::Watch;
pub use self::window::keep_window;
use self::written::written;

/// A command that is ready to run: every word it was given is understood.
#[derive(Debug, Clone)]
pub enum Command {
    List(List),
    Show(Show),
    Excluded(Excluded),
    Explain(Explain),
    Servers(Servers),
    Check(Box<Check>),
    Wait(Wait),
    Watch(Box<Watch>),
    Generate(Generate),
    Record(RecordCommand),
    Diff(Box<DiffCommand>),
    SelfTest(SelfTest),
    /// Help or the version: the text to print.
    Print(String),
}

/// A command line that is understood.
#[derive(Debug, Clone)]
pub struct Invocation {
    pub command: Command,
    /// The record to answer from, `-` for standard input; `None` for this machine.
    pub from: Option<String>,
    /// Those that the reader of the answer takes, and that of the notes.
    signs: (Signs, Signs),
}

impl Invocation {
    /// Reads a command line, the program's name first.
    ///
    /// # Errors
    ///
    /// Where a word or an option is not understood.
    pub fn parse(
        args: &[OsString],
        environment: &Environment,
        knowledge: &Knowledge,
    ) -> Result<Invocation, Refused> {
        let signs = environment.signs;
        let only = |command| Ok(Invocation { command, from: None, signs });
        refuse_long(args).map_err(|error| refused(error, args))?;
        // What Windows users type for help, and what many programs take as a word.
        let asks_for_help = matches!(args, [_, word] if word == "/?" || word == "/help" || word == "help");
        let help: &[OsString] = &["whatlistens".into(), "--help".into()];
        let help_on = help::on_command(args, &COMMANDS);
        let args = help_on.as_deref().unwrap_or(args);
        let typed = in_own_words(args, &COMMANDS).map_err(|error| refused(error, args))?;
        let words = if asks_for_help { help.into() } else { explain::keep_codes(&typed) };
        let width = help::width(environment.width.or(environment.exported_width));
        let mut grammar = Cli::command();
        let parsed = grammar.try_get_matches_from_mut(&*words).or_else(|_| {
            // Help and errors name the other commands and their options too.
            grammar = with_help(&typed, width);
            grammar.try_get_matches_from_mut(&*words)
        });
        let cli = match parsed.and_then(|matches| Cli::from_arg_matches(&matches)) {
            Ok(cli) => cli,
            Err(error) => {
                let usage = UsageError::from_clap(&error, &options(&grammar, &typed), &typed)
                    .map(|error| refused(error, args));
                return usage.map_or_else(|| only(printed(&error, typed_format(&typed))), Err);
            }
        };
        if cli.version {
            return only(Command::Print(version::text(cli.list.verbose)));
        }
        let output = Output::new(&cli.global, environment).map_err(|error| refused(error, args))?;
        let format = output.format;
        let from = cli.global.from.clone();
        Command::resolve(cli, args, output, environment, knowledge)
            .map(|command| Invocation { command, from, signs })
            .map_err(|error| Refused { format, ..refused(error, args) })
    }

    /// From now on, a scan that has to wait says so on a terminal. `notes` opens standard error.
    pub fn show_delays<W: Write + 'static>(&self, notes: fn() -> W) {
        if let Some(output) = self.command.output().filter(|_| self.command.looks_once()) {
            show_delays(notes, output.progress_width);
        }
    }

    /// Runs the command on this machine, where `now` says what time it is, or on what was recorded.
    ///
    /// # Errors
    ///
    /// Where there is no answer.
    pub fn answer(
        &self,
        knowledge: &Knowledge,
        now: fn() -> Timestamp,
        out: impl Write + Send,
        notes: &mut dyn Write,
    ) -> Result<Exit, Error> {
        let out = InSigns::new(out, self.command.in_its_signs(self.signs.0));
        let notes = &mut InSigns::new(notes, self.signs.1);
        match &self.from {
            None => self.command.answer(knowledge, &LiveMachine::new(knowledge, now), out, notes),
            Some(path) if Path::new(path).is_dir() => {
                let (query, output) = self.command.listing().ok_or_else(|| {
                    let right = format!(
                        "only a listing shows a folder of records; name one, as in --from {path}/HOST.json"
                    );
                    self.command.failed(UsageError::instead(path, right).into())
                })?;
                written(out, None, |out| {
                    answer_from_folder(query, output, Path::new(path), knowledge, out, notes)
                })
            }
            Some(path) => {
                let machine = RecordedMachine::at(path.clone(), knowledge);
                self.command.answer(knowledge, &machine, out, notes)
            }
        }
    }
}

impl Command {
    /// As [`Invocation::parse`], wherever the answer comes from.
    ///
    /// # Errors
    ///
    /// Where a word or an option is not understood.
    pub fn parse(
        args: &[OsString],
        environment: &Environment,
        knowledge: &Knowledge,
    ) -> Result<Command, Refused> {
        Invocation::parse(args, environment, knowledge).map(|invocation| invocation.command)
    }

    fn resolve(
        cli: Cli,
        args: &[OsString],
        output: Output,
        environment: &Environment,
        knowledge: &Knowledge,
    ) -> Result<Command, UsageError> {
        let repeat = command_line(args, environment.program.as_deref());
        if let Some(verb) = cli.verb {
            // They say how to list, and would have no effect.
            if cli.list != ListArgs::default() {
                return Err(UsageError::OptionsOfListing { command: verb.name() });
            }
            return match verb {
                Verb::Explain(args) => {
                    Explain::resolve(&args, &cli.global, output, knowledge, repeat).map(Command::Explain)
                }
                Verb::Excluded(args) => Excluded::resolve(&args, output, knowledge).map(Command::Excluded),
                Verb::Servers(own) => {
                    Servers::resolve(&own, &cli.global, output, knowledge, repeat).map(Command::Servers)
                }
                Verb::Check(own) => Check::resolve(&own, &cli.global, output, knowledge, repeat)
                    .map(|check| Command::Check(Box::new(check))),
                Verb::Wait(own) => {
                    Wait::resolve(&own, &cli.global, output, knowledge, repeat).map(Command::Wait)
                }
                Verb::Watch(own) => Watch::resolve(&own, &cli.global, output, environment, knowledge, repeat)
                    .map(|watch| Command::Watch(Box::new(watch))),
                Verb::Generate(own) => {
                    Generate::resolve(own, &cli.global, &output, grammar::whole(), manual, knowledge)
                        .map(Command::Generate)
                }
                Verb::Record(own) => RecordCommand::resolve(&own, &cli.global, &output).map(Command::Record),
                Verb::Diff(own) => DiffCommand::resolve(&own, &cli.global, output, knowledge, repeat)
                    .map(|diff| Command::Diff(Box::new(diff))),
            };
        }
        if cli.self_test {
            return Ok(Command::SelfTest(SelfTest::new(cli.global.deadline)));
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
        Ok(match query.is_about_ports() {
            true => Command::Show(Show::new(query, output.in_local_time(environment), repeat)),
            // What a process is like that listens nowhere is said with a time.
            false if query.is_about_processes() => {
                Command::List(List::new(query, output.in_local_time(environment), repeat))
            }
            false => Command::List(List::new(query, output, repeat)),
        })
    }

    /// What it asks about listeners, and how to show them; `None` of a command that does not.
    fn listing(&self) -> Option<(&Query, &Output)> {
        match self {
            Command::List(list) => Some((list.query(), list.output())),
            Command::Show(show) => Some((show.query(), show.output())),
            _ => None,
        }
    }

    /// How to show its answer; `None` of one that has one form alone.
    fn output(&self) -> Option<&Output> {
        Some(match self {
            Command::List(list) => list.output(),
            Command::Show(show) => show.output(),
            Command::Excluded(excluded) => excluded.output(),
            Command::Explain(explain) => explain.output(),
            Command::Servers(servers) => servers.output(),
            Command::Check(check) => check.output(),
            Command::Wait(wait) => wait.output(),
            Command::Watch(watch) => watch.output(),
            Command::Diff(diff) => diff.output(),
            Command::Generate(_) | Command::Record(_) | Command::SelfTest(_) | Command::Print(_) => {
                return None;
            }
        })
    }

    /// The form of its answer, and of an error in its place.
    #[must_use]
    pub fn format(&self) -> Format {
        self.output().map_or(Format::Text, |output| output.format)
    }

    /// Those of these in which its answer can be written. A manual page and a script obey some, as the quote at the beginning
    /// of a line.
    fn in_its_signs(&self, signs: Signs) -> Signs {
        match self {
            Command::Generate(_) => Signs::All,
            _ => signs.in_format(self.format()),
        }
    }

    /// Whether somebody waits for one look. The others show themselves what they do.
    fn looks_once(&self) -> bool {
        !matches!(self, Command::Wait(_) | Command::Watch(_))
    }

    /// What it checks, if it answers as a monitoring plugin.
    #[must_use]
    pub fn service(&self) -> Option<CheckService> {
        match self {
            Command::Servers(servers) => servers.is_check().then_some(CheckService::LicenseServers),
            Command::Check(check) => check.is_check().then_some(CheckService::Listeners),
            _ => None,
        }
    }

    /// An error of its: a monitoring system knows by the exit status that there is no answer.
    fn failed(&self, error: Error) -> Error {
        let is_plugin = matches!(self, Command::Check(_)) || self.service().is_some();
        if is_plugin { error.of_check() } else { error }
    }

    /// Whether it says whose record its answer is from. A JSON object says it itself, and a monitoring system reads one line.
    fn has_heading(&self) -> bool {
        let is_about_machine = !matches!(
            self,
            Command::Wait(_)
                | Command::Watch(_)
                | Command::Generate(_)
                | Command::Diff(_)
                | Command::Explain(_)
                | Command::Print(_)
        );
        is_about_machine && self.format() != Format::Json && self.service().is_none()
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
        out: impl Write + Send,
        notes: &mut dyn Write,
    ) -> Result<Exit, Error> {
        written(out, self.service(), |out| {
            if let Some(heading) = source.heading().filter(|_| self.has_heading()) {
                render::note(&heading, self.format(), notes)?;
            }
            self.run(&mut Context { knowledge, source, out, notes })
        })
        .map_err(|error| self.failed(error))
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
            Command::Check(check) => check.run(context),
            Command::Wait(wait) => wait.run(context),
            Command::Watch(watch) => watch.run(context),
            Command::Generate(generate) => generate.run(context),
            Command::Record(record) => record.run(context),
            Command::Diff(diff) => diff.run(context),
            Command::SelfTest(test) => test.run(context),
            Command::Print(text) => {
                write!(context.out, "{text}")?;
                Ok(Exit::Matched)
            }
        }
    }
}

fn printed(help: &clap::Error, format: Format) -> Command {
    Command::Print(render::in_signs_of(format, help.render().to_string()))
}
