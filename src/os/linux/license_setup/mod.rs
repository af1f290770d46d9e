//! How license servers are set up: their license files, logs and lock files, the services that would start them, and
//! what the machine is called. What belongs to a stranger is read by helper processes, in that stranger's view of the
//! file system.

mod identity;
pub(super) mod installed;
mod processes;
pub(super) mod server_files;

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;

use self::installed::Installed;
use self::server_files::{ServerFiles, ServerRequest};
use super::super::decode::linux::inet_diag::States;
use super::helper::license_setup::{InstalledTask, SetupAnswer, SetupTask};
use super::helper::{Pending, ProcessId};
use super::holders::Holders;
use super::scan_context::ScanContext;
use super::tables::Tables;
use crate::model::sorting::{sort_by, sort_by_key};
use crate::model::{Gap, GapKind, LicenseFile, LicenseSetup, NamedBy, Os, Protocol};
use crate::os::inspect::{LicensePrograms, ServerProgram};

pub(super) use self::processes::add_servers;

/// The files of so many servers are read: those of root's first. Anybody may start programs of that name.
const MOST_SERVERS: usize = 100;

/// The set-up of license servers, as it is being read.
pub(super) struct SetupInProgress {
    pending: Pending<SetupTask>,
    /// How many servers there are whose files are not read.
    left_out: usize,
}

impl SetupInProgress {
    /// Begins to read it. `holders` has the license servers already, but for so many that are `unseen`.
    pub(super) fn begin(context: &ScanContext<'_>, holders: &Holders, unseen: usize) -> SetupInProgress {
        let programs = context.inspect.license_programs(Os::Linux);
        let mut servers: Vec<(bool, ServerRequest)> = Vec::new();
        for known in holders.processes.values() {
            let name = known.process.exe_name(Os::Linux);
            let Some(ServerProgram { system: Some(system), .. }) =
                name.and_then(|name| programs.of_name(name))
            else {
                continue;
            };
            let process = ProcessId { pid: known.process.pid, started: known.started };
            servers.push((known.process.uid == Some(0), ServerRequest { process, system: *system }));
        }
        sort_by_key(&mut servers, |(is_roots, request)| (!is_roots, request.process.pid));
        let left_out = servers.len().saturating_sub(MOST_SERVERS) + unseen;
        let servers = servers.into_iter().take(MOST_SERVERS).map(|(_, request)| SetupTask::Server(request));
        let given = context.scope.license_files.iter().map(|path| SetupTask::File(path.clone()));
        let installed = SetupTask::Installed(InstalledTask { programs });
        let tasks: Vec<SetupTask> = servers.chain(given).chain([installed]).collect();
        SetupInProgress { pending: context.begin(&tasks), left_out }
    }

    /// What was read, and the gap where not all was.
    pub(super) fn finish(self, context: &ScanContext<'_>) -> (LicenseSetup, Option<Gap>) {
        let mut setup = LicenseSetup { identity: identity::read(), ..LicenseSetup::default() };
        let mut files = Files::default();
        let mut unread = self.left_out;
        for answer in self.pending.finish(context.deadline) {
            match answer {
                None => unread += 1,
                Some(SetupAnswer::Server(ServerFiles { files: own, log, lock_files, is_cut })) => {
                    own.into_iter().for_each(|file| files.add(file));
                    setup.logs.extend(log);
                    setup.lock_files.extend(lock_files);
                    unread += usize::from(is_cut);
                }
                Some(SetupAnswer::Given { files: given, is_cut }) => {
                    given.into_iter().for_each(|file| files.add(file));
                    unread += usize::from(is_cut);
                }
                Some(SetupAnswer::Installed(Installed { servers, files: own, is_cut })) => {
                    setup.installed = servers;
                    own.into_iter().for_each(|file| files.add(file));
                    unread += usize::from(is_cut);
                }
            }
        }
        setup.files = files.into_all();
        sort_by(&mut setup.lock_files, |one, other| one.path.cmp(&other.path));
        setup.lock_files.dedup();
        setup.has_usr_tmp = Some(fs::symlink_metadata("/usr/tmp").is_ok());
        setup.peers = peers(&setup);
        let gap = (unread > 0).then(|| {
            let detail = "not all license files, logs and services of license servers could be read";
            Gap::new(GapKind::LicenseSetupUnreadable, detail)
        });
        (setup, gap)
    }
}

/// License files, each once: several servers may read the same one, and name it in several ways.
#[derive(Default)]
struct Files {
    at: BTreeMap<String, usize>,
    all: Vec<LicenseFile>,
}

impl Files {
    fn add(&mut self, file: LicenseFile) {
        let LicenseFile { path, named_by, contents } = file;
        match self.at.get(&path).and_then(|&at| self.all.get_mut(at)) {
            // A file of the same path in another view of the file system is another file.
            Some(known) if known.contents == contents => {
                let new: Vec<NamedBy> =
                    named_by.into_iter().filter(|by| !known.named_by.contains(by)).collect();
                known.named_by.extend(new);
            }
            _ => {
                self.at.insert(path.clone(), self.all.len());
                self.all.push(LicenseFile { path, named_by, contents });
            }
        }
    }

    fn into_all(self) -> Vec<LicenseFile> {
        self.all
    }
}

/// The other ends of the connections at the ports of files with three servers, if there is such a file.
fn peers(setup: &LicenseSetup) -> Option<Vec<SocketAddr>> {
    let of_three = setup.files.iter().filter_map(|file| file.contents.done());
    let of_three = of_three.filter(|lines| lines.servers.len() == 3);
    let ports: Vec<u16> =
        of_three.flat_map(|lines| lines.servers.iter().filter_map(|line| line.port)).collect();
    if ports.is_empty() {
        return None;
    }
    let connections = Tables::of_this_thread().read(Protocol::Tcp, States::ESTABLISHED, None).sockets;
    let ours = connections.into_iter().filter_map(|one| Some((one.local, one.peer?)));
    let ours = ours.filter(|(local, peer)| ports.contains(&local.port()) || ports.contains(&peer.port()));
    let mut peers: Vec<SocketAddr> = ours.map(|(_, peer)| peer).collect();
    peers.sort();
    peers.dedup_by_key(|peer| peer.ip());
    Some(peers)
}

impl LicensePrograms {
    /// The license server that a command line starts, if it starts one.
    pub(super) fn started_by(&self, command: &[String]) -> Option<&ServerProgram> {
        let program = command.first()?;
        self.of_name(program.rsplit('/').next().unwrap_or(program))
    }
}
