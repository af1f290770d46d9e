//! What the verdicts need of processes that no output shows.

use crate::license::{Facts, Place};
use crate::model::{Os, PortRange, Process, Protocol};
use crate::os::{self, Interest};
use crate::registry::Registry;

/// Looks into what may be a license manager, or something else under a license manager's name.
/// By the facts and the registry that come with the program, which are not read before they are needed.
#[derive(Debug, Clone, Copy)]
pub struct Inspection;

impl Inspection {
    fn is_known(process: &Process, os: Os) -> bool {
        process.exe_name(os).is_some_and(|exe| Facts::embedded().recognise_name(exe, os).is_some())
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
    ) -> Interest {
        let place = |&(protocol, port): &(Protocol, u16)| {
            Place::of(port, Some(protocol), Facts::embedded(), Registry::embedded())
        };
        let places: Vec<Place> = ports.iter().map(place).filter(Place::is_license_port).collect();
        let has_marker = |place: &Place| {
            let technologies = place.managers.iter().filter_map(|m| Facts::embedded().technology_of(m));
            technologies.into_iter().any(|technology| technology.marker.is_some())
        };
        let is_known = Inspection::is_known(process, os);
        let is_child = || !ports.is_empty() && parent.is_some_and(|parent| Inspection::is_known(parent, os));
        let content = is_known || is_child() || places.iter().any(has_marker);
        Interest { place: content || !places.is_empty(), content }
    }

    fn texts(&self) -> Vec<&str> {
        Facts::embedded().texts().collect()
    }

    fn reads_command_line_of(&self, exe: &str) -> bool {
        Facts::runs_programs(exe)
    }

    fn license_ports(&self) -> Vec<PortRange> {
        let known = Facts::embedded().managers.iter().flat_map(|manager| &manager.ports);
        let known = known.filter_map(|known| known.range);
        let registered = Registry::embedded().of_licenses().map(|entry| entry.ports);
        let mut ranges: Vec<PortRange> = known.chain(registered).collect();
        ranges.sort_unstable();
        ranges.dedup();
        let is_license_port = |range: &PortRange| {
            Place::of(range.first, Some(Protocol::Tcp), Facts::embedded(), Registry::embedded())
                .is_license_port()
        };
        ranges.retain(is_license_port);
        ranges
    }

    fn program(&self, exe: &str, args: &[String]) -> Option<String> {
        Facts::embedded().program(exe, args).map(str::to_owned)
    }
}
