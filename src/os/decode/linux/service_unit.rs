//! Decodes systemd's `.service` unit files (`systemd.service(5)`): what they run, and as whom.

use super::{unit_lines, wrapped_command};

/// How many commands of a unit are kept.
const MOST: usize = 100;

/// What a service runs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServiceUnit {
    /// The commands of `ExecStart`; the first word of each is its program.
    pub commands: Vec<Vec<String>>,
    pub user: Option<String>,
    /// Whether something wants it when it is enabled, so that it can start with the system.
    pub is_wanted: bool,
}

/// Decodes a unit file and its drop-ins, in the order in which they apply.
#[must_use]
pub fn read(texts: &[&str]) -> ServiceUnit {
    let mut unit = ServiceUnit::default();
    unit_lines::settings(texts, |section, key, value| match (section, key) {
        ("Service", "ExecStart") if value.is_empty() => unit.commands.clear(),
        ("Service", "ExecStart") => unit.commands.extend(commands(value)),
        ("Service", "User") => unit.user = Some(value.to_owned()).filter(|user| !user.is_empty()),
        ("Install", "WantedBy" | "RequiredBy" | "UpheldBy") => unit.is_wanted = !value.is_empty(),
        _ => {}
    });
    unit.commands.truncate(MOST);
    unit
}

/// The commands of a line of `ExecStart`, which a semicolon separates.
fn commands(line: &str) -> Vec<Vec<String>> {
    /// Stands for a hash, which begins a comment in a shell, but not here.
    const HASH: &str = "\u{f8ff}";
    // systemd's quotes are those of the shell, except in what nobody writes.
    let words = shlex::split(&line.replace('#', HASH)).unwrap_or_default();
    let words: Vec<String> = words.iter().map(|word| word.replace(HASH, "#")).collect();
    let mut found = Vec::new();
    for words in words.split(|word| word == ";").take(MOST) {
        let Some((first, rest)) = words.split_first() else { continue };
        let program = first.trim_start_matches(['-', '@', ':', '+', '!', '|']);
        // After `@` comes the name that the program is to see as its own.
        let has_name = first[..first.len() - program.len()].contains('@');
        let rest = rest.iter().skip(usize::from(has_name)).cloned();
        let words: Vec<String> = std::iter::once(program.to_owned()).chain(rest).collect();
        found.extend(wrapped_command::commands(&words));
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As administrators write it for FlexNet's license server.
    const LMGRD: &str = "[Unit]
Description=FlexNet license server
After=network.target
ExecStart=/not/in/this/section

[Service]
Type=forking
User=flexlm
ExecStart=/opt/flexlm/lmgrd -c \"/opt/flex lm/a.lic:/opt/b\" \\
# between
   -l +/var/log/lmgrd.log
ExecStop=/opt/flexlm/lmutil lmdown -q

[Install]
WantedBy=multi-user.target
";

    fn told(texts: &[&str]) -> Vec<String> {
        read(texts).commands.iter().map(|words| words.join("|")).collect()
    }

    fn line(line: &str) -> Vec<String> {
        told(&[&format!("[Service]\nExecStart={line}\n")])
    }

    #[test]
    fn a_service_says_what_it_runs_and_as_whom() {
        let unit = read(&[LMGRD]);
        assert_eq!(told(&[LMGRD]), ["/opt/flexlm/lmgrd|-c|/opt/flex lm/a.lic:/opt/b|-l|+/var/log/lmgrd.log"]);
        assert_eq!((unit.user.as_deref(), unit.is_wanted), (Some("flexlm"), true));
        let drop_in = "[Service]\nExecStart=\nExecStart=/opt/rlm -c /r\nUser=\n[Install]\nWantedBy=\n";
        let unit = read(&[LMGRD, drop_in]);
        assert_eq!(told(&[LMGRD, drop_in]), ["/opt/rlm|-c|/r"]);
        assert_eq!((unit.user, unit.is_wanted), (None, false));
        assert_eq!(read(&["", "ExecStart=/x\n"]), ServiceUnit::default());
    }

    #[test]
    fn prefixes_quotes_and_wrappers_are_seen_through() {
        for (text, expected) in [
            ("-/opt/lmgrd -z", &["/opt/lmgrd|-z"][..]),
            ("@/opt/lmgrd license -z", &["/opt/lmgrd|-z"]),
            ("-+!!:/opt/lmgrd '-z'", &["/opt/lmgrd|-z"]),
            ("/bin/sh -c \"/opt/lmgrd -z -c /a.lic\"", &["/opt/lmgrd|-z|-c|/a.lic"]),
            ("/bin/su - flexlm -c '/opt/lmgrd -l #x'", &["/opt/lmgrd|-l"]),
            ("/a #b ; /c", &["/a|#b", "/c"]),
            ("/a \"b", &[]),
            (";", &[]),
        ] {
            assert_eq!(line(text), expected, "{text}");
        }
    }

    #[test]
    fn without_its_end_a_unit_says_nothing_but_the_truth() {
        for end in LMGRD.match_indices('\n').map(|(at, _)| at) {
            let part = told(&[&LMGRD[..end]]);
            let whole = told(&[LMGRD]);
            assert!(part.iter().all(|command| whole[0].starts_with(command.as_str())), "{end}");
        }
        for end in 0..LMGRD.len() {
            let _ = read(&[&LMGRD[..end]]);
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(
            text in "(\\[(Service|Install)\\]\n)?((ExecStart|User|WantedBy)?=?[-@;#\"'\\\\ a]{0,9}\\PC{0,9}\n?){0,6}",
        ) {
            prop_assert!(read(&[&text, LMGRD]).commands.iter().all(|words| !words.is_empty()));
        }
    }
}
