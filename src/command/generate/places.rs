//! What can be typed where: from the definitions of the commands, and from what is known about ports. The completions of
//! every shell are made from this.

use std::collections::BTreeSet;

use clap::{Arg, Command, ValueHint};

use crate::knowledge::explain::terms;
use crate::knowledge::{Entry, Knowledge, other_names, usual_services};
use crate::model::Os;
use crate::render::column_names;

/// What may stand in one place of a command line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Values {
    /// One of these words.
    Words(Vec<String>),
    /// Several of them, with commas between them.
    List(Vec<String>),
    Files,
    Folders,
    Users,
    Pids,
    /// Whatever it is, no shell knows it.
    Other,
}

pub(super) struct ShellOption {
    /// `-t`, `--tcp`.
    pub(super) names: Vec<String>,
    pub(super) help: String,
    pub(super) value: Option<Values>,
}

/// The program itself, a command, or a part of a command.
pub(super) struct Place {
    /// What is typed to get there, without the program's name: ``, `servers`, `generate man`.
    pub(super) path: String,
    pub(super) options: Vec<ShellOption>,
    /// The commands that may follow, each with what it does.
    pub(super) commands: Vec<(String, String)>,
    /// The words that may follow.
    pub(super) values: Option<Values>,
}

/// Every place, the program itself first.
pub(super) fn places(mut grammar: Command, knowledge: &Knowledge) -> Vec<Place> {
    grammar.build();
    let mut places = Vec::new();
    add(&grammar, String::new(), knowledge, &mut places);
    places
}

fn add(command: &Command, path: String, knowledge: &Knowledge, places: &mut Vec<Place>) {
    let shown = || command.get_arguments().filter(|arg| !arg.is_hide_set());
    let named = shown().filter(|arg| !arg.is_positional());
    // The options of a command come before those of every command.
    let (own, of_all): (Vec<&Arg>, Vec<&Arg>) =
        named.partition(|arg| path.is_empty() || !arg.is_global_set());
    places.push(Place {
        options: own.into_iter().chain(of_all).map(|arg| option(arg, knowledge)).collect(),
        commands: command.get_subcommands().map(|next| (next.get_name().to_owned(), summary(next))).collect(),
        values: shown().find(|arg| arg.is_positional()).map(|arg| {
            if command.get_name() == "explain" { words(topics(knowledge)) } else { values(arg, knowledge) }
        }),
        path: path.clone(),
    });
    for next in command.get_subcommands() {
        add(next, format!("{path} {}", next.get_name()).trim_start().to_owned(), knowledge, places);
    }
}

fn summary(command: &Command) -> String {
    command.get_about().map(ToString::to_string).unwrap_or_default()
}

fn option(arg: &Arg, knowledge: &Knowledge) -> ShellOption {
    let short = arg.get_short().map(|short| format!("-{short}"));
    let long = arg.get_long().map(|long| format!("--{long}"));
    let takes_value = arg.get_num_args().is_some_and(|range| range.takes_values());
    ShellOption {
        names: short.into_iter().chain(long).collect(),
        help: arg.get_help().map(ToString::to_string).unwrap_or_default(),
        value: takes_value.then(|| values(arg, knowledge)),
    }
}

fn values(arg: &Arg, knowledge: &Knowledge) -> Values {
    let is_list = arg.get_value_delimiter().is_some();
    let known: Vec<String> =
        arg.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
    if !known.is_empty() {
        return if is_list { Values::List(known) } else { Values::Words(known) };
    }
    let name = arg.get_value_names().and_then(|names| names.first()).map_or("", |name| name.as_str());
    match (arg.get_id().as_str(), name, arg.get_value_hint()) {
        ("columns", ..) => Values::List(column_names().map(|column| column.0.to_owned()).collect()),
        (_, "WHAT" | "PORT" | "PORT[=PROGRAM]", _) => words(services(knowledge)),
        (_, "PRODUCT", _) => words(products(knowledge)),
        ("process", ..) => words(programs(knowledge)),
        (_, "PID", _) => Values::Pids,
        (_, "USER", _) | (.., ValueHint::Username) => Values::Users,
        (_, "DIR", _) | (.., ValueHint::DirPath) => Values::Folders,
        (_, "FILE" | "PATH", _) | (.., ValueHint::FilePath | ValueHint::AnyPath) => Values::Files,
        _ => Values::Other,
    }
}

/// In order, each once, and only those that no shell takes for anything else.
fn words(words: impl Iterator<Item = String>) -> Values {
    let is_plain = |word: &String| {
        word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.+".contains(&byte))
            && !word.starts_with('-')
    };
    let all: BTreeSet<String> = words.filter(is_plain).collect();
    Values::Words(all.into_iter().collect())
}

/// The names of services that are likely to be typed: those of the well-known ports and of license managers, those that
/// programs are widely used for, and what people call otherwise than the registry does. The others are thousands.
fn services(knowledge: &Knowledge) -> impl Iterator<Item = String> {
    let is_likely =
        |entry: &Entry<'_>| !entry.alias && (entry.ports.first < FIRST_USER_PORT || entry.license.is_some());
    let registered = knowledge.registry.entries().filter(is_likely).map(|entry| entry.name);
    registered.chain(usual_services()).chain(other_names()).map(str::to_owned)
}

/// Below it are the system ports of RFC 6335, once called well known.
const FIRST_USER_PORT: u16 = 1024;

/// License managers by their ids and vendors, licensing systems, and the programs of both.
fn products(knowledge: &Knowledge) -> impl Iterator<Item = String> {
    let licenses = knowledge.licenses();
    let vendors =
        licenses.managers.iter().filter_map(|manager| manager.vendor.as_deref()).map(str::to_lowercase);
    let ids = licenses.managers.iter().map(|manager| manager.id.clone());
    let systems = licenses.technologies.iter().map(|technology| technology.id.clone());
    vendors.chain(ids).chain(systems).chain(programs(knowledge))
}

/// The programs of license managers, without the ending that nobody types on Windows.
fn programs(knowledge: &Knowledge) -> impl Iterator<Item = String> {
    let all = Os::ALL.into_iter().flat_map(|os| knowledge.licenses().executables(os));
    all.map(|name| name.strip_suffix(".exe").unwrap_or(name).to_owned())
}

/// What `explain` knows.
fn topics(knowledge: &Knowledge) -> impl Iterator<Item = String> {
    services(knowledge).chain(products(knowledge)).chain(terms::words().map(str::to_owned))
}
