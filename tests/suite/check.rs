//! `check` on recorded machines: what is OK, WARNING, CRITICAL and UNKNOWN, and what it says.

use std::io::Write as _;

use whatlistens::command::Exit;
use whatlistens::model::{
    AcceptQueue, CheckStatus, Checked, Gap, GapKind, Namespace, OtherNamespace, Presence, Process, Protocol,
    RunState, State,
};
use whatlistens::query::Environment;

use crate::perfdata::values;
use crate::recorded::{Machine, anyone_at, linux, office, process, user, with_file, written_by};

/// What is printed, without the values for graphs, and the status. What is printed as values is read by the grammar.
pub fn check(machine: &Machine, line: &str) -> (String, CheckStatus) {
    let (out, notes, exit) = machine.run(&format!("check {line}"), &Environment::plain()).unwrap();
    assert_eq!(notes, "", "{line}");
    let Exit::Checked(status) = exit else { panic!("{line}: {exit:?}") };
    let (first, rest) = out.split_once('\n').unwrap();
    assert!(first.starts_with(&format!("WHATLISTENS {} - ", status.code())), "{first}");
    assert!(!rest.contains('|') && out.chars().all(|c| c == '\n' || !c.is_control()), "{out}");
    let (text, performance) = first.split_once(" | ").unwrap_or((first, ""));
    values(performance).unwrap();
    (format!("{text}\n{rest}").trim_end().to_owned(), status)
}

/// The same, with this policy in a file, which is called `policy.toml` in what is printed.
pub fn by_policy(machine: &Machine, policy: &str) -> (String, CheckStatus) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(policy.as_bytes()).unwrap();
    let path = file.path().to_str().unwrap();
    let (out, status) = check(machine, &format!("--policy {path}"));
    (out.replace(path, "policy.toml"), status)
}

pub fn root(pid: u32, exe: &str) -> Process {
    Process { uid: Some(0), user: Some("root".to_owned()), ..process(pid, exe) }
}

fn is(machine: &Machine, line: &str, wanted: CheckStatus) {
    let (out, status) = check(machine, line);
    assert_eq!(status, wanted, "{line}: {out}");
}

#[test]
fn what_is_expected_and_listens_is_ok() {
    insta::assert_snapshot!(check(&office(), "--expect 80").0, @"WHATLISTENS OK - 1 expected port listens");
    for line in [
        "--expect 80/tcp=nginx --expect 27000=lmgrd --expect 53/udp",
        "--expect http=/usr/sbin/nginx",
        "--expect 80,53",
        "--expect flex-lm",
        "--expect 27000=/opt/flexlm/bin/lmgrd",
    ] {
        is(&office(), line, CheckStatus::Ok);
    }
}

#[test]
fn what_is_expected_and_does_not_listen_is_critical() {
    let critical = |machine: &Machine, line: &str| {
        let (out, status) = check(machine, line);
        assert_eq!(status, CheckStatus::Critical, "{line}: {out}");
        out
    };
    insta::assert_snapshot!(critical(&office(), "--expect 22"), @"WHATLISTENS CRITICAL - 22 does not listen");
    insta::assert_snapshot!(critical(&office(), "--expect 80/udp"), @"WHATLISTENS CRITICAL - 80/udp does not listen; 80/tcp does, held by nginx (PID 800) of root");
    insta::assert_snapshot!(critical(&office(), "--expect 1538=adskflex --expect 2080=adskflex"), @r"
    WHATLISTENS CRITICAL - 1538 at 0.0.0.0 is held by python3.11 (PID 11224) of alice, not by adskflex; 2080 does not listen
    CRITICAL: 1538 at 0.0.0.0 is held by python3.11 (PID 11224) of alice, not by adskflex
    CRITICAL: 2080 does not listen
    ");
    let bound =
        linux().socket("tcp 0.0.0.0:80", &[root(8, "/usr/sbin/nginx")]).but(|one| one.state = State::Bound);
    insta::assert_snapshot!(critical(&bound, "--expect 80"), @"WHATLISTENS CRITICAL - 80 is taken by nginx (PID 8) of root, but does not listen");
    let elsewhere = OtherNamespace {
        namespace: Namespace { inode: 7, name: Some("docker web".to_owned()) },
        listeners: vec![(Protocol::Tcp, 8080)],
    };
    let container = linux().seen(|seen| seen.other_namespaces = vec![elsewhere]);
    insta::assert_snapshot!(critical(&container, "--expect 8080"), @r"
    WHATLISTENS CRITICAL - 8080 listens in the network namespace docker web alone, which counts with --all-namespaces
    Not checked: 1 listener in other network namespaces (--all-namespaces)
    ");
    // Another at another address of the same port.
    let two = office().socket("tcp 127.0.0.1:27000", &[process(67, "/usr/bin/python3.11")]);
    insta::assert_snapshot!(critical(&two, "--expect 27000/tcp=lmgrd"), @"WHATLISTENS CRITICAL - 27000/tcp at 127.0.0.1 is held by python3.11 (PID 67) of alice, not by lmgrd");
    is(&two, "--expect 27000/tcp", CheckStatus::Ok);
}

#[test]
fn of_a_port_without_a_protocol_one_suffices() {
    let both = linux()
        .socket("tcp 0.0.0.0:2080", &[root(7, "/opt/adsk/adskflex")])
        .socket("udp 0.0.0.0:2080", &[process(8, "/usr/bin/python3.11")]);
    is(&both, "--expect 2080=adskflex", CheckStatus::Ok);
    is(&both, "--expect 2080/udp=adskflex", CheckStatus::Critical);
}

#[test]
fn a_hidden_owner_is_unknown_only_where_it_matters() {
    let hidden = linux().by_ordinary_user(&[(58, "nginx")]).socket("tcp 0.0.0.0:80", &[]);
    is(&hidden, "--expect 80", CheckStatus::Ok);
    // Windows needs no quotes there.
    let said = |machine: &Machine, line: &str| check(machine, line).0.replace('\'', "");
    assert_eq!(check(&hidden, "--expect 80=nginx").1, CheckStatus::Unknown);
    insta::assert_snapshot!(said(&hidden, "--expect 80=nginx"), @r"
    WHATLISTENS UNKNOWN - whether nginx holds 80 is not known: you are not allowed to see which process holds it
    With more rights: sudo whatlistens check --expect 80=nginx
    ");
    insta::assert_snapshot!(check(&hidden, "--no-flagged").0, @r"
    WHATLISTENS UNKNOWN - the owner of 1 listener could not be seen, and it may be the program of a license server
    With more rights: sudo whatlistens check --no-flagged
    ");
    let license = linux().by_ordinary_user(&[(58, "lmgrd")]).socket("tcp 0.0.0.0:27000", &[]);
    insta::assert_snapshot!(check(&license, "--no-flagged").0, @r"
    WHATLISTENS UNKNOWN - 27000/tcp at 0.0.0.0 cannot-tell: the process that holds this port of Revenera FlexNet license server is hidden
    With more rights: sudo whatlistens check --no-flagged
    ");
    // What may hold it beside those that are seen.
    let more = linux()
        .by_ordinary_user(&[(58, "nginx")])
        .socket("tcp 0.0.0.0:80", &[Process { uid: Some(33), ..process(8, "/usr/sbin/apache2") }]);
    insta::assert_snapshot!(said(&more, "--expect 80=nginx"), @r"
    WHATLISTENS UNKNOWN - whether nginx holds 80 is not known: apache2 (PID 8) holds it, perhaps with others that you are not allowed to see
    With more rights: sudo whatlistens check --expect 80=nginx
    ");
    is(&more, "--expect 80=apache2", CheckStatus::Unknown);
    let nobody = linux().socket("tcp 0.0.0.0:2049", &[]);
    insta::assert_snapshot!(check(&nobody, "--expect 2049=nfsd").0, @"WHATLISTENS UNKNOWN - whether nfsd holds 2049 is not known: no process that can be found holds it");
}

#[test]
fn listeners_that_may_be_missing_are_unknown() {
    for kind in [GapKind::SocketsUnreadable, GapKind::SocketsHidden] {
        let blind = |machine: Machine| machine.gap(Gap::new(kind, "the socket table could not be read"));
        for line in ["--expect 22", "--no-flagged", "--max-exposure loopback"] {
            is(&blind(linux()), line, CheckStatus::Unknown);
        }
        is(&blind(office()), "--expect 80=nginx", CheckStatus::Ok);
        is(&blind(office()), "--max-exposure loopback", CheckStatus::Critical);
    }
    let unread = linux().gap(Gap::new(GapKind::SocketsUnreadable, "the socket table could not be read"));
    insta::assert_snapshot!(check(&unread, "--expect 22 --no-flagged").0, @r"
    WHATLISTENS UNKNOWN - whether 22 listens could not be seen: the socket table could not be read; listeners may be missing: the socket table could not be read
    UNKNOWN: whether 22 listens could not be seen: the socket table could not be read
    UNKNOWN: listeners may be missing: the socket table could not be read
    ");
    let elsewhere =
        || linux().gap(Gap::new(GapKind::NamespacesHidden, "a network namespace could not be entered"));
    is(&elsewhere(), "--no-flagged --all-namespaces", CheckStatus::Unknown);
    is(&elsewhere(), "--expect 22 --all-namespaces", CheckStatus::Unknown);
    is(&elsewhere(), "--no-flagged", CheckStatus::Ok);
    is(
        &linux().gap(Gap::new(GapKind::TimedOut, "something did not answer")),
        "--no-flagged",
        CheckStatus::Unknown,
    );
}

#[test]
fn a_name_alone_is_believed_only_of_a_file_that_nobody_could_have_replaced() {
    let unknown = |lmgrd: Process, line: &str| {
        let (out, status) = check(&linux().socket("tcp 0.0.0.0:8080", &[lmgrd]), line);
        assert_eq!(status, CheckStatus::Unknown, "{out}");
        out
    };
    let planted = || with_file(7, "/tmp/lmgrd", |exe| exe.writers = anyone_at("/tmp"));
    insta::assert_snapshot!(unknown(planted(), "--expect 8080=lmgrd"), @"WHATLISTENS UNKNOWN - whether lmgrd holds 8080 is not known: any user of this machine could have replaced the file of lmgrd (PID 7): give its full path, /tmp/lmgrd");
    let of_alice = || {
        with_file(7, "/home/alice/node", |exe| exe.writers = written_by(user(1000, "alice"), "/home/alice"))
    };
    insta::assert_snapshot!(unknown(of_alice(), "--expect 8080=node"), @"WHATLISTENS UNKNOWN - whether node holds 8080 is not known: the user alice could have replaced the file of node (PID 7): give its full path, /home/alice/node");
    let machine = linux().socket("tcp 0.0.0.0:8080", &[of_alice()]);
    for line in [
        "--expect 8080=/home/alice/node",
        "--expect 8080=node --trust-user alice",
        "--expect 8080=node --trust-path /home/alice",
    ] {
        is(&machine, line, CheckStatus::Ok);
    }
    // Whatever a path says, it must lead to the file.
    let elsewhere = || with_file(7, "/usr/sbin/nginx", |exe| exe.path_confirmed = Checked::Done(false));
    insta::assert_snapshot!(unknown(elsewhere(), "--expect 8080=/usr/sbin/nginx"), @"WHATLISTENS UNKNOWN - whether /usr/sbin/nginx holds 8080 is not known: nginx (PID 7) only calls itself so: its path leads to another file");
    let replaced = with_file(7, "/usr/sbin/nginx", |exe| exe.deleted = Some(true));
    insta::assert_snapshot!(unknown(replaced, "--expect 8080=nginx"), @"WHATLISTENS UNKNOWN - whether nginx holds 8080 is not known: the file that nginx (PID 7) runs was deleted or replaced since it started; restart it");
    let unread = Process { presence: Presence::Vanished, name: None, ..process(7, "/x") };
    insta::assert_snapshot!(unknown(unread, "--expect 8080=nginx"), @"WHATLISTENS UNKNOWN - whether nginx holds 8080 is not known: the file that PID 7 (name unknown) runs cannot be seen");
}

#[test]
fn what_listens_and_does_not_serve_is_not_ok() {
    let halted = |state| Process { state: Some(state), ..root(8, "/usr/sbin/nginx") };
    let going = || Process { state: Some(RunState::Running), ..root(9, "/usr/sbin/nginx") };
    let held = |holders: &[Process]| linux().socket("tcp 0.0.0.0:80", holders);
    let stopped = || held(&[halted(RunState::Stopped)]);
    insta::assert_snapshot!(check(&stopped(), "--expect 80=nginx").0, @"WHATLISTENS CRITICAL - 80 at 0.0.0.0 listens, but nginx (PID 8) is stopped and accepts no connection");
    insta::assert_snapshot!(check(&held(&[halted(RunState::Traced)]), "--expect 80").0, @"WHATLISTENS WARNING - 80 at 0.0.0.0 listens, but nginx (PID 8) is stopped by a debugger and accepts no connection");
    is(&stopped(), "--expect 80", CheckStatus::Critical);
    is(&held(&[halted(RunState::Traced)]), "--expect 80", CheckStatus::Warning);
    // A worker may serve. Whether it does is nothing to a check of what is allowed.
    is(&held(&[halted(RunState::Stopped), going()]), "--expect 80", CheckStatus::Ok);
    is(&stopped(), "--max-exposure public 1-79", CheckStatus::Ok);
    let both = stopped().socket("tcp [::]:80", &[going()]);
    is(&both, "--expect 80/tcp", CheckStatus::Critical);
    let queue = |waiting| {
        held(&[going()]).but(|socket| socket.accept_queue = Some(AcceptQueue { waiting, limit: Some(128) }))
    };
    insta::assert_snapshot!(check(&queue(129), "--expect 80").0, @"WHATLISTENS CRITICAL - 80 at 0.0.0.0 listens, but its backlog is full (129 waiting), so new connections get no answer");
    is(&queue(128), "--expect 80", CheckStatus::Ok);
}

#[test]
fn what_nobody_looked_at_is_said_below_the_line() {
    let gap =
        "the network namespaces of 85 processes could not be read, so there may be more than are listed";
    let hidden = || linux().by_ordinary_user(&[(58, "nginx")]).socket("tcp 127.0.0.1:80", &[]);
    let blind = || hidden().gap(Gap::new(GapKind::NamespacesHidden, gap));
    insta::assert_snapshot!(check(&blind(), "--max-exposure loopback").0, @r"
    WHATLISTENS OK - 1 listener checked
    Not seen: the owner of 1 listener
    Not checked: other network namespaces, of which not all could be seen
    ");
    insta::assert_snapshot!(check(&blind(), "--expect 81").0, @r"
    WHATLISTENS CRITICAL - 81 does not listen
    Not seen: the owner of 1 listener
    Not checked: other network namespaces, of which not all could be seen
    ");
    is(&blind(), "--max-exposure loopback --all-namespaces", CheckStatus::Unknown);
    is(&blind(), "--expect 81 --all-namespaces", CheckStatus::Unknown);
    let elsewhere = OtherNamespace {
        namespace: Namespace { inode: 7, name: Some("docker web".to_owned()) },
        listeners: vec![(Protocol::Tcp, 8080)],
    };
    let container = || office().seen(|seen| seen.other_namespaces = vec![elsewhere.clone()]);
    insta::assert_snapshot!(check(&container(), "--expect 80").0, @r"
    WHATLISTENS OK - 1 expected port listens
    Not checked: 1 listener in other network namespaces (--all-namespaces)
    ");
    insta::assert_snapshot!(check(&container(), "--max-exposure loopback 53").0, @"WHATLISTENS OK - 1 listener checked; not checked: 1 in other network namespaces");
}

#[test]
fn flagged_ports_count_by_their_severity() {
    insta::assert_snapshot!(check(&office(), "--no-flagged").0, @"WHATLISTENS WARNING - 1538/tcp at 0.0.0.0 mismatch: python3.11 is not a known program of Autodesk 3ds-lm");
    is(&office(), "--no-flagged 80", CheckStatus::Ok);
    is(&office(), "--no-flagged 1538", CheckStatus::Warning);
    // CRITICAL outranks UNKNOWN, and that WARNING.
    is(&office(), "--no-flagged --expect 22", CheckStatus::Critical);
    let hidden = office().gap(Gap::new(GapKind::SocketsUnreadable, "a table could not be read"));
    is(&hidden, "--no-flagged", CheckStatus::Unknown);
    is(&hidden, "--no-flagged --max-exposure loopback", CheckStatus::Critical);
}

#[test]
fn exposure_is_limited() {
    insta::assert_snapshot!(check(&office(), "--max-exposure private").0, @r"
    WHATLISTENS CRITICAL - 80/tcp at 0.0.0.0 and :: has the exposure all-interfaces, and at most private is allowed; 1538/tcp at 0.0.0.0 has the exposure all-interfaces, and at most private is allowed; 27000/tcp at 0.0.0.0 has the exposure all-interfaces, and at most private is allowed; 1 more
    CRITICAL: 80/tcp at 0.0.0.0 and :: has the exposure all-interfaces, and at most private is allowed
    CRITICAL: 1538/tcp at 0.0.0.0 has the exposure all-interfaces, and at most private is allowed
    CRITICAL: 27000/tcp at 0.0.0.0 has the exposure all-interfaces, and at most private is allowed
    CRITICAL: 33333/udp at 0.0.0.0 has the exposure all-interfaces, and at most private is allowed
    ");
    is(&office(), "--max-exposure loopback 53", CheckStatus::Ok);
    let private = linux().socket("tcp 10.1.2.3:22", &[root(5, "/usr/sbin/sshd")]);
    is(&private, "--max-exposure private", CheckStatus::Ok);
    is(&private, "--max-exposure link-local", CheckStatus::Critical);
}

#[test]
fn license_servers_are_checked_as_by_their_own_command() {
    let servers = |line: &str| check(&office(), line);
    insta::assert_snapshot!(servers("--servers").0, @"WHATLISTENS CRITICAL - Revenera FlexNet license server: lmgrd (PID 900) has no vendor daemon that listens: clients get error -97 or -15");
    insta::assert_snapshot!(servers("--servers autodesk --expect 80").0, @"WHATLISTENS CRITICAL - no license server of autodesk runs here");
    insta::assert_snapshot!(servers("--servers nosuchvendor").0, @"WHATLISTENS UNKNOWN - No license manager, vendor or license server here is called ‘nosuchvendor’.");
    assert_eq!(check(&linux(), "--servers").1, CheckStatus::Unknown);
}

#[test]
fn a_word_that_names_nothing_is_unknown() {
    insta::assert_snapshot!(check(&office(), "--no-flagged lmgrdd").0, @"WHATLISTENS UNKNOWN - ‘lmgrdd’ is not a known service, and no process of that name listens here. Did you mean lmgrd? (A process that may not be running: by the full path of its file)");
    insta::assert_snapshot!(check(&office(), "--no-flagged 80 lmgrdd").0, @"WHATLISTENS UNKNOWN - ‘lmgrdd’ is not a known service, and no process of that name listens here. Did you mean lmgrd? (A process that may not be running: by the full path of its file)");
}

#[test]
fn wrong_usage_says_what_would_be_right() {
    let refused = |line: &str| office().refusal(&format!("check {line}"));
    insta::assert_snapshot!(refused(""), @"‘check’: say what to check: --expect PORT, --no-flagged, --max-exposure EXPOSURE, --servers or --policy FILE");
    insta::assert_snapshot!(refused("22"), @"‘22’: to check that it listens: --expect 22; to check what listens there: --no-flagged, --max-exposure EXPOSURE, --servers or --policy FILE");
    insta::assert_snapshot!(refused("--expect lmgrd"), @"‘lmgrd’: this is no service of the registry: give a port, as in 27000/tcp, or the name of a service");
    insta::assert_snapshot!(refused("--expect 70000"), @"‘70000’ is not a port: ports are 1 to 65535");
    insta::assert_snapshot!(refused("--expect 80-90"), @"‘--expect 80-90’: of a range it is not clear whether all are meant: name each port, as in --expect 27000 --expect 27001");
    insta::assert_snapshot!(refused("--expect 80="), @"‘--expect 80=’: the program is missing, as in --expect 27000/tcp=lmgrd");
    insta::assert_snapshot!(refused("--expect =lmgrd"), @"‘--expect =lmgrd’: the port is missing, as in --expect 27000/tcp=lmgrd");
    insta::assert_snapshot!(refused("--expect 80=sbin/nginx"), @"‘--expect 80=sbin/nginx’: ‘sbin/nginx’: give the name of the program's file, or its full path");
    insta::assert_snapshot!(refused("--expect 127.0.0.1:80"), @"‘127.0.0.1:80’: give the port alone; from where it may be reached is said by max-exposure");
    insta::assert_snapshot!(refused("--max-exposure lan"), @"‘--max-exposure lan’: the values are loopback, link-local, private, public");
    insta::assert_snapshot!(refused("--output csv --no-flagged"), @"‘--output csv’: the formats of check are table, list, json");
    insta::assert_snapshot!(refused("--suggest --json"), @"‘--output json’: the formats of check --suggest are table");
    insta::assert_snapshot!(refused("--suggest --no-flagged"), @"‘--suggest’: it prints a policy of what listens, and checks nothing: leave out what to check");
    insta::assert_snapshot!(refused("--policy - --from -"), @"‘--policy - --from -’: only one of them can be read from standard input: name a file for the other");
    insta::assert_snapshot!(refused("--servers --expiry-days x"), @"‘--expiry-days x’: give a number of days, from 0 to 65535, as in --expiry-days 60");
    insta::assert_snapshot!(refused("--expect 27000 lmgrd"), @"‘lmgrd’: the program that must hold a port stands behind it: --expect 27000=lmgrd");
    insta::assert_snapshot!(refused("--expect 27000=lmgrd 2080"), @"‘2080’: it narrows --no-flagged, --max-exposure and --policy, and none of them was given");
    insta::assert_snapshot!(refused("--servers autodesk ansys"), @"‘ansys’: for several products repeat the option: --servers autodesk --servers ansys");
    insta::assert_snapshot!(refused("-H lic01"), @"there is no option -H: it checks this machine; for another make a record there: whatlistens record > FILE, and give --from FILE");
    insta::assert_snapshot!(refused("-p 27000"), @"there is no option -p: that a port listens is checked by --expect, as in --expect 27000");
    for line in ["", "22", "--expect lmgrd", "--bogus"] {
        let error = office().run(&format!("check {line}"), &Environment::plain()).unwrap_err();
        assert_eq!(error.exit(), Exit::Checked(CheckStatus::Unknown), "{line}");
    }
}

#[test]
fn names_of_strangers_leave_the_line_whole() {
    let evil = "a|b=1;2\n\u{1b}[31mOK\u{202e}'\"$(id)";
    let machine = linux()
        .socket("tcp 0.0.0.0:80", &[process(7, &format!("/opt/{evil}"))])
        .gap(Gap::new(GapKind::SocketsUnreadable, format!("gap {evil}")));
    for line in ["--expect 80=nginx --expect 81", "--no-flagged", "--max-exposure loopback"] {
        check(&machine, line);
    }
    let long = linux().socket("tcp 0.0.0.0:80", &[process(7, &format!("/opt/{}", "\u{1b}".repeat(250)))]);
    let (out, _) = check(&long, "--expect 80=nginx");
    assert!(out.len() < 1000, "{}", out.len());
}

#[test]
fn what_is_said_is_bounded() {
    let mut machine = linux();
    for port in 1..=1000 {
        machine = machine.socket(&format!("tcp 0.0.0.0:{port}"), &[process(7, "/usr/bin/node")]);
    }
    let (out, status) = check(&machine, "--max-exposure loopback");
    assert_eq!((status, out.lines().count()), (CheckStatus::Critical, 22));
    assert!(out.lines().next().unwrap().ends_with("; 997 more"), "{out}");
    assert!(out.ends_with("\n980 more") && out.len() < 4096, "{}", out.len());
}

#[test]
fn values_for_graphs_are_always_the_same_few() {
    let performance = |machine: &Machine, line: &str| {
        let (out, ..) = machine.run(&format!("check {line}"), &Environment::plain()).unwrap();
        values(out.lines().next().unwrap().split_once(" | ").unwrap().1).unwrap()
    };
    insta::assert_debug_snapshot!(performance(&office(), "--no-flagged"), @r#"
    [
        (
            "listeners",
            6.0,
        ),
        (
            "exposed",
            5.0,
        ),
        (
            "flagged",
            1.0,
        ),
        (
            "critical",
            0.0,
        ),
        (
            "warning",
            1.0,
        ),
        (
            "unknown",
            0.0,
        ),
    ]
    "#);
    let labels = |machine: &Machine, line: &str| -> Vec<String> {
        performance(machine, line).into_iter().map(|(label, _)| label).collect()
    };
    assert_eq!(labels(&office(), "--expect 9"), labels(&linux(), "--no-flagged"));
    let servers = labels(&office(), "--servers");
    assert!(servers.contains(&"license_servers_up".to_owned()), "{servers:?}");
}
