//! Sockets that can receive and have no IP address and port.

use serde::{Deserialize, Serialize};

use super::word::{read_as_word, words};
use super::{Namespace, Pid};

words! {
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum OtherSocketKind {
        /// receives the packets of one IP protocol, as ping, routing daemons and VPNs do
        Raw = "raw",
        /// receives whole frames, as DHCP clients and tcpdump do
        Packet = "packet",
    }
}

read_as_word!(OtherSocketKind);

/// A socket that can receive and has no IP address and port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OtherSocket {
    pub kind: OtherSocketKind,
    /// What it receives, in words.
    pub address: String,
    /// `None` for the caller's own.
    pub namespace: Option<Namespace>,
    /// The user who created it.
    pub uid: Option<u32>,
    /// The name of that user.
    pub user: Option<String>,
    /// The visible holders.
    pub pids: Vec<Pid>,
}
