//! What a system reports about ports that nothing listens on.

use std::fmt;
use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use super::word::words;
use super::{Family, Namespace, Os, Pid, PortRange, Protocol};

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

/// The ports that a system hands out where it does not say: those of Linux (`ip_local_port_range` in ip(7)), and those of
/// RFC 6335, which the others use.
#[must_use]
pub fn usual_ephemeral(os: Os) -> PortRange {
    match os {
        Os::Linux => PortRange { first: 32768, last: 60999 },
        Os::Windows | Os::Macos => PortRange { first: 49152, last: 65535 },
    }
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

words! {
    /// The state of a socket with a peer (RFC 9293, section 3.3.2), those that hold the port longest first.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum ConnectionState {
        /// UDP
        Connected = "connected",
        Established = "established",
        CloseWait = "close-wait",
        SynSent = "syn-sent",
        SynRecv = "syn-recv",
        #[serde(rename = "fin-wait-1")]
        FinWait1 = "fin-wait-1",
        #[serde(rename = "fin-wait-2")]
        FinWait2 = "fin-wait-2",
        Closing = "closing",
        LastAck = "last-ack",
        TimeWait = "time-wait",
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
