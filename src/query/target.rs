//! What was typed to list: ports, or a name.

use std::fmt;

use super::address::Address;
use crate::model::{PortRange, Protocol};

/// Ports, of one protocol or of both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ports {
    pub range: PortRange,
    /// `None` for both.
    pub protocol: Option<Protocol>,
}

/// Where something is sent.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Destination {
    /// `*`: any address.
    Any,
    Ip(Address),
    /// `localhost`.
    Loopback,
    /// A machine by its name, which is not looked up.
    Named(String),
}

/// An address with a port, as in `127.0.0.1:80` or a URL.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Place {
    pub typed: String,
    pub destination: Destination,
}

/// One thing to list.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Target {
    Ports(Ports),
    /// Ports at an address.
    At(Place, Ports),
    /// A service or a process by name.
    Name {
        word: String,
        protocol: Option<Protocol>,
        /// The ports of the service of that name; empty where there is none.
        ports: Vec<Ports>,
        /// Whether the registry calls the service otherwise. The name is then as well the beginning of a program's, as
        /// `mongo` is of mongod's.
        is_other_name: bool,
        /// The ids of the license managers of the vendor or product of that name; empty where there is none.
        managers: Vec<String>,
        /// The file names of their own programs, on any system; or the path without links, of a word that is a path.
        programs: Vec<String>,
        /// Whether it is the path of a folder.
        is_folder: bool,
    },
}

impl Target {
    /// Whether it is one port, or one name.
    #[must_use]
    pub fn is_single(&self) -> bool {
        match self {
            Target::Ports(Ports { range, .. }) | Target::At(_, Ports { range, .. }) => {
                range.single().is_some()
            }
            Target::Name { .. } => true,
        }
    }

    /// Whether it is the name of a service or a product.
    pub(super) fn is_known(&self) -> bool {
        match self {
            Target::Name { ports, managers, is_other_name, .. } => {
                !is_other_name && (!ports.is_empty() || !managers.is_empty())
            }
            Target::Ports(_) | Target::At(..) => false,
        }
    }
}

/// As one would type it.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let protocol = match self {
            Target::Ports(Ports { range, protocol }) => {
                write!(f, "{range}")?;
                protocol
            }
            Target::At(place, _) => return f.write_str(&place.typed),
            Target::Name { word, protocol, .. } => {
                write!(f, "{word}")?;
                protocol
            }
        };
        protocol.map_or(Ok(()), |protocol| write!(f, "/{protocol}"))
    }
}

impl Ports {
    #[must_use]
    pub fn have(&self, protocol: Protocol, port: u16) -> bool {
        self.range.contains(port) && self.protocol.is_none_or(|only| only == protocol)
    }
}
