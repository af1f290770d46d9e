//! A line that another program has shown, pasted as words: of ss, netstat, lsof or docker ps. What it says of a process, or
//! else of a port at an address, is what is asked about.

use std::ffi::OsString;

use crate::model::{Pid, Protocol};

/// No line has more words.
const MOST_WORDS: usize = 64;

/// The words and options that a pasted line stands for, in place of its words; `None` for other words.
pub(super) fn meant(args: &[OsString]) -> Option<Vec<OsString>> {
    let words: Vec<&str> = args.iter().map(|arg| arg.to_str()).collect::<Option<_>>()?;
    // A dash alone is a cell of a table.
    let (words, options): (Vec<&str>, Vec<&str>) =
        words.into_iter().partition(|word| !word.starts_with('-') || word.len() == 1);
    let cells: Vec<&str> = words.iter().flat_map(|word| word.split_whitespace()).collect();
    if cells.len() > MOST_WORDS || options.contains(&"--") {
        return None;
    }
    let found = of_ss(&cells)
        .or_else(|| of_lsof(&cells))
        .or_else(|| of_netstat(&cells))
        .or_else(|| of_docker(&cells))?;
    Some(options.into_iter().map(str::to_owned).chain(found).map(OsString::from).collect())
}

fn of_pids(mut pids: Vec<Pid>) -> Option<Vec<String>> {
    pids.sort_unstable();
    pids.dedup();
    (!pids.is_empty()).then(|| pids.into_iter().map(|pid| format!("--pid={pid}")).collect())
}

/// `LISTEN 0 511 0.0.0.0:3000 0.0.0.0:* users:(("node",pid=18,fd=18))`, or the cell of the users alone.
fn of_ss(cells: &[&str]) -> Option<Vec<String>> {
    // A name may have blanks in it.
    if let Some(users) = cells.iter().position(|cell| cell.starts_with("users:((")) {
        let users = cells[users..].join(" ");
        let pids = users.split(",pid=").skip(1).map(|rest| rest.split(',').next()?.parse().ok());
        return of_pids(pids.collect::<Option<_>>()?);
    }
    let (protocol, cells) = match cells {
        [first, rest @ ..] if Protocol::from_name(first).is_some() => (Protocol::from_name(first), rest),
        _ => (None, cells),
    };
    const STATES: [&str; 5] = ["LISTEN", "UNCONN", "ESTAB", "TIME-WAIT", "CLOSE-WAIT"];
    match cells {
        [state, received, sent, local, ..]
            if STATES.contains(state) && is_number(received) && is_number(sent) =>
        {
            Some(vec![place(local, protocol)?])
        }
        _ => None,
    }
}

/// `node 18 root 18u IPv4 1234 0t0 TCP *:3000 (LISTEN)`.
fn of_lsof(cells: &[&str]) -> Option<Vec<String>> {
    let family = cells.iter().position(|cell| ["IPv4", "IPv6"].contains(cell)).filter(|at| *at > 2)?;
    // Before it stand the command, its ID, that of a task perhaps, the user and the number of the file.
    cells[family..].iter().any(|cell| ["TCP", "UDP"].contains(cell)).then_some(())?;
    of_pids(vec![cells[1].parse().ok()?])
}

/// `tcp 0 0 0.0.0.0:3000 0.0.0.0:* LISTEN 18/node` of Linux, `TCP 0.0.0.0:3000 0.0.0.0:0 LISTENING 18` of Windows,
/// `tcp4 0 0 *.3000 *.* LISTEN` of macOS.
fn of_netstat(cells: &[&str]) -> Option<Vec<String>> {
    let (first, rest) = cells.split_first()?;
    let protocol = Protocol::from_name(first.trim_end_matches(['4', '6']))?;
    let (local, rest) = match rest {
        [received, sent, local, _, rest @ ..] if is_number(received) && is_number(sent) => (local, rest),
        [local, remote, rest @ ..] if local.contains(':') && remote.contains(':') => (local, rest),
        _ => return None,
    };
    let local = place(local, Some(protocol))?;
    let pid = rest.iter().find_map(|cell| {
        let pid = cell.split_once('/').map_or(*cell, |(pid, _)| pid);
        pid.parse::<Pid>().ok().filter(|pid| *pid > 0)
    });
    pid.map_or_else(|| Some(vec![local]), |pid| of_pids(vec![pid]))
}

/// `0.0.0.0:8080->80/tcp, [::]:8080->80/tcp`, with or without the other cells of `docker ps`.
fn of_docker(cells: &[&str]) -> Option<Vec<String>> {
    let mut found: Vec<String> = Vec::new();
    for cell in cells.iter().flat_map(|cell| cell.split(',')) {
        let Some((host, container)) = cell.split_once("->") else { continue };
        let protocol = container.split_once('/').and_then(|(_, protocol)| Protocol::from_name(protocol));
        let one = place(host, protocol)?;
        if !found.contains(&one) {
            found.push(one);
        }
    }
    (!found.is_empty()).then_some(found)
}

/// A port at an address as this program takes it; at a wildcard, the port alone.
fn place(cell: &str, protocol: Option<Protocol>) -> Option<String> {
    let (address, port) = cell.rsplit_once(':').or_else(|| cell.rsplit_once('.'))?;
    let is_port = |end: &str| end.parse::<u16>().is_ok_and(|port| port > 0);
    port.split('-').all(is_port).then_some(())?;
    let behind = protocol.map_or(String::new(), |protocol| format!("/{protocol}"));
    let bare = address.trim_matches(['[', ']']);
    Some(match bare {
        "0.0.0.0" | "*" | "::" | "" => format!("{port}{behind}"),
        _ if bare.contains(':') => format!("[{bare}]:{port}{behind}"),
        _ => format!("{address}:{port}{behind}"),
    })
}

/// What is right in place of `3868/sctp`, which the rows show, and of `812/lmgrd`, as netstat shows the ID and the name of a
/// process.
pub(super) fn right_of_slash(digits: &str, behind: &str) -> String {
    const NO_PROGRAMS: [&str; 7] = ["dccp", "icmp", "ip", "http", "https", "ssl", "tls"];
    let listed = [Protocol::Sctp, Protocol::Udplite];
    if let Some(listed) = listed.into_iter().find(|one| behind.eq_ignore_ascii_case(one.name())) {
        return format!("{} is found by the port alone: {digits}", listed.title());
    }
    let protocol = format!("the protocol is tcp or udp, as in {digits}/tcp");
    let is_program = behind.starts_with(|c: char| c.is_ascii_alphabetic())
        && Protocol::from_name(behind.trim_end_matches(['4', '6'])).is_none()
        && !NO_PROGRAMS.iter().any(|no| behind.eq_ignore_ascii_case(no));
    let pid = digits.parse::<Pid>().ok().filter(|_| is_program);
    pid.map_or_else(|| protocol.clone(), |pid| format!("for the process: --pid {pid}; else {protocol}"))
}

fn is_number(cell: &str) -> bool {
    !cell.is_empty() && cell.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(args: &[&str]) -> Option<String> {
        let args: Vec<OsString> = args.iter().map(OsString::from).collect();
        Some(meant(&args)?.join(std::ffi::OsStr::new(" ")).into_string().unwrap())
    }

    #[test]
    fn a_pasted_line_is_about_its_process_or_else_its_port() {
        for (line, asked) in [
            (r#"users:(("node",pid=18,fd=18))"#, "--pid=18"),
            (r#"users:(("a b",pid=18,fd=18),("nginx",pid=7,fd=6),("nginx",pid=7,fd=9))"#, "--pid=7 --pid=18"),
            (r#"LISTEN 0 511 0.0.0.0:3000 0.0.0.0:* users:(("node",pid=18,fd=18))"#, "--pid=18"),
            (r#"tcp LISTEN 0 128 [::]:22 [::]:* users:(("sshd",pid=9,fd=3))"#, "--pid=9"),
            ("LISTEN 0 511 0.0.0.0:3000 0.0.0.0:*", "3000"),
            ("LISTEN 0 511 *:3000 *:*", "3000"),
            ("udp UNCONN 0 0 127.0.0.53%lo:53 0.0.0.0:*", "127.0.0.53%lo:53/udp"),
            ("LISTEN 0 5 [::1]:631 [::]:*", "[::1]:631"),
            ("node 18 root 18u IPv4 1234 0t0 TCP *:3000 (LISTEN)", "--pid=18"),
            ("node 18 alice 5u IPv6 0x1234 0t0 TCP 127.0.0.1:3000->127.0.0.1:5000 (ESTABLISHED)", "--pid=18"),
            ("tcp 0 0 0.0.0.0:3000 0.0.0.0:* LISTEN 18/node", "--pid=18"),
            ("tcp6 0 0 :::80 :::* LISTEN 1/init", "--pid=1"),
            ("tcp 0 0 127.0.0.1:3000 0.0.0.0:* LISTEN -", "127.0.0.1:3000/tcp"),
            ("udp 0 0 0.0.0.0:68 0.0.0.0:* 812/dhclient", "--pid=812"),
            ("TCP 0.0.0.0:3000 0.0.0.0:0 LISTENING 18", "--pid=18"),
            ("TCP [::]:445 [::]:0 LISTENING 4", "--pid=4"),
            ("UDP 0.0.0.0:5353 *:* 1234", "--pid=1234"),
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
        ] {
            assert_eq!(of(&[line]).as_deref(), Some(asked), "{line}");
            let words: Vec<&str> = line.split(' ').collect();
            assert_eq!(of(&words).as_deref(), Some(asked), "{line}");
        }
        assert_eq!(of(&["--json", "0.0.0.0:8080->80/tcp"]).as_deref(), Some("--json 8080/tcp"));
    }

    #[test]
    fn other_words_stay_as_they_are() {
        for line in [
            "80",
            "tcp 80",
            "tcp 80 443",
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
            "",
        ] {
            assert_eq!(of(&[line]), None, "{line}");
            assert_eq!(of(&line.split(' ').collect::<Vec<_>>()), None, "{line}");
        }
    }

    proptest! {
        #[test]
        fn no_line_is_too_strange(line in "[a:tcpTCP0-9.,>\\-\\[\\]() /*é%]{0,60}") {
            let _ = of(&line.split(' ').collect::<Vec<_>>());
        }
    }
}
