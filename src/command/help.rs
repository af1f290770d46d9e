//! What `--help` says below the options, for any width.

use std::ffi::OsString;

/// A line of help is no longer than this, however wide the terminal is.
const WIDEST: u16 = 80;
/// Words need this room.
const NARROWEST: u16 = 30;

const EXAMPLES: [(&str, &str); 7] = [
    ("whatlistens", "every listener on this machine"),
    ("whatlistens 1538", "who holds port 1538, and should it?"),
    ("whatlistens --flagged", "license ports whose process may be wrong"),
    ("whatlistens servers", "are the license servers up, and if not, why?"),
    ("whatlistens explain lmgrd", "what is known about lmgrd"),
    ("whatlistens explain -15", "what a license error means"),
    ("whatlistens --json | jq .", "for scripts"),
];

const HABITS: &str = "These options of ss, netstat and lsof leave out no row; where no terminal is, a table has STATE with them:";

/// What a value behind them means.
const VALUES: [(&str, &str); 4] = [
    ("-p tcp", "the same as --tcp"),
    ("-p80", "port 80, as for nmap"),
    ("-nP -p 812", "beside options of lsof: --pid 812"),
    ("-o port,pid", "the same as --columns port,pid"),
];

const STATUSES: [&str; 4] =
    ["0 something matched", "1 nothing matched", "2 wrong usage", "3 this machine cannot be observed"];

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

pub(super) fn below(width: usize) -> String {
    let (examples, values) = (with_meanings(&EXAMPLES, width), with_meanings(&VALUES, width));
    let statuses: String = STATUSES.iter().map(|status| format!("  {status}\n")).collect();
    format!(
        "Examples:\n{examples}\n{}\n  -a -b -e -l -n -o -p -P, -s TCP:LISTEN\nWith a value:\n{values}\nExit status:\n{}",
        indented(HABITS, 0, width),
        statuses.trim_end()
    )
}

/// What can be typed, each with its meaning beside it, or below where that does not fit.
fn with_meanings(typed: &[(&str, &str)], width: usize) -> String {
    let longest = typed.iter().map(|(typed, _)| typed.len()).max().unwrap_or(0);
    let beside = |(typed, meaning): &(&str, &str)| format!("  {typed:longest$}   {meaning}\n");
    let fits = typed.iter().all(|one| beside(one).trim_end().len() <= width);
    let one = |one: &(&str, &str)| match fits {
        true => beside(one),
        false => format!("  {}\n{}\n", one.0, indented(one.1, 6, width)),
    };
    typed.iter().map(one).collect()
}

fn indented(text: &str, indent: usize, width: usize) -> String {
    let margin = " ".repeat(indent);
    textwrap::fill(text, textwrap::Options::new(width).initial_indent(&margin).subsequent_indent(&margin))
}
