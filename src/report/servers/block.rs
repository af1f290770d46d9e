//! One license server of one vendor, before it is judged: its processes and its license files.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::survey::{Role, Survey};
use super::vendor::{Vendor, vendor_of, vendor_of_line, vendor_of_manager};
use crate::knowledge::{LicenseManager, LicenseProgram, Technology};
use crate::model::phrase::list;
use crate::model::quoting::quoted;
use crate::model::{
    DaemonLine, InstalledServer, InstalledState, LicenseFile, LicenseLines, LicenseSystem, NamedBy, Os,
    PortRole, Process, Row, file_name,
};

/// A line that names a daemon, with its file.
pub(super) type FileLine<'a> = (&'a LicenseFile, &'a DaemonLine);

pub(super) struct Block<'a> {
    pub(super) vendor: Option<Vendor>,
    pub(super) technology: Option<&'a Technology>,
    pub(super) server: Option<&'a Arc<Process>>,
    /// The daemons that the server has started.
    pub(super) daemons: Vec<&'a Arc<Process>>,
    /// The daemons of the same vendor whose server has ended.
    pub(super) orphans: Vec<&'a Arc<Process>>,
    pub(super) files: Vec<&'a LicenseFile>,
    /// The lines of its license files that name its daemons.
    pub(super) daemon_lines: Vec<FileLine<'a>>,
    /// What would start it, where it does not run.
    pub(super) installed: Option<&'a InstalledServer>,
    /// A license port of it whose holder is hidden, where nothing else is known.
    pub(super) hidden: Option<&'a Row>,
}

impl<'a> Block<'a> {
    fn new(vendor: Option<Vendor>, technology: Option<&'a Technology>) -> Block<'a> {
        Block {
            vendor,
            technology,
            server: None,
            daemons: Vec::new(),
            orphans: Vec::new(),
            files: Vec::new(),
            daemon_lines: Vec::new(),
            installed: None,
            hidden: None,
        }
    }

    /// All its processes, the server first.
    pub(super) fn processes(&self) -> impl Iterator<Item = &'a Arc<Process>> {
        self.server.iter().chain(&self.daemons).chain(&self.orphans).copied()
    }

    /// The managers that it may be of.
    pub(super) fn managers(&self, survey: &Survey<'a>) -> Vec<&'a LicenseManager> {
        let all = self.all_managers(survey);
        let is_of_one_vendor = all.iter().all(|manager| manager.vendor == all[0].vendor);
        if all.len() < 2 || !is_of_one_vendor {
            return all;
        }
        // Of several products of one vendor, its ports show which it is.
        let listeners = self.processes().flat_map(|process| survey.listeners(process.pid));
        let listening = listeners.map(|row| row.socket.local.port());
        let written = self.daemon_lines.iter().filter_map(|(_, line)| line.port);
        let ports: Vec<u16> = listening.chain(written).collect();
        let has_port = |manager: &&LicenseManager| {
            ports.iter().any(|&port| manager.ports.iter().any(|known| known.is_at(port, None)))
        };
        let starts_daemon = |manager: &&LicenseManager| manager.has_port_for(PortRole::VendorDaemon);
        let narrowed = |keeps: &dyn Fn(&&LicenseManager) -> bool| -> Vec<&'a LicenseManager> {
            all.iter().copied().filter(|manager| keeps(manager)).collect()
        };
        [narrowed(&has_port), narrowed(&starts_daemon)].into_iter().find(|few| !few.is_empty()).unwrap_or(all)
    }

    fn all_managers(&self, survey: &Survey<'a>) -> Vec<&'a LicenseManager> {
        let licenses = survey.knowledge.licenses();
        let of_technology = || self.technology.and_then(|technology| licenses.manager_of(technology));
        match &self.vendor {
            Some(Vendor::Known(ids)) => ids.iter().filter_map(|id| licenses.manager(id)).collect(),
            Some(Vendor::Unknown(_)) | None => of_technology().into_iter().collect(),
        }
    }

    /// The line of its license files that names a daemon.
    pub(super) fn line_of(&self, survey: &Survey<'a>, daemon: &Process) -> Option<&'a DaemonLine> {
        let os = survey.os();
        let exe = daemon.exe_name(os).or(daemon.name.as_deref())?;
        self.daemon_lines.iter().map(|(_, line)| *line).find(|line| is_called(line, exe, os))
    }

    /// Its license files that could be read.
    pub(super) fn lines(&self) -> impl Iterator<Item = (&'a LicenseFile, &'a LicenseLines)> {
        self.files.iter().filter_map(|file| Some((*file, file.contents.done()?)))
    }
}

/// Whether a program is the one that a line names.
pub(super) fn is_called(line: &DaemonLine, exe: &str, os: Os) -> bool {
    let stem = |name: &str| match os {
        Os::Windows => name.to_ascii_lowercase().trim_end_matches(".exe").to_owned(),
        Os::Linux | Os::Macos => name.to_owned(),
    };
    let by_path = line.path.as_deref().map(|path| file_name(path, os));
    stem(exe).eq_ignore_ascii_case(&stem(&line.name)) || by_path.is_some_and(|name| stem(name) == stem(exe))
}

/// The blocks of a machine, in the order of what they are found by: processes, services, hidden ports.
pub(super) fn blocks<'a>(survey: &Survey<'a>) -> Vec<Block<'a>> {
    let mut blocks = Vec::new();
    for (process, role) in survey.roles() {
        match role {
            Role::Server(technology) if !survey.is_worker(process) => {
                blocks.extend(of_server(survey, process, technology));
            }
            Role::Alone(manager) if !survey.is_worker(process) => {
                let vendor = Some(vendor_of_manager(survey, manager, process));
                let technology = survey.knowledge.licenses().technology_of(manager);
                blocks.push(Block { server: Some(process), ..Block::new(vendor, technology) });
            }
            Role::Server(_) | Role::Alone(_) | Role::Daemon(..) => {}
        }
    }
    add_orphans(survey, &mut blocks);
    add_installed(survey, &mut blocks);
    add_given(survey, &mut blocks);
    add_hidden(survey, &mut blocks);
    blocks
}

/// One block for each vendor whose daemon the server has started, or should have.
fn of_server<'a>(
    survey: &Survey<'a>,
    server: &'a Arc<Process>,
    technology: &'a Technology,
) -> Vec<Block<'a>> {
    let is_of_it = |named: &NamedBy| match named {
        NamedBy::Service(name) => server.services.iter().any(|service| service.name == *name),
        _ => named.pid() == Some(server.pid),
    };
    // RLM reads all license files of its folders, and passes over those of FlexNet.
    let is_of_system = |file: &&LicenseFile| {
        let system = file.contents.done().and_then(|lines| lines.system);
        system.is_none_or(|system| system.technology() == technology.id)
    };
    let files = survey.observation.license_setup.iter().flat_map(|setup| &setup.files).filter(is_of_system);
    let (own, given): (Vec<&LicenseFile>, Vec<&LicenseFile>) =
        files.partition(|file| file.named_by.iter().any(is_of_it));
    let mut of_vendor: BTreeMap<Vendor, Vec<&'a Arc<Process>>> = BTreeMap::new();
    for daemon in survey.started_by(Some(server.pid)) {
        of_vendor.entry(vendor_of(survey, daemon)).or_default().push(daemon);
    }
    // A file that the caller gives is that of the server whose port or daemons it names.
    let is_meant = |file: &&LicenseFile| {
        let Some(lines) = file.contents.done() else { return false };
        file.named_by.contains(&NamedBy::Caller) && names(survey, lines, server, &of_vendor)
    };
    let files: Vec<&LicenseFile> = own.into_iter().chain(given.into_iter().filter(is_meant)).collect();
    let of_files = OfVendors::of(survey, &files);
    for vendor in of_files.vendors() {
        of_vendor.entry(vendor.clone()).or_default();
    }
    let block = |vendor: Option<Vendor>, daemons| Block {
        server: Some(server),
        daemons,
        ..of_files.block(vendor, Some(technology))
    };
    match of_vendor.is_empty() {
        true => vec![block(None, Vec::new())],
        false => of_vendor.into_iter().map(|(vendor, daemons)| block(Some(vendor), daemons)).collect(),
    }
}

/// License files, by the vendors whose daemons they name. A user may write many lines into many of them.
struct OfVendors<'a> {
    lines: BTreeMap<Vendor, Vec<FileLine<'a>>>,
    /// Those that name no daemon, or were not read: they may be of every vendor.
    of_all: Vec<&'a LicenseFile>,
}

impl<'a> OfVendors<'a> {
    fn of(survey: &Survey<'_>, files: &[&'a LicenseFile]) -> OfVendors<'a> {
        let (mut lines, mut of_all): (BTreeMap<Vendor, Vec<_>>, _) = (BTreeMap::new(), Vec::new());
        for &file in files {
            let daemons = file.contents.done().map_or(&[][..], |lines| &lines.daemons);
            if daemons.is_empty() {
                of_all.push(file);
            }
            for line in daemons {
                lines.entry(vendor_of_line(survey, line)).or_default().push((file, line));
            }
        }
        OfVendors { lines, of_all }
    }

    fn vendors(&self) -> impl Iterator<Item = &Vendor> {
        self.lines.keys()
    }

    /// A block with the files and lines of its vendor.
    fn block(&self, vendor: Option<Vendor>, technology: Option<&'a Technology>) -> Block<'a> {
        let daemon_lines = vendor.as_ref().and_then(|vendor| self.lines.get(vendor)).cloned();
        let daemon_lines = daemon_lines.unwrap_or_default();
        let mut files: Vec<&LicenseFile> = daemon_lines.iter().map(|(file, _)| *file).collect();
        files.dedup_by(|one, other| std::ptr::eq(*one, *other));
        files.extend(&self.of_all);
        Block { files, daemon_lines, ..Block::new(vendor, technology) }
    }
}

/// Whether a license file names a port of the server, or a daemon that it has started.
fn names(
    survey: &Survey<'_>,
    lines: &LicenseLines,
    server: &Process,
    of_vendor: &BTreeMap<Vendor, Vec<&Arc<Process>>>,
) -> bool {
    let listens_on =
        |port: u16| survey.listeners(server.pid).iter().any(|row| row.socket.local.port() == port);
    lines.servers.iter().filter_map(|line| line.port).any(listens_on)
        || lines.daemons.iter().any(|line| of_vendor.contains_key(&vendor_of_line(survey, line)))
}

/// Adds the daemons whose server has ended: to the block of the server that should start another, or as one of their
/// own.
fn add_orphans<'a>(survey: &Survey<'a>, blocks: &mut Vec<Block<'a>>) {
    // Where a daemon is missing, by technology and vendor.
    let mut lacking: BTreeMap<(&'a str, Vendor), usize> = BTreeMap::new();
    for (at, block) in blocks.iter().enumerate().filter(|(_, block)| block.daemons.is_empty()) {
        if let (Some(technology), Some(vendor)) = (block.technology, &block.vendor) {
            lacking.entry((&technology.id, vendor.clone())).or_insert(at);
        }
    }
    for daemon in survey.started_by(None) {
        let Some(Role::Daemon(technology, _)) = survey.role(daemon.pid) else { continue };
        // A daemon listens as long as it runs. Where what it runs is known, so is where it listens, and what has only
        // the name of one, as the desktop program redshift, is in nobody's way.
        if daemon.exe().is_some() && survey.listeners(daemon.pid).is_empty() {
            continue;
        }
        let vendor = vendor_of(survey, daemon);
        let own = (technology.id.as_str(), vendor.clone());
        // What anybody may have started keeps no server from its daemon.
        match lacking.get(&own).filter(|_| survey.is_believed(daemon)) {
            Some(&at) => blocks[at].orphans.push(daemon),
            None => {
                if survey.is_believed(daemon) {
                    lacking.insert(own, blocks.len());
                }
                let block = Block::new(Some(vendor), Some(technology));
                blocks.push(Block { orphans: vec![daemon], ..block });
            }
        }
    }
}

/// Adds what is installed and does not run.
fn add_installed<'a>(survey: &Survey<'a>, blocks: &mut Vec<Block<'a>>) {
    let (licenses, os) = (survey.knowledge.licenses(), survey.os());
    let Some(setup) = &survey.observation.license_setup else { return };
    let (mut paths, mut services) = (BTreeSet::new(), BTreeSet::new());
    for (process, _) in survey.roles() {
        paths.extend(process.exe().map(|exe| exe.path.as_str()));
        services.extend(process.services.iter().map(|service| service.name.as_str()));
    }
    for installed in setup.installed.iter().filter(|one| one.state != InstalledState::Running) {
        let Some(path) = installed.command.first() else { continue };
        let Some(program) = licenses.recognise_name(file_name(path, os), os) else { continue };
        if paths.contains(path.as_str()) || services.contains(installed.name.as_str()) {
            continue;
        }
        let named = |named: &NamedBy| matches!(named, NamedBy::Service(name) if *name == installed.name);
        let files: Vec<&LicenseFile> =
            setup.files.iter().filter(|file| file.named_by.iter().any(named)).collect();
        let of_files = OfVendors::of(survey, &files);
        let (vendors, technology) = match program {
            LicenseProgram::Server(technology) => (of_files.vendors().cloned().collect(), Some(technology)),
            LicenseProgram::Own(manager) => {
                (vec![Vendor::Known(vec![manager.id.clone()])], licenses.technology_of(manager))
            }
            LicenseProgram::Emulator(_) | LicenseProgram::UnlistedDaemon(_) => continue,
        };
        let vendors = if vendors.is_empty() { vec![None] } else { vendors.into_iter().map(Some).collect() };
        for vendor in vendors {
            let is_it = |block: &&mut Block<'a>| {
                block.server.is_none() && block.vendor.is_some() && block.vendor == vendor
            };
            let own = Block { installed: Some(installed), ..of_files.block(vendor.clone(), technology) };
            match blocks.iter_mut().find(is_it) {
                Some(block) => {
                    (block.installed, block.files) = (own.installed, own.files);
                    block.daemon_lines = own.daemon_lines;
                }
                None => blocks.push(own),
            }
        }
    }
}

/// Adds the license files that the caller gives and that no server found so far reads.
fn add_given<'a>(survey: &Survey<'a>, blocks: &mut Vec<Block<'a>>) {
    let licenses = survey.knowledge.licenses();
    let Some(setup) = &survey.observation.license_setup else { return };
    for file in setup.files.iter().filter(|file| file.named_by.contains(&NamedBy::Caller)) {
        if blocks.iter().any(|block| block.files.iter().any(|own| std::ptr::eq(*own, file))) {
            continue;
        }
        let lines = file.contents.done();
        let system = lines.and_then(|lines| lines.system).map(LicenseSystem::technology);
        let technology =
            licenses.technologies.iter().find(|technology| Some(technology.id.as_str()) == system);
        let of_files = OfVendors::of(survey, &[file]);
        let mut vendors: Vec<Option<Vendor>> = of_files.vendors().cloned().map(Some).collect();
        if vendors.is_empty() {
            vendors.push(None);
        }
        for vendor in vendors {
            let own = of_files.block(vendor, technology);
            match blocks.iter_mut().find(|block| is_left_over_from(block, &own, survey)) {
                Some(block) => {
                    block.files.extend(own.files);
                    block.daemon_lines.extend(own.daemon_lines);
                }
                None => blocks.push(own),
            }
        }
    }
}

/// Whether a block has the daemons that are left over from the server of a license file: those that the file names. Which
/// file the server read that started them does not matter, because they keep every other from starting its own.
fn is_left_over_from(block: &Block<'_>, own: &Block<'_>, survey: &Survey<'_>) -> bool {
    let os = survey.os();
    let is_named = |daemon: &Process| {
        let name = daemon.exe_name(os).unwrap_or_default();
        own.vendor.as_ref() == Some(&vendor_of(survey, daemon))
            || own.daemon_lines.iter().any(|(_, line)| is_called(line, name, os))
    };
    let is_same_system = block.technology.map(|one| &one.id) == own.technology.map(|one| &one.id);
    block.server.is_none()
        && is_same_system
        && block.orphans.iter().any(|daemon| survey.is_believed(daemon) && is_named(daemon))
}

/// Adds the license ports whose holder is hidden, where no process with the name of such a server is known.
fn add_hidden<'a>(survey: &Survey<'a>, blocks: &mut Vec<Block<'a>>) {
    let licenses = survey.knowledge.licenses();
    let ids = |managers: &[&LicenseManager], technology: Option<&Technology>| -> BTreeSet<String> {
        let managers = managers.iter().map(|manager| manager.id.clone());
        managers.chain(technology.map(|technology| format!("technology {}", technology.id))).collect()
    };
    let mut known: BTreeSet<String> =
        blocks.iter().flat_map(|block| ids(&block.managers(survey), block.technology)).collect();
    for row in survey.hidden() {
        let claimed = row.license.iter().flat_map(|license| &license.managers);
        let managers: Vec<&LicenseManager> =
            claimed.filter_map(|manager| licenses.manager(&manager.id)).collect();
        let Some(first) = managers.first() else { continue };
        let technology = licenses.technology_of(first);
        let own = ids(&managers, technology);
        if own.is_disjoint(&known) {
            let is_of_all = managers.iter().any(|manager| manager.any_vendor);
            let ids = managers.iter().map(|manager| manager.id.clone()).collect();
            let vendor = (!is_of_all).then_some(Vendor::Known(ids));
            blocks.push(Block { hidden: Some(row), ..Block::new(vendor, technology) });
            known.extend(own);
        }
    }
}

/// How a block of these managers is called: vendor and product, or the name of a daemon that is not known.
pub(super) fn called(block: &Block<'_>, managers: &[&LicenseManager]) -> (String, Option<String>, String) {
    let ids: Vec<&str> = managers.iter().map(|manager| manager.id.as_str()).collect();
    match (&block.vendor, managers) {
        (Some(Vendor::Unknown(name)), _) => {
            (name.to_ascii_lowercase(), None, format!("license server of {}", quoted(name)))
        }
        (_, [one]) => (one.id.clone(), one.vendor.clone(), one.product.clone()),
        (_, []) => ("unknown".to_owned(), None, "license server".to_owned()),
        (_, several) => {
            let names: Vec<String> = several.iter().map(|manager| manager.called()).collect();
            (ids.join("+"), None, list(&names, "or"))
        }
    }
}
