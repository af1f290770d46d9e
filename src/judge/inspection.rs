//! What the verdicts need of processes that no output shows.

use crate::knowledge::Registry;
use crate::knowledge::{Licenses, PortClaims};
use crate::model::{Os, PortRange, Process, Protocol};
use crate::os::{self, FileChecks};

/// Looks into what may be a license manager, or something else under a license manager's name.
/// By the facts and the registry that come with the program, which are not read before they are needed.
#[derive(Debug, Clone, Copy)]
pub struct Inspection;

impl Inspection {
    fn is_known(process: &Process, os: Os) -> bool {
        process.exe_name(os).is_some_and(|exe| Licenses::embedded().recognise_name(exe, os).is_some())
    }
}

impl os::Inspect for Inspection {
    /// A name that is known may be another's, and one that is not known may hide a vendor's daemon,
    /// where one would be: on a license port, or as a child of a license server. Where the file lies is
    /// told of whatever is judged.
    fn interest(
        &self,
        process: &Process,
        parent: Option<&Process>,
        ports: &[(Protocol, u16)],
        os: Os,
    ) -> FileChecks {
        let place = |&(protocol, port): &(Protocol, u16)| {
            PortClaims::of(port, Some(protocol), Licenses::embedded(), Registry::embedded())
        };
        let places: Vec<PortClaims> = ports.iter().map(place).filter(PortClaims::is_license_port).collect();
        let has_marker = |claims: &PortClaims| {
            let technologies = claims.managers.iter().filter_map(|m| Licenses::embedded().technology_of(m));
            technologies.into_iter().any(|technology| technology.marker.is_some())
        };
        let is_known = Inspection::is_known(process, os);
        let is_child = || !ports.is_empty() && parent.is_some_and(|parent| Inspection::is_known(parent, os));
        let content = is_known || is_child() || places.iter().any(has_marker);
        FileChecks { place: content || !places.is_empty(), content }
    }

    fn texts(&self) -> Vec<&str> {
        Licenses::embedded().texts().collect()
    }

    fn reads_command_line_of(&self, exe: &str) -> bool {
        Licenses::runs_programs(exe)
    }

    fn license_ports(&self) -> Vec<PortRange> {
        let known = Licenses::embedded().managers.iter().flat_map(|manager| &manager.ports);
        let known = known.filter_map(|known| known.range);
        let registered = Registry::embedded().of_licenses().map(|entry| entry.ports);
        let mut ranges: Vec<PortRange> = known.chain(registered).collect();
        ranges.sort_unstable();
        ranges.dedup();
        let is_license_port = |range: &PortRange| {
            PortClaims::of(range.first, Some(Protocol::Tcp), Licenses::embedded(), Registry::embedded())
                .is_license_port()
        };
        ranges.retain(is_license_port);
        ranges
    }

    fn program(&self, exe: &str, args: &[String]) -> Option<String> {
        Licenses::embedded().program(exe, args).map(str::to_owned)
    }
}
