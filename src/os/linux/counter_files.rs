//! The kernel's counters of TCP sockets, to be read again and again: they change when a socket moves between the kernel's
//! tables. Which ports the sockets have they do not say.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::super::decode::linux::proc_net::{self, TcpCounters};
use super::nonblocking;

/// The counters of TCP stand in the first lines, so that no more is read, in bytes.
const ENOUGH: usize = 1024;
/// Those of `snmp` stand behind those of IP and ICMP, each with its names.
const ENOUGH_OF_SNMP: usize = 4096;

/// The files with the counters of a namespace, which stay open: to open them takes ten times as long as to read them.
pub(super) struct CounterFiles {
    sockstat: File,
    /// `None` if the kernel has no IPv6.
    sockstat6: Option<File>,
    snmp: File,
}

impl CounterFiles {
    /// Opens the counters of a namespace, in a `net` folder of `/proc`.
    ///
    /// # Errors
    ///
    /// If they cannot be opened.
    pub(super) fn open(net: &Path) -> io::Result<CounterFiles> {
        let sockstat6 = match nonblocking::open(net.join("sockstat6")) {
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            opened => Some(opened?),
        };
        let [sockstat, snmp] = ["sockstat", "snmp"].map(|name| nonblocking::open(net.join(name)));
        Ok(CounterFiles { sockstat: sockstat?, sockstat6, snmp: snmp? })
    }

    /// The sockets of the machine that are idle, which neither listen nor have a peer, bound or not, and all of other
    /// namespaces. `None` if the counters cannot be read or contradict each other: they are not read at one moment.
    pub(super) fn idle(&self) -> Option<u64> {
        let sockstat6 = match &self.sockstat6 {
            Some(file) => beginning::<ENOUGH>(file)?,
            None => String::new(),
        };
        proc_net::tcp_counters(&beginning::<ENOUGH>(&self.sockstat)?, &sockstat6).and_then(TcpCounters::idle)
    }

    /// How often a socket of the namespace has asked for a connection. `None` if that cannot be read.
    pub(super) fn connects(&self) -> Option<u64> {
        proc_net::active_opens(&beginning::<ENOUGH_OF_SNMP>(&self.snmp)?)
    }
}

fn beginning<const ENOUGH: usize>(file: &File) -> Option<String> {
    let mut bytes = [0; ENOUGH];
    let length = file.read_at(&mut bytes, 0).ok()?;
    String::from_utf8(bytes.get(..length)?.to_vec()).ok()
}
