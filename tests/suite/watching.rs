//! `watch`, on machines that change: which events it prints, and when.

use whatlistens::command::Exit;
use whatlistens::model::{Gap, GapKind, Process, Row, State};
use whatlistens::report::{changes, present};

use crate::changing::Changing;
use crate::document::WatchEvent;
use crate::json_schema;
use crate::recorded::{Machine, linux, office, process};

fn web(pid: u32, exe: &str) -> Machine {
    linux().socket("tcp 127.0.0.1:8080", &[process(pid, exe)])
}

fn rows(machine: &Machine) -> Vec<Row> {
    machine.report("").rows
}

/// The events, each as one word and what changed.
fn events(changing: &Changing, line: &str) -> Vec<WatchEvent> {
    let (out, notes, exit) = changing.run(line).unwrap();
    assert_eq!((notes.as_str(), exit), ("", Exit::Matched));
    out.lines().map(json_schema::read).collect()
}

fn kinds(before: &Machine, after: &Machine) -> Vec<String> {
    let changes = changes(&rows(before), &rows(after));
    let one = |change: &whatlistens::model::Change| {
        let parts: Vec<&str> = change.parts.iter().map(|part| part.code()).collect();
        let port = change.row.socket.local.port();
        format!("{port} {} {}", change.kind.code(), parts.join(",")).trim_end().to_owned()
    };
    changes.iter().map(one).collect()
}

#[test]
fn what_appears_and_goes_is_an_event_and_what_stays_is_none() {
    assert_eq!(kinds(&linux(), &office()).len(), 6);
    assert_eq!(kinds(&office(), &office()), [""; 0]);
    assert_eq!(kinds(&linux(), &web(57, "/usr/bin/node")), ["8080 appeared"]);
    assert_eq!(kinds(&web(57, "/usr/bin/node"), &linux()), ["8080 went"]);
    assert_eq!(present(&rows(&office())).len(), 6);
}

#[test]
fn another_process_of_the_same_program_is_no_change_and_another_program_is() {
    let node = web(57, "/usr/bin/node");
    assert_eq!(kinds(&node, &web(93, "/usr/bin/node")), [""; 0]);
    assert_eq!(kinds(&node, &web(57, "/usr/bin/python3.11")), ["8080 changed owner"]);
    let of_root = Process { uid: Some(0), user: Some("root".to_owned()), ..process(57, "/usr/bin/node") };
    assert_eq!(kinds(&node, &linux().socket("tcp 127.0.0.1:8080", &[of_root])), ["8080 changed owner"]);
}

#[test]
fn the_verdict_the_reach_and_the_state_are_told_apart() {
    let right = linux().socket("tcp 0.0.0.0:27000", &[process(5, "/opt/lmgrd")]);
    let wrong = linux().socket("tcp 0.0.0.0:27000", &[process(6, "/usr/bin/python3.11")]);
    assert_eq!(kinds(&right, &wrong), ["27000 changed owner,verdict"]);
    let bound = web(57, "/usr/bin/node").but(|socket| socket.state = State::Bound);
    assert_eq!(kinds(&web(57, "/usr/bin/node"), &bound), ["8080 changed state"]);
    let unassigned = |assigned| {
        linux()
            .socket("tcp 10.1.1.1:80", &[process(57, "/usr/bin/node")])
            .but(|socket| socket.assigned = Some(assigned))
    };
    assert_eq!(kinds(&unassigned(true), &unassigned(false)), ["80 changed exposure"]);
}

#[test]
fn workers_that_share_a_port_are_one_listener() {
    let workers = |pids: &[u32]| {
        pids.iter().fold(linux(), |machine, &pid| {
            machine.socket("tcp 0.0.0.0:8080", &[process(pid, "/usr/bin/node")])
        })
    };
    assert_eq!(kinds(&workers(&[5, 6, 7]), &workers(&[5, 8])), [""; 0]);
    assert_eq!(kinds(&linux(), &workers(&[5, 6, 7])), ["8080 appeared"]);
}

#[test]
fn each_event_is_an_object_on_a_line() {
    let changing = Changing::new(web(57, "/usr/bin/node"))
        .then(900, web(58, "/usr/bin/python3.11"))
        .then(2900, linux())
        .then(5900, web(59, "/usr/bin/node"));
    let events = events(&changing, "watch --output jsonl --interval 1s --for 9s");
    assert_eq!(changing.passed(), 9000);
    let said: Vec<(&str, &str)> =
        events.iter().map(|one| (one.event.as_str(), one.process.as_deref().unwrap())).collect();
    assert_eq!(
        said,
        [("present", "node"), ("changed", "python3.11"), ("went", "python3.11"), ("appeared", "node")]
    );
    assert_eq!(
        (&events[1].changed[..], events[1].was_process.as_deref()),
        (&["owner".to_owned()][..], Some("node"))
    );
    assert!(events.iter().all(|one| one.port == 8080 && one.host.as_deref() == Some("lic01")));
}

#[test]
fn a_person_reads_the_listing_and_a_line_for_each_event() {
    let license = linux().socket("tcp 0.0.0.0:27000", &[process(5, "/opt/lmgrd")]);
    let wrong = linux().socket("tcp 0.0.0.0:27000", &[process(6, "/usr/bin/evil\u{1b}[2J")]);
    let changing = Changing::new(license).then(1000, wrong).then(4000, office());
    insta::assert_snapshot!(changing.run("watch --for 9 27000 1538").unwrap().0, @r#"
         PORT  ADDRESS        PROCESS  PID  USER   IANA NAME  LICENSE
    27000/tcp  0.0.0.0:27000  lmgrd      5  alice  flex-lm    expected

    1538: free for TCP and UDP, unless a socket that does not listen still blocks it.
    04:00:00  changed   27000/tcp  0.0.0.0  owner: "evil\u{1b}[2J" (PID 6) of alice, was lmgrd (PID 5) of alice; verdict: mismatch, was expected
    04:00:00  appeared  1538/tcp   0.0.0.0  python3.11 (PID 11224) of alice, mismatch
    04:00:00  changed   27000/tcp  0.0.0.0  owner: lmgrd (PID 900) of root, was "evil\u{1b}[2J" (PID 6) of alice; verdict: expected, was mismatch
    "#);
}

#[test]
fn the_words_and_filters_of_a_listing_choose_what_is_watched() {
    let of = |line: &str| {
        let changing = Changing::new(linux()).then(1000, office());
        let events = events(&changing, &format!("watch {line} --output jsonl --for 5"));
        events.iter().map(|one| one.port).collect::<Vec<_>>()
    };
    assert_eq!(of("27000-27009"), [27000]);
    assert_eq!(of("--flagged"), [1538]);
    assert_eq!(of("-u"), [53, 33333]);
    assert_eq!(of("--process nginx"), [80, 80]);
}

#[test]
fn what_could_not_be_read_this_time_has_not_gone() {
    let unread = linux().gap(Gap::new(GapKind::SocketsUnreadable, "a table"));
    let changing =
        Changing::new(web(57, "/usr/bin/node")).then(1000, unread).then(5000, web(57, "/usr/bin/node"));
    assert_eq!(events(&changing, "watch --output jsonl --for 9").len(), 1);
}

#[test]
fn a_name_that_names_nothing_any_more_is_waited_for() {
    let named = || web(57, "/opt/shop/shopd");
    let changing = Changing::new(named()).then(1000, linux()).then(5000, named());
    let events = events(&changing, "watch shopd --output jsonl --for 9");
    let said: Vec<&str> = events.iter().map(|one| one.event.as_str()).collect();
    assert_eq!(said, ["present", "went", "appeared"]);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let refused = |line: &str| {
        let error = Changing::new(office()).run(line).unwrap_err();
        assert_eq!(error.exit(), Exit::Failed);
        error.to_string()
    };
    insta::assert_snapshot!(refused("watch --json"), @"‘--output json’: the formats of watch are table, list, jsonl");
    insta::assert_snapshot!(refused("watch --interval 1ms"), @"‘--interval 1ms’: give seconds or a time with its unit, from 10ms to 1h, as in --interval 5 or --interval 500ms");
    insta::assert_snapshot!(refused("watch --for 0"), @"‘--for 0’: give seconds or a time with its unit (ms, s, m or h), at most 8784h, as in --for 30 or --for 5m");
    insta::assert_snapshot!(refused("watch --all 80"), @"‘--all’: watch has no use for it: leave it out");
    insta::assert_snapshot!(refused("watch no-such-name"), @"‘no-such-name’ is not a known service, and no process of that name listens here. (For a process that may not be running: --process no-such-name)");
    insta::assert_snapshot!(refused("--watch"), @"there is no option --watch: to see what appears, goes and changes: whatlistens watch");
    insta::assert_snapshot!(refused("--interval 2"), @"there is no option --interval in a listing; watch has it: whatlistens watch --interval");
    insta::assert_snapshot!(office().refusal("watch"), @"watch looks at this machine again and again: leave out --from");
}
