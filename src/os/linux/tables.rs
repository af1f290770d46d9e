//! The socket tables of one network namespace: by `sock_diag`, or where that is not allowed, from
//! `/proc/net`, which tells less.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::super::decode::inet_diag::{Query, States};
use super::super::decode::kernel_socket::{Family, KernelSocket};
use super::super::decode::port_filter::{Port, port_filter};
use super::super::decode::proc_net;
use super::super::in_words;
use super::sock_diag::SockDiag;
use crate::model::{PortRange, Protocol};

/// What to read.
#[derive(Debug, Clone)]
pub(super) struct Ask<'a> {
    pub(super) family: Family,
    pub(super) protocol: Protocol,
    pub(super) states: States,
    /// Only with one of these ports.
    pub(super) ports: Option<(Port, &'a [PortRange])>,
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

    /// The sockets in question. What could not be read is noted in [`Tables::lacking`].
    ///
    /// # Errors
    ///
    /// Where nothing at all could be read of the table.
    pub(super) fn read(&mut self, ask: &Ask<'_>) -> io::Result<Vec<KernelSocket>> {
        let dumped = match &mut self.diag {
            Ok(diag) => diag.dump(&Query {
                family: ask.family,
                protocol: ask.protocol,
                states: ask.states,
                filter: ask.ports.map_or_else(Vec::new, |(port, ranges)| port_filter(port, ranges)),
            }),
            Err(error) => Err(io::Error::new(error.kind(), error.to_string())),
        };
        let mut sockets = match dumped {
            Ok(dump) => {
                self.lacking.extend(dump.lacking.map(str::to_owned));
                dump.sockets
            }
            Err(error) => {
                let why = in_words(&error);
                let sockets = self.read_proc_net(ask).map_err(|second| {
                    let second = in_words(&second);
                    let both =
                        if why == second { why.clone() } else { format!("{why}; from /proc: {second}") };
                    io::Error::new(error.kind(), both)
                })?;
                self.fell_back = Some(why);
                sockets
            }
        };
        if let Some((port, ranges)) = ask.ports {
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

    fn read_proc_net(&mut self, ask: &Ask<'_>) -> io::Result<Vec<KernelSocket>> {
        let protocol = ask.protocol.name();
        let name = match ask.family {
            Family::V4 => protocol.to_owned(),
            Family::V6 => format!("{protocol}6"),
        };
        let table = match fs::read_to_string(self.net.join(&name)) {
            // A kernel without IPv6 has no such table, and one with it has both.
            Err(error) if error.kind() == ErrorKind::NotFound && ask.family == Family::V6 => {
                fs::metadata(self.net.join(protocol))?;
                String::new()
            }
            table => table?,
        };
        let (mut sockets, failed) = proc_net::read(ask.family, &table);
        if failed > 0 {
            self.lacking.push(format!("{failed} lines of /proc/net/{name} were not understood"));
        }
        sockets.retain(|socket| ask.states.have(socket.state));
        Ok(sockets)
    }
}
