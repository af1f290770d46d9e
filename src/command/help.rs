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

const HABITS: &str = "These options of ss, netstat and lsof are accepted and change nothing:";

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
    let called = EXAMPLES.iter().map(|(command, _)| command.len()).max().unwrap_or(0);
    let beside = |(command, meaning): &(&str, &str)| format!("  {command:called$}   {meaning}\n");
    let fits = EXAMPLES.iter().all(|example| beside(example).trim_end().len() <= width);
    let example = |example: &(&str, &str)| match fits {
        true => beside(example),
        false => format!("  {}\n{}\n", example.0, indented(example.1, 6, width)),
    };
    let examples: String = EXAMPLES.iter().map(example).collect();
    let statuses: String = STATUSES.iter().map(|status| format!("  {status}\n")).collect();
    format!(
        "Examples:\n{examples}\n{}\n  -a -b -e -l -n -o -p -P, -s TCP:LISTEN\n\nExit status:\n{}",
        indented(HABITS, 0, width),
        statuses.trim_end()
    )
}

fn indented(text: &str, indent: usize, width: usize) -> String {
    let margin = " ".repeat(indent);
    textwrap::fill(text, textwrap::Options::new(width).initial_indent(&margin).subsequent_indent(&margin))
}
