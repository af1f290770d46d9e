//! Finds in the end of a license server's debug log why something failed or ended.
//!
//! A line is `13:48:56 (snpslmd) Cannot open daemon lock file`; RLM has the day before it. FlexNet: License
//! Administration Guide, "Debug Log Messages" (docs.revenera.com/fnp), and logs that users have shown, which agree.
//! Of RLM's lines only those of a start are from a document (Vortex OpenSplice, "Getting Started": `(rlm) License server
//! started on …`); how it says that it failed is known by its words alone.

use std::collections::VecDeque;

/// How many lines are kept: the last.
const MOST: usize = 5;

/// How many characters of a line are kept.
const LONGEST: usize = 200;

/// What a line says, in small letters, that tells of a failure or an end.
const TROUBLE: &[&str] = &[
    "address already in use",
    "already running",
    "can't ",
    "cannot ",
    "daemon lock file",
    "error binding",
    "exited with",
    "exiting",
    "expired",
    "failed",
    "in use",
    "inconsistent",
    "invalid license",
    "lost quorum",
    "multiple ",
    "no such file",
    "permission denied",
    "shutdown request",
    "wrong host",
];

/// What a line begins with that tells of a client.
const OF_CLIENTS: [&str; 6] = ["in:", "out:", "denied:", "unsupported:", "queued:", "dequeued:"];

/// The lines of a log that say why something failed or ended, the newest last. What a later start has made obsolete is
/// left out, and what no license server wrote: the file may be the output of a script. `is_cut`: whether the log begins before these bytes, so that the first line is not whole.
#[must_use]
pub fn trouble(log: &[u8], is_cut: bool) -> Vec<String> {
    let mut found: VecDeque<Line<'_>> = VecDeque::new();
    let text = String::from_utf8_lossy(log);
    for line in text.split(['\n', '\r']).skip(usize::from(is_cut)) {
        let line = Line::of(line.trim_matches(|c: char| c.is_whitespace() || c == '\0'));
        let message = line.message.to_ascii_lowercase();
        if line.is_start_of_all(&message) {
            found.clear();
        } else if message.starts_with("server started on") {
            found.retain(|other| !line.makes_obsolete(other));
        } else if !line.daemon.is_empty()
            && !OF_CLIENTS.iter().any(|word| message.starts_with(word))
            && TROUBLE.iter().any(|words| message.contains(words))
        {
            found.push_back(line);
            if found.len() > MOST {
                found.pop_front();
            }
        }
    }
    found.iter().map(|line| line.text.chars().take(LONGEST).collect()).collect()
}

struct Line<'a> {
    text: &'a str,
    /// Who wrote it: `lmgrd`, `rlm` or the name of a daemon.
    daemon: &'a str,
    message: &'a str,
}

impl<'a> Line<'a> {
    fn of(text: &'a str) -> Line<'a> {
        let after =
            text.split_once('(').filter(|(time, _)| !time.contains(|c: char| c.is_ascii_alphabetic()));
        let (daemon, message) = after.and_then(|(_, rest)| rest.split_once(')')).unwrap_or(("", text));
        Line { text, daemon, message: message.trim_start() }
    }

    /// `(lmgrd) FlexNet Licensing (v11.19.5.0 …) started on lic01 (linux)`, `(lmgrd) Starting vendor daemons ...`,
    /// `(rlm) License server started on lic01`.
    fn is_start_of_all(&self, message: &str) -> bool {
        let is_server = matches!(self.daemon, "lmgrd" | "rlm");
        is_server && (message.contains("started on") || message.starts_with("starting vendor daemons"))
    }

    /// Whether a line of the daemon that has started now, or one of its server about it.
    fn makes_obsolete(&self, other: &Line<'_>) -> bool {
        let is_word = |word: &str| word.trim_matches('"') == self.daemon;
        other.daemon == self.daemon || other.message.split_ascii_whitespace().any(is_word)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// In the form of logs that users have shown.
    const TWO_SERVERS: &str = "\
13:48:50 (lmgrd) FlexNet Licensing (v11.14.1.3 build 212549 x64_lsb) started on lic01 (linux) (5/8/2026)
13:48:51 (lmgrd) Starting vendor daemons ...\r
13:48:56 (lmgrd) Started snpslmd (internet tcp_port 59331 pid 2024)
13:48:56 (snpslmd) FlexNet Licensing version v11.14.1.3 build 212549 x64_lsb
13:48:56 (snpslmd) Cannot open daemon lock file
13:48:56 (snpslmd) EXITING DUE TO SIGNAL 41 Exit reason 9
13:48:56 (lmgrd) snpslmd exited with status 41 (Exited because another server was running)
13:48:56 (lmgrd) MULTIPLE \"snpslmd\" license server systems running.
13:48:56 (lmgrd) Please kill, and run lmreread
";

    const NO_FOLDER: &str = "\
18:29:31 (lmgrd) Can't make directory /usr/tmp/.flexlm, errno: 2(No such file or directory)
18:29:31 (lmgrd) Can't open /usr/tmp/.flexlm/lmgrdl.6321, errno: 2
18:29:31 (lmgrd) Failed to open the TCP port number in the license.
";

    const RLM: &str = "\
02/20 20:54 (rlm) Error binding to port 5053
02/20 20:55 (rlm) License server started on lic01
02/20 20:55 (rlm) Starting ISV servers:
02/20 20:55 (foundry) Wrong hostid in license file
02/20 20:55 (foundry) Exiting
";

    fn of(text: &str) -> Vec<String> {
        trouble(text.as_bytes(), false)
    }

    #[test]
    fn the_lines_that_say_why_are_found() {
        let lines: Vec<&str> = TWO_SERVERS.lines().skip(4).take(4).collect();
        assert_eq!(of(TWO_SERVERS), lines);
        assert_eq!(of(NO_FOLDER), NO_FOLDER.lines().collect::<Vec<_>>());
        assert_eq!(of(RLM), RLM.lines().skip(3).collect::<Vec<_>>());
        for line in [
            "10:00:00 (adskflex) Wrong hostid on SERVER line for license file:",
            "10:00:00 (adskflex) EXPIRED: 87084ACD_F",
            "10:00:00 (adskflex) Invalid license key (inconsistent authentication code)",
            "10:00:00 (lmgrd) Retrying socket bind (address in use)",
            "10:00:00 (lmgrd) SHUTDOWN request from mia at node lic01",
            "10:00:00 (mgcld) Cannot open lock file. errno=11 (/var/tmp/lockmgcld): Resource temporarily unavailable",
        ] {
            assert_eq!(of(line), [line]);
        }
        for line in [
            "10:00:00 (MLM) DENIED: \"MATLAB\" mia@pc (Licensed number of users already reached, all in use)",
            "10:00:00 (MLM) OUT: \"Failed_Expired\" mia@pc",
            "10:00:00 (MLM) IN: \"MATLAB\" mia@pc (exiting)",
            "10:00:00 (lmgrd) Listening port: 27000",
            "LICENSE SERVERS CRITICAL - the lock file cannot be opened",
            "make: *** [all] failed",
            "",
        ] {
            assert_eq!(of(line), [] as [&str; 0]);
        }
    }

    #[test]
    fn a_later_start_makes_them_obsolete() {
        let all = |line: &str| of(&format!("{TWO_SERVERS}{line}\n")).len();
        assert_eq!(all("14:00:00 (lmgrd) FlexNet Licensing (v11.14.1.3) started on lic01 (linux)"), 0);
        assert_eq!(all("14:00:00 (lmgrd) Starting vendor daemons ..."), 0);
        assert_eq!(all("14:00:00 (snpslmd) Server started on lic01 for: VCS"), 0);
        // What another daemon does says nothing of it.
        assert_eq!(all("14:00:00 (mgcld) Server started on lic01 for: questa"), 4);
        assert_eq!(all("14:00:00 (lmgrd) Started snpslmd (internet tcp_port 59331 pid 2024)"), 4);
    }

    #[test]
    fn what_is_kept_has_a_bound_and_a_line_that_is_cut_is_left_out() {
        let many: String =
            (0..100).map(|at| format!("1:00:00 (v) Cannot open {at}{}\n", "x".repeat(500))).collect();
        let kept = of(&many);
        assert_eq!((kept.len(), kept[4].chars().count()), (MOST, LONGEST));
        assert!(kept[4].contains("Cannot open 99"));
        for start in 0..TWO_SERVERS.len() {
            let tail = trouble(&TWO_SERVERS.as_bytes()[start..], true);
            let whole = of(TWO_SERVERS);
            assert_eq!(tail, whole[whole.len() - tail.len()..], "{start}");
            let _ = trouble(&TWO_SERVERS.as_bytes()[..start], false);
        }
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_strange(bytes in proptest::collection::vec(any::<u8>(), 0..200), is_cut: bool) {
            let _ = trouble(&bytes, is_cut);
        }

        #[test]
        fn no_text_is_too_strange(text in "([0-9:]{0,5} ?\\(?(lmgrd|v)?\\)? ?(Can't |failed|Server started on)?\\PC{0,5}\n?){0,9}") {
            prop_assert!(of(&text).len() <= MOST);
        }
    }
}
