//! `wait`, on machines that change: when it returns, with which status, and what it says.

use whatlistens::command::Exit;
use whatlistens::model::{Gap, GapKind, State};
use whatlistens::query::Environment;

use crate::changing::Changing;
use crate::document::Wait;
use crate::json_schema;
use crate::recorded::{Machine, linux, office, process};

fn web() -> Machine {
    linux().socket("tcp 127.0.0.1:8080", &[process(57, "/usr/bin/node")])
}

/// The exit status, after how many milliseconds, and what was said on standard error; nothing is on standard output.
fn ended(changing: &Changing, line: &str) -> (u8, u128, String) {
    let (out, notes, exit) = changing.run(line).unwrap();
    assert_eq!(out, "");
    (exit.code(), changing.passed(), notes)
}

fn object(changing: &Changing, line: &str) -> Wait {
    json_schema::read(&changing.run(line).unwrap().0)
}

#[test]
fn it_returns_within_200_ms_of_the_listener() {
    for moment in [0, 1, 49, 51, 1000, 29_700] {
        let changing = Changing::new(linux()).then(moment, web());
        let (status, passed, said) = ended(&changing, "wait 8080");
        assert_eq!((status, said.as_str()), (0, ""));
        assert!((u128::from(moment)..u128::from(moment) + 200).contains(&passed), "{moment}: {passed}");
    }
}

#[test]
fn it_returns_once_all_of_several_listen() {
    let both = web().socket("udp 0.0.0.0:5093", &[]);
    let changing = Changing::new(linux()).then(100, web()).then(700, both);
    let (status, passed, _) = ended(&changing, "wait 8080 5093");
    assert_eq!(status, 0);
    assert!((700..900).contains(&passed), "{passed}");
}

#[test]
fn with_gone_it_returns_once_nothing_holds_the_port() {
    let bound = web().but(|socket| socket.state = State::Bound);
    let changing = Changing::new(web()).then(500, bound).then(900, linux());
    let (status, passed, said) = ended(&changing, "wait --gone 8080 5093");
    assert_eq!((status, said.as_str()), (0, ""));
    assert!((900..1100).contains(&passed), "{passed}");
    assert_eq!(ended(&Changing::new(linux()), "wait --gone 8000-8999").0, 0, "of a range, none listens");
}

#[test]
fn a_time_out_says_what_is_not_so_and_what_holds_it() {
    let said = |machine: Machine, line: &str| {
        let (status, passed, said) = ended(&Changing::new(machine), line);
        assert_eq!(status, 1, "{line}: {said}");
        (passed, said)
    };
    let (passed, nothing) = said(linux(), "wait 8080");
    assert_eq!(passed, 30_000);
    insta::assert_snapshot!(nothing, @"whatlistens: timed out after 30 s: 8080 does not listen");
    insta::assert_snapshot!(said(linux(), "wait 8080 3ds-lm --timeout 1m").1, @"whatlistens: timed out after 60 s: 8080 does not listen; 3ds-lm does not listen");
    insta::assert_snapshot!(said(web(), "wait 8080 --process nginx --timeout 2").1, @"whatlistens: timed out after 2 s: 8080 is held by node (PID 57), not by nginx");
    insta::assert_snapshot!(said(web(), "wait 8080/udp --timeout 500ms").1, @"whatlistens: timed out after 0.5 s: 8080/udp does not listen; 8080/tcp listens at 127.0.0.1, held by node (PID 57)");
    insta::assert_snapshot!(said(web(), "wait 8080 --udp --timeout 500ms").1, @"whatlistens: timed out after 0.5 s: 8080 does not listen; 8080/tcp listens at 127.0.0.1, held by node (PID 57)");
    insta::assert_snapshot!(said(web(), "wait 10.0.0.1:8080 --timeout 2").1, @"whatlistens: timed out after 2 s: 10.0.0.1:8080 does not listen; 8080/tcp listens at 127.0.0.1, held by node (PID 57)");
    // The port of a license server elsewhere is not this machine's.
    let everywhere = linux().socket("tcp 0.0.0.0:27000", &[process(57, "/opt/flexlm/lmgrd")]);
    let networked = everywhere.seen(|seen| seen.interfaces = Some(Vec::new()));
    insta::assert_snapshot!(said(networked, "wait 10.9.9.9:27000 --timeout 0").1, @"whatlistens: 10.9.9.9:27000: no interface of this machine has 10.9.9.9, and wait looks at this machine alone");
    let bound = web().but(|socket| socket.state = State::Bound);
    insta::assert_snapshot!(said(bound, "wait 8080 --timeout 2").1, @"whatlistens: timed out after 2 s: 8080 is taken by node (PID 57), but does not listen");
    insta::assert_snapshot!(said(office(), "wait --gone 1538 27000-27009 80 22 --timeout 2").1, @"whatlistens: timed out after 2 s: 1538 is still held by python3.11 (PID 11224); 27000-27009 is still held by lmgrd (PID 900); 80 is still held by nginx (PID 800)");
    insta::assert_snapshot!(said(office(), "wait --gone 80 --process nginx --timeout 2").1, @"whatlistens: timed out after 2 s: 80 is still held by nginx (PID 800)");
}

#[test]
fn a_time_of_0_looks_once_and_never_is_no_limit() {
    let changing = Changing::new(linux()).then(1, web());
    let (status, passed, said) = ended(&changing, "wait 8080 --timeout 0");
    assert_eq!((status, passed), (1, 0));
    insta::assert_snapshot!(said, @"whatlistens: 8080 does not listen");
    let changing = Changing::new(linux()).then(90_000, web());
    assert_eq!(ended(&changing, "wait 8080 --timeout never").0, 0);
    assert!(changing.passed() >= 90_000);
}

#[test]
fn only_the_process_that_was_asked_for_counts() {
    let mine = || linux().socket("tcp 127.0.0.1:8080", &[process(58, "/usr/bin/python3.11")]);
    let changing = Changing::new(web()).then(400, mine());
    let (status, passed, _) = ended(&changing, "wait 8080 --process python3");
    assert_eq!(status, 0);
    assert!((400..600).contains(&passed), "{passed}");
    // Of a name, only what it holds has to go.
    let changing = Changing::new(mine()).then(400, web());
    let (status, passed, _) = ended(&changing, "wait --gone 8080 --process python3");
    assert_eq!(status, 0);
    assert!((400..600).contains(&passed), "{passed}");
}

#[test]
fn what_depends_on_a_hidden_owner_is_not_waited_for() {
    let hidden = || linux().by_ordinary_user(&[(58, "nginx")]).socket("tcp 0.0.0.0:80", &[]);
    for line in ["wait 80 8080 --process nginx", "wait --gone 80 --process nginx"] {
        let (status, passed, said) = ended(&Changing::new(hidden()), line);
        assert_eq!((status, passed), (3, 0), "{line}");
        assert!(said.ends_with(&format!("to see it: sudo whatlistens {line}\n")), "{said}");
    }
    insta::assert_snapshot!(ended(&Changing::new(hidden()), "wait 80 --process nginx").2, @"whatlistens: 80 is held by a process that you are not allowed to see; to see it: sudo whatlistens wait 80 --process nginx");
    assert_eq!(ended(&Changing::new(hidden()), "wait 80").0, 0, "whoever holds it");
    let wait = object(&Changing::new(hidden()), "wait --json 80 --process nginx");
    assert_eq!((wait.outcome.as_str(), wait.complete, wait.ports[0].reached), ("cannot-tell", false, None));
    assert_eq!((wait.gaps[0].kind.as_str(), wait.gaps[0].count), ("owner-hidden", Some(1)));
}

#[test]
fn what_cannot_be_seen_is_not_called_gone() {
    let unseen = |kind| linux().gap(Gap::new(kind, "of some kind"));
    let (status, passed, said) =
        ended(&Changing::new(unseen(GapKind::SocketsHidden)), "wait --gone 80 --timeout 2");
    assert_eq!((status, passed), (3, 0));
    insta::assert_snapshot!(said, @"whatlistens: you are not allowed to see whether 80 is held; to see it: run it on the host, outside any container, or with CAP_SYS_PTRACE and no security policy in the way");
    // What could not be read once may be readable the next time.
    let changing = Changing::new(unseen(GapKind::SocketsUnreadable)).then(300, linux());
    let (status, passed, _) = ended(&changing, "wait --gone 80");
    assert_eq!(status, 0);
    assert!(passed >= 300, "{passed}");
}

#[test]
fn json_says_what_the_text_says_and_who_listens() {
    let listening = object(&Changing::new(linux()).then(300, web()), "wait --json 8080 --process node");
    assert_eq!((listening.outcome.as_str(), listening.waited_for.as_str()), ("reached", "listening"));
    assert_eq!((listening.processes, listening.message), (vec!["node".to_owned()], None));
    assert!((300..500).contains(&listening.waited_ms), "{}", listening.waited_ms);
    assert_eq!(listening.ports[0].listeners[0].processes[0].pid, 57);
    let changing = Changing::new(web());
    let (out, said, exit) = changing.run("wait --json --gone 8080 9 --timeout 1").unwrap();
    assert_eq!(exit, Exit::NothingMatched);
    let gone: Wait = json_schema::read(&out);
    assert_eq!((gone.outcome.as_str(), gone.waited_for.as_str()), ("timed-out", "gone"));
    assert_eq!(said, format!("whatlistens: {}\n", gone.message.unwrap()));
    let reached: Vec<_> = gone.ports.iter().map(|port| (port.what.as_str(), port.reached)).collect();
    assert_eq!(reached, [("8080", Some(false)), ("9", Some(true))]);
    assert_eq!(gone.ports[0].listeners[0].processes[0].pid, 57);
}

#[test]
fn what_cannot_be_waited_for_is_refused() {
    let refused = |line: &str| {
        let error = Changing::new(office()).run(line).unwrap_err();
        assert_eq!(error.exit(), Exit::Failed);
        error.to_string()
    };
    insta::assert_snapshot!(refused("wait"), @"a port is missing, as in whatlistens wait 8080; see --help");
    insta::assert_snapshot!(refused("wait nginx"), @"‘nginx’: wait needs a port or the name of a service; for a process give --process too, as in wait 8080 --process nginx");
    insta::assert_snapshot!(refused("wait 8080-8089"), @"‘8080-8089’: of a range it is not clear whether all are meant: name each port, as in wait 8080 8081");
    insta::assert_snapshot!(refused("wait lic01:27000"), @"‘lic01:27000’: wait looks at this machine alone, and connects to nothing: leave out the name of the machine");
    insta::assert_snapshot!(refused("wait 70000"), @"‘70000’ is not a port: ports are 1 to 65535");
    insta::assert_snapshot!(refused("wait 53/udp --tcp"), @"‘53/udp’ is not a tcp port, but only tcp was requested: leave out one of the two");
    insta::assert_snapshot!(refused("wait 8080 --timeout soon"), @"‘--timeout soon’: give seconds or a time with its unit, as in --timeout 90 or --timeout 2m (0 looks once), or --timeout never");
    insta::assert_snapshot!(refused("wait 8080 --timeout -1"), @"‘--timeout -1’: give seconds or a time with its unit, as in --timeout 90 or --timeout 2m (0 looks once), or --timeout never");
    insta::assert_snapshot!(refused("wait 8080 -t 30"), @"there is no option -t: to give up after some time use --timeout, as in --timeout 30; for TCP alone --tcp");
    insta::assert_snapshot!(refused("wait 8080 --closed"), @"there is no option --closed: to wait until nothing listens any more use --gone");
    insta::assert_snapshot!(refused("wait 8080 --output csv"), @"‘--output csv’: the formats of wait are table, list, json");
    insta::assert_snapshot!(refused("-t wait 8080"), @"options of wait go after its name, and those of a listing do not apply: see whatlistens wait --help");
    insta::assert_snapshot!(refused("--wait 8080"), @"there is no option --wait: to wait until a port listens: whatlistens wait 8080");
    insta::assert_snapshot!(refused("--timeout 8"), @"there is no option --timeout in a listing; wait has it: whatlistens wait --timeout");
    insta::assert_snapshot!(office().refusal("wait 80"), @"wait looks at this machine again and again: leave out --from");
}

#[test]
fn progress_is_shown_on_a_terminal_alone_and_is_gone_in_the_end() {
    let environment = Environment { progress_width: || Some(48), ..Environment::plain() };
    let said = |line: &str| {
        let changing = Changing::new(linux()).then(2200, web().socket("tcp 0.0.0.0:80", &[]));
        changing.run_in(line, &environment).unwrap().1
    };
    insta::assert_snapshot!(said("wait 8080 80").escape_default(), @r"\rwaiting for 8080 and 80 to listen (1 of 30 s)\u{1b}[K\rwaiting for 8080 and 80 to listen (2 of 30 s)\u{1b}[K\r\u{1b}[K");
    assert_eq!(said("wait 8080 --output list"), "", "a screen reader would read it again and again");
    let quick = Changing::new(linux()).then(900, web());
    assert_eq!(quick.run_in("wait 8080", &environment).unwrap().1, "", "it is over at once");
}

#[test]
fn a_glance_is_enough_where_nobody_asks_who_listens() {
    let changing = Changing::new(linux()).then(1000, web());
    assert_eq!((ended(&changing, "wait 8080").0, changing.whole_looks.get()), (0, 0));
    let changing = Changing::new(linux()).then(1000, web());
    changing.run("wait --json 8080").unwrap();
    assert_eq!(changing.whole_looks.get(), 1, "the answer says who listens");
}
