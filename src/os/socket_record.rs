//! A socket as a kernel reports it: the same record on every system.

use std::net::SocketAddr;
use std::num::NonZeroU32;

use crate::model::{
    AcceptQueue, ConnectionState, Pid, PortConnection, Protocol, Socket, SocketId, State, UnansweredAttempt,
};

/// The state of a TCP socket (RFC 9293, section 3.3.2). A UDP socket is `Established` if it has a peer, or else
/// `Closed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TcpState {
    Established,
    /// It has sent a SYN that has no answer yet.
    SynSent,
    /// Its handshake is not complete.
    SynReceived,
    /// It has closed its side, and the other side does not know that yet.
    FinWait1,
    /// It has closed its side, and the other side knows that.
    FinWait2,
    /// Both sides have closed at the same time.
    Closing,
    /// It has closed its side after the other side.
    LastAck,
    TimeWait,
    /// Not connected.
    Closed,
    /// The other side has closed the connection, this one has not.
    CloseWait,
    Listening,
}

impl TcpState {
    /// The state of a TCP connection; `None` for a socket that has no peer and had none.
    #[must_use]
    pub fn connection(self) -> Option<ConnectionState> {
        Some(match self {
            TcpState::Established => ConnectionState::Established,
            TcpState::SynSent => ConnectionState::SynSent,
            TcpState::SynReceived => ConnectionState::SynRecv,
            TcpState::FinWait1 => ConnectionState::FinWait1,
            TcpState::FinWait2 => ConnectionState::FinWait2,
            TcpState::Closing => ConnectionState::Closing,
            TcpState::LastAck => ConnectionState::LastAck,
            TcpState::TimeWait => ConnectionState::TimeWait,
            TcpState::CloseWait => ConnectionState::CloseWait,
            TcpState::Closed | TcpState::Listening => return None,
        })
    }
}

/// A socket as a kernel reports it. By its `Key`, which differs from system to system, its holders are found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SocketRecord<Key> {
    pub protocol: Protocol,
    pub state: TcpState,
    /// IPv4, if it is an IPv4-mapped address.
    pub local: SocketAddr,
    /// `None` if the state has no peer, or the system does not report it.
    pub peer: Option<SocketAddr>,
    /// The index of the only interface that it uses: on Linux by `SO_BINDTODEVICE`, on macOS for a link-local
    /// address. `None` for all interfaces, or if the system does not report it.
    pub interface: Option<NonZeroU32>,
    /// For an IPv6 wildcard, whether it takes IPv4 too; `None` for others, or if the system does not report it.
    pub dual_stack: Option<bool>,
    /// The user that created it, if the system reports one.
    pub uid: Option<u32>,
    /// For a TCP listener, if the system reports it.
    pub accept_queue: Option<AcceptQueue>,
    /// How often TCP has sent the last segment again without an answer, if the system reports it.
    pub retransmits: Option<u8>,
    pub key: Key,
}

impl<Key> SocketRecord<Key> {
    #[must_use]
    pub fn is_established_tcp(&self) -> bool {
        self.protocol == Protocol::Tcp && self.state == TcpState::Established
    }

    /// The state it is in as a connection; `None` for a socket that has no peer and had none.
    #[must_use]
    pub fn connection(&self) -> Option<ConnectionState> {
        let state = self.state.connection()?;
        Some(match self.protocol {
            Protocol::Tcp | Protocol::Sctp => state,
            Protocol::Udp | Protocol::Udplite => ConnectionState::Connected,
        })
    }

    /// The state to list it in: it can receive, or it occupies its port. `None` for every other socket.
    #[must_use]
    pub fn listed_state(&self) -> Option<State> {
        match (self.protocol, self.state) {
            _ if self.local.port() == 0 => None,
            (Protocol::Udp | Protocol::Udplite, TcpState::Closed) => Some(State::Unconnected),
            (Protocol::Tcp | Protocol::Sctp, TcpState::Listening) => Some(State::Listen),
            (Protocol::Tcp, TcpState::Closed) => Some(State::Bound),
            _ => None,
        }
    }

    /// The socket to list in this state, still without a number and without the names of its interface and user.
    #[must_use]
    pub fn to_socket(&self, state: State) -> Socket {
        Socket {
            dual_stack: self.dual_stack,
            uid: self.uid,
            accept_queue: self.accept_queue,
            ..Socket::new(SocketId(0), self.protocol, state, self.local)
        }
    }

    /// The connection, held by these processes; `None` if this is not a connection.
    #[must_use]
    pub fn to_port_connection(&self, pids: Vec<Pid>) -> Option<PortConnection> {
        let (protocol, local) = (self.protocol, self.local);
        let (state, peer) = (self.connection()?, self.peer?);
        Some(PortConnection { protocol, state, local, peer, pids, namespace: None })
    }

    /// The unanswered attempt of a user with this name, held by these processes; `None` if the peer, the user or the
    /// number of retransmits is unknown.
    #[must_use]
    pub fn to_unanswered(&self, user: Option<String>, pids: Vec<Pid>) -> Option<UnansweredAttempt> {
        let (remote, retransmits, uid) = (self.peer?, self.retransmits?, self.uid?);
        Some(UnansweredAttempt { local: self.local, remote, retransmits, uid, user, pids })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_listed_state_follows_from_protocol_state_and_port() {
        let listed = |protocol, state, local: &str| {
            let record = SocketRecord {
                protocol,
                state,
                local: local.parse().unwrap(),
                peer: None,
                interface: None,
                dual_stack: None,
                uid: None,
                accept_queue: None,
                retransmits: None,
                key: (),
            };
            record.listed_state()
        };
        let local = "127.0.0.1:80";
        assert_eq!(listed(Protocol::Tcp, TcpState::Listening, local), Some(State::Listen));
        assert_eq!(listed(Protocol::Tcp, TcpState::Closed, local), Some(State::Bound));
        assert_eq!(listed(Protocol::Udp, TcpState::Closed, local), Some(State::Unconnected));
        assert_eq!(listed(Protocol::Udplite, TcpState::Closed, local), Some(State::Unconnected));
        assert_eq!(listed(Protocol::Sctp, TcpState::Listening, local), Some(State::Listen));
        assert_eq!(listed(Protocol::Tcp, TcpState::Closed, "0.0.0.0:0"), None, "it has no port");
        assert_eq!(listed(Protocol::Tcp, TcpState::Established, local), None);
        assert_eq!(listed(Protocol::Udp, TcpState::Established, local), None);
    }
}
