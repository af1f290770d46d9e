//! From where a socket can be reached.

/// From where a socket's address can be reached, without any firewall.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exposure {
    /// From this machine only.
    Loopback,
    /// From the same link.
    LinkLocal,
    /// At an address of a private network.
    Private,
    /// At a public address.
    Public,
    /// At every address of the machine.
    AllInterfaces,
}
