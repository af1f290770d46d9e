//! A port at an address, as other programs write it: `127.0.0.1:80`, `[::]:80`, `http://localhost:3000/`, `27000@host`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::UsageError;
use super::address::Address;
use super::target::Destination;
use super::url::is_url;
use crate::model::{Interface, Protocol, Socket};

/// The words of one, with the text of the ports.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Words<'w> {
    pub(super) host: Destination,
    pub(super) ports: &'w str,
    pub(super) protocol: Option<Protocol>,
}

/// The ports that clients of FlexNet try, where only the host is given (License Administration Guide, "Specifying the
/// location of the license file").
const FLEXNET: &str = "27000-27009";

/// The ports of URLs that name none (the scheme's registration with IANA, or the program's manual).
const OF_SCHEMES: [(&str, &str); 20] = [
    ("amqp", "5672"),
    ("amqps", "5671"),
    ("ftp", "21"),
    ("ftps", "990"),
    ("http", "80"),
    ("https", "443"),
    ("imap", "143"),
    ("imaps", "993"),
    ("ldap", "389"),
    ("ldaps", "636"),
    ("mongodb", "27017"),
    ("mqtt", "1883"),
    ("mysql", "3306"),
    ("postgres", "5432"),
    ("postgresql", "5432"),
    ("redis", "6379"),
    ("sftp", "22"),
    ("ssh", "22"),
    ("ws", "80"),
    ("wss", "443"),
];

/// What stands before a colon and is no host: `tcp:80`, and what may be meant for an option.
const NO_HOSTS: [&str; 6] = ["tcp", "udp", "pid", "user", "process", "port"];

/// Reads a port at an address; `None` where the word is none.
///
/// # Errors
///
/// Where it is a URL whose port is not known.
pub(super) fn words(word: &str) -> Result<Option<Words<'_>>, UsageError> {
    if is_url(word) {
        return url(word).map(Some).ok_or_else(|| UsageError::NoPortAfterColon { word: word.into() });
    }
    // One such as `::1` is an address alone.
    if word.parse::<IpAddr>().is_ok() {
        return Ok(None);
    }
    let place = || port_at_host(word).or_else(|| host_and_port(word)).or_else(|| behind_slash(word));
    Ok(place().or_else(|| host_and_port(behind_user(word)?)))
}

fn url(word: &str) -> Option<Words<'_>> {
    let (scheme, rest) = word.split_once("://")?;
    // `jdbc:postgresql` is a scheme within another.
    let scheme = scheme.rsplit(':').next().unwrap_or_default();
    let authority = rest.split(['/', '?', '#', ';']).next().unwrap_or_default();
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let usual =
        || OF_SCHEMES.iter().find(|(known, _)| scheme.eq_ignore_ascii_case(known)).map(|known| known.1);
    let (name, ports) = match authority.rsplit_once(':') {
        // In brackets it is a part of the address.
        Some((name, ports)) if !ports.ends_with(']') => (name, Some(ports).filter(|ports| !ports.is_empty())),
        _ => (authority, None),
    };
    Some(Words { host: host(name)?, ports: ports.or_else(usual)?, protocol: None })
}

/// `27000@host` and `@host`, as FlexNet and RLM take them.
fn port_at_host(word: &str) -> Option<Words<'_>> {
    let (ports, name) = word.split_once('@')?;
    let is_number = ports.bytes().all(|byte| byte.is_ascii_digit());
    let host = host(name).filter(|_| is_number)?;
    Some(Words { host, ports: if ports.is_empty() { FLEXNET } else { ports }, protocol: None })
}

fn host_and_port(word: &str) -> Option<Words<'_>> {
    let (place, protocol) = match word.rsplit_once('/') {
        Some((place, protocol)) => (place, Some(Protocol::from_name(protocol)?)),
        None => (word, None),
    };
    let (name, ports) = place.rsplit_once(':')?;
    let begins = ports.starts_with(|c: char| c.is_ascii_digit());
    let are_ports = begins && ports.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let is_host = !NO_HOSTS.iter().any(|no| name.eq_ignore_ascii_case(no));
    (are_ports && is_host).then_some(())?;
    Some(Words { host: host(name)?, ports, protocol })
}

/// `127.0.0.1/80` and `localhost/80`. A number as small as the length of a network's prefix may be meant for one.
fn behind_slash(word: &str) -> Option<Words<'_>> {
    let (name, ports) = word.split_once('/').filter(|(_, ports)| looks_like_ports(ports))?;
    let host = host(name)?;
    let longest = match &host {
        Destination::Ip(address) if address.ip.is_ipv4() => Ipv4Addr::BITS,
        Destination::Ip(_) => Ipv6Addr::BITS,
        Destination::Loopback => 0,
        Destination::Any | Destination::Named(_) => return None,
    };
    let may_be_network = ports.parse::<u32>().is_ok_and(|number| number <= longest);
    (!may_be_network).then_some(Words { host, ports, protocol: None })
}

/// The host and port of `user:password@host:80` and `git@host:22`. What begins with a number is `27000@host`.
fn behind_user(word: &str) -> Option<&str> {
    let (user, place) = word.rsplit_once('@')?;
    (!user.is_empty() && !user.bytes().all(|byte| byte.is_ascii_digit())).then_some(place)
}

/// The host's part of `3000:80` and `127.0.0.1:3000:80`, as `docker run -p` takes them.
pub(super) fn published(word: &str) -> Option<&str> {
    let (host, container) = word.split_once('/').map_or(word, |(ports, _)| ports).rsplit_once(':')?;
    let (address, ports) = host.rsplit_once(':').unwrap_or(("", host));
    let is_address = address.is_empty() || address.parse::<Ipv4Addr>().is_ok();
    (is_address && looks_like_ports(ports) && looks_like_ports(container)).then_some(host)
}

/// Whether a text is a number or a range of numbers, right or wrong.
pub(super) fn looks_like_ports(text: &str) -> bool {
    let text = text.replacen("..", "-", 1);
    text.starts_with(|c: char| c.is_ascii_digit()) && text.bytes().all(|b| b.is_ascii_digit() || b == b'-')
}

/// An address, with or without brackets and the interface behind it; or a name.
fn host(text: &str) -> Option<Destination> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let (bare, interface) = bare.split_once('%').unwrap_or((bare, ""));
    if let Ok(ip) = bare.parse::<IpAddr>() {
        let interface = Some(interface).filter(|name| !name.is_empty()).map(str::to_owned);
        return Some(Destination::Ip(Address { ip: ip.to_canonical(), interface }));
    }
    match bare {
        "*" => Some(Destination::Any),
        "localhost" | "localhost.localdomain" | "ip6-localhost" => Some(Destination::Loopback),
        _ => {
            let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
            let looks_like_name = !bare.is_empty() && bare.len() == text.len() && bare.bytes().all(is_name);
            // Four numbers that are no address are a slip.
            let is_number = bare.bytes().all(|byte| byte.is_ascii_digit() || b".-".contains(&byte));
            (looks_like_name && !is_number).then(|| Destination::Named(bare.to_ascii_lowercase()))
        }
    }
}

impl Destination {
    /// Whether a socket receives what is sent there. Of a wildcard: whether it is bound to all addresses of that family.
    #[must_use]
    pub fn reaches(&self, socket: &Socket, interfaces: Option<&[Interface]>) -> bool {
        let at = |ip| Address { ip, interface: None }.reaches(socket, interfaces);
        match self {
            Destination::Any | Destination::Named(_) => true,
            Destination::Loopback => {
                let local = socket.local.ip();
                let all = [IpAddr::from(Ipv4Addr::LOCALHOST), Ipv6Addr::LOCALHOST.into()];
                all.into_iter().chain(Some(local).filter(IpAddr::is_loopback)).any(at)
            }
            Destination::Ip(address) => address.reaches(socket, interfaces),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;
    use crate::model::{SocketId, State};

    fn read(word: &str) -> Option<(Destination, &str, Option<Protocol>)> {
        words(word).unwrap().map(|Words { host, ports, protocol }| (host, ports, protocol))
    }

    #[test]
    fn every_way_to_write_a_port_at_an_address() {
        let ip = |text: &str| {
            let (ip, interface) = text.split_once('%').unwrap_or((text, ""));
            let interface = Some(interface).filter(|name| !name.is_empty()).map(str::to_owned);
            Destination::Ip(Address { ip: ip.parse().unwrap(), interface })
        };
        let named = |name: &str| Destination::Named(name.to_owned());
        for (word, host, ports) in [
            ("127.0.0.1:80", ip("127.0.0.1"), "80"),
            ("0.0.0.0:27000", ip("0.0.0.0"), "27000"),
            ("[::]:80", ip("::"), "80"),
            (":::22", ip("::"), "22"),
            ("[::1]:80", ip("::1"), "80"),
            ("[::ffff:127.0.0.1]:80", ip("127.0.0.1"), "80"),
            ("[fe80::1%eth0]:80", ip("fe80::1%eth0"), "80"),
            ("0.0.0.0%eth0:80", ip("0.0.0.0%eth0"), "80"),
            ("10.0.0.1:80-90", ip("10.0.0.1"), "80-90"),
            ("*:80", Destination::Any, "80"),
            ("localhost:3000", Destination::Loopback, "3000"),
            ("lic01:27000", named("lic01"), "27000"),
            ("27000@Lic01.example.org", named("lic01.example.org"), "27000"),
            ("@lic01", named("lic01"), "27000-27009"),
            ("5053@localhost", Destination::Loopback, "5053"),
            ("http://localhost:3000/", Destination::Loopback, "3000"),
            ("http://localhost:3000/a:b@c?d://e", Destination::Loopback, "3000"),
            ("https://example.org/", named("example.org"), "443"),
            ("https://u:p@example.org:8443", named("example.org"), "8443"),
            ("HTTP://[::1]/x", ip("::1"), "80"),
            ("http://[::1]:8080", ip("::1"), "8080"),
            ("postgresql://db/shop", named("db"), "5432"),
            ("127.0.0.1/80", ip("127.0.0.1"), "80"),
            ("0.0.0.0/8000-8010", ip("0.0.0.0"), "8000-8010"),
            ("::1/3000", ip("::1"), "3000"),
            ("localhost/22", Destination::Loopback, "22"),
            ("u:x@localhost:3000", Destination::Loopback, "3000"),
            ("git@lic01:22", named("lic01"), "22"),
            ("u:p@ss@127.0.0.1:80", ip("127.0.0.1"), "80"),
        ] {
            assert_eq!(read(word), Some((host, ports, None)), "{word}");
        }
        assert_eq!(read("127.0.0.1:53/udp"), Some((ip("127.0.0.1"), "53", Some(Protocol::Udp))));
    }

    #[test]
    fn what_else_has_such_signs_is_no_place() {
        for word in [
            "80",
            ":80",
            "tcp:80",
            "pid:7171",
            "::1",
            "fd00::2",
            "getty@tty1.service",
            "a@b",
            "80@",
            "@",
            "1.2.3:80",
            "EtherNet/IP-1",
            "127.0.0.1/24",
            "10.0.0.0/8",
            "::1/64",
            "kworker/80",
            "127.0.0.1/udp",
            "a@b/80",
            "27000@lic01:80",
            "x:y",
            "127.0.0.1:",
            "lmgrd",
            "127.0.0.1:80/sctp",
        ] {
            assert_eq!(read(word), None, "{word}");
        }
        assert!(words("gopher://example.org").is_err() && words("https://").is_err());
    }

    #[test]
    fn a_wildcard_receives_for_every_address_of_its_family() {
        let reaches = |host: &str, local: &str, dual| {
            let host = read(&format!("{host}:1")).unwrap().0;
            let local = SocketAddr::new(local.parse().unwrap(), 1);
            let socket = Socket::new(SocketId(0), Protocol::Tcp, State::Listen, local);
            host.reaches(&Socket { dual_stack: dual, ..socket }, None)
        };
        for (host, local, dual, expected) in [
            ("127.0.0.1", "127.0.0.1", None, true),
            ("127.0.0.1", "0.0.0.0", None, true),
            ("127.0.0.1", "127.0.0.2", None, false),
            ("127.0.0.1", "::", Some(true), true),
            ("127.0.0.1", "::", Some(false), false),
            ("0.0.0.0", "127.0.0.1", None, false),
            ("0.0.0.0", "0.0.0.0", None, true),
            ("[::1]", "::", Some(false), true),
            ("[::1]", "0.0.0.0", None, false),
            ("[::]", "::1", None, false),
            ("localhost", "::1", None, true),
            ("localhost", "127.0.0.53", None, true),
            ("localhost", "10.0.0.1", None, false),
            ("*", "10.0.0.1", None, true),
        ] {
            assert_eq!(reaches(host, local, dual), expected, "{host} at {local}");
        }
    }
}
