//! `whatlistens generate man|completions|schema`: what packagers install beside the program, made from the definitions of
//! its commands. It looks at no machine.

mod completions;
mod man;
mod places;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::builder::PossibleValuesParser;
use clap::{ArgAction, Args, Subcommand, ValueHint};

use self::completions::Shell;
use super::manual::Manual;
use super::{Context, Error, Exit};
use crate::cli::{COMMANDS, GlobalArgs};
use crate::knowledge::Knowledge;
use crate::query::{Output, UsageError};
use crate::render::{self, Format};

/// Print manual pages, shell completions, or the schema of the JSON
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(arg_required_else_help = false)]
pub(super) struct GenerateArgs {
    #[command(subcommand)]
    what: What,

    /// Print help
    #[arg(short = 'h', long, action = ArgAction::HelpShort)]
    help: Option<bool>,
}

#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
enum What {
    Man(ManArgs),
    Completions(CompletionsArgs),
    Schema(SchemaArgs),
}

/// Print the manual page of the program, or of one of its commands
#[derive(Debug, Clone, PartialEq, Eq, Args)]
struct ManArgs {
    /// The command whose page to print; that of the program without one
    #[arg(value_name = "COMMAND", value_parser = PossibleValuesParser::new(COMMANDS), hide_possible_values = true)]
    command: Option<String>,

    /// Write the page, or without COMMAND the pages of the program and of every command, into this folder, and make it if
    /// it is missing
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    dir: Option<PathBuf>,

    /// Print help
    #[arg(short = 'h', long, action = ArgAction::HelpShort)]
    help: Option<bool>,
}

/// Print the completion script of a shell
#[derive(Debug, Clone, PartialEq, Eq, Args)]
struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Shell,

    /// Print help
    #[arg(short = 'h', long, action = ArgAction::HelpShort)]
    help: Option<bool>,
}

/// Print the JSON Schema of everything that --json prints
#[derive(Debug, Clone, PartialEq, Eq, Args)]
struct SchemaArgs {
    /// Print help
    #[arg(short = 'h', long, action = ArgAction::HelpShort)]
    help: Option<bool>,
}

pub(super) const MANUAL: Manual = Manual {
    description: &[
        "Prints what packagers install beside the program. It is made from the definitions of the commands, so it always fits \
         the program that prints it. No machine is looked at.",
        "generate man prints a manual page; with --dir it writes all of them: whatlistens.1, and one for each command, such \
         as whatlistens-servers.1.",
        "generate completions prints the script with which a shell completes commands, options, their values, and names of \
         services. It runs no program while you type, but ps(1) behind --pid.",
        "generate schema prints one JSON Schema (draft 2020-12) for everything that --json prints: listings, their lines, \
         explanations and errors. Whatever it does not name, it forbids; a later version of the program may add fields.",
    ],
    examples: &[
        ("whatlistens generate man | man -l -", "read the manual page"),
        ("whatlistens generate man servers > whatlistens-servers.1", "the page of one command"),
        ("whatlistens generate man --dir /usr/local/share/man/man1", "install all pages"),
        (
            "whatlistens generate completions zsh > /usr/local/share/zsh/site-functions/_whatlistens",
            "completions for all",
        ),
        (
            "whatlistens generate completions bash > ~/.local/share/bash-completion/completions/whatlistens",
            "completions for you",
        ),
        ("whatlistens generate schema > whatlistens.schema.json", "for a validator of JSON"),
    ],
    statuses: &[("0", "it was written"), ("2", "wrong usage, or it could not be written")],
    document: None,
    // Of the schema alone.
    formats: &[Format::Json],
    takes_record: false,
};

/// The formats of `generate man` and so on.
pub(super) fn formats(part: &str) -> &'static [Format] {
    if part == "schema" { MANUAL.formats } else { &[] }
}

/// Texts to print, or to write into a folder.
#[derive(Debug, Clone)]
pub struct Generate {
    /// Each with the name of its file.
    files: Vec<(String, String)>,
    folder: Option<PathBuf>,
}

impl Generate {
    /// `grammar` defines the whole command line, and `manual` finds that of a command.
    pub(super) fn resolve(
        args: GenerateArgs,
        global: &GlobalArgs,
        output: &Output,
        grammar: clap::Command,
        manual: impl Fn(&str) -> Option<&'static Manual>,
        knowledge: &Knowledge,
    ) -> Result<Generate, UsageError> {
        let part = match args.what {
            What::Man(_) => "man",
            What::Completions(_) => "completions",
            What::Schema(_) => "schema",
        };
        if global.from.is_some() {
            return Err(UsageError::instead("--from", "generate looks at no machine: leave it out"));
        }
        let is_chosen = global.output.is_some() || global.json;
        if is_chosen && !formats(part).contains(&output.format) {
            let right = "only listings and answers have another format; generate schema prints JSON";
            let typed = if global.json { "--json" } else { "--output" };
            return Err(UsageError::instead(typed, right));
        }
        match args.what {
            What::Man(args) => {
                let mut files = man::pages(grammar, manual);
                if args.dir.is_none() || args.command.is_some() {
                    let wanted = man::file_name(args.command.as_deref());
                    files.retain(|(name, _)| *name == wanted);
                }
                Ok(Generate { files, folder: args.dir })
            }
            What::Completions(CompletionsArgs { shell, .. }) => {
                let script = completions::script(shell, &places::places(grammar, knowledge));
                Ok(Generate { files: vec![(shell.file_name().to_owned(), script)], folder: None })
            }
            What::Schema(_) => {
                let file = ("whatlistens.schema.json".to_owned(), render::json_schema_text());
                Ok(Generate { files: vec![file], folder: None })
            }
        }
    }

    pub(super) fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        let Some(folder) = &self.folder else {
            self.files.iter().try_for_each(|(_, text)| context.out.write_all(text.as_bytes()))?;
            return Ok(Exit::Matched);
        };
        fs::create_dir_all(folder).map_err(|error| of_path(folder, &error))?;
        for (name, text) in &self.files {
            let path = folder.join(name);
            fs::write(&path, text).map_err(|error| of_path(&path, &error))?;
        }
        Ok(Exit::Matched)
    }
}

/// An error of a file, with its path.
fn of_path(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}
