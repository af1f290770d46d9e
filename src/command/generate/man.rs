//! Manual pages, for man(1): from the definitions of the commands, and what each says of itself beyond them.
//!
//! clap_mangen would write them, too; but its pages put every value of an option on lines of their own, the arguments
//! behind the options, and no date, and mandoc finds fault with them.

use std::iter;

use clap::{Arg, Command};
use roff::{Inline, Roff, bold, italic, roman};
use textwrap::WordSplitter;

use crate::command::help;
use crate::command::manual::Manual;
use crate::render::{Format, column_names};

const PROGRAM: &str = "whatlistens";

/// When this version was released, or else when these texts were last changed.
const DATE: &str = "2026-11-27";

/// What the environment says about a listing.
const ENVIRONMENT: [(&str, &str); 4] = [
    ("NO_COLOR", "If it is set and not empty, there are no colours, unless --color is given."),
    ("TERM", "If it is dumb, there are no colours either."),
    ("COLUMNS", "How wide the output may be where it does not go to a terminal, as under watch(1)."),
    ("TZ", "The time zone of the times that are shown. JSON has UTC."),
];

/// The page of the program and then those of its commands, each with the name of its file.
pub(super) fn pages(
    mut grammar: Command,
    manual: impl Fn(&str) -> Option<&'static Manual>,
) -> Vec<(String, String)> {
    grammar.build();
    let names: Vec<&str> = grammar.get_subcommands().map(Command::get_name).collect();
    let program = (file_name(None), page(&grammar, None, Some(&help::MANUAL), &names));
    let of_commands = grammar.get_subcommands().map(|command| {
        let name = command.get_name();
        (file_name(Some(name)), page(command, Some(name), manual(name), &names))
    });
    iter::once(program).chain(of_commands).collect()
}

/// The name of the file that has the page of a command; of the program without one.
pub(super) fn file_name(command: Option<&str>) -> String {
    format!("{}.1", title(command))
}

fn title(command: Option<&str>) -> String {
    command.map_or_else(|| PROGRAM.to_owned(), |command| format!("{PROGRAM}-{command}"))
}

fn page(command: &Command, name: Option<&str>, manual: Option<&Manual>, names: &[&str]) -> String {
    let mut page = Roff::new();
    let version = concat!("whatlistens ", env!("CARGO_PKG_VERSION"));
    page.control("TH", [&*title(name).to_uppercase(), "1", DATE, version, "User Commands"]);
    page.control("SH", ["NAME"]);
    page.text([broken(&format!("{} - {}", title(name), summary(command)))]);
    page.control("SH", ["SYNOPSIS"]);
    for (at, usage) in usages(command).iter().enumerate() {
        if at > 0 {
            page.control("br", []);
        }
        page.text(synopsis(usage));
    }
    if let Some(manual) = manual {
        page.control("SH", ["DESCRIPTION"]);
        paragraphs(&mut page, manual.description);
        let printed = match manual.formats.contains(&Format::Json) {
            true => "With --json it prints one object",
            false => "With --output jsonl it prints an object a line",
        };
        let json = |kind| format!("{printed}, {kind} in the schema of whatlistens-generate(1).");
        if let Some(kind) = manual.document {
            page.control("PP", []);
            paragraphs(&mut page, &[&json(kind)]);
        }
    }
    // A part of a command, such as `generate man`, has a section with what is its alone.
    let parts: Vec<&Command> = if name.is_some() { command.get_subcommands().collect() } else { Vec::new() };
    for part in parts {
        page.control("SH", [&*format!("{} {}", command.get_name(), part.get_name()).to_uppercase()]);
        paragraphs(&mut page, &[&sentence(&summary(part))]);
        arguments(&mut page, part, |arg| !arg.is_global_set() && arg.get_id() != "help");
    }
    page.control("SH", ["OPTIONS"]);
    arguments(&mut page, command, |_| true);
    if name.is_none() {
        page.control("SH", ["COMMANDS"]);
        for other in command.get_subcommands() {
            tagged(&mut page, reference(&title(Some(other.get_name())), "1"), &sentence(&summary(other)));
        }
        page.control("SH", ["OPTIONS OF OTHER PROGRAMS"]);
        paragraphs(&mut page, &[help::HABITS]);
        page.control("PP", []);
        page.text([bold(help::LETTERS)]);
        page.control("PP", []);
        page.text([roman("With a value:")]);
        help::VALUES
            .iter()
            .for_each(|(typed, meaning)| tagged(&mut page, [bold(*typed)], &sentence(meaning)));
    }
    if let Some(manual) = manual {
        page.control("SH", ["EXIT STATUS"]);
        manual.statuses.iter().for_each(|(code, why)| tagged(&mut page, [bold(*code)], &sentence(why)));
        if name.is_none() {
            page.control("SH", ["ENVIRONMENT"]);
            ENVIRONMENT.iter().for_each(|(variable, what)| tagged(&mut page, [bold(*variable)], what));
        }
        page.control("SH", ["EXAMPLES"]);
        manual.examples.iter().for_each(|(typed, what)| tagged(&mut page, [bold(*typed)], &sentence(what)));
    }
    page.control("SH", ["SEE ALSO"]);
    page.text(see_also(name, names));
    page.render()
}

/// What a command does, in a line.
fn summary(command: &Command) -> String {
    command.get_about().map(ToString::to_string).unwrap_or_default()
}

/// How a command is typed, a line for each way; of one with parts, for each of these.
fn usages(command: &Command) -> Vec<String> {
    let parts: Vec<&Command> = command.get_subcommands().collect();
    if parts.is_empty() || command.get_overridden_usage().is_some() {
        let usage = command.clone().render_usage().to_string();
        let usage = usage.strip_prefix("Usage:").unwrap_or(&usage);
        return usage.lines().map(|line| line.trim().to_owned()).collect();
    }
    parts.into_iter().flat_map(usages).collect()
}

/// What is typed as it stands is bold, what it stands for italic.
fn synopsis(usage: &str) -> Vec<Inline> {
    let words = usage.split(' ').enumerate().flat_map(|(at, word)| {
        let name = word.trim_matches(|c| "[]<>.".contains(c));
        let is_literal = name == word;
        let inside = if is_literal { bold(word) } else { italic(name) };
        let (before, after) = word.split_once(name).unwrap_or_default();
        let (before, after) = (before.replace('<', ""), after.replace('>', ""));
        let blank = if at > 0 { " " } else { "" };
        [roman(format!("{blank}{before}")), inside, roman(after)]
    });
    words.collect()
}

/// The arguments and options of a command, each with its meaning.
fn arguments(page: &mut Roff, command: &Command, is_wanted: impl Fn(&Arg) -> bool) {
    let shown = command.get_arguments().filter(|arg| !arg.is_hide_set() && is_wanted(arg));
    let (words, options): (Vec<&Arg>, Vec<&Arg>) = shown.partition(|arg| arg.is_positional());
    for arg in words.into_iter().chain(options) {
        tagged(page, heading(arg), &meaning(arg));
    }
}

/// How an argument is typed: `-t, --tcp`, `--sort KEY`, `WHAT...`.
fn heading(arg: &Arg) -> Vec<Inline> {
    let values = arg.get_num_args().filter(clap::builder::ValueRange::takes_values);
    let value = arg.get_value_names().and_then(|names| names.first()).filter(|_| values.is_some());
    let value = value.map(|name| italic(name.as_str()));
    if arg.is_positional() {
        let several = values.is_some_and(|range| range.max_values() > 1);
        return value.into_iter().chain(several.then(|| roman("..."))).collect();
    }
    let short = arg.get_short().map(|short| format!("-{short}"));
    let long = arg.get_long().map(|long| format!("--{long}"));
    let names: Vec<String> = short.into_iter().chain(long).collect();
    let mut heading: Vec<Inline> = names
        .iter()
        .enumerate()
        .flat_map(|(at, name)| [roman(if at > 0 { ", " } else { "" }), bold(name)])
        .collect();
    if let Some(value) = value {
        let is_optional = values.is_some_and(|range| range.min_values() == 0);
        let (before, after) = if is_optional { (" [", "]") } else { (" ", "") };
        heading.extend([roman(before), value, roman(after)]);
    }
    heading
}

/// What an argument means, its values, and the one that it has if it is not given.
fn meaning(arg: &Arg) -> String {
    let mut meaning = sentence(&arg.get_help().map(ToString::to_string).unwrap_or_default());
    let takes_value = arg.get_num_args().is_some_and(|range| range.takes_values());
    let values = if takes_value { arg.get_possible_values() } else { Vec::new() };
    let mut names: Vec<&str> = values.iter().map(clap::builder::PossibleValue::get_name).collect();
    if arg.get_id() == "columns" {
        names.extend(column_names().map(|column| column.0));
    }
    if !names.is_empty() {
        meaning += &format!(" The values are {}.", names.join(", "));
    }
    if let Some(default) = arg.get_default_values().first().filter(|_| takes_value) {
        meaning += &format!(" The default is {}.", default.to_string_lossy());
    }
    meaning
}

/// Other pages: those of the program's other commands, and of programs with the same purpose.
fn see_also(name: Option<&str>, names: &[&str]) -> Vec<Inline> {
    let own = iter::once(title(None)).chain(names.iter().map(|name| title(Some(name))));
    let own = own.filter(|page| *page != title(name)).map(|page| (page, "1"));
    let others = OTHER_PROGRAMS
        .iter()
        .filter(|_| name.is_none())
        .map(|(page, section)| ((*page).to_owned(), *section));
    let mut written = Vec::new();
    for (at, (page, section)) in own.chain(others).enumerate() {
        written.extend((at > 0).then(|| roman(", ")));
        written.extend(reference(&page, section));
    }
    written
}

const OTHER_PROGRAMS: [(&str, &str); 3] = [("ss", "8"), ("lsof", "8"), ("netstat", "8")];

fn reference(page: &str, section: &str) -> [Inline; 2] {
    [bold(page), roman(format!("({section})"))]
}

fn paragraphs(page: &mut Roff, texts: &[&str]) {
    for (at, text) in texts.iter().enumerate() {
        if at > 0 {
            page.control("PP", []);
        }
        page.text([broken(text)]);
    }
}

fn tagged(page: &mut Roff, tag: impl Into<Vec<Inline>>, text: &str) {
    page.control("TP", []);
    page.text(tag);
    page.text([broken(text)]);
}

/// Lines that stay within 80 columns with the escapes of roff(7).
fn broken(text: &str) -> Inline {
    roman(textwrap::fill(text, textwrap::Options::new(68).word_splitter(WordSplitter::NoHyphenation)))
}

/// With its full stop, and a capital at its beginning.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    let stop = if text.is_empty() || text.ends_with(['.', '?']) { "" } else { "." };
    format!("{first}{}{stop}", letters.as_str())
}
