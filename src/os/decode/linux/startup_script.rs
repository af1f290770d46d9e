//! What crontabs (crontab(5)) and the scripts of System V init start. A shell script is not understood but read: its
//! commands are those that it may run.

use super::{shell, wrapped_command};

/// How many commands of a file are kept.
const MOST: usize = 1_000;

/// The commands of a script of `/etc/init.d`, or of `rc.local`; the first word of each is its program.
#[must_use]
pub fn script(text: &str) -> Vec<Vec<String>> {
    let commands = shell::commands(text);
    commands.iter().flat_map(|words| wrapped_command::commands(words)).take(MOST).collect()
}

/// The commands of a crontab. In `/etc/crontab` and `/etc/cron.d` each has the user before it that it runs as.
#[must_use]
pub fn crontab(text: &str, has_user: bool) -> Vec<Vec<String>> {
    let mut variables = Vec::new();
    let mut found = Vec::new();
    for line in text.lines().map(str::trim_start).filter(|line| !line.starts_with('#')) {
        if found.len() >= MOST {
            break;
        }
        if let Some((name, value)) = variable(line) {
            variables.push((name, value));
            variables.truncate(MOST);
            continue;
        }
        let times = if line.starts_with('@') { 1 } else { 5 };
        let Some(command) = after_fields(line, times + usize::from(has_user)) else { continue };
        let commands = shell::commands_with(&until_percent(command), &variables);
        found.extend(commands.iter().flat_map(|words| wrapped_command::commands(words)));
    }
    found.truncate(MOST);
    found
}

/// A line `NAME = value`, with or without quotes.
fn variable(line: &str) -> Option<(String, String)> {
    let (name, value) = line.split_once('=')?;
    let name = name.trim_end().trim_matches(['"', '\'']);
    let is_name = shell::assignment(&format!("{name}=")).is_some();
    is_name.then(|| (name.to_owned(), value.trim().trim_matches(['"', '\'']).to_owned()))
}

fn after_fields(line: &str, count: usize) -> Option<&str> {
    let mut rest = line;
    for _ in 0..count {
        let end = rest.find([' ', '\t'])?;
        rest = rest[end..].trim_start_matches([' ', '\t']);
    }
    Some(rest).filter(|rest| !rest.is_empty())
}

/// A percent sign ends the command, unless a backslash is before it.
fn until_percent(command: &str) -> String {
    let mut text = String::new();
    for part in command.split_inclusive('%') {
        match part.strip_suffix('%') {
            Some(part) if part.ends_with('\\') => {
                text.push_str(&part[..part.len() - 1]);
                text.push('%');
            }
            Some(part) => {
                text.push_str(part);
                break;
            }
            None => text.push_str(part),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn told(commands: &[Vec<String>]) -> Vec<String> {
        commands.iter().map(|words| words.join("|")).collect()
    }

    const SYSTEM: &str = "# /etc/crontab
SHELL=/bin/sh
LIC = \"/opt/a.lic\"
17 *\t* * *\troot\tcd / && run-parts --report /etc/cron.hourly
@reboot flexlm /opt/lmgrd -c $LIC -l /var/log/l >/dev/null 2>&1
0 4 * * 1-5 root su - rlm -c '/opt/rlm -c /opt/a\\%b' %input
@reboot
5 4 * *
";

    const USER: &str =
        "@reboot nohup $HOME/bin/lmgrd -c /a.lic &\n*/5 * * * * pgrep lmgrd || /opt/lmgrd -c /b.lic\n";

    /// As a vendor's guide has it.
    const INIT: &str = "#!/bin/sh
### BEGIN INIT INFO
# Provides: lmgrd
### END INIT INFO
FLEXDIR=/opt/flexlm
LMGRD=$FLEXDIR/lmgrd
LICENSE=\"${LICENSE:-$FLEXDIR/license.dat}\"
LOG=$FLEXDIR/lmgrd.log
case \"$1\" in
  start)
    echo \"Starting license server\"
    su flexlm -c \"$LMGRD -c $FLEXDIR/license.dat -l +$LOG\"
    if [ -x $LMGRD ]; then $LMGRD -z & fi
    ;;
  stop) $FLEXDIR/lmutil lmdown -q ;;
esac
exit 0
";

    #[test]
    fn a_crontab_says_what_it_runs() {
        assert_eq!(
            told(&crontab(SYSTEM, true)),
            [
                "cd|/",
                "run-parts|--report|/etc/cron.hourly",
                "/opt/lmgrd|-c|/opt/a.lic|-l|/var/log/l",
                "/opt/rlm|-c|/opt/a%b"
            ]
        );
        let user = ["$HOME/bin/lmgrd|-c|/a.lic", "pgrep|lmgrd", "/opt/lmgrd|-c|/b.lic"];
        assert_eq!(told(&crontab(USER, false)), user);
        assert_eq!(crontab(&"@daily /a\n".repeat(2 * MOST), false).len(), MOST);
    }

    #[test]
    fn a_script_says_what_it_may_run() {
        let commands = told(&script(INIT));
        for command in [
            "/opt/flexlm/lmgrd|-c|/opt/flexlm/license.dat|-l|+/opt/flexlm/lmgrd.log",
            "/opt/flexlm/lmgrd|-z",
            "/opt/flexlm/lmutil|lmdown|-q",
        ] {
            assert!(commands.iter().any(|told| told == command), "{commands:#?}");
        }
        let rc_local = "#!/bin/sh -e\n/opt/rlm/rlm -dlog /var/log/rlm &\nexit 0\n";
        assert_eq!(told(&script(rc_local)), ["/opt/rlm/rlm|-dlog|/var/log/rlm", "exit|0"]);
    }

    #[test]
    fn without_its_end_a_file_is_read_as_far_as_it_goes() {
        let whole = told(&crontab(SYSTEM, true));
        for end in 0..SYSTEM.len() {
            let part = told(&crontab(&SYSTEM[..end], true));
            // Only the command on the last line may have been cut.
            let kept = part.len().saturating_sub(2);
            assert_eq!(part[..kept], whole[..kept], "{end}");
        }
        for end in 0..INIT.len() {
            let _ = script(&INIT[..end]);
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in "((@reboot|\\* \\* \\* \\* \\*|A=)?[ $%\\\\\"'a;&\t-]{0,12}\\PC{0,5}\n?){0,6}") {
            for commands in [crontab(&text, true), crontab(&text, false), script(&text)] {
                prop_assert!(commands.iter().all(|words| !words.is_empty()));
            }
        }
    }
}
