//! From where a socket can be reached.

use super::word::words;

words! {
    /// From where a socket's address can be reached, without any firewall.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum Exposure {
        /// nowhere: no interface has the address any more, and no local route. A server may outlive its address
        /// where DHCP or a VPN gives another
        Unassigned = "unassigned",
        /// this machine only
        Loopback = "loopback",
        /// the same network segment
        LinkLocal = "link-local",
        /// a private network
        Private = "private",
        /// anywhere the address is routed
        Public = "public",
        /// every address of the machine
        AllInterfaces = "all-interfaces",
    }
}

impl Exposure {
    /// Whether other machines may reach it.
    #[must_use]
    pub fn is_beyond_loopback(self) -> bool {
        self > Exposure::Loopback
    }
}
