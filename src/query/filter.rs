//! What to keep, and in which order.

use super::address::Address;
use super::naming::NameKind;
use super::target::{Ports, Target};
use crate::cli::Sort;
use crate::model::{Family, Pid, PortRange, Protocol, is_path};

/// What to keep, and in which order. An empty list keeps everything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// Any of these.
    pub targets: Vec<Target>,
    pub protocol: Option<Protocol>,
    /// Only sockets with addresses of this family, and those of IPv6 that are known to take IPv4 too.
    pub family: Option<Family>,
    pub pids: Vec<Pid>,
    pub processes: Vec<String>,
    /// By name or number.
    pub users: Vec<String>,
    /// Only ports of license managers.
    pub licenses: bool,
    /// Only license ports whose process is not confirmed to be right.
    pub flagged: bool,
    /// Only what other machines may reach.
    pub exposed: bool,
    /// Only what a process holds whose program file was deleted or replaced since it started.
    pub deleted: bool,
    /// Only what receives at one of these.
    pub addresses: Vec<Address>,
    /// `None`: that of the targets, and of the ports of each.
    pub sort: Option<Sort>,
}

impl Filter {
    /// The ports that were typed, by number or by a service's name.
    pub fn ports(&self) -> impl Iterator<Item = &Ports> {
        self.targets.iter().flat_map(|target| match target {
            Target::Ports(ports) | Target::At(_, ports) => std::slice::from_ref(ports),
            Target::Name { ports, .. } => ports,
        })
    }

    /// How many ports were typed, each once for each time it was.
    #[must_use]
    pub fn port_count(&self) -> usize {
        self.ports().map(|ports| usize::from(ports.range.last - ports.range.first) + 1).sum()
    }

    /// The ports that alone can match, whoever holds them; none where others can, too: a name may be that
    /// of a process on any port.
    #[must_use]
    pub fn ports_alone(&self) -> Vec<PortRange> {
        let range = |target: &Target| match target {
            Target::Ports(ports) | Target::At(_, ports) => Some(ports.range),
            Target::Name { .. } => None,
        };
        self.targets.iter().map(range).collect::<Option<Vec<_>>>().unwrap_or_default()
    }

    /// The protocol of all targets, where they share one: then the other need not be scanned.
    #[must_use]
    pub fn common_protocol(&self) -> Option<Protocol> {
        let protocols = self.targets.iter().map(|target| match target {
            Target::Ports(Ports { protocol, .. })
            | Target::At(_, Ports { protocol, .. })
            | Target::Name { protocol, .. } => *protocol,
        });
        protocols.reduce(|one, other| if one == other { one } else { None }).flatten()
    }

    /// Whether it selects by the holder's id, name, user or file.
    #[must_use]
    pub fn by_holder(&self) -> bool {
        !self.pids.is_empty() || !self.processes.is_empty() || !self.users.is_empty() || self.deleted
    }

    /// Whether it selects by what only a listener has.
    #[must_use]
    pub fn by_listener(&self) -> bool {
        self.licenses || self.flagged || self.exposed || !self.addresses.is_empty()
    }

    /// Whether it selects by something else than ports, names and protocols.
    #[must_use]
    pub fn by_others(&self) -> bool {
        self.by_holder() || self.by_listener()
    }

    /// Whether no port and no name was typed; `-i tcp` is about all ports.
    #[must_use]
    pub fn is_about_all_ports(&self) -> bool {
        let is_all =
            |target: &Target| matches!(target, Target::Ports(ports) if ports.range == PortRange::ALL);
        self.targets.iter().all(is_all)
    }

    /// Every name that may be that of a process.
    pub fn names(&self) -> impl Iterator<Item = (&str, NameKind)> {
        let words = self.targets.iter().flat_map(|target| match target {
            Target::Name { word, programs, .. } => {
                let kind = if target.is_known() { NameKind::Known } else { NameKind::Word };
                let of_program = if is_path(word) { kind } else { NameKind::Known };
                let programs = programs.iter().map(|program| (program.as_str(), of_program));
                programs.chain([(word.as_str(), kind)]).collect()
            }
            Target::Ports(_) | Target::At(..) => Vec::new(),
        });
        words.chain(self.processes.iter().map(|name| (name.as_str(), NameKind::Process)))
    }

    /// The words that are no service's: they may be processes' names.
    pub fn names_without_ports(&self) -> impl Iterator<Item = &str> {
        self.targets.iter().filter_map(|target| match target {
            Target::Name { word, ports, .. } if ports.is_empty() => Some(word.as_str()),
            Target::Name { .. } | Target::Ports(_) | Target::At(..) => None,
        })
    }

    /// Whether anything is left out.
    #[must_use]
    pub fn is_narrow(&self) -> bool {
        *self != Filter { sort: self.sort, ..Filter::default() }
    }

    /// Whether a port and a protocol decide what matches, and nobody's name does.
    #[must_use]
    pub fn by_port_alone(&self) -> bool {
        !self.by_others() && self.names_without_ports().next().is_none()
    }

    /// Whether it keeps any of these ports; all are kept where none was typed.
    #[must_use]
    pub fn overlaps(&self, protocol: Protocol, range: PortRange) -> bool {
        let is_it =
            |ports: &Ports| ports.range.overlaps(range) && ports.protocol.is_none_or(|only| only == protocol);
        self.protocol.is_none_or(|only| only == protocol)
            && (self.targets.is_empty() || self.ports().any(is_it))
    }

    /// Whether it names this port.
    #[must_use]
    pub fn has_port(&self, protocol: Protocol, port: u16) -> bool {
        self.ports().any(|ports| ports.have(protocol, port))
    }

    /// Whether it keeps this port; all are kept where none was typed.
    #[must_use]
    pub fn keeps(&self, protocol: Protocol, port: u16) -> bool {
        self.overlaps(protocol, PortRange::one(port))
    }
}
