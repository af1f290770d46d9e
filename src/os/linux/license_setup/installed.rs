//! What would start a license server: systemd's units, the scripts of System V init, and the tables of cron.

use std::path::{Path, PathBuf};

use rustix::fs::FileType;
use serde::{Deserialize, Serialize};

use super::super::super::decode::license_command;
use super::super::super::decode::linux::{service_unit, startup_script};
use super::super::mount_tables::MountTables;
use super::super::proc_dir::Proc;
use super::super::process_root::ProcessRoot;
use super::server_files::FileReader;
use crate::model::{InstalledServer, InstalledState, LicenseFile, NamedBy, Os, Starter};
use crate::os::decode::text::os_text;
use crate::os::inspect::LicensePrograms;

/// The folders of the system's units; an earlier one overrides a later one (systemd.unit(5)).
const UNIT_FOLDERS: [&str; 5] = [
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
];
/// Where systemd keeps that a unit is started with the system: links in folders that end so.
const WANTS: [&str; 2] = [".wants", ".requires"];
/// systemd makes this folder when it starts (sd_booted(3)).
const SYSTEMD_RUNS: &str = "/run/systemd/system";
/// The control groups of the system's services: version 2, and version 1.
const CGROUPS: [&str; 2] = ["/sys/fs/cgroup/system.slice", "/sys/fs/cgroup/systemd/system.slice"];

const INIT_SCRIPTS: &str = "/etc/init.d";
const RC_LOCAL: [&str; 2] = ["/etc/rc.local", "/etc/rc.d/rc.local"];
const CRONTABS: [&str; 2] = ["/etc/crontab", "/etc/cron.d"];
/// The tables of users, one for each (crontab(1)).
const USER_CRONTABS: [&str; 2] = ["/var/spool/cron/crontabs", "/var/spool/cron"];

/// How much of one file is read, in bytes, and how many files and names.
const MOST_OF_FILE: u64 = 64 * 1024;
const MOST_FILES: usize = 4000;
const MOST_NAMES: usize = 20_000;
/// No more servers are kept: a machine has a few.
const MOST_SERVERS: usize = 100;

/// What is installed, with the license files that it names.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(in super::super) struct Installed {
    pub(in super::super) servers: Vec<InstalledServer>,
    pub(in super::super) files: Vec<LicenseFile>,
    /// Whether there is more than was read.
    pub(in super::super) is_cut: bool,
}

impl Installed {
    pub(in super::super) fn read(programs: &LicensePrograms, proc: &Proc, mounts: &MountTables) -> Installed {
        let Ok(root) = ProcessRoot::own(proc, mounts) else { return Installed::default() };
        let mut reader =
            Reader { root: &root, programs, servers: Vec::new(), left: MOST_FILES, is_cut: false };
        if root.find(Path::new(SYSTEMD_RUNS)).is_ok() {
            reader.read_units();
        }
        reader.read_scripts();
        reader.read_crontabs();
        let Reader { servers, is_cut, .. } = reader;
        let mut files = FileReader::new(&root, Path::new("/"), "lic");
        for server in servers.iter().filter(|one| one.state != InstalledState::Running) {
            let Some(system) = programs.started_by(&server.command).and_then(|program| program.system) else {
                continue;
            };
            for path in license_command::arguments(system, Os::Linux, &server.command).license_paths {
                files.read(&path, &NamedBy::Service(server.name.clone()));
            }
        }
        Installed { servers, is_cut: is_cut || files.is_cut, files: files.files }
    }
}

struct Reader<'a> {
    root: &'a ProcessRoot,
    programs: &'a LicensePrograms,
    servers: Vec<InstalledServer>,
    /// How many more files are read.
    left: usize,
    is_cut: bool,
}

impl Reader<'_> {
    fn read_units(&mut self) {
        let mut units: std::collections::BTreeMap<String, PathBuf> = std::collections::BTreeMap::new();
        let mut drop_ins: Vec<(String, PathBuf)> = Vec::new();
        let mut wanted = std::collections::BTreeSet::new();
        for folder in UNIT_FOLDERS.map(Path::new) {
            for name in self.names(folder) {
                if name.ends_with(".service") {
                    units.entry(name.clone()).or_insert_with(|| folder.join(&name));
                } else if let Some(unit) = name.strip_suffix(".d").filter(|unit| unit.ends_with(".service")) {
                    drop_ins.push((unit.to_owned(), folder.join(&name)));
                } else if WANTS.iter().any(|ending| name.ends_with(ending)) {
                    wanted.extend(self.names(&folder.join(&name)));
                }
            }
        }
        for (name, path) in units {
            let Some(text) = self.text(&path) else { continue };
            let mut texts = vec![text];
            let own: Vec<PathBuf> =
                drop_ins.iter().filter(|(unit, _)| *unit == name).map(|(_, folder)| folder.clone()).collect();
            for folder in own {
                for name in self.names(&folder).into_iter().filter(|name| name.ends_with(".conf")) {
                    texts.extend(self.text(&folder.join(name)));
                }
            }
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            for command in service_unit::read(&texts).commands {
                let state = self.state_of(&name, wanted.contains(&name));
                self.add(&name, Starter::Systemd, command, state);
            }
        }
    }

    /// A unit whose control group is there has processes (cgroups(7)): systemd removes an empty one.
    fn state_of(&self, unit: &str, is_wanted: bool) -> InstalledState {
        let has_group = |folder: &str| self.root.find(&Path::new(folder).join(unit)).is_ok();
        match CGROUPS.iter().any(|folder| has_group(folder)) {
            true => InstalledState::Running,
            false if is_wanted => InstalledState::Stopped,
            false => InstalledState::Disabled,
        }
    }

    fn read_scripts(&mut self) {
        let folder = Path::new(INIT_SCRIPTS);
        let scripts = self.names(folder).into_iter().map(|name| folder.join(name));
        let scripts: Vec<PathBuf> = scripts.chain(RC_LOCAL.map(PathBuf::from)).collect();
        for path in scripts {
            // A unit of the same name takes the place of a script (systemd-sysv-generator(8)).
            let unit = path.file_name().map(|name| format!("{}.service", os_text(name)));
            if unit.is_some_and(|unit| self.servers.iter().any(|server| server.name == unit)) {
                continue;
            }
            let Some(text) = self.text(&path) else { continue };
            for command in startup_script::script(&text) {
                self.add(&os_text(&path), Starter::InitScript, command, InstalledState::Unknown);
            }
        }
    }

    fn read_crontabs(&mut self) {
        let mut tables: Vec<(PathBuf, bool)> = Vec::new();
        for (folders, has_user) in [(CRONTABS, true), (USER_CRONTABS, false)] {
            for path in folders.map(PathBuf::from) {
                let is_folder = |path: &Path| {
                    self.root.find(path).is_ok_and(|found| found.status.kind == FileType::Directory)
                };
                if is_folder(&path) {
                    tables.extend(self.names(&path).into_iter().map(|name| (path.join(name), has_user)));
                } else {
                    tables.push((path, has_user));
                }
            }
        }
        for (path, has_user) in tables {
            let Some(text) = self.text(&path) else { continue };
            for command in startup_script::crontab(&text, has_user) {
                self.add(&os_text(&path), Starter::Cron, command, InstalledState::Unknown);
            }
        }
    }

    /// Keeps what starts a license server, once for each command line.
    fn add(&mut self, name: &str, starter: Starter, command: Vec<String>, state: InstalledState) {
        let is_known = |server: &InstalledServer| server.name == name && server.command == command;
        if self.programs.started_by(&command).is_none() || self.servers.iter().any(is_known) {
            return;
        }
        if self.servers.len() >= MOST_SERVERS {
            self.is_cut = true;
            return;
        }
        self.servers.push(InstalledServer::new(name, starter, command, state));
    }

    /// The names in a folder, in their order.
    fn names(&mut self, folder: &Path) -> Vec<String> {
        let Ok(found) = self.root.find(folder) else { return Vec::new() };
        let mut names = found.names(MOST_NAMES);
        names.sort();
        names
    }

    /// The beginning of an ordinary file.
    fn text(&mut self, path: &Path) -> Option<String> {
        if self.left == 0 {
            self.is_cut = true;
            return None;
        }
        self.left -= 1;
        self.root.find(path).ok()?.beginning(MOST_OF_FILE)
    }
}
