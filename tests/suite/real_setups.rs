//! The verdicts on real set-ups of license servers, as they stand in vendors' documents, public configuration, logs
//! and forums: `real_setups.toml`, which says what is true of each, and not what the program says of it.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::LazyLock;

use jiff::SignedDuration;
use serde::Deserialize;
use whatlistens::judge::Inspection;
use whatlistens::model::{
    Checked, CodeFile, Contents, FileVersion, License, Os, Pid, Process, ProcessService, Report,
    ServiceManager, Severity, Socket, interpreter_called, script_of,
};
use whatlistens::os::Inspect;

use crate::recorded::{Machine, knowledge, linux, process, user, written_by};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    setup: Vec<Setup>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Setup {
    source: String,
    system: Os,
    processes: Vec<Runs>,
}

/// A process, and what is true of the ports that it holds.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Runs {
    /// The program's path.
    runs: String,
    /// The path of the process of this set-up that started it.
    under: Option<String>,
    #[serde(default)]
    at: Vec<String>,
    /// The verdicts of which each is right; `none` where it need not be called a license port.
    #[serde(default)]
    verdict: Vec<String>,
    /// Whether it is critical.
    #[serde(default)]
    critical: bool,
    /// The managers, technologies or emulators that the answer has to name.
    #[serde(default)]
    names: Vec<String>,
    /// Those that it must not name.
    #[serde(default)]
    not: Vec<String>,
    /// The rest of the command line.
    #[serde(default)]
    args: Vec<String>,
    /// Texts that its file contains.
    #[serde(default)]
    texts: Vec<String>,
    /// The user, where that is not root.
    user: Option<String>,
    /// An ordinary user whose file it is.
    writer: Option<String>,
    service: Option<String>,
    company: Option<String>,
    original: Option<String>,
}

static SETUPS: LazyLock<Vec<Setup>> = LazyLock::new(|| {
    let table: Table = toml::from_str(include_str!("real_setups.toml")).unwrap();
    table.setup
});

impl Setup {
    fn machine(&self) -> Machine {
        let mut machine = linux().os(self.system);
        for (runs, pid) in self.processes.iter().zip(100..) {
            let process = self.process(runs, pid);
            machine = machine.with(process.clone());
            for place in &runs.at {
                machine = machine.socket(&socket_place(place), std::slice::from_ref(&process));
            }
        }
        machine
    }

    fn process(&self, runs: &Runs, pid: Pid) -> Process {
        let parent = runs.under.as_ref().map(|path| {
            let found = self.processes.iter().zip(100..).find(|(other, _)| other.runs == *path);
            found.unwrap_or_else(|| panic!("{}: no {path}", self.source)).1
        });
        let plain = process(pid, &runs.runs);
        let exe = plain.exe_name(self.system).unwrap().to_owned();
        let service = |name: &String| ProcessService::new(ServiceManager::Windows, name);
        let mut process = Process {
            ppid: Some(parent.unwrap_or(1)),
            uid: Some(runs.user.as_ref().map_or(0, |_| 990)),
            user: Some(runs.user.clone().unwrap_or_else(|| "root".to_owned())),
            started_at: plain.started_at.map(|at| at + SignedDuration::from_secs(pid.into())),
            services: runs.service.iter().map(service).collect(),
            ..plain
        };
        let args: Vec<String> = std::iter::once(&runs.runs).chain(&runs.args).cloned().collect();
        let program = process.program_mut().unwrap();
        program.interpreted = Inspection::new(knowledge()).program(&exe, &args);
        if program.interpreted.is_some() {
            let genuine = |path: &str| CodeFile { path: path.to_owned(), writers: Checked::Done(Vec::new()) };
            program.script = script_of(&exe, &args).map(genuine);
            program.by_service = Checked::Done(true);
        }
        let file = program.exe.as_mut().unwrap();
        let interpreter = interpreter_called(&exe);
        let contents = Contents { interpreter, texts: runs.texts.clone(), ..Contents::default() };
        file.contents = Checked::Done(contents);
        if let Some(name) = &runs.writer {
            file.writers = written_by(user(1000, name), &runs.runs);
        }
        if runs.company.is_some() || runs.original.is_some() {
            let (company, original_name) = (runs.company.clone(), runs.original.clone());
            file.version = Some(FileVersion { company, product: None, original_name });
        }
        process
    }
}

/// `tcp 0.0.0.0:27000` for `27000/tcp`, and `tcp 127.0.0.1:27000` for `127.0.0.1:27000/tcp`.
fn socket_place(place: &str) -> String {
    let (local, protocol) = place.split_once('/').unwrap();
    match local.contains(':') {
        true => format!("{protocol} {local}"),
        false => format!("{protocol} 0.0.0.0:{local}"),
    }
}

fn license_at<'a>(report: &'a Report, place: &str) -> Option<&'a License> {
    let place = socket_place(place);
    let (protocol, local) = place.split_once(' ').unwrap();
    let local: SocketAddr = local.parse().unwrap();
    let is_it = |socket: &Socket| socket.local == local && socket.protocol.name() == protocol;
    report.rows.iter().find(|row| is_it(&row.socket)).unwrap().license.as_ref()
}

/// Whether the answer names a manager, a technology or an emulator.
fn names(license: &License, id: &str) -> bool {
    let licenses = knowledge().licenses();
    let manager = licenses.manager(id).map(|manager| manager.called());
    let technology =
        licenses.technologies.iter().find(|known| known.id == id).map(|known| known.name.clone());
    let emulator = licenses.emulators.iter().find(|known| known.id == id).map(|known| known.name.clone());
    let called: Vec<String> = [manager, technology, emulator].into_iter().flatten().collect();
    assert!(!called.is_empty(), "nobody is called {id}");
    license.managers.iter().any(|manager| manager.id == id)
        || called.iter().any(|name| license.reason.contains(name.as_str()))
}

/// What an answer is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Worth {
    Right,
    /// Nothing is decided, although it was to be known.
    NoHelp,
    Wrong,
}

/// What the answer on one port is worth, and what is wrong with it.
fn worth(runs: &Runs, license: Option<&License>) -> (Worth, String) {
    let got = license.map_or("none", |license| license.verdict.code());
    if !runs.verdict.iter().any(|verdict| verdict == got) {
        let worth = if ["none", "cannot-tell"].contains(&got) { Worth::NoHelp } else { Worth::Wrong };
        return (worth, format!("{got}, not {}", runs.verdict.join(" or ")));
    }
    let Some(license) = license else { return (Worth::Right, String::new()) };
    let silent = runs.names.iter().find(|id| !names(license, id)).map(|id| format!("does not name {id}"));
    let named = runs.not.iter().find(|id| names(license, id)).map(|id| format!("names {id}"));
    let is_critical = license.severity == Severity::Critical;
    let severity = (is_critical != runs.critical).then(|| format!("critical: {is_critical}"));
    match silent.or(named).or(severity) {
        Some(wrong) => (Worth::Wrong, wrong),
        None => (Worth::Right, String::new()),
    }
}

#[test]
fn the_verdicts_on_real_set_ups_are_true() {
    let (mut worths, mut shown) = (Vec::new(), String::new());
    for setup in SETUPS.iter() {
        let report = setup.machine().report("");
        let asked = setup.processes.iter().flat_map(|runs| runs.at.iter().map(move |place| (runs, place)));
        for (runs, place) in asked {
            let license = license_at(&report, place);
            let (worth, why) = worth(runs, license);
            worths.push(worth);
            if worth != Worth::Right {
                let says = license.map_or("", |license| &license.reason);
                let (system, source) = (setup.system.name(), &setup.source);
                shown += &format!("{worth:?}: {place} {} ({system}, {source}): {why}: {says}\n", runs.runs);
            }
        }
    }
    let count = |worth| worths.iter().filter(|other| **other == worth).count();
    let (wrong, no_help, all) = (count(Worth::Wrong), count(Worth::NoHelp), worths.len());
    let sum = format!("of {all} answers {wrong} are wrong, and {no_help} no help:\n{shown}");
    assert!(wrong == 0 && no_help * 100 <= all * 3, "{sum}");
}

#[test]
fn the_set_ups_are_many_and_unlike_each_other() {
    const VERDICTS: [&str; 5] = ["expected", "other-license-manager", "mismatch", "cannot-tell", "none"];
    let on = |os: Os| SETUPS.iter().filter(|setup| setup.system == os).count();
    let processes = || SETUPS.iter().flat_map(|setup| &setup.processes);
    let managers: BTreeSet<&String> = processes().flat_map(|runs| &runs.names).collect();
    let counted = [SETUPS.len(), managers.len(), on(Os::Linux), on(Os::Windows), on(Os::Macos)];
    let least = [120, 70, 60, 35, 5];
    assert!(counted.iter().zip(least).all(|(have, least)| *have >= least), "{counted:?} of {least:?}");
    assert!(SETUPS.iter().all(|setup| !setup.source.is_empty()));
    for runs in processes() {
        assert_eq!(runs.at.is_empty(), runs.verdict.is_empty(), "{}", runs.runs);
        assert!(runs.verdict.iter().all(|verdict| VERDICTS.contains(&verdict.as_str())), "{}", runs.runs);
    }
}
