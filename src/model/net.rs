//! Transport protocols and address families.

use std::fmt;
use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// Multipath TCP too: every client of TCP reaches it.
    Tcp,
    Udp,
    /// UDP that also delivers damaged data (RFC 3828).
    Udplite,
    Sctp,
}

impl Protocol {
    /// The protocols that can be asked about. Whether a port is free is said of these alone.
    pub const ASKABLE: [Protocol; 2] = [Protocol::Tcp, Protocol::Udp];

    /// The lower-case name that the JSON, the table and `WHAT` use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Protocol::Tcp => "tcp",
            Protocol::Udp => "udp",
            Protocol::Udplite => "udplite",
            Protocol::Sctp => "sctp",
        }
    }

    /// The name that people use.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Protocol::Tcp => "TCP",
            Protocol::Udp => "UDP",
            Protocol::Udplite => "UDP-Lite",
            Protocol::Sctp => "SCTP",
        }
    }

    /// The protocol whose entries in the registry hold for it (RFC 3828, section 6).
    #[must_use]
    pub fn registered_as(self) -> Protocol {
        match self {
            Protocol::Udplite => Protocol::Udp,
            own => own,
        }
    }

    /// The protocol of this name, in any case, if it can be asked about.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Protocol> {
        Protocol::ASKABLE.into_iter().find(|p| name.eq_ignore_ascii_case(p.name()))
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
