//! Machines that a stranger has filled.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use jiff::Timestamp;
use whatlistens::command::{Command, Context, Source};
use whatlistens::knowledge::Knowledge;
use whatlistens::model::{
    Connections, Executable, Holding, Host, Observation, Os, Pid, Presence, Process, ProcessService, Program,
    Protocol, ServiceManager, Socket, SocketId, State, UnansweredAttempt,
};
use whatlistens::os::{ScanScope, Unobservable};
use whatlistens::query::Environment;

/// A recorded machine.
pub struct Machine(pub Observation);

impl Source for Machine {
    fn observe(&self, _scope: &ScanScope) -> Result<Observation, Unobservable> {
        Ok(self.0.clone())
    }

    fn observe_port_rules(&self) -> Result<Observation, Unobservable> {
        Ok(self.0.clone())
    }

    fn has_user(&self, _name: &str) -> Option<bool> {
        None
    }
}

impl Machine {
    /// Runs a command line on it, to its end in text or JSON; `width` is that of the terminal.
    pub fn run(&self, line: &str, width: Option<u16>, knowledge: &Knowledge) {
        let words: Vec<_> = ["whatlistens"].into_iter().chain(line.split(' ')).map(Into::into).collect();
        let environment = Environment { width, ..Environment::plain() };
        let command = Command::parse(&words, &environment, knowledge).unwrap();
        let (mut out, mut notes) = (std::io::sink(), std::io::sink());
        command.run(&mut Context { knowledge, source: self, out: &mut out, notes: &mut notes }).unwrap();
    }
}

fn empty() -> Observation {
    let host = Host { name: Some("filled".to_owned()), os: Os::Linux, id: None };
    let now = Timestamp::from_second(1_795_320_000).unwrap();
    Observation { privileged: true, ..Observation::new(host, now) }
}

fn process(pid: Pid, ppid: Pid, args: Option<Vec<String>>) -> Process {
    let exe = Executable { path: "/home/mallory/listen".to_owned(), ..Executable::default() };
    Process {
        pid,
        ppid: Some(ppid),
        name: Some("listen".to_owned()),
        short_name: Some("listen".to_owned()),
        presence: Presence::Running(Program { exe: Some(exe), args, ..Program::default() }),
        uid: Some(4242),
        user: Some("mallory".to_owned()),
        started_at: Timestamp::from_second(1_795_310_000 + i64::from(pid)).ok(),
        services: vec![ProcessService::new(ServiceManager::Systemd, "listen.service")],
        ..Process::default()
    }
}

fn listener(id: usize, local: SocketAddr) -> Socket {
    Socket {
        uid: Some(4242),
        user: Some("mallory".to_owned()),
        ..Socket::new(SocketId(id as u64), Protocol::Tcp, State::Listen, local)
    }
}

/// The addresses 127.0.0.1 and up.
fn address(at: usize) -> Ipv4Addr {
    Ipv4Addr::from_bits(0x7f00_0001 + u32::try_from(at).unwrap())
}

/// Sockets that processes share, below a line of ancestors.
pub fn sharing(sockets: usize, holders: usize, ancestors: usize) -> Machine {
    let pid = |at: usize| Pid::try_from(at + 1).unwrap();
    let line = (1..ancestors).map(|at| process(pid(at), pid(at - 1), None));
    let holding = (0..holders).map(|at| process(pid(ancestors + at), pid(ancestors - 1), None));
    let of = |socket: usize| {
        (0..holders).map(move |at| Holding { socket: SocketId(socket as u64), pid: pid(ancestors + at) })
    };
    let local = |at: usize| SocketAddr::from((Ipv4Addr::UNSPECIFIED, u16::try_from(20_000 + at).unwrap()));
    Machine(Observation {
        sockets: (0..sockets).map(|at| listener(at, local(at))).collect(),
        holdings: (0..sockets).flat_map(of).collect(),
        processes: line.chain(holding).map(|process| (process.pid, Arc::new(process))).collect(),
        ..empty()
    })
}

/// Listeners on one license port, each at an address of its own, or all at one.
pub fn on_one_port(listeners: usize, at_one_address: bool) -> Machine {
    let local = |at: usize| SocketAddr::from((address(if at_one_address { 0 } else { at }), 27000));
    let connections = Connections { established: 9, peers: 1, top: vec![(address(7).into(), 9)] };
    let socket = |at: usize| Socket { connections: Some(connections.clone()), ..listener(at, local(at)) };
    let pid = |at: usize| Pid::try_from(at + 100).unwrap();
    Machine(Observation {
        sockets: (0..listeners).map(socket).collect(),
        holdings: (0..listeners).map(|at| Holding { socket: SocketId(at as u64), pid: pid(at) }).collect(),
        processes: (0..listeners).map(|at| (pid(at), Arc::new(process(pid(at), 1, None)))).collect(),
        ..empty()
    })
}

/// Two listeners with command lines of this length, in one word or in many.
pub fn with_arguments(length: usize, in_one_word: bool) -> Machine {
    let args = if in_one_word { vec!["x".repeat(length)] } else { vec!["ab".to_owned(); length / 3] };
    let pids: [Pid; 2] = [100, 101];
    let local = |pid: Pid| SocketAddr::from((Ipv4Addr::LOCALHOST, u16::try_from(20_000 + pid).unwrap()));
    Machine(Observation {
        sockets: pids.map(|pid| listener(pid as usize, local(pid))).to_vec(),
        holdings: pids.map(|pid| Holding { socket: SocketId(pid.into()), pid }).to_vec(),
        processes: pids.map(|pid| (pid, Arc::new(process(pid, 1, Some(args.clone()))))).into(),
        ..empty()
    })
}

/// Requests to license servers that nobody answers, each of a process of its own.
pub fn unanswered(requests: usize) -> Machine {
    let pid = |at: usize| Pid::try_from(at + 100).unwrap();
    let request = |at: usize| UnansweredAttempt {
        local: SocketAddr::from((Ipv4Addr::LOCALHOST, 50_000)),
        remote: SocketAddr::from((address(at), 27000)),
        retransmits: 3,
        uid: 4242,
        user: Some("mallory".to_owned()),
        pids: vec![pid(at)],
    };
    Machine(Observation {
        unanswered: (0..requests).map(request).collect(),
        processes: (0..requests).map(|at| (pid(at), Arc::new(process(pid(at), 1, None)))).collect(),
        ..empty()
    })
}

/// So many license servers, each with a daemon that it started, and as many daemons that are left over.
pub fn license_servers(count: usize) -> Machine {
    let mut observation = empty();
    let mut add = |pid: Pid, ppid: Pid, name: &str| {
        let exe = Executable { path: format!("/home/mallory/{pid}/{name}"), ..Executable::default() };
        let presence = Presence::Running(Program { exe: Some(exe), ..Program::default() });
        let one = Process {
            name: Some(name.to_owned()),
            presence,
            services: Vec::new(),
            ..process(pid, ppid, None)
        };
        observation.processes.insert(pid, Arc::new(one));
        let id = observation.sockets.len();
        let port = u16::try_from(1024 + id % 60_000).unwrap();
        observation.sockets.push(listener(id, SocketAddr::from((Ipv4Addr::UNSPECIFIED, port))));
        observation.holdings.push(Holding { socket: SocketId(id as u64), pid });
    };
    for at in 0..Pid::try_from(count).unwrap() {
        add(10 + 3 * at, 1, "lmgrd");
        add(11 + 3 * at, 10 + 3 * at, "adskflex");
        add(12 + 3 * at, 1, "MLM");
    }
    Machine(observation)
}
