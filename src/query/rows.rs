//! Rows that other programs show: of ss, netstat, lsof, fuser, nmap, docker ps and docker port. What a row says of a port at
//! an address is what is asked about; a process may have ended since, and its ID may be another's.

use crate::model::{Pid, Protocol};

/// What a row asks about, as words and options of this program, and how many cells it has.
type Row = (Vec<String>, usize);

/// Words that stand above rows.
const HEADERS: [&str; 29] = [
    "ACCESS",
    "Active",
    "Address",
    "Address:Port",
    "COMMAND",
    "DEVICE",
    "FD",
    "Foreign",
    "Internet",
    "Local",
    "NAME",
    "NODE",
    "Netid",
    "PID",
    "PID/Program",
    "PORT",
    "Peer",
    "Process",
    "Proto",
    "Recv-Q",
    "SERVICE",
    "SIZE/OFF",
    "STATE",
    "Send-Q",
    "State",
    "TYPE",
    "USER",
    "name",
    "Port",
];

/// What rows ask about that stand one behind another, and the cells behind them, which belong to none. `None` where there is
/// no row.
pub(super) fn all<'c, 'w>(mut cells: &'c [&'w str]) -> Option<(Vec<String>, &'c [&'w str])> {
    let mut found = Vec::new();
    loop {
        let headers = cells.iter().take_while(|cell| HEADERS.contains(cell)).count();
        let Some((asked, length)) = one(&cells[headers..]) else { break };
        found.extend(asked);
        cells = &cells[headers + length..];
    }
    let mut all: Vec<String> = Vec::new();
    for one in found {
        if !all.contains(&one) {
            all.push(one);
        }
    }
    (!all.is_empty()).then_some((all, cells))
}

/// Whether a cell is above rows, and none of one.
pub(super) fn is_header(cell: &str) -> bool {
    HEADERS.contains(&cell)
}

/// The row that begins with the first cell.
pub(super) fn one(cells: &[&str]) -> Option<Row> {
    of_ss(cells)
        .or_else(|| of_users(cells))
        .or_else(|| of_lsof(cells))
        .or_else(|| of_netstat(cells))
        .or_else(|| of_port(cells))
        .or_else(|| of_docker(cells))
}

/// `LISTEN 0 511 0.0.0.0:3000 0.0.0.0:* users:(("node",pid=18,fd=18))`.
fn of_ss(cells: &[&str]) -> Option<Row> {
    const STATES: [&str; 5] = ["LISTEN", "UNCONN", "ESTAB", "TIME-WAIT", "CLOSE-WAIT"];
    // What ss(8) writes behind, with -e, -o and the like.
    const MORE: [&str; 8] = ["uid:", "ino:", "sk:", "cgroup:", "v6only:", "timer:", "skmem:", "<->"];
    let protocol = Protocol::from_name(cells.first()?);
    let row = &cells[usize::from(protocol.is_some())..];
    let [state, received, sent, local, rest @ ..] = row else { return None };
    (STATES.contains(state) && is_number(received) && is_number(sent)).then_some(())?;
    let is_peer = |cell: &&&str| cell.contains(':') && !cell.starts_with("users:");
    let mut behind = &rest[rest.iter().take(1).filter(is_peer).count()..];
    let users = users(behind);
    behind = &behind[users.as_ref().map_or(0, |users| users.1)..];
    let more = behind.iter().take_while(|cell| MORE.iter().any(|more| cell.starts_with(more))).count();
    let length = cells.len() - behind.len() + more;
    let asked = place(local, protocol).map(|place| vec![place]).or_else(|| of_pids(users?.0))?;
    Some((asked, length))
}

/// `users:(("node",pid=18,fd=18))` alone.
fn of_users(cells: &[&str]) -> Option<Row> {
    let (pids, length) = users(cells)?;
    Some((of_pids(pids)?, length))
}

/// The processes of `users:(("node",pid=18,fd=18))`, and how many cells that is: a name may have blanks in it.
fn users(cells: &[&str]) -> Option<(Vec<Pid>, usize)> {
    cells.first()?.starts_with("users:((").then_some(())?;
    let length = cells.iter().position(|cell| cell.ends_with("))"))? + 1;
    let users = cells[..length].join(" ");
    let pids = users.split(",pid=").skip(1).map(|rest| rest.split(',').next()?.parse().ok());
    Some((pids.collect::<Option<_>>()?, length))
}

fn of_pids(mut pids: Vec<Pid>) -> Option<Vec<String>> {
    pids.sort_unstable();
    pids.dedup();
    (!pids.is_empty()).then(|| pids.into_iter().map(|pid| format!("--pid={pid}")).collect())
}

/// `node 18 root 18u IPv4 1234 0t0 TCP *:3000 (LISTEN)`.
fn of_lsof(cells: &[&str]) -> Option<Row> {
    let pid: Pid = cells.get(1)?.parse().ok()?;
    // Before it stand the command, its ID, that of a task perhaps, the user and the number of the file.
    let family =
        cells.iter().take(7).position(|cell| ["IPv4", "IPv6"].contains(cell)).filter(|at| *at > 2)?;
    let node = cells[family..].iter().take(4).position(|cell| ["TCP", "UDP"].contains(cell))? + family;
    let name = cells.get(node + 1)?;
    let state = cells.get(node + 2).is_some_and(|cell| cell.starts_with('(') && cell.ends_with(')'));
    let local = name.split_once("->").map_or(*name, |(local, _)| local);
    let place = place(local, Protocol::from_name(cells[node]));
    Some((vec![place.unwrap_or_else(|| format!("--pid={pid}"))], node + 2 + usize::from(state)))
}

/// `tcp 0 0 0.0.0.0:3000 0.0.0.0:* LISTEN 18/node` of Linux, `TCP 0.0.0.0:3000 0.0.0.0:0 LISTENING 18` of Windows,
/// `tcp4 0 0 *.3000 *.* LISTEN` of macOS.
fn of_netstat(cells: &[&str]) -> Option<Row> {
    let (first, rest) = cells.split_first()?;
    let protocol = Protocol::from_name(first.trim_end_matches(['4', '6']))?;
    let is_state = |cell: &str| cell.len() > 3 && cell.chars().all(|c| c.is_uppercase() || "_12".contains(c));
    let (local, behind, is_windows) = match rest {
        [received, sent, local, _, behind @ ..] if is_number(received) && is_number(sent) => {
            (local, behind, false)
        }
        // Windows has two words of one language or another, or none of UDP.
        [local, "*:*", behind @ ..] if local.contains(':') => (local, behind, true),
        [local, remote, state, behind @ ..] if local.contains(':') && remote.contains(':') => {
            is_state(state).then_some((local, behind, true))?
        }
        _ => return None,
    };
    let has_state = behind.first().is_some_and(|cell| is_state(cell));
    let behind = &behind[usize::from(has_state)..];
    let is_process = |cell: &&str| {
        *cell == "-" || cell.split_once('/').is_some_and(|(pid, _)| is_number(pid)) && !is_port(cell)
    };
    let more = match behind {
        [pid, ..] if is_windows && is_number(pid) => 1,
        [process, ..] if is_process(process) => 1,
        // With -e the user and the inode.
        [_, inode, process, ..] if is_number(inode) && is_process(process) => 3,
        _ => 0,
    };
    Some((vec![place(local, Some(protocol))?], cells.len() - behind.len() + more))
}

/// `3000/tcp: 1234` of fuser, `80/tcp open http` of nmap, `80/tcp -> 0.0.0.0:8080` of docker port.
fn of_port(cells: &[&str]) -> Option<Row> {
    const STATES: [&str; 6] =
        ["open", "closed", "filtered", "unfiltered", "open|filtered", "closed|filtered"];
    let (first, rest) = cells.split_first()?;
    let port = first.strip_suffix(':').unwrap_or(first);
    is_port(port).then_some(())?;
    if port != *first {
        let is_pid = |cell: &&&str| {
            let letters = cell.trim_start_matches(|c: char| c.is_ascii_digit());
            letters.len() < cell.len() && letters.bytes().all(|byte| byte.is_ascii_alphabetic())
        };
        let length = match rest {
            // With -v the user, the ID, the kind of access and the command.
            [_, pid, access, _, ..] if is_number(pid) && access.contains("..") => 4,
            _ => rest.iter().take_while(is_pid).count(),
        };
        return Some((vec![port.to_owned()], 1 + length));
    }
    match rest {
        ["->", host, ..] => {
            let protocol = port.split_once('/').and_then(|(_, protocol)| Protocol::from_name(protocol));
            Some((vec![place(host, protocol)?], 3))
        }
        [state, rest @ ..] if STATES.contains(state) => {
            let is_service = |cell: &&&str| cell.starts_with(|c: char| c.is_ascii_alphabetic());
            Some((vec![port.to_owned()], 2 + rest.iter().take(1).filter(is_service).count()))
        }
        _ => None,
    }
}

/// `0.0.0.0:8080->80/tcp, [::]:8080->80/tcp`, with or without the other cells of `docker ps`.
fn of_docker(cells: &[&str]) -> Option<Row> {
    let is_container = cells.first()?.len() == 12 && cells[0].bytes().all(|byte| byte.is_ascii_hexdigit());
    let before = if is_container { cells.iter().position(|cell| cell.contains("->"))? } else { 0 };
    let mut found: Vec<String> = Vec::new();
    let mut length = before;
    for cell in &cells[before..] {
        let parts = || cell.split(',').filter(|part| !part.is_empty());
        if !parts().any(|part| part.contains("->")) {
            break;
        }
        length += 1;
        for (host, container) in parts().filter_map(|part| part.split_once("->")) {
            let protocol = container.split_once('/').and_then(|(_, protocol)| Protocol::from_name(protocol));
            found.push(place(host, protocol)?);
        }
    }
    // Last stands the name of the container.
    let name = usize::from(is_container && cells.len() > length);
    (!found.is_empty()).then_some((found, length + name))
}

/// `80/tcp`.
fn is_port(cell: &str) -> bool {
    cell.split_once('/').is_some_and(|(port, protocol)| {
        is_number(port) && Protocol::from_name(protocol.trim_end_matches(['4', '6'])).is_some()
    })
}

/// A port at an address as this program takes it; at a wildcard, or where a service stands in place of its number, the
/// port alone.
fn place(cell: &str, protocol: Option<Protocol>) -> Option<String> {
    let (address, port) = cell.rsplit_once(':').or_else(|| cell.rsplit_once('.'))?;
    let behind = protocol.map_or(String::new(), |protocol| format!("/{protocol}"));
    let is_number = |end: &str| end.parse::<u16>().is_ok_and(|port| port > 0);
    if !port.split('-').all(is_number) {
        let is_service = port.starts_with(|c: char| c.is_ascii_alphabetic())
            && port.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        return is_service.then(|| format!("{port}{behind}"));
    }
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
    // `80/tcp: free` is about a port.
    let first = behind.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
    let is_program = behind.starts_with(|c: char| c.is_ascii_alphabetic())
        && Protocol::from_name(first.trim_end_matches(['4', '6'])).is_none()
        && !NO_PROGRAMS.iter().any(|no| behind.eq_ignore_ascii_case(no));
    let pid = digits.parse::<Pid>().ok().filter(|_| is_program);
    pid.map_or_else(|| protocol.clone(), |pid| format!("for the process: --pid {pid}; else {protocol}"))
}

fn is_number(cell: &str) -> bool {
    !cell.is_empty() && cell.bytes().all(|byte| byte.is_ascii_digit())
}
