//! The answer to the question which license servers a machine has.

use std::collections::BTreeSet;

use super::judging::license_servers;
use crate::knowledge::explain::names;
use crate::knowledge::{Knowledge, LicenseManager, LicenseProgram, Licenses};
use crate::model::phrase::list;
use crate::model::{
    Gap, HiddenProcesses, LicenseServer, Manager, NamedBy, NotInspected, Observation, Os, OtherNamespace,
    Owner, Pid, Problem, Protocol, Row, ServerProcess, ServerState, ServersReport, Vouched,
};
use crate::os;
use crate::query::{Filter, Naming, Ports, Target, Typed, Undecided, UsageError, is_about_ports, is_called};
use crate::report::gaps;
use crate::report::rows::rows;

/// What is asked about license servers.
#[derive(Debug, Clone, Copy)]
pub struct ServersQuestion<'a> {
    pub vouched: &'a Vouched,
    /// Vendors, products, licensing systems or programs, as they were typed; empty for all.
    pub products: &'a [String],
    /// Licenses that expire within so many days are a problem.
    pub expiry_days: u16,
    /// The command line, quoted for a shell.
    pub repeat: &'a str,
}

/// What an observation answers to the question which license servers there are.
///
/// # Errors
///
/// Where a word names no product that is known, and no license server here.
pub fn servers(
    question: &ServersQuestion<'_>,
    observation: &Observation,
    knowledge: &Knowledge,
) -> Result<ServersReport, UsageError> {
    let rows = rows(observation, question.vouched, knowledge);
    let all = license_servers(observation, &rows, question.vouched, knowledge, question.expiry_days);
    let os = observation.host.os;
    for word in question.products {
        let is_known = !knowledge.licenses().products(word).is_empty()
            || knowledge.licenses().program_called(word, os).is_some()
            || all.iter().any(|server| is_about(server, word, knowledge, os));
        if !is_known {
            return Err(unknown_product(word, knowledge, os));
        }
    }
    let given = observation.license_setup.iter().flat_map(|setup| &setup.files);
    let mut given = given.filter(|file| file.named_by.contains(&NamedBy::Caller));
    if let Some(file) = given.find(|file| file.contents.failed() == Some(NotInspected::NotAtItsPath)) {
        return Err(UsageError::NoLicenseFile { path: file.path.as_str().into() });
    }
    let is_asked = |server: &LicenseServer| {
        question.products.is_empty()
            || question.products.iter().any(|word| is_about(server, word, knowledge, os))
    };
    let servers: Vec<LicenseServer> = all.into_iter().filter(is_asked).collect();
    // What is installed and switched off is no problem, and does not run.
    let is_off = |server: &LicenseServer| server.state == ServerState::Stopped && server.problems.is_empty();
    let is_missing = |word: &&String| {
        !servers.iter().any(|server| !is_off(server) && is_about(server, word, knowledge, os))
    };
    let missing: Vec<String> = question.products.iter().filter(is_missing).cloned().collect();
    let is_any_missing = servers.is_empty() || !missing.is_empty();
    let gaps = gaps_of(question, observation, &rows, &servers, is_any_missing);
    Ok(ServersReport {
        command: question.repeat.to_owned(),
        host: observation.host.clone(),
        taken_at: observation.taken_at,
        privileged: observation.privileged,
        servers,
        products: question.products.to_vec(),
        missing,
        gaps,
        other_namespaces: other_namespaces(observation, knowledge),
        method_notes: observation.method_notes.clone(),
    })
}

/// What people ask `servers` for that is no product.
const STATES: [&str; 9] =
    ["down", "broken", "dead", "running", "failed", "critical", "warning", "orphan", "orphaned"];

/// What people ask it to do, and it does without a word.
const HABITS: [&str; 11] =
    ["status", "start", "stop", "restart", "list", "ls", "show", "clients", "users", "check", "all"];

fn unknown_product(word: &str, knowledge: &Knowledge, os: Os) -> UsageError {
    if is_about_ports(word) {
        return UsageError::instead(
            word,
            format!("for the license server on a port: whatlistens {}", Typed::from(word)),
        );
    }
    let is_state = |state: ServerState| [state.code(), state.in_words()].contains(&word);
    if STATES.contains(&word) || ServerState::ALL.into_iter().any(is_state) {
        let right = "for all license servers with their states: whatlistens servers; for one line on what is wrong: \
                     whatlistens servers --check";
        return UsageError::instead(word, right);
    }
    if HABITS.contains(&word) {
        let right =
            "to see license servers, their daemons and clients, and what is wrong: whatlistens servers";
        return UsageError::instead(word, right);
    }
    // The registry has the names of services that have no license server.
    let licenses = knowledge.licenses();
    let is_product =
        |word: &String| !licenses.products(word).is_empty() || licenses.program_called(word, os).is_some();
    let mut nearest = knowledge.registry.nearest(word, names(licenses));
    nearest.retain(is_product);
    UsageError::UnknownProduct { word: word.into(), nearest }
}

/// The license servers that a question about ports and names is about: those that listen on one of the ports, or would,
/// and those of the names. All, where nothing was asked. Of these, those of the processes and users that were asked for.
pub(in crate::report) fn about(
    mut servers: Vec<LicenseServer>,
    filter: &Filter,
    naming: &Naming,
    knowledge: &Knowledge,
    os: Os,
) -> Vec<LicenseServer> {
    let uses = |server: &LicenseServer, ports: &Ports| {
        let claims = knowledge.claims(ports.range.first, ports.protocol);
        let mut managers = claims.managers.iter();
        managers.any(|manager| is_served(server, manager, knowledge.licenses())) || listens(server, ports)
    };
    servers.retain(|server| is_of_holders(server, filter, naming, os));
    if filter.is_about_all_ports() {
        return seen(servers).collect();
    }
    // The server on a port that is held is the one that is meant.
    let is_of_ports = |server: &LicenseServer, ports: &Ports| {
        let is_held = ports.range.single().is_some() && servers.iter().any(|one| listens(one, ports));
        if is_held { listens(server, ports) } else { uses(server, ports) }
    };
    // Where a program of that name runs, its servers are meant, and no others of its system.
    let runs = |server: &LicenseServer, word: &str| {
        server.processes().any(|one| naming.means(&one.process, word) || is_called(&one.process, word))
    };
    let running: BTreeSet<&str> = filter
        .targets
        .iter()
        .filter_map(|target| match target {
            Target::Name { word, .. } => Some(word.as_str()),
            Target::Ports(_) | Target::At(..) => None,
        })
        .filter(|word| servers.iter().any(|server| runs(server, word)))
        .collect();
    let is_asked = |server: &LicenseServer| {
        let is_meant = |target: &Target| match target {
            Target::Ports(ports) | Target::At(_, ports) => is_of_ports(server, ports),
            Target::Name { word, ports, .. } => {
                ports.iter().any(|ports| uses(server, ports))
                    || runs(server, word)
                    || is_of_product(server, word, knowledge.licenses())
                    || (!running.contains(word.as_str()) && is_about(server, word, knowledge, os))
            }
        };
        filter.targets.iter().any(is_meant)
    };
    let asked: Vec<bool> = servers.iter().map(is_asked).collect();
    let asked = servers.into_iter().zip(asked).filter_map(|(server, is_asked)| is_asked.then_some(server));
    seen(asked.collect()).collect()
}

/// The license servers with a process in the listing, or with one that only another condition keeps out of it.
pub(in crate::report) fn listed(
    mut servers: Vec<LicenseServer>,
    filter: &Filter,
    naming: &Naming,
    os: Os,
) -> Vec<LicenseServer> {
    let is_shown = |one: &ServerProcess| {
        filter.is_about_all_ports()
            || filter.names_process(&one.process, naming)
            || one.ports.iter().any(|port| filter.has_port(port.protocol, port.port))
    };
    servers.retain(|server| is_of_holders(server, filter, naming, os) && server.processes().any(is_shown));
    seen(servers).collect()
}

/// Lets the name of a product mean all processes of its license servers: `lmgrd` has no name of its own.
pub(in crate::report) fn add_processes(naming: &mut Naming, filter: &Filter, servers: &[LicenseServer]) {
    for target in &filter.targets {
        let Target::Name { word, managers, .. } = target else { continue };
        let own = servers.iter().filter(|server| managers.iter().any(|id| server.has_manager(id)));
        let pids: BTreeSet<Pid> = own.flat_map(LicenseServer::processes).map(|one| one.process.pid).collect();
        if !pids.is_empty() {
            naming.add_of_product(word, pids);
        }
    }
}

/// Whether the ports of a license manager are those of a license server.
fn is_served(server: &LicenseServer, manager: &LicenseManager, licenses: &Licenses) -> bool {
    // What the maker of a licensing system ships is the server of all vendors.
    let makers = licenses.technology_of(manager).and_then(|technology| licenses.manager_of(technology));
    let is_of_all = makers.is_some_and(|makers| makers.vendor == manager.vendor)
        && server.technology.as_ref().map(|own| &own.id) == manager.technology.as_ref();
    is_of_all || server.has_manager(&manager.id)
}

fn listens(server: &LicenseServer, ports: &Ports) -> bool {
    server.processes().any(|one| one.ports.iter().any(|port| ports.range.contains(port.port)))
}

/// Whether the options ask for one of its processes; they do where they ask for none.
fn is_of_holders(server: &LicenseServer, filter: &Filter, naming: &Naming, os: Os) -> bool {
    !filter.by_holder() || server.processes().any(|one| filter.asks_for(&one.process, naming, os))
}

/// Without those that are only a port with a hidden holder: the answer about the port says that.
fn seen(servers: Vec<LicenseServer>) -> impl Iterator<Item = LicenseServer> {
    servers
        .into_iter()
        .filter(|server| server.state != ServerState::CannotTell || server.processes().next().is_some())
}

/// Whether the listeners of one protocol say all about the state of a license server. What serves with TCP uses UDP to be
/// found, if at all.
pub(in crate::report) fn is_known_by(server: &LicenseServer, only: Protocol, licenses: &Licenses) -> bool {
    let own = server.id.split('+').filter_map(|id| licenses.manager(id));
    let of_system = server.technology.iter().filter_map(|own| {
        let technology = licenses.technologies.iter().find(|technology| technology.id == own.id)?;
        licenses.manager_of(technology)
    });
    let mut managers = own.chain(of_system).filter(|manager| !manager.ports.is_empty()).peekable();
    let serves_with = |protocol: Protocol, manager: &LicenseManager| {
        manager.ports.iter().any(|known| known.protocols.contains(&protocol))
    };
    managers.peek().is_some()
        && managers.all(|manager| {
            serves_with(only, manager) && (only == Protocol::Tcp || !serves_with(Protocol::Tcp, manager))
        })
}

/// What to say of a port that is free, where a license server of its managers listens elsewhere, or cannot start.
pub(in crate::report) fn elsewhere(
    servers: &[LicenseServer],
    managers: &[Manager],
    licenses: &Licenses,
) -> Option<String> {
    let is_own = |server: &&LicenseServer| {
        let mut managers = managers.iter().filter_map(|manager| licenses.manager(&manager.id));
        managers.any(|manager| is_served(server, manager, licenses))
    };
    let listening = servers.iter().filter(is_own).filter_map(|server| {
        let own = server.server.as_ref().filter(|own| !own.ports.is_empty())?;
        let ports: Vec<String> =
            own.ports.iter().map(|port| format!("{}/{}", port.port, port.protocol)).collect();
        Some(format!("{} listens on {}.", own.process.called(), list(&ports, "and")))
    });
    let mut listening: Vec<String> = listening.collect();
    listening.dedup();
    if !listening.is_empty() {
        return Some(listening.join(" "));
    }
    servers.iter().filter(is_own).flat_map(|server| &server.problems).next().map(Problem::in_full)
}

/// Whether a license server is one of a vendor, product, licensing system or program.
fn is_about(server: &LicenseServer, word: &str, knowledge: &Knowledge, os: Os) -> bool {
    let licenses = knowledge.licenses();
    let by_program = match licenses.program_called(word, os) {
        Some(LicenseProgram::Own(manager)) => server.has_manager(&manager.id),
        Some(LicenseProgram::Server(technology)) => {
            server.technology.as_ref().is_some_and(|own| own.id == technology.id)
        }
        Some(LicenseProgram::Emulator(_) | LicenseProgram::UnlistedDaemon(_)) | None => false,
    };
    by_program
        || is_of_product(server, word, licenses)
        || server.processes().any(|one| is_called(&one.process, word))
}

/// Whether a license server is one of a vendor, product or licensing system.
fn is_of_product(server: &LicenseServer, word: &str, licenses: &Licenses) -> bool {
    // What stands for a whole system is also the answer to a question about one of its vendors, unless it is another's.
    let is_of_product = licenses.products(word).iter().any(|manager| server.has_manager(&manager.id));
    let is_system = server.technology.as_ref().is_some_and(|own| {
        own.id.eq_ignore_ascii_case(word)
            || licenses.technologies.iter().any(|technology| {
                technology.id == own.id
                    && technology.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(word))
            })
    });
    is_of_product || is_system
}

/// The other network namespaces in which something listens on a license port.
fn other_namespaces(observation: &Observation, knowledge: &Knowledge) -> Vec<OtherNamespace> {
    let others = observation.other_namespaces.iter().map(|other| {
        let is_one =
            |&&(protocol, port): &&(Protocol, u16)| knowledge.claims(port, Some(protocol)).is_license_port();
        let listeners = other.listeners.iter().filter(is_one).copied().collect();
        OtherNamespace { namespace: other.namespace.clone(), listeners }
    });
    others.filter(|other| !other.listeners.is_empty()).collect()
}

/// What could not be seen of license servers. A hidden owner of a socket matters on a license port, if a license server
/// seems to listen nowhere, and if this user does not even see the names of all processes.
fn gaps_of(
    question: &ServersQuestion<'_>,
    observation: &Observation,
    rows: &[Row],
    servers: &[LicenseServer],
    is_any_missing: bool,
) -> Vec<Gap> {
    let is_open = servers.iter().any(|server| server.state != ServerState::Up);
    let (shown, others): (Vec<&Row>, Vec<&Row>) =
        rows.iter().partition(|row| row.license.is_some() || is_open);
    let may_be_any = observation.hidden == HiddenProcesses::Unlisted;
    let owners = others.iter().filter(|row| may_be_any && row.owner == Owner::Hidden).count();
    let undecided = Undecided { owners, ..Undecided::default() };
    let shown: Vec<Row> = shown.into_iter().cloned().collect();
    let remedy = os::remedy(observation.host.os, observation.privileged, question.repeat);
    // What is not found here may be there.
    let scope = os::ScanScope { all_namespaces: is_any_missing, ..os::ScanScope::default() };
    gaps::of(observation, &shown, 0, &[], undecided, remedy, &scope)
}
