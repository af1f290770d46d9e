//! From where a socket can be reached.

/// From where a socket's address can be reached, without any firewall.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exposure {
    /// From nowhere: the machine does not have the address any more.
    Unassigned,
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

impl Exposure {
    /// The word in the JSON and on the screen.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Exposure::Unassigned => "unassigned",
            Exposure::Loopback => "loopback",
            Exposure::LinkLocal => "link-local",
            Exposure::Private => "private",
            Exposure::Public => "public",
            Exposure::AllInterfaces => "all-interfaces",
        }
    }

    /// Whether other machines may reach it.
    #[must_use]
    pub fn is_beyond_loopback(self) -> bool {
        self > Exposure::Loopback
    }
}
