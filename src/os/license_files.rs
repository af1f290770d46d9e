//! How license servers are set up on Windows and macOS: their license files and logs, found by their command lines and
//! environments, as far as this user may read these.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use sysinfo::{Networks, System};

use super::decode::{flexnet_log, hosts_file, license_command, license_file};
use super::inspect::{LicensePrograms, ServerProgram};
use super::platform::{Processes, may_not_answer};
use super::read_process::Launch;
use super::this_os::THIS_OS;
use super::{Inspect, ScanScope};
use crate::model::{
    Checked, DaemonLine, DaemonProgram, DebugLog, Gap, GapKind, InstalledServer, LicenseFile, LicenseLines,
    LicenseSetup, LicenseSystem, MachineIdentity, NamedBy, NotInspected, Pid, Process, file_name,
};
use crate::os::decode::text::{os_text, text_of};

/// How many servers' files are read, how many license files, and how much of one, in bytes.
const MOST_SERVERS: usize = 100;
const MOST_FILES: usize = 200;
const MOST_OF_FILE: u64 = 4 * 1024 * 1024;
/// How much is read of the end of a log, and of the hosts file, in bytes.
const END_OF_LOG: u64 = 64 * 1024;
const MOST_OF_HOSTS: u64 = 256 * 1024;
/// The names in a folder of license files.
const MOST_NAMES: usize = 10_000;

#[cfg(windows)]
const HOSTS: &str = r"C:\Windows\System32\drivers\etc\hosts";
#[cfg(target_os = "macos")]
const HOSTS: &str = "/etc/hosts";

/// The ids of the processes that run license servers and daemons.
pub(super) fn servers(inspect: &dyn Inspect, running: &mut Processes) -> Vec<Pid> {
    let programs = inspect.license_programs(THIS_OS);
    let all = running.all(false).unwrap_or_default();
    let is_named = |process: &&Process| {
        process.name.as_deref().is_some_and(|own| programs.of_name(&name(own)).is_some())
    };
    let mut pids: Vec<Pid> = all.iter().filter(is_named).map(|process| process.pid).collect();
    pids.sort_unstable();
    pids.truncate(MOST_SERVERS);
    pids
}

/// Names compare without case.
fn name(name: &str) -> String {
    name.to_ascii_lowercase()
}

/// Reads the files of the license servers among these processes, those that the caller names, and those of what is
/// `installed`, as far as that does not run.
pub(super) fn read<'a>(
    processes: impl IntoIterator<Item = &'a Process>,
    running: Option<&mut Processes>,
    installed: Vec<InstalledServer>,
    inspect: &dyn Inspect,
    scope: &ScanScope,
    gaps: &mut Vec<Gap>,
) -> LicenseSetup {
    let programs = inspect.license_programs(THIS_OS);
    let servers = processes.into_iter().filter_map(|process| {
        let program = programs.of_name(&name(process.exe_name(THIS_OS)?))?;
        let services: Vec<String> = process.services.iter().map(|service| service.name.clone()).collect();
        Some((process.pid, (program.system?, services)))
    });
    let servers: BTreeMap<Pid, (LicenseSystem, Vec<String>)> = servers.take(MOST_SERVERS).collect();
    let mut reader = Reader::default();
    let mut logs = Vec::new();
    let pids: Vec<Pid> = servers.keys().copied().collect();
    // The services of each server that names no license file, as far as its command line and environment are known.
    let mut untold: Vec<Vec<String>> = Vec::new();
    let mut launches = running.map(|running| running.launches(&pids, scope)).unwrap_or_default();
    for (pid, (license_system, services)) in servers {
        let Launch { args, cwd, environment } = launches.remove(&pid).unwrap_or_default();
        let asked = license_command::arguments(license_system, THIS_OS, &args);
        // Where the folder that it works in is not known, a relative path leads nowhere.
        let place = |path: &str| match &cwd {
            Some(cwd) => Some(cwd.join(path)),
            None => Some(PathBuf::from(path)).filter(|path| path.is_absolute()),
        };
        let paths: Vec<PathBuf> = asked.license_paths.iter().filter_map(|path| place(path)).collect();
        if paths.is_empty() && environment.is_empty() {
            untold.push(services);
        }
        for path in paths {
            reader.read(&path, &NamedBy::CommandLine(pid));
        }
        if asked.license_paths.is_empty() || license_system == LicenseSystem::Rlm {
            for (variable, value) in environment.iter().filter_map(|text| text.split_once('=')) {
                let named_by = NamedBy::Environment { pid, variable: variable.to_owned() };
                let paths = license_command::variable(THIS_OS, variable, value).into_iter().flatten();
                paths.filter_map(|path| place(&path)).for_each(|path| reader.read(&path, &named_by));
            }
        }
        if let Some(path) = asked.log.and_then(|path| place(&path)) {
            let trouble = trouble(&path);
            logs.extend(trouble.map(|trouble| DebugLog::of_process(pid, os_text(path), trouble)));
        }
    }
    gaps.extend(untold_files(&untold, &installed));
    for path in &scope.license_files {
        let cwd = std::env::current_dir().unwrap_or_default();
        reader.read(&cwd.join(path), &NamedBy::Caller);
    }
    for server in &installed {
        let Some(system) = started_by(&programs, &server.command).and_then(|program| program.system) else {
            continue;
        };
        let asked = license_command::arguments(system, THIS_OS, &server.command);
        for path in &asked.license_paths {
            reader.read(Path::new(path), &NamedBy::Service(server.name.clone()));
        }
        if let Some(log) = asked.log.map(PathBuf::from).filter(|log| log.is_absolute()) {
            let trouble = trouble(&log);
            logs.extend(trouble.map(|trouble| DebugLog::of_service(&server.name, os_text(log), trouble)));
        }
    }
    LicenseSetup { files: reader.files, logs, installed, identity: identity(), ..LicenseSetup::default() }
}

/// That it is not known which license files some servers read. What a service starts names those of its own.
fn untold_files(untold: &[Vec<String>], installed: &[InstalledServer]) -> Option<Gap> {
    let is_told = |name: &String| installed.iter().any(|one| one.name == *name && one.command.len() > 1);
    let count = untold.iter().filter(|services| !services.iter().any(is_told)).count();
    let servers = match count {
        0 => return None,
        1 => "1 license server reads is not known: its command line names none".to_owned(),
        n => format!("{n} license servers read is not known: their command lines name none"),
    };
    let detail = format!("which license files {servers}, and the environment was not read");
    let remedy = Some("whatlistens servers --license-file FILE".to_owned());
    Some(Gap { count: Some(count as u64), remedy, ..Gap::new(GapKind::LicenseSetupUnreadable, detail) })
}

/// What starts a license server, by the file name of its program.
pub(super) fn started_by<'a>(programs: &'a LicensePrograms, command: &[String]) -> Option<&'a ServerProgram> {
    programs.of_name(&name(file_name(command.first()?, THIS_OS)))
}

#[derive(Default)]
struct Reader {
    files: Vec<LicenseFile>,
}

impl Reader {
    /// Reads a license file, or all in a folder that end in `.lic`.
    fn read(&mut self, path: &Path, named_by: &NamedBy) {
        let is_folder = !may_not_answer(path) && fs::metadata(path).is_ok_and(|found| found.is_dir());
        if !is_folder {
            return self.add(path, named_by);
        }
        let entries = fs::read_dir(path).into_iter().flatten().flatten().take(MOST_NAMES);
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        paths.retain(|path| path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("lic")));
        paths.sort();
        paths.iter().for_each(|path| self.add(path, named_by));
    }

    fn add(&mut self, path: &Path, named_by: &NamedBy) {
        let text = os_text(path);
        if let Some(known) = self.files.iter_mut().find(|file| file.path == text) {
            if !known.named_by.contains(named_by) {
                known.named_by.push(named_by.clone());
            }
        } else if self.files.len() < MOST_FILES {
            let (named_by, contents) = (vec![named_by.clone()], Checked::from(lines(path)));
            self.files.push(LicenseFile { path: text, named_by, contents });
        }
    }
}

fn lines(path: &Path) -> Result<LicenseLines, NotInspected> {
    let mut bytes = Vec::new();
    let file = opened(path)?;
    file.take(MOST_OF_FILE + 1).read_to_end(&mut bytes).map_err(|_| NotInspected::Unreadable)?;
    let is_whole = bytes.len() as u64 <= MOST_OF_FILE;
    bytes.truncate(MOST_OF_FILE as usize);
    let mut lines = license_file::read(&bytes, is_whole);
    for line in &mut lines.daemons {
        line.program = program(path, line);
    }
    Ok(lines)
}

/// Opens an ordinary file of this machine.
fn opened(path: &Path) -> Result<File, NotInspected> {
    if may_not_answer(path) {
        return Err(NotInspected::MayNotAnswer);
    }
    match fs::metadata(path) {
        Ok(found) if found.is_file() => File::open(path).map_err(|_| NotInspected::Unreadable),
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => Err(NotInspected::Unreadable),
        Ok(_) | Err(_) => Err(NotInspected::NotAtItsPath),
    }
}

/// Whether the file of a daemon is there. A relative path is one of the license file's folder: the server's own is not
/// always known.
fn program(license_file: &Path, line: &DaemonLine) -> Checked<DaemonProgram> {
    let Some(path) = &line.path else { return Checked::NotRequested };
    let path = license_file.parent().unwrap_or(Path::new("")).join(path);
    if may_not_answer(&path) {
        return Checked::Failed(NotInspected::MayNotAnswer);
    }
    let is_there = |path: &Path| fs::metadata(path).is_ok_and(|found| found.is_file());
    let with_ending = PathBuf::from(format!("{}.exe", path.display()));
    let in_folder = path.join(format!("{}{}", line.name, std::env::consts::EXE_SUFFIX));
    Checked::Done(match is_there(&path) || is_there(&with_ending) || is_there(&in_folder) {
        true => DaemonProgram::Executable,
        false => DaemonProgram::Missing,
    })
}

/// What the end of a log says of trouble.
fn trouble(path: &Path) -> Option<Vec<String>> {
    let mut file = opened(path).ok()?;
    let length = file.seek(SeekFrom::End(0)).ok()?;
    file.seek(SeekFrom::Start(length.saturating_sub(END_OF_LOG))).ok()?;
    let mut end = Vec::new();
    file.take(END_OF_LOG).read_to_end(&mut end).ok()?;
    Some(flexnet_log::trouble(&end, length > END_OF_LOG))
}

fn identity() -> MachineIdentity {
    let mut hosts = Vec::new();
    if let Ok(file) = opened(Path::new(HOSTS)) {
        let _ = file.take(MOST_OF_HOSTS).read_to_end(&mut hosts);
    }
    let networks = Networks::new_with_refreshed_list().ok();
    let networks: Vec<_> = networks.iter().flat_map(|networks| networks.values()).collect();
    let addresses = networks.iter().flat_map(|network| network.ip_networks()).map(|network| network.addr);
    let mut addresses: Vec<IpAddr> = addresses.filter(|address| !address.is_loopback()).collect();
    addresses.sort();
    addresses.dedup();
    let digits = networks.iter().map(|network| network.mac_address().to_string().replace(':', ""));
    let mut hardware_addresses: Vec<String> =
        digits.map(|digits| digits.to_ascii_lowercase()).filter(|digits| digits != "000000000000").collect();
    hardware_addresses.sort();
    hardware_addresses.dedup();
    MachineIdentity {
        names: System::host_name().into_iter().collect(),
        hosts: hosts_file::names(&text_of(&hosts)),
        addresses,
        hardware_addresses,
    }
}
