//! What Windows says of a socket itself: when it got its port, for which service, who is behind the kernel, what its
//! firewall does; and who signed a program.

use whatlistens::model::{
    Checked, Firewall, HttpUrl, Os, Presence, Process, ProcessRef, ProcessService, ServiceManager, Signature,
    SignatureState, Socket, Writer,
};

use crate::document::read;
use crate::recorded::{Machine, anyone_at, linux, now, process, with_file};

fn service(name: &str) -> ProcessService {
    ProcessService::new(ServiceManager::Windows, name)
}

/// A process runs two services. One of them opened the socket an hour ago.
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

/// The kernel on a web port, on an SMB port, and on one that it was not asked about.
fn kernel() -> Machine {
    let kernel = || Process {
        pid: 4,
        name: Some("System".to_owned()),
        short_name: Some("System".to_owned()),
        presence: Presence::Kernel,
        ..Process::default()
    };
    let url = |url: &str, processes: &[(u32, &str)]| HttpUrl {
        url: url.to_owned(),
        processes: processes
            .iter()
            .map(|&(pid, name)| ProcessRef { pid, name: Some(name.to_owned()) })
            .collect(),
    };
    linux()
        .os(Os::Windows)
        .socket("tcp [::]:5985", &[kernel()])
        .but(|socket| {
            socket.http_urls = Some(vec![
                url("HTTP://+:5985/WSMAN/", &[(4064, "svchost.exe")]),
                url("HTTP://*:5985/\u{1b}[31mX/", &[]),
            ]);
        })
        .socket("tcp 0.0.0.0:445", &[kernel()])
        .but(|socket| socket.http_urls = Some(Vec::new()))
        .socket("tcp 0.0.0.0:2869", &[kernel()])
        .but(|socket| socket.http_urls = Some(Vec::new()))
        .socket("tcp 0.0.0.0:8080", &[kernel()])
}

#[test]
fn who_is_behind_the_kernel_is_told() {
    insta::assert_snapshot!(kernel().printed("--columns port,process,unit", None), @"
        PORT  PROCESS  UNIT
     445/tcp  System   kernel: SMB
    2869/tcp  System   kernel: a driver
    5985/tcp  System   kernel: http.sys
    8080/tcp  System   kernel: http.sys or a driver
    ");
    insta::assert_snapshot!(kernel().printed("5985", None), @r#"
    5985/tcp  wsman
    System (PID 4) listens on TCP port 5985.

    Next         http.sys holds it for svchost.exe (PID 4064): the port is free when that ends.

    Runs         in the Windows kernel, for http.sys, which serves web pages of programs
    Serves       HTTP://+:5985/WSMAN/ for svchost.exe (PID 4064); "HTTP://*:5985/\u{1b}[31mX/" (for a
                 program that is started when a request arrives)
    Reach        :: (IPv6, perhaps IPv4 too; any other machine, unless a firewall blocks it)
    Registry     wsman, WBEM WS-Management HTTP (IANA, registered port)
    "#);
    insta::assert_snapshot!(kernel().printed("445", None), @"
    445/tcp  microsoft-ds
    System (PID 4) listens on TCP port 445.

    Next         Windows does not run without it. Do not stop it.

    Runs         in the Windows kernel, for SMB (file and printer sharing)
    Reach        0.0.0.0 (any other machine, unless a firewall blocks it)
    Registry     microsoft-ds (IANA, system port)
    ");
    insta::assert_snapshot!(kernel().printed("2869", None), @"
    2869/tcp  (icslap)
    System (PID 4) listens on TCP port 2869.

    Next         Windows does not run without it. Do not stop it.

    Runs         in the Windows kernel, for a driver other than http.sys
    Reach        0.0.0.0 (any other machine, unless a firewall blocks it)
    Registry     icslap (IANA, registered port); System is not known for it
    ");
    insta::assert_snapshot!(kernel().printed("8080", None), @"
    8080/tcp  (http-alt)
    System (PID 4) listens on TCP port 8080.

    Next         Windows does not run without it. Do not stop it.

    Runs         in the Windows kernel, for one of its drivers: http.sys (web pages of IIS, WinRM and
                 others), SMB (file sharing) or another. Programs behind http.sys: netsh http show
                 servicestate
    Reach        0.0.0.0 (any other machine, unless a firewall blocks it)
    Registry     http-alt, HTTP Alternate (see port 80) (IANA, registered port); System is not known for
                 it
    ");
    let document = read(&kernel().printed("--json 5985", None));
    let urls = document.listeners[0].http_urls.as_ref().unwrap();
    assert_eq!((urls[0].url.as_str(), urls[0].processes[0].pid), ("HTTP://+:5985/WSMAN/", 4064));
}

#[test]
fn where_a_port_proxy_connects_to_is_told() {
    let svchost = Process {
        services: vec![ProcessService { display_name: Some("IP Helper".to_owned()), ..service("iphlpsvc") }],
        ..process(1200, r"C:\Windows\System32\svchost.exe")
    };
    let machine = linux()
        .os(Os::Windows)
        .socket("tcp 0.0.0.0:8888", &[svchost])
        .but(|socket| socket.proxied_to = Some("10.0.0.5:3389".to_owned()));
    insta::assert_snapshot!(machine.printed("8888", None), @r"
    8888/tcp  (ddi-tcp-1)
    svchost.exe (PID 1200) listens on TCP port 8888.

    Next         The program that answers is at 10.0.0.5:3389, where a port proxy connects to. To see
                 the proxies: netsh interface portproxy show all
                 Bind it to 127.0.0.1 if only this machine needs it.

    Started      2026-11-22 02:53:20 (66 minutes ago)
    Service      IP Helper (iphlpsvc)
    Runs         C:\Windows\System32\svchost.exe
    File         only administrators can replace it
    User         alice
    Sends to     10.0.0.5:3389 (netsh interface portproxy)
    Reach        0.0.0.0 (any other machine, unless a firewall blocks it)
    Registry     ddi-tcp-1, NewsEDGE server TCP (TCP 1) (IANA, registered port); svchost.exe is not
                 known for it
    ");
    let document = read(&machine.printed("--json 8888", None));
    assert_eq!(document.listeners[0].proxied_to.as_deref(), Some("10.0.0.5:3389"));
}

#[test]
fn what_the_firewall_does_stands_in_the_reach() {
    let reach = |answers: &[Option<Firewall>]| {
        let lmgrd = || process(900, r"C:\Flexnet\lmgrd.exe");
        let places = ["tcp 0.0.0.0:40000", "tcp [::]:40000", "tcp 127.0.0.1:40000"];
        let mut machine = linux().os(Os::Windows);
        for (place, &answer) in places.iter().zip(answers) {
            machine = machine.socket(place, &[lmgrd()]).but(|socket| {
                socket.dual_stack = None;
                socket.firewall = answer;
            });
        }
        let page = machine.printed("40000", Some(200));
        page.lines().find(|line| line.starts_with("Reach")).unwrap().to_owned()
    };
    let said: Vec<String> = [
        &[Some(Firewall::Allowed), Some(Firewall::Allowed), None][..],
        &[Some(Firewall::Blocked)],
        &[Some(Firewall::Restricted)],
        // They differ, or one is not known.
        &[Some(Firewall::Allowed), Some(Firewall::Blocked)],
        &[Some(Firewall::Allowed), None],
        &[None],
    ]
    .map(reach)
    .to_vec();
    insta::assert_snapshot!(said.join("\n"), @"
    Reach        0.0.0.0, ::, 127.0.0.1 (any other machine; Windows Firewall lets it through)
    Reach        0.0.0.0 (any other machine, but Windows Firewall blocks it)
    Reach        0.0.0.0 (any other machine; Windows Firewall lets it through from some addresses only)
    Reach        0.0.0.0, :: (any other machine, unless a firewall blocks it)
    Reach        0.0.0.0, :: (any other machine, unless a firewall blocks it)
    Reach        0.0.0.0 (any other machine, unless a firewall blocks it)
    ");
}

#[test]
fn who_signed_a_file_is_evidence_and_no_proof() {
    let signed = |state, writers: Checked<Vec<Writer>>| {
        let lmgrd = with_file(900, r"C:\Flexnet\lmgrd.exe", |file| {
            file.signature =
                Checked::Done(Signature { state, signer: Some("Flexera\u{7} Software LLC".to_owned()) });
            file.writers = writers;
        });
        let machine = linux().os(Os::Windows).socket("tcp 0.0.0.0:27000", &[lmgrd]);
        let license = machine.report("27000").rows[0].license.clone().unwrap();
        let page = machine.printed("27000", Some(200));
        let line = page.lines().find(|line| line.starts_with("Signed")).unwrap_or("-").to_owned();
        format!("{}: {}\n{line}", license.verdict.code(), license.reason)
    };
    let nobody = || Checked::Done(Vec::new());
    insta::assert_snapshot!(signed(SignatureState::Valid, nobody()), @r#"
    expected: lmgrd.exe is a known program of Revenera FlexNet license server
    Signed       by "Flexera\u{7} Software LLC"
    "#);
    insta::assert_snapshot!(signed(SignatureState::Altered, nobody()), @r#"
    cannot-tell: it is called lmgrd.exe, but its file does not fit its signature, which names "Flexera\u{7} Software LLC": it was changed
    Signed       but changed since: the signature names "Flexera\u{7} Software LLC", and does not fit
    "#);
    insta::assert_snapshot!(signed(SignatureState::Unverified, nobody()), @r#"
    expected: lmgrd.exe is a known program of Revenera FlexNet license server
    Signed       by "Flexera\u{7} Software LLC", which this machine cannot verify
    "#);
    insta::assert_snapshot!(signed(SignatureState::Missing, nobody()), @"
    expected: lmgrd.exe is a known program of Revenera FlexNet license server
    -
    ");
    // Who may write to the folder may have started another program there, moved it away, and put a signed one in its place.
    insta::assert_snapshot!(signed(SignatureState::Valid, anyone_at(r"C:\Flexnet")), @r#"
    cannot-tell: it is called lmgrd.exe, but any user of this machine can write to C:\Flexnet and may have replaced it
    Signed       by "Flexera\u{7} Software LLC"
    "#);
    insta::assert_snapshot!(signed(SignatureState::Missing, anyone_at(r"C:\Flexnet")), @r"
    cannot-tell: it is called lmgrd.exe, but any user of this machine can write to C:\Flexnet and may have replaced it
    -
    ");
}
