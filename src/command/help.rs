//! What `--help` says below the options, for any width.

use std::ffi::OsString;

use super::manual::{Manual, STATUSES};
use crate::render::Format;

/// A line of help is no longer than this, however wide the terminal is.
const WIDEST: u16 = 80;
/// Words need this room.
const NARROWEST: u16 = 30;

/// The listing, which has no file of its own for what can be typed without a command.
pub(super) const MANUAL: Manual = Manual {
    description: &[
        "whatlistens lists what listens on this machine: TCP sockets that accept connections, and UDP sockets without a \
         peer, each with its process and user, the name that its port has in the IANA registry, and the unit or container \
         that it belongs to.",
        "On a port of a license manager (FlexNet, RLM, Sentinel and others) it also says whether the process is the right \
         one: expected, other-license-manager, mismatch or cannot-tell, always with the reason.",
        "One port or one service alone is shown in detail, with what to do next; everything else in rows. What could not \
         be read is stated below the rows: an owner that you are not allowed to see is hidden, and a port is called free \
         only if it was looked at. Without root (on Windows, an administrator) only the owners of your own sockets are \
         visible.",
        "whatlistens connects to no port, resolves no host name, and changes nothing.",
    ],
    examples: &[
        ("whatlistens", "every listener on this machine"),
        ("whatlistens 1538", "who holds port 1538, and should it?"),
        ("whatlistens --flagged", "license ports whose process may be wrong"),
        ("whatlistens servers", "are the license servers up, and if not, why?"),
        ("whatlistens explain lmgrd", "what is known about lmgrd"),
        ("whatlistens explain -15", "what a license error means"),
        ("whatlistens wait 8080", "until port 8080 listens"),
        ("whatlistens --json | jq .", "for scripts"),
    ],
    statuses: STATUSES,
    document: Some("Listing"),
    formats: &Format::ALL,
    takes_record: true,
};

pub(super) const HABITS: &str = "These options of ss, netstat and lsof leave out no row; where no terminal is, a table has STATE with them:";
pub(super) const LETTERS: &str = "-a -b -e -l -n -o -p -P, -s TCP:LISTEN";

/// What a value behind them means.
pub(super) const VALUES: [(&str, &str); 4] = [
    ("-p tcp", "the same as --tcp"),
    ("-p80", "port 80, as for nmap"),
    ("-nP -p 812", "beside options of lsof: --pid 812"),
    ("-o port,pid", "the same as --columns port,pid"),
];

/// `whatlistens help servers` in this program's own words.
pub(super) fn on_command(args: &[OsString], verbs: &[&str]) -> Option<Vec<OsString>> {
    match args {
        [program, help, verb] if help == "help" && verbs.iter().any(|known| verb == known) => {
            Some(vec![program.clone(), verb.clone(), "--help".into()])
        }
        _ => None,
    }
}

/// The width of help on a terminal with so many columns.
pub(super) fn width(terminal: Option<u16>) -> usize {
    usize::from(terminal.unwrap_or(WIDEST).clamp(NARROWEST, WIDEST))
}

/// Below the options of a listing.
pub(super) fn below(width: usize) -> String {
    let habits = format!(
        "{}\n  {LETTERS}\nWith a value:\n{}\n",
        indented(HABITS, 0, 0, width),
        with_meanings(&VALUES, width)
    );
    below_options(&MANUAL, &habits, width)
}

/// Below the options of a command.
pub(super) fn below_own(manual: &Manual, width: usize) -> String {
    below_options(manual, "", width)
}

fn below_options(manual: &Manual, between: &str, width: usize) -> String {
    let status = |(code, meaning): &(&str, &str)| indented(&format!("{code} {meaning}"), 2, 4, width);
    let statuses: Vec<String> = manual.statuses.iter().map(status).collect();
    format!(
        "Examples:\n{}\n{between}Exit status:\n{}",
        with_meanings(manual.examples, width),
        statuses.join("\n")
    )
}

/// What can be typed, each with its meaning beside it, or below where that does not fit.
fn with_meanings(typed: &[(&str, &str)], width: usize) -> String {
    let longest = typed.iter().map(|(typed, _)| typed.len()).max().unwrap_or(0);
    let beside = |(typed, meaning): &(&str, &str)| format!("  {typed:longest$}   {meaning}\n");
    let fits = typed.iter().all(|one| beside(one).trim_end().len() <= width);
    let one = |one: &(&str, &str)| match fits {
        true => beside(one),
        false => format!("  {}\n{}\n", one.0, indented(one.1, 6, 6, width)),
    };
    typed.iter().map(one).collect()
}

/// A text whose first line and whose other lines begin with so many blanks.
fn indented(text: &str, first: usize, rest: usize, width: usize) -> String {
    let (first, rest) = (" ".repeat(first), " ".repeat(rest));
    textwrap::fill(text, textwrap::Options::new(width).initial_indent(&first).subsequent_indent(&rest))
}
