//! The socket tables of one network namespace: by `sock_diag`, or where that is not allowed, from
//! `/proc/net`, which tells less.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::super::decode::inet_diag::{Query, States, Table};
use super::super::decode::kernel_socket::{Family, KernelSocket};
use super::super::decode::port_filter::{Port, port_filter};
use super::super::decode::proc_net;
use super::super::in_words;
use super::sock_diag::SockDiag;
use crate::model::{PortRange, Protocol};

/// The sockets with one of these ports.
pub(super) type OnPorts<'a> = (Port, &'a [PortRange]);

/// A table of which nothing could be read.
pub(super) struct Unread {
    protocol: Protocol,
    family: Family,
    pub(super) error: io::Error,
}

impl Unread {
    /// `TCP over IPv6 could not be read (Operation not permitted)`.
    pub(super) fn told(&self) -> String {
        let number = if self.family == Family::V4 { "IPv4" } else { "IPv6" };
        let protocol = self.protocol.name().to_uppercase();
        format!("{protocol} over {number} could not be read ({})", in_words(&self.error))
    }
}

/// The tables, and what became of reading them.
pub(super) struct Tables {
    /// Why it cannot be asked, where it cannot.
    diag: io::Result<SockDiag>,
    /// The `net` folder of a process or thread in the namespace.
    net: PathBuf,
    /// Tables that were not read, or not to their end, and why.
    pub(super) lacking: Vec<String>,
    /// Why `/proc/net` was read instead, where it was.
    pub(super) fell_back: Option<String>,
}

impl Tables {
    /// Those of the namespace that this thread is in.
    pub(super) fn of_this_thread() -> Tables {
        Tables {
            diag: SockDiag::open(),
            net: PathBuf::from("/proc/thread-self/net"),
            lacking: Vec::new(),
            fell_back: None,
        }
    }

    /// Those of the namespace that a process is in, from its folder in `/proc` alone.
    pub(super) fn of_process(process: &Path) -> Tables {
        Tables {
            diag: Err(io::Error::from(ErrorKind::PermissionDenied)),
            net: process.join("net"),
            lacking: Vec::new(),
            fell_back: None,
        }
    }

    /// A protocol's sockets of both families.
    ///
    /// # Errors
    ///
    /// Where nothing at all could be read of a table: its name, and why.
    pub(super) fn read(
        &mut self,
        protocol: Protocol,
        states: States,
        ports: Option<OnPorts<'_>>,
    ) -> Result<Vec<KernelSocket>, Unread> {
        let filter = ports.map_or_else(Vec::new, |(port, ranges)| port_filter(port, ranges));
        let mut sockets = Vec::new();
        let at_once = match (&mut self.diag, protocol) {
            (Ok(diag), Protocol::Tcp) => {
                diag.dump(&Query { table: Table::AllTcp, states, filter: filter.clone() }).ok()
            }
            _ => None,
        };
        match at_once {
            Some(dump) => {
                self.lacking.extend(dump.lacking.map(str::to_owned));
                sockets = dump.sockets;
            }
            None => {
                for family in Family::ALL {
                    let one = self.read_one(protocol, family, states, filter.clone());
                    sockets.extend(one.map_err(|error| Unread { protocol, family, error })?);
                }
            }
        }
        // A filter of very many ports is coarse, and /proc/net has none.
        if let Some((port, ranges)) = ports {
            sockets.retain(|socket| {
                let number = match port {
                    Port::Local => socket.local.port(),
                    Port::Peer => socket.peer.port(),
                };
                ranges.iter().any(|range| range.contains(number))
            });
        }
        Ok(sockets)
    }

    fn read_one(
        &mut self,
        protocol: Protocol,
        family: Family,
        states: States,
        filter: Vec<u8>,
    ) -> io::Result<Vec<KernelSocket>> {
        let dumped = match &mut self.diag {
            Ok(diag) => diag.dump(&Query { table: Table::One(protocol, family), states, filter }),
            Err(error) => Err(io::Error::new(error.kind(), error.to_string())),
        };
        match dumped {
            Ok(dump) => {
                self.lacking.extend(dump.lacking.map(str::to_owned));
                Ok(dump.sockets)
            }
            Err(error) => {
                let why = in_words(&error);
                let sockets = self.read_proc_net(protocol, family, states).map_err(|second| {
                    let second = in_words(&second);
                    let both =
                        if why == second { why.clone() } else { format!("{why}; from /proc: {second}") };
                    io::Error::new(error.kind(), both)
                })?;
                self.fell_back = Some(why);
                Ok(sockets)
            }
        }
    }

    fn read_proc_net(
        &mut self,
        protocol: Protocol,
        family: Family,
        states: States,
    ) -> io::Result<Vec<KernelSocket>> {
        let protocol = protocol.name();
        let name = match family {
            Family::V4 => protocol.to_owned(),
            Family::V6 => format!("{protocol}6"),
        };
        let table = match fs::read_to_string(self.net.join(&name)) {
            // A kernel without IPv6 has no such table, and one with it has both.
            Err(error) if error.kind() == ErrorKind::NotFound && family == Family::V6 => {
                fs::metadata(self.net.join(protocol))?;
                String::new()
            }
            table => table?,
        };
        let (mut sockets, failed) = proc_net::read(family, &table);
        if failed > 0 {
            self.lacking.push(format!("{failed} lines of /proc/net/{name} were not understood"));
        }
        sockets.retain(|socket| states.have(socket.state));
        Ok(sockets)
    }
}
