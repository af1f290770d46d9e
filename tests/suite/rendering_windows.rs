//! What only Windows reports, verbatim: services, the kernel, processes that have ended or are protected,
//! accounts, excluded ports.

use whatlistens::model::phrase::capitalized;
use whatlistens::model::{
    ExcludedPorts, Family, FileVersion, Gap, GapKind, Os, PortRange, Presence, Process, ProcessRef,
    ProcessService, Program, Protocol, ServiceManager,
};

use whatlistens::command::Exit;
use whatlistens::query::Environment;

use crate::document::read;
use crate::recorded::{Machine, linux, process, with_file};

fn service(name: &str, display_name: &str) -> ProcessService {
    ProcessService {
        display_name: Some(display_name.to_owned()),
        ..ProcessService::new(ServiceManager::Windows, name)
    }
}

fn user(name: &str, process: Process) -> Process {
    Process { uid: None, user: Some(name.to_owned()), ppid: None, ..process }
}

/// Nothing listening yet. Sockets have no users on Windows.
fn windows() -> Machine {
    linux().os(Os::Windows)
}

/// Windows does not report the user of a socket.
fn of_nobody(socket: &mut whatlistens::model::Socket) {
    (socket.uid, socket.user) = (None, None);
}

/// Two services in one process, the kernel, a protected one, one that has ended, and a license server.
fn office() -> Machine {
    let svchost = Process {
        services: vec![service("Dnscache", "DNS Client"), service("NlaSvc", "Network Location Awareness")],
        ..user(r"NT AUTHORITY\NETWORK SERVICE", process(1200, r"C:\Windows\System32\svchost.exe"))
    };
    let kernel = Process {
        pid: 4,
        name: Some("System".to_owned()),
        short_name: Some("System".to_owned()),
        presence: Presence::Kernel,
        ..Process::default()
    };
    let protected = Process {
        pid: 3000,
        name: Some("MsMpEng.exe".to_owned()),
        short_name: Some("MsMpEng.exe".to_owned()),
        presence: Presence::Running(Program::default()),
        ..Process::default()
    };
    let child = |pid, name: &str| ProcessRef { pid, name: Some(name.to_owned()) };
    let ended = Process {
        pid: 7777,
        presence: Presence::Ended { children: vec![child(7800, "worker.exe"), child(7801, "other.exe")] },
        ..Process::default()
    };
    let version = FileVersion {
        company: Some("Flexera Software LLC".to_owned()),
        product: Some("FlexNet Publisher".to_owned()),
        original_name: Some("lmgrd.exe".to_owned()),
    };
    let lmgrd = with_file(900, r"C:\Flexnet\lmgrd.exe", |file| file.version = Some(version));
    let lmgrd = user(r"LIC01\alice", lmgrd);
    windows()
        .socket("udp 0.0.0.0:5355", &[svchost])
        .but(of_nobody)
        .socket("tcp 0.0.0.0:445", &[kernel])
        .but(of_nobody)
        .socket("tcp 127.0.0.1:3333", &[protected])
        .but(of_nobody)
        .socket("tcp 0.0.0.0:5000", &[ended])
        .but(of_nobody)
        .socket("tcp 0.0.0.0:27000", &[lmgrd])
        .but(of_nobody)
}

#[test]
fn the_table_names_services_the_kernel_and_what_has_ended() {
    insta::assert_snapshot!(office().printed("", Some(130)), @"
         PORT  ADDRESS         PROCESS       PID  USER             IANA NAME        UNIT              LICENSE
      445/tcp  0.0.0.0:445     System          4                   microsoft-ds     kernel: SMB
     3333/tcp  127.0.0.1:3333  MsMpEng.exe  3000                   (dec-notes)
     5000/tcp  0.0.0.0:5000    (ended)      7777                   (commplex-main)
     5355/udp  0.0.0.0:5355    svchost.exe  1200  NETWORK SERVICE  llmnr            Dnscache, NlaSvc
    27000/tcp  0.0.0.0:27000   lmgrd.exe     900  alice            flex-lm                            expected

    Revenera FlexNet license server: lmgrd.exe (PID 900) has no vendor daemon that listens: clients get error -97 or -15. For details:
    whatlistens servers
    The file or the user of 1 process could not be read, not even as administrator.
    ");
    insta::assert_snapshot!(office().printed("", Some(80)), @"
         PORT  ADDRESS         PROCESS       PID  USER         IANA NAME    LICENSE
      445/tcp  0.0.0.0:445     System          4               microsoft-…
     3333/tcp  127.0.0.1:3333  MsMpEng.exe  3000               (dec-notes)
     5000/tcp  0.0.0.0:5000    (ended)      7777               (commplex-…
     5355/udp  0.0.0.0:5355    svchost.exe  1200  NETWORK SE…  llmnr
    27000/tcp  0.0.0.0:27000   lmgrd.exe     900  alice        flex-lm      expected

    UNIT hidden: --wide or --columns
    Revenera FlexNet license server: lmgrd.exe (PID 900) has no vendor daemon that
    listens: clients get error -97 or -15. For details: whatlistens servers
    The file or the user of 1 process could not be read, not even as administrator.
    ");
}

#[test]
fn the_detail_names_them_in_full() {
    insta::assert_snapshot!(office().printed("5355", None), @r#"
    5355/udp  llmnr
    svchost.exe (PID 1200) listens on UDP port 5355.

    Next         NAME is the one of its services that has the port.
                 To stop it: net stop NAME

    Started      2026-11-22 02:53:20 (66 minutes ago)
    Service      DNS Client (Dnscache) and Network Location Awareness (NlaSvc)
    Runs         C:\Windows\System32\svchost.exe
    File         only administrators can replace it
    User         NT AUTHORITY\NETWORK SERVICE
    Reach        0.0.0.0 (any other machine, unless a firewall blocks it)
    Registry     llmnr (IANA, registered port)
    "#);
    insta::assert_snapshot!(office().printed("445", None), @"
    445/tcp  microsoft-ds
    System (PID 4) listens on TCP port 445.

    Next         Windows does not run without it. Do not stop it.

    Runs         in the Windows kernel, for SMB (file and printer sharing)
    Reach        0.0.0.0 (any other machine, unless a firewall blocks it)
    Registry     microsoft-ds (IANA, system port)
    ");
    insta::assert_snapshot!(office().printed("5000", None), @"
    5000/tcp  (commplex-main)
    The process that opened TCP port 5000 (PID 7777) has ended, but the port is still in use.

    Held by      worker.exe (PID 7800) or other.exe (PID 7801), child processes that may have inherited
                 the socket
    Reach        0.0.0.0 (any other machine, unless a firewall blocks it)
    Registry     commplex-main (IANA, registered port)
    ");
    insta::assert_snapshot!(office().printed("27000", None), @r"
    27000/tcp  flex-lm  expected
    lmgrd.exe (PID 900) listens on TCP port 27000.

    Verdict      expected: lmgrd.exe is a known program of Revenera FlexNet license server
    Next         lmgrd.exe (PID 900) has no vendor daemon that listens: clients get error -97 or -15.
                 Look at the end of its log, and start it again.
                 To stop it: lmutil lmdown -c 27000@localhost
                 To let it read a changed license file (a changed port needs a restart): lmutil lmreread
                 -c 27000@localhost

    Started      2026-11-22 02:53:20 (66 minutes ago)
    Runs         C:\Flexnet\lmgrd.exe
    File         only administrators can replace it
    File says    made by Flexera Software LLC, part of FlexNet Publisher
    User         LIC01\alice
    Reach        0.0.0.0 (any other machine, unless a firewall blocks it)
    Registry     flex-lm, FLEX LM (1-10) (IANA, registered port)
    License      Revenera FlexNet license server; expected process: lmgrd.exe or lmadmin.exe
    Note         A FlexNet license server without a port of its own takes the first free one of
                 27000-27009. The vendor daemon is its child and has another port. 8090 is the web page
                 of lmadmin. FlexNet was called FLEXlm, and Revenera was Flexera and Globetrotter.

    Revenera FlexNet license server (FlexNet Publisher)         no vendor daemon
      lmgrd.exe  PID 900  27000/tcp  C:\Flexnet\lmgrd.exe
      critical  lmgrd.exe (PID 900) has no vendor daemon that listens: clients get error -97 or -15. Look at the end of its log, and start it again.
    ");
}

#[test]
fn children_beyond_a_few_are_counted() {
    let children = (0..10).map(|at| ProcessRef { pid: 100 + at, name: None }).collect();
    let ended = Process { pid: 7, presence: Presence::Ended { children }, ..Process::default() };
    let detail = windows().socket("tcp 0.0.0.0:80", &[ended]).but(of_nobody).printed("80", None);
    let held_by = detail.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(held_by.contains("PID 106, PID 107 or 2 more, child processes"), "{detail}");
}

#[test]
fn what_is_protected_is_a_gap_with_a_remedy_for_who_is_no_administrator() {
    let ordinary = office().by_ordinary_user(&[]);
    let detail = ordinary.printed("3333", None);
    assert!(detail.contains("Runs         a file that could not be read"), "{detail}");
    assert!(
        detail.contains(
            "The file or the user of 1 process could not be read without more rights. To see more: "
        )
    );
    assert!(detail.contains(r#"in a terminal opened with "Run as administrator""#), "{detail}");
    let document = read(&ordinary.printed("--json", None));
    let kinds: Vec<_> = document.gaps.iter().map(|gap| (gap.kind.as_str(), gap.count)).collect();
    assert_eq!(kinds, [("processes-protected", Some(1))], "neither the kernel nor what has ended is one");
    assert!(office().printed("3333", None).contains("not even as administrator"));
}

#[test]
fn command_lines_that_are_not_told_are_a_gap() {
    let untold = |line| {
        let report = office().by_ordinary_user(&[]).report(line);
        report.gaps.iter().find(|gap| gap.kind == GapKind::ArgsUnreadable).and_then(|gap| gap.count)
    };
    assert_eq!((untold("--args"), untold("")), (Some(3), None), "svchost, MsMpEng and lmgrd");
}

#[test]
fn json_has_all_services_and_what_the_file_says() {
    let document = read(&office().printed("--json", None));
    let of = |port| &document.listeners.iter().find(|l| l.port == port).unwrap().processes[0];
    let names: Vec<_> = of(5355).services.iter().map(|service| service.name.as_str()).collect();
    assert_eq!(names, ["Dnscache", "NlaSvc"]);
    assert_eq!(of(5355).service.as_ref().unwrap().display_name.as_deref(), Some("DNS Client"));
    assert_eq!(of(27000).file_version.as_ref().unwrap().company.as_deref(), Some("Flexera Software LLC"));
    assert_eq!(of(5000).survivors.as_ref().unwrap()[0].pid, 7800);
}

#[test]
fn users_are_found_in_any_case_with_and_without_their_domain() {
    let ports = |name: &str| {
        let rows = office().report(&format!("--user {name}")).rows;
        rows.iter().map(|row| row.socket.local.port()).collect::<Vec<_>>()
    };
    assert_eq!(ports("ALICE"), [27000]);
    assert_eq!(ports(r"lic01\Alice"), [27000]);
    assert_eq!(ports(r".\alice"), [27000]);
    assert!(ports(r"other\alice").is_empty() && ports("lic01").is_empty());
    let on_linux = linux().socket("tcp 0.0.0.0:80", &[process(7, "/usr/sbin/nginx")]);
    assert!(on_linux.report("--user ALICE").rows.is_empty());
    // The user of the protected process is unknown: it may be anyone.
    let report = office().by_ordinary_user(&[]).report("--user mallory");
    let hidden = report.gaps.iter().find(|gap| gap.kind == GapKind::OwnerHidden).expect("a gap");
    assert_eq!((report.rows.len(), hidden.count), (0, Some(1)));
}

fn excluded(ports: &str, protocol: Protocol, family: Option<Family>, by_number: bool) -> ExcludedPorts {
    ExcludedPorts { ports: PortRange::parse(ports).unwrap(), protocol: Some(protocol), family, by_number }
}

/// Ports that Hyper-V has reserved, those of license managers among them.
fn with_hyper_v() -> Machine {
    windows().seen(|seen| {
        seen.port_rules.excluded = Some(vec![
            excluded("1461-1560", Protocol::Tcp, None, false),
            excluded("5357", Protocol::Tcp, Some(Family::Ipv6), false),
            excluded("50000-50059", Protocol::Tcp, Some(Family::Ipv4), true),
        ]);
    })
}

#[test]
fn a_port_that_is_reserved_is_not_free() {
    insta::assert_snapshot!(with_hyper_v().printed("1538", None), @"
    1538  3ds-lm
    Nothing on this machine listens on TCP or UDP port 1538, but Windows has reserved it for another
    program: opening it with TCP fails.

    Next         If winnat has reserved it, run as administrator: net stop winnat, then netsh interface
                 ipv4 add excludedportrange tcp startport=1538 numberofports=1 store=persistent, then
                 net start winnat. This briefly interrupts the network of Docker, WSL and virtual
                 machines. Afterwards programs can use 1538.

    Excluded     1461-1560/tcp is reserved for another program. Opening one of these ports fails with
                 error 10013, “An attempt was made to access a socket in a way forbidden by its access
                 permissions”. Hyper-V, WSL and Docker reserve such blocks through the service winnat;
                 the blocks change with every restart
    Registry     3ds-lm (IANA, registered port)
    License      Autodesk 3ds-lm
    Note         Autodesk's own documents put its license server on 27000-27009 and 2080. Nothing found
                 shows a current Autodesk product on 1538, so a listener here deserves a look.
    ");
    insta::assert_snapshot!(with_hyper_v().printed("50007/tcp", None), @"
    50007/tcp
    TCP port 50007 is free: nothing on this machine listens on it. A connection, or a socket that does
    not listen, may still block it.

    Excluded     an administrator has excluded 50000-50059/tcp on IPv4 addresses from automatic
                 assignment. Programs that request one of these ports by number can open it
    Registry     none: dynamic ports (49152 and up) are never assigned
    ");
    assert!(!with_hyper_v().printed("1538/udp", None).contains("reserved"));
    let document = read(&with_hyper_v().printed("--json 1538", None));
    let [excluded] = &document.excluded_ports.as_ref().unwrap()[..] else { panic!("{document:?}") };
    assert_eq!((excluded.first, excluded.last, excluded.opened_by_number), (1461, 1560, false));
    assert!(read(&windows().printed("--json", None)).excluded_ports.is_none(), "not looked at");
}

#[test]
fn reservations_by_several_protocols_are_one_phrase() {
    let verdict = |more: Option<ExcludedPorts>| {
        let [tcp, udp] = [Protocol::Tcp, Protocol::Udp].map(|one| excluded("9000", one, None, false));
        let all = [tcp, udp].into_iter().chain(more).collect();
        let detail = windows().seen(|seen| seen.port_rules.excluded = Some(all)).printed("9000", None);
        detail.lines().skip(1).take(2).collect::<Vec<_>>().join(" ")
    };
    assert!(verdict(None).contains("opening it with TCP or with UDP fails."), "{}", verdict(None));
    let both = ExcludedPorts { protocol: None, ..excluded("9000", Protocol::Tcp, None, false) };
    assert!(verdict(Some(both)).contains("opening it fails."), "{}", verdict(Some(both)));
}

#[test]
fn excluded_ports_are_listed_with_the_license_managers_among_them() {
    insta::assert_snapshot!(with_hyper_v().printed("--excluded-ports", None), @"
              PORTS  FAMILY  KIND          LICENSE MANAGERS
      1461-1560/tcp  both    reserved      1493 netmap-lm, 1521 nCube License Manager, 1538 3ds-lm
           5357/tcp  ipv6    reserved
    50000-50059/tcp  ipv4    administered

    reserved: for one program, as Hyper-V, WSL and Docker do through the service winnat. Any other program that opens one of these ports gets error 10013.
    administered: excluded from automatic assignment by an administrator. Programs that request one of these ports by number can open it.
    netmap-lm cannot use 1493, because 1461-1560/tcp is reserved.
    nCube License Manager cannot use 1521, because 1461-1560/tcp is reserved.
    Autodesk 3ds-lm cannot use 1538, because 1461-1560/tcp is reserved.
    ");
    insta::assert_snapshot!(with_hyper_v().printed("--excluded-ports 5000-6000 -H", None), @"
    5357/tcp  ipv6  reserved  -
    reserved: for one program, as Hyper-V, WSL and Docker do through the service winnat. Any other program that opens one of these ports gets error 10013.
    ");
    let rows = with_hyper_v().run("excluded 1493 -H", &Environment::plain()).unwrap().0;
    insta::assert_snapshot!(rows, @"1461-1560/tcp  both  reserved  1493:netmap-lm,1521:nCube:License:Manager,1538:3ds-lm");
    insta::assert_snapshot!(with_hyper_v().printed("--excluded-ports 80", None), @"None of the selected ports is excluded.");
    let none = windows().seen(|seen| seen.port_rules.excluded = Some(Vec::new()));
    insta::assert_snapshot!(none.printed("--excluded-ports", None), @"No port is excluded.");
    let exit = |line| with_hyper_v().run(line, &Environment::plain()).unwrap().2;
    assert_eq!(exit("--excluded-ports"), Exit::Matched);
    assert_eq!(exit("excluded 1538/udp"), Exit::NothingMatched);
    let document = read(&with_hyper_v().printed("--excluded-ports --json 1493", None));
    let managers = &document.excluded_ports.as_ref().unwrap()[0].license_managers;
    assert!(
        managers.iter().any(|manager| manager.first == 1493 && manager.id == "netmap-lm"),
        "{managers:?}"
    );
    assert!(document.listeners.is_empty());
}

#[test]
fn that_the_rules_could_not_be_read_is_said_of_a_free_port_alone() {
    let detail = "the ports that Windows has reserved could not be read (x)";
    let unread = office().gap(Gap::new(GapKind::PortRulesUnreadable, detail));
    let note = capitalized(detail);
    assert!(unread.printed("1538", None).contains(&note));
    insta::assert_snapshot!(unread.printed("1538/udp", None).lines().nth(1).unwrap(), @"Nothing on this machine listens on UDP port 1538, but the system may have reserved it: its rules for");
    let document = read(&unread.printed("--json 1538", None));
    assert!(document.excluded_ports.is_none() && !document.complete);
    assert!(unread.printed("27000-27009", None).contains(&note), "some of them are free");
}

#[test]
fn of_several_ports_those_that_are_reserved_are_told() {
    let partly = windows().seen(|seen| {
        seen.port_rules.excluded =
            Some(vec![excluded("27005-27049", Protocol::Tcp, Some(Family::Ipv6), false)]);
    });
    insta::assert_snapshot!(partly.printed("27000-27009", None), @"
    27000-27009: nothing listens, but Windows has reserved 27005-27049/tcp on IPv6 addresses for another program: opening these ports fails. 5 more ports are free for TCP and UDP, unless a socket that does not listen still blocks it.
    ");
    insta::assert_snapshot!(partly.printed("27005", None), @"
    27005  flex-lm
    Nothing on this machine listens on TCP or UDP port 27005, but Windows has reserved it for another
    program: opening it with TCP on IPv6 addresses fails.

    Next         If winnat has reserved it, run as administrator: net stop winnat, then netsh interface
                 ipv6 add excludedportrange tcp startport=27005 numberofports=1 store=persistent, then
                 net start winnat. This briefly interrupts the network of Docker, WSL and virtual
                 machines. Afterwards programs can use 27005.

    Excluded     27005-27049/tcp is reserved for another program. Opening one of these ports on IPv6
                 addresses fails with error 10013, “An attempt was made to access a socket in a way
                 forbidden by its access permissions”. Hyper-V, WSL and Docker reserve such blocks
                 through the service winnat; the blocks change with every restart
    Registry     flex-lm, FLEX LM (1-10) (IANA, registered port)
    License      Revenera FlexNet license server
    Note         A FlexNet license server without a port of its own takes the first free one of
                 27000-27009. The vendor daemon is its child and has another port. 8090 is the web page
                 of lmadmin. FlexNet was called FLEXlm, and Revenera was Flexera and Globetrotter.
    ");
    let flexnet = partly.printed("flex-lm", None);
    assert!(flexnet.contains("27005-27009 for another program"), "{flexnet}");
    assert!(!flexnet.contains("startport"), "{flexnet}");
    let document = read(&partly.printed("--json 27000 27007", None));
    assert_eq!(document.excluded_ports.unwrap()[0].first, 27005);
}

#[test]
fn reserved_ranges_beyond_a_few_are_counted() {
    let ranges = (0..7).map(|at| excluded(&(9000 + 2 * at).to_string(), Protocol::Tcp, None, false));
    let machine = windows().seen(|seen| seen.port_rules.excluded = Some(ranges.collect()));
    let printed = machine.printed("9000-9100", None);
    insta::assert_snapshot!(printed, @"9000-9100: nothing listens, but Windows has reserved 9000/tcp, 9002/tcp, 9004/tcp and 4 more for another program: opening these ports fails.");
}

#[test]
fn excluded_ports_are_asked_for_by_ports_alone() {
    for line in ["--excluded-ports --licenses", "--excluded-ports --pid 5", "--excluded-ports -6"] {
        assert!(windows().refusal(line).contains("excluded"), "{line}");
    }
    assert!(with_hyper_v().refusal("--excluded-ports lmgrd").contains("whatlistens explain lmgrd"));
}
