//! Completion scripts: what each shell does stands in `scripts/`, and the words are put in here.
//!
//! They are not those of clap_complete, whose scripts complete no value behind a comma, no value at all in PowerShell, no
//! WHAT in fish, and in zsh either WHAT or the commands.

use std::collections::BTreeMap;

use clap::ValueEnum;

use super::places::{Place, ShellOption, Values};
use crate::render::Signs;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Shell {
    Bash,
    Zsh,
    Fish,
    Powershell,
}

/// The completion script of a shell.
pub(super) fn script(shell: Shell, places: &[Place]) -> String {
    match shell {
        Shell::Bash => bash(places),
        Shell::Zsh => zsh(places),
        Shell::Fish => fish(places),
        Shell::Powershell => powershell(places),
    }
}

impl Shell {
    /// The name of the file in which the shell looks for it.
    pub(super) fn file_name(self) -> &'static str {
        match self {
            Shell::Bash => "whatlistens",
            Shell::Zsh => "_whatlistens",
            Shell::Fish => "whatlistens.fish",
            Shell::Powershell => "whatlistens.ps1",
        }
    }
}

/// A script with texts in place of its marks, each mark alone on its line or within one.
fn filled(script: &str, texts: &[(&str, String)]) -> String {
    texts.iter().fold(script.to_owned(), |script, (mark, text)| {
        script.replace(&format!("#{mark}#"), text.trim_end_matches('\n'))
    })
}

/// The values of each option and of the words behind a command, by `PATH|OPTION` and `PATH|`; keys with the same values
/// together.
fn values(places: &[Place]) -> BTreeMap<&Values, Vec<String>> {
    let mut by_values: BTreeMap<&Values, Vec<String>> = BTreeMap::new();
    for Place { path, options, values, .. } in places {
        for option in options {
            let Some(values) = &option.value else { continue };
            let keys = option.names.iter().map(|name| format!("{path}|{name}"));
            by_values.entry(values).or_default().extend(keys);
        }
        if let Some(values) = values {
            by_values.entry(values).or_default().push(format!("{path}|"));
        }
    }
    by_values
}

fn kind(values: &Values) -> &'static str {
    match values {
        Values::Words(_) => "words",
        Values::List(_) => "list",
        Values::Files => "files",
        Values::Folders => "folders",
        Values::Users => "users",
        Values::Pids => "pids",
        Values::Other => "other",
    }
}

fn known(values: &Values) -> &[String] {
    match values {
        Values::Words(words) | Values::List(words) => words,
        Values::Files | Values::Folders | Values::Users | Values::Pids | Values::Other => &[],
    }
}

/// Whether so many names may stand there that all at once are no help.
fn is_long(values: &Values) -> bool {
    matches!(values, Values::Words(words) if words.len() >= 64)
}

/// In single quotes of a POSIX shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

fn names(options: &[ShellOption]) -> String {
    let names: Vec<&str> = options.iter().flat_map(|option| &option.names).map(String::as_str).collect();
    names.join(" ")
}

/// The names of the options with a value, of any command.
fn taking(places: &[Place]) -> String {
    let options = places.iter().flat_map(|place| &place.options).filter(|option| option.value.is_some());
    let mut names: Vec<&str> = options.flat_map(|option| &option.names).map(String::as_str).collect();
    names.sort_unstable();
    names.dedup();
    names.join(" ")
}

fn bash(places: &[Place]) -> String {
    let case = |path: &str, words: &str| format!("    {}) printf %s {} ;;\n", quoted(path), quoted(words));
    let commands = |place: &Place| {
        let names: Vec<&str> = place.commands.iter().map(|(name, _)| name.as_str()).collect();
        case(&place.path, &names.join(" "))
    };
    let values = values(places).into_iter().map(|(values, keys)| {
        let keys: Vec<String> = keys.iter().map(|key| quoted(key)).collect();
        format!(
            "    {}) kind={} list={} ;;\n",
            keys.join(" | "),
            kind(values),
            quoted(&known(values).join(" "))
        )
    });
    filled(
        include_str!("scripts/whatlistens.bash"),
        &[
            ("OPTIONS", places.iter().map(|place| case(&place.path, &names(&place.options))).collect()),
            ("COMMANDS", places.iter().filter(|place| !place.commands.is_empty()).map(commands).collect()),
            ("VALUES", values.collect()),
        ],
    )
}

fn zsh(places: &[Place]) -> String {
    let commands = |place: &Place| {
        let lines =
            place.commands.iter().map(|(name, what)| quoted(&format!("{name}:{}", what.replace(':', r"\:"))));
        format!("    {}) print -rl -- {} ;;\n", quoted(&place.path), lines.collect::<Vec<_>>().join(" "))
    };
    let words = values(places).into_iter().filter_map(|(values, mut keys)| {
        keys.retain(|key| key.ends_with('|') || is_long(values));
        let keys: Vec<String> = keys.iter().map(|key| quoted(key)).collect();
        let words = known(values).join(" ");
        (!words.is_empty() && !keys.is_empty())
            .then(|| format!("    {}) print -r -- {words} ;;\n", keys.join(" | ")))
    });
    let arguments = |place: &Place| {
        let options: String = zsh_options(place).map(|spec| format!(" \\\n        {spec}")).collect();
        let behind = match (place.commands.is_empty(), &place.values) {
            (true, None) => "",
            (_, Some(Values::Files)) => " \\\n        '*:file:_files'",
            _ => " \\\n        '*: :_whatlistens_what'",
        };
        format!("    {})\n      _arguments -s -S :{options}{behind}\n      ;;\n", quoted(&place.path))
    };
    filled(
        include_str!("scripts/whatlistens.zsh"),
        &[
            ("COMMANDS", places.iter().filter(|place| !place.commands.is_empty()).map(commands).collect()),
            ("WORDS", words.collect()),
            ("ARGUMENTS", places.iter().map(arguments).collect()),
            ("TAKING", quoted(&taking(places))),
        ],
    )
}

/// What `_arguments` takes for each name of an option.
fn zsh_options(place: &Place) -> impl Iterator<Item = String> {
    place.options.iter().flat_map(|option| zsh_option(&place.path, option))
}

fn zsh_option(path: &str, option: &ShellOption) -> impl Iterator<Item = String> {
    let help = option.help.replace('\\', r"\\").replace('[', r"\[").replace(']', r"\]").replace(':', r"\:");
    let action = option.value.as_ref().map(|values| match values {
        Values::Words(_) if is_long(values) => {
            format!(":name: _whatlistens_names \"{path}|{}\"", option.names[0])
        }
        Values::Words(words) => format!(":value:({})", words.join(" ")),
        Values::List(words) => format!(":values:_sequence compadd - {}", words.join(" ")),
        Values::Files => ":file:_files".to_owned(),
        Values::Folders => ":folder:_files -/".to_owned(),
        Values::Users => ":user:_users".to_owned(),
        Values::Pids => ":process:_pids".to_owned(),
        Values::Other => ":value: ".to_owned(),
    });
    // An option may be typed again, where that has a meaning; where not, it does no harm.
    option.names.iter().map(move |name| {
        let sign = match (&action, name.starts_with("--")) {
            (None, _) => "",
            (Some(_), true) => "=",
            (Some(_), false) => "+",
        };
        quoted(&format!("*{name}{sign}[{help}]{}", action.as_deref().unwrap_or_default()))
    })
}

fn fish(places: &[Place]) -> String {
    // Within single quotes of fish a backslash is one, but for these two.
    let quoted = |text: &str| format!("'{}'", text.replace('\\', r"\\").replace('\'', r"\'"));
    let commands = |place: &Place| {
        let names: Vec<&str> = place.commands.iter().map(|(name, _)| name.as_str()).collect();
        format!("        case {}\n            printf '%s\\n' {}\n", quoted(&place.path), names.join(" "))
    };
    let names = values(places).into_iter().filter(|(values, _)| is_long(values)).map(|(values, keys)| {
        let keys: Vec<String> = keys.iter().map(|key| quoted(key)).collect();
        let words = known(values).join(" ");
        format!("        case {}\n            printf '%s\\t\\n' {words}\n", keys.join(" "))
    });
    let mut lines = String::new();
    for place in places {
        let path = &place.path;
        let at = format!("complete -c whatlistens -n \"__whatlistens_at '{path}'");
        let behind = format!("complete -c whatlistens -n \"__whatlistens_behind '{path}'\"");
        for option in &place.options {
            let names = option.names.iter().map(|name| match name.strip_prefix("--") {
                Some(long) => format!(" -l {long}"),
                None => format!(" -s {}", name.trim_start_matches('-')),
            });
            let value = match &option.value {
                None => String::new(),
                Some(values) if is_long(values) => {
                    format!(" -x -a '(__whatlistens_names \"{path}|{}\")'", option.names[0])
                }
                // With an empty description, or each would have that of the option.
                Some(Values::Words(words)) => format!(" -x -a \"{}\\t''\"", words.join(r"\t'' ")),
                Some(Values::List(words)) => format!(" -x -a '(__whatlistens_list {})'", words.join(" ")),
                Some(Values::Files) => " -r -F".to_owned(),
                Some(Values::Folders) => " -x -a '(__fish_complete_directories)'".to_owned(),
                Some(Values::Users) => " -x -a '(__fish_complete_users)'".to_owned(),
                Some(Values::Pids) => " -x -a '(__fish_complete_pids)'".to_owned(),
                Some(Values::Other) => " -x".to_owned(),
            };
            lines += &format!("{at}\"{}{value} -d {}\n", names.collect::<String>(), quoted(&option.help));
        }
        for (name, what) in &place.commands {
            lines += &format!("{behind} -a {name} -d {}\n", quoted(what));
        }
        match &place.values {
            Some(Values::Files) => lines += &format!("{at}\" -F\n"),
            Some(values) if is_long(values) => {
                lines += &format!("{at}\" -a '(__whatlistens_names \"{path}|\")'\n");
            }
            Some(Values::Words(words)) => lines += &format!("{at}\" -a {}\n", quoted(&words.join(" "))),
            _ => {}
        }
    }
    filled(
        include_str!("scripts/whatlistens.fish"),
        &[
            ("COMMANDS", places.iter().filter(|place| !place.commands.is_empty()).map(commands).collect()),
            ("TAKING", taking(places)),
            ("NAMES", names.collect()),
            ("COMPLETE", lines),
        ],
    )
}

fn powershell(places: &[Place]) -> String {
    // A text between these signs ends at the first line that begins with the second. PowerShell 5.1 reads a script without a
    // byte order mark in the ANSI code page.
    let lines = |lines: Vec<String>| format!("@'\n{}\n'@", Signs::Ascii.of(lines.join("\n")));
    let place = |place: &Place| {
        let path = &place.path;
        let each = place
            .options
            .iter()
            .flat_map(|option| option.names.iter().map(|name| format!("{name}\t{}", option.help)));
        let mut text = format!("    $options['{path}'] = {}\n", lines(each.collect()));
        if !place.commands.is_empty() {
            let each = place.commands.iter().map(|(name, what)| format!("{name}\t{what}"));
            text += &format!("    $commands['{path}'] = {}\n", lines(each.collect()));
        }
        text
    };
    let all = values(places);
    let values = all.iter().map(|(values, keys)| {
        let keys: String = keys.iter().map(|key| format!("$values['{key}'] = ")).collect();
        format!("    {keys}'{}'\n", known(values).join(" "))
    });
    let lists = all.iter().filter(|(values, _)| matches!(values, Values::List(_))).flat_map(|(_, keys)| keys);
    let lists: Vec<String> = lists.map(|key| format!("'{key}'")).collect();
    filled(
        include_str!("scripts/whatlistens.ps1"),
        &[
            ("PLACES", places.iter().map(place).collect()),
            ("VALUES", values.collect()),
            ("LISTS", format!("@({})", lists.join(", "))),
        ],
    )
}
