//! The detail view, verbatim.

use jiff::ToSpan;
use whatlistens::model::{
    Checked, Executable, Gap, GapKind, NotInspected, Pid, Process, ProcessRef, Receiver, State,
};

use crate::recorded::{Machine, anyone_at, linux, now, office, process, user, with_file, written_by};

/// The remedy names the program by its path, which here is the test's.
fn without_path(printed: &str) -> String {
    let test = std::env::current_exe().unwrap();
    printed.replace(test.to_str().unwrap(), "whatlistens")
}

#[test]
fn a_mismatch_in_detail() {
    insta::assert_snapshot!(office().printed("1538", None), @r"
    1538/tcp  (3ds-lm)  mismatch
    python3.11 (PID 11224) listens on TCP port 1538.

    Verdict      mismatch (warning): python3.11 is not a known program of Autodesk 3ds-lm
    Next         If Autodesk 3ds-lm should run here, stop python3.11 or move it to another port. If not,
                 find out why python3.11 uses a license manager's port.
                 To stop it: kill 11224

    Started      2026-11-22 02:53:20 (66 minutes ago)
    Parents      systemd (PID 1) → python3.11 (PID 11224)
    Runs         /usr/bin/python3.11
    File         only root can replace it
    User         alice
    Reach        0.0.0.0 (any other machine, unless a firewall blocks it)
    Registry     3ds-lm (IANA, registered port)
    License      Autodesk 3ds-lm; expected process: lmgrd, lmadmin or adskflex
    Note         Autodesk's own documents put its license server on 27000-27009 and 2080. Nothing found
                 shows a current Autodesk product on 1538, so a listener here deserves a look.
    ");
}

#[test]
fn an_expected_server_in_detail() {
    insta::assert_snapshot!(office().printed("27000", None), @"
    27000/tcp  flex-lm  expected
    lmgrd (PID 900) listens on TCP port 27000.

    Verdict      expected: lmgrd is a known program of Revenera FlexNet license server
    Next         lmgrd (PID 900) has no vendor daemon that listens: clients get error -97 or -15. Look
                 at the end of its log, and start it again.
                 To stop it: lmutil lmdown -c 27000@localhost
                 To let it read a changed license file (a changed port needs a restart): lmutil lmreread
                 -c 27000@localhost

    Started      2026-11-22 02:53:20 (66 minutes ago)
    Parents      systemd (PID 1) → lmgrd (PID 900)
    Runs         /opt/flexlm/bin/lmgrd
    File         only root can replace it
    User         root
    Reach        0.0.0.0 (any other machine, unless a firewall blocks it)
    Registry     flex-lm, FLEX LM (1-10) (IANA, registered port)
    License      Revenera FlexNet license server; expected process: lmgrd or lmadmin
    Note         A FlexNet license server without a port of its own takes the first free one of
                 27000-27009. The vendor daemon is its child and has another port. 8090 is the web page
                 of lmadmin. FlexNet was called FLEXlm, and Revenera was Flexera and Globetrotter.

    Revenera FlexNet license server (FlexNet Publisher)         no vendor daemon
      lmgrd  PID 900  27000/tcp  /opt/flexlm/bin/lmgrd
      critical  lmgrd (PID 900) has no vendor daemon that listens: clients get error -97 or -15. Look at the end of its log, and start it again.
    ");
}

#[test]
fn shared_sockets_in_detail() {
    insta::assert_snapshot!(office().printed("80", None), @r"
    80/tcp  http
    nginx (PID 800) listens on TCP port 80.

    Next         Bind it to 127.0.0.1 if only this machine needs it.
                 To stop it: kill 800 801 802

    Also         nginx (PID 801) and nginx (PID 802)
    Started      2026-11-22 02:53:20 (66 minutes ago)
    Parents      systemd (PID 1) → nginx (PID 800)
    Runs         /usr/sbin/nginx
    File         only root can replace it
    User         root
    Reach        0.0.0.0, :: (any other machine, unless a firewall blocks it)
    Registry     http, World Wide Web HTTP (IANA, system port)
    ");
}

#[test]
fn a_hidden_owner_in_detail() {
    let machine = linux().by_ordinary_user(&[(7, "sshd")]).socket("tcp 0.0.0.0:1538", &[]);
    insta::assert_snapshot!(without_path(&machine.printed("1538", None)), @"
    1538/tcp  (3ds-lm)  cannot-tell
    TCP port 1538 is in use. You are not allowed to see by which program.

    Verdict      cannot-tell: the process that holds this port of Autodesk 3ds-lm is hidden

    User         alice
    Reach        0.0.0.0 (any other machine, unless a firewall blocks it)
    Registry     3ds-lm (IANA, registered port)
    License      Autodesk 3ds-lm; expected process: lmgrd, lmadmin or adskflex
    Note         Autodesk's own documents put its license server on 27000-27009 and 2080. Nothing found
                 shows a current Autodesk product on 1538, so a listener here deserves a look.

    The owner of 1 socket could not be identified without more rights. To see more: sudo whatlistens 1538
    ");
}

#[test]
fn rights_are_not_blamed_where_no_process_could_be_read() {
    let machine = linux().by_ordinary_user(&[(7, "sshd")]).socket("tcp 0.0.0.0:80", &[]);
    let unread = machine.gap(Gap::new(GapKind::ProcessesUnreadable, "the process table could not be read"));
    let detail = unread.printed("80", None);
    assert!(detail.contains("in use. The program that uses it could not be identified."), "{detail}");
    assert!(!detail.contains("not allowed"), "{detail}");
}

#[test]
fn a_socket_without_a_process_in_detail() {
    insta::assert_snapshot!(office().printed("33333", None), @"
    33333/udp
    UDP port 33333 is in use, but no visible process owns it. It may belong to the kernel, to a process
    in another PID namespace, such as a container's, or be on its way from one process to another
    (SCM_RIGHTS).

    User         alice
    Reach        0.0.0.0 (any other machine, unless a firewall blocks it)
    Registry     no service assigned (registered port)

    Unigine Licensing Server was not found on port 33333.
    Note         The registry assigns 33333 to dgi-serv, but Unigine Licensing Server uses it too. 33333
                 by TCP is the server, 33334 by UDP is how clients find it. Its process is unknown.
    ");
}

#[test]
fn the_processes_that_a_socket_may_be_on_its_way_to_are_named() {
    let to = |receivers: &[(Pid, Option<&str>, u64)]| {
        let receiver = |&(pid, name, descriptors): &(Pid, Option<&str>, u64)| Receiver {
            process: ProcessRef { pid, name: name.map(str::to_owned) },
            descriptors,
        };
        let receivers = receivers.iter().map(receiver).collect();
        let machine = linux()
            .socket("tcp 127.0.0.1:8080", &[])
            .socket("tcp 127.0.0.1:8081", &[])
            .but(|socket| socket.state = State::Bound);
        machine.seen(|seen| seen.receivers = Some(receivers))
    };
    let sentence = |machine: &Machine| {
        let detail = machine.printed("8080", None);
        detail.lines().skip(1).take_while(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!(sentence(&to(&[(7, Some("nginx"), 1)])), @"
    TCP port 8080 is in use, but no visible process owns it. It may be on its way to nginx (PID 7),
    which has 1 descriptor waiting in a unix socket (SCM_RIGHTS). It may also belong to the kernel, or
    to a process in another PID namespace, such as a container's.
    ");
    insta::assert_snapshot!(sentence(&to(&[(7, Some("a ) b"), 2)])), @r#"
    TCP port 8080 is in use, but no visible process owns it. It may be on its way to "a ) b" (PID 7),
    which has 2 descriptors waiting in unix sockets (SCM_RIGHTS). It may also belong to the kernel, or
    to a process in another PID namespace, such as a container's.
    "#);
    insta::assert_snapshot!(sentence(&to(&[(7, Some("nginx"), 1), (8, None, 2)])), @"
    TCP port 8080 is in use, but no visible process owns it. It may be on its way to nginx (PID 7) or
    PID 8, which have descriptors waiting in unix sockets (SCM_RIGHTS). It may also belong to the
    kernel, or to a process in another PID namespace, such as a container's.
    ");
    let many: Vec<_> = (1..=9).map(|pid| (pid, Some("nginx"), 1)).collect();
    insta::assert_snapshot!(sentence(&to(&many)), @"
    TCP port 8080 is in use, but no visible process owns it. It may be on its way to nginx (PID 1),
    nginx (PID 2), nginx (PID 3) or 6 more, which have descriptors waiting in unix sockets (SCM_RIGHTS).
    It may also belong to the kernel, or to a process in another PID namespace, such as a container's.
    ");
    insta::assert_snapshot!(sentence(&to(&[])), @"
    TCP port 8080 is in use, but no visible process owns it. It may belong to the kernel, or to a
    process in another PID namespace, such as a container's. It is not on its way to any visible process
    (SCM_RIGHTS).
    ");
    insta::assert_snapshot!(to(&[(7, Some("nginx"), 1)]).printed("8081", None), @"
    8081/tcp  (sunproxyadmin)
    A socket that no visible process owns holds TCP port 8081 without listening: connections are
    refused, and usually no other program can use it. It may be on its way to nginx (PID 7), which has 1
    descriptor waiting in a unix socket (SCM_RIGHTS). It may also belong to the kernel, or to a process
    in another PID namespace, such as a container's.

    User         alice
    Address      127.0.0.1 (accepts no connections until it listens)
    Registry     sunproxyadmin, Sun Proxy Admin Service (IANA, registered port)
    ");
}

#[test]
fn a_free_port_in_detail() {
    insta::assert_snapshot!(office().printed("7279/tcp", None), @"
    7279/tcp  ctxlic
    TCP port 7279 is free: nothing on this machine listens on it. A connection, or a socket that does
    not listen, may still block it.

    Next         If the license server (lmgrd, lmadmin or CITRIX) should run on this machine, it is not
                 running or uses another port: check its log, or search by name: whatlistens lmgrd. If
                 it runs on another machine, check there.

    Registry     ctxlic, Citrix Licensing (IANA, registered port)
    License      Citrix License Server
    Note         7279 is the port of the vendor daemon CITRIX; the license server manager (lmadmin,
                 formerly lmgrd) listens on 27000, and with its console on 8082. 8083 is the Simple
                 License Service's, by Citrix's own table of ports. 7279 is not a Sentinel port.
    ");
    // The server may use TCP, which was not scanned.
    let by_udp = office().printed("1538/udp", None).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(by_udp.contains("should run on this machine with UDP, it is not running"), "{by_udp}");
    insta::assert_snapshot!(office().printed("50000", None), @"
    50000
    Port 50000 is free for TCP and UDP: nothing on this machine listens on it. A connection, or a socket
    that does not listen, may still block it.

    Registry     none: dynamic ports (49152 and up) are never assigned
    ");
}

#[test]
fn holders_beyond_a_few_are_counted() {
    let workers = |n| (0..n).map(|i| process(900 + i, "/usr/sbin/nginx")).collect::<Vec<_>>();
    let also = |n| {
        let detail = linux().socket("tcp 0.0.0.0:80", &workers(n)).printed("80", None);
        detail.lines().skip_while(|line| !line.starts_with("Also")).take(2).collect::<Vec<_>>().join(" ")
    };
    assert!(also(9).contains("PID 908"), "{}", also(9));
    assert!(also(12).contains("3 more"), "{}", also(12));
}

#[test]
fn ages_are_in_the_unit_a_person_would_use() {
    for (seconds, said) in [
        (1, "1 second ago"),
        (119, "119 seconds ago"),
        (120, "2 minutes ago"),
        (7_199, "119 minutes ago"),
        (7_200, "2 hours ago"),
        (172_799, "47 hours ago"),
        (172_800, "2 days ago"),
        (31_536_000, "365 days ago"),
    ] {
        let mut server = process(70, "/usr/sbin/nginx");
        server.started_at = server.started_at.map(|_| now() - seconds.seconds());
        let detail = linux().socket("tcp 0.0.0.0:80", &[server]).printed("80", None);
        assert!(detail.contains(&format!("({said})")), "{detail}");
    }
}

#[test]
fn nothing_is_called_free_that_was_not_looked_at() {
    for (line, family) in [("-4 ssh", "IPv4"), ("-6 ssh", "IPv6")] {
        let printed = linux().printed(line, None);
        assert!(
            !printed.contains("free") && printed.contains(&format!("at an {family} address")),
            "{printed}"
        );
    }
    let blind = linux().gap(Gap {
        count: Some(1),
        ..Gap::new(GapKind::SocketsUnreadable, "the kernel left 1 listener out of its socket dump")
    });
    let printed = blind.printed("8080", None);
    assert!(printed.contains("whether it is free is unknown") && printed.contains("The kernel left"));
    assert!(linux().printed("8080", None).contains("Port 8080 is free"));
}

#[test]
fn where_other_namespaces_are_not_known_a_port_is_free_in_this_one() {
    let gap =
        || Gap::new(GapKind::NamespacesHidden, "the network namespaces of 3 processes could not be read");
    let printed = linux().gap(gap()).printed("8080", None);
    assert!(printed.contains("nothing in this network namespace listens on it"), "{printed}");
    assert!(printed.contains("The network namespaces of 3 processes"), "{printed}");
    // What listens here is here, whatever there is elsewhere.
    let held = || office().gap(gap());
    assert!(!held().printed("80", None).contains("The network namespaces of"));
    assert!(held().printed("80 8080", None).contains("The network namespaces of"));
    assert!(held().printed("80 --all-namespaces", None).contains("The network namespaces of"));
}

#[test]
fn a_number_that_is_a_process_s_is_told() {
    let machine = linux().socket("tcp 0.0.0.0:22", &[process(4242, "/usr/sbin/sshd")]);
    assert!(machine.printed("4242", None).contains("the ID of a process, sshd: whatlistens --pid 4242"));
    assert!(!machine.printed("4243", None).contains("--pid"));
}

#[test]
fn a_manager_of_the_other_protocol_is_said_to_be_absent() {
    let machine = linux().socket("tcp 0.0.0.0:5093", &[process(70, "/usr/bin/node")]);
    let printed = machine.printed("5093", None);
    assert!(printed.contains("Thales Sentinel RMS License Manager was not found on port 5093"), "{printed}");
    let machine = linux().socket("udp 0.0.0.0:5093", &[process(70, "/opt/lserv")]);
    assert!(!machine.printed("5093", None).contains("was not found"));
}

/// Who can replace the file, where that was examined, and whether the path is the file's own.
#[test]
fn the_file_is_told_with_who_can_replace_it() {
    let told = |change: fn(&mut Executable)| {
        let server = Process { uid: Some(990), ..with_file(9, "/opt/x/lmgrd", change) };
        let server = Process { user: Some("lic".to_owned()), ..server };
        let printed = linux().socket("tcp 0.0.0.0:27000", &[server]).printed("27000", None);
        let about = printed.lines().filter(|line| line.starts_with("Runs") || line.starts_with("File"));
        about.collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!(told(|_| ()), @"
    Runs         /opt/x/lmgrd
    File         only root can replace it
    ");
    insta::assert_snapshot!(told(|file| file.writers = written_by(user(990, "lic"), "/opt/x")), @"
    Runs         /opt/x/lmgrd
    File         only root and the service account lic can replace it
    ");
    insta::assert_snapshot!(told(|file| file.writers = written_by(user(1000, "alice"), "/opt/x")), @"
    Runs         /opt/x/lmgrd
    File         the user alice can replace it, through /opt/x
    ");
    insta::assert_snapshot!(told(|file| file.writers = anyone_at("/opt/x")), @"
    Runs         /opt/x/lmgrd
    File         any user of this machine can replace it, through /opt/x
    ");
    insta::assert_snapshot!(told(|file| file.writers = Checked::Failed(NotInspected::MayNotAnswer)), @"
    Runs         /opt/x/lmgrd
    File         who can replace it is not known: it is on a file system that may not answer
    ");
    insta::assert_snapshot!(told(|file| file.writers = Checked::NotRequested), @"Runs         /opt/x/lmgrd");
    insta::assert_snapshot!(told(|file| file.path_confirmed = Checked::Done(false)), @"Runs         calls itself /opt/x/lmgrd, but that path leads to another file");
}

#[test]
fn nobody_is_said_to_be_refused_where_another_socket_listens() {
    let machine = linux()
        .socket("tcp 127.0.0.1:5432", &[process(7, "/usr/bin/postgres")])
        .socket("tcp 127.0.0.1:5432", &[process(8, "/usr/bin/python3")])
        .but(|socket: &mut whatlistens::model::Socket| socket.state = State::Bound);
    let text = machine.printed("5432", None);
    assert!(text.contains("postgres (PID 7) listens on TCP port 5432."), "{text}");
    assert!(text.contains("python3 (PID 8) holds TCP port 5432 too, without listening."), "{text}");
    assert!(!text.contains("refused"), "{text}");
}

/// The registry gives 4085 to another name than that of the license manager.
#[test]
fn a_license_manager_whose_program_may_be_hidden_is_not_said_to_be_absent() {
    let hidden = linux().by_ordinary_user(&[(7, "DSLicSrv")]).socket("tcp 0.0.0.0:4085", &[]);
    let text = crate::started::unbroken(&hidden.printed("4085", None));
    let unknown = "Whether Dassault Systemes DS License Server has port 4085 is not known: not all holders are visible.";
    assert!(text.contains(unknown) && !text.contains("was not found"), "{text}");
    let other = linux().socket("tcp 0.0.0.0:4085", &[process(7, "/usr/sbin/nginx")]);
    let text = crate::started::unbroken(&other.printed("4085", None));
    assert!(text.contains("Dassault Systemes DS License Server was not found on port 4085."), "{text}");
}
