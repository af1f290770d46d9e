//! Asks the kernel for its sockets by netlink (`sock_diag(7)`): one request, one dump.

use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::netlink::{SOCK_DIAG, SocketAddrNetlink};
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, sendto, socket_with};

use super::super::decode::inet_diag::{self, Message, Query};
use super::super::decode::kernel_socket::KernelSocket;

/// The kernel answers at once; whatever stands between may not.
const PATIENCE: Duration = Duration::from_secs(5);
/// The kernel fills no more than this with one part of a dump (`netlink_dump` in
/// `net/netlink/af_netlink.c`).
const DATAGRAM: usize = 64 * 1024;
/// So often a dump is asked for that was disturbed by changes of the table.
const TRIES: usize = 4;

/// A netlink socket, which belongs to the network namespace of the thread that opened it.
pub(super) struct SockDiag {
    socket: OwnedFd,
    sequence: u32,
    buffer: Vec<u8>,
}

/// What a dump gave.
pub(super) struct Dump {
    pub(super) sockets: Vec<KernelSocket>,
    /// Why it may not be all.
    pub(super) lacking: Option<&'static str>,
}

const INTERRUPTED: &str = "the table changed all the while it was read";
const MALFORMED: &str = "a part of it was not understood";

impl SockDiag {
    pub(super) fn open() -> io::Result<SockDiag> {
        let socket =
            socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, Some(SOCK_DIAG))?;
        set_socket_timeout(&socket, Timeout::Recv, Some(PATIENCE))?;
        Ok(SockDiag { socket, sequence: 0, buffer: vec![0; DATAGRAM] })
    }

    /// Reads one dump to its end, once more where the table changed too much meanwhile.
    ///
    /// # Errors
    ///
    /// Where the kernel refuses: it may not be asked, or has no such table.
    pub(super) fn dump(&mut self, query: &Query) -> io::Result<Dump> {
        until_whole(|| self.dump_once(query))
    }

    fn dump_once(&mut self, query: &Query) -> io::Result<Dump> {
        self.sequence += 1;
        let request = inet_diag::request(query, self.sequence);
        sendto(&self.socket, &request, SendFlags::empty(), &SocketAddrNetlink::new(0, 0))?;
        let mut dump = Dump { sockets: Vec::new(), lacking: None };
        loop {
            // With TRUNC it returns how long the datagram is, whatever of it fits.
            let (_, length) = match recv(&self.socket, &mut self.buffer[..], RecvFlags::TRUNC) {
                Err(Errno::INTR) => continue,
                // What did not fit into the socket's own buffer is lost.
                Err(Errno::NOBUFS) => {
                    dump.lacking = Some(INTERRUPTED);
                    return Ok(dump);
                }
                received => received?,
            };
            let datagram = inet_diag::read(self.buffer.get(..length).unwrap_or(&self.buffer), self.sequence);
            if datagram.interrupted {
                dump.lacking = Some(INTERRUPTED);
            } else if (datagram.malformed || length > self.buffer.len()) && dump.lacking.is_none() {
                dump.lacking = Some(MALFORMED);
            }
            for message in datagram.messages {
                match message {
                    Message::Socket(socket) => dump.sockets.push(socket),
                    Message::Done => return Ok(dump),
                    Message::Failed(errno) => return Err(io::Error::from_raw_os_error(errno)),
                }
            }
            if length == 0 {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
            }
        }
    }
}

/// Asks again for a dump that was interrupted, some times.
fn until_whole(mut dump: impl FnMut() -> io::Result<Dump>) -> io::Result<Dump> {
    let mut last = dump()?;
    for _ in 1..TRIES {
        if last.lacking != Some(INTERRUPTED) {
            break;
        }
        last = dump()?;
    }
    Ok(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes of dumps that lack this, one after the other, and how many were asked for.
    fn of(lacking: &[Option<&'static str>]) -> (Option<&'static str>, usize) {
        let mut asked = 0;
        let dump = until_whole(|| {
            let lacking = lacking[asked.min(lacking.len() - 1)];
            asked += 1;
            Ok(Dump { sockets: Vec::new(), lacking })
        });
        (dump.unwrap().lacking, asked)
    }

    #[test]
    fn an_interrupted_dump_is_asked_for_again_and_then_is_a_gap() {
        assert_eq!(of(&[None]), (None, 1));
        assert_eq!(of(&[Some(INTERRUPTED), None]), (None, 2));
        assert_eq!(of(&[Some(INTERRUPTED)]), (Some(INTERRUPTED), TRIES));
        assert_eq!(of(&[Some(MALFORMED)]), (Some(MALFORMED), 1), "it would be so again");
    }
}
