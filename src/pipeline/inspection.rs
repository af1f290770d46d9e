//! What the verdicts need of processes that no output shows.

use crate::license::{Facts, Place};
use crate::model::{Os, PortRange, Process, Protocol};
use crate::os;
use crate::registry::Registry;

/// Looks into what may be a license manager, or something else under a license manager's name.
#[derive(Debug, Clone, Copy)]
pub struct Inspection {
    facts: &'static Facts,
    registry: Registry<'static>,
}

impl Inspection {
    /// By the facts and the registry that come with the program.
    #[must_use]
    pub fn embedded() -> Inspection {
        Inspection { facts: Facts::embedded(), registry: Registry::embedded() }
    }

    fn is_known(&self, process: &Process, os: Os) -> bool {
        process.exe_name(os).is_some_and(|exe| self.facts.recognise_name(exe, os).is_some())
    }
}

impl os::Inspect for Inspection {
    /// A name that is known may be another's, and one that is not known may hide a vendor's daemon,
    /// where one would be: on a license port, or as a child of a license server.
    fn looks_into(
        &self,
        process: &Process,
        parent: Option<&Process>,
        ports: &[(Protocol, u16)],
        os: Os,
    ) -> bool {
        let on_license_port = || {
            let place = |&(protocol, port): &(Protocol, u16)| {
                Place::of(port, Some(protocol), self.facts, self.registry)
            };
            ports.iter().map(place).any(|place| {
                let technologies = place.managers.iter().filter_map(|m| self.facts.technology_of(m));
                place.is_license_port() && technologies.into_iter().any(|t| t.marker.is_some())
            })
        };
        self.is_known(process, os)
            || (!ports.is_empty() && parent.is_some_and(|parent| self.is_known(parent, os)))
            || on_license_port()
    }

    fn texts(&self) -> Vec<&str> {
        self.facts.texts().collect()
    }

    fn reads_command_line_of(&self, exe: &str) -> bool {
        Facts::runs_programs(exe)
    }

    fn license_ports(&self) -> Vec<PortRange> {
        let known = self.facts.managers.iter().flat_map(|manager| &manager.ports);
        let known = known.filter_map(|known| known.range);
        let registered = self.registry.entries().filter(|entry| entry.license.is_some());
        let mut ranges: Vec<PortRange> = known.chain(registered.map(|entry| entry.ports)).collect();
        ranges.sort_unstable();
        ranges.dedup();
        let is_license_port = |range: &PortRange| {
            Place::of(range.first, Some(Protocol::Tcp), self.facts, self.registry).is_license_port()
        };
        ranges.retain(is_license_port);
        ranges
    }

    fn program(&self, exe: &str, args: &[String]) -> Option<String> {
        self.facts.program(exe, args).map(str::to_owned)
    }
}
