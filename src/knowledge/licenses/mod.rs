//! Everything known of license managers, and what can be asked of it.

mod interpreter;
mod schema;

use std::borrow::Cow;

use serde::Deserialize;

pub use self::schema::{
    Belief, CommandLine, Document, Emulator, Executables, KnownPort, LicenseManager, OnWindows, Technology,
    same_file_name,
};

use crate::model::{Os, Process, Protocol};

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
    /// Programs that stand in for a license server without its maker, sorted by id.
    #[serde(rename = "emulator")]
    pub emulators: Vec<Emulator>,
    /// What is often said of a port and is not so, sorted by port.
    #[serde(rename = "belief")]
    pub beliefs: Vec<Belief>,
    /// Documents that sources name by a key.
    #[serde(rename = "document")]
    pub documents: Vec<Document>,
}

/// What a process is, as far as license managers go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LicenseProgram<'a> {
    /// It stands in for a license server.
    Emulator(&'a Emulator),
    /// The server of a technology, which any vendor may ship.
    Server(&'a Technology),
    /// A manager's own executable.
    Own(&'a LicenseManager),
    /// A vendor's daemon under a name that is not known: its file says what it is.
    UnlistedDaemon(&'a Technology),
}

impl LicenseProgram<'_> {
    /// What it belongs to, in words.
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

    /// Reads facts from JSON, in the form of `data/licenses.toml` otherwise.
    ///
    /// # Errors
    ///
    /// Where the text is not of that form.
    pub fn parse(text: &str) -> Result<Licenses, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// The managers that use a port; `protocol` `None` asks for any.
    pub fn on_port(&self, port: u16, protocol: Option<Protocol>) -> impl Iterator<Item = &LicenseManager> {
        self.managers
            .iter()
            .filter(move |manager| manager.ports.iter().any(|known| known.is_at(port, protocol)))
    }

    /// The technology a manager is built on.
    #[must_use]
    pub fn technology_of(&self, manager: &LicenseManager) -> Option<&Technology> {
        let id = manager.technology.as_deref()?;
        self.technologies.iter().find(|technology| technology.id == id)
    }

    /// The manager of an id.
    #[must_use]
    pub fn manager(&self, id: &str) -> Option<&LicenseManager> {
        self.managers.iter().find(|manager| manager.id == id)
    }

    /// Sources, with the titles of the documents that they name by a key: `[key] pp. 23-25`.
    #[must_use]
    pub fn cited(&self, sources: &[String]) -> Vec<String> {
        let title = |key: &str| self.documents.iter().find(|document| document.key == key);
        let cited = sources.iter().map(|source| {
            let keyed = source.strip_prefix('[').and_then(|rest| rest.split_once(']'));
            let document = keyed.and_then(|(key, place)| Some((&title(key)?.title, place)));
            document.map_or_else(|| source.clone(), |(title, place)| format!("{title}{place}"))
        });
        cited.collect()
    }

    /// The manager that stands for a whole technology.
    #[must_use]
    pub fn manager_of(&self, technology: &Technology) -> Option<&LicenseManager> {
        let of_it = |manager: &&LicenseManager| manager.technology.as_deref() == Some(&technology.id);
        self.managers.iter().filter(of_it).find(|manager| manager.any_vendor)
    }

    /// The executables that are right for any of these managers on a system, each once; for each
    /// manager its technology's servers first.
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

    /// What a process is: by its executable's name, by the program that its command line names, or
    /// by what its file says.
    #[must_use]
    pub fn recognise(&self, process: &Process, os: Os) -> Option<LicenseProgram<'_>> {
        let interpreted = process.program().and_then(|program| program.interpreted.as_deref());
        let by_program = || {
            let emulator = self.emulators.iter().find(|emulator| Some(&*emulator.id) == interpreted);
            emulator.map(LicenseProgram::Emulator).or_else(|| {
                self.managers.iter().find(|m| Some(&*m.id) == interpreted).map(LicenseProgram::Own)
            })
        };
        let by_file = || {
            let texts = &process.exe()?.texts;
            let says = |t: &&Technology| t.marker.as_ref().is_some_and(|marker| texts.contains(marker));
            self.technologies.iter().find(says).map(LicenseProgram::UnlistedDaemon)
        };
        let by_name = || self.recognise_name(process.exe_name(os)?, os);
        let by_first_name = || self.recognise_name(&first_name(process)?, os);
        by_program().or_else(by_name).or_else(by_first_name).or_else(by_file)
    }

    /// The name by which alone a process is recognised, where that is not its file's: the one that the file says
    /// it had when it was made.
    #[must_use]
    pub fn renamed_from<'p>(&self, process: &'p Process, os: Os) -> Option<Cow<'p, str>> {
        let is_known = |name: &str| self.recognise_name(name, os).is_some();
        let first = first_name(process)?;
        (!is_known(process.exe_name(os)?) && is_known(&first)).then_some(first)
    }

    /// Who makes the file of what a process is, as far as that is known: the beginnings of their names.
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

    /// What an executable of this name is.
    #[must_use]
    pub fn recognise_name(&self, exe: &str, os: Os) -> Option<LicenseProgram<'_>> {
        if let Some(emulator) = self.emulators.iter().find(|emulator| emulator.executables.have(exe, os)) {
            return Some(LicenseProgram::Emulator(emulator));
        }
        if let Some(technology) = self.technologies.iter().find(|t| t.has_server(exe, os)) {
            return Some(LicenseProgram::Server(technology));
        }
        // Of several managers with the same daemon, the best known, and of those the first.
        let own = self.managers.iter().rev().filter(|manager| manager.executables.have(exe, os));
        own.max_by_key(|manager| manager.confidence).map(LicenseProgram::Own)
    }

    /// Whether what a process is makes it right for a manager: its own, or its technology's server.
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

    /// The technology that a process is a vendor's daemon of.
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

    /// Every executable that is known on a system.
    pub fn executables(&self, os: Os) -> impl Iterator<Item = &str> {
        let servers = self.technologies.iter().flat_map(move |technology| technology.servers.on(os));
        let own = self.managers.iter().flat_map(move |manager| manager.executables.on(os));
        let emulators = self.emulators.iter().flat_map(move |emulator| emulator.executables.on(os));
        servers.chain(own).chain(emulators).map(String::as_str)
    }

    /// Texts that show in a file what it is, under any name.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.technologies.iter().filter_map(|technology| technology.marker.as_deref())
    }

    /// Whether a command line tells what an executable of this name runs.
    #[must_use]
    pub fn runs_programs(exe: &str) -> bool {
        interpreter::interpreter(exe).is_some()
    }

    /// The id of the manager or emulator that an interpreter runs, as its command line tells.
    #[must_use]
    pub fn program(&self, exe: &str, args: &[String]) -> Option<&str> {
        interpreter::program(self, exe, args)
    }
}

/// The file name that a process's program says it had when it was made.
fn first_name(process: &Process) -> Option<Cow<'_, str>> {
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
}
