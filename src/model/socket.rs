//! Sockets that can receive: TCP listeners and unconnected UDP sockets.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

use super::{Process, ProcessService};

/// The transport protocol of a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
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

    /// Reads [`Protocol::name`] back, in any case; `None` for anything else.
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

/// An address family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    Ipv4,
    /// Which includes sockets bound to IPv4-mapped addresses, where sockets are asked for by family.
    Ipv6,
}

impl Family {
    pub const ALL: [Family; 2] = [Family::Ipv4, Family::Ipv6];

    /// That of an address.
    #[must_use]
    pub fn of(address: SocketAddr) -> Family {
        if address.is_ipv4() { Family::Ipv4 } else { Family::Ipv6 }
    }

    /// The word for it in the JSON and on the command line.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Family::Ipv4 => "ipv4",
            Family::Ipv6 => "ipv6",
        }
    }

    /// What people call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Family::Ipv4 => "IPv4",
            Family::Ipv6 => "IPv6",
        }
    }
}

/// What a socket of this tool's interest is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// TCP in LISTEN (RFC 9293, section 3.3.2).
    Listen,
    /// UDP without a peer: it receives from anyone.
    Unconnected,
    /// TCP that has a port and does not listen: nobody is answered there, and nobody else can have it.
    Bound,
}

/// Names one socket within one observation; it means nothing outside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SocketId(pub u64);

/// A network namespace other than the caller's own (`network_namespaces(7)`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Namespace {
    /// The inode that identifies it under `/proc/PID/ns/net`.
    pub inode: u64,
    /// What it is called: its name in `ip netns`, the container it is, or else its oldest process.
    pub name: Option<String>,
}

impl Namespace {
    /// Its name, or else its number.
    #[must_use]
    pub fn called(&self) -> String {
        self.name.clone().unwrap_or_else(|| self.inode.to_string())
    }
}

/// The connections that a TCP listener has not accepted yet (`listen(2)`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcceptQueue {
    /// So many wait.
    pub waiting: u32,
    /// So many may wait (the backlog); the kernel takes one more. `None` where it is not told.
    pub limit: Option<u32>,
}

impl AcceptQueue {
    /// Whether the kernel turns new connections away (`sk_acceptq_is_full` in `include/net/sock.h`).
    #[must_use]
    pub fn is_full(self) -> bool {
        self.limit.is_some_and(|limit| self.waiting > limit)
    }
}

/// What systemd holds a socket for (`systemd.socket(5)`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Activation {
    /// The unit that opened it: `ssh.socket`.
    pub socket: String,
    /// The unit that is started when somebody connects, where it is known.
    pub service: Option<String>,
}

/// The connections that programs have with a listener.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Connections {
    /// How many are established.
    pub established: usize,
    /// From how many addresses.
    pub peers: usize,
    /// The addresses with the most, those first, with how many each has.
    pub top: Vec<(IpAddr, usize)>,
}

/// One socket as the kernel reports it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Socket {
    /// Its name within the observation.
    pub id: SocketId,
    /// TCP or UDP.
    pub protocol: Protocol,
    /// What it is doing.
    pub state: State,
    /// The address and port it is bound to; an IPv4-mapped IPv6 address as IPv4, for it takes nothing else.
    pub local: SocketAddr,
    /// The interface it is bound to (`SO_BINDTODEVICE`); `None` for any, or where it is not known.
    pub interface: Option<String>,
    /// For an IPv6 wildcard, whether it takes IPv4 too; `None` elsewhere, or where it is not known.
    pub dual_stack: Option<bool>,
    /// The user id that created it, on systems that have such ids.
    pub uid: Option<u32>,
    /// That user's name.
    pub user: Option<String>,
    /// The network namespace; `None` for the caller's own.
    pub namespace: Option<Namespace>,
    /// The service in whose control group it was made, where the system tells: known even where no
    /// holder can be seen.
    pub made_in: Option<ProcessService>,
    /// What it is for, where systemd holds it to start a service.
    pub activation: Option<Activation>,
    /// The connections that wait to be accepted, where the system tells.
    pub accept_queue: Option<AcceptQueue>,
    /// Its connections, where they were counted.
    pub connections: Option<Connections>,
}

impl Socket {
    /// A socket of which no more is known.
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

    /// Whether a process of the user who made the socket is among these. Where not, as when a
    /// master's workers run as another user, one that was not seen may hold it too. True where the
    /// system does not tell who made it.
    pub fn has_maker_among<'a>(&self, mut holders: impl Iterator<Item = &'a Process>) -> bool {
        self.uid.is_none() || holders.any(|holder| holder.uid == self.uid)
    }
}

/// An inclusive range of ports; one port is a range of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "UncheckedRange")]
pub struct PortRange {
    /// The lowest port.
    pub first: u16,
    /// The highest port, never below `first`.
    pub last: u16,
}

/// A range as a recording has it: its ends may be in any order.
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
    /// A range of one port.
    #[must_use]
    pub fn one(port: u16) -> PortRange {
        PortRange { first: port, last: port }
    }

    /// The port, where the range is of one.
    #[must_use]
    pub fn single(self) -> Option<u16> {
        (self.first == self.last).then_some(self.first)
    }

    /// Every port.
    pub const ALL: PortRange = PortRange { first: 0, last: u16::MAX };

    /// Whether `port` lies in the range.
    #[must_use]
    pub fn contains(self, port: u16) -> bool {
        (self.first..=self.last).contains(&port)
    }

    /// Whether the two have a port in common.
    #[must_use]
    pub fn overlaps(self, other: PortRange) -> bool {
        self.common(other).is_some()
    }

    /// The ports that the two have in common.
    #[must_use]
    pub fn common(self, other: PortRange) -> Option<PortRange> {
        let common = PortRange { first: self.first.max(other.first), last: self.last.min(other.last) };
        (common.first <= common.last).then_some(common)
    }

    /// Reads `1538` or `27000-27009`. `None` for anything else: no sign, no blank, no backwards range.
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
