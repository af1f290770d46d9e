//! What Windows says of a socket itself: when it got its port, for which service, and whether the program asked for it.

use whatlistens::model::{Os, Process, ProcessService, ServiceManager, Socket};

use crate::document::read;
use crate::recorded::{Machine, linux, now, process};

fn service(name: &str) -> ProcessService {
    ProcessService::new(ServiceManager::Windows, name)
}

/// A process of two services, one of which opened the socket an hour before now.
fn machine() -> Machine {
    let svchost = Process {
        services: vec![service("Dnscache"), service("NlaSvc")],
        session: Some(0),
        started_at: now().checked_sub(jiff::SignedDuration::from_hours(30)).ok(),
        user: Some(r"NT AUTHORITY\NETWORK SERVICE".to_owned()),
        ..process(1200, r"C:\Windows\System32\svchost.exe")
    };
    let of_dnscache = |socket: &mut Socket| {
        socket.made_in = Some(service("Dnscache"));
        socket.opened_at = now().checked_sub(jiff::SignedDuration::from_hours(1)).ok();
        socket.port_requested = Some(true);
    };
    let client = Process {
        session: Some(2),
        user: Some(r"OFFICE\alice".to_owned()),
        ..process(1300, r"C:\Apps\client.exe")
    };
    linux()
        .os(Os::Windows)
        .socket("udp 0.0.0.0:5355", &[svchost])
        .but(of_dnscache)
        .socket("udp 0.0.0.0:50123", &[client])
        .but(|socket| socket.port_requested = Some(false))
}

#[test]
fn the_service_that_opened_the_socket_is_named_alone() {
    insta::assert_snapshot!(machine().printed("--columns port,process,unit", None), @"
         PORT  PROCESS      UNIT
     5355/udp  svchost.exe  Dnscache
    50123/udp  client.exe
    ");
    insta::assert_snapshot!(machine().printed("5355", None), @r"
    5355/udp  llmnr
    svchost.exe (PID 1200) listens on UDP port 5355.

    Next         To stop it: net stop Dnscache

    Started      2026-11-20 22:00:00 (30 hours ago)
    Open since   2026-11-22 03:00:00 (60 minutes ago)
    Service      Dnscache, which opened the socket; the process runs 1 more
    Runs         C:\Windows\System32\svchost.exe
    File         only administrators can replace it
    User         NT AUTHORITY\NETWORK SERVICE
    Reach        0.0.0.0 (any other machine, unless a firewall blocks it)
    Registry     llmnr (IANA, registered port)
    ");
    let document = read(&machine().printed("--json 5355", None));
    let listener = &document.listeners[0];
    assert_eq!(listener.made_in.as_ref().map(|service| service.name.as_str()), Some("Dnscache"));
    assert_eq!(listener.processes[0].services.len(), 2);
    assert_eq!((listener.port_requested, listener.processes[0].session), (Some(true), Some(0)));
}

#[test]
fn a_port_that_the_system_chose_is_told_as_that_of_a_client() {
    insta::assert_snapshot!(machine().printed("50123", None), @r"
    50123/udp
    client.exe (PID 1300) listens on UDP port 50123.

    Next         To stop it (if it does not end, add /F): taskkill /PID 1300

    Started      2026-11-22 02:53:20 (66 minutes ago)
    Runs         C:\Apps\client.exe
    File         only administrators can replace it
    User         OFFICE\alice (session 2)
    Port         chosen by the system, as for a client: next time it is another
    Reach        0.0.0.0 (any other machine, unless a firewall blocks it)
    Registry     none: dynamic ports (49152 and up) are never assigned
    ");
}
