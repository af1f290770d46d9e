//! No port is called free that a socket has, however it moves between the kernel's tables while they are read.

use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::process::Command;

use crate::document::read;
use crate::live_linux::{NOBODY, copied};
use crate::live_sockets::{python, script};
use crate::network::Net;
use crate::started::{Listening, alone, in_the_end, listener_program, program, told, unbroken, whatlistens};

/// So often a port is looked at.
const LOOKS: usize = 24;
/// At most 1 of 100 looks may miss the socket, and some more beside other load, so hardly ever more of them than these.
const MISSES: usize = 5;

/// A socket keeps its port while it does not listen only if it asked for it by number.
const BOUND: &str = "
def bound(kind):
    with socket(type=kind) as chosen:
        chosen.bind(('127.0.0.1', 0)); place = chosen.getsockname()
    s = socket(type=kind); s.bind(place); say(s)
    return s";

/// A TCP socket that listens, waits for this many microseconds, stops listening, and waits again, in turn.
fn flipping(pause: u32) -> String {
    format!(
        "{BOUND}
from ctypes import CDLL
pause = CDLL(None).usleep if {pause} else lambda _: None
s = bound(SOCK_STREAM)
while True:
    s.listen(); pause({pause}); s.shutdown(SHUT_RD); pause({pause})"
    )
}

#[test]
fn a_socket_that_listens_and_stops_in_turn_holds_its_port() {
    for pause in [0, 50] {
        let flipping = python(&flipping(pause), 1);
        let port = format!("{}/tcp", flipping.port());
        let held = |(detail, _, status): (String, String, u8)| status == 0 && !detail.contains("free");
        let missed = (0..LOOKS).filter(|_| !held(whatlistens(&[&port]))).count();
        assert!(missed <= MISSES, "pause {pause}: missed in {missed} of {LOOKS}");
        // Of several ports, each is looked for.
        let missed = (0..LOOKS).filter(|_| whatlistens(&["-H", &port, "1/tcp"]).0.is_empty()).count();
        assert!(missed <= MISSES, "pause {pause}, of two ports: missed in {missed} of {LOOKS}");
    }
}

#[test]
#[ignore = "needs root: looks at a process of root's as an ordinary user"]
fn it_holds_its_port_for_whoever_may_not_see_its_holder() {
    let flipping = python(&flipping(0), 1);
    let (_folder, program) = copied(&program(), "whatlistens");
    let held = || {
        let mut command = Command::new(&program);
        command.arg(format!("{}/tcp", flipping.port())).uid(NOBODY).gid(NOBODY).current_dir("/");
        let (detail, _, status) = told(command.output().unwrap());
        status == 0 && detail.contains("could not be identified")
    };
    let missed = (0..LOOKS).filter(|_| !held()).count();
    assert!(missed <= MISSES, "missed in {missed} of {LOOKS}");
}

/// This Python in a network namespace of its own, and what whatlistens says of the TCP port that it prints.
fn missed_elsewhere(lines: &str, is_missed: impl Fn(&str) -> bool) -> usize {
    let net = Net::new();
    let elsewhere = Listening::start(net.command("python3").args(["-c", &script(lines)]), 1).unwrap();
    let port = format!("{}/tcp", elsewhere.port());
    (0..LOOKS).filter(|_| is_missed(&unbroken(&whatlistens(&["--all-namespaces", &port]).0))).count()
}

#[test]
#[ignore = "needs root: makes and enters network namespaces"]
fn a_socket_in_another_namespace_that_moves_between_tables_holds_its_port() {
    for lines in [flipping(0), flipping(50), connecting()] {
        let missed = missed_elsewhere(&lines, |detail| detail.contains("free"));
        assert!(missed <= MISSES, "missed in {missed} of {LOOKS}: {lines}");
    }
}

/// A socket that connects to itself, so that it needs nobody who accepts, and disconnects.
fn connecting() -> String {
    format!(
        "{BOUND}
from ctypes import CDLL, create_string_buffer
s = bound(SOCK_STREAM); own = s.getsockname()
connect, disconnect = CDLL(None).connect, create_string_buffer(16)
while True:
    s.connect(own); connect(s.fileno(), disconnect, 16)"
    )
}

#[test]
fn a_tcp_socket_that_connects_and_disconnects_in_turn_holds_its_port() {
    let connecting = python(&connecting(), 1);
    let port = format!("{}/tcp", connecting.port());
    let missed = (0..LOOKS).filter(|_| whatlistens(&[&port]).0.contains("free")).count();
    assert!(missed <= MISSES, "missed in {missed} of {LOOKS}");
}

#[test]
fn a_udp_socket_that_connects_and_disconnects_in_turn_holds_its_port() {
    let connecting = python(
        &format!(
            "{BOUND}
from ctypes import CDLL, create_string_buffer
s = bound(SOCK_DGRAM)
connect, disconnect = CDLL(None).connect, create_string_buffer(16)
while True:
    s.connect(('127.0.0.1', 9)); connect(s.fileno(), disconnect, 16)"
        ),
        1,
    );
    for look in 0..LOOKS {
        let (detail, ..) = whatlistens(&[&format!("{}/udp", connecting.port())]);
        assert!(!detail.contains("free"), "look {look}: {detail}");
    }
}

#[test]
#[ignore = "needs root: looks as an ordinary user"]
fn what_an_ordinary_user_calls_free_is_free_in_this_namespace() {
    let (_folder, program) = copied(&program(), "whatlistens");
    let net = Net::new();
    let look = |words: &[&str]| {
        let mut command = net.command("setpriv");
        let user = NOBODY.to_string();
        command.args(["--reuid", &user, "--regid", &user, "--clear-groups"]).arg(&program).args(words);
        let (out, _, status) = told(command.output().unwrap());
        assert_eq!(status, 1, "{out}");
        unbroken(&out)
    };
    let detail = look(&["9"]);
    assert!(
        detail.contains("is free for TCP and UDP: nothing in this network namespace listens on it"),
        "{detail}"
    );
    assert!(
        detail.contains("so what listens in other network namespaces is not known. To see more: sudo"),
        "{detail}"
    );
    let document = read(&look(&["--json", "9"]));
    assert!(!document.complete && document.gaps.iter().any(|gap| gap.kind == "namespaces-unseen"));
    assert_eq!(document.asked[0].answers[0].status, "free");
}

/// The number of the user who runs it.
fn udp_user(of: &Listening) -> String {
    std::fs::metadata(format!("/proc/{}", of.pid())).unwrap().uid().to_string()
}

#[test]
fn a_port_that_a_connected_udp_socket_has_is_held() {
    let client = alone(|| Listening::at(&listener_program(), &["udp-connected:127.0.0.1:0"]));
    let port = client.port().to_string();
    let (stdout, _, status) = whatlistens(&["--json", &port]);
    let document = read(&stdout);
    assert!(status == 0 && document.listeners.is_empty(), "{stdout}");
    let udp = document.asked[0].answers.iter().find(|answer| answer.protocol == "udp").unwrap();
    let [by] = &udp.by[..] else { panic!("{udp:?}") };
    let local = client.addresses[0].to_string();
    assert_eq!(
        (udp.status.as_str(), by.state.as_str(), &by.local, &by.remote),
        ("in-use", "connected", &local, &local)
    );
    assert_eq!(by.processes[0].pid, client.pid());
    // Options that ask for its holder ask for it, others do not.
    let (pid, own) = (client.pid().to_string(), udp_user(&client));
    for (option, value, expected) in [
        ("--pid", &pid[..], 0),
        ("--user", &own, 0),
        ("--process", "listener", 0),
        ("--pid", "1", 1),
        ("--user", "4711", 1),
    ] {
        assert_eq!(whatlistens(&[&port, option, value]).2, expected, "{option} {value}");
    }
    assert_eq!(whatlistens(&[&port, "--exposed"]).2, 1, "it has no listener's reach");
    for words in [&["-H", &port][..], &[&port, "1/tcp"], &[&format!("{port}/udp")]] {
        let (out, notes, status) = whatlistens(words);
        let said = unbroken(&format!("{out}{notes}"));
        assert!(
            status == 0 && said.contains(&format!("listener (PID {})", client.pid())),
            "{words:?}: {said}"
        );
    }
}

#[test]
fn a_port_that_only_closed_connections_have_is_in_use_and_nothing_listens_there() {
    let ended = python(
        "
server = socket(); server.bind(('127.0.0.1', 0)); server.listen()
client = create_connection(server.getsockname())
one, _ = server.accept(); server.close(); say(one)
one.shutdown(SHUT_WR)",
        1,
    );
    let port = format!("{}/tcp", ended.port());
    let look = || whatlistens(&["--json", &port]);
    let states = |(stdout, ..): &(String, String, u8)| {
        let document = read(stdout);
        let by = document.asked[0].answers[0].by.iter().map(|by| by.state.clone());
        (document.asked[0].answers[0].status.clone(), by.collect::<Vec<_>>())
    };
    let expected = ("in-use".to_owned(), vec!["fin-wait-2".to_owned()]);
    let seen = in_the_end(look, |look| states(look) == expected);
    assert_eq!((states(&seen), seen.2), (expected, 1));
}

/// A program that always listens, and each time by a new socket: the old one is closed only after that.
#[test]
fn a_listener_that_another_takes_the_place_of_holds_its_port() {
    let rotating = python(
        "
def opened(at):
    s = socket(); s.setsockopt(SOL_SOCKET, SO_REUSEPORT, 1); s.bind(at); s.listen()
    return s
s = opened(('127.0.0.1', 0)); say(s); at = s.getsockname()
while True:
    new = opened(at); s.close(); s = new",
        1,
    );
    let port = format!("{}/tcp", rotating.port());
    let misses = (0..LOOKS).filter(|_| whatlistens(&[&port]).2 != 0).count();
    assert!(misses <= MISSES, "missed in {misses} of {LOOKS}");
}
