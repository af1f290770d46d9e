//! The stages, and an input for each that grows.

use std::fmt::Write;
use std::hint::black_box;

use whatlistens::command::Command;
use whatlistens::knowledge::Knowledge;
use whatlistens::model::{Family, PortRange, Protocol, Socket, SocketId, State, record, record::Record};
use whatlistens::os::connection_count::{self, Connection};
use whatlistens::os::decode::license_file;
use whatlistens::os::decode::linux::{local_addresses, proc_net};
use whatlistens::query::{Environment, read_policy};

use crate::machines::{Machine, license_servers, on_one_port, sharing, unanswered, with_arguments};

pub struct Stage {
    pub name: &'static str,
    /// Large enough that what is not linear shows.
    pub size: usize,
    /// Makes the input of a size, and what runs the stage on it.
    pub prepare: fn(usize) -> Box<dyn FnOnce()>,
}

pub const STAGES: &[Stage] = &[
    Stage { name: "listeners of a group with peers", size: 400, prepare: |size| peers_of(size, size) },
    Stage {
        name: "listeners at one port, each at an address",
        size: 400,
        prepare: |size| peers_of_addresses(size),
    },
    Stage {
        name: "holders of shared sockets, JSON",
        size: 60,
        prepare: |size| shown(sharing(20, size, 50), "--json", None),
    },
    Stage {
        name: "sockets that are shared, JSON",
        size: 60,
        prepare: |size| shown(sharing(size, 20, 50), "--json", None),
    },
    Stage {
        name: "ancestors of holders, table",
        size: 400,
        prepare: |size| shown(sharing(8, 8, size), "-t", Some(80)),
    },
    Stage {
        name: "holders of shared sockets, table",
        size: 400,
        prepare: |size| shown(sharing(8, size, 50), "-t", Some(80)),
    },
    Stage {
        name: "a group in detail",
        size: 100,
        prepare: |size| shown(on_one_port(size, true), "27000", Some(80)),
    },
    Stage {
        name: "many addresses in detail",
        size: 200,
        prepare: |size| shown(on_one_port(size, false), "27000", Some(80)),
    },
    Stage {
        name: "many addresses, table",
        size: 150,
        prepare: |size| shown(on_one_port(size, false), "--connections", Some(80)),
    },
    Stage {
        name: "license servers and what is left of them",
        size: 100,
        prepare: |size| shown(license_servers(size), "servers", Some(80)),
    },
    Stage {
        name: "one long word, terminal",
        size: 16_000,
        prepare: |size| shown(with_arguments(size, true), "--args", Some(80)),
    },
    Stage {
        name: "many words, terminal",
        size: 16_000,
        prepare: |size| shown(with_arguments(size, false), "--args", Some(80)),
    },
    Stage {
        name: "one long word, pipe",
        size: 16_000,
        prepare: |size| shown(with_arguments(size, true), "--args", None),
    },
    Stage {
        name: "many words, pipe",
        size: 16_000,
        prepare: |size| shown(with_arguments(size, false), "--args", None),
    },
    Stage {
        name: "one long word in detail",
        size: 16_000,
        prepare: |size| shown(with_arguments(size, true), "--args 20100", Some(80)),
    },
    Stage {
        name: "many words in detail",
        size: 16_000,
        prepare: |size| shown(with_arguments(size, false), "--args 20100", None),
    },
    Stage { name: "unanswered requests", size: 200, prepare: |size| shown(unanswered(size), "-t", Some(80)) },
    Stage {
        name: "unknown names",
        size: 400,
        prepare: |size| typed((0..size).map(|at| format!("unknown-{at}")).collect()),
    },
    Stage {
        name: "one name again and again",
        size: 400,
        prepare: |size| typed(vec!["ssh".to_owned(); size]),
    },
    Stage {
        name: "names with commas",
        size: 400,
        prepare: |size| {
            typed((0..size / 20).map(|at| format!("80{}", format!(",a{at}").repeat(20))).collect())
        },
    },
    Stage { name: "addresses of a namespace", size: 3_000, prepare: addresses },
    Stage { name: "addresses of IPv6", size: 3_000, prepare: addresses_v6 },
    Stage { name: "lines of /proc/net/tcp", size: 1_000, prepare: lines },
    Stage { name: "licenses of a license file", size: 10_000, prepare: licenses },
    Stage { name: "days on which licenses expire", size: 2_000, prepare: expiries },
    Stage { name: "one line of a license file", size: 10_000, prepare: continued },
    Stage {
        name: "lines of a policy about one port",
        size: 400,
        prepare: |size| {
            policy(size, |at| format!("may-listen]]\nport = 80\nprogram = 'p{at}'\nreason = 'x'"))
        },
    },
    Stage {
        name: "lines of a policy about a port each",
        size: 400,
        prepare: |size| policy(size, |at| format!("held-by]]\nport = {}\nuser = 'u{at}'", at + 1)),
    },
    Stage { name: "a record", size: 200, prepare: recorded },
    Stage { name: "two looks that differ in everything", size: 200, prepare: compared },
];

fn peers_of(listeners: usize, peers: usize) -> Box<dyn FnOnce()> {
    counted((0..listeners).map(|_| "0.0.0.0:27000".to_owned()).collect(), peers)
}

fn peers_of_addresses(size: usize) -> Box<dyn FnOnce()> {
    counted((0..size).map(|at| format!("127.2.{}.{}:27000", at >> 8, at & 255)).collect(), size)
}

/// Counts connections to these listeners, each from an address of its own.
fn counted(listeners: Vec<String>, peers: usize) -> Box<dyn FnOnce()> {
    let socket =
        |local: &String| Socket::new(SocketId(0), Protocol::Tcp, State::Listen, local.parse().unwrap());
    let mut sockets: Vec<Socket> = listeners.iter().map(socket).collect();
    let connection = |at: usize| Connection {
        local: format!("127.2.{}.{}:27000", at >> 8, at & 255).parse().unwrap(),
        interface: None,
        peer: format!("127.1.{}.{}", at >> 8, at & 255).parse().unwrap(),
    };
    let connections: Vec<Connection> = (0..peers).map(connection).collect();
    Box::new(move || {
        connection_count::count(sockets.iter_mut().collect(), &[PortRange::one(27000)], |_| connections);
        assert!(sockets.iter().all(|socket| socket.connections.is_some()));
    })
}

fn shown(machine: Machine, line: &'static str, width: Option<u16>) -> Box<dyn FnOnce()> {
    let knowledge = Knowledge::embedded();
    Box::new(move || machine.run(line, width, &knowledge))
}

fn typed(words: Vec<String>) -> Box<dyn FnOnce()> {
    let knowledge = Knowledge::embedded();
    let words: Vec<_> = ["whatlistens".to_owned()].into_iter().chain(words).map(Into::into).collect();
    Box::new(move || drop(black_box(Command::parse(&words, &Environment::plain(), &knowledge).unwrap())))
}

fn addresses(size: usize) -> Box<dyn FnOnce()> {
    let mut text = "Local:\n".to_owned();
    for at in 0..size {
        write!(text, "  |-- 10.1.{}.{}\n     /32 host LOCAL\n", at >> 8, at & 255).unwrap();
    }
    Box::new(move || assert_eq!(local_addresses::v4(&text).len(), size))
}

fn addresses_v6(size: usize) -> Box<dyn FnOnce()> {
    let line = |at: usize| format!("fd{at:030x} 02 40 20 80     eth0\n");
    let text: String = (0..size).map(line).collect();
    Box::new(move || assert_eq!(local_addresses::v6(&text).len(), size))
}

fn lines(size: usize) -> Box<dyn FnOnce()> {
    let line = |at: usize| {
        format!(
            "{at}: 0100007F:14E9 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 {} 1 0\n",
            at + 9
        )
    };
    let table: String = ["heading\n".to_owned()].into_iter().chain((0..size).map(line)).collect();
    Box::new(move || assert_eq!(proc_net::read(Protocol::Tcp, Family::Ipv4, &table).0.len(), size))
}

fn licenses(size: usize) -> Box<dyn FnOnce()> {
    let license = |at: usize| format!("INCREMENT f{at} v 1 1-jan-2030 5 \\\n  SIGN=\"0A1B 2C3D\"\n");
    license_file((0..size).map(license).collect(), 1)
}

fn expiries(size: usize) -> Box<dyn FnOnce()> {
    let license = |at: usize| format!("FEATURE f v{at} 1 {}-jan-2030 5 SIGN=0A1B\n", at % 31 + 1);
    license_file((0..size).map(license).collect(), size.min(200))
}

fn continued(size: usize) -> Box<dyn FnOnce()> {
    license_file(format!("FEATURE f v 1 1-jan-2030 5{}\n", " \\\n0A1B \"2C3D\"".repeat(size)), 1)
}

fn license_file(text: String, expiries: usize) -> Box<dyn FnOnce()> {
    Box::new(move || assert_eq!(license_file::read(text.as_bytes(), true).expiries.len(), expiries))
}

fn policy(size: usize, line: impl Fn(usize) -> String) -> Box<dyn FnOnce()> {
    let knowledge = Knowledge::embedded();
    let text: String = (0..size).map(|at| format!("[[{}\n", line(at))).collect();
    Box::new(move || {
        let policy = read_policy("policy.toml", text.as_bytes(), &knowledge).unwrap();
        assert_eq!(policy.policy.lines.len(), size);
    })
}

fn recorded(size: usize) -> Box<dyn FnOnce()> {
    let mut text = Vec::new();
    record::write(&Record::new(sharing(size, 4, 4).0), &mut text).unwrap();
    Box::new(move || drop(black_box(record::read(&text).unwrap())))
}

/// Compares two records with this many listeners each, all with an ephemeral port, which changed.
fn compared(size: usize) -> Box<dyn FnOnce()> {
    let knowledge = Knowledge::embedded();
    let folder = tempfile::tempdir().unwrap();
    for (name, first) in [("before", 33_000), ("after", 40_000)] {
        let mut observation = sharing(size, 1, 1).0;
        for (at, socket) in observation.sockets.iter_mut().enumerate() {
            socket.local.set_port(first + u16::try_from(at).unwrap());
        }
        let mut text = Vec::new();
        record::write(&Record::new(observation), &mut text).unwrap();
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let machine = sharing(1, 1, 1);
    let line = format!("diff --all {0}/before {0}/after", folder.path().display());
    Box::new(move || {
        machine.run(&line, Some(80), &knowledge);
        drop(folder);
    })
}
