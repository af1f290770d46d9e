//! What is known about license managers, and the questions that it answers.

mod interpreter;
mod names;
mod ports;
mod products;
mod schema;
mod site;
mod sources;

use std::borrow::Cow;

use serde::Deserialize;

use self::names::{Lists, Names, Place};
use self::ports::Ports;
use self::schema::Shown;
pub use self::schema::{
    Belief, CommandLine, Document, Emulator, Executables, KnownPort, LicenseManager, OnWindows, Technology,
    same_file_name,
};
use self::sources::{Sources, cited};

use crate::model::{Interpreter, Os, PortRole, Process, Protocol, interpreter_called};

/// The facts of `data/licenses.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Licenses {
    /// Licensing systems that several managers are built on, sorted by id.
    #[serde(rename = "technology")]
    pub technologies: Vec<Technology>,
    /// License managers, sorted by id.
    #[serde(rename = "manager")]
    pub managers: Vec<LicenseManager>,
    /// Programs that imitate a license server, sorted by id.
    #[serde(rename = "emulator")]
    pub emulators: Vec<Emulator>,
    /// Common beliefs about ports that are wrong, sorted by port.
    #[serde(rename = "belief")]
    pub beliefs: Vec<Belief>,
    /// Documents that sources name by a key.
    #[serde(rename = "document")]
    pub documents: Vec<Document>,
    #[serde(skip)]
    names: Names,
    #[serde(skip)]
    ports: Ports,
    #[serde(skip)]
    sources: Sources,
}

/// A program that belongs to a license manager, or imitates one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LicenseProgram<'a> {
    Emulator(&'a Emulator),
    /// The server of a technology. Any vendor may ship it.
    Server(&'a Technology),
    /// A manager's own executable: its server, or a vendor's daemon.
    Own(&'a LicenseManager),
    /// A vendor's daemon under an unknown name. Its file contains the technology's marker.
    UnlistedDaemon(&'a Technology),
}

impl LicenseProgram<'_> {
    /// What it belongs to, as a phrase.
    #[must_use]
    pub fn called(self) -> String {
        match self {
            LicenseProgram::Emulator(emulator) => emulator.name.clone(),
            LicenseProgram::Server(technology) => format!("{} license server", technology.name),
            LicenseProgram::Own(manager) => manager.called(),
            LicenseProgram::UnlistedDaemon(technology) => format!("a vendor of {} licenses", technology.name),
        }
    }
}

impl Licenses {
    /// The facts that are compiled into the program.
    #[must_use]
    pub(in crate::knowledge) fn embedded() -> Licenses {
        let text = include_str!(concat!(env!("OUT_DIR"), "/licenses.json"));
        Licenses::parse(text).expect("build.rs wrote it, and the tests read it")
    }

    /// Reads JSON with the keys of `data/licenses.toml`.
    ///
    /// # Errors
    ///
    /// Where the text has another form.
    pub fn parse(text: &str) -> Result<Licenses, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// The managers that use a port; with `None`, by any protocol.
    pub fn on_port(&self, port: u16, protocol: Option<Protocol>) -> impl Iterator<Item = &LicenseManager> {
        self.ports.managers_on(&self.managers, port, protocol)
    }

    #[must_use]
    pub fn technology_of(&self, manager: &LicenseManager) -> Option<&Technology> {
        let id = manager.technology.as_deref()?;
        self.technologies.iter().find(|technology| technology.id == id)
    }

    #[must_use]
    pub fn manager(&self, id: &str) -> Option<&LicenseManager> {
        self.managers.iter().find(|manager| manager.id == id)
    }

    /// Sources, with the titles of documents in place of their keys.
    #[must_use]
    pub fn cited(&self, sources: &[String]) -> Vec<String> {
        cited(sources, &self.documents)
    }

    /// The sources of a manager, likewise.
    #[must_use]
    pub fn sources_of(&self, manager: &LicenseManager) -> Vec<String> {
        self.cited(self.sources.of(manager))
    }

    /// The manager that stands for a whole technology.
    #[must_use]
    pub fn manager_of(&self, technology: &Technology) -> Option<&LicenseManager> {
        let of_it = |manager: &&LicenseManager| manager.technology.as_deref() == Some(&technology.id);
        self.managers.iter().filter(of_it).find(|manager| manager.any_vendor)
    }

    /// The executables that are right for any of these managers on a system, each once. For each
    /// manager, its technology's servers come first.
    #[must_use]
    pub fn expected(&self, managers: &[&LicenseManager], os: Os) -> Vec<String> {
        let mut expected: Vec<String> = Vec::new();
        for manager in managers {
            let servers = self.technology_of(manager).map_or(&[][..], |t| t.servers.on(os));
            for name in servers.iter().chain(manager.executables.on(os)) {
                if !expected.contains(name) {
                    expected.push(name.clone());
                }
            }
        }
        expected
    }

    /// The license program that a process is: by its command line, its file name, the original name in its
    /// file's version resource, or the marker in its file. The first of these that is known decides, unless it
    /// runs from an emulator's folder.
    #[must_use]
    pub fn recognise(&self, process: &Process, os: Os) -> Option<LicenseProgram<'_>> {
        let by_command_line = || {
            let id = process.program()?.interpreted.as_deref()?;
            let emulator = self.emulators.iter().find(|emulator| &*emulator.id == id);
            let own = || self.managers.iter().find(|manager| &*manager.id == id);
            emulator.map(LicenseProgram::Emulator).or_else(|| own().map(LicenseProgram::Own))
        };
        let by_file = || {
            let texts = process.exe()?.texts();
            let mut technologies = self.technologies.iter();
            technologies.find_map(|technology| match technology.shown_by(texts)? {
                Shown::Server => Some(LicenseProgram::Server(technology)),
                Shown::Daemon => Some(LicenseProgram::UnlistedDaemon(technology)),
            })
        };
        let by_name = || {
            let exe = process.exe_name(os)?;
            let by_name = self.recognise_name(exe, os)?;
            // One name may be that of two technologies' daemons: then the file says whose.
            let texts = process.exe()?.texts();
            let shown = self.technologies.iter().find(|technology| technology.is_daemon_s(texts));
            Some(shown.and_then(|shown| self.daemon_of(shown, by_name, exe, os)).unwrap_or(by_name))
        };
        let by_original_name = || self.recognise_name(&original_name(process)?, os);
        let known = by_command_line().or_else(by_name).or_else(by_original_name).or_else(by_file)?;
        Some(self.emulator_around(process, os).map_or(known, LicenseProgram::Emulator))
    }

    /// What a known daemon of another technology is as one of this; `None` for any other program.
    #[must_use]
    pub fn daemon_of<'l>(
        &'l self,
        technology: &'l Technology,
        known: LicenseProgram<'_>,
        exe: &str,
        os: Os,
    ) -> Option<LicenseProgram<'l>> {
        let of_another = self.technology_of_daemon(known).filter(|of| of.id != technology.id);
        of_another.map(|_| self.daemon_called(technology, exe, os))
    }

    /// The daemon of a technology with this file name, which may be unknown.
    fn daemon_called<'l>(&'l self, technology: &'l Technology, exe: &str, os: Os) -> LicenseProgram<'l> {
        let is_it = |manager: &&LicenseManager| {
            manager.technology.as_ref() == Some(&technology.id) && manager.executables.have(exe, os)
        };
        // As `names::collected` chooses among several: the most certain facts, then the first.
        let of_it = self.managers.iter().rev().filter(is_it).max_by_key(|manager| manager.confidence);
        of_it.map_or(LicenseProgram::UnlistedDaemon(technology), LicenseProgram::Own)
    }

    /// The managers whose program this executable of `own` is: one daemon may be that of several. Of those, a manager
    /// that has no port for a daemon only says where the server is.
    #[must_use]
    pub fn owners<'l>(&'l self, own: &'l LicenseManager, exe: &str, os: Os) -> Vec<&'l LicenseManager> {
        let shares = |manager: &LicenseManager| {
            manager.technology == own.technology && manager.executables.have(exe, os)
        };
        let all: Vec<&LicenseManager> =
            self.managers.iter().filter(|manager| manager.id == own.id || shares(manager)).collect();
        let with_daemon: Vec<&LicenseManager> =
            all.iter().copied().filter(|manager| manager.has_port_for(PortRole::VendorDaemon)).collect();
        if with_daemon.is_empty() { all } else { with_daemon }
    }

    /// Whether the name of a server is in a file name, so that the file may show that it is one: `phenyx-lmgrd`.
    #[must_use]
    pub fn may_be_server(&self, exe: &str, os: Os) -> bool {
        let with_marker = self.technologies.iter().filter(|technology| technology.server_marker.is_some());
        let stem = |name: &str| name.strip_suffix(".exe").unwrap_or(name).to_ascii_lowercase();
        let exe = stem(exe);
        with_marker.flat_map(|technology| technology.servers.on(os)).any(|known| exe.contains(&stem(known)))
    }

    /// The emulator from whose folder a license program runs: it need not have changed the program's name.
    fn emulator_around(&self, process: &Process, os: Os) -> Option<&Emulator> {
        let path = &process.exe()?.path;
        self.emulators.iter().find(|emulator| emulator.has_folder_of(path, os))
    }

    /// The original name in the version resource, where a process is recognised by that and not by the name
    /// of its file.
    #[must_use]
    pub fn renamed_from<'p>(&self, process: &'p Process, os: Os) -> Option<Cow<'p, str>> {
        let is_known = |name: &str| self.recognise_name(name, os).is_some();
        let original = original_name(process)?;
        (!is_known(process.exe_name(os)?) && is_known(&original)).then_some(original)
    }

    /// Who makes a program's file: the beginnings of their names. Empty where that is not known.
    #[must_use]
    pub fn makers<'f>(&'f self, known: LicenseProgram<'f>) -> Vec<&'f str> {
        let (own, technology) = match known {
            LicenseProgram::Server(technology) => (&[][..], Some(technology)),
            LicenseProgram::Own(manager) => {
                let own = &manager.windows.companies[..];
                // A vendor's daemon is made from a kit, and may still say who made that.
                (own, self.technology_of(manager).filter(|_| !own.is_empty()))
            }
            LicenseProgram::Emulator(_) | LicenseProgram::UnlistedDaemon(_) => (&[][..], None),
        };
        let of_technology = technology.map_or(&[][..], |technology| &technology.companies);
        own.iter().chain(of_technology).map(String::as_str).collect()
    }

    /// The license program with this file name.
    #[must_use]
    pub fn recognise_name(&self, exe: &str, os: Os) -> Option<LicenseProgram<'_>> {
        let exactly = self.exactly_called(exe, os);
        let is_of_vendor = matches!(exactly, None | Some(LicenseProgram::Own(_)));
        let renamed = || self.technologies.iter().find(|technology| technology.has_renamed_server(exe, os));
        is_of_vendor.then(renamed).flatten().map(LicenseProgram::Server).or(exactly)
    }

    /// The license program with exactly this file name, by the rules of the system.
    fn exactly_called(&self, exe: &str, os: Os) -> Option<LicenseProgram<'_>> {
        let Licenses { emulators, technologies, managers, .. } = self;
        Some(match self.names.place(Lists { emulators, technologies, managers }, exe, os)? {
            Place::Emulator(at) => LicenseProgram::Emulator(&emulators[at]),
            Place::Server(at) => LicenseProgram::Server(&technologies[at]),
            Place::Own(at) => LicenseProgram::Own(&managers[at]),
        })
    }

    /// Whether a program is right for a manager: its own, or its technology's server.
    #[must_use]
    pub fn is_right_for(
        &self,
        known: LicenseProgram<'_>,
        manager: &LicenseManager,
        exe: &str,
        os: Os,
    ) -> bool {
        match known {
            LicenseProgram::Server(technology) => manager.technology.as_deref() == Some(&technology.id),
            LicenseProgram::Own(own) => own.id == manager.id || manager.executables.have(exe, os),
            LicenseProgram::Emulator(_) | LicenseProgram::UnlistedDaemon(_) => false,
        }
    }

    /// The technology of a vendor's daemon; `None` for any other program.
    #[must_use]
    pub fn technology_of_daemon(&self, known: LicenseProgram<'_>) -> Option<&Technology> {
        match known {
            LicenseProgram::Own(manager) => self.technology_of(manager),
            LicenseProgram::UnlistedDaemon(technology) => {
                self.technologies.iter().find(|t| t.id == technology.id)
            }
            LicenseProgram::Server(_) | LicenseProgram::Emulator(_) => None,
        }
    }

    /// Every known executable on a system.
    pub fn executables(&self, os: Os) -> impl Iterator<Item = &str> {
        let servers = self.technologies.iter().flat_map(move |technology| technology.servers.on(os));
        let own = self.managers.iter().flat_map(move |manager| manager.executables.on(os));
        let emulators = self.emulators.iter().flat_map(move |emulator| emulator.executables.on(os));
        servers.chain(own).chain(emulators).map(String::as_str)
    }

    /// The markers of all technologies, which show in a file what it is under any name.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.technologies.iter().flat_map(Technology::markers)
    }

    /// Whether the command line of an executable with this name shows what it runs.
    #[must_use]
    pub fn runs_programs(exe: &str) -> bool {
        Licenses::interpreter(exe).is_some()
    }

    /// The interpreter that an executable with this name should be, of those whose command lines are read.
    #[must_use]
    pub fn interpreter(exe: &str) -> Option<Interpreter> {
        interpreter_called(exe)
    }

    /// The id of the manager or emulator that an interpreter runs, by its command line.
    #[must_use]
    pub fn program(&self, exe: &str, args: &[String]) -> Option<&str> {
        interpreter::program(&self.emulators, &self.managers, exe, args)
    }
}

fn original_name(process: &Process) -> Option<Cow<'_, str>> {
    process.exe()?.version.as_ref()?.program_name()
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;

    static LICENSES: LazyLock<Licenses> = LazyLock::new(Licenses::embedded);

    fn manager(id: &str) -> &'static LicenseManager {
        LICENSES.manager(id).unwrap()
    }

    fn is_right(id: &str, exe: &str, os: Os) -> bool {
        let licenses = Licenses::embedded();
        licenses
            .recognise_name(exe, os)
            .is_some_and(|known| licenses.is_right_for(known, manager(id), exe, os))
    }

    #[test]
    fn the_server_of_the_technology_is_right_under_longer_names() {
        for (exe, os, right) in [
            ("lmgrd", Os::Linux, true),
            ("lmgrd.intel", Os::Linux, true),
            ("lmgrd-11.10.0.0", Os::Linux, true),
            ("lmgrd2", Os::Linux, false),
            ("mylmgrd", Os::Linux, false),
            ("LMGRD", Os::Linux, false),
            ("LMGRD.EXE", Os::Windows, true),
            ("lmgrd_x64.exe", Os::Windows, true),
            ("lmgrd.sh", Os::Windows, false),
            ("ansyslmd", Os::Linux, true),
            ("adskflex", Os::Linux, false),
        ] {
            assert_eq!(is_right("ansys", exe, os), right, "{exe}");
        }
    }

    #[test]
    fn one_daemon_of_two_managers_is_right_for_both() {
        assert!(is_right("autodesk-nlm", "adskflex", Os::Linux));
        assert!(is_right("autodesk-3ds-lm", "adskflex", Os::Linux));
        assert_eq!(
            LICENSES.recognise_name("adskflex", Os::Linux).unwrap().called(),
            "Autodesk Network License Manager"
        );
    }

    #[test]
    fn managers_are_called_without_saying_the_vendor_twice() {
        assert_eq!(manager("citrix").called(), "Citrix License Server");
        assert_eq!(manager("autodesk-3ds-lm").called(), "Autodesk 3ds-lm");
        assert_eq!(manager("netmap-lm").called(), "netmap-lm");
    }

    /// What a search of the lists finds.
    fn searched(exe: &str, os: Os) -> Option<LicenseProgram<'static>> {
        let emulator = LICENSES.emulators.iter().find(|emulator| emulator.executables.have(exe, os));
        let server = || LICENSES.technologies.iter().find(|technology| technology.servers.have(exe, os));
        let own = || {
            let own = LICENSES.managers.iter().rev().filter(|manager| manager.executables.have(exe, os));
            own.max_by_key(|manager| manager.confidence)
        };
        let server_or_own =
            || server().map(LicenseProgram::Server).or_else(|| own().map(LicenseProgram::Own));
        emulator.map(LicenseProgram::Emulator).or_else(server_or_own)
    }

    #[test]
    fn every_name_is_looked_up_as_a_search_of_the_lists_finds_it() {
        for os in Os::ALL {
            let mut found = 0;
            for name in Os::ALL.into_iter().flat_map(|os| LICENSES.executables(os)) {
                for exe in [name.to_owned(), name.to_ascii_uppercase(), format!("{name}2")] {
                    let program = LICENSES.exactly_called(&exe, os);
                    assert_eq!(program, searched(&exe, os), "{exe} on {}", os.name());
                    found += usize::from(program.is_some());
                }
            }
            assert!(found > 20, "{found} on {}", os.name());
        }
    }
}
