//! Sockets that can receive: TCP listeners and unconnected UDP sockets.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

use super::{Process, ProcessService};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    Tcp,
    Udp,
}

impl Protocol {
    /// The lower-case name that the registry, the JSON and `WHAT` use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Protocol::Tcp => "tcp",
            Protocol::Udp => "udp",
        }
    }

    /// The protocol of this name, in any case.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Protocol> {
        [Protocol::Tcp, Protocol::Udp].into_iter().find(|p| name.eq_ignore_ascii_case(p.name()))
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    Ipv4,
    /// Where sockets are selected by family, it includes those bound to IPv4-mapped addresses.
    Ipv6,
}

impl Family {
    pub const ALL: [Family; 2] = [Family::Ipv4, Family::Ipv6];

    #[must_use]
    pub fn of(address: SocketAddr) -> Family {
        if address.is_ipv4() { Family::Ipv4 } else { Family::Ipv6 }
    }

    /// The word in the JSON and on the command line.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Family::Ipv4 => "ipv4",
            Family::Ipv6 => "ipv6",
        }
    }

    /// The name that people use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Family::Ipv4 => "IPv4",
            Family::Ipv6 => "IPv6",
        }
    }
}

/// The state of a socket that can receive, or holds a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// TCP in LISTEN (RFC 9293, section 3.3.2).
    Listen,
    /// UDP without a peer: it receives from everybody.
    Unconnected,
    /// TCP with a port, not listening: connections are refused, and no other program can use the port.
    Bound,
}

/// Identifies a socket within one observation; it means nothing outside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SocketId(pub u64);

/// A network namespace other than the caller's own (`network_namespaces(7)`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Namespace {
    /// The inode number of `/proc/PID/ns/net`, which identifies it.
    pub inode: u64,
    /// The name in `ip netns`, or else the container, or else the oldest process in it.
    pub name: Option<String>,
}

impl Namespace {
    /// The name, or else the inode number.
    #[must_use]
    pub fn called(&self) -> String {
        self.name.clone().unwrap_or_else(|| self.inode.to_string())
    }
}

/// The connections that a TCP listener has not accepted yet (`listen(2)`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcceptQueue {
    pub waiting: u32,
    /// The backlog; the kernel takes one connection more. `None` where the system does not report it.
    pub limit: Option<u32>,
}

impl AcceptQueue {
    /// Whether the kernel drops new connections (`sk_acceptq_is_full` in `include/net/sock.h`).
    #[must_use]
    pub fn is_full(self) -> bool {
        self.limit.is_some_and(|limit| self.waiting > limit)
    }
}

/// The units of a socket that systemd holds (`systemd.socket(5)`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Activation {
    /// The unit that opened it, such as `ssh.socket`.
    pub socket: String,
    /// The unit that systemd starts for a connection; `None` where that is not known.
    pub service: Option<String>,
}

/// The connections of a listener.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Connections {
    pub established: usize,
    /// How many addresses they come from.
    pub peers: usize,
    /// The addresses with the most connections, most first, and how many each has.
    pub top: Vec<(IpAddr, usize)>,
}

/// One socket as the kernel reports it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Socket {
    pub id: SocketId,
    pub protocol: Protocol,
    pub state: State,
    /// An IPv4-mapped IPv6 address is given as IPv4, because it receives nothing else.
    pub local: SocketAddr,
    /// The interface it is bound to (`SO_BINDTODEVICE`); `None` for any, or where that is not known.
    pub interface: Option<String>,
    /// Whether an IPv6 wildcard receives IPv4 too; `None` for other addresses, or where that is not known.
    pub dual_stack: Option<bool>,
    /// The user who created it, on systems that report one.
    pub uid: Option<u32>,
    /// The name of that user.
    pub user: Option<String>,
    /// `None` for the caller's own.
    pub namespace: Option<Namespace>,
    /// The service in whose control group it was created. The system may report it even where no holder is
    /// visible.
    pub made_in: Option<ProcessService>,
    /// Its units, if systemd holds it to start a service.
    pub activation: Option<Activation>,
    pub accept_queue: Option<AcceptQueue>,
    /// `None` where they were not counted.
    pub connections: Option<Connections>,
}

impl Socket {
    #[must_use]
    pub fn new(id: SocketId, protocol: Protocol, state: State, local: SocketAddr) -> Socket {
        Socket {
            id,
            protocol,
            state,
            local,
            interface: None,
            dual_stack: None,
            uid: None,
            user: None,
            namespace: None,
            made_in: None,
            activation: None,
            accept_queue: None,
            connections: None,
        }
    }

    /// Whether one of these processes belongs to the user who created the socket. If none does, as when the
    /// workers of a master run as another user, a hidden process may hold the socket too. True where the
    /// system does not report who created it.
    pub fn has_maker_among<'a>(&self, mut holders: impl Iterator<Item = &'a Process>) -> bool {
        self.uid.is_none() || holders.any(|holder| holder.uid == self.uid)
    }
}

/// An inclusive range of ports; a single port is a range of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "UncheckedRange")]
pub struct PortRange {
    pub first: u16,
    /// Never below `first`.
    pub last: u16,
}

/// A range as it stands in a recording, where it may run backwards.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UncheckedRange {
    first: u16,
    last: u16,
}

impl TryFrom<UncheckedRange> for PortRange {
    type Error = String;

    fn try_from(UncheckedRange { first, last }: UncheckedRange) -> Result<PortRange, String> {
        if first <= last {
            Ok(PortRange { first, last })
        } else {
            Err(format!("the range of ports {first}-{last} runs backwards"))
        }
    }
}

impl PortRange {
    #[must_use]
    pub fn one(port: u16) -> PortRange {
        PortRange { first: port, last: port }
    }

    /// The port, if the range has only one.
    #[must_use]
    pub fn single(self) -> Option<u16> {
        (self.first == self.last).then_some(self.first)
    }

    pub const ALL: PortRange = PortRange { first: 0, last: u16::MAX };

    #[must_use]
    pub fn contains(self, port: u16) -> bool {
        (self.first..=self.last).contains(&port)
    }

    #[must_use]
    pub fn overlaps(self, other: PortRange) -> bool {
        self.common(other).is_some()
    }

    #[must_use]
    pub fn common(self, other: PortRange) -> Option<PortRange> {
        let common = PortRange { first: self.first.max(other.first), last: self.last.min(other.last) };
        (common.first <= common.last).then_some(common)
    }

    /// Parses `1538` or `27000-27009`. `None` for anything else: a sign, a blank or a backwards range.
    #[must_use]
    pub fn parse(text: &str) -> Option<PortRange> {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let number = |digits: &str| {
            let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
            plain.then(|| digits.parse().ok()).flatten()
        };
        let range = PortRange { first: number(first)?, last: number(last)? };
        (range.first <= range.last).then_some(range)
    }
}

impl fmt::Display for PortRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last {
            write!(f, "{}", self.first)
        } else {
            write!(f, "{}-{}", self.first, self.last)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_read_back_as_written() {
        for text in ["1538", "27000-27009", "0", "65535"] {
            assert_eq!(PortRange::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for text in ["", "-", "1-", "-1", "+1", " 1", "65536", "9-1", "1-2-3", "ssh"] {
            assert_eq!(PortRange::parse(text), None, "{text:?}");
        }
    }
}
