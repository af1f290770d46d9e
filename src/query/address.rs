//! Addresses that are asked about: which sockets receive what is sent there.

use std::fmt;
use std::net::IpAddr;

use super::UsageError;
use crate::model::{Interface, Socket, device_receives_at, needs_interface, receives_at};

/// An address, and for one that each link has, the link.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    pub ip: IpAddr,
    /// The name of an interface, as in `fe80::1%eth0`.
    pub interface: Option<String>,
}

impl Address {
    /// Reads `192.0.2.7`, `::1`, `[::1]` or `fe80::1%eth0`. An IPv4-mapped address is IPv4.
    ///
    /// # Errors
    ///
    /// Where it is something else, such as a host's name or a network.
    pub(super) fn parse(option: &str, typed: &str) -> Result<Address, UsageError> {
        let bare = typed.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(typed);
        let (ip, interface) = match bare.split_once('%') {
            Some((ip, interface)) if !interface.is_empty() => (ip, Some(interface.to_owned())),
            _ => (bare, None),
        };
        let read: Option<IpAddr> = ip.parse().ok();
        // Only an address of IPv6 may be that of a link.
        match read.filter(|ip| interface.is_none() || ip.is_ipv6()) {
            Some(ip) => Ok(Address { ip: ip.to_canonical(), interface }),
            None => Err(UsageError::WrongValue {
                option: option.to_owned(),
                value: typed.into(),
                wanted: wanted(typed),
            }),
        }
    }

    /// Whether a socket receives what is sent to this address: it is bound to it, or to all addresses of its family, and to
    /// no interface that does not have it. Where it is not known whether an IPv6 wildcard takes IPv4 too, it counts.
    #[must_use]
    pub fn reaches(&self, socket: &Socket, interfaces: Option<&[Interface]>) -> bool {
        let own = interfaces.filter(|_| socket.namespace.is_none());
        let is_part_of = |device: &String| {
            let mut all = own.unwrap_or_default().iter();
            all.any(|one| Some(&one.name) == self.interface.as_ref() && one.master.as_ref() == Some(device))
        };
        let is_on_link = match (&self.interface, &socket.interface) {
            (Some(asked), Some(own)) => asked == own || is_part_of(own),
            _ => true,
        };
        // A wildcard that is asked about has no interface.
        let on_device = self.ip.is_unspecified()
            || socket.interface.as_ref().is_none_or(|device| device_receives_at(own, device, self.ip));
        let takes = match (socket.local.ip().to_canonical(), self.ip) {
            (own, asked) if own == asked => true,
            (IpAddr::V6(own), IpAddr::V4(_)) => own.is_unspecified() && socket.dual_stack != Some(false),
            (own, asked) => own.is_unspecified() && own.is_ipv4() == asked.is_ipv4(),
        };
        is_on_link && on_device && takes
    }

    /// Whether no interface has the address, or not the one that was typed.
    #[must_use]
    pub fn is_foreign(&self, interfaces: &[Interface]) -> bool {
        let asked = |one: &&Interface| self.interface.as_ref().is_none_or(|name| *name == one.name);
        needs_interface(self.ip) && !receives_at(interfaces.iter().filter(asked), self.ip)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.interface {
            Some(interface) => write!(f, "{}%{interface}", self.ip),
            None => write!(f, "{}", self.ip),
        }
    }
}

/// What is wrong with it, and what would be right.
fn wanted(typed: &str) -> String {
    let network = typed.split_once('/').map(|(ip, _)| ip).filter(|ip| ip.parse::<IpAddr>().is_ok());
    let with_port = typed.rsplit_once(':').filter(|_| typed.parse::<std::net::SocketAddr>().is_ok());
    if let Some(ip) = network {
        return format!("give one address, not a network, as in --address {ip}");
    }
    if let Some((ip, port)) = with_port {
        return format!("give the address alone, and the port as a word: --address {ip} {port}");
    }
    "give an address, as in --address 192.168.7.20; no host name is looked up".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{InterfaceAddress, Namespace, Protocol, SocketId, State};

    #[test]
    fn an_address_is_read_as_it_is_written_anywhere() {
        let read = |typed: &str| Address::parse("--address", typed).map(|one| one.to_string());
        for (typed, meant) in [
            ("192.168.7.20", "192.168.7.20"),
            ("[::1]", "::1"),
            ("FD00::0:1", "fd00::1"),
            ("fe80::1%eth0", "fe80::1%eth0"),
            ("[fe80::1%eth0]", "fe80::1%eth0"),
            ("::ffff:10.0.0.1", "10.0.0.1"),
        ] {
            assert_eq!(read(typed).unwrap(), meant, "{typed}");
        }
        let refused = |typed: &str| read(typed).unwrap_err().to_string();
        insta::assert_snapshot!(refused("localhost"), @"‘--address localhost’: give an address, as in --address 192.168.7.20; no host name is looked up");
        insta::assert_snapshot!(refused("10.0.0.0/8"), @"‘--address 10.0.0.0/8’: give one address, not a network, as in --address 10.0.0.0");
        insta::assert_snapshot!(refused("10.0.0.1:80"), @"‘--address 10.0.0.1:80’: give the address alone, and the port as a word: --address 10.0.0.1 80");
        for typed in ["10.0.0.1%eth0", "::1%", "10.0.0", "eth0", "[::1", "*"] {
            assert!(read(typed).is_err(), "{typed}");
        }
    }

    #[test]
    fn a_wildcard_takes_what_is_for_any_address_of_its_family() {
        let takes = |local: &str, dual_stack, asked: &str| {
            let local = local.parse().unwrap();
            let socket =
                Socket { dual_stack, ..Socket::new(SocketId(0), Protocol::Tcp, State::Listen, local) };
            Address::parse("--address", asked).unwrap().reaches(&socket, None)
        };
        assert!(takes("10.0.0.1:80", None, "10.0.0.1") && !takes("10.0.0.1:80", None, "10.0.0.2"));
        assert!(takes("[::ffff:10.0.0.1]:80", None, "10.0.0.1"));
        assert!(takes("0.0.0.0:80", None, "10.0.0.1") && !takes("0.0.0.0:80", None, "fd00::1"));
        assert!(takes("[::]:80", Some(true), "10.0.0.1") && takes("[::]:80", None, "10.0.0.1"));
        assert!(!takes("[::]:80", Some(false), "10.0.0.1") && takes("[::]:80", Some(false), "fd00::1"));
        assert!(!takes("10.0.0.1:80", None, "0.0.0.0"), "all addresses are not one");
        let of_link = |interface: Option<&str>| {
            let mut socket =
                Socket::new(SocketId(0), Protocol::Tcp, State::Listen, "[fe80::1]:80".parse().unwrap());
            socket.interface = interface.map(str::to_owned);
            Address::parse("--address", "fe80::1%eth0").unwrap().reaches(&socket, None)
        };
        assert!(of_link(Some("eth0")) && of_link(None) && !of_link(Some("eth1")));
    }

    /// As Linux 6.1 answers requests for connections.
    #[test]
    fn a_socket_of_an_interface_receives_at_its_addresses() {
        let interface = |name: &str, master: Option<&str>, ips: &[&str]| Interface {
            name: name.to_owned(),
            is_up: Some(true),
            is_loopback: name == "lo",
            master: master.map(str::to_owned),
            addresses: ips
                .iter()
                .map(|ip| InterfaceAddress { ip: ip.parse().unwrap(), prefix: 24 })
                .collect(),
        };
        let all = [
            interface("lo", None, &["127.0.0.1", "::1"]),
            interface("d1", None, &["10.1.1.1", "fd01::1", "fe80::1"]),
            interface("d2", None, &["10.2.2.2", "fe80::1"]),
            interface("d3", Some("blue"), &["10.3.3.3", "fe80::1"]),
            interface("blue", None, &[]),
        ];
        for (device, local, asked, expected) in [
            ("lo", "0.0.0.0:1", "127.0.0.1", true),
            ("lo", "0.0.0.0:1", "127.0.0.2", true),
            ("lo", "0.0.0.0:1", "10.1.1.1", false),
            ("lo", "[::]:1", "::1", true),
            ("lo", "[::]:1", "127.0.0.1", true),
            ("lo", "[::]:1", "fd01::1", false),
            ("d1", "0.0.0.0:1", "127.0.0.1", false),
            ("d1", "0.0.0.0:1", "10.1.1.1", true),
            ("d1", "0.0.0.0:1", "10.1.1.255", true),
            ("d1", "0.0.0.0:1", "10.2.2.2", true),
            ("d1", "0.0.0.0:1", "10.9.9.9", false),
            ("d1", "0.0.0.0:1", "224.0.0.251", true),
            ("d1", "0.0.0.0:1", "0.0.0.0", true),
            ("d1", "[::]:1", "::1", false),
            ("d1", "[::]:1", "fd01::1", true),
            ("d1", "[::]:1", "10.1.1.1", true),
            ("d1", "[::]:1", "fe80::1%d1", true),
            ("d1", "[::]:1", "fe80::1%d2", false),
            ("d1", "10.2.2.2:1", "10.2.2.2", true),
            ("blue", "0.0.0.0:1", "10.3.3.3", true),
            ("blue", "[::]:1", "fe80::1%d3", true),
            ("blue", "0.0.0.0:1", "127.0.0.1", false),
        ] {
            let mut socket = Socket::new(SocketId(0), Protocol::Tcp, State::Listen, local.parse().unwrap());
            socket.interface = Some(device.to_owned());
            let asked = Address::parse("--address", asked).unwrap();
            assert_eq!(asked.reaches(&socket, Some(&all)), expected, "{asked} at {local} of {device}");
            socket.namespace = Some(Namespace { inode: 1, name: None });
            let is_known = asked.ip.is_loopback() && device != "lo" || asked.interface.is_some();
            assert!(asked.reaches(&socket, Some(&all)) || is_known, "not known of other namespaces");
        }
        let foreign = |asked: &str| Address::parse("--address", asked).unwrap().is_foreign(&all);
        assert!(!foreign("fe80::1%d2") && !foreign("10.2.2.255") && !foreign("127.0.0.9"));
        assert!(foreign("fd01::1%d2") && foreign("10.9.9.9"));
    }
}
