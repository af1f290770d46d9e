//! The jobs of launchd, from their property lists.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use super::super::decode::macos::launchd_sockets::{self, JobSockets};
use super::super::decode::text::text_of;
use super::super::process_scan::HeldSocket;
use crate::model::{Activation, ServiceManager, Socket};

/// The folders of the jobs of the system, Apple's and others', into which only root writes (launchd(8)).
const DAEMONS: [&str; 2] = ["/System/Library/LaunchDaemons", "/Library/LaunchDaemons"];
const SERVICES: &str = "/etc/services";
/// How many files are read, and how much of one, in bytes.
const MOST_FILES: usize = 2000;
const MOST_OF_FILE: u64 = 64 * 1024;
const MOST_OF_SERVICES: u64 = 4 * 1024 * 1024;

/// The property lists in these folders, in the order of their paths.
pub(super) fn property_lists(folders: &[&str]) -> impl Iterator<Item = Vec<u8>> {
    let entries = folders.iter().flat_map(|folder| fs::read_dir(folder).into_iter().flatten().flatten());
    let paths: BTreeSet<_> = entries.take(MOST_FILES).map(|entry| entry.path()).collect();
    paths.into_iter().filter_map(|path| contents(&path, MOST_OF_FILE))
}

/// Names the jobs for which launchd opened sockets. The holder of a socket may be hidden; then it must at least be
/// launchd that last used it.
pub(super) fn name_sockets(listed: &mut [HeldSocket]) {
    let is_launchd_s = |held: &&mut HeldSocket| match &held.pids[..] {
        [] => held.socket.last_used_by.as_ref().is_some_and(|last| last.pid == 1),
        pids => pids.contains(&1),
    };
    let sockets: Vec<&mut Socket> =
        listed.iter_mut().filter(is_launchd_s).map(|held| &mut held.socket).collect();
    if sockets.is_empty() {
        return;
    }
    let jobs: Vec<JobSockets> =
        property_lists(&DAEMONS).filter_map(|bytes| launchd_sockets::job_sockets(&bytes)).collect();
    let services = contents(Path::new(SERVICES), MOST_OF_SERVICES).unwrap_or_default();
    let services = text_of(&services);
    for socket in sockets {
        let label = launchd_sockets::label(&jobs, socket.protocol, socket.local, &services);
        socket.activation = label.map(|label| Activation {
            manager: ServiceManager::Launchd,
            socket: label.to_owned(),
            service: Some(label.to_owned()),
        });
    }
}

fn contents(path: &Path, most: u64) -> Option<Vec<u8>> {
    if !fs::metadata(path).is_ok_and(|file| file.is_file()) {
        return None;
    }
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(most).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}
