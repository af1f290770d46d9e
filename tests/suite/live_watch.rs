//! `watch` beside real listeners.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::document::WatchEvent;
use crate::json_schema;
use crate::started::{Ended, Listening, listener_program, loopback, program};

/// Watches an address that nobody else has.
fn watching(host: &str, args: &[&str]) -> (Ended, impl Iterator<Item = WatchEvent>) {
    let mut command = Command::new(program());
    command.args(["watch", "--output", "jsonl", "--address", host]).args(args);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    (Ended(child), lines.map(|line| json_schema::read(&line.unwrap())))
}

fn listener(host: &str) -> Listening {
    Listening::at(&listener_program(), &[&format!("tcp:{host}:0")])
}

#[test]
fn a_listener_that_comes_and_goes_is_an_event_at_once() {
    let host = loopback();
    let first = listener(&host);
    let (_watch, events) = watching(&host, &["--interval", "50ms"]);
    // One may be seen between `bind` and `listen`, and then it changes.
    let listens_now =
        |event: &WatchEvent| event.changed == ["state"] && event.was_state.as_deref() == Some("bound");
    let mut events = events.filter(|event| event.address == host && !listens_now(event));
    let mut next = || {
        let event = events.next().unwrap();
        (event.event, event.port, event.process)
    };
    let name = Some("listener".to_owned());
    assert_eq!(next(), ("present".to_owned(), first.port(), name.clone()));
    // One that opens its socket after it was searched, too.
    let more: Vec<Listening> = (0..20)
        .map(|_| {
            let new = listener(&host);
            assert_eq!(next(), ("appeared".to_owned(), new.port(), name.clone()));
            new
        })
        .collect();
    let port = first.port();
    drop(first);
    assert_eq!(next(), ("went".to_owned(), port, name));
    drop(more);
}

/// The memory of a process, in KiB.
fn memory(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[test]
fn memory_does_not_grow() {
    let host = loopback();
    // Once it is there, what comes later appears.
    let first = listener(&host);
    let (watch, mut events) = watching(&host, &["--interval", "10ms"]);
    let mut sees = |kind: &str, port| assert!(events.any(|event| event.event == kind && event.port == port));
    sees("present", first.port());
    let mut come_and_go = |times: usize| {
        for _ in 0..times {
            let listening = listener(&host);
            let port = listening.port();
            sees("appeared", port);
            drop(listening);
            sees("went", port);
        }
    };
    come_and_go(10);
    let before = memory(watch.0.id());
    come_and_go(30);
    let after = memory(watch.0.id());
    assert!(after <= before + 1024, "{before} KiB, and after more looks {after} KiB");
}

/// How many processes it started that are still there, ended or not.
fn children(pid: u32) -> usize {
    let stat = |name: &std::ffi::OsStr| {
        std::fs::read_to_string(std::path::Path::new("/proc").join(name).join("stat")).ok()
    };
    let parent = |stat: String| stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok();
    let names = std::fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.file_name());
    names.filter(|name| stat(name).and_then(parent) == Some(pid)).count()
}

#[test]
fn its_helpers_do_not_pile_up() {
    let host = loopback();
    let first = listener(&host);
    let (watch, mut events) = watching(&host, &["--interval", "10ms"]);
    assert!(events.any(|event| event.port == first.port()), "it has looked once");
    for _ in 0..15 {
        let listening = listener(&host);
        let port = listening.port();
        assert!(events.any(|event| event.event == "appeared" && event.port == port));
        drop(listening);
        assert!(events.any(|event| event.event == "went" && event.port == port));
    }
    // At least one was started for each look that saw another process.
    let there = children(watch.0.id());
    assert!(there <= 6, "{there} processes of one that looked often");
    drop(first);
}
