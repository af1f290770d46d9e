//! Asks the kernel over netlink for what is not a table of sockets (`netlink(7)`).

use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{
    AddressFamily, Protocol, RecvFlags, SendFlags, SocketFlags, SocketType, recv, send, socket_with,
};

use super::super::decode::linux::netlink::{Ask, Part, read};

/// The kernel answers at once; a sandbox between may not.
const PATIENCE: Duration = Duration::from_secs(5);
/// The kernel never sends a longer part of a dump, in bytes.
const DATAGRAM: usize = 64 * 1024;
/// No longer answer is read, in bytes: anybody with a namespace may fill the kernel's tables.
const MOST: usize = 16 * 1024 * 1024;
/// How often a dump is requested if changes of the table interrupt it.
const TRIES: usize = 4;

/// A netlink socket, which belongs to the network namespace of the thread that opened it.
pub(super) struct Netlink {
    socket: OwnedFd,
    sequence: u32,
    buffer: Vec<u8>,
}

impl Netlink {
    pub(super) fn open(protocol: Option<Protocol>) -> io::Result<Netlink> {
        let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, protocol)?;
        set_socket_timeout(&socket, Timeout::Recv, Some(PATIENCE))?;
        Ok(Netlink { socket, sequence: 0, buffer: vec![0; DATAGRAM] })
    }

    /// What `decode` understands of the messages of an answer, by their kind and body. Asks again if the table changed
    /// meanwhile.
    ///
    /// # Errors
    ///
    /// If the kernel refuses, or the answer is not whole.
    pub(super) fn ask<T>(
        &mut self,
        ask: Ask,
        request: impl Fn(u32) -> Vec<u8>,
        decode: impl Fn(u16, &[u8]) -> Option<T>,
    ) -> io::Result<Vec<T>> {
        for _ in 0..TRIES {
            if let Some(answer) = self.ask_once(ask, &request, &decode)? {
                return Ok(answer);
            }
        }
        Err(io::Error::other("the table kept changing while it was read"))
    }

    /// `None` if a change of the table interrupted the answer.
    fn ask_once<T>(
        &mut self,
        ask: Ask,
        request: impl Fn(u32) -> Vec<u8>,
        decode: impl Fn(u16, &[u8]) -> Option<T>,
    ) -> io::Result<Option<Vec<T>>> {
        self.sequence += 1;
        // Without an address, a message goes to the kernel.
        send(&self.socket, &request(self.sequence), SendFlags::empty())?;
        let (mut all, mut whole, mut length) = (Vec::new(), true, 0);
        loop {
            // With TRUNC it returns the length of the datagram, even if the buffer is too small.
            let received = match recv(&self.socket, &mut self.buffer[..], RecvFlags::TRUNC) {
                Err(Errno::INTR) => continue,
                Err(Errno::NOBUFS) => return Ok(None),
                Ok((_, 0)) => return Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
                received => received?.1,
            };
            length += received;
            let datagram = self.buffer.get(..received).map(|bytes| read(bytes, self.sequence));
            let Some(datagram) = datagram.filter(|datagram| !datagram.malformed && length <= MOST) else {
                return Err(io::Error::other("the answer is too long, or in an unknown format"));
            };
            whole &= !datagram.interrupted;
            for part in datagram.parts {
                match part {
                    Part::Message { kind, body } => all.extend(decode(kind, body)),
                    Part::Done => return Ok(whole.then_some(all)),
                    Part::Failed(number) => return Err(io::Error::from_raw_os_error(number)),
                }
                if ask == Ask::One {
                    return Ok(Some(all));
                }
            }
        }
    }
}
