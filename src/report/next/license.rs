//! What to do next about a process of a license server. Its daemons end with it, and it is stopped by what runs it, or by
//! the tool of its licensing system: `kill -9` leaves daemons over, which keep a new server from starting them.

use super::commands::{Commands, program_of, word};
use crate::model::phrase::in_a_row;
use crate::model::quoting::is_printable;
use crate::model::{LicenseServer, Os, Pid, ProblemCode, Process, RunState, ServerState, Severity};

/// How a licensing system is administered.
struct Tools {
    /// The id of the system.
    technology: &'static str,
    /// The servers that they are for; lmadmin has web pages instead.
    servers: &'static [&'static str],
    /// Stops the server with its daemons; `LICENSE` is the license file, or the port at this host.
    stop: &'static str,
    /// Stops `DAEMON` alone.
    stop_daemon: &'static str,
    reread: &'static str,
    /// What a server does not take over when it reads its license file again, and what else to know.
    but: &'static str,
}

/// FlexNet: docs.revenera.com/fnp/2025r1/LicAdmin_Guide, `lmdown` (`-c` is always recommended) and `lmreread` (cannot be
/// used to change TCP ports). RLM: reprisesoftware.com/docs/admin/license-admin-tools.html, `rlmdown` (the server itself
/// is `RLM`) and `rlmreread`.
const TOOLS: &[Tools] = &[
    Tools {
        technology: "flexnet",
        servers: &["lmgrd"],
        stop: "lmutil lmdown -c LICENSE",
        stop_daemon: "lmutil lmdown -c LICENSE -vendor DAEMON",
        reread: "lmutil lmreread -c LICENSE",
        but: " (a changed port needs a restart)",
    },
    Tools {
        technology: "rlm",
        servers: &["rlm"],
        stop: "rlmutil rlmdown RLM -c LICENSE",
        stop_daemon: "rlmutil rlmdown DAEMON -c LICENSE",
        reread: "rlmutil rlmreread -c LICENSE",
        but: "",
    },
];

/// What to do, in whole sentences: what is wrong first. `commands` are those that would stop the process if it were any
/// other.
pub(super) fn next(
    lead: &Process,
    servers: &[&LicenseServer],
    commands: Option<&Commands>,
    os: Os,
) -> Vec<String> {
    let Some(server) = servers.first() else { return Vec::new() };
    if let Some(left_over) = left_over(lead.pid, servers) {
        return vec![left_over];
    }
    let wrong = servers.iter().flat_map(|server| &server.problems);
    let wrong =
        wrong.filter(|problem| problem.code.severity() == Severity::Critical).map(|one| one.in_full());
    // That it is stopped by a signal is said of every process.
    let is_halted = lead.state.is_some_and(RunState::is_halted);
    let mut sentences: Vec<String> = wrong.take(usize::from(!is_halted)).collect();
    let managed = commands.filter(|commands| !commands.is_signal());
    match tools(server, os) {
        Some(tools) => sentences.extend(administered(tools, lead, server, managed, os)),
        // One without daemons leaves none over.
        None if server.daemons.is_empty() && server.state != ServerState::CannotTell => {
            sentences.extend(commands.and_then(|commands| stopped(commands, "")));
        }
        None => sentences.extend(managed.and_then(|commands| stopped(commands, ""))),
    }
    sentences
}

/// That a daemon is left over, and how to end it.
fn left_over(pid: Pid, servers: &[&LicenseServer]) -> Option<String> {
    let whose = format!("(PID {pid})");
    let problems = servers.iter().flat_map(|server| &server.problems);
    let mut orphaned = problems.filter(|problem| problem.code == ProblemCode::OrphanedDaemon);
    orphaned.find(|problem| problem.text.contains(&whose)).map(|problem| problem.in_full())
}

fn tools(server: &LicenseServer, os: Os) -> Option<&'static Tools> {
    let technology = &server.technology.as_ref()?.id;
    let own = server.server.as_ref()?;
    // Within a container they would be another system's.
    let is_here = own.process.container.is_none() && own.process.exe().is_some();
    let program = program_of(&own.process, os)?;
    TOOLS
        .iter()
        .find(|tools| is_here && tools.technology == technology && tools.servers.contains(&program.as_str()))
}

fn administered(
    tools: &Tools,
    lead: &Process,
    server: &LicenseServer,
    managed: Option<&Commands>,
    os: Os,
) -> Vec<String> {
    let Some(license) = license(server, os) else { return Vec::new() };
    let with = |command: &str| command.replace("LICENSE", &license);
    let Some(own) = &server.server else { return Vec::new() };
    let by_tool = || with(tools.stop);
    let stop = if own.process.pid == lead.pid {
        let what = if server.daemons.is_empty() { "" } else { " with its daemons" };
        let by_unit = managed.and_then(|commands| stopped(commands, what));
        vec![by_unit.unwrap_or_else(|| format!("To stop it{what}: {}", by_tool()))]
    } else {
        let alone = daemon(lead, os).map(|daemon| with(tools.stop_daemon).replace("DAEMON", &daemon));
        let alone = alone.map(|command| format!("To stop it alone: {command}"));
        // What runs the server stops it.
        let all = match own.ports.first() {
            Some(port) if !own.process.services.is_empty() => format!("whatlistens {}", port.port),
            _ => by_tool(),
        };
        let all = format!("To stop it with its license server, {}: {all}", own.process.called());
        alone.into_iter().chain([all]).collect()
    };
    let reread = format!("To let it read a changed license file{}: {}", tools.but, with(tools.reread));
    stop.into_iter().chain([reread]).collect()
}

/// How what runs it stops it.
fn stopped(commands: &Commands, what: &str) -> Option<String> {
    let Commands { before, stop, aside, .. } = commands;
    let stop = stop.as_ref()?;
    let stop = format!("To stop it{what}{}: {stop}", aside.as_deref().unwrap_or_default());
    Some(in_a_row(before.clone().into_iter().chain([stop])))
}

/// The license file, for a command; without one the port of the server, which these tools take as well.
fn license(server: &LicenseServer, os: Os) -> Option<String> {
    if let Some(file) = server.license_files.first() {
        return match os {
            Os::Windows => {
                let is_plain = !file.path.contains(['"', '%']) && file.path.chars().all(is_printable);
                is_plain.then(|| format!("\"{}\"", file.path))
            }
            Os::Linux | Os::Macos => word(&file.path),
        };
    }
    let port = server.server.as_ref()?.ports.first()?.port;
    Some(format!("{port}@localhost"))
}

/// The name of a daemon on its line of a license file.
fn daemon(process: &Process, os: Os) -> Option<String> {
    let name = process.exe_name(os)?;
    word(name.strip_suffix(".exe").unwrap_or(name))
}
