//! What only macOS reports: who used a socket last, what launchd opened it for, and what is part of the system.

use whatlistens::model::{
    Activation, ExcludedPorts, Os, PortRange, PortRules, Process, ProcessRef, Protocol, ServiceManager,
    Socket,
};

use crate::document::read;
use crate::recorded::{Machine, linux, process};

const SSH: &str = "tcp 0.0.0.0:22";

fn mac(place: &str, holders: &[Process]) -> Machine {
    linux().os(Os::Macos).socket(place, holders)
}

/// An ordinary user's view of a socket that another user's process holds.
fn hidden(place: &str, change: impl FnOnce(&mut Socket)) -> Machine {
    mac(place, &[]).by_ordinary_user(&[(1, "launchd"), (812, "lmgrd")]).but(change)
}

fn last_used_by(pid: u32, name: &str) -> impl FnOnce(&mut Socket) {
    let process = ProcessRef { pid, name: Some(name.to_owned()) };
    move |socket| socket.last_used_by = Some(process)
}

fn held_for(label: &str) -> impl FnOnce(&mut Socket) {
    let label = label.to_owned();
    move |socket| {
        socket.activation = Some(Activation {
            manager: ServiceManager::Launchd,
            socket: label.clone(),
            service: Some(label),
        });
    }
}

fn next(machine: &Machine, port: &str) -> String {
    let next = read(&machine.printed(&format!("{port}/tcp --json"), None)).asked.remove(0).next;
    next.unwrap_or_else(|| "-".to_owned())
}

#[test]
fn who_used_a_socket_last_is_a_hint_and_no_owner() {
    let machine = hidden(SSH, last_used_by(1, "launchd"));
    insta::assert_snapshot!(machine.printed("22", None), @r"
    22/tcp  (ssh)
    TCP port 22 is in use. You are not allowed to see by which program.

    User         alice
    Last used by launchd (PID 1): a hint, not the owner, for it may have passed the socket on
    Reach        0.0.0.0 (any other machine, unless a firewall blocks it)
    Registry     ssh, The Secure Shell (SSH) Protocol (IANA, system port)

    The owner of 1 socket could not be identified without more rights. To see more: sudo whatlistens 22
    ");
    let listener = read(&machine.printed("22 --json", None)).listeners.remove(0);
    assert_eq!((listener.owner_status.as_str(), listener.processes.len()), ("hidden", 0));
    let last = listener.last_used_by.unwrap();
    assert_eq!((last.pid, last.name.as_deref()), (1, Some("launchd")));
}

#[test]
fn no_verdict_rests_on_who_used_a_socket_last() {
    for name in ["lmgrd", "nc"] {
        let judged = |machine: Machine| {
            let listener = read(&machine.printed("27000 --json", None)).listeners.remove(0);
            let license = listener.license.unwrap();
            (license.verdict, license.severity, license.reason, license.evidence, license.next)
        };
        let without = judged(hidden("tcp 0.0.0.0:27000", |_| {}));
        assert_eq!(without.0, "cannot-tell");
        assert_eq!(judged(hidden("tcp 0.0.0.0:27000", last_used_by(812, name))), without, "{name}");
    }
}

#[test]
fn what_launchd_opened_a_socket_for_is_named() {
    let launchd = Process { ppid: None, uid: Some(0), ..process(1, "/sbin/launchd") };
    let held = || mac(SSH, std::slice::from_ref(&launchd)).but(held_for("com.openssh.sshd"));
    insta::assert_snapshot!(held().printed("22", None), @"
    22/tcp  (ssh)
    launchd (PID 1) listens on TCP port 22.

    Next         Remote Login, a part of macOS, has this port. To free it, switch that off in System
                 Settings > General > Sharing.

    Started      2026-11-22 02:53:20 (66 minutes ago)
    Runs         /sbin/launchd
    File         only root can replace it
    User         alice
    Opened by    launchd, which starts com.openssh.sshd when traffic arrives
    Reach        0.0.0.0 (any other machine, unless a firewall blocks it)
    Registry     ssh, The Secure Shell (SSH) Protocol (IANA, system port)
    ");
    let listener = read(&held().printed("22 --json", None)).listeners.remove(0);
    assert_eq!(listener.known_for_service, None, "by its port alone");
    let activation = listener.activation.unwrap();
    assert_eq!((activation.manager.as_str(), activation.socket.as_str()), ("launchd", "com.openssh.sshd"));
    assert_eq!(
        read(&held().printed("--json com.openssh.sshd", None)).listeners.len(),
        1,
        "it is found by its job"
    );
    // Also where nobody may see launchd's sockets.
    let unseen = hidden(SSH, held_for("com.openssh.sshd"));
    assert_eq!(next(&unseen, "22"), next(&held(), "22"));
    let other = mac("tcp 0.0.0.0:8022", std::slice::from_ref(&launchd)).but(held_for("org.example.shell"));
    insta::assert_snapshot!(next(&other, "8022"), @"To stop it: launchctl bootout system/org.example.shell");
}

#[test]
fn the_airplay_receiver_is_called_so() {
    const EXE: &str = "/System/Library/CoreServices/ControlCenter.app/Contents/MacOS/ControlCenter";
    let of = |place: &str, exe: &str| {
        let (_, port) = place.rsplit_once(':').unwrap();
        next(&mac(place, &[process(512, exe)]), port)
    };
    insta::assert_snapshot!(of("tcp 0.0.0.0:5000", EXE), @"AirPlay Receiver, a part of macOS, has this port. To free it, switch that off in System Settings > General > AirDrop & Handoff (macOS 12: System Preferences > Sharing).");
    assert_eq!(of("tcp [::]:7000", EXE), of("tcp 0.0.0.0:5000", EXE));
    for (place, exe) in [
        ("tcp 0.0.0.0:5001", EXE),
        ("tcp 0.0.0.0:5000", "/Users/alice/ControlCenter"),
        ("tcp 0.0.0.0:5000", "/opt/homebrew/bin/python3"),
    ] {
        assert!(!of(place, exe).contains("AirPlay"), "{place} {exe}");
    }
    let linux = linux().socket("tcp 0.0.0.0:5000", &[process(512, EXE)]);
    assert!(!next(&linux, "5000").contains("AirPlay"));
}

/// A Mac on which nothing listens.
fn quiet() -> Machine {
    let kept = ExcludedPorts {
        ports: PortRange { first: 55555, last: 55555 },
        protocol: Some(Protocol::Tcp),
        family: None,
        by_number: false,
    };
    linux().os(Os::Macos).seen(|seen| {
        seen.port_rules = PortRules { excluded: Some(vec![kept]), ..PortRules::default() };
        seen.other_namespaces.clear();
    })
}

#[test]
fn a_port_that_apple_keeps_is_not_free() {
    insta::assert_snapshot!(quiet().printed("55555", None), @r"
    55555
    Nothing on this machine listens on TCP or UDP port 55555, but macOS keeps it for Apple's own
    programs: opening it with TCP fails.

    Excluded     55555/tcp is reserved for programs with an entitlement from Apple. For any other
                 program, even root's, opening it fails
    Registry     none: dynamic ports (49152 and up) are never assigned
    ");
    insta::assert_snapshot!(quiet().printed("55555 80", None), @r"
    55555: nothing listens, but macOS keeps 55555/tcp for Apple's own programs: opening this port fails. Free for UDP, unless a socket that does not listen still blocks it.
    80: free for TCP and UDP, unless a socket that does not listen still blocks it.
    ");
    insta::assert_snapshot!(quiet().printed("excluded", None), @r"
        PORTS  FAMILY  KIND      LICENSE MANAGERS
    55555/tcp  both    reserved

    reserved: for programs with an entitlement from Apple. Any other program, even root's, cannot open one of these ports.
    ");
    let answers = read(&quiet().printed("55555 --json", None)).asked.remove(0).answers;
    let statuses: Vec<String> =
        answers.iter().map(|one| format!("{} {}", one.protocol, one.status)).collect();
    assert_eq!(statuses, ["tcp reserved", "udp free"]);
    assert!(quiet().printed("55554", None).contains("free"));
}

#[test]
fn any_program_may_open_a_low_port_on_all_addresses() {
    insta::assert_snapshot!(quiet().printed("80", None), @r"
    80  http
    Port 80 is free for TCP and UDP: nothing on this machine listens on it. A connection, or a socket
    that does not listen, may still block it.

    Rights       since macOS 10.14 any program can open a port below 1024 on all addresses (0.0.0.0 or
                 ::); on a single address, such as 127.0.0.1, only root can
    Registry     http, World Wide Web HTTP (IANA, system port)
    ");
    assert!(!quiet().printed("1024", None).contains("10.14"));
    let linux = linux().seen(|seen| seen.other_namespaces.clear());
    assert!(!linux.printed("80", None).contains("10.14"));
}
