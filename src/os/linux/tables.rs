//! The socket tables of one network namespace: from `sock_diag`, or if that is not allowed, from `/proc/net`,
//! which has fewer fields.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::super::decode::linux::inet_diag::{Query, States, Table};
use super::super::decode::linux::port_filter::port_filter;
use super::super::decode::linux::proc_net::{self, TcpCounters};
use super::super::decode::linux::sctp_endpoints;
use super::super::decode::linux::socket::LinuxSocket;
use super::super::in_words;
use super::super::port_set::PortSet;
use super::counter_files::CounterFiles;
use super::nonblocking;
use super::sock_diag::{Dump, SockDiag};
use crate::model::{Family, PortRange, Protocol};

/// The `net` folder of this thread.
const OWN_NET: &str = "/proc/thread-self/net";

/// No more is read of the counters, in bytes: they have some ten lines.
const MOST_OF_COUNTERS: u64 = 64 * 1024;

/// No more is read of a table of sockets, in bytes: enough for a million.
const MOST_OF_TABLE: u64 = 256 * 1024 * 1024;

/// No more is read of the list of SCTP's endpoints, in bytes.
const MOST_OF_ENDPOINTS: u64 = 16 * 1024 * 1024;

/// A table that could not be read at all.
pub(super) struct Unread {
    protocol: Protocol,
    family: Family,
    pub(super) error: io::Error,
}

impl Unread {
    pub(super) fn is_same_table(&self, other: &Unread) -> bool {
        (self.protocol, self.family) == (other.protocol, other.family)
    }

    /// `TCP over IPv6 could not be read (Operation not permitted)`.
    pub(super) fn message(&self) -> String {
        let number = if self.family == Family::Ipv4 { "IPv4" } else { "IPv6" };
        let protocol = self.protocol.title();
        format!("{protocol} over {number} could not be read ({})", in_words(&self.error))
    }
}

pub(super) struct Tables {
    /// Or why `sock_diag` cannot be used.
    diag: io::Result<SockDiag>,
    /// The `net` folder of a process or thread in the namespace.
    net: PathBuf,
}

/// What was read, and why something may be missing.
#[derive(Default)]
pub(super) struct Read {
    pub(super) sockets: Vec<LinuxSocket>,
    pub(super) unread: Vec<Unread>,
    /// Why the tables that were read may be incomplete, if they may.
    pub(super) lacking: Option<String>,
    /// Why `/proc/net` was read instead of `sock_diag`, if it was.
    pub(super) fell_back: Option<String>,
}

impl Read {
    pub(super) fn is_whole(&self) -> bool {
        self.unread.is_empty() && self.lacking.is_none()
    }

    /// Why sockets may be missing, if they may.
    pub(super) fn why_not_whole(&self) -> Option<String> {
        self.unread.first().map(Unread::message).or_else(|| self.lacking.clone())
    }

    fn add(&mut self, dump: Dump) {
        self.sockets.extend(dump.sockets);
        self.lacking = self.lacking.take().or(dump.lacking.map(str::to_owned));
    }
}

/// What the kernel counts of one network namespace.
pub(super) struct SocketCounters {
    /// `None` if they are not understood.
    pub(super) tcp: Option<TcpCounters>,
    pub(super) may_have_udplite: bool,
}

impl Tables {
    /// The tables of the namespace that this thread is in.
    pub(super) fn of_this_thread() -> Tables {
        Tables { diag: SockDiag::open(), net: PathBuf::from(OWN_NET) }
    }

    /// The tables of the namespace that a process is in, only from its folder in `/proc`.
    pub(super) fn of_process(process: &Path) -> Tables {
        Tables { diag: Err(io::Error::from(ErrorKind::PermissionDenied)), net: process.join("net") }
    }

    /// The kernel's counters of sockets.
    ///
    /// # Errors
    ///
    /// If they cannot be read.
    pub(super) fn counters(&self) -> io::Result<SocketCounters> {
        let text = |name| self.text(name, MOST_OF_COUNTERS);
        let (sockstat, sockstat6) = (text("sockstat")?, text("sockstat6")?);
        Ok(SocketCounters {
            tcp: proc_net::tcp_counters(&sockstat, &sockstat6),
            may_have_udplite: proc_net::may_have_udplite(&sockstat, &sockstat6),
        })
    }

    /// Whether there may be a TCP socket that is bound without listening. The kernel's table of these takes
    /// longer to read than all others together, and on most machines its counters show that there is none. The
    /// counters are not read at one moment, so they count only if they do not change.
    pub(super) fn may_have_bound(&self, first: Option<TcpCounters>) -> bool {
        let second = self.counters().ok().and_then(|counters| counters.tcp);
        first.is_none() || first != second || first.is_some_and(|counted| counted.idle() != Some(0))
    }

    /// Those of the counters that tell whether a TCP socket moves, to be read again and again.
    ///
    /// # Errors
    ///
    /// If they cannot be opened.
    pub(super) fn counter_files(&self) -> io::Result<CounterFiles> {
        CounterFiles::open(&self.net)
    }

    /// The beginning of a file in `/proc/net`, up to `most` bytes; empty if there is no such file.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub(super) fn text(&self, name: &str, most: u64) -> io::Result<String> {
        match nonblocking::text(self.net.join(name), most) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(String::new()),
            text => text,
        }
    }

    /// The listeners of SCTP, from `/proc/net`: whoever asks `sock_diag` about them may load another module. The file is
    /// there only if SCTP is loaded.
    pub(super) fn sctp(&self, ports: Option<&[PortRange]>) -> Read {
        let mut read = Read::default();
        match self.text("sctp/eps", MOST_OF_ENDPOINTS) {
            Ok(table) => {
                let (sockets, failed) = sctp_endpoints::read(&table);
                read.sockets = sockets;
                if failed > 0 || table.len() as u64 == MOST_OF_ENDPOINTS {
                    read.lacking = Some("/proc/net/sctp/eps is too long or not as expected".to_owned());
                }
            }
            Err(error) => read.lacking = Some(format!("/proc/net/sctp/eps: {}", in_words(&error))),
        }
        if let Some(ports) = ports.map(PortSet::new) {
            read.sockets.retain(|socket| ports.contains(socket.local.port()));
        }
        read
    }

    /// Whether each read of TCP's sockets reads all connections too, because `sock_diag` cannot be used.
    pub(super) fn are_of_proc_net(&self) -> bool {
        self.diag.is_err()
    }

    /// Whether this thread is in their namespace.
    pub(super) fn are_of_this_thread(&self) -> bool {
        self.net == Path::new(OWN_NET)
    }

    /// The sockets of a protocol, of both families: all, or those with these local ports.
    pub(super) fn read(&mut self, protocol: Protocol, states: States, ports: Option<&[PortRange]>) -> Read {
        let ports = ports.map(PortSet::new);
        let filter = ports.as_ref().map_or_else(Vec::new, port_filter);
        let mut read = Read::default();
        let at_once = match (&mut self.diag, protocol) {
            (Ok(diag), Protocol::Tcp) => {
                diag.dump(&Query { table: Table::AllTcp, states, filter: filter.clone() }).ok()
            }
            _ => None,
        };
        match at_once {
            Some(dump) => read.add(dump),
            None => {
                for family in Family::ALL {
                    self.read_one(protocol, family, states, filter.clone(), &mut read);
                }
            }
        }
        // The filter is coarse if the ports are very many, and /proc/net has no filter.
        if let Some(ports) = ports {
            read.sockets.retain(|socket| ports.contains(socket.local.port()));
        }
        read
    }

    fn read_one(
        &mut self,
        protocol: Protocol,
        family: Family,
        states: States,
        filter: Vec<u8>,
        read: &mut Read,
    ) {
        let dumped = match &mut self.diag {
            Ok(diag) => diag.dump(&Query { table: Table::One(protocol, family), states, filter }),
            Err(error) => Err(io::Error::new(error.kind(), error.to_string())),
        };
        let error = match dumped {
            Ok(dump) => return read.add(dump),
            Err(error) => error,
        };
        let why = in_words(&error);
        match self.read_proc_net(protocol, family, states, &mut read.lacking) {
            Ok(sockets) => {
                read.sockets.extend(sockets);
                read.fell_back = Some(why);
            }
            Err(second) => {
                let second = in_words(&second);
                let both = if why == second { why } else { format!("{why}; from /proc: {second}") };
                read.unread.push(Unread { protocol, family, error: io::Error::new(error.kind(), both) });
            }
        }
    }

    fn read_proc_net(
        &self,
        protocol: Protocol,
        family: Family,
        states: States,
        lacking: &mut Option<String>,
    ) -> io::Result<Vec<LinuxSocket>> {
        let name = match family {
            Family::Ipv4 => protocol.name().to_owned(),
            Family::Ipv6 => format!("{protocol}6"),
        };
        let table = match nonblocking::text(self.net.join(&name), MOST_OF_TABLE) {
            // A kernel without IPv6 lacks this table, and only this one.
            Err(error) if error.kind() == ErrorKind::NotFound && family == Family::Ipv6 => {
                fs::metadata(self.net.join(protocol.name()))?;
                String::new()
            }
            table => table?,
        };
        let (mut sockets, failed) = proc_net::read(protocol, family, &table);
        if table.len() as u64 == MOST_OF_TABLE {
            *lacking = Some(format!("/proc/net/{name} is too long"));
        } else if failed > 0 {
            *lacking = Some(format!("{failed} lines of /proc/net/{name} were not understood"));
        }
        sockets.retain(|socket| states.have(socket.state));
        Ok(sockets)
    }
}
