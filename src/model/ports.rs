//! What a system says of ports that nothing listens on.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use super::{Family, Pid, PortRange, Protocol};

/// The rules of a system for its ports (`ip_sysctl` in the documentation of Linux).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PortRules {
    /// The ports given to programs that ask for none in particular.
    pub ephemeral: Option<PortRange>,
    /// Those that are not given to such programs, each kind of them apart; `None` where it was not looked at, or
    /// is not known.
    pub excluded: Option<Vec<ExcludedPorts>>,
    /// Ports below this need a privilege to be opened.
    pub unprivileged_from: Option<u16>,
}

/// Ports that no program is given that asks for none in particular.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExcludedPorts {
    /// The ports.
    pub ports: PortRange,
    /// The protocol; `None` for both.
    pub protocol: Option<Protocol>,
    /// The address family; `None` for both.
    pub family: Option<Family>,
    /// Whether a program that asks for one of them by number gets it: an administrator keeps them for
    /// such. Where not, somebody has reserved them, and all others are refused.
    pub by_number: bool,
}

/// A socket with a peer whose own port was asked about: what is left of a listener, or a client's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PortConnection {
    /// Its protocol.
    pub protocol: Protocol,
    /// What it is doing.
    pub state: ConnectionState,
    /// Its own address and port.
    pub local: SocketAddr,
    /// Its peer's.
    pub peer: SocketAddr,
    /// Who is seen to hold it.
    pub pids: Vec<Pid>,
}

/// What a socket with a peer is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConnectionState {
    /// It is connected, or was and is not yet closed on this side.
    Connected,
    /// It waits for an answer to its request for a connection.
    Requesting,
    /// It is being closed.
    Closing,
    /// It is over; the port rests (RFC 9293, section 3.6.1; 60 seconds on Linux).
    TimeWait,
}

/// A request for a connection that is not answered: it was sent again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnansweredAttempt {
    /// Where it was sent from.
    pub local: SocketAddr,
    /// Where it was sent.
    pub remote: SocketAddr,
    /// How often it was sent again.
    pub retransmits: u8,
    /// The number of the user who asks.
    pub uid: u32,
    /// That user's name.
    pub user: Option<String>,
    /// Who is seen to hold the socket.
    pub pids: Vec<Pid>,
}
