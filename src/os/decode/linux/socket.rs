//! What only Linux reports of a socket, and the numbers of its states.

use crate::os::socket_record::{SocketRecord, TcpState};

/// A socket as Linux reports it, by `sock_diag` or in `/proc/net`.
pub type LinuxSocket = SocketRecord<LinuxKey>;

/// What ties a socket to its holders, and to the service that made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LinuxKey {
    /// Its number in the socket file system; `None` where it belongs to no file any more.
    pub inode: Option<u32>,
    /// The control group it was made in (version 2; Linux 5.8).
    pub cgroup: Option<u64>,
}

/// The state that the kernel gives this number (`include/net/tcp_states.h`).
pub(in crate::os::decode) fn tcp_state(number: u8) -> Option<TcpState> {
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
