//! How many TCP sockets are idle: they neither listen nor have a peer, bound or not. The kernel counts them; which ports
//! they have it does not say here.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::super::decode::linux::proc_net::{self, TcpCounters};

/// The counters of TCP stand in the first lines, so that no more is read, in bytes.
const ENOUGH: usize = 1024;

/// The files with the counters, which stay open: to open them takes ten times as long as to read them.
pub(super) struct IdleCount {
    sockstat: File,
    /// `None` if the kernel has no IPv6.
    sockstat6: Option<File>,
}

impl IdleCount {
    /// Opens the counters of a namespace, in a `net` folder of `/proc`.
    ///
    /// # Errors
    ///
    /// If they cannot be opened.
    pub(super) fn open(net: &Path) -> io::Result<IdleCount> {
        let sockstat6 = match File::open(net.join("sockstat6")) {
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            opened => Some(opened?),
        };
        Ok(IdleCount { sockstat: File::open(net.join("sockstat"))?, sockstat6 })
    }

    /// The idle sockets of the machine, and all of other namespaces. `None` if the counters cannot be read or contradict
    /// each other: they are not read at one moment.
    pub(super) fn now(&self) -> Option<u64> {
        let sockstat6 = self.sockstat6.as_ref().map_or_else(|| Some(String::new()), beginning)?;
        proc_net::tcp_counters(&beginning(&self.sockstat)?, &sockstat6).and_then(TcpCounters::idle)
    }
}

fn beginning(file: &File) -> Option<String> {
    let mut bytes = [0; ENOUGH];
    let length = file.read_at(&mut bytes, 0).ok()?;
    String::from_utf8(bytes.get(..length)?.to_vec()).ok()
}
