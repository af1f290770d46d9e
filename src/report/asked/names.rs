//! What to say of processes that were asked about by name or id: that one runs and listens nowhere, that none runs, or
//! that this cannot be seen.

use std::collections::{BTreeMap, BTreeSet};

use super::describe::{runs, subject};
use super::elsewhere;
use crate::model::phrase::{first_few, list, named};
use crate::model::quoting::{quoted, quoted_path};
use crate::model::{
    AskedProcess, Family, HiddenProcesses, KEPT_OF_NAME, Likeness, Observation, Os, Pid, Process, Protocol,
    Row, RunState, State, is_path, is_unit, unit_is_called,
};

/// More processes than these are counted, not named.
const MOST_PROCESSES: usize = 3;
/// More ids and names than these are counted.
const MOST_NAMES: usize = 5;

/// What was asked for.
#[derive(Clone, Copy)]
pub(super) enum Sought<'a> {
    Name(&'a str),
    Pid(Pid),
}

/// What the sentences rest on besides the processes.
pub(super) struct Scene<'a> {
    pub(super) observation: &'a Observation,
    /// The only protocol that was asked about.
    pub(super) protocol: Option<Protocol>,
    /// The only family that was asked about.
    pub(super) family: Option<Family>,
    /// Whether anything of it is shown as a row.
    pub(super) is_shown: bool,
    /// How the name was taken; `None` if it names nothing.
    pub(super) likeness: Option<Likeness>,
    /// Whether the name is the path of a folder.
    pub(super) is_folder: bool,
}

impl Scene<'_> {
    /// What was asked about, as in `no UDP port`.
    fn port(&self) -> String {
        let family = self.family.map(Family::name);
        let protocol = self.protocol.map(Protocol::title);
        family.into_iter().chain(protocol).chain(["port"]).collect::<Vec<_>>().join(" ")
    }
}

/// The processes that are asked about, by id, with what each listens on.
pub(super) fn processes(
    is_it: impl Fn(&Process) -> bool,
    rows: &[Row],
    observation: &Observation,
) -> Vec<AskedProcess> {
    let mut found: BTreeMap<Pid, AskedProcess> = BTreeMap::new();
    for row in rows {
        for process in row.owner.processes().filter(|process| is_it(process)) {
            let one = found.entry(process.pid).or_insert_with(|| AskedProcess {
                process: process.clone(),
                namespace: row.socket.namespace.clone(),
                listens_on: Some(Vec::new()),
                unlisted: Vec::new(),
                may_hold_more: false,
            });
            if row.socket.state != State::Bound {
                one.listens_on.get_or_insert_default().push((row.socket.local.port(), row.socket.protocol));
            }
        }
    }
    for sought in observation.sought.iter().flat_map(|sought| &sought.found) {
        let Some(process) = observation.processes.get(&sought.pid).filter(|process| is_it(process)) else {
            continue;
        };
        match found.get_mut(&sought.pid) {
            Some(known) => {
                // It was read once more, with its folder.
                known.process = process.clone();
                known.namespace = sought.namespace.clone().or(known.namespace.take());
                known.add(sought);
            }
            None => drop(found.insert(sought.pid, AskedProcess::of(process.clone(), sought))),
        }
    }
    let each_once = |mut one: AskedProcess| {
        if let Some(ports) = &mut one.listens_on {
            ports.sort_unstable();
            ports.dedup();
        }
        one
    };
    found.into_values().map(each_once).collect()
}

/// Whether there may be a process of this name, or of this id if `what` is an option, that this user does not see.
pub(in crate::report) fn may_be_hidden(what: &str, observation: &Observation) -> bool {
    let Observation { host, hidden, privileged, sockets, .. } = observation;
    match host.os {
        // Everybody sees the names of all.
        Os::Windows => false,
        _ if what.starts_with("--pid ") => *hidden == HiddenProcesses::Unlisted,
        Os::Macos => !*privileged,
        // Without a socket nobody was searched.
        Os::Linux => !hidden.is_nothing() || (!*privileged && sockets.is_empty()),
    }
}

/// What to say: nothing where the rows say it all.
pub(super) fn sentences(sought: Sought<'_>, processes: &[AskedProcess], scene: &Scene<'_>) -> Vec<String> {
    let mut said: Vec<String> = taken_as(sought, processes, scene.likeness).into_iter().collect();
    if scene.observation.sought.is_none() {
        return said;
    }
    if processes.is_empty() {
        said.extend((!scene.is_shown).then(|| nothing(sought, scene)));
        return said;
    }
    // Where rows are shown, those that listen nowhere are counted.
    let is_idle = |one: &&AskedProcess| one.is_idle() && (scene.is_shown || one.unlisted.is_empty());
    let (idle, others): (Vec<&AskedProcess>, Vec<&AskedProcess>) = processes.iter().partition(is_idle);
    let unlisted: Vec<&AskedProcess> = others.into_iter().filter(|one| elsewhere::is_unlisted(one)).collect();
    let (shown, more) = first_few(&unlisted, MOST_PROCESSES);
    said.extend(shown.iter().map(|one| elsewhere::sentence(one, scene.observation, &scene.port())));
    said.extend((more > 0).then(|| {
        let (processes, run, their) =
            if more == 1 { ("process", "runs", "Its") } else { ("processes", "run", "Their") };
        format!("{more} more {processes} {}{run}. {their} ports are not shown here.", of(sought))
    }));
    said.extend(listen_nowhere(sought, &idle, scene));
    let left_out = scene.observation.sought.as_ref().map_or(0, |sought| sought.left_out);
    said.extend((left_out > 0).then(|| {
        let (processes, were) = if left_out == 1 { ("process", "was") } else { ("processes", "were") };
        format!("{left_out} more {processes} of such names {were} not examined.")
    }));
    said
}

/// How to let processes continue that a signal has stopped.
pub(super) fn next(processes: &[AskedProcess]) -> Option<String> {
    let stopped =
        processes.iter().filter(|one| one.is_idle() && one.process.state == Some(RunState::Stopped));
    let pids: Vec<String> = stopped.take(MOST_NAMES).map(|one| one.process.pid.to_string()).collect();
    let it = match pids.len() {
        0 => return None,
        1 => "it",
        _ => "them",
    };
    Some(format!("To let {it} continue: kill -CONT {}", pids.join(" ")))
}

/// How a name was understood that is not exactly that of a process.
fn taken_as(sought: Sought<'_>, processes: &[AskedProcess], likeness: Option<Likeness>) -> Option<String> {
    let Sought::Name(word) = sought else { return None };
    if likeness == Some(Likeness::Unit) {
        let services = processes.iter().flat_map(|one| &one.process.services);
        let unit = services.map(|service| service.name.as_str()).find(|unit| unit_is_called(unit, word))?;
        return Some(format!("‘{word}’ was taken as the unit {}.", quoted(unit)));
    }
    let is_by_name = !matches!(likeness, Some(Likeness::Script | Likeness::Folder | Likeness::Cut));
    let is_like = |name: &&str| !is_by_name || Likeness::of_name(name, word) == likeness;
    let names = processes.iter().filter_map(|one| {
        let Process { name, short_name, .. } = &*one.process;
        [name.as_deref(), short_name.as_deref()].into_iter().flatten().find(is_like)
    });
    let names: BTreeSet<&str> = names.collect();
    let names: Vec<&str> = names.into_iter().collect();
    let is_one = names.len() == 1;
    let names = list(&named(&names, MOST_NAMES, |name| quoted(name).into_owned()), "and");
    match likeness? {
        Likeness::Exact | Likeness::Unit => None,
        Likeness::Case => Some(format!("‘{word}’ was taken as {names}.")),
        Likeness::Beginning => Some(format!("‘{word}’ was taken as the beginning of {names}.")),
        Likeness::Cut => Some(format!(
            "‘{word}’ may be {names}: of the name of another user's process you see no more than {KEPT_OF_NAME} bytes."
        )),
        Likeness::Script => {
            Some(format!("‘{word}’ was taken as a script: the command line of {names} has it."))
        }
        Likeness::Folder => {
            let folders = processes.iter().filter_map(|one| one.process.cwd.as_ref());
            let folders: BTreeSet<&str> = folders.map(|folder| folder.path.as_str()).collect();
            let folders: Vec<&str> = folders.into_iter().collect();
            let folders = list(&named(&folders, MOST_NAMES, |path| quoted_path(path).into_owned()), "and");
            let work = if is_one { "works" } else { "work" };
            Some(format!("‘{word}’ was taken as a folder: {names} {work} in {folders}."))
        }
    }
}

/// That there is no such process, as far as that can be seen.
fn nothing(sought: Sought<'_>, scene: &Scene<'_>) -> String {
    let (what, verb) = match sought {
        Sought::Pid(pid) => (format!("process with PID {pid}"), "runs"),
        Sought::Name(word) if scene.is_folder => {
            (format!("listener that works in {} or below it", quoted_path(word)), "was found")
        }
        Sought::Name(word) if is_path(word) => {
            (format!("process that runs {}", quoted_path(word)), "was found")
        }
        Sought::Name(word) if is_unit(word) => {
            (format!("process or socket of unit {}", quoted(word)), "was found")
        }
        Sought::Name(word) => (format!("process called {}", quoted(word)), "runs"),
    };
    let asked = if let Sought::Pid(pid) = sought { format!("--pid {pid}") } else { String::new() };
    match (may_be_hidden(&asked, scene.observation), sought) {
        (true, _) => format!("No {what} was found, but it may be hidden from you."),
        (false, Sought::Pid(pid)) => format!("No process has PID {pid}."),
        (false, Sought::Name(_)) => format!("No {what} {verb}."),
    }
}

/// What to say of processes that listen nowhere.
fn listen_nowhere(sought: Sought<'_>, idle: &[&AskedProcess], scene: &Scene<'_>) -> Vec<String> {
    let port = scene.port();
    if scene.is_shown && !idle.is_empty() {
        let (processes, listen) =
            if idle.len() == 1 { ("process", "listens") } else { ("processes", "listen") };
        let pids = list(&named(idle, MOST_NAMES, |one| one.process.pid.to_string()), "and");
        return vec![format!(
            "{} more {processes} {}{listen} on no {port} (PID {pids}).",
            idle.len(),
            of(sought)
        )];
    }
    let one = |one: &&AskedProcess| match one.process.state {
        Some(RunState::Zombie) => format!("{}.", zombie(&one.process, scene, &port)),
        Some(RunState::Running | RunState::Stopped | RunState::Traced) | None => {
            format!("{} but listens on no {port}.", runs(&one.process, scene.observation))
        }
    };
    let (shown, more) = first_few(idle, MOST_PROCESSES);
    let mut said: Vec<String> = shown.iter().map(one).collect();
    said.extend((more > 0).then(|| {
        let rest = idle.iter().skip(MOST_PROCESSES);
        let all_run = rest.clone().all(|one| one.process.state != Some(RunState::Zombie));
        let (processes, run, listen) = match (more, all_run) {
            (1, true) => ("process", "runs but ", "listens"),
            (1, false) => ("process", "", "listens"),
            (_, true) => ("processes", "run but ", "listen"),
            (_, false) => ("processes", "", "listen"),
        };
        format!("{more} more {processes} {}{run}{listen} on no {port}.", of(sought))
    }));
    said
}

/// That a process has ended and stays in the list of processes (ps(1), `defunct`): it has no file open.
fn zombie(process: &Process, scene: &Scene<'_>, port: &str) -> String {
    format!(
        "{} has ended (PID {}), but the process that started it has not collected it: it is a zombie and listens on no \
         {port}",
        subject(process, scene.observation.host.os),
        process.pid
    )
}

/// `of lmgrd `, or what else the processes have in common.
fn of(sought: Sought<'_>) -> String {
    match sought {
        Sought::Pid(_) => String::new(),
        Sought::Name(word) if is_path(word) => format!("of {} ", quoted_path(word)),
        Sought::Name(word) => format!("of {} ", quoted(word)),
    }
}
