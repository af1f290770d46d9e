//! What was asked about is answered in the JSON as in the text: each port with each protocol.

use std::net::SocketAddr;

use whatlistens::command::Exit;
use whatlistens::model::{
    ConnectionState, ExcludedPorts, Family, Gap, GapKind, Os, PortConnection, PortRange, Process, Protocol,
    RunState, Socket, State,
};
use whatlistens::query::Environment;

use crate::document::{Answer, Asked, read};
use crate::recorded::{Machine, linux, office, process};

fn asked(machine: &Machine, line: &str) -> Vec<Asked> {
    read(&machine.printed(&format!("--json {line}"), None)).asked
}

/// `1538/tcp listening`, for each answer.
fn answers(asked: &Asked) -> Vec<String> {
    let answer = |Answer { protocol, port, status, .. }: &Answer| format!("{port}/{protocol} {status}");
    asked.answers.iter().map(answer).collect()
}

fn connection(protocol: Protocol, state: ConnectionState, port: u16, pids: &[u32]) -> PortConnection {
    let local = SocketAddr::from(([127, 0, 0, 1], port));
    PortConnection {
        protocol,
        state,
        local,
        peer: "127.0.0.1:9".parse().unwrap(),
        pids: pids.to_vec(),
        namespace: None,
    }
}

/// On 1194 a connected UDP socket; on 5433 a closed and a half-closed TCP connection; 8080 is bound.
fn used() -> Machine {
    let vpn = process(7, "/usr/sbin/openvpn");
    office()
        .with(vpn)
        .socket("tcp 0.0.0.0:8080", &[process(60, "/x/app")])
        .but(|socket| socket.state = State::Bound)
        .seen(|seen| {
            seen.port_connections = vec![
                connection(Protocol::Udp, ConnectionState::Connected, 1194, &[7]),
                connection(Protocol::Tcp, ConnectionState::TimeWait, 5433, &[]),
                connection(Protocol::Tcp, ConnectionState::FinWait2, 5433, &[]),
            ];
            seen.port_rules.ephemeral = PortRange::parse("32768-60999");
        })
}

/// UDP-Lite on 5004, where nothing else is, and on 80.
fn with_udplite() -> Machine {
    let player = process(60, "/x/player");
    let udplite = |socket: &mut Socket| socket.protocol = Protocol::Udplite;
    let machine = office().socket("udp 0.0.0.0:5004", std::slice::from_ref(&player)).but(udplite);
    machine.socket("udp 0.0.0.0:80", &[player]).but(udplite)
}

#[test]
fn another_protocol_has_an_answer_only_where_something_has_the_port() {
    let machine = with_udplite();
    let of = |line: &str| answers(&asked(&machine, line)[0]);
    assert_eq!(of("5004"), ["5004/tcp free", "5004/udp free", "5004/udplite listening"]);
    assert_eq!(of("80"), ["80/tcp listening", "80/udp free", "80/udplite listening"]);
    assert_eq!(of("5000-5010"), ["5004/udplite listening"]);
    assert!(of("1-60000").contains(&"5004/udplite listening".to_owned()), "of too many only what has a port");
    assert_eq!(of("5004/udp"), ["5004/udp free"]);
    let sctp = |socket: &mut Socket| socket.protocol = Protocol::Sctp;
    let diameter = office().socket("tcp 0.0.0.0:3868", &[process(61, "/x/dra")]).but(sctp);
    assert_eq!(
        answers(&asked(&diameter, "3868")[0]),
        ["3868/tcp free", "3868/udp free", "3868/sctp listening"]
    );
    let (sctp, ..) = diameter.run("3868", &Environment::plain()).unwrap();
    assert!(
        sctp.contains("3868/sctp  (diameter)") && sctp.contains("listens on SCTP port 3868.\n"),
        "{sctp}"
    );
    let (detail, _, exit) = machine.run("5004", &Environment::plain()).unwrap();
    assert!(detail.contains("player (PID 60) listens on UDP-Lite port 5004.\n"), "{detail}");
    assert!(detail.contains("avt-profile-1"), "the registry's UDP ports are those of UDP-Lite: {detail}");
    assert_eq!(exit, Exit::Matched);
}

fn exit(machine: &Machine, line: &str) -> Exit {
    machine.run(line, &Environment::plain()).unwrap().2
}

#[test]
fn each_way_to_have_a_port_has_its_status() {
    let machine = used();
    let of = |line: &str| answers(&asked(&machine, line)[0]);
    assert_eq!(of("80"), ["80/tcp listening", "80/udp free"]);
    assert_eq!(of("53/udp"), ["53/udp listening"]);
    assert_eq!(of("-t 8080"), ["8080/tcp bound"]);
    assert_eq!(of("1194"), ["1194/tcp free", "1194/udp in-use"]);
    assert_eq!(of("5433/tcp"), ["5433/tcp in-use"]);
    assert_eq!(of("9999"), ["9999/tcp free", "9999/udp free"]);
    // What was not examined is not free.
    assert_eq!(of("-4 ssh"), ["22/tcp unknown", "22/udp unknown"]);
    assert_eq!(of("-4 9999/tcp"), ["9999/tcp free"], "of ports by number all sockets are");
    let blind = used().gap(Gap::new(GapKind::SocketsHidden, "some sockets are hidden"));
    assert_eq!(answers(&asked(&blind, "9999/tcp")[0]), ["9999/tcp unknown"]);
    let reserved = |by_number| {
        linux().os(Os::Windows).seen(move |seen| {
            let ports = PortRange { first: 9990, last: 9999 };
            let (protocol, family) = (Some(Protocol::Tcp), Some(Family::Ipv4));
            seen.port_rules.excluded = Some(vec![ExcludedPorts { ports, protocol, family, by_number }]);
        })
    };
    assert_eq!(answers(&asked(&reserved(false), "9999")[0]), ["9999/tcp reserved", "9999/udp free"]);
    assert_eq!(answers(&asked(&reserved(true), "9999")[0]), ["9999/tcp free", "9999/udp free"]);
}

#[test]
fn what_uses_a_port_is_named_with_the_state_that_the_kernel_has() {
    let one = &asked(&used(), "1194/udp")[0].answers[0];
    let [by] = &one.by[..] else { panic!("{one:?}") };
    assert_eq!(
        (by.state.as_str(), by.local.as_str(), by.remote.as_str()),
        ("connected", "127.0.0.1:1194", "127.0.0.1:9")
    );
    let [process] = &by.processes[..] else { panic!("{by:?}") };
    assert_eq!((process.pid, process.name.as_deref()), (7, Some("openvpn")));
    let several = &asked(&used(), "5433/tcp")[0].answers[0];
    let states: Vec<&str> = several.by.iter().map(|by| by.state.as_str()).collect();
    assert_eq!(states, ["fin-wait-2", "time-wait"], "the longest first");
    assert!(asked(&used(), "80/tcp")[0].answers[0].by.is_empty());
}

#[test]
fn a_connected_udp_socket_holds_its_port_and_a_tcp_connection_does_not() {
    for line in ["1194", "1194/udp", "-u 1194", "-H 1194/udp", "9999 1194", "--json 1194"] {
        assert_eq!(exit(&used(), line), Exit::Matched, "{line}");
    }
    for line in ["1194/tcp", "5433", "-H 5433", "5433 9999", "--user root 1194"] {
        assert_eq!(exit(&used(), line), Exit::NothingMatched, "{line}");
    }
}

#[test]
fn each_word_has_an_entry_in_order() {
    let all = asked(&used(), "1538,9999 27000-27003 http lmgrd");
    let what: Vec<&str> = all.iter().map(|one| one.what.as_str()).collect();
    assert_eq!(what, ["1538", "9999", "27000-27003", "http", "lmgrd"]);
    assert_eq!(answers(&all[0]), ["1538/tcp listening", "1538/udp free"]);
    // Of a range, what is not free, and how many are.
    assert_eq!((answers(&all[2]), all[2].more_free), (vec!["27000/tcp listening".to_owned()], Some(7)));
    assert_eq!(answers(&all[3])[0], "80/tcp listening");
    assert!(all[4].answers.is_empty() && all[4].more_free == Some(0));
    let listens: Vec<_> =
        all[4].processes.iter().map(|one| (one.pid, one.listens_on.as_ref().unwrap().join(" "))).collect();
    assert_eq!(listens, [(900, "27000/tcp".to_owned())]);
    assert_eq!(all[4].processes[0].state, None, "the machine was recorded without");
    let stopped = Process { state: Some(RunState::Stopped), ..process(7, "/opt/stopped") };
    let machine = used().socket("tcp 0.0.0.0:9000", &[stopped]);
    assert_eq!(asked(&machine, "stopped")[0].processes[0].state.as_deref(), Some("stopped"));
    assert!(asked(&used(), "").is_empty() && asked(&used(), "-i udp").is_empty());
    // Whether a port of so many is free was not examined.
    let many = &asked(&used(), "1-1000")[0];
    assert_eq!(
        (answers(many), many.more_free),
        (vec!["53/udp listening".to_owned(), "80/tcp listening".to_owned()], None)
    );
}

#[test]
fn a_filter_by_holder_makes_no_port_free() {
    let one = &asked(&used(), "--user nobody 80 9999")[..];
    assert_eq!(answers(&one[0]), ["80/tcp listening", "80/udp free"]);
    assert_eq!(answers(&one[1]), ["9999/tcp free", "9999/udp free"]);
    assert_eq!(one[0].notes, ["80 is held by nginx (root), not by nobody."]);
    assert_eq!(one[1].notes[0], "9999: free for TCP and UDP.");
}

#[test]
fn the_json_says_what_the_text_says() {
    for line in ["1194", "5433", "9999", "7279/tcp", "40000", "33333", "443 9999"] {
        let machine = used();
        let text = machine.printed(line, None).split_whitespace().collect::<Vec<_>>().join(" ");
        for one in asked(&machine, line) {
            for said in one.notes.iter().chain(&one.next) {
                let said =
                    said.replacen(": ", " ", usize::from(!said.ends_with('.') || said.starts_with("Note")));
                assert!(text.contains(&said) || line.contains(' '), "{line}: {said}\n{text}");
            }
        }
    }
    let license = asked(&office(), "1538");
    let advice = "If Autodesk 3ds-lm should run here, stop python3.11 or move it to another port.";
    assert!(license[0].next.as_deref().unwrap().starts_with(advice), "{license:?}");
}

#[test]
fn of_several_ports_those_in_use_are_named_below_the_rows() {
    insta::assert_snapshot!(used().printed("1194 5433 80", None), @"
      PORT  ADDRESS              PROCESS   PID  USER  IANA NAME
    80/tcp  0.0.0.0:80, [::]:80  nginx +2  800  root  http

    1194: openvpn (PID 7) uses 1194/udp: connected to 127.0.0.1:9 from 127.0.0.1:1194/udp. Free for TCP.
    5433: nothing listens, but 5433/tcp is in use: closing a connection to 127.0.0.1:9 from 127.0.0.1:5433/tcp; and 1 more socket. Free for UDP.
    ");
    assert!(!used().printed("1194", None).contains("uses 1194/udp"), "the detail view has it");
}

#[test]
fn what_to_do_about_two_sockets_of_a_process_is_said_once() {
    let nginx = || process(60, "/usr/sbin/nginx");
    let machine = linux()
        .socket("tcp 0.0.0.0:80", &[nginx()])
        .socket("tcp [::]:80", &[nginx()])
        .but(|socket| socket.dual_stack = Some(false));
    let next = asked(&machine, "80")[0].next.clone().unwrap();
    assert_eq!(next.matches("To stop it: kill 60").count(), 1, "{next}");
    assert!(next.contains("Bind it to 127.0.0.1 ") && next.contains("Bind it to ::1 "), "{next}");
}
