//! No port is called free that a socket has, however it moves between the kernel's tables while they are read.

use std::os::unix::process::CommandExt;
use std::process::Command;

use crate::live_linux::{NOBODY, copied};
use crate::live_sockets::python;
use crate::started::{program, told, whatlistens};

/// So often a port is looked at.
const LOOKS: usize = 12;
/// At most 1 of 100 looks may miss the socket, so hardly ever more of them than these.
const MISSES: usize = 2;

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
