//! What exists and is most like a word that was typed.

use crate::cli::COMMANDS;

/// Words that are no command here, and what is; `WHAT` stands for what else was typed.
const NO_COMMAND: &[(&[&str], &str)] = &[
    (
        &["list", "ls", "status", "scan", "ps", "netstat", "ss", "lsof", "all"],
        "to list everything: whatlistens",
    ),
    (&["free", "unused", "available"], "to learn whether a port is free, name it: whatlistens WHAT"),
    (&["pid"], "for a process ID: whatlistens --pid 4242"),
    (&["user", "users", "owner"], "for a user: whatlistens --user NAME"),
    (
        &["process", "program", "command", "name"],
        "for a process by its name use --process, by its ID --pid; for a port name it alone: whatlistens WHAT",
    ),
    (
        &["localhost", "localhost.localdomain"],
        "give a port too, as in localhost:80, or list what receives there: --address 127.0.0.1",
    ),
    (
        &[
            "show",
            "get",
            "find",
            "port",
            "ports",
            "who",
            "what",
            "which",
            "is",
            "search",
            "has",
            "on",
            "uses",
            "using",
            "holds",
            "listens",
            "listening",
            "service",
            "unit",
            "container",
        ],
        "name only what you look for: whatlistens WHAT",
    ),
    (
        &["kill", "pkill", "killall", "stop", "terminate", "close", "release", "restart"],
        "whatlistens ends no process, but says how to: whatlistens WHAT",
    ),
    (&["follow", "monitor", "repeat"], "to see what appears, goes and changes: whatlistens watch WHAT"),
    (
        &["open", "block", "allow", "deny"],
        "whatlistens changes nothing, but says what listens: whatlistens WHAT",
    ),
    (
        &["compare", "cmp", "changes", "changed", "delta", "baseline", "drift"],
        "to see what is different since: whatlistens record > FILE, and later whatlistens diff FILE",
    ),
    (
        &["dump", "export", "save", "snapshot", "remote"],
        "to look at a machine elsewhere or later: whatlistens record > FILE there, whatlistens --from FILE here",
    ),
    (
        &["connect", "probe", "ping"],
        "whatlistens connects to no port, but says what listens: whatlistens WHAT",
    ),
    (
        &["lmstat", "lmutil", "rlmstat", "rlmutil", "lmdiag", "lmgr", "lmcheck"],
        "to see license servers, their daemons and clients, and what is wrong: whatlistens servers",
    ),
    (
        &["lmdown", "rlmdown", "lmreread"],
        "whatlistens ends no license server, but shows them: whatlistens servers",
    ),
    (
        &["licenses", "license", "licences", "licence"],
        "for ports of license managers: whatlistens --licenses; for license servers: whatlistens servers",
    ),
    (
        &["wait-for", "waitfor", "await", "until", "wait-for-it"],
        "to wait until a port listens: whatlistens wait WHAT",
    ),
    (
        &["verify", "audit", "assert", "policy", "nagios", "icinga"],
        "for monitoring: whatlistens check --expect WHAT; for a policy of what may listen: whatlistens check --suggest",
    ),
    (&["flagged"], "did you mean --flagged?"),
    (&["deleted", "(deleted)"], "did you mean --deleted?"),
    (&["json"], "did you mean --json?"),
    (&["help", "usage"], "did you mean --help?"),
    (&["man", "manual"], "for the manual page: whatlistens generate man"),
    (&["completion", "completions"], "for the completions of a shell: whatlistens generate completions bash"),
    (&["schema"], "for the schema of the JSON: whatlistens generate schema"),
    (&["version"], "did you mean --version?"),
];

/// What is right in place of a word that is often a command; `None` for any other word.
pub(super) fn no_command(word: &str) -> Option<&'static str> {
    let word = word.to_ascii_lowercase();
    NO_COMMAND.iter().find(|(words, _)| words.contains(&word.as_str())).map(|(_, right)| *right)
}

/// What is right, with what else was typed in place of `WHAT` and `NAME`, as far as that can be typed anywhere; else with
/// an example.
pub(super) fn filled(right: &str, rest: impl Iterator<Item = String>) -> String {
    let is_plain = |word: &String| word.chars().all(|c| c.is_ascii_alphanumeric() || ".:/-_@,".contains(c));
    let rest: Vec<String> =
        rest.filter(is_plain).filter(|word| no_command(word).is_none()).take(MOST_OTHERS).collect();
    let rest = rest.join(" ");
    let or = |example: &str| if rest.is_empty() { example.to_owned() } else { rest.clone() };
    right.replace("WHAT", &or("80")).replace("NAME", &or("NAME"))
}

/// So many other words are repeated.
const MOST_OTHERS: usize = 3;

pub(super) fn is_command(word: &str) -> bool {
    COMMANDS.contains(&word)
}

/// What to type in place of a word that names nothing: a command's name that is mistyped.
pub(super) fn in_place_of(word: &str) -> Option<String> {
    // `server.js` is the name of a file.
    let may_be_command = word.bytes().all(|byte| byte.is_ascii_alphabetic());
    let command = nearest(word, COMMANDS.into_iter()).filter(|_| may_be_command)?;
    Some(format!("Did you mean whatlistens {command}?"))
}

/// Below this a word is like too many others.
const LEAST: usize = 3;

/// The candidate most like a word: one that it is the beginning of; else one with a slip in every three letters, or that
/// is its beginning.
pub(super) fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    if word.len() < LEAST {
        return None;
    }
    let bound = (word.len() / 3).clamp(1, 3);
    let alike = candidates.filter_map(|candidate| {
        let slips = strsim::damerau_levenshtein(&word, candidate);
        let is_begun = candidate.starts_with(&word);
        let is_part = is_begun || (candidate.len() > LEAST && word.starts_with(candidate));
        (slips <= bound || is_part).then_some((!is_begun, slips, candidate))
    });
    alike.min().map(|(.., candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_is_no_command_is_answered_with_what_is() {
        assert_eq!(in_place_of("server").as_deref(), Some("Did you mean whatlistens servers?"));
        assert_eq!(in_place_of("explian").as_deref(), Some("Did you mean whatlistens explain?"));
        assert_eq!(no_command("LS"), Some("to list everything: whatlistens"));
        for word in ["nginx", "serv3r-farm", "server.js", "ex", "exchange"] {
            assert_eq!(in_place_of(word), None, "{word}");
        }
    }
}
