//! Reads `WHAT`, and ports as lsof's `-i` takes them.

use super::UsageError;
use super::address::Address;
use super::bounds::distinct;
use super::place::{self, Words, looks_like_ports};
use super::rows;
use super::target::{Place, Ports, Target};
use super::typed::Typed;
use super::url::{is_url, without_secrets};
use crate::model::{Pid, PortRange, Protocol, is_path};

/// Reads one `WHAT`: a port or range, with or without a protocol, several of them with commas, or
/// a name.
pub(super) fn targets(word: &str) -> Result<Vec<Target>, UsageError> {
    let word = word.trim();
    // A comma may stand in a URL.
    if is_url(word) {
        return Ok(vec![target(word)?]);
    }
    let parts: Vec<&str> = word.split(',').collect();
    let begins_like_a_port =
        |part: &&str| part.trim_start_matches(':').starts_with(|c: char| c.is_ascii_digit());
    match &parts[..] {
        [_, _, ..] if parts.iter().any(begins_like_a_port) => {
            match parts.iter().any(|part| part.is_empty()) {
                true => Err(UsageError::NothingBesideComma { word: word.into() }),
                false => {
                    let mut targets = parts.into_iter().map(target).collect::<Result<Vec<_>, _>>()?;
                    share_protocol(word, &mut targets);
                    Ok(targets)
                }
            }
        }
        [_, _, ..] if parts.iter().all(|part| !part.is_empty()) => parts.into_iter().map(target).collect(),
        _ => Ok(vec![target(word)?]),
    }
}

/// Of `tcp:80,443` both ports are TCP's.
fn share_protocol(word: &str, targets: &mut [Target]) {
    let first = word.split_once([':', '/']).and_then(|(protocol, _)| Protocol::from_name(protocol));
    for target in targets.iter_mut().filter(|_| first.is_some()) {
        if let Target::Ports(Ports { protocol: protocol @ None, .. }) = target {
            *protocol = first;
        }
    }
}

fn target(word: &str) -> Result<Target, UsageError> {
    if let Some(Words { host, ports, protocol }) = place::words(word)? {
        let ports = Ports { range: range(word, ports)?, protocol };
        return Ok(Target::At(Place { typed: without_secrets(word).into_owned(), destination: host }, ports));
    }
    if let Some(target) = behind_protocol(word)? {
        return Ok(target);
    }
    if let Some(wanted) = wrong_path(word) {
        return Err(UsageError::instead(word, wanted));
    }
    // As a shell completes the path of a folder.
    let word = word.strip_suffix('/').filter(|path| is_path(path)).unwrap_or(word);
    if is_path(word) {
        return Ok(named(word.to_owned(), None));
    }
    let (what, protocol) = match word.split_once('/') {
        Some((what, protocol)) => (what, Some(protocol)),
        None => (word, None),
    };
    let digits = what.strip_prefix(':').unwrap_or(what);
    let named = protocol.and_then(Protocol::from_name);
    if !looks_like_ports(digits) {
        return match named {
            Some(_) => name(what, named),
            None => name(word, None),
        };
    }
    if let Some(other) = protocol.filter(|_| named.is_none()) {
        return Err(UsageError::instead(word, rows::right_of_slash(digits, other)));
    }
    Ok(Target::Ports(Ports { range: range(word, digits)?, protocol: named }))
}

/// `tcp:80`, `udp/53` and `tcp:ssh`; `None` where a word does not begin so.
fn behind_protocol(word: &str) -> Result<Option<Target>, UsageError> {
    let Some((protocol, what)) = word.split_once([':', '/']) else { return Ok(None) };
    let Some(protocol) = Protocol::from_name(protocol) else { return Ok(None) };
    let digits = what.strip_prefix(':').unwrap_or(what);
    Ok(match what {
        _ if looks_like_ports(digits) => {
            Some(Target::Ports(Ports { range: range(word, digits)?, protocol: Some(protocol) }))
        }
        "" => return Err(UsageError::NoPortAfterColon { word: word.into() }),
        _ if word.contains('/') || what.contains(':') => None,
        _ => Some(named(what.to_owned(), Some(protocol))),
    })
}

/// What is wrong with a path.
fn wrong_path(word: &str) -> Option<&'static str> {
    if ["./", "../", "~/"].iter().any(|begin| word.starts_with(begin)) {
        return Some("give the full path of the program or folder, as in /usr/sbin/nginx");
    }
    (word == "/")
        .then_some("everything is below it: give the path of a program or folder, as in /usr/sbin/nginx")
}

fn name(typed: &str, protocol: Option<Protocol>) -> Result<Target, UsageError> {
    if let Some(wrong) = habit_of_another_tool(typed) {
        return Err(wrong);
    }
    let word = match typed.strip_prefix(':') {
        // `:ssh`, as lsof takes it; `:http/tcp` and the like have no meaning.
        Some(service) if !service.is_empty() => service,
        Some(_) => {
            return Err(UsageError::NoPortAfterColon { word: typed.into() });
        }
        None => typed,
    };
    if word.is_empty() {
        return Err(UsageError::EmptyWord);
    }
    Ok(named(word.to_owned(), protocol))
}

/// What other tools accept, and what to type here instead.
fn habit_of_another_tool(word: &str) -> Option<UsageError> {
    let typed = Typed::from(word);
    if let Some(protocol) = Protocol::from_name(word) {
        return Some(UsageError::ProtocolAlone { word: typed, protocol });
    }
    if word.parse::<std::net::IpAddr>().is_ok() {
        return Some(UsageError::Address { word: typed });
    }
    if let Some(host) = place::published(word) {
        let right = format!("of a container's HOST:CONTAINER the first is the port of this machine: {host}");
        return Some(UsageError::instead(word, right));
    }
    let (place, port) = word.rsplit_once([':', '/'])?;
    let right = match place.parse::<std::net::IpAddr>() {
        Ok(ip) => {
            let ip = ip.to_canonical();
            let at = |port: u16| std::net::SocketAddr::new(ip, port);
            let at = port.parse().map_or_else(|_| at(80), at);
            format!("for a port at an address: {at}; for what receives there: --address {ip}")
        }
        Err(_) => format!("for the port at every address: {port}; at one: 127.0.0.1:{port}"),
    };
    looks_like_ports(port).then(|| UsageError::instead(word, right))
}

/// Reads a port or a range; `word` is what was typed.
fn range(word: &str, text: &str) -> Result<PortRange, UsageError> {
    // `3000..3010`, as shells write ranges.
    let text = &text.replacen("..", "-", 1);
    if let Some(range) = PortRange::parse(text).filter(|range| range.first > 0) {
        return Ok(range);
    }
    let mut parts = text.splitn(3, '-');
    let (first, last, rest) = (parts.next().unwrap_or(""), parts.next(), parts.next());
    let number = |digits: &str| digits.parse::<u16>().ok().filter(|&port| port > 0);
    let not_a_port = |part: &str| UsageError::NotAPort { word: word.into(), part: part.into() };
    Err(match (number(first), last) {
        (_, Some("")) => UsageError::OpenRange { word: word.into() },
        _ if rest.is_some() => UsageError::OpenRange { word: word.into() },
        (None, _) => not_a_port(first),
        (Some(_), Some(last)) => match number(last) {
            None => not_a_port(last),
            Some(_) => {
                UsageError::BackwardsRange { word: word.into(), first: first.into(), last: last.into() }
            }
        },
        (Some(_), None) => not_a_port(word),
    })
}

/// The words behind `-i`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Internet {
    pub(super) ipv4: bool,
    pub(super) ipv6: bool,
    pub(super) targets: Vec<Target>,
}

/// Reads every `-i`. A family applies to every word, so each must name the same one.
pub(super) fn internet(texts: &[String]) -> Result<Internet, UsageError> {
    let mut all = Internet::default();
    for (index, text) in texts.iter().enumerate() {
        let one = one_internet(text)?;
        if index > 0 && (one.ipv4, one.ipv6) != (all.ipv4, all.ipv6) {
            return Err(UsageError::MixedFamilies);
        }
        (all.ipv4, all.ipv6) = (one.ipv4, one.ipv6);
        all.targets.extend(one.targets);
    }
    Ok(all)
}

/// Reads lsof's `[46][protocol][@host][:ports]` (`lsof(8)`, option -i), and a port without its colon.
fn one_internet(text: &str) -> Result<Internet, UsageError> {
    let wrong = || UsageError::LsofSpec { text: text.into() };
    let (selector, host, ports) = match (text.split_once('@'), text.split_once(':')) {
        (Some((selector, place)), _) => {
            let (host, ports) = place.rsplit_once(':').ok_or_else(wrong)?;
            (selector, Some(host), Some(ports))
        }
        (None, Some((selector, ports))) => (selector, None, Some(ports)),
        (None, None) if text.len() > 1 && text.split(',').all(looks_like_ports) => ("", None, Some(text)),
        (None, None) => (text, None, None),
    };
    if ports.is_some_and(str::is_empty) {
        return Err(wrong());
    }
    let (ipv4, ipv6, protocol) = match selector.as_bytes() {
        [b'4', ..] => (true, false, &selector[1..]),
        [b'6', ..] => (false, true, &selector[1..]),
        _ => (false, false, selector),
    };
    let protocol = match protocol {
        "" => None,
        name => Some(Protocol::from_name(name).ok_or_else(wrong)?),
    };
    let targets = match (ports, protocol) {
        (Some(ports), _) => {
            let at = |port: &str| match (host, protocol) {
                (None, _) => target(port),
                (Some(host), None) => target(&format!("{host}:{port}")),
                (Some(host), Some(protocol)) => target(&format!("{host}:{port}/{protocol}")),
            };
            let read = |port: &str| match (at(port)?, protocol) {
                (Target::Ports(Ports { range, protocol: None }), protocol) => {
                    Ok(Target::Ports(Ports { range, protocol }))
                }
                (place @ Target::At(..), _) => Ok(place),
                (Target::Name { .. }, _) if host.is_some() => Err(wrong()),
                (Target::Name { word, protocol: None, .. }, protocol) => Ok(named(word, protocol)),
                (target, None) => Ok(target),
                (_, Some(_)) => Err(wrong()),
            };
            ports.split(',').map(read).collect::<Result<_, _>>()?
        }
        (None, Some(_)) => vec![Target::Ports(Ports { range: PortRange::ALL, protocol })],
        (None, None) => Vec::new(),
    };
    Ok(Internet { ipv4, ipv6, targets })
}

/// Whether a word is about ports, by number alone or at an address.
#[must_use]
pub fn is_about_ports(word: &str) -> bool {
    let is_port = |target: &Target| matches!(target, Target::Ports(_) | Target::At(..));
    targets(word).is_ok_and(|targets| targets.iter().all(is_port))
}

/// Reads process ids.
pub(super) fn numbers(option: &str, values: &[String]) -> Result<Vec<Pid>, UsageError> {
    let read = |value: &String| {
        value
            .parse()
            .map_err(|_| UsageError::NotAPid { option: option.to_owned(), value: value.as_str().into() })
    };
    distinct(given(option, values)?.iter().map(read).collect::<Result<Vec<Pid>, _>>()?)
}

/// Reads addresses.
pub(super) fn addresses(option: &str, values: &[String]) -> Result<Vec<Address>, UsageError> {
    let read = |value: &String| Address::parse(option, value);
    distinct(given(option, values)?.iter().map(read).collect::<Result<Vec<Address>, _>>()?)
}

/// Reads names, without a password that one may have; answers repeat them. An empty one, as of a variable that is not set,
/// would match nothing for ever.
pub(super) fn given(option: &str, values: &[String]) -> Result<Vec<String>, UsageError> {
    match values.iter().any(String::is_empty) {
        true => Err(UsageError::EmptyValue { option: option.to_owned() }),
        false => distinct(values.iter().map(|value| without_secrets(value).into_owned())),
    }
}

/// A name that is not resolved yet.
fn named(word: String, protocol: Option<Protocol>) -> Target {
    Target::Name {
        word,
        protocol,
        ports: Vec::new(),
        is_other_name: false,
        managers: Vec::new(),
        programs: Vec::new(),
        is_folder: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ports(first: u16, last: u16, protocol: Option<Protocol>) -> Target {
        Target::Ports(Ports { range: PortRange { first, last }, protocol })
    }

    fn alone(word: &str) -> Target {
        named(word.to_owned(), None)
    }

    #[test]
    fn every_form_of_what() {
        let (tcp, udp) = (Some(Protocol::Tcp), Some(Protocol::Udp));
        for (word, expected) in [
            ("1538", ports(1538, 1538, None)),
            (":1538", ports(1538, 1538, None)),
            ("1538/udp", ports(1538, 1538, udp)),
            (":1538/TCP", ports(1538, 1538, tcp)),
            ("27000-27009", ports(27000, 27009, None)),
            ("27000..27009", ports(27000, 27009, None)),
            ("27000-27009/tcp", ports(27000, 27009, tcp)),
            ("3ds-lm", alone("3ds-lm")),
            (":ssh", alone("ssh")),
            ("lmgrd.intel", alone("lmgrd.intel")),
            ("rpc.statd", alone("rpc.statd")),
            ("ssh/tcp", named("ssh".to_owned(), tcp)),
            ("EtherNet/IP-1", alone("EtherNet/IP-1")),
            ("tcp:80", ports(80, 80, tcp)),
            ("udp/53", ports(53, 53, udp)),
            ("UDP:27000-27009", ports(27000, 27009, udp)),
            ("tcp::80", ports(80, 80, tcp)),
            ("tcp:ssh", named("ssh".to_owned(), tcp)),
        ] {
            assert_eq!(target(word).unwrap(), expected, "{word}");
        }
    }

    #[test]
    fn commas_join_ports_and_names() {
        let udp = Some(Protocol::Udp);
        let expected = [ports(80, 80, None), ports(443, 443, None), ports(53, 53, udp)];
        assert_eq!(targets(" 80,:443,53/udp").unwrap(), expected);
        assert_eq!(targets("nginx,lmgrd").unwrap(), [alone("nginx"), alone("lmgrd")]);
        assert_eq!(targets("a,").unwrap(), [alone("a,")], "a name may have one");
        assert_eq!(targets("22,ssh").unwrap(), [ports(22, 22, None), alone("ssh")]);
        let tcp = Some(Protocol::Tcp);
        assert_eq!(
            targets("tcp:80,443,53/udp").unwrap(),
            [ports(80, 80, tcp), ports(443, 443, tcp), ports(53, 53, udp)]
        );
        assert!(targets("80,").is_err() && targets(",80").is_err());
        assert!(targets("80,70000").is_err());
    }

    #[test]
    fn what_is_wrong_says_what_would_be_right() {
        let refused = |word| target(word).unwrap_err().to_string();
        insta::assert_snapshot!(refused("70000"), @"‘70000’ is not a port: ports are 1 to 65535");
        insta::assert_snapshot!(refused("0"), @"‘0’ is not a port: ports are 1 to 65535");
        insta::assert_snapshot!(refused("80-70000"), @"‘80-70000’: 70000 is not a port; ports are 1 to 65535");
        insta::assert_snapshot!(refused("27009-27000"), @"‘27009-27000’ is backwards. Did you mean 27000-27009?");
        insta::assert_snapshot!(refused("27000-"), @"‘27000-’: a range has two ends, as in 27000-27009");
        insta::assert_snapshot!(refused("1-2-3"), @"‘1-2-3’: a range has two ends, as in 27000-27009");
        insta::assert_snapshot!(refused("80/http"), @"‘80/http’: the protocol is tcp or udp, as in 80/tcp");
        insta::assert_snapshot!(refused("3868/sctp"), @"‘3868/sctp’: SCTP is found by the port alone: 3868");
        insta::assert_snapshot!(refused("7001-7009/UDPlite"), @"‘7001-7009/UDPlite’: UDP-Lite is found by the port alone: 7001-7009");
        insta::assert_snapshot!(refused(":"), @"‘:’: a port is missing after the colon, as in :1538");
        insta::assert_snapshot!(refused(""), @"an empty word was given: name a port, a service or a process");
        insta::assert_snapshot!(refused("127.0.0.1/24"), @"‘127.0.0.1/24’: for a port at an address: 127.0.0.1:24; for what receives there: --address 127.0.0.1");
        insta::assert_snapshot!(refused("127.0.0.1:70000"), @"‘127.0.0.1:70000’: 70000 is not a port; ports are 1 to 65535");
        insta::assert_snapshot!(refused("./prog"), @"‘./prog’: give the full path of the program or folder, as in /usr/sbin/nginx");
        insta::assert_snapshot!(refused("/"), @"‘/’: everything is below it: give the path of a program or folder, as in /usr/sbin/nginx");
        assert_eq!(target("/usr/sbin/"), target("/usr/sbin"));
        insta::assert_snapshot!(refused("fd00::2"), @"‘fd00::2’ is an address: give a port too, as in [fd00::2]:80, or list what receives there: --address fd00::2");
        assert!(refused("::1:8080").contains("as in [::1]:8080, or"), "{}", refused("::1:8080"));
        insta::assert_snapshot!(refused("192.0.2.2"), @"‘192.0.2.2’ is an address: give a port too, as in 192.0.2.2:80, or list what receives there: --address 192.0.2.2");
        insta::assert_snapshot!(refused("tcp:"), @"‘tcp:’: a port is missing after the colon, as in :1538");
        insta::assert_snapshot!(refused("tcp:70000"), @"‘tcp:70000’: 70000 is not a port; ports are 1 to 65535");
        insta::assert_snapshot!(refused("TCP"), @"‘TCP’: for all tcp ports use -t, for one port write 80/tcp");
    }

    #[test]
    fn ports_as_lsof_takes_them() {
        let asked = |text| {
            let internet = one_internet(text).unwrap();
            (internet.ipv4, internet.ipv6, internet.targets)
        };
        let (tcp, udp) = (Some(Protocol::Tcp), Some(Protocol::Udp));
        assert_eq!(asked(""), (false, false, vec![]));
        assert_eq!(asked(":1538"), (false, false, vec![ports(1538, 1538, None)]));
        assert_eq!(asked("1538"), (false, false, vec![ports(1538, 1538, None)]));
        assert_eq!(asked("6"), (false, true, vec![]));
        assert_eq!(asked("4TCP:80,443"), (true, false, vec![ports(80, 80, tcp), ports(443, 443, tcp)]));
        assert_eq!(asked("udp"), (false, false, vec![ports(0, 65535, udp)]));
        let ssh = named("ssh".to_owned(), udp);
        assert_eq!(asked("udp:ssh"), (false, false, vec![ssh]));
        assert_eq!(asked("tcp:1-1024"), (false, false, vec![ports(1, 1024, tcp)]));
        let places = |text| asked(text).2.into_iter().map(|target| target.to_string()).collect::<Vec<_>>();
        assert_eq!(places("@127.0.0.1:3001"), ["127.0.0.1:3001"]);
        assert_eq!(places("4TCP@127.0.0.1:80"), ["127.0.0.1:80/tcp"]);
        assert_eq!(places("@[::1]:80"), ["[::1]:80"]);
        assert_eq!(places("tcp@localhost:80,443"), ["localhost:80/tcp", "localhost:443/tcp"]);
    }

    #[test]
    fn what_lsof_takes_and_this_does_not_is_refused() {
        for text in [
            "tcp:80/udp",
            "udp:ssh/tcp",
            "@",
            "tcp@",
            "@127.0.0.1",
            "sctp@host:80",
            "sctp",
            ":",
            "tcp:",
            "tcp:80,",
        ] {
            assert!(one_internet(text).is_err(), "{text}");
        }
    }
}
