//! What the verdicts need to know about processes that no output shows.

use super::systemd::may_be_systemd;
use crate::knowledge::{Knowledge, Licenses, PortClaims};
use crate::model::{LicenseSystem, Os, PortRange, Process, Protocol, is_relay};
use crate::os::{self, FileChecks, LicensePrograms, PortHolder, ServerProgram};

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

    /// Whether it is a license program by what is known of it so far, or has a name of which its file may say more.
    fn is_known(&self, process: &Process, os: Os) -> bool {
        let licenses = self.knowledge.licenses();
        licenses.recognise(process, os).is_some()
            || process.exe_name(os).is_some_and(|exe| licenses.may_be_server(exe, os))
    }

    fn license_claims(&self, ports: &[(Protocol, u16)]) -> Vec<PortClaims<'a>> {
        let claims = ports.iter().map(|&(protocol, port)| self.knowledge.claims(port, Some(protocol)));
        claims.filter(PortClaims::is_license_port).collect()
    }

    /// Whether the file of who holds such a port may show what it is.
    fn have_marker(&self, claims: &[PortClaims<'_>]) -> bool {
        let licenses = self.knowledge.licenses();
        let managers = claims.iter().flat_map(|claims| &claims.managers);
        let mut technologies = managers.filter_map(|manager| licenses.technology_of(manager));
        technologies.any(|technology| technology.markers().next().is_some())
    }
}

impl os::Inspect for Inspection<'_> {
    /// A known name may be another program's, and an unknown one may hide a vendor's daemon or a license server, where
    /// one would be: on a license port, or as a child of a license server. The location of the file is checked for
    /// every process that is judged, and for what may be systemd, which is passed over.
    fn interest(&self, holder: PortHolder<'_>, parent: Option<PortHolder<'_>>, os: Os) -> FileChecks {
        let PortHolder { process, ports } = holder;
        let claims = self.license_claims(ports);
        let may_be_server = |parent: PortHolder<'_>| {
            self.is_known(parent.process, os) || self.have_marker(&self.license_claims(parent.ports))
        };
        let is_child = || !ports.is_empty() && parent.is_some_and(may_be_server);
        // Its verdict is that of whoever is behind it.
        let hands_on = process.forward.is_some() && !claims.is_empty();
        let content = self.is_known(process, os) || self.have_marker(&claims) || is_child() || hands_on;
        let place = content || !claims.is_empty() || (!ports.is_empty() && may_be_systemd(process));
        FileChecks { place, content, loaded: place }
    }

    fn texts(&self) -> Vec<&str> {
        self.knowledge.licenses().texts().collect()
    }

    fn reads_command_line_of(&self, exe: &str) -> bool {
        Licenses::runs_programs(exe) || is_relay(exe)
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
        self.knowledge.license_ports().to_vec()
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
