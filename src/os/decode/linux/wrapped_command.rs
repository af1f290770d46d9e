//! Finds the program of a command line that other programs run: `su - flexlm -c "/opt/lmgrd -c a.lic"`.

use super::shell;

/// How many wrappers may be in each other.
const DEEPEST: usize = 8;

/// Programs that run the command after their options, and those of their options that have a value.
const WRAPPERS: &[(&str, &[&str])] = &[
    ("chroot", &[]),
    ("command", &[]),
    // A function of Red Hat's init scripts.
    ("daemon", &[]),
    ("doas", &["-u", "-C"]),
    ("env", &["-u", "--unset", "-C", "--chdir"]),
    ("exec", &["-a"]),
    ("ionice", &["-c", "-n", "--class", "--classdata"]),
    ("nice", &["-n", "--adjustment"]),
    ("nohup", &[]),
    ("runuser", &["-u", "--user", "-g", "--group", "-G", "--supp-group"]),
    ("setpriv", &["--reuid", "--regid", "--groups"]),
    ("setsid", &[]),
    ("sudo", &["-u", "--user", "-g", "--group", "-C", "-D", "-h", "-p", "-r", "-t", "-T", "-U"]),
    ("stdbuf", &["-i", "-o", "-e"]),
    ("taskset", &[]),
    ("time", &[]),
    ("timeout", &["-k", "-s", "--signal", "--kill-after"]),
];

/// Wrappers whose first word is not yet the command: a folder, a mask, a time.
const WITH_OPERAND: [&str; 3] = ["chroot", "taskset", "timeout"];

const SHELLS: [&str; 9] = ["sh", "bash", "dash", "ash", "ksh", "zsh", "csh", "tcsh", "mksh"];

/// The commands that a command line runs in the end; the first word of each is its program. There may be several in the
/// text of a shell.
#[must_use]
pub fn commands(words: &[String]) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    unwrap(words, DEEPEST, &mut found);
    found
}

fn unwrap(words: &[String], depth: usize, found: &mut Vec<Vec<String>>) {
    let start = words.iter().take_while(|word| shell::assignment(word).is_some()).count();
    let Some((program, rest)) = words[start..].split_first() else { return };
    let name = program.rsplit('/').next().unwrap_or_default();
    let text = match name {
        _ if depth == 0 => None,
        "su" => command_text(rest),
        "runuser" if !rest.iter().any(|word| word == "-u") => command_text(rest),
        // What comes after a script's name is the script's.
        _ if SHELLS.contains(&name) => {
            let end = rest.len() - after_options(rest, &["-c", "-o", "-O"]).len();
            command_text(&rest[..end]).or_else(|| {
                let text = rest[..end].last().is_some_and(|word| is_command_option(word));
                rest.get(end).filter(|_| text).map(String::as_str)
            })
        }
        _ => None,
    };
    if let Some(text) = text {
        return shell::commands(text).iter().for_each(|words| unwrap(words, depth - 1, found));
    }
    if name == "start-stop-daemon" {
        return found.extend(started_daemon(rest));
    }
    match WRAPPERS.iter().find(|(wrapper, _)| *wrapper == name).filter(|_| depth > 0) {
        Some((_, with_value)) => {
            let rest = after_options(rest, with_value);
            let operands = usize::from(WITH_OPERAND.contains(&name)).min(rest.len());
            unwrap(&rest[operands..], depth - 1, found);
        }
        None => found.push(words[start..].to_vec()),
    }
}

/// The value of `-c`, which shells and su(1) have.
fn command_text(words: &[String]) -> Option<&str> {
    let long = || words.iter().find_map(|word| word.strip_prefix("--command="));
    let at = words.iter().position(|word| is_command_option(word));
    at.and_then(|at| words.get(at + 1)).map(String::as_str).or_else(long)
}

/// `-c`, also together with others, as in `-lc`.
fn is_command_option(word: &str) -> bool {
    let letters = word.strip_prefix('-').is_some_and(|rest| !rest.starts_with('-') && rest.ends_with('c'));
    letters || word == "--command"
}

fn after_options<'a>(mut words: &'a [String], with_value: &[&str]) -> &'a [String] {
    while let Some((word, rest)) = words.split_first().filter(|(word, _)| word.starts_with('-')) {
        words = rest;
        if word == "--" {
            break;
        }
        if with_value.contains(&word.as_str()) {
            words = words.split_first().map_or(words, |(_, rest)| rest);
        }
    }
    words
}

/// start-stop-daemon(8): `--exec /opt/lmgrd … -- -c a.lic`.
fn started_daemon(words: &[String]) -> Option<Vec<String>> {
    let is_program = |word: &str| ["-x", "--exec", "-a", "--startas"].contains(&word);
    let end = words.iter().position(|word| word == "--").unwrap_or(words.len());
    let (options, rest) = words.split_at(end);
    let long = || options.iter().find_map(|word| word.strip_prefix("--exec=")).map(str::to_owned);
    let at = options.iter().position(|word| is_program(word));
    let program = at.and_then(|at| options.get(at + 1).cloned()).or_else(long)?;
    Some(std::iter::once(program).chain(rest.iter().skip(1).cloned()).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn told(line: &str) -> Vec<String> {
        let words = shlex::split(line).unwrap();
        commands(&words).iter().map(|words| words.join("|")).collect()
    }

    #[test]
    fn the_program_is_found_in_whatever_runs_it() {
        for line in [
            "/opt/lmgrd -c a",
            "su - flexlm -c '/opt/lmgrd -c a'",
            "/bin/su flexlm --shell=/bin/sh --command='/opt/lmgrd -c a >/dev/null 2>&1 &'",
            "runuser -u flexlm -- /opt/lmgrd -c a",
            "runuser -l flexlm -c 'exec /opt/lmgrd -c a'",
            "/bin/sh -c 'umask 2>/dev/null; /opt/lmgrd -c a'",
            "bash -lc 'nohup /opt/lmgrd -c a &'",
            "setsid -f nohup nice -n 5 /opt/lmgrd -c a",
            "/usr/bin/env -u B A=b C=d /opt/lmgrd -c a",
            "A=b /opt/lmgrd -c a",
            "sudo -n -u flexlm env A=b /opt/lmgrd -c a",
            "sh -c \"sh -c 'setsid /opt/lmgrd -c a'\"",
            "start-stop-daemon --start --chuid flexlm --exec /opt/lmgrd -- -c a",
            "daemon --user=flexlm /opt/lmgrd -c a",
            "timeout -s KILL 5 /opt/lmgrd -c a",
        ] {
            assert_eq!(told(line).last().map(String::as_str), Some("/opt/lmgrd|-c|a"), "{line}");
        }
        assert_eq!(told("sh -c 'cd /opt && ./lmgrd'"), ["cd|/opt", "./lmgrd"]);
        assert_eq!(told("/opt/start.sh -c a"), ["/opt/start.sh|-c|a"]);
        assert_eq!(told("sh /opt/start.sh -c a"), ["sh|/opt/start.sh|-c|a"]);
        assert_eq!(told("bash -o pipefail -ec 'a b' c"), ["a|b"]);
        for line in ["", "nohup", "env A=b", "su -", "sh -c", "timeout 5", "start-stop-daemon --stop"] {
            assert!(told(line).iter().all(|told| !told.is_empty() && !told.contains("lmgrd")), "{line}");
        }
        // Who runs itself again and again is a program in the end.
        assert_eq!(told(&"nohup ".repeat(20)), ["nohup|".repeat(11) + "nohup"]);
    }

    proptest! {
        #[test]
        fn no_words_are_too_strange(
            words in proptest::collection::vec("(su|sh|env|runuser|start-stop-daemon|--exec|--|-c|-u|A=b|\\PC{0,4})", 0..9),
        ) {
            prop_assert!(commands(&words).iter().all(|words| !words.is_empty()));
        }
    }
}
