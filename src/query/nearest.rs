//! What exists and is most like a word that was typed.

/// Words that are no command here, and what is.
const NO_COMMAND: &[(&[&str], &str)] = &[
    (
        &["list", "ls", "status", "scan", "ps", "netstat", "ss", "lsof", "all"],
        "To list everything: whatlistens",
    ),
    (&["free", "unused", "available"], "To learn whether a port is free, name it, as in: whatlistens 8080"),
    (&["pid"], "For a process ID: whatlistens --pid 4242"),
    (&["user", "users", "owner"], "For a user: whatlistens --user NAME"),
    (&["process", "program", "command", "name"], "For a process, name it, as in: whatlistens nginx"),
    (
        &["localhost", "localhost.localdomain"],
        "Give a port too, as in localhost:80, or list what receives there: --address 127.0.0.1",
    ),
    (
        &["show", "get", "find", "port", "who", "what", "check"],
        "Name only what you look for, as in: whatlistens 80",
    ),
    (
        &["licenses", "license", "licences", "licence"],
        "For ports of license managers: whatlistens --licenses; for license servers: whatlistens servers",
    ),
    (&["flagged"], "Did you mean --flagged?"),
    (&["json"], "Did you mean --json?"),
    (&["version"], "Did you mean --version?"),
];

/// The names of the commands.
const COMMANDS: [&str; 3] = ["servers", "excluded", "explain"];

/// What to type in place of a word that names nothing: a command's name that is mistyped, or what other programs have as
/// a command.
pub(super) fn in_place_of(word: &str) -> Option<String> {
    let known = NO_COMMAND.iter().find(|(words, _)| words.contains(&word));
    let command = || Some(format!("Did you mean whatlistens {}?", nearest(word, COMMANDS.into_iter())?));
    known.map(|(_, right)| (*right).to_owned()).or_else(command)
}

/// Below this a word is like too many others.
const LEAST: usize = 3;

/// The candidate most like a word: one slip in every three letters, or the beginning of one of the two.
pub(super) fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    if word.len() < LEAST {
        return None;
    }
    let bound = (word.len() / 3).clamp(1, 3);
    let alike = candidates.filter_map(|candidate| {
        let slips = strsim::damerau_levenshtein(&word, candidate);
        let is_part =
            candidate.starts_with(&word) || (candidate.len() > LEAST && word.starts_with(candidate));
        (slips <= bound || is_part).then_some((slips, candidate))
    });
    alike.min().map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_is_no_command_is_answered_with_what_is() {
        assert_eq!(in_place_of("server").as_deref(), Some("Did you mean whatlistens servers?"));
        assert_eq!(in_place_of("explian").as_deref(), Some("Did you mean whatlistens explain?"));
        assert_eq!(in_place_of("ls").as_deref(), Some("To list everything: whatlistens"));
        for word in ["nginx", "serv3r-farm", "ex", "exchange"] {
            assert_eq!(in_place_of(word), None, "{word}");
        }
    }
}
