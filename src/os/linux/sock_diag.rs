//! Requests the kernel's socket tables over netlink (`sock_diag(7)`): one request, one dump.

use std::collections::HashSet;
use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::netlink::SOCK_DIAG;
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, send, socket_with};

use super::super::decode::linux::inet_diag::{self, Message, Query};
use super::super::decode::linux::socket::LinuxSocket;
use crate::model::Protocol;

/// The kernel answers at once; a sandbox between may not.
const PATIENCE: Duration = Duration::from_secs(5);
/// The kernel never sends a longer part of a dump, in bytes (`netlink_dump` in
/// `net/netlink/af_netlink.c`).
const DATAGRAM: usize = 64 * 1024;
/// A shorter part, in bytes, has room for one more socket (`NLMSG_GOODSIZE` in `include/linux/netlink.h` is 3.7 KB): the kernel
/// has sent it because a table was at its end.
const FULL: usize = 3 * 1024;
/// How often a dump is requested if changes of the table interrupt it.
const TRIES: usize = 4;

/// A netlink socket, which belongs to the network namespace of the thread that opened it.
pub(super) struct SockDiag {
    socket: OwnedFd,
    sequence: u32,
    buffer: Vec<u8>,
}

/// The result of a dump.
pub(super) struct Dump {
    pub(super) sockets: Vec<LinuxSocket>,
    /// Why sockets may be missing.
    pub(super) lacking: Option<&'static str>,
    /// The kernel may have stopped within a slot of its table because a part was full. It goes on there after a number of
    /// sockets, so that it leaves sockets out if others before them were closed meanwhile (`udp_dump` in
    /// `net/ipv4/udp_diag.c`, `inet_diag_dump_icsk` in `net/ipv4/inet_diag.c`). The slots of connections are too short.
    may_skip: bool,
}

const INTERRUPTED: &str = "the table kept changing while it was read";
const MALFORMED: &str = "the kernel sent a part in an unknown format";

impl SockDiag {
    pub(super) fn open() -> io::Result<SockDiag> {
        let socket =
            socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, Some(SOCK_DIAG))?;
        set_socket_timeout(&socket, Timeout::Recv, Some(PATIENCE))?;
        Ok(SockDiag { socket, sequence: 0, buffer: vec![0; DATAGRAM] })
    }

    /// Reads a whole dump. Requests it again if the table changed meanwhile, and adds what a second one has if the kernel may
    /// have left some out.
    ///
    /// # Errors
    ///
    /// If the kernel refuses: `sock_diag` is not allowed, or there is no such table.
    pub(super) fn dump(&mut self, query: &Query) -> io::Result<Dump> {
        let mut dump = until_whole(|| self.dump_once(query))?;
        if dump.may_skip {
            dump.add_new_of(until_whole(|| self.dump_once(query))?);
        }
        Ok(dump)
    }

    fn dump_once(&mut self, query: &Query) -> io::Result<Dump> {
        self.sequence += 1;
        let request = inet_diag::request(query, self.sequence);
        // Without an address, a message goes to the kernel.
        send(&self.socket, &request, SendFlags::empty())?;
        let socket = &self.socket;
        // With TRUNC it returns the length of the datagram, even if the buffer is too small.
        let receive = |buffer: &mut [u8]| Ok(recv(socket, buffer, RecvFlags::TRUNC)?.1);
        read_dump(query.table.protocol(), self.sequence, &mut self.buffer, receive)
    }
}

impl Dump {
    /// Adds the sockets that only a second dump has. One without an inode is left out: it may be in both.
    fn add_new_of(&mut self, second: Dump) {
        let key = |socket: &LinuxSocket| Some((socket.key.inode?, socket.local));
        let known: HashSet<(u32, SocketAddr)> = self.sockets.iter().filter_map(key).collect();
        let is_new = |socket: &LinuxSocket| key(socket).is_some_and(|key| !known.contains(&key));
        self.sockets.extend(second.sockets.into_iter().filter(is_new));
        self.lacking = self.lacking.or(second.lacking);
    }
}

/// Reads the datagrams of one dump to its end. `receive` fills the buffer and returns the length of the
/// datagram.
fn read_dump(
    protocol: Protocol,
    sequence: u32,
    buffer: &mut [u8],
    mut receive: impl FnMut(&mut [u8]) -> Result<usize, Errno>,
) -> io::Result<Dump> {
    let mut dump = Dump { sockets: Vec::new(), lacking: None, may_skip: false };
    loop {
        let length = match receive(buffer) {
            Err(Errno::INTR) => continue,
            // The socket's own buffer was full, and a part is lost.
            Err(Errno::NOBUFS) => {
                dump.lacking = Some(INTERRUPTED);
                return Ok(dump);
            }
            Ok(0) => return Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
            received => received?,
        };
        let datagram = inet_diag::read(protocol, buffer.get(..length).unwrap_or(buffer), sequence);
        if datagram.interrupted {
            dump.lacking = Some(INTERRUPTED);
        } else if (datagram.malformed || length > buffer.len()) && dump.lacking.is_none() {
            dump.lacking = Some(MALFORMED);
        }
        for message in datagram.messages {
            match message {
                Message::Socket(socket) => dump.sockets.push(socket),
                Message::Done => return Ok(dump),
                Message::Failed(errno) => return Err(io::Error::from_raw_os_error(errno)),
            }
        }
        let is_of_connection =
            |last: &LinuxSocket| last.protocol == Protocol::Tcp && last.state.connection().is_some();
        dump.may_skip |= length >= FULL && !dump.sockets.last().is_some_and(is_of_connection);
    }
}

/// Repeats an interrupted dump, up to [`TRIES`] times.
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

    /// The result of dumps that are incomplete for these reasons, one after the other, and how many were
    /// requested.
    fn of(lacking: &[Option<&'static str>]) -> (Option<&'static str>, usize) {
        let mut requested = 0;
        let dump = until_whole(|| {
            let lacking = lacking[requested.min(lacking.len() - 1)];
            requested += 1;
            Ok(Dump { sockets: Vec::new(), lacking, may_skip: false })
        });
        (dump.unwrap().lacking, requested)
    }

    /// A message of sequence 7: kind, flags and body.
    fn message(kind: u16, flags: u16, body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(16 + body.len()).unwrap();
        let mut bytes = length.to_ne_bytes().to_vec();
        bytes.extend(kind.to_ne_bytes());
        bytes.extend(flags.to_ne_bytes());
        bytes.extend(7_u32.to_ne_bytes());
        bytes.extend([0; 4]);
        bytes.extend(body);
        bytes
    }

    /// A listener on 127.0.0.1:9, of inode 5.
    fn listener() -> Vec<u8> {
        let mut body = vec![0; 72];
        body[..2].copy_from_slice(&[2, 10]);
        body[4..6].copy_from_slice(&9_u16.to_be_bytes());
        body[8..12].copy_from_slice(&[127, 0, 0, 1]);
        body[68..72].copy_from_slice(&5_u32.to_ne_bytes());
        message(20, 2, &body)
    }

    /// A connection with the same address.
    fn connection() -> Vec<u8> {
        let mut message = listener();
        message[17] = 1;
        message
    }

    fn done() -> Vec<u8> {
        message(3, 2, &[0; 4])
    }

    /// The result of receiving these datagrams or errors, one after the other, into a buffer of this size.
    fn received(
        size: usize,
        datagrams: Vec<Result<Vec<u8>, Errno>>,
    ) -> io::Result<(usize, Option<&'static str>)> {
        let mut datagrams = datagrams.into_iter();
        let mut buffer = vec![0; size];
        let dump = read_dump(Protocol::Tcp, 7, &mut buffer, |buffer| {
            let datagram = datagrams.next().expect("it is read no further")?;
            let fits = datagram.len().min(buffer.len());
            buffer[..fits].copy_from_slice(&datagram[..fits]);
            Ok(datagram.len())
        })?;
        Ok((dump.sockets.len(), dump.lacking))
    }

    #[test]
    fn a_dump_is_read_to_its_end_and_what_disturbs_it_is_noted() {
        let of = |datagrams| received(256, datagrams).unwrap();
        assert_eq!(of(vec![Ok(listener()), Err(Errno::INTR), Ok(listener()), Ok(done())]), (2, None));
        let disturbed = message(3, 0x12, &[0; 4]);
        assert_eq!(of(vec![Ok(listener()), Ok(disturbed)]), (1, Some(INTERRUPTED)));
        assert_eq!(of(vec![Ok(listener()), Err(Errno::NOBUFS)]), (1, Some(INTERRUPTED)));
        assert_eq!(of(vec![Ok(vec![1, 2, 3]), Ok(done())]), (0, Some(MALFORMED)));
        let long = [listener(), listener(), listener()].concat();
        assert_eq!(of(vec![Ok(long), Ok(done())]), (2, Some(MALFORMED)), "what did not fit is missed");
    }

    #[test]
    fn a_dump_that_stopped_within_a_slot_may_have_left_a_socket_out() {
        let of = |messages: &[Vec<u8>]| {
            let mut datagrams = [messages.concat(), done()].into_iter();
            read_dump(Protocol::Tcp, 7, &mut vec![0; DATAGRAM], |buffer| {
                let datagram = datagrams.next().expect("it is read no further");
                buffer[..datagram.len()].copy_from_slice(&datagram);
                Ok(datagram.len())
            })
            .unwrap()
        };
        assert!(!of(&vec![listener(); 30]).may_skip, "it has room for one more");
        assert!(of(&vec![listener(); 40]).may_skip);
        assert!(!of(&[vec![listener(); 40], vec![connection()]].concat()).may_skip);
    }

    #[test]
    fn a_second_dump_adds_what_the_first_lacks() {
        let socket = |inode| {
            let read = inet_diag::read(Protocol::Tcp, &listener(), 7).messages.remove(0);
            let Message::Socket(mut socket) = read else { panic!("{read:?}") };
            socket.key.inode = inode;
            socket
        };
        let dump = |inodes: &[Option<u32>], lacking| Dump {
            sockets: inodes.iter().copied().map(socket).collect(),
            lacking,
            may_skip: true,
        };
        let mut first = dump(&[Some(1), None, Some(2)], None);
        first.add_new_of(dump(&[Some(2), Some(3), None], Some(INTERRUPTED)));
        let inodes: Vec<_> = first.sockets.iter().map(|socket| socket.key.inode).collect();
        assert_eq!(inodes, [Some(1), None, Some(2), Some(3)]);
        assert_eq!(first.lacking, Some(INTERRUPTED));
    }

    #[test]
    fn a_refusal_is_an_error_wherever_it_comes() {
        let refusal = message(2, 0, &(-1_i32).to_ne_bytes());
        for datagrams in
            [vec![Ok(refusal.clone())], vec![Ok(listener()), Ok(refusal)], vec![Err(Errno::PERM)]]
        {
            assert_eq!(received(256, datagrams).unwrap_err().raw_os_error(), Some(1));
        }
        let nothing = received(256, vec![Ok(Vec::new())]).unwrap_err();
        assert_eq!(nothing.kind(), io::ErrorKind::UnexpectedEof);
        assert_eq!(received(256, vec![Err(Errno::AGAIN)]).unwrap_err().kind(), io::ErrorKind::WouldBlock);
    }

    #[test]
    fn an_interrupted_dump_is_requested_again_and_then_is_a_gap() {
        assert_eq!(of(&[None]), (None, 1));
        assert_eq!(of(&[Some(INTERRUPTED), None]), (None, 2));
        assert_eq!(of(&[Some(INTERRUPTED)]), (Some(INTERRUPTED), TRIES));
        assert_eq!(of(&[Some(MALFORMED)]), (Some(MALFORMED), 1), "it would be so again");
    }
}
