//! A block with what it is judged by: its state, and the rest of what there is to say.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::block::{Block, blocks, called, is_called};
use super::survey::{Role, Survey};
use super::vendor::Vendor;
use crate::knowledge::{Knowledge, LicenseManager};
use crate::model::phrase::sentence;
use crate::model::quoting::quoted;
use crate::model::sorting::sort_by_key;
use crate::model::{
    InstalledState, LicenseServer, LicenseTechnology, MachineIdentity, Observation, Pid, Process, Row,
    RunState, ServerPort, ServerProcess, ServerState, Starter, Verdict, Vouched, usual_ephemeral,
};

/// So many days before a license expires, that is a problem.
pub const EXPIRY_DAYS: u16 = 30;

/// The license servers of a machine. `rows` are all sockets that were found, whether or not they are shown. Licenses
/// that expire within so many days are a problem.
#[must_use]
pub fn license_servers(
    observation: &Observation,
    rows: &[Row],
    vouched: &Vouched,
    knowledge: &Knowledge,
    expiry_days: u16,
) -> Vec<LicenseServer> {
    let survey = Survey::of(observation, rows, vouched, knowledge);
    let blocks = blocks(&survey);
    let today = observation.taken_at.to_zoned(TimeZone::UTC).date();
    // In another network namespace, or another container, it is in nobody's way.
    let mut several: BTreeMap<(&str, &Vendor, Place<'_>), Vec<Pid>> = BTreeMap::new();
    for block in &blocks {
        let server = block.server.filter(|server| survey.is_believed(server));
        if let (Some(server), Some(vendor)) = (server, &block.vendor) {
            let technology = block.technology.map_or("", |technology| &technology.id);
            several.entry((technology, vendor, place(&survey, block))).or_default().push(server.pid);
        }
    }
    let judged = blocks.iter().map(|block| {
        let technology = block.technology.map_or("", |technology| technology.id.as_str());
        let place = place(&survey, block);
        let others = block.vendor.as_ref().and_then(|vendor| several.get(&(technology, vendor, place)));
        let judging = Judging::of(&survey, block, today, expiry_days);
        judging.license_server(others.map_or(&[], Vec::as_slice))
    });
    let mut servers: Vec<LicenseServer> = judged.collect();
    sort_by_key(&mut servers, |server| {
        let pid = server.processes().next().map(|process| process.process.pid);
        (server.called().to_lowercase(), pid)
    });
    servers
}

/// The network namespace and the container of a license server.
type Place<'a> = (Option<u64>, Option<&'a str>);

fn place<'a>(survey: &Survey<'a>, block: &Block<'a>) -> Place<'a> {
    let Some(server) = block.server else { return (None, None) };
    let namespace = survey.listeners(server.pid).first().and_then(|row| row.socket.namespace.as_ref());
    let container = server.container.as_ref().map(|container| container.id.as_str());
    (namespace.map(|namespace| namespace.inode), container)
}

/// A block with what its problems rest on.
pub(super) struct Judging<'b, 'a> {
    pub(super) survey: &'b Survey<'a>,
    pub(super) block: &'b Block<'a>,
    pub(super) managers: Vec<&'a LicenseManager>,
    pub(super) server: Option<ServerProcess>,
    pub(super) daemons: Vec<ServerProcess>,
    pub(super) orphans: Vec<ServerProcess>,
    pub(super) today: Date,
    pub(super) expiry_days: u16,
}

impl<'b, 'a> Judging<'b, 'a> {
    fn of(survey: &'b Survey<'a>, block: &'b Block<'a>, today: Date, expiry_days: u16) -> Judging<'b, 'a> {
        let mut judging = Judging {
            survey,
            block,
            managers: block.managers(survey),
            server: None,
            daemons: Vec::new(),
            orphans: Vec::new(),
            today,
            expiry_days,
        };
        judging.server = block.server.map(|server| judging.process(server));
        judging.daemons = block.daemons.iter().map(|daemon| judging.daemon(daemon)).collect();
        judging.orphans = block.orphans.iter().map(|daemon| judging.daemon(daemon)).collect();
        judging
    }

    /// `all`: the servers of the same vendor.
    fn license_server(self, all: &[Pid]) -> LicenseServer {
        let (id, vendor, product) = called(self.block, &self.managers);
        let state = self.state();
        let problems = self.problems(state, all);
        let license_files = self.license_files();
        let mut notes = self.notes(state);
        // What is said as a problem is not said twice.
        notes.retain(|note| problems.iter().all(|problem| problem.text != *note));
        let daemons: Vec<ServerProcess> = self.daemons.into_iter().chain(self.orphans).collect();
        let clients = match &daemons[..] {
            [] => self.server.as_ref().and_then(ServerProcess::clients),
            daemons => {
                let listening = daemons.iter().filter(|daemon| !daemon.ports.is_empty());
                let counts: Option<Vec<usize>> = listening.map(ServerProcess::clients).collect();
                counts.and_then(|counts| counts.into_iter().reduce(usize::saturating_add))
            }
        };
        LicenseServer {
            id,
            vendor,
            product,
            technology: self.block.technology.map(|technology| LicenseTechnology {
                id: technology.id.clone(),
                name: technology.name.clone(),
            }),
            state,
            server: self.server,
            daemons,
            license_files,
            clients,
            problems,
            notes,
        }
    }

    pub(super) fn running(&self) -> impl Iterator<Item = &ServerProcess> {
        self.server.iter().chain(&self.daemons)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &ServerProcess> {
        self.running().chain(&self.orphans)
    }

    fn process(&self, process: &Arc<Process>) -> ServerProcess {
        let mut ports: Vec<ServerPort> = Vec::new();
        for row in self.survey.listeners(process.pid) {
            let clients = row.socket.connections.as_ref().map(|connections| connections.established);
            let is_backlog_full = row.socket.accept_queue.is_some_and(|queue| queue.is_full());
            let (port, protocol, exposure) = (row.socket.local.port(), row.socket.protocol, row.exposure);
            match ports.last_mut().filter(|last| (last.port, last.protocol) == (port, protocol)) {
                Some(last) => {
                    last.exposure = last.exposure.max(exposure);
                    last.clients = last.clients.zip(clients).map(|(one, other)| one.saturating_add(other));
                    last.is_backlog_full |= is_backlog_full;
                }
                None => ports.push(ServerPort { port, protocol, exposure, clients, is_backlog_full }),
            }
        }
        let contents = process.exe().and_then(|exe| exe.contents.done());
        ServerProcess {
            process: Arc::clone(process),
            version: contents.and_then(|contents| contents.flexnet_version.clone()),
            ports,
            port_is_fixed: None,
        }
    }

    fn daemon(&self, daemon: &Arc<Process>) -> ServerProcess {
        let found = self.process(daemon);
        let ephemeral = self.survey.observation.port_rules.ephemeral;
        let ephemeral = ephemeral.unwrap_or_else(|| usual_ephemeral(self.survey.os()));
        let by_line = self.block.line_of(self.survey, daemon).map(|line| line.port.is_some());
        let are_read = self.survey.observation.license_setup.is_some();
        let by_range = || {
            let first = found.ports.first()?;
            let is_outside = !ephemeral.contains(first.port);
            // A license file that was not read may fix any port.
            (is_outside || are_read).then_some(is_outside)
        };
        ServerProcess { port_is_fixed: by_line.or_else(by_range), ..found }
    }

    /// Whether its technology needs a vendor's daemon.
    fn needs_daemon(&self) -> bool {
        self.block.technology.is_some_and(|technology| technology.starts_daemons)
    }

    fn state(&self) -> ServerState {
        let listens = |process: &ServerProcess| {
            !process.ports.is_empty() && !process.process.state.is_some_and(RunState::is_halted)
        };
        match &self.server {
            // What only calls itself a daemon may be anything.
            None if self.orphans.iter().any(|orphan| self.survey.is_believed(&orphan.process)) => {
                ServerState::OrphanedDaemon
            }
            None if !self.orphans.is_empty() => ServerState::CannotTell,
            None if self.block.installed.is_some() || !self.block.files.is_empty() => ServerState::Stopped,
            None => ServerState::CannotTell,
            // What it runs, and where it listens, is hidden.
            Some(server) if server.process.exe().is_none() => ServerState::CannotTell,
            Some(server) if !self.survey.is_believed(&server.process) => ServerState::CannotTell,
            Some(server) if !listens(server) => ServerState::NotListening,
            Some(_) if self.needs_daemon() && !self.daemons.iter().any(listens) => {
                match self.orphans.iter().all(|orphan| orphan.process.exe().is_none()) {
                    false => ServerState::OrphanedDaemon,
                    true if self.daemons.iter().any(|daemon| daemon.process.exe().is_none()) => {
                        ServerState::CannotTell
                    }
                    true => ServerState::NoDaemon,
                }
            }
            Some(_) if self.doubted().is_some() => ServerState::CannotTell,
            Some(_) => ServerState::Up,
        }
    }

    /// Running daemons that no server has started and that may be this one's, although they are not counted as such.
    pub(super) fn strays(&self) -> impl Iterator<Item = &'a Arc<Process>> {
        let os = self.survey.os();
        let technology = self.block.technology.map(|technology| &technology.id);
        let is_of_it = move |daemon: &Process| match self.survey.role(daemon.pid) {
            Some(Role::Daemon(own, _)) => Some(&own.id) == technology,
            Some(Role::Server(_) | Role::Alone(_)) | None => false,
        };
        let is_named = move |daemon: &Process| {
            let name = daemon.exe_name(os).or(daemon.name.as_deref()).unwrap_or_default();
            let mut lines = self.block.daemon_lines.iter();
            self.block.vendor.is_none() || lines.any(|(_, line)| is_called(line, name, os))
        };
        // What has only the name of one listens nowhere.
        let runs =
            move |daemon: &Process| daemon.exe().is_none() || !self.survey.listeners(daemon.pid).is_empty();
        let is_counted = move |daemon: &Process| self.all().any(|own| own.process.pid == daemon.pid);
        let others = self.survey.started_by(None).iter().copied();
        others.filter(move |one| is_of_it(one) && is_named(one) && runs(one) && !is_counted(one))
    }

    /// A daemon that no server has started and that may be this one's: only its license files say so, and they were not
    /// read.
    fn possible_stray(&self) -> Option<&'a Arc<Process>> {
        let is_open = self.survey.observation.license_setup.is_none() && self.block.vendor.is_none();
        self.strays().next().filter(|_| is_open)
    }

    /// A listener of it whose process is not confirmed as the right one.
    fn doubted(&self) -> Option<&'a Row> {
        let mut rows = self.running().flat_map(|process| self.survey.listeners(process.process.pid)).copied();
        rows.find(|row| {
            row.license
                .as_ref()
                .is_some_and(|license| matches!(license.verdict, Verdict::CannotTell | Verdict::Mismatch))
        })
    }

    pub(super) fn identity(&self) -> Option<&'a MachineIdentity> {
        // A container has names and interfaces of its own.
        if self.running().any(|one| one.process.container.is_some()) {
            return None;
        }
        Some(&self.survey.observation.license_setup.as_ref()?.identity)
    }

    /// What is worth knowing and no problem.
    fn notes(&self, state: ServerState) -> Vec<String> {
        let mut notes = self.redundancy();
        notes.extend(self.container());
        notes.extend(self.switched_off(state));
        notes.extend(self.no_license_file(state));
        notes.extend(self.next_expiry());
        match state {
            ServerState::CannotTell => notes.extend(self.why_not_known()),
            ServerState::NoDaemon => notes.extend(self.may_be_left_over()),
            _ => {}
        }
        notes
    }

    /// What is installed and nobody starts is meant to be off, or was forgotten.
    fn switched_off(&self, state: ServerState) -> Option<String> {
        let installed = self.block.installed.filter(|_| state == ServerState::Stopped)?;
        let is_off = installed.state == InstalledState::Disabled;
        let name = quoted(&installed.name);
        let start = match installed.starter {
            Starter::Systemd => {
                format!(" To start it, now and with the system: systemctl enable --now {name}")
            }
            _ => String::new(),
        };
        is_off.then(|| format!("{name} is installed, and does not start with the system.{start}"))
    }

    fn no_license_file(&self, state: ServerState) -> Option<String> {
        let reads_files = self.needs_daemon() && self.survey.observation.license_setup.is_some();
        let is_unknown = reads_files && self.block.files.is_empty() && state == ServerState::Up;
        is_unknown.then(|| {
            "No license file of it is known, so that its ports and dates were not compared: --license-file PATH."
                .to_owned()
        })
    }

    /// In which container it runs.
    fn container(&self) -> Option<String> {
        let container = self.all().next()?.process.container.as_ref()?;
        Some(format!("It runs in container {}.", container.called()))
    }

    fn why_not_known(&self) -> Option<String> {
        if let Some(row) = self.block.hidden {
            let (port, protocol) = (row.socket.local.port(), row.socket.protocol);
            return Some(format!("The process that listens on {port}/{protocol} is hidden."));
        }
        if let Some(one) = self.all().find(|one| one.process.exe().is_none()) {
            let name = one.process.name.as_deref().map_or("it".into(), quoted);
            return Some(format!(
                "PID {} calls itself {name}. What it runs, and where it listens, is hidden.",
                one.process.pid
            ));
        }
        self.doubted().and_then(doubt)
    }

    fn may_be_left_over(&self) -> Option<String> {
        Some(format!(
            "Its license files were not read for this answer, so whether {} is left over from it is not known. To read them: \
             whatlistens servers",
            self.possible_stray()?.called()
        ))
    }
}

/// Why a listener has the verdict that it has, as a sentence that stands among those about other processes.
pub(super) fn doubt(row: &Row) -> Option<String> {
    let reason = &row.license.as_ref()?.reason;
    Some(match (reason.strip_prefix("it "), row.owner.lead()) {
        (Some(predicate), Some(lead)) => format!("PID {} {predicate}.", lead.pid),
        _ => format!("{}.", sentence(reason)),
    })
}
