//! What an interpreter runs, by its own command line: the script, module, class or archive, by name alone. The process can
//! write there what it likes, so that no verdict rests on it; and the rest of the line may hold secrets, so that nothing
//! else of it is kept. Where an option is unknown, the word behind it may be its value, and is not taken for a script.

mod language;
mod languages;
mod node;

use serde::{Deserialize, Serialize};

pub use self::language::ScriptKind;
use self::language::{Language, Meaning};
use self::languages::LANGUAGES;

/// Longer names are not kept, in bytes.
const LONGEST: usize = 256;

/// What a process says it runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimedScript {
    pub kind: ScriptKind,
    /// As the command line has it; `None` for code that stands in the command line itself.
    pub name: Option<String>,
}

impl ClaimedScript {
    /// The last part of a path, or the whole name of what is no path.
    #[must_use]
    pub fn short_name(&self) -> Option<&str> {
        let name = self.name.as_deref()?;
        let last = name.trim_end_matches(['/', '\\']).rsplit(['/', '\\']).next();
        last.filter(|last| !last.is_empty())
    }
}

/// Whether the command line of an executable with this file name says which script it runs.
#[must_use]
pub fn runs_scripts(exe: &str) -> bool {
    language(exe).is_some()
}

/// `python3.11` is `python`, `Node.exe` is `node`.
fn language(exe: &str) -> Option<&'static Language> {
    let exe = exe.to_ascii_lowercase();
    let exe = exe.strip_suffix(".exe").unwrap_or(&exe);
    let unversioned = exe.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.' || c == '-');
    let before_hyphen = exe.split_once('-').map_or(exe, |(stem, _)| stem);
    let named = |name: &str| LANGUAGES.iter().find(|language| language.names.contains(&name));
    // As luajit-2.1.0-beta3.
    named(exe)
        .or_else(|| named(unversioned))
        .or_else(|| named(before_hyphen).filter(|_| exe.starts_with("luajit")))
}

/// What the interpreter with this file name runs, by its command line, program first. `None` where that is not certain.
#[must_use]
pub fn claimed_script(exe: &str, args: &[String]) -> Option<ClaimedScript> {
    let language = language(exe)?;
    let mut words = args.iter().skip(1).map(String::as_str).peekable();
    if let Some(meaning) = words.peek().and_then(|word| language.verb(word)) {
        words.next();
        match meaning {
            Meaning::Switch => {}
            Meaning::Code => return Some(code()),
            _ => return None,
        }
    }
    // After an unknown option, the next word may be its value.
    let mut is_certain = true;
    while let Some(word) = words.next() {
        if word == "--" {
            return language.plain(words.next()?, is_certain);
        }
        if !language.is_option(word) {
            return language.plain(word, is_certain);
        }
        let Found { meaning, joined } = language.option(word);
        match (meaning, joined) {
            (Some(Meaning::Switch | Meaning::Joined | Meaning::Chars(_)), _)
            | (Some(Meaning::Value), Some(_))
            | (None, Some(_)) => {}
            (Some(Meaning::Value), None) => drop(words.next()?),
            (Some(Meaning::Runs(kind)), Some(value)) => return named(kind, value),
            (Some(Meaning::Runs(kind)), None) => return named(kind, words.next()?),
            (Some(Meaning::Code), _) => return Some(code()),
            (Some(Meaning::Unclear), _) => return None,
            (None, None) => is_certain = false,
        }
    }
    None
}

/// What an option means, and the value that is joined to it.
struct Found<'a> {
    meaning: Option<Meaning>,
    joined: Option<&'a str>,
}

impl Language {
    fn verb(&self, word: &str) -> Option<Meaning> {
        self.verbs.iter().find(|(verb, _)| *verb == word).map(|&(_, meaning)| meaning)
    }

    fn is_option(&self, word: &str) -> bool {
        let begins = |c: char| word.len() > 1 && word.starts_with(c);
        // Files with further options, and the options of shells that are taken back.
        begins('-')
            || (begins('@') && self.names.contains(&"java"))
            || (begins('+') && self.names.contains(&"sh"))
            || word == "-"
    }

    fn option<'a>(&self, word: &'a str) -> Found<'a> {
        // Standard input, or options that stand in a file.
        if word == "-" || word.starts_with('@') {
            return Found { meaning: Some(Meaning::Unclear), joined: None };
        }
        let (name, joined) = match word.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (word, None),
        };
        let lower = name.to_ascii_lowercase();
        let name = if self.any_case { lower.as_str() } else { name };
        let is_it = |known: &str| match known.strip_suffix('*') {
            Some(beginning) => name.starts_with(beginning),
            None => known == name,
        };
        if let Some(&(_, meaning)) = self.words.iter().find(|(known, _)| is_it(known)) {
            return Found { meaning: Some(meaning), joined };
        }
        if word.starts_with("--") || self.letters.is_empty() {
            return Found { meaning: None, joined };
        }
        self.letters_of(&word[1..])
    }

    /// Letters that stand together, up to one that takes a value.
    fn letters_of<'a>(&self, letters: &'a str) -> Found<'a> {
        let mut letters = letters;
        while let Some(letter) = letters.chars().next() {
            let meaning = self.letters.iter().find(|(known, _)| known.contains(letter)).map(|&(_, one)| one);
            let rest = &letters[letter.len_utf8()..];
            letters = rest;
            match meaning {
                Some(Meaning::Switch) => {}
                Some(Meaning::Chars(chars)) => letters = rest.trim_start_matches(|c| chars.contains(c)),
                // In a shell the code comes after all options, and `-c` need not be the last letter.
                Some(meaning) => {
                    return Found {
                        meaning: Some(meaning),
                        joined: Some(rest).filter(|rest| !rest.is_empty()),
                    };
                }
                None => return Found { meaning: None, joined: None },
            }
        }
        Found { meaning: Some(Meaning::Switch), joined: None }
    }

    /// The first word that is no option.
    fn plain(&self, word: &str, is_certain: bool) -> Option<ClaimedScript> {
        let ends = self.endings.iter().any(|ending| word.to_ascii_lowercase().ends_with(ending));
        let is_url = word.contains("://");
        if !(self.endings.is_empty() || ends || is_url) || !is_certain {
            return None;
        }
        match self.plain {
            // Java runs the source of a program, too.
            Meaning::Runs(ScriptKind::Class) if word.ends_with(".java") => named(ScriptKind::Script, word),
            Meaning::Runs(kind) => named(kind, word),
            Meaning::Code => Some(code()),
            _ => None,
        }
    }
}

fn code() -> ClaimedScript {
    ClaimedScript { kind: ScriptKind::Code, name: None }
}

fn named(kind: ScriptKind, word: &str) -> Option<ClaimedScript> {
    if is_code(word) {
        return Some(code());
    }
    let name = without_secrets(word);
    let is_name = !name.is_empty() && !name.starts_with('-') && name.len() <= LONGEST;
    is_name.then_some(ClaimedScript { kind, name: Some(name) })
}

/// Whether a word is code rather than the name of a file: an option may be read wrongly here, and code may hold secrets.
fn is_code(word: &str) -> bool {
    let is_sign = |c: char| c.is_control() || ";{}$\"=".contains(c);
    word.starts_with("data:") || (word.contains(char::is_whitespace) && word.contains(is_sign))
}

/// An address may have a password before its host, and a token behind its path.
fn without_secrets(word: &str) -> String {
    let Some((scheme, rest)) = word.split_once("://") else { return word.to_owned() };
    let rest = rest.split(['?', '#', ';']).next().unwrap_or_default();
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = host.rsplit('@').next().unwrap_or_default();
    format!("{scheme}://{host}{path}")
}

#[cfg(test)]
mod tests;
