//! A server's license files, line by line, beside what listens and what the machine is called.

use std::sync::Arc;

use super::block::is_called;
use super::judging::Judging;
use crate::model::phrase::list;
use crate::model::quoting::{quoted, quoted_path};
use crate::model::sorting::sort_by_key;
use crate::model::{
    DaemonLine, DaemonProgram, JudgedLine, LicenseFile, LicenseSystem, MachineIdentity, NamedBy, Pid,
    Process, ServerLicenseFile, ServerLine, ServerProcess,
};

impl Judging<'_, '_> {
    pub(super) fn license_files(&self) -> Vec<ServerLicenseFile> {
        self.block.files.iter().map(|file| self.license_file(file)).collect()
    }

    fn license_file(&self, file: &LicenseFile) -> ServerLicenseFile {
        let own: Vec<&DaemonLine> = self.block.daemon_lines.iter().map(|(_, line)| *line).collect();
        let lines =
            file.contents.done().map(|contents| {
                let servers = contents.servers.iter().map(|line| JudgedLine {
                    line: line.line,
                    text: server_text(line, contents.system),
                    remark: self.server_remark(line, contents.servers.len() == 3),
                });
                let daemons = contents.daemons.iter().filter(|line| own.contains(line)).map(|line| {
                    JudgedLine { line: line.line, text: daemon_text(line), remark: self.daemon_remark(line) }
                });
                let flaws = contents.flaws.iter().map(|flaw| JudgedLine {
                    line: flaw.line.unwrap_or_default(),
                    text: String::new(),
                    remark: Some(flaw.text.clone()),
                });
                let mut lines: Vec<JudgedLine> = servers.chain(daemons).chain(flaws).collect();
                sort_by_key(&mut lines, |line| line.line);
                lines
            });
        let named_by = file.named_by.first().map_or_else(String::new, |by| self.named_by(by));
        ServerLicenseFile { path: file.path.clone(), named_by, lines }
    }

    fn named_by(&self, by: &NamedBy) -> String {
        let name = |pid: &Pid| {
            let process = self.survey.observation.processes.get(pid);
            process.map_or_else(|| format!("PID {pid}"), |process| process.called())
        };
        match by {
            NamedBy::Caller => "named by you".to_owned(),
            NamedBy::CommandLine(pid) => format!("named by the command line of {}", name(pid)),
            NamedBy::Environment { pid, variable } => {
                format!("named by {} of {}", quoted(variable), name(pid))
            }
            NamedBy::Folder(pid) => format!("in a folder that {} reads", name(pid)),
            NamedBy::Service(service) => format!("named by the service {}", quoted(service)),
        }
    }

    /// What is wrong with a `SERVER` line, if anything is. `is_one_of_three`: it may be about another machine.
    fn server_remark(&self, line: &ServerLine, is_one_of_three: bool) -> Option<String> {
        let identity = self.identity();
        let is_here = identity.and_then(|identity| host_is_here(&line.host, identity));
        if is_one_of_three && is_here != Some(true) {
            return None;
        }
        let server = self.server.as_ref().filter(|server| !server.ports.is_empty());
        let elsewhere = line.port.zip(server).and_then(|(port, server)| {
            let listens_there = server.ports.iter().any(|one| one.port == port);
            (!listens_there).then(|| format!("{} does not listen on {port}", server.process.called()))
        });
        let mismatch = || match is_here {
            Some(false) => Some(format!("{} is no name of this machine", quoted(&line.host))),
            _ if identity.is_some_and(|identity| host_id_is_here(line, identity) == Some(false)) => {
                Some("no interface of this machine has that host ID".to_owned())
            }
            _ => None,
        };
        elsewhere.or_else(mismatch)
    }

    fn daemon_remark(&self, line: &DaemonLine) -> Option<String> {
        let os = self.survey.os();
        let is_it = |exe: Option<&str>| exe.is_some_and(|exe| is_called(line, exe, os));
        let name_of =
            |process: &Process| process.exe_name(os).map(str::to_owned).or_else(|| process.name.clone());
        let mut running = self.daemons.iter().chain(&self.orphans);
        let daemon = running.find(|daemon| is_it(name_of(&daemon.process).as_deref()));
        let is_orphan = |daemon: &ServerProcess| {
            self.orphans.iter().any(|orphan| orphan.process.pid == daemon.process.pid)
        };
        if let Some(orphan) = daemon.filter(|daemon| is_orphan(daemon)) {
            return Some(format!("{} is left over", orphan.process.called()));
        }
        let Some(daemon) = daemon else {
            return Some(match self.program_remark(line) {
                Some(why) => why,
                None => self.absence(line),
            });
        };
        let listens: Vec<String> = daemon.ports.iter().map(|one| one.port.to_string()).collect();
        match line.port {
            _ if listens.is_empty() => Some(format!("{} listens nowhere", daemon.process.called())),
            Some(port) if !daemon.ports.iter().any(|one| one.port == port) => {
                Some(format!("{} listens on {} instead", daemon.process.called(), list(&listens, "and")))
            }
            Some(_) => None,
            None => Some(format!("no port= here, so the system chose {}", list(&listens, "and"))),
        }
    }

    /// Why a daemon is not among those of the server.
    fn absence(&self, line: &DaemonLine) -> String {
        let os = self.survey.os();
        let is_it = |one: &&Arc<Process>| {
            is_called(line, one.exe_name(os).or(one.name.as_deref()).unwrap_or_default(), os)
        };
        match (&self.server, self.strays().find(is_it)) {
            (Some(server), Some(stray)) => {
                format!("{} runs, but {} did not start it", stray.called(), server.process.called())
            }
            (None, _) => "its license server does not run".to_owned(),
            (Some(_), None) => format!("{} does not run", quoted(&line.name)),
        }
    }

    /// Why the file of a daemon cannot be run, if it cannot.
    pub(super) fn program_remark(&self, line: &DaemonLine) -> Option<String> {
        let path = quoted_path(line.path.as_deref()?);
        match line.program.done()? {
            DaemonProgram::Executable => None,
            DaemonProgram::NotExecutable => Some(format!("{path} is not executable")),
            DaemonProgram::Missing => Some(format!("{path} is not there")),
            DaemonProgram::LoaderMissing => Some(format!(
                "{path} needs /lib64/ld-lsb-x86-64.so.3, which is not there (the package lsb has it)"
            )),
        }
    }
}

/// A line as it stands in the file, without its path and host ID.
pub(super) fn server_text(line: &ServerLine, system: Option<LicenseSystem>) -> String {
    let keyword = if system == Some(LicenseSystem::Rlm) { "HOST" } else { "SERVER" };
    let port = line.port.map_or(String::new(), |port| format!(" {port}"));
    format!("{keyword} {}{port}", quoted(&line.host))
}

pub(super) fn daemon_text(line: &DaemonLine) -> String {
    let port = line.port.map_or(String::new(), |port| format!(" port={port}"));
    format!("{} {}{port}", line.keyword, quoted(&line.name))
}

/// Whether a `SERVER` line names this machine; `None` where that is not known. Only the machine's own names and its
/// hosts file are asked, no name server.
pub(super) fn host_is_here(host: &str, identity: &MachineIdentity) -> Option<bool> {
    const PLACEHOLDERS: [&str; 3] = ["this_host", "localhost", "any"];
    if PLACEHOLDERS.iter().any(|word| word.eq_ignore_ascii_case(host)) {
        return Some(true);
    }
    if let Ok(address) = host.parse() {
        let is_own = identity.addresses.contains(&address) || address.is_loopback();
        return (!identity.addresses.is_empty()).then_some(is_own);
    }
    let first_label = |name: &str| name.split('.').next().unwrap_or_default().to_ascii_lowercase();
    let is_own_name = |own: &String| {
        // `lic01` and `lic01.example.com` are one machine; `lic01.a` and `lic01.b` need not be.
        let is_short = !own.contains('.') || !host.contains('.');
        own.eq_ignore_ascii_case(host) || (is_short && first_label(own) == first_label(host))
    };
    if identity.names.iter().any(is_own_name) {
        return Some(true);
    }
    let known = identity.hosts.iter().filter(|(name, _)| name.eq_ignore_ascii_case(host));
    let known: Vec<bool> =
        known.map(|(_, address)| address.is_loopback() || identity.addresses.contains(address)).collect();
    match &known[..] {
        [] if identity.names.is_empty() => None,
        // Only a name server may know it: it may be another name of this machine.
        [] => Some(false),
        found => Some(found.contains(&true)),
    }
}

/// Whether the host ID of a line is a hardware address of this machine; `None` where it is none, or that is not known.
pub(super) fn host_id_is_here(line: &ServerLine, identity: &MachineIdentity) -> Option<bool> {
    let digits: String = line.host_id.as_deref()?.chars().filter(|c| !matches!(c, ':' | '-')).collect();
    let is_address = digits.len() == 12 && digits.chars().all(|c| c.is_ascii_hexdigit());
    if !is_address || identity.hardware_addresses.is_empty() {
        return None;
    }
    Some(identity.hardware_addresses.iter().any(|own| own.eq_ignore_ascii_case(&digits)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_this_machine_by_its_names_hosts_file_and_addresses() {
        let identity = MachineIdentity {
            names: vec!["lic01".to_owned(), "alias.example.com".to_owned()],
            hosts: vec![
                ("licserv".to_owned(), "127.0.1.1".parse().unwrap()),
                ("other".to_owned(), "192.0.2.9".parse().unwrap()),
                ("mine".to_owned(), "192.0.2.7".parse().unwrap()),
            ],
            addresses: vec!["192.0.2.7".parse().unwrap()],
            hardware_addresses: vec!["0011223344aa".to_owned()],
        };
        for (host, is_here) in [
            ("this_host", true),
            ("ANY", true),
            ("LIC01", true),
            ("lic01.example.com", true),
            ("alias.example.com", true),
            ("alias.example.org", false),
            ("licserv", true),
            ("mine", true),
            ("other", false),
            ("elsewhere", false),
            ("192.0.2.7", true),
            ("192.0.2.8", false),
        ] {
            assert_eq!(host_is_here(host, &identity), Some(is_here), "{host}");
        }
        assert_eq!(host_is_here("lic01", &MachineIdentity::default()), None);
        let line = |id: &str| ServerLine {
            line: 1,
            host: "lic01".to_owned(),
            host_id: Some(id.to_owned()),
            port: None,
        };
        for (id, is_here) in [
            ("0011223344AA", Some(true)),
            ("00:11:22:33:44:aa", Some(true)),
            ("00-11-22-33-44-ab", Some(false)),
            ("ANY", None),
            ("ID=12345", None),
            ("a1b2c3d4", None),
        ] {
            assert_eq!(host_id_is_here(&line(id), &identity), is_here, "{id}");
        }
        assert_eq!(host_id_is_here(&line("0011223344AA"), &MachineIdentity::default()), None);
    }
}
