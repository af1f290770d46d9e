//! `wait` beside real listeners that come and go while it waits.

use std::fs;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::network::eventually;
use crate::started::{Ended, Listening, listener_program, loopback, program, told, whatlistens};

/// A change must be known by then.
const SOON: Duration = Duration::from_millis(200);
/// A machine that is busy with other tests may hold up anybody for a while, but not each time.
const TRIES: usize = 10;

/// An address that nobody else has, with a port that is free there.
fn free_place() -> String {
    let listening = Listening::at(&listener_program(), &[&format!("tcp:{}:0", loopback())]);
    listening.addresses[0].to_string()
}

/// Starts to wait, and returns once it does: then the program has restricted itself.
fn waiting(args: &[&str], wrap: impl FnOnce(&mut Command)) -> Child {
    let mut command = Command::new(program());
    command.arg("wait").args(args).stdout(Stdio::piped()).stderr(Stdio::piped());
    wrap(&mut command);
    let child = command.spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let is_restricted = || fs::read_to_string(&status).is_ok_and(|status| status.contains("Seccomp:\t2"));
    assert!(eventually(is_restricted), "it waits");
    child
}

/// How long a wait lasts after something happened, and what came of it.
fn after<T>(waiting: Child, happens: impl FnOnce() -> T) -> (Duration, u8, T) {
    let happened = happens();
    let since = Instant::now();
    let (_, _, status) = told(waiting.wait_with_output().unwrap());
    (since.elapsed(), status, happened)
}

#[test]
fn it_returns_soon_after_a_listener_came_and_soon_after_it_went() {
    let mut best = (Duration::MAX, Duration::MAX);
    for _ in 0..TRIES {
        let place = free_place();
        let (came, status, listening) = after(waiting(&[&place], |_| ()), || {
            Listening::at(&listener_program(), &[&format!("tcp:{place}")])
        });
        assert_eq!(status, 0);
        let (went, status, ()) = after(waiting(&[&place, "--gone"], |_| ()), || drop(listening));
        assert_eq!(status, 0);
        best = (best.0.min(came), best.1.min(went));
        if best.0 < SOON && best.1 < SOON {
            return;
        }
    }
    panic!("{best:?}");
}

#[test]
fn it_waits_for_a_process_by_its_name() {
    let place = free_place();
    let listening = Listening::at(&listener_program(), &[&format!("tcp:{place}")]);
    let (_, stderr, status) = whatlistens(&["wait", &place, "--process", "lmgrd", "--timeout", "0"]);
    assert_eq!(status, 1);
    let held = format!("{place} is held by listener (PID {}), not by lmgrd\n", listening.pid());
    assert!(stderr.ends_with(&held), "{stderr}");
    assert_eq!(whatlistens(&["wait", &place, "--process", "listener"]).2, 0);
    assert_eq!(whatlistens(&["wait", &place, "--process", "lmgrd", "--gone"]).2, 0);
    let (_, stderr, status) =
        whatlistens(&["wait", &place, "--process", "listener", "--gone", "--timeout", "0.1"]);
    assert_eq!(status, 1, "{stderr}");
}

#[test]
fn udp_is_waited_for_too() {
    let place = free_place();
    let (host, port) = place.rsplit_once(':').unwrap();
    let typed = format!("{host}:{port}/udp");
    let (_, status, _listening) =
        after(waiting(&[&typed], |_| ()), || Listening::at(&listener_program(), &[&format!("udp:{place}")]));
    assert_eq!(status, 0);
    assert_eq!(whatlistens(&["wait", &place, "--tcp", "--timeout", "0"]).2, 1);
}

/// The processor time of a process, in ticks of 10 ms (`proc_pid_stat(5)`).
fn ticks(pid: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields = stat.rsplit_once(')').unwrap().1.split_whitespace();
    fields.skip(11).take(2).map(|field| field.parse::<u64>().unwrap()).sum()
}

#[test]
fn waiting_costs_little() {
    let place = free_place();
    let waiting = Ended(waiting(&[&place, "--timeout", "never"], |_| ()));
    let before = ticks(waiting.0.id());
    assert_eq!(whatlistens(&["wait", &place, "--timeout", "2"]).2, 1);
    let ticks = ticks(waiting.0.id()) - before;
    // This is not the program that is delivered, which takes a third of it.
    assert!(ticks <= 40, "{ticks} ticks in two seconds");
}

#[test]
#[ignore = "needs root: waits as another user"]
fn whoever_may_not_see_the_owner_is_told_so() {
    let place = free_place();
    let as_nobody = |command: &mut Command| {
        command.uid(65534).gid(65534);
    };
    let (_, status, _listening) = after(waiting(&[&place], as_nobody), || {
        Listening::at(&listener_program(), &[&format!("tcp:{place}")])
    });
    assert_eq!(status, 0, "that it listens is no secret");
    let mut command = Command::new(program());
    command.args(["wait", &place, "--process", "listener"]);
    as_nobody(&mut command);
    let (_, stderr, status) = told(command.output().unwrap());
    assert_eq!(status, 3);
    assert!(
        stderr.contains("is held by a process that you are not allowed to see; to see it: sudo"),
        "{stderr}"
    );
}
