//! A message of another program, in quotes, and the one port that it is about: `bind() to 0.0.0.0:80 failed (98: Address
//! already in use)`.

use std::net::{IpAddr, Ipv6Addr};

use super::UsageError;
use crate::model::Protocol;

/// The port in a message, as it is typed here; `None` where a text is none, but perhaps the name of a process.
///
/// # Errors
///
/// Where several ports stand in it, or where it says that one is in use and not which.
pub(super) fn port(text: &str) -> Result<Option<String>, UsageError> {
    let cells: Vec<&str> = text.split_whitespace().take(MOST_CELLS).collect();
    if cells.len() < 2 {
        return Ok(None);
    }
    let mut found: Vec<(u16, String)> = Vec::new();
    for place in (0..cells.len()).filter_map(|at| place(&cells[at..], at.checked_sub(1).map(|at| cells[at])))
    {
        match found.iter_mut().find(|one| one.0 == place.0) {
            // Where it is at one address and at another, it is the port that is meant.
            Some(one) if one.1 != place.1 => one.1 = one.0.to_string(),
            Some(_) => {}
            None => found.push(place),
        }
    }
    match &mut found[..] {
        [one] => Ok(Some(std::mem::take(&mut one.1))),
        [] if says_in_use(text) => {
            let right =
                "this text names no port; give the one that the program wants, as in whatlistens 8080";
            Err(UsageError::instead(text, right))
        }
        [] => Ok(None),
        [(first, _), (second, _), ..] => {
            let right = format!(
                "several ports stand in this text; name the one that is meant, as in whatlistens {first} or \
                 whatlistens {second}"
            );
            Err(UsageError::instead(text, right))
        }
    }
}

/// No message is longer.
const MOST_CELLS: usize = 512;

/// Whether a text says that an address is taken, as the systems say it.
fn says_in_use(text: &str) -> bool {
    const WORDS: [&str; 8] = [
        "address already in use",
        "address in use",
        "already allocated",
        "bindexception",
        "eaddrinuse",
        "only one usage of each socket address",
        "port is already in use",
        "port is in use",
    ];
    let text = text.to_lowercase();
    WORDS.iter().any(|word| text.contains(word))
}

/// The port that stands in the first cell, or that it announces.
fn place(cells: &[&str], before: Option<&str>) -> Option<(u16, String)> {
    let cell = bare(cells[0]);
    let alone = |port: u16| (port, port.to_string());
    if let Some(port) = behind_noun(cells) {
        return Some(alone(port));
    }
    // `('127.0.0.1', 8000)`, as Python shows an address.
    if cells[0].ends_with(',')
        && let Ok(ip) = cell.parse::<IpAddr>()
        && let Some(port) = cells.get(1).and_then(|next| number(bare(next)))
    {
        return Some(at(ip, port));
    }
    // `Address already in use: 8000`.
    if before.is_some_and(|before| before.eq_ignore_ascii_case("use:")) {
        return number(cell).map(alone);
    }
    if let Some((digits, protocol)) = cell.split_once('/')
        && let (Some(port), Some(protocol)) = (number(digits), Protocol::from_name(protocol))
    {
        return Some((port, format!("{port}/{protocol}")));
    }
    let (cell, is_url) = match cell.split_once("://") {
        Some((_, rest)) => (rest.split(['/', '?', '#']).next().unwrap_or_default(), true),
        None => (cell.strip_suffix("/tcp").or(cell.strip_suffix("/udp")).unwrap_or(cell), false),
    };
    let cell = if is_url { cell.rsplit('@').next().unwrap_or_default() } else { cell };
    // `0.0.0.0:8080:172.17.0.2:80`, as Docker shows what it publishes.
    let cell = published(cell).unwrap_or(cell);
    let (host, port) = cell.rsplit_once(':')?;
    let port = number(port)?;
    let inner = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    match host {
        "" | "*" => Some(alone(port)),
        "::" | "::1" => Some(at(host.parse().ok()?, port)),
        "localhost" => Some((port, format!("localhost:{port}"))),
        // Else `main.rs:42` is the line of a file.
        _ if is_url && inner.is_none() && host.parse::<IpAddr>().is_err() => Some(alone(port)),
        _ => match inner {
            Some(inner) => inner.parse::<Ipv6Addr>().ok().map(|ip| at(ip.into(), port)),
            None => host.parse().ok().filter(IpAddr::is_ipv4).map(|ip| at(ip, port)),
        },
    }
}

/// The number of `port 80`, `port: 80`, `port=80` and `port number 80`.
fn behind_noun(cells: &[&str]) -> Option<u16> {
    const BETWEEN: [&str; 9] = ["number", "no", "no.", "tcp", "udp", "is", ":", "=", "#"];
    let first = bare(cells[0]).to_ascii_lowercase();
    if let Some((noun, digits)) = first.split_once([':', '=']) {
        return number(bare(digits)).filter(|_| noun.ends_with("port"));
    }
    if !["port", "ports"].contains(&&*first) {
        return None;
    }
    let is_between = |cell: &&&str| BETWEEN.iter().any(|word| cell.eq_ignore_ascii_case(word));
    let between = cells[1..].iter().take(2).take_while(is_between).count();
    number(bare(cells.get(1 + between)?))
}

fn published(cell: &str) -> Option<&str> {
    let (host, container) = cell.rsplit_once(':')?;
    let (host, address) = host.rsplit_once(':')?;
    (number(container).is_some() && address.contains('.') && address.parse::<IpAddr>().is_ok())
        .then_some(host)
}

/// At a wildcard the port alone.
fn at(ip: IpAddr, port: u16) -> (u16, String) {
    let text = match ip {
        _ if ip.is_unspecified() => port.to_string(),
        IpAddr::V4(ip) => format!("{ip}:{port}"),
        IpAddr::V6(ip) => format!("[{ip}]:{port}"),
    };
    (port, text)
}

fn number(digits: &str) -> Option<u16> {
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|port| is_number && *port > 0)
}

/// A word without the signs that a sentence has around it.
fn bare(cell: &str) -> &str {
    let sign = |c: char| "()'\"`‘’“”„«»{}<>,;".contains(c);
    cell.trim_start_matches(sign).trim_end_matches(|c| sign(c) || ":.!?".contains(c))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_port_of_a_message_is_found() {
        for (text, meant) in [
            ("port 3000 is already in use", "3000"),
            ("what is running on port 80?", "80"),
            ("nginx: [emerg] bind() to 0.0.0.0:80 failed (98: Address already in use)", "80"),
            ("nginx: [emerg] bind() to [::]:80 failed (98: Address already in use)", "80"),
            ("2026/11/27 03:24:37 listen tcp :8080: bind: address already in use", "8080"),
            ("listen tcp 127.0.0.1:8080: bind: address already in use", "127.0.0.1:8080"),
            (
                "listen tcp 0.0.0.0:8080: bind: Only one usage of each socket address (protocol/network \
                 address/port) is normally permitted.",
                "8080",
            ),
            ("Error: listen EADDRINUSE: address already in use :::3000", "3000"),
            ("Error: listen EADDRINUSE: address already in use 127.0.0.1:3001", "127.0.0.1:3001"),
            ("{ code: 'EADDRINUSE', errno: -98, syscall: 'listen', address: '::', port: 3000 }", "3000"),
            ("Bind for 0.0.0.0:8080 failed: port is already allocated.", "8080"),
            ("failed to bind host port for 0.0.0.0:8080:172.17.0.2:80/tcp: address already in use", "8080"),
            (
                "Ports are not available: exposing port TCP 0.0.0.0:8080 -> 0.0.0.0:0: listen tcp \
                 0.0.0.0:8080: bind: address already in use",
                "8080",
            ),
            ("Web server failed to start. Port 8080 was already in use.", "8080"),
            ("Address already in use - bind(2) for \"127.0.0.1\" port 3000 (Errno::EADDRINUSE)", "3000"),
            ("Port 5173 is in use, trying another one...", "5173"),
            ("Could not create server TCP listening socket *:6379: bind: Address already in use", "6379"),
            ("Warning: Could not create server TCP listening socket ::1:6379: bind:", "[::1]:6379"),
            ("OSError: [Errno 98] Address already in use: 8000", "8000"),
            (
                "[Errno 98] error while attempting to bind on address ('127.0.0.1', 8000): address already in use",
                "127.0.0.1:8000",
            ),
            ("[ERROR] Connection in use: ('0.0.0.0', 8000)", "8000"),
            ("[Errno 98] error while attempting to bind on address ('::1', 8000, 0, 0)", "[::1]:8000"),
            ("Failed to bind to address http://127.0.0.1:5000: address already in use.", "127.0.0.1:5000"),
            ("Do you already have another mysqld server running on port: 3306 ?", "3306"),
            ("(98)Address already in use: AH00072: make_sock: could not bind to address [::]:80", "80"),
            ("the port number 4000 is taken (see https://example.org/help)", "4000"),
            ("something listens at localhost:4000!", "localhost:4000"),
            ("53/udp is in use", "53/udp"),
            ("bind tcp://0.0.0.0:3000 failed at /srv/main.rs:42", "3000"),
            ("address 127.0.0.1:3000: port 3000 is in use", "3000"),
        ] {
            assert_eq!(port(text).unwrap().as_deref(), Some(meant), "{text}");
        }
    }

    #[test]
    fn another_text_stays_what_it_is() {
        for text in [
            "License Manager",
            "my app",
            "Python 3",
            "at main.rs:42 or server.js:80",
            "started at 03:24:37",
            "port of Hamburg",
            "port 0 or port 70000",
            "0.0.0.0:80",
            "",
        ] {
            assert_eq!(port(text).unwrap(), None, "{text}");
        }
        let refused = |text| port(text).unwrap_err().to_string();
        insta::assert_snapshot!(refused("java.net.BindException: Address already in use: bind"), @"‘java.net.BindException: Address already in use: bind’: this text names no port; give the one that the program wants, as in whatlistens 8080");
        insta::assert_snapshot!(refused("Port 3000 is in use, using available port 3001 instead."), @"‘Port 3000 is in use, using available port 3001 instead.’: several ports stand in this text; name the one that is meant, as in whatlistens 3000 or whatlistens 3001");
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in "[porte:tcp/0-9.,>\\-\\[\\]()' *é‘]{0,60}") {
            let _ = port(&text);
        }
    }
}
