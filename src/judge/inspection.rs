//! What the verdicts need to know about processes that no output shows.

use std::collections::BTreeSet;

use super::systemd::may_be_systemd;
use crate::knowledge::{Knowledge, Licenses, PortClaims};
use crate::model::{LicenseSystem, Os, PortRange, Process, Protocol};
use crate::os::{self, FileChecks, LicensePrograms, ServerProgram};

/// Inspects what may be a license manager, or something else under a license manager's name.
#[derive(Debug, Clone, Copy)]
pub struct Inspection<'a> {
    knowledge: &'a Knowledge,
}

impl<'a> Inspection<'a> {
    #[must_use]
    pub fn new(knowledge: &'a Knowledge) -> Inspection<'a> {
        Inspection { knowledge }
    }

    fn is_known(&self, process: &Process, os: Os) -> bool {
        self.knowledge.licenses().recognise(process, os).is_some()
    }
}

impl os::Inspect for Inspection<'_> {
    /// A known name may be another program's, and an unknown one may hide a vendor's daemon, where one would
    /// be: on a license port, or as a child of a license server. The location of the file is checked for every
    /// process that is judged, and for what may be systemd, which is passed over.
    fn interest(
        &self,
        process: &Process,
        parent: Option<&Process>,
        ports: &[(Protocol, u16)],
        os: Os,
    ) -> FileChecks {
        let claims = ports.iter().map(|&(protocol, port)| self.knowledge.claims(port, Some(protocol)));
        let claims: Vec<PortClaims> = claims.filter(PortClaims::is_license_port).collect();
        let has_marker = |claims: &PortClaims| {
            let licenses = self.knowledge.licenses();
            let mut technologies = claims.managers.iter().filter_map(|m| licenses.technology_of(m));
            technologies.any(|technology| technology.marker.is_some())
        };
        let is_known = self.is_known(process, os);
        let is_child = || !ports.is_empty() && parent.is_some_and(|parent| self.is_known(parent, os));
        let content = is_known || is_child() || claims.iter().any(has_marker);
        let place = content || !claims.is_empty() || (!ports.is_empty() && may_be_systemd(process));
        FileChecks { place, content, loaded: place }
    }

    fn texts(&self) -> Vec<&str> {
        self.knowledge.licenses().texts().collect()
    }

    fn reads_command_line_of(&self, exe: &str) -> bool {
        Licenses::runs_programs(exe)
    }

    fn license_programs(&self, os: Os) -> LicensePrograms {
        let licenses = self.knowledge.licenses();
        let mut programs = LicensePrograms::default();
        for manager in &licenses.managers {
            for name in manager.executables.on(os) {
                programs.add(&by_rules_of(os, name), ServerProgram::default());
            }
        }
        for technology in &licenses.technologies {
            let system = LicenseSystem::ALL.into_iter().find(|system| system.technology() == technology.id);
            for name in technology.servers.on(os).iter().map(|name| by_rules_of(os, name)) {
                programs.add(&name, ServerProgram { system });
                if technology.renamed {
                    programs.add_beginning(name.trim_end_matches(".exe"), ServerProgram { system });
                }
            }
        }
        programs
    }

    fn license_ports(&self) -> Vec<PortRange> {
        let registered = self.knowledge.registry.of_licenses().filter(|entry| entry.is_for(Protocol::Tcp));
        let mut ranges: BTreeSet<PortRange> = registered.map(|entry| entry.ports).collect();
        let known = self.knowledge.licenses().managers.iter().flat_map(|manager| &manager.ports);
        // What the registry gives to license managers needs no second look; that saves a tenth of a short run.
        let others: BTreeSet<PortRange> =
            known.filter_map(|known| known.range).filter(|range| !ranges.contains(range)).collect();
        let claims = |range: &PortRange| self.knowledge.claims(range.first, Some(Protocol::Tcp));
        ranges.extend(others.into_iter().filter(|range| claims(range).is_license_port()));
        ranges.into_iter().collect()
    }

    fn program(&self, exe: &str, args: &[String]) -> Option<String> {
        self.knowledge.licenses().program(exe, args).map(str::to_owned)
    }
}

/// A file name as names of a system compare: on Windows and macOS in any case, so in small letters.
fn by_rules_of(os: Os, name: &str) -> String {
    match os {
        Os::Linux => name.to_owned(),
        Os::Windows | Os::Macos => name.to_ascii_lowercase(),
    }
}
