//! The part of a socket record that only Linux has, and the numbers of its states.

use crate::os::socket_record::{SocketRecord, TcpState};

/// A socket as Linux reports it, by `sock_diag` or in `/proc/net`.
pub type LinuxSocket = SocketRecord<LinuxKey>;

/// Identifies the holders of a socket, and the service that created it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LinuxKey {
    /// The number in the socket file system; `None` if the socket no longer belongs to a file.
    pub inode: Option<u32>,
    /// The control group that the socket was created in (version 2; Linux 5.8).
    pub cgroup: Option<u64>,
    /// Whether it may receive at addresses of other machines (`IP_TRANSPARENT`; reported since Linux 5.10).
    pub transparent: Option<bool>,
}

/// The states by number (`include/net/tcp_states.h`).
pub(in crate::os::decode) fn tcp_state(number: u8) -> Option<TcpState> {
    Some(match number {
        1 => TcpState::Established,
        2 => TcpState::SynSent,
        // The second is a handshake that a listener has begun.
        3 | 12 => TcpState::SynReceived,
        4 => TcpState::FinWait1,
        5 => TcpState::FinWait2,
        9 => TcpState::LastAck,
        11 => TcpState::Closing,
        6 => TcpState::TimeWait,
        // The second is bound and inactive.
        7 | 13 => TcpState::Closed,
        8 => TcpState::CloseWait,
        10 => TcpState::Listening,
        _ => return None,
    })
}
