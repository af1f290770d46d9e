//! Transport protocols and address families.

use std::fmt;
use std::net::SocketAddr;

use serde::Serialize;

use super::word::{read_as_word, words};

words! {
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum Protocol {
        /// Multipath TCP too
        Tcp = "tcp",
        Udp = "udp",
        /// UDP-Lite, on Linux
        Udplite = "udplite",
        /// on Linux
        Sctp = "sctp",
    }
}

read_as_word!(Protocol);

impl Protocol {
    /// The protocols that can be asked about. Whether a port is free is said of these alone.
    pub const ASKABLE: [Protocol; 2] = [Protocol::Tcp, Protocol::Udp];

    /// The lower-case name that the JSON, the table and `WHAT` use.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.code()
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

words! {
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum Family {
        Ipv4 = "ipv4",
        Ipv6 = "ipv6",
    }
}

read_as_word!(Family);

impl Family {
    #[must_use]
    pub fn of(address: SocketAddr) -> Family {
        if address.is_ipv4() { Family::Ipv4 } else { Family::Ipv6 }
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
