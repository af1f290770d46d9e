//! The license servers that launchd would start, whether or not they run.

use super::super::decode::macos::launchd_job::{self, LaunchdJob};
use super::super::inspect::LicensePrograms;
use super::super::license_files::started_by;
use super::launchd_jobs::property_lists;
use crate::model::{InstalledServer, InstalledState, Starter};

/// Where administrators put the jobs of the system; those of Apple start no license server (launchd(8)).
const FOLDERS: [&str; 2] = ["/Library/LaunchDaemons", "/Library/LaunchAgents"];

/// The jobs that start a license server.
pub(super) fn read(programs: &LicensePrograms) -> Vec<InstalledServer> {
    let jobs = property_lists(&FOLDERS).filter_map(|bytes| launchd_job::job(&bytes));
    let servers = jobs.filter(|job| started_by(programs, &job.command).is_some());
    let servers = servers.map(|LaunchdJob { label, command, is_disabled }| {
        let state = if is_disabled { InstalledState::Disabled } else { InstalledState::Stopped };
        InstalledServer::new(&label, Starter::Launchd, command, state)
    });
    servers.collect()
}
