//! The license servers that launchd would start, whether or not they run.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use super::super::decode::macos::launchd_job::{self, LaunchdJob};
use super::super::inspect::LicensePrograms;
use super::super::license_files::started_by;
use crate::model::{InstalledServer, InstalledState, Starter};

/// Where administrators put the jobs of the system; those of Apple start no license server (launchd(8)).
const FOLDERS: [&str; 2] = ["/Library/LaunchDaemons", "/Library/LaunchAgents"];
/// How many files are read, and how much of one, in bytes.
const MOST_FILES: usize = 2000;
const MOST_OF_FILE: u64 = 64 * 1024;

/// The jobs that start a license server.
pub(super) fn read(programs: &LicensePrograms) -> Vec<InstalledServer> {
    let entries = FOLDERS.iter().flat_map(|folder| fs::read_dir(folder).into_iter().flatten().flatten());
    let mut paths: Vec<_> = entries.take(MOST_FILES).map(|entry| entry.path()).collect();
    paths.sort();
    let jobs = paths.iter().filter_map(|path| job(path));
    let servers = jobs.filter(|job| started_by(programs, &job.command).is_some());
    let servers = servers.map(|LaunchdJob { label, command, is_disabled }| {
        let state = if is_disabled { InstalledState::Disabled } else { InstalledState::Stopped };
        InstalledServer::new(&label, Starter::Launchd, command, state)
    });
    servers.collect()
}

fn job(path: &Path) -> Option<LaunchdJob> {
    if !fs::metadata(path).is_ok_and(|file| file.is_file()) {
        return None;
    }
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(MOST_OF_FILE).read_to_end(&mut bytes).ok()?;
    launchd_job::job(&bytes)
}
