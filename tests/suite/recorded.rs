//! Observations written down by hand, so that every stage can be tested on every system.

use std::sync::LazyLock;

use clap::Parser;
use jiff::Timestamp;
use whatlistens::cli::{GlobalArgs, ListArgs};
use whatlistens::command::{Command, Context, Error, Exit, Source};
use whatlistens::knowledge::Knowledge;
use whatlistens::model::{
    Account, Checked, CodeFile, Contents, Executable, Gap, HiddenProcess, HiddenProcesses, Holding, Host,
    Interpreter, Observation, Os, Pid, Presence, Process, Program, Protocol, RelayTarget, Report, Socket,
    SocketId, State, User, Writer, file_name,
};
use whatlistens::os::{ScanScope, Unobservable};
use whatlistens::query::{Environment, Query};
use whatlistens::report::report;

/// 2026-11-22 04:00:00 UTC.
const NOW: i64 = 1_795_320_000;

/// The id of the recorded machine.
const HOST_ID: &str = "50047b8ee5a349c4958cf99d0d488037";

pub struct Machine {
    observation: Observation,
}

/// The moment of every recorded observation.
pub fn now() -> Timestamp {
    Timestamp::from_second(NOW).unwrap()
}

/// Linux, seen by root, nothing listening yet.
pub fn linux() -> Machine {
    Machine {
        observation: Observation {
            privileged: true,
            ..Observation::new(
                Host { name: Some("lic01".to_owned()), os: Os::Linux, id: Some(HOST_ID.to_owned()) },
                now(),
            )
        },
    }
}

/// A file that only root could have put there, and that nothing speaks against.
pub fn genuine(path: &str) -> Executable {
    Executable {
        path: path.to_owned(),
        path_confirmed: Checked::Done(true),
        deleted: Some(false),
        replaced: None,
        writers: Checked::Done(Vec::new()),
        contents: Checked::Done(Contents::default()),
        version: None,
        signature: Checked::NotRequested,
    }
}

/// A process of alice's that runs `exe`, a genuine file, started an hour and a bit before the observation.
pub fn process(pid: Pid, exe: &str) -> Process {
    let os = if exe.contains('\\') { Os::Windows } else { Os::Linux };
    let name = file_name(exe, os).to_owned();
    Process {
        pid,
        ppid: Some(1),
        short_name: Some(name.chars().take(15).collect()),
        name: Some(name),
        presence: running(genuine(exe)),
        uid: Some(1000),
        user: Some("alice".to_owned()),
        started_at: Timestamp::from_second(NOW - 4000).ok(),
        ..Process::default()
    }
}

/// Running this file, and no code of others.
pub fn running(exe: Executable) -> Presence {
    Presence::Running(Program { exe: Some(exe), loaded: Checked::Done(Vec::new()), ..Program::default() })
}

/// A Java of a service account's whose command line names a license manager and this genuine archive.
pub fn java(pid: Pid, license_manager: &str, archive: &str) -> Process {
    let java = running_with(pid, "/usr/lib/jvm/bin/java", |program| {
        program.interpreted = Some(license_manager.to_owned());
        program.by_service = Checked::Done(true);
        program.script = Some(CodeFile { path: archive.to_owned(), writers: Checked::Done(Vec::new()) });
        program.exe.as_mut().unwrap().contents = is_interpreter(Interpreter::Java);
    });
    Process { uid: Some(120), user: Some("licenses".to_owned()), ..java }
}

/// A process of alice's that runs `exe`, with this changed of what it runs.
pub fn running_with(pid: Pid, exe: &str, change: impl FnOnce(&mut Program)) -> Process {
    let mut process = process(pid, exe);
    change(process.program_mut().unwrap());
    process
}

/// A process of alice's that forwards to these, by its command line.
pub fn forwarding(pid: Pid, exe: &str, targets: &[RelayTarget]) -> Process {
    running_with(pid, exe, |program| program.relays_to = Some(targets.to_vec()))
}

/// A target with this address.
pub fn to_address(address: &str) -> RelayTarget {
    RelayTarget::Address(address.to_owned())
}

/// A process of alice's, with this changed of its file.
pub fn with_file(pid: Pid, exe: &str, change: impl FnOnce(&mut Executable)) -> Process {
    running_with(pid, exe, |program| change(program.exe.as_mut().unwrap()))
}

/// Any user can put other content into a file, through this file or folder.
pub fn anyone_at(place: &str) -> Checked<Vec<Writer>> {
    written_by(Account::Everyone, place)
}

/// Besides root this account can put other content into a file, through this file or folder.
pub fn written_by(account: Account, place: &str) -> Checked<Vec<Writer>> {
    Checked::Done(vec![Writer { account, place: place.to_owned(), only_adds: false }])
}

/// An ordinary user from 1000 on, the account of a service below.
pub fn user(uid: u32, name: &str) -> Account {
    Account::User(User { uid: Some(uid), name: name.to_owned(), system: uid < 1000 })
}

/// A file that contains a text that was searched for.
pub fn contains(text: &str) -> Checked<Contents> {
    Checked::Done(Contents { texts: vec![text.to_owned()], ..Contents::default() })
}

/// A file that is an interpreter.
pub fn is_interpreter(interpreter: Interpreter) -> Checked<Contents> {
    Checked::Done(Contents { interpreter: Some(interpreter), ..Contents::default() })
}

/// A web server with workers, a stranger on a license port, a license server, and a DNS cache.
pub fn office() -> Machine {
    let root = |pid, exe| Process { user: Some("root".to_owned()), ..process(pid, exe) };
    let worker = |pid| Process { ppid: Some(800), ..process(pid, "/usr/sbin/nginx") };
    let web = [root(800, "/usr/sbin/nginx"), worker(801), worker(802)];
    linux()
        .with(Process { ppid: None, ..root(1, "/usr/lib/systemd/systemd") })
        .socket("tcp 0.0.0.0:80", &web)
        .socket("tcp [::]:80", &web)
        .socket("tcp 0.0.0.0:1538", &[process(11224, "/usr/bin/python3.11")])
        .socket("tcp 0.0.0.0:27000", &[root(900, "/opt/flexlm/bin/lmgrd")])
        .socket("udp 127.0.0.53:53", &[root(400, "/usr/lib/systemd/systemd-resolved")])
        .socket("udp 0.0.0.0:33333", &[])
}

impl Machine {
    pub fn os(mut self, os: Os) -> Machine {
        self.observation.host.os = os;
        self
    }

    /// Seen by a user who may not look into these processes of root's.
    pub fn by_ordinary_user(mut self, hidden: &[(Pid, &str)]) -> Machine {
        self.observation.privileged = false;
        let hidden = hidden.iter().map(|&(pid, name)| {
            let (short_name, user) = (name.to_owned(), Some("root".to_owned()));
            (pid, HiddenProcess { short_name, uid: Some(0), user })
        });
        self.observation.hidden = HiddenProcesses::Processes(hidden.collect());
        self
    }

    /// A process that is there, whether or not it holds anything.
    pub fn with(mut self, process: Process) -> Machine {
        self.observation.processes.insert(process.pid, process.into());
        self
    }

    /// Changes the last socket.
    pub fn but(mut self, change: impl FnOnce(&mut Socket)) -> Machine {
        change(self.observation.sockets.last_mut().unwrap());
        self
    }

    /// What was observed of it.
    pub fn observed(&self) -> &Observation {
        &self.observation
    }

    /// Changes what else was seen.
    pub fn seen(mut self, change: impl FnOnce(&mut Observation)) -> Machine {
        change(&mut self.observation);
        self
    }

    pub fn gap(mut self, gap: Gap) -> Machine {
        self.observation.gaps.push(gap);
        self
    }

    /// A socket of user 1000 (alice) at `place`, such as `tcp 0.0.0.0:1538`, held by these.
    pub fn socket(mut self, place: &str, holders: &[Process]) -> Machine {
        let (protocol, local) = place.split_once(' ').unwrap();
        let protocol = Protocol::from_name(protocol).unwrap();
        let id = SocketId(self.observation.sockets.len() as u64);
        let state = match protocol {
            Protocol::Tcp | Protocol::Sctp => State::Listen,
            Protocol::Udp | Protocol::Udplite => State::Unconnected,
        };
        self.observation.sockets.push(Socket {
            uid: Some(1000),
            user: Some("alice".to_owned()),
            ..Socket::new(id, protocol, state, local.parse().unwrap())
        });
        for holder in holders {
            self.observation.holdings.push(Holding { socket: id, pid: holder.pid });
            self.observation.processes.insert(holder.pid, holder.clone().into());
        }
        self
    }

    /// The report on this machine for the options and words of a listing.
    pub fn report(&self, line: &str) -> Report {
        report(&query(line), &self.observation, knowledge(), &format!("whatlistens {line}")).unwrap()
    }

    /// Why a command line is refused on this machine.
    pub fn refusal(&self, line: &str) -> String {
        self.run(line, &Environment::plain()).unwrap_err().to_string()
    }

    /// What is printed: in UTC, without colour, as wide as `width`; the notes below the rest.
    pub fn printed(&self, line: &str, width: Option<u16>) -> String {
        self.shown(line, &Environment { width, ..Environment::plain() })
    }

    /// What is printed in this environment; the notes below the rest.
    pub fn shown(&self, line: &str, environment: &Environment) -> String {
        let (out, notes, _) = self.run(line, environment).unwrap();
        out + &notes
    }

    /// Runs a command line, without the program's name, on this machine: what it prints, the notes that
    /// stand apart, and its exit status.
    pub fn run(&self, line: &str, environment: &Environment) -> Result<(String, String, Exit), Error> {
        run_on(self, line, environment)
    }
}

/// Runs a command line, without the program's name, on any source.
pub fn run_on(
    source: &dyn Source,
    line: &str,
    environment: &Environment,
) -> Result<(String, String, Exit), Error> {
    let words = ["whatlistens"].into_iter().chain(line.split_whitespace()).map(Into::into);
    let command = Command::parse(&words.collect::<Vec<_>>(), environment, knowledge())?;
    let (mut out, mut notes) = (Vec::new(), Vec::new());
    let mut context = Context { knowledge: knowledge(), source, out: &mut out, notes: &mut notes };
    let exit = command.run(&mut context)?;
    Ok((String::from_utf8(out).unwrap(), String::from_utf8(notes).unwrap(), exit))
}

impl Source for Machine {
    fn observe(&self, _scope: &ScanScope) -> Result<Observation, Unobservable> {
        Ok(self.observation.clone())
    }

    fn observe_port_rules(&self) -> Result<Observation, Unobservable> {
        let Observation { host, taken_at, privileged, port_rules, gaps, .. } = self.observation.clone();
        Ok(Observation { privileged, port_rules, gaps, ..Observation::new(host, taken_at) })
    }

    /// A recorded machine's users are not known.
    fn has_user(&self, _name: &str) -> Option<bool> {
        None
    }
}

/// What is compiled into the program.
pub fn knowledge() -> &'static Knowledge {
    static KNOWLEDGE: LazyLock<Knowledge> = LazyLock::new(Knowledge::embedded);
    &KNOWLEDGE
}

/// What the options and words of a listing ask for.
pub fn query(line: &str) -> Query {
    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        list: ListArgs,
        #[command(flatten)]
        global: GlobalArgs,
    }
    let words = ["whatlistens"].into_iter().chain(line.split_whitespace());
    let Line { list, global: _ } = Line::try_parse_from(words).unwrap();
    Query::resolve(&list, knowledge()).unwrap()
}
