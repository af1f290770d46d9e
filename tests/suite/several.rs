//! Several words at once: each has its answer, in the order of the words, and one exit status.

use std::net::SocketAddr;

use whatlistens::command::Exit;
use whatlistens::model::{
    ConnectionState, Gap, GapKind, PacketRules, PortConnection, PortRange, Process, Protocol, RunState,
    State, UnansweredAttempt,
};
use whatlistens::query::Environment;

use crate::document::{Asked, read};
use crate::recorded::{Machine, linux, office, process};
use crate::started::unbroken;

pub fn with_uses() -> Machine {
    let connection = |protocol, state, port: u16, pids: &[u32]| PortConnection {
        protocol,
        state,
        local: SocketAddr::from(([127, 0, 0, 1], port)),
        peer: "127.0.0.1:9".parse().unwrap(),
        pids: pids.to_vec(),
        namespace: None,
    };
    office()
        .with(process(7, "/usr/sbin/openvpn"))
        .with(Process { state: Some(RunState::Running), ..process(8, "/usr/bin/idle") })
        .socket("tcp 0.0.0.0:8080", &[process(60, "/x/app")])
        .but(|socket| socket.state = State::Bound)
        .seen(|seen| {
            seen.port_connections = vec![
                connection(Protocol::Udp, ConnectionState::Connected, 1194, &[7]),
                connection(Protocol::Tcp, ConnectionState::TimeWait, 5433, &[]),
            ];
            seen.port_rules.ephemeral = PortRange::parse("32768-60999");
        })
}

fn printed(line: &str) -> String {
    with_uses().printed(line, None)
}

fn exit(line: &str) -> Exit {
    with_uses().run(line, &Environment::plain()).unwrap().2
}

fn asked(machine: &Machine, line: &str) -> Vec<Asked> {
    read(&machine.printed(&format!("--json {line}"), None)).asked
}

/// What stands below the rows.
fn below(machine: &Machine, line: &str) -> String {
    machine.run(&format!("-H {line}"), &Environment::plain()).unwrap().1
}

#[test]
fn each_word_is_answered_in_the_order_of_the_words() {
    insta::assert_snapshot!(printed("80 9999 53/udp 1194 8888/tcp"), @"
      PORT  ADDRESS              PROCESS           PID  USER  IANA NAME
    80/tcp  0.0.0.0:80, [::]:80  nginx +2          800  root  http
    53/udp  127.0.0.53:53        systemd-resolved  400  root  domain

    9999: free for TCP and UDP.
    1194: openvpn (PID 7) uses 1194/udp: connected to 127.0.0.1:9 from 127.0.0.1:1194/udp. Free for TCP.
    8888/tcp: free.
    ");
    // One with rows needs no line.
    assert!(!printed("80 9999").contains("\n80:"));
    let (rows, notes, _) = with_uses().run("-H 9999 80", &Environment::plain()).unwrap();
    assert!(rows.starts_with("80/tcp") && rows.lines().count() == 1, "{rows}");
    assert_eq!(notes, "9999: free for TCP and UDP.\n");
    let first =
        |line: &str| printed(line).lines().nth(1).unwrap().trim().split(' ').next().unwrap().to_owned();
    assert_eq!(first("8080 53 80"), "8080/tcp");
    assert_eq!(first("8080 53 80 --sort port"), "53/udp");
    assert_eq!(first("nginx 53"), "80/tcp", "a name has its place, too");
}

#[test]
fn each_state_of_a_port_has_its_line() {
    let line = |words: &str| below(&with_uses(), words);
    insta::assert_snapshot!(line("9999 5433 1194 -t 8888"), @"
    9999: free for TCP.
    5433: nothing listens, but 5433/tcp is in use: closed connection to 127.0.0.1:9 from 127.0.0.1:5433/tcp (TIME_WAIT): for up to a minute, only programs that set SO_REUSEADDR can open the port.
    1194: free for TCP.
    8888: free for TCP.
    ");
    insta::assert_snapshot!(line("-4 9999 9998/udp"), @"
    9999: free for TCP and UDP.
    9998/udp: free.
    ");
    insta::assert_snapshot!(line("-6 9999 80"), @"9999: free for TCP and UDP.");
    let blind = with_uses().gap(Gap::new(GapKind::SocketsHidden, "some sockets are hidden"));
    insta::assert_snapshot!(below(&blind, "9999 27000-27003"), @"
    9999: no listener was found, but not all sockets are visible: whether it is free is unknown.
    Some sockets are hidden. To see more: run it on the host, outside any container, or with CAP_SYS_PTRACE and no security policy in the way
    ");
    let rules = with_uses().gap(Gap::new(GapKind::PortRulesUnreadable, "the rules could not be read"));
    insta::assert_snapshot!(below(&rules, "9999 9998"), @"
    9999: no listener, but the system may have reserved it: its rules for ports could not be read.
    9998: no listener, but the system may have reserved it: its rules for ports could not be read.
    The rules could not be read.
    ");
    insta::assert_snapshot!(below(&with_uses().by_ordinary_user(&[]), "9999 http-alt ssh"), @"
    9999: free for TCP and UDP in this network namespace.
    http-alt (591, 8008, 8080): 2 more ports are free for TCP and UDP in this network namespace.
    ssh (22): free for TCP and UDP in this network namespace.
    ");
    // The rest of the sentence in the detail view stays there.
    assert!(unbroken(&printed("9999")).contains("and no other TCP or UDP socket uses it"));
}

#[test]
fn ranges_say_how_many_more_are_free() {
    insta::assert_snapshot!(below(&with_uses(), "9990-9999 27000-27009 5430-5439"), @"
    9990-9999: free for TCP and UDP.
    27000-27009: 9 more ports are free for TCP and UDP.
    5430-5439: nothing listens, but 5433/tcp is in use: closed connection to 127.0.0.1:9 from 127.0.0.1:5433/tcp (TIME_WAIT): for up to a minute, only programs that set SO_REUSEADDR can open the port. 9 more ports are free for TCP and UDP.
    ");
    assert_eq!(below(&with_uses(), "80-80"), "", "it is all in the row");
}

#[test]
fn many_words_stay_a_line_each_and_are_bounded() {
    let words = |first: u16, count: u16| {
        (first..first + count).map(|port| port.to_string()).collect::<Vec<_>>().join(" ")
    };
    let few = below(&with_uses(), &words(9001, 64));
    assert_eq!(few.lines().filter(|line| line.ends_with(": free for TCP and UDP.")).count(), 64, "{few}");
    let many = below(&with_uses(), &words(9001, 200));
    assert_eq!(many.lines().count(), 65, "{many}");
    assert!(many.starts_with("9001: no listener. Whether it is free was not examined"), "{many}");
    assert!(many.ends_with("136 more lines: --json has them all.\n"), "{many}");
    assert_eq!(asked(&with_uses(), &words(9001, 200)).len(), 200);
}

#[test]
fn a_name_that_is_not_known_does_not_keep_the_others_from_an_answer() {
    insta::assert_snapshot!(printed("80 lmgrdd citrix lmadmin"), @"
      PORT  ADDRESS              PROCESS   PID  USER  IANA NAME
    80/tcp  0.0.0.0:80, [::]:80  nginx +2  800  root  http

    ‘lmgrdd’ is not a known service, and no process of that name listens here. Did you mean lmgrd? (For a process that may not be running: --process lmgrdd)
    No listener of citrix was found.
    Citrix License Server usually listens on 7279, 27000 and 8082.
    No process called lmadmin was found listening.

    Revenera FlexNet license server (FlexNet Publisher)         no vendor daemon
      lmgrd  PID 900  27000/tcp  /opt/flexlm/bin/lmgrd
      critical  lmgrd (PID 900) has no vendor daemon that listens: clients get error -97 or -15. Look at the end of its log, and start it again.
    ");
    assert_eq!((exit("80 lmgrdd"), exit("9999 lmgrdd")), (Exit::Matched, Exit::NothingMatched));
    assert_eq!(exit("80 lmgrdd --all"), Exit::NothingMatched);
    let notes = &asked(&with_uses(), "80 lmgrdd")[1].notes;
    assert!(notes[0].contains("Did you mean lmgrd?"), "{notes:?}");
    // Where nothing else was typed, it is wrong usage.
    for line in ["lmgrdd", "lmgrdd nosuchname", "-H lmgrdd"] {
        assert!(with_uses().refusal(line).contains("lmgrdd"), "{line}");
    }
}

#[test]
fn one_exit_status_sums_it_up() {
    for line in ["80 9999", "9999 80", "9999 1194", "80 lmgrdd", "--all 80", "--all 80 53 nginx", "--all"] {
        assert_eq!(exit(line), Exit::Matched, "{line}");
    }
    for line in
        ["9999 9998", "--all 80 9999", "80 5433 --all", "--all 80 lmadmin", "--all 9999", "-H --all 80 9999"]
    {
        assert_eq!(exit(line), Exit::NothingMatched, "{line}");
    }
    assert_eq!(exit("--all --json 80 1194"), Exit::Matched, "a connected UDP socket holds its port");
}

#[test]
fn what_a_filter_drops_is_said_and_never_called_free() {
    let said = |line: &str| below(&with_uses(), line);
    insta::assert_snapshot!(said("80 --user nobody"), @"80 is held by nginx (root), not by nobody.");
    insta::assert_snapshot!(said("80 --user nobody,bob --user 65534"), @"80 is held by nginx (root), not by nobody, bob or user 65534.");
    insta::assert_snapshot!(said("80 --pid 812"), @"80 is held by nginx (PID 800), not by PID 812.");
    insta::assert_snapshot!(said("80 --process apache2 --user nobody"), @"80 is held by nginx (PID 800, root), not by a process called apache2 and not by nobody.");
    insta::assert_snapshot!(said("80 1538 9999 --flagged --licenses"), @"
    80 is held by nginx (PID 800), and is no port of a license manager.
    9999: free for TCP and UDP.
    1538/tcp mismatch: python3.11 is not a known program of Autodesk 3ds-lm.
    ");
    insta::assert_snapshot!(said("27000 --flagged --pid 900 80"), @"
    27000 is held by lmgrd (PID 900), and is not flagged.
    80 is held by nginx (PID 800), not by PID 900, and is no port of a license manager.
    ");
    insta::assert_snapshot!(said("1-65535 --user bob"), @"53/udp, 80/tcp, 1538/tcp and 3 more are held by nginx (root), python3.11 (alice), lmgrd (root) and others, not by bob.");
    insta::assert_snapshot!(said("nginx --user bob"), @"80/tcp is held by nginx (root), not by bob.");
    insta::assert_snapshot!(said("33333 --pid 3"), @"33333 is in use, but no visible process has the socket.");
    for line in ["80 --user nobody", "80 --pid 812", "80 --licenses", "27000 --user bob", "nginx --user bob"]
    {
        assert_eq!(exit(line), Exit::NothingMatched, "{line}");
        assert!(!said(line).contains("free"), "{line}");
        let json = asked(&with_uses(), line);
        assert!(said(line).contains(&json[0].notes[0]), "{json:?}");
    }
    assert_eq!(said("80 --user root"), "", "it is all in the row");
}

#[test]
fn what_a_filter_cannot_decide_is_not_denied() {
    let machine = linux()
        .by_ordinary_user(&[(7, "sshd"), (800, "nginx")])
        .socket("tcp 0.0.0.0:22", &[])
        .socket("tcp 0.0.0.0:80", &[Process { uid: Some(33), ..process(802, "/usr/sbin/nginx") }]);
    let first = |line: &str| below(&machine, line).lines().next().unwrap().to_owned();
    insta::assert_snapshot!(first("22 --user root"), @"22 is held by a program that you are not allowed to see. Whether that is a process of root is not known.");
    insta::assert_snapshot!(first("22 --user bob"), @"22 is held by a program that you are not allowed to see, not by bob.");
    insta::assert_snapshot!(first("22 --pid 7"), @"22 is held by a program that you are not allowed to see. Whether that is PID 7 is not known.");
    insta::assert_snapshot!(first("22 --process sshd"), @"22 is held by a program that you are not allowed to see. Whether that is a process called sshd is not known.");
    insta::assert_snapshot!(first("80 --pid 800"), @"80 is held by nginx (PID 802). Whether PID 800 holds it too is not known.");
}

#[test]
fn a_row_of_another_user_s_says_why_it_is_shown() {
    let worker = Process { user: Some("www".to_owned()), uid: Some(33), ..process(801, "/usr/sbin/nginx") };
    let root = |pid, exe| Process { user: Some("root".to_owned()), uid: Some(0), ..process(pid, exe) };
    let machine = linux()
        .socket("tcp 0.0.0.0:80", &[root(800, "/usr/sbin/nginx"), worker.clone()])
        .socket("tcp [::]:80", &[root(800, "/usr/sbin/nginx"), worker])
        .socket("tcp 0.0.0.0:9000", &[root(5, "/usr/bin/inetd")]);
    insta::assert_snapshot!(machine.printed("--user www", None), @"
      PORT  ADDRESS              PROCESS   PID  USER  IANA NAME
    80/tcp  0.0.0.0:80, [::]:80  nginx +1  800  root  http

    80/tcp is shown because nginx (PID 801) of www holds it too.
    ");
    insta::assert_snapshot!(below(&machine, "80 --pid 801"), @"80/tcp is shown because nginx (PID 801) of www holds it too.");
    insta::assert_snapshot!(below(&machine, "9000 --user alice"), @"9000/tcp is shown because alice made its socket.");
    for line in ["--user root 80", "--pid 800", "--process nginx", "80", "--licenses"] {
        assert!(!machine.printed(line, None).contains("is shown because"), "{line}");
    }
}

#[test]
fn beside_a_filter_only_the_license_servers_and_clients_that_match_are_shown() {
    let asking = |uid, user: &str, pid| UnansweredAttempt {
        local: "10.0.0.1:50000".parse().unwrap(),
        remote: "10.0.0.5:27000".parse().unwrap(),
        retransmits: 3,
        uid,
        user: Some(user.to_owned()),
        pids: vec![pid],
    };
    let machine = office()
        .with(Process { user: Some("bob".to_owned()), uid: Some(1001), ..process(70, "/x/maya.bin") })
        .seen(|seen| seen.unanswered = vec![asking(1001, "bob", 70), asking(1002, "carol", 71)]);
    let has = |line: &str| {
        let said = machine.printed(line, None);
        ["no vendor daemon", "maya.bin (PID 70)", "A program of user carol"].map(|part| said.contains(part))
    };
    assert_eq!(has("27000"), [true, true, false]);
    assert_eq!(has("27000 --user root"), [true, false, false]);
    assert_eq!(has("27000 --user bob"), [false, true, false]);
    assert_eq!(has("27000 --user carol"), [false, false, false], "a process of bob's name");
    assert_eq!(has("--pid 70"), [false, true, false]);
    assert_eq!(has("--pid 900"), [true, false, false]);
    assert_eq!(has("--process lmgrd"), [true, false, false]);
    assert_eq!(has("--process nginx"), [false, false, false]);
    assert_eq!(has("80 --user bob"), [false, false, false]);
}

#[test]
fn what_has_a_port_with_another_protocol_or_family_is_said() {
    let machine = office()
        .socket("tcp 127.0.0.1:5432", &[process(50, "/usr/bin/postgres")])
        .socket("tcp [::1]:9090", &[process(51, "/usr/bin/prometheus")]);
    insta::assert_snapshot!(below(&machine, "-u 80"), @"80 is held by nginx (PID 800) with TCP, not with UDP.");
    insta::assert_snapshot!(below(&machine, "-t 53 9999"), @"
    53 is held by systemd-resolved (PID 400) with UDP, not with TCP.
    9999: free for TCP, unless a socket that does not listen still blocks it.
    ");
    insta::assert_snapshot!(below(&machine, "-6 5432"), @"5432 is held by postgres (PID 50) at 127.0.0.1, not at an IPv6 address.");
    insta::assert_snapshot!(below(&machine, "-4 9090 --pid 3"), @"9090 is held by prometheus (PID 51) at ::1, not at an IPv4 address and not by PID 3.");
    insta::assert_snapshot!(machine.printed("-6 5432", None), @"
    5432  postgresql
    5432 is held by postgres (PID 50) at 127.0.0.1, not at an IPv6 address.

    Registry     postgresql, PostgreSQL Database (IANA, registered port)
    ");
    insta::assert_snapshot!(machine.printed("-u 80", None), @"
    80  http
    UDP port 80 is free: nothing on this machine listens on it. A connection, or a socket that does not
    listen, may still block it.
    80 is held by nginx (PID 800) with TCP, not with UDP.

    Registry     http, World Wide Web HTTP (IANA, system port)
    ");
    assert_eq!(below(&machine, "-4 5432"), "");
    for line in ["-u 80", "-6 5432", "-4 9090"] {
        assert_eq!(machine.run(line, &Environment::plain()).unwrap().2, Exit::NothingMatched, "{line}");
    }
}

#[test]
fn packet_rules_that_were_not_seen_are_said_once() {
    let machine =
        with_uses().by_ordinary_user(&[]).seen(|seen| seen.packet_rules = Some(PacketRules::Hidden));
    insta::assert_snapshot!(below(&machine, "9999 9998 80 27000-27009"), @"
    9999: free for TCP and UDP in this network namespace.
    9998: free for TCP and UDP in this network namespace.
    27000-27009: 9 more ports are free for TCP and UDP in this network namespace.
    Packet rules were not examined: only root may see them.
    ");
    assert_eq!(below(&machine, "80"), "", "nothing is free");
    let json = asked(&machine, "9999 9998");
    assert!(
        json.iter().all(|one| one.notes.iter().any(|note| note.contains("packet rules were not examined")))
    );
}
