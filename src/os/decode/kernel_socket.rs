//! A socket as Linux's kernel reports it, by `sock_diag` or in `/proc/net`.

use std::net::SocketAddr;

use crate::model::ConnectionState;

/// What a socket is doing (`include/net/tcp_states.h`). UDP uses `Closed` for a socket without a
/// peer, and `Established` for one with a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TcpState {
    /// Connected.
    Established,
    /// Its request for a connection is not answered yet.
    SynSent,
    /// It waits for the end of a handshake.
    SynReceived,
    /// It has ended its side of a connection, or both sides are ending it.
    Closing,
    /// It is over, and its ports rest for a minute.
    TimeWait,
    /// Not connected.
    Closed,
    /// The other side has ended the connection, this one has not.
    CloseWait,
    /// It takes connections.
    Listening,
}

impl TcpState {
    /// The state that the kernel gives this number (`include/net/tcp_states.h`).
    pub(in crate::os::decode) fn from_number(number: u8) -> Option<TcpState> {
        Some(match number {
            1 => TcpState::Established,
            2 => TcpState::SynSent,
            // A handshake that a listener has begun has a number of its own.
            3 | 12 => TcpState::SynReceived,
            4 | 5 | 9 | 11 => TcpState::Closing,
            6 => TcpState::TimeWait,
            // What is bound and inactive calls itself closed.
            7 | 13 => TcpState::Closed,
            8 => TcpState::CloseWait,
            10 => TcpState::Listening,
            _ => return None,
        })
    }

    /// What a socket in this state is that has a peer, or had one; `None` for one that has none.
    #[must_use]
    pub fn connection(self) -> Option<ConnectionState> {
        Some(match self {
            TcpState::Established | TcpState::CloseWait => ConnectionState::Connected,
            TcpState::SynSent | TcpState::SynReceived => ConnectionState::Requesting,
            TcpState::TimeWait => ConnectionState::TimeWait,
            TcpState::Closing => ConnectionState::Closing,
            TcpState::Closed | TcpState::Listening => return None,
        })
    }
}

/// One socket as the kernel reports it. IPv4-mapped addresses are given as IPv4.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KernelSocket {
    /// What it is doing.
    pub state: TcpState,
    /// Its own address and port; an IPv4-mapped address as IPv4.
    pub local: SocketAddr,
    /// Its peer's; port 0 where it has none.
    pub peer: SocketAddr,
    /// Whether it is a socket of the IPv6 family.
    pub ipv6: bool,
    /// The index of the interface it is bound to; `None` for any.
    pub interface: Option<u32>,
    /// How often the last segment was sent again without an answer.
    pub retransmits: u8,
    /// For a listener: connections that wait to be accepted.
    pub waiting: u32,
    /// For a listener: how many may wait (its backlog), where that is told.
    pub limit: Option<u32>,
    /// The user that made it.
    pub uid: u32,
    /// Its number in the socket file system; `None` where it belongs to no file any more.
    pub inode: Option<u32>,
    /// Whether an IPv6 socket takes nothing by IPv4; told of those without a peer.
    pub v6only: Option<bool>,
    /// The control group it was made in (version 2; Linux 5.8).
    pub cgroup: Option<u64>,
}
