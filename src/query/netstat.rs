//! What fingers type that know netstat, and that has another form here: `/ano`, `-anq`, `-f inet`, and the address of
//! whatever listens everywhere.

use std::ffi::{OsStr, OsString};
use std::path::MAIN_SEPARATOR;

use super::UsageError;
use crate::os::{FileAt, file_at};

/// The letters of Windows' netstat that say which rows and columns it prints, and mean something here.
const SLASHED: &str = "abenopqt";
/// All of its letters, and those that ss and the netstat of other systems have besides.
const LETTERS: &str = "46abefilnopqrstuxyP";
/// Addresses that stand for all of a machine's own.
const EVERYWHERE: [&str; 3] = ["0.0.0.0", "::", "[::]"];

/// What such words depend on.
pub(super) struct Here {
    /// Whether netstat is that of Windows, whose `-q` adds the ports that are bound. Elsewhere a program is quiet then.
    pub(super) is_windows: bool,
    /// Whether a path leads anywhere.
    pub(super) is_path: fn(&str) -> bool,
}

impl Here {
    pub(super) fn of_this_machine() -> Here {
        Here { is_windows: MAIN_SEPARATOR == '\\', is_path: |path| file_at(path.as_ref()) != FileAt::Nothing }
    }
}

/// The arguments of a listing, up to the name of a command, with such words in the form that this program takes.
/// `may_take_value` says of an argument whether the next is its value.
///
/// # Errors
///
/// Where one means something that this program does not print.
pub(super) fn in_own_form(
    args: &[OsString],
    verbs: &[&str],
    here: &Here,
    may_take_value: impl Fn(&OsStr) -> bool,
) -> Result<Vec<OsString>, UsageError> {
    let mut own: Vec<OsString> = args.iter().take(1).cloned().collect();
    let mut rest = args.iter().skip(1).peekable();
    while let Some(arg) = rest.next() {
        if arg == "--" || arg.to_str().is_some_and(|word| verbs.contains(&word)) {
            own.push(arg.clone());
            own.extend(rest.cloned());
            break;
        }
        let is_value = own.len() > 1 && own.last().is_some_and(|last| may_take_value(last));
        let Some(word) = arg.to_str().filter(|_| !is_value) else {
            own.push(arg.clone());
            continue;
        };
        if EVERYWHERE.contains(&word) {
            own.push(format!("--address={word}").into());
            continue;
        }
        let typed = slashed(word, here).unwrap_or_else(|| word.to_owned());
        let Some(letters) = cluster(&typed) else {
            own.push(typed.into());
            continue;
        };
        if letters.ends_with('s') && !rest.peek().is_some_and(|next| is_value_of_s(next)) {
            let right =
                "it prints no statistics; for numbers of listeners use --output prometheus".to_owned();
            return Err(UsageError::OptionElsewhere { typed: "-s".into(), right });
        }
        let family = letters.strip_suffix('f').zip(rest.peek().and_then(|next| family(next)));
        if family.is_some() {
            rest.next();
        }
        let letters = family.map_or(letters, |(before, _)| before);
        let is_quiet = letters == "q" && !here.is_windows;
        // The list has what is bound, as far as the system shows it; `e` only says that it was typed as for netstat.
        let letters = if is_quiet { letters.to_owned() } else { letters.replace('q', "e") };
        if !letters.is_empty() {
            own.push(format!("-{letters}").into());
        }
        own.extend(family.map(|(_, option)| option.into()));
    }
    Ok(own)
}

/// `-ano` for `/ano`, where no path is meant.
fn slashed(word: &str, here: &Here) -> Option<String> {
    let letters = word.strip_prefix('/')?.to_ascii_lowercase();
    let is_single = letters.len() == 1 && letters.contains(|letter| LETTERS.contains(letter));
    let is_once = |(at, letter): (usize, char)| SLASHED.contains(letter) && !letters[..at].contains(letter);
    let are_several = letters.char_indices().all(is_once)
        && (letters.len() == 2 || (letters.contains('a') && letters.contains('n')));
    ((is_single || are_several) && !(here.is_path)(word)).then(|| format!("-{letters}"))
}

/// The letters behind one `-`, where all are netstat's or ss's.
fn cluster(word: &str) -> Option<&str> {
    let letters = word.strip_prefix('-')?;
    let is_cluster = !letters.is_empty() && letters.chars().all(|letter| LETTERS.contains(letter));
    // `-i` of lsof has its value right behind it, as in `-iudp`.
    (is_cluster && !letters.starts_with('i')).then_some(letters)
}

/// `TCP:LISTEN`, which lsof takes behind `-s`.
fn is_value_of_s(next: &OsStr) -> bool {
    next.to_str().is_some_and(|next| next.contains(':') && !next.starts_with(':'))
}

/// The family behind `-f` of BSD, macOS and ss.
fn family(word: &OsStr) -> Option<&'static str> {
    match word.to_str()? {
        "inet" | "inet4" => Some("-4"),
        "inet6" => Some("-6"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(is_windows: bool, line: &str) -> String {
        let here = Here { is_windows, is_path: |path| ["/a", "/an", "/etc"].contains(&path) };
        let args: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        let takes_value = |arg: &OsStr| arg == "--address" || arg == "--sort";
        let own = in_own_form(&args, &["explain"], &here, takes_value).map_err(|error| error.to_string());
        own.map_or_else(|error| error, |own| own.join(OsStr::new(" ")).to_string_lossy().into_owned())
    }

    #[test]
    fn options_with_a_slash_are_options_where_no_path_is_meant() {
        for (typed, meant) in [
            ("w /ano", "w -ano"),
            ("w /ANO", "w -ano"),
            ("w /b /n", "w -b -n"),
            ("w /nao 80", "w -nao 80"),
            ("w /anop tcp", "w -anop tcp"),
            ("w /ob", "w -ob"),
            ("w /f", "w -f"),
            // Each leads somewhere here, or is no cluster.
            ("w /a", "w /a"),
            ("w /an", "w /an"),
            ("w /etc", "w /etc"),
            ("w /opt", "w /opt"),
            ("w /bin", "w /bin"),
            ("w /nan", "w /nan"),
            ("w /usr/bin/x", "w /usr/bin/x"),
            ("w /", "w /"),
            ("w explain /b", "w explain /b"),
            ("w -- /b", "w -- /b"),
        ] {
            for is_windows in [true, false] {
                assert_eq!(on(is_windows, typed), meant, "{typed}");
            }
        }
    }

    #[test]
    fn q_lists_what_is_bound_too_as_windows_has_it() {
        for (typed, on_windows, elsewhere) in [
            ("w -q", "w -e", "w -q"),
            ("w /q", "w -e", "w -q"),
            ("w -anq", "w -ane", "w -ane"),
            ("w -qano 80", "w -eano 80", "w -eano 80"),
            ("w /anq", "w -ane", "w -ane"),
            ("w --quiet", "w --quiet", "w --quiet"),
        ] {
            assert_eq!(on(true, typed), on_windows, "{typed}");
            assert_eq!(on(false, typed), elsewhere, "{typed}");
        }
    }

    #[test]
    fn an_address_for_all_is_one_that_is_asked_about() {
        for (typed, meant) in [
            ("w ::", "w --address=::"),
            ("w [::] 80", "w --address=[::] 80"),
            ("w -an 0.0.0.0", "w -an --address=0.0.0.0"),
            ("w --address ::", "w --address ::"),
            ("w 0.0.0.0:80", "w 0.0.0.0:80"),
            ("w 10.0.0.1", "w 10.0.0.1"),
            ("w explain ::", "w explain ::"),
        ] {
            assert_eq!(on(false, typed), meant, "{typed}");
        }
    }

    #[test]
    fn families_and_states_of_other_programs() {
        for (typed, meant) in [
            ("w -f inet", "w -4"),
            ("w -anf inet6 80", "w -an -6 80"),
            ("w -f", "w -f"),
            ("w -anf 80", "w -anf 80"),
            ("w -anf ::", "w -anf --address=::"),
            ("w -s TCP:LISTEN -P", "w -s TCP:LISTEN -P"),
            ("w -sTCP:LISTEN", "w -sTCP:LISTEN"),
            ("w -iTCP", "w -iTCP"),
            ("w -is", "w -is"),
        ] {
            assert_eq!(on(false, typed), meant, "{typed}");
        }
        for typed in ["w -s", "w -ans", "w /s", "w -s 80", "w -s -n"] {
            assert!(on(true, typed).starts_with("there is no option -s: it prints no statistics"), "{typed}");
        }
    }
}
