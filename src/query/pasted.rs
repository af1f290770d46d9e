//! Rows that another program has shown, pasted as words: one in quotes is a word that is replaced in its place by what it
//! means; without quotes, all the words together are rows, or none is.

use std::ffi::{OsStr, OsString};

use clap::Args;

use super::UsageError;
use super::rows;
use super::typed::Typed;
use crate::cli::{GlobalArgs, ListArgs};

/// No rows together have more cells.
const MOST_CELLS: usize = 512;

/// Arguments with what the rows among them mean in place of these; `None` where there are none.
///
/// # Errors
///
/// Where other words stand beside a row that is not in quotes: where it ends is a guess.
pub(super) fn meant(args: &[OsString]) -> Result<Option<Vec<OsString>>, UsageError> {
    let may_be_row = |arg: &OsString| arg.to_str().is_some_and(|arg| arg.contains(['*', ':', '>', '/']));
    if !args.iter().any(may_be_row) || args.iter().any(|arg| arg == "--") {
        return Ok(None);
    }
    let places = places_of_words(args);
    let words: Option<Vec<&str>> = places.iter().map(|&at| args[at].to_str()).collect();
    let cells: Vec<&str> =
        words.iter().flatten().flat_map(|word| word.split_whitespace()).take(MOST_CELLS + 1).collect();
    if words.is_some()
        && cells.len() <= MOST_CELLS
        && let Some((asked, [])) = rows::all(&cells)
    {
        let first = places[0];
        return Ok(Some(replaced(args, |at| match places.contains(&at) {
            true => Some(if at == first { asked.clone() } else { Vec::new() }),
            false => None,
        })));
    }
    let in_quotes: Vec<Option<Vec<String>>> = args
        .iter()
        .enumerate()
        .map(|(at, arg)| places.contains(&at).then(|| of_word(arg.to_str()?)).flatten())
        .collect();
    if in_quotes.iter().any(Option::is_some) {
        return Ok(Some(replaced(args, |at| in_quotes[at].clone())));
    }
    let unquoted: Vec<&str> = places.iter().filter_map(|&at| args[at].to_str()).take(MOST_CELLS).collect();
    // What is shorter may be meant for words.
    let long = |begin: usize| rows::one(&unquoted[begin..]).is_some_and(|(_, length)| length > 3);
    match (0..unquoted.len()).find(|&begin| long(begin)) {
        Some(begin) => Err(beside(unquoted[begin])),
        None => Ok(None),
    }
}

fn beside(first: &str) -> UsageError {
    let right = "put each line that is pasted in quotes if other words stand beside it, as in \
                 whatlistens 'LISTEN 0 511 *:3000 *:*' 80";
    UsageError::instead(&format!("{} …", Typed::from(first)), right)
}

/// What is meant by the rows in one word; further cells behind one in the same line do not matter.
fn of_word(word: &str) -> Option<Vec<String>> {
    let mut found: Vec<String> = Vec::new();
    let mut count = 0;
    for line in word.lines() {
        let cells: Vec<&str> = line.split_whitespace().take(MOST_CELLS).collect();
        count += cells.len();
        if cells.iter().all(|cell| rows::is_header(cell)) {
            continue;
        }
        for asked in rows::all(&cells)?.0 {
            if !found.contains(&asked) {
                found.push(asked);
            }
        }
    }
    (!found.is_empty() && count <= MOST_CELLS).then_some(found)
}

fn replaced(args: &[OsString], mut by: impl FnMut(usize) -> Option<Vec<String>>) -> Vec<OsString> {
    let all = args.iter().enumerate().flat_map(|(at, arg)| match by(at) {
        Some(words) => words.into_iter().map(OsString::from).collect(),
        None => vec![arg.clone()],
    });
    all.collect()
}

/// Where the arguments stand that are neither options nor their values.
fn places_of_words(args: &[OsString]) -> Vec<usize> {
    let grammar = GlobalArgs::augment_args(ListArgs::augment_args(clap::Command::default()));
    let mut places = Vec::new();
    let mut is_value = false;
    for (at, arg) in args.iter().enumerate() {
        // A dash alone is a cell of a table, as are arrows.
        let is_option =
            arg.as_encoded_bytes().starts_with(b"-") && !["-", "->", "-->"].iter().any(|cell| arg == cell);
        if is_option {
            let next = args.get(at + 1).map(OsString::as_os_str);
            is_value = arg.to_str().is_some_and(|option| takes_next(option, next, &grammar));
        } else if !std::mem::take(&mut is_value) {
            places.push(at);
        }
    }
    places
}

/// Whether the argument behind an option is its value.
fn takes_next(option: &str, next: Option<&OsStr>, grammar: &clap::Command) -> bool {
    // As ps(1) takes columns.
    if option == "-o" {
        return next.is_some_and(are_columns);
    }
    let all = || grammar.get_arguments().filter(|arg| arg.get_action().takes_values());
    if let Some(name) = option.strip_prefix("--") {
        return all().any(|arg| {
            arg.get_long() == Some(name) || arg.get_all_aliases().is_some_and(|other| other.contains(&name))
        });
    }
    let takes_value = |letter: char| {
        all().any(|arg| {
            arg.get_short() == Some(letter)
                || arg.get_all_short_aliases().is_some_and(|other| other.contains(&letter))
        })
    };
    // Behind such a letter stands its value, if anything does.
    option.chars().skip(1).position(takes_value).is_some_and(|at| at + 2 == option.chars().count())
}

/// Whether a word is a list of columns, as ps(1) takes it behind `-o`.
pub(super) fn are_columns(word: &OsStr) -> bool {
    let known = |column: &str| ["port", "pid", "user", "process", "address", "path", "cwd"].contains(&column);
    word.to_str().is_some_and(|word| word.contains(',') && word.split(',').any(known))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(args: &[&str]) -> Option<String> {
        let args: Vec<OsString> = args.iter().map(OsString::from).collect();
        Some(meant(&args).ok()??.join(OsStr::new(" ")).into_string().unwrap())
    }

    #[test]
    fn a_pasted_line_is_about_its_port_or_else_its_process() {
        for (line, asked) in [
            (r#"users:(("node",pid=18,fd=18))"#, "--pid=18"),
            (r#"users:(("a b",pid=18,fd=18),("nginx",pid=7,fd=6),("nginx",pid=7,fd=9))"#, "--pid=7 --pid=18"),
            (r#"LISTEN 0 511 0.0.0.0:3000 0.0.0.0:* users:(("node",pid=18,fd=18))"#, "3000"),
            (r#"tcp LISTEN 0 128 [::]:22 [::]:* users:(("sshd",pid=9,fd=3))"#, "22/tcp"),
            (r#"LISTEN 0 5 *:80 *:* users:(("a b",pid=9,fd=3)) ino:12 sk:1 cgroup:/x v6only:0 <->"#, "80"),
            ("LISTEN 0 511 0.0.0.0:3000 0.0.0.0:*", "3000"),
            ("LISTEN 0 511 0.0.0.0:3000", "3000"),
            ("LISTEN 0 511 *:3000 *:*", "3000"),
            ("LISTEN 0 511 127.0.0.1:http 0.0.0.0:*", "http"),
            ("LISTEN 0 511 *:3000 *:* LISTEN 0 5 [::1]:631 [::]:*", "3000 [::1]:631"),
            ("State Recv-Q Send-Q Local Address:Port Peer Address:Port Process LISTEN 0 5 *:3 *:*", "3"),
            ("udp UNCONN 0 0 127.0.0.53%lo:53 0.0.0.0:*", "127.0.0.53%lo:53/udp"),
            ("LISTEN 0 5 [::1]:631 [::]:*", "[::1]:631"),
            ("node 18 root 18u IPv4 1234 0t0 TCP *:3000 (LISTEN)", "3000/tcp"),
            ("a 1 u 3u IPv4 1 0t0 TCP *:80 (LISTEN) b 2 u 4u IPv6 2 0t0 UDP [::1]:53", "80/tcp [::1]:53/udp"),
            ("node 18 root 18u IPv4 1234 0t0 UDP *:*", "--pid=18"),
            (
                "node 18 alice 5u IPv6 0x1234 0t0 TCP 127.0.0.1:3000->127.0.0.1:5000 (ESTABLISHED)",
                "127.0.0.1:3000/tcp",
            ),
            ("tcp 0 0 0.0.0.0:3000 0.0.0.0:* LISTEN 18/node", "3000/tcp"),
            ("tcp 0 0 0.0.0.0:3000 0.0.0.0:* LISTEN 0 4711 18/node", "3000/tcp"),
            ("tcp6 0 0 :::80 :::* LISTEN 1/init", "80/tcp"),
            ("tcp 0 0 127.0.0.1:3000 0.0.0.0:* LISTEN -", "127.0.0.1:3000/tcp"),
            ("udp 0 0 0.0.0.0:68 0.0.0.0:* 812/dhclient", "68/udp"),
            ("TCP 0.0.0.0:3000 0.0.0.0:0 LISTENING 18", "3000/tcp"),
            ("TCP 0.0.0.0:3000 0.0.0.0:0 ABHÖREN 18", "3000/tcp"),
            ("TCP [::]:445 [::]:0 LISTENING 4", "445/tcp"),
            ("UDP 0.0.0.0:5353 *:* 1234", "5353/udp"),
            ("tcp4 0 0 *.3000 *.* LISTEN", "3000/tcp"),
            ("tcp4 0 0 127.0.0.1.631 *.* LISTEN", "127.0.0.1:631/tcp"),
            ("0.0.0.0:8080->80/tcp", "8080/tcp"),
            ("[::]:8080->80/tcp", "8080/tcp"),
            ("0.0.0.0:8080->80/tcp, [::]:8080->80/tcp", "8080/tcp"),
            ("0.0.0.0:8080->80/tcp,:::8080->80/tcp,443/tcp", "8080/tcp"),
            ("127.0.0.1:5433->5432/tcp", "127.0.0.1:5433/tcp"),
            ("0.0.0.0:9000-9001->9000-9001/tcp", "9000-9001/tcp"),
            (
                "a1b2c3d4e5f6 nginx:1.25 \"/docker-entrypoint…\" 2 hours ago Up 2 hours 0.0.0.0:8080->80/tcp web",
                "8080/tcp",
            ),
            ("80/tcp -> 0.0.0.0:8080", "8080/tcp"),
            ("80/tcp -> 0.0.0.0:8080 443/tcp -> 127.0.0.1:8443", "8080/tcp 127.0.0.1:8443/tcp"),
            ("3000/tcp:", "3000/tcp"),
            ("3000/tcp: 1234 1235", "3000/tcp"),
            ("3000/tcp: 1234F", "3000/tcp"),
            ("USER PID ACCESS COMMAND 3000/tcp: root 1234 F.... node", "3000/tcp"),
            ("80/tcp open http", "80/tcp"),
            ("PORT STATE SERVICE 80/tcp open http 53/udp open|filtered domain", "80/tcp 53/udp"),
        ] {
            assert_eq!(of(&[line]).as_deref(), Some(asked), "{line}");
            let words: Vec<&str> = line.split(' ').collect();
            assert_eq!(of(&words).as_deref(), Some(asked), "{line}");
        }
        assert_eq!(of(&["--json", "0.0.0.0:8080->80/tcp"]).as_deref(), Some("--json 8080/tcp"));
        assert_eq!(
            of(&["State Recv-Q\nLISTEN 0 5 *:80 *:*\nLISTEN 0 5 *:90 *:* x\n"]).as_deref(),
            Some("80 90")
        );
        assert_eq!(of(&["80/tcp open http nginx 1.25 (Ubuntu)"]).as_deref(), Some("80/tcp"));
    }

    #[test]
    fn every_other_word_stays_where_it_is() {
        let row = "LISTEN 0 511 *:3000 *:* users:((\"node\",pid=17,fd=19))";
        for (args, asked) in [
            (vec!["22", row, "nginx"], "22 3000 nginx"),
            (vec!["--all", "0.0.0.0:8000->80/tcp", "8080"], "--all 8000/tcp 8080"),
            (vec!["3001", "0.0.0.0:8000->80/tcp", "-H"], "3001 8000/tcp -H"),
            (vec![row, "TCP 0.0.0.0:80 0.0.0.0:0 LISTENING 4"], "3000 80/tcp"),
            (vec!["-tU", "root", row], "-tU root 3000"),
            (vec!["-H", row, "-o", "port,pid"], "-H 3000 -o port,pid"),
            (vec!["--color=never", row, "80"], "--color=never 3000 80"),
        ] {
            assert_eq!(of(&args).as_deref(), Some(asked), "{args:?}");
        }
        let beside = |line: &str| {
            let args: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            meant(&args).unwrap_err().to_string()
        };
        insta::assert_snapshot!(beside("22 LISTEN 0 511 *:3000 *:*"), @"‘LISTEN …’: put each line that is pasted in quotes if other words stand beside it, as in whatlistens 'LISTEN 0 511 *:3000 *:*' 80");
        insta::assert_snapshot!(beside("tcp 0 0 0.0.0.0:3000 0.0.0.0:* LISTEN 18/node 8080"), @"‘tcp …’: put each line that is pasted in quotes if other words stand beside it, as in whatlistens 'LISTEN 0 511 *:3000 *:*' 80");
    }

    #[test]
    fn other_words_stay_as_they_are() {
        for line in [
            "80",
            "80/tcp",
            "80/tcp 443/tcp",
            "tcp 80",
            "tcp 80 443",
            "tcp 127.0.0.1:80 [::1]:80",
            "udp 5514 tcp 80",
            "tcp 80 443 8080 22 90",
            "node server.js",
            "LISTEN",
            "LISTEN 80",
            "127.0.0.1:80 [::1]:80",
            "TCP",
            "IPv4 TCP",
            "a->b",
            "users",
            "users:((x))",
            "sport = :80",
            "",
        ] {
            assert_eq!(of(&[line]), None, "{line}");
            assert_eq!(of(&line.split(' ').collect::<Vec<_>>()), None, "{line}");
        }
    }

    const ROWS: [&str; 5] = [
        "LISTEN 0 511 *:3000 *:* users:((\"node\",pid=18,fd=18))",
        "node 18 root 18u IPv4 1234 0t0 TCP *:3000 (LISTEN)",
        "tcp 0 0 0.0.0.0:3000 0.0.0.0:* LISTEN 18/node",
        "0.0.0.0:3000->80/tcp",
        "3000/tcp: 18",
    ];

    /// Options with their values, as they may be typed.
    fn option() -> impl Strategy<Value = Vec<&'static str>> {
        prop::sample::select(vec![
            vec!["--columns", "port,pid"],
            vec!["--user", "root"],
            vec!["-U", "root"],
            vec!["--sort", "pid"],
            vec!["--output", "list"],
            vec!["--address", "127.0.0.1"],
            vec!["--process", "tcp"],
            vec!["--pid", "18"],
            vec!["--deadline", "2"],
            vec!["-i", ":80"],
            vec!["-tHi", "tcp:80"],
            vec!["-o", "pid,port"],
            vec!["--columns=pid"],
            vec!["-H"],
            vec!["--json"],
        ])
    }

    proptest! {
        #[test]
        fn no_line_is_too_strange(line in "[a:tcpTCP0-9.,>\\-\\[\\]() /*é%]{0,60}") {
            let _ = of(&line.split(' ').collect::<Vec<_>>());
            let _ = of(&[&line]);
        }

        #[test]
        fn an_option_keeps_its_value(
            before in prop::collection::vec(option(), 0..4),
            behind in prop::collection::vec(option(), 0..4),
            row in prop::sample::select(ROWS.to_vec()),
            quoted: bool,
        ) {
            let (before, behind) = (before.concat(), behind.concat());
            let words = if quoted { vec![row] } else { row.split(' ').collect() };
            let args = [before.clone(), words, behind.clone()].concat();
            let meant = of(&args).unwrap();
            let rest = meant.strip_prefix(&before.iter().map(|arg| format!("{arg} ")).collect::<String>()).unwrap();
            let rest = rest.strip_suffix(&behind.iter().map(|arg| format!(" {arg}")).collect::<String>()).unwrap();
            prop_assert!(["3000", "3000/tcp"].contains(&rest), "{rest}");
        }
    }
}
