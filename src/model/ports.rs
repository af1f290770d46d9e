//! What a system reports about ports that nothing listens on.

use std::fmt;
use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use super::{Family, Namespace, Pid, PortRange, Protocol};

/// The system's rules for ports (Linux: `Documentation/networking/ip-sysctl.rst`).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PortRules {
    /// The ports that the system hands out to programs that request none by number.
    pub ephemeral: Option<PortRange>,
    /// The ports that it does not hand out that way, one entry for each range and kind; `None` where they were not
    /// read, or are not known.
    pub excluded: Option<Vec<ExcludedPorts>>,
    /// To open a port below this one, a program needs a privilege.
    pub unprivileged_from: Option<u16>,
}

/// Ports that the system does not hand out to programs that request none by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExcludedPorts {
    pub ports: PortRange,
    /// `None` for both.
    pub protocol: Option<Protocol>,
    /// `None` for both.
    pub family: Option<Family>,
    /// Whether a program that requests one of them by number gets it, because an administrator keeps them for
    /// such programs. If not, somebody has reserved them, and everybody else is refused.
    pub by_number: bool,
}

/// `1461-1560/tcp`; without a protocol where it is for both.
impl fmt::Display for ExcludedPorts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.protocol {
            Some(protocol) => write!(f, "{}/{protocol}", self.ports),
            None => write!(f, "{}", self.ports),
        }
    }
}

/// A socket with a peer, on a port of a detail view: what is left of a listener, or a client's socket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PortConnection {
    pub protocol: Protocol,
    pub state: ConnectionState,
    pub local: SocketAddr,
    pub peer: SocketAddr,
    /// The visible holders.
    pub pids: Vec<Pid>,
    /// The network namespace; `None` for the caller's own.
    pub namespace: Option<Namespace>,
}

/// The state of a socket with a peer (RFC 9293, section 3.3.2), those that hold the port longest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConnectionState {
    /// UDP with a peer.
    Connected,
    Established,
    /// The other side has closed the connection, this one has not.
    CloseWait,
    /// It has sent a connection request that has no answer yet.
    SynSent,
    /// Its handshake is not complete.
    SynRecv,
    #[serde(rename = "fin-wait-1")]
    FinWait1,
    #[serde(rename = "fin-wait-2")]
    FinWait2,
    Closing,
    LastAck,
    /// Closed; TCP still holds the port (RFC 9293, section 3.6.1; for 60 seconds on Linux).
    TimeWait,
}

impl ConnectionState {
    /// The word in the JSON, the same as in ss(8).
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            ConnectionState::Connected => "connected",
            ConnectionState::Established => "established",
            ConnectionState::CloseWait => "close-wait",
            ConnectionState::SynSent => "syn-sent",
            ConnectionState::SynRecv => "syn-recv",
            ConnectionState::FinWait1 => "fin-wait-1",
            ConnectionState::FinWait2 => "fin-wait-2",
            ConnectionState::Closing => "closing",
            ConnectionState::LastAck => "last-ack",
            ConnectionState::TimeWait => "time-wait",
        }
    }
}

impl PortConnection {
    /// Its two ends, and what it is doing.
    #[must_use]
    pub fn in_words(&self) -> String {
        let PortConnection { protocol, state, local, peer, namespace, .. } = self;
        let elsewhere = namespace
            .as_ref()
            .map_or(String::new(), |namespace| format!(" in network namespace {}", namespace.called()));
        let (what, until) = match state {
            ConnectionState::Connected | ConnectionState::Established | ConnectionState::CloseWait => {
                ("connected to", "")
            }
            ConnectionState::SynSent | ConnectionState::SynRecv => ("unanswered connection request to", ""),
            ConnectionState::FinWait1
            | ConnectionState::FinWait2
            | ConnectionState::Closing
            | ConnectionState::LastAck => ("closing a connection to", ""),
            ConnectionState::TimeWait => (
                "closed connection to",
                " (TIME_WAIT): for up to a minute, only programs that set SO_REUSEADDR can open the port",
            ),
        };
        format!("{what} {peer} from {local}/{protocol}{elsewhere}{until}")
    }
}

/// A connection request without an answer, which was sent again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnansweredAttempt {
    pub local: SocketAddr,
    pub remote: SocketAddr,
    pub retransmits: u8,
    pub uid: u32,
    /// The name of that user.
    pub user: Option<String>,
    /// The visible holders of the socket.
    pub pids: Vec<Pid>,
}
