//! What people type who know other programs: understood where it is plain, else one line that says what would be right.

use whatlistens::model::{Process, ProcessService, ServiceManager};
use whatlistens::query::Environment;

use crate::document::read;
use crate::recorded::{Machine, linux, office, process};

/// The words of the answers, as the JSON has them.
fn asked(line: &str) -> String {
    let document = read(&office().printed(&format!("--json {line}"), None));
    document.asked.iter().map(|asked| asked.what.as_str()).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_protocol_may_stand_before_or_behind() {
    for (typed, meant) in [
        ("tcp:80", "80/tcp"),
        ("udp/5514", "5514/udp"),
        ("udp 5514", "5514/udp"),
        ("5514 udp", "5514/udp"),
        ("5514/udp", "5514/udp"),
        ("tcp 80 udp 53", "80/tcp 53/udp"),
        ("tcp:80,443", "80/tcp 443/tcp"),
        ("80, 443", "80 443"),
        ("( sport = :80 )", "80"),
        ("sport = :80", "80"),
        ("*:80", "*:80"),
        ("port 80", "80"),
        (":80", "80"),
        ("tcp:ssh", "ssh/tcp"),
    ] {
        assert_eq!(asked(typed), meant, "{typed}");
    }
    assert_eq!(office().printed("tcp 80", None), office().printed("80/tcp", None));
}

#[test]
fn a_word_for_another_command_is_answered_with_what_is_right() {
    let refused = |line: &str| office().refusal(line);
    insta::assert_snapshot!(refused("kill 3000"), @"‘kill’: whatlistens ends no process, but says how to: whatlistens 3000");
    insta::assert_snapshot!(refused("stop nginx"), @"‘stop’: whatlistens ends no process, but says how to: whatlistens nginx");
    insta::assert_snapshot!(refused("3000 kill"), @"‘kill’: whatlistens ends no process, but says how to: whatlistens 3000");
    insta::assert_snapshot!(refused("follow"), @"‘follow’: to see what appears, goes and changes: whatlistens watch 80");
    insta::assert_snapshot!(refused("follow 80 443/tcp"), @"‘follow’: to see what appears, goes and changes: whatlistens watch 80 443/tcp");
    insta::assert_snapshot!(refused("list"), @"‘list’: to list everything: whatlistens");
    insta::assert_snapshot!(refused("find 80"), @"‘find’: name only what you look for: whatlistens 80");
    insta::assert_snapshot!(refused("check 80"), @"‘80’: to check that it listens: --expect 80; to check what listens there: --no-flagged, --max-exposure EXPOSURE, --servers or --policy FILE");
    insta::assert_snapshot!(refused("tcp 80 443"), @"‘tcp’: for all tcp ports use -t, for one port write 80/tcp");
    insta::assert_snapshot!(refused("dport = :80"), @"‘dport = :80’: that is the port of the other side; for what listens here on it: whatlistens :80");
    assert!(linux().printed("help", None).starts_with("What is listening"));
    // It may be the name of a program.
    let watch = linux().socket("tcp 0.0.0.0:80", &[process(7, "/usr/bin/follow")]);
    assert!(watch.printed("follow", None).contains("80/tcp"));
}

fn in_unit(unit: &str, process: Process) -> Process {
    Process { services: vec![ProcessService::new(ServiceManager::Systemd, unit)], ..process }
}

/// `lmgrd` of `flexlm.service`, and `sshd` of `ssh.service` on a port of its own.
fn with_units() -> Machine {
    linux()
        .socket("tcp 0.0.0.0:27000", &[in_unit("acme-lic.service", process(9, "/opt/flexlm/lmgrd"))])
        .socket("tcp 0.0.0.0:2222", &[in_unit("ssh.service", process(5, "/usr/sbin/sshd"))])
        .socket("tcp 0.0.0.0:80", &[in_unit("web.service", process(6, "/usr/sbin/nginx"))])
}

#[test]
fn a_unit_needs_no_suffix() {
    let found = |line: &str| {
        let (printed, ..) = with_units().run(line, &Environment::plain()).unwrap();
        printed
    };
    for (word, port) in [("acme-lic", "27000/tcp"), ("ssh", "2222/tcp"), ("web", "80/tcp")] {
        assert!(found(word).contains(port), "{word}: {}", found(word));
        assert!(found(&format!("{word}.service")).contains(port), "{word}");
    }
    assert!(
        found("acme-lic").contains("‘acme-lic’ was taken as the unit acme-lic.service."),
        "{}",
        found("acme-lic")
    );
    assert!(with_units().refusal("acme-l").starts_with("‘acme-l’ is not a known service"));
    // What is called so comes first.
    let called = with_units().socket("tcp 0.0.0.0:8080", &[process(8, "/opt/web")]);
    let rows = called.printed("-H web", None);
    assert!(rows.contains("8080/tcp") && !rows.contains(" 80/tcp"), "{rows}");
}

/// What is refused, and why, whatever the machine.
fn refused(line: &str) -> String {
    linux().refusal(line)
}

#[test]
fn a_hint_names_what_was_typed() {
    insta::assert_snapshot!(refused("-k 3000/tcp"), @"there is no option -k: whatlistens ends no process, but says how to: whatlistens 3000/tcp");
    insta::assert_snapshot!(refused("--kill 3000"), @"there is no option --kill: whatlistens ends no process, but says how to: whatlistens 3000");
    insta::assert_snapshot!(refused("8000 --kill"), @"there is no option --kill: whatlistens ends no process, but says how to: whatlistens 8000");
    insta::assert_snapshot!(refused("--kill=8000"), @"there is no option --kill: whatlistens ends no process, but says how to: whatlistens 8000");
    insta::assert_snapshot!(refused("--kill"), @"there is no option --kill: whatlistens ends no process, but says how to: whatlistens 80");
    insta::assert_snapshot!(refused("kill -9 3000"), @"‘kill’: whatlistens ends no process, but says how to: whatlistens 3000");
    insta::assert_snapshot!(refused("3000:80"), @"‘3000:80’: of a container's HOST:CONTAINER the first is the port of this machine: 3000");
    insta::assert_snapshot!(refused("127.0.0.1:3000:80"), @"‘127.0.0.1:3000:80’: of a container's HOST:CONTAINER the first is the port of this machine: 127.0.0.1:3000");
    insta::assert_snapshot!(refused("8080-8081:80-81/tcp"), @"‘8080-8081:80-81’: of a container's HOST:CONTAINER the first is the port of this machine: 8080-8081");
    insta::assert_snapshot!(refused("20/node"), @"‘20/node’: for the process: --pid 20; else the protocol is tcp or udp, as in 20/tcp");
    insta::assert_snapshot!(refused("20/http"), @"‘20/http’: the protocol is tcp or udp, as in 20/tcp");
    insta::assert_snapshot!(refused("20/tcp6"), @"‘20/tcp6’: the protocol is tcp or udp, as in 20/tcp");
    insta::assert_snapshot!(refused("-97"), @"there is no option -97; for a license error: whatlistens explain -97");
    insta::assert_snapshot!(refused("-15,570"), @"there is no option -15,570; for a license error: whatlistens explain -15,570");
    insta::assert_snapshot!(refused("-5"), @"there is no option -5; for a license error: whatlistens explain -5");
    insta::assert_snapshot!(refused("-4,132"), @"there is no option -4,132; for a license error: whatlistens explain -4,132");
    assert!(asked("-4 80") == "80" && asked("-46 80") == "80");
}

#[test]
fn an_option_that_does_not_exist_is_answered_with_what_does() {
    insta::assert_snapshot!(refused("--exclude 80"), @r#"there is no option --exclude: to leave rows out, filter the JSON, as in whatlistens --json | jq ".listeners[] | select(.port != 80)""#);
    insta::assert_snapshot!(refused("--namespaces"), @"there is no option --namespaces: for every network namespace, also those of containers, use --all-namespaces");
    insta::assert_snapshot!(refused("--netns 80"), @"there is no option --netns: for every network namespace, also those of containers, use --all-namespaces");
    insta::assert_snapshot!(refused("--public"), @"there is no option --public: for what other machines may reach use --exposed");
    insta::assert_snapshot!(refused("--unit nginx"), @"there is no option --unit: a unit or a container is found by its name: whatlistens nginx");
    insta::assert_snapshot!(refused("--service http"), @"there is no option --service: a service is found by its name: whatlistens http");
    insta::assert_snapshot!(refused("--name nginx"), @"there is no option --name: for a process use --process nginx");
    insta::assert_snapshot!(refused("--script server.js"), @"there is no option --script: a script is found by its name: whatlistens server.js; to see those that run: --columns port,process,script");
    insta::assert_snapshot!(refused("--cwd shop"), @"there is no option --cwd: to see the folders in which processes work: --columns port,process,cwd");
    assert_eq!(asked("--ports 80,443"), "80 443");
    assert_eq!(asked("--port 80"), "80");
    for option in ["--owner", "-U", "--uid"] {
        let office = office();
        assert_eq!(
            office.printed(&format!("{option} root"), None),
            office.printed("--user root", None),
            "{option}"
        );
    }
}

#[test]
fn what_clients_of_license_servers_type_leads_to_them() {
    insta::assert_snapshot!(refused("lmstat"), @"‘lmstat’: to see license servers, their daemons and clients, and what is wrong: whatlistens servers");
    insta::assert_snapshot!(refused("lmutil lmstat -a"), @"‘lmutil’: to see license servers, their daemons and clients, and what is wrong: whatlistens servers");
    insta::assert_snapshot!(refused("lmstat -c 27000@lic01 -a"), @"‘lmstat’: to see license servers, their daemons and clients, and what is wrong: whatlistens servers");
    insta::assert_snapshot!(refused("rlmstat"), @"‘rlmstat’: to see license servers, their daemons and clients, and what is wrong: whatlistens servers");
    insta::assert_snapshot!(refused("lmdiag"), @"‘lmdiag’: to see license servers, their daemons and clients, and what is wrong: whatlistens servers");
    insta::assert_snapshot!(refused("lmdown -q"), @"‘lmdown’: whatlistens ends no license server, but shows them: whatlistens servers");
    insta::assert_snapshot!(refused("servers --port 27000"), @"there is no option --port: for what listens on a port: whatlistens 27000");
    insta::assert_snapshot!(refused("servers 27000@lic01"), @"‘27000@lic01’: for the license server on a port: whatlistens 27000@lic01");
    insta::assert_snapshot!(refused("servers 27000"), @"‘27000’: for the license server on a port: whatlistens 27000");
    insta::assert_snapshot!(refused("servers down"), @"‘down’: for all license servers with their states: whatlistens servers; for one line on what is wrong: whatlistens servers --check");
    insta::assert_snapshot!(refused("servers stopped"), @"‘stopped’: for all license servers with their states: whatlistens servers; for one line on what is wrong: whatlistens servers --check");
    insta::assert_snapshot!(refused("servers nosuch"), @"No license manager, vendor or license server here is called ‘nosuch’.");
}

#[test]
fn behind_p_stands_a_process_where_the_options_are_those_of_lsof() {
    let machine = linux()
        .socket("tcp 0.0.0.0:3000", &[process(18, "/usr/bin/node")])
        .socket("tcp 0.0.0.0:8080", &[process(20, "/usr/bin/node")]);
    // In a pipe those have a column more.
    let on_terminal = Some(200);
    let pid = machine.printed("--pid 18", on_terminal);
    assert!(pid.contains("3000") && !pid.contains("8080"), "{pid}");
    for line in ["-nP -p 18", "-P -p 18", "-a -p 18", "-p 18 -a -i", "-Pan -p 18 -i", "-p18 -nP"] {
        assert_eq!(machine.printed(line, on_terminal), pid, "{line}");
    }
    let tcp = machine.printed("-iTCP -sTCP:LISTEN -P -n -a -p 18", None);
    assert!(tcp.contains("3000") && !tcp.contains("8080") && !tcp.contains("18: "), "{tcp}");
    let free = machine.printed("-p 18", None);
    let answer = free.lines().nth(1).unwrap();
    assert!(
        answer.starts_with("18 is also the ID of a process, node (for its ports: --pid 18). Port 18"),
        "{free}"
    );
    for line in ["-p 3000", "-p3000", "-anp 3000", "-tlnp 3000"] {
        assert!(machine.printed(line, None).contains("port 3000"), "{line}: {}", machine.printed(line, None));
    }
}

#[test]
fn people_s_names_of_services_are_understood() {
    let machine = linux()
        .socket("tcp 0.0.0.0:5432", &[process(7, "/usr/lib/postgresql/16/bin/postgres")])
        .socket("tcp 127.0.0.1:27018", &[process(8, "/usr/bin/mongod")])
        .socket("tcp 0.0.0.0:3389", &[process(9, "/usr/sbin/xrdp")]);
    insta::assert_snapshot!(machine.printed("rdp", None), @r"
    3389/tcp  ms-wbt-server
    xrdp (PID 9) listens on TCP port 3389.

    Next         Bind it to 127.0.0.1 if only this machine needs it.
                 To stop it: kill 9

    Started      2026-11-22 02:53:20 (66 minutes ago)
    Runs         /usr/sbin/xrdp
    File         only root can replace it
    User         alice
    Reach        0.0.0.0 (any other machine, unless a firewall blocks it)
    Registry     ms-wbt-server, MS WBT Server (IANA, registered port)
    ");
    insta::assert_snapshot!(machine.printed("smb", None), @r"
    smb  microsoft-ds
    TCP port 445 is free: nothing on this machine listens on it. A connection, or a socket that does not
    listen, may still block it.

    Registry     microsoft-ds (IANA, system port)
    ");
    insta::assert_snapshot!(machine.printed("rdp smb VNC mssql", None), @r"
        PORT  ADDRESS       PROCESS  PID  USER   IANA NAME
    3389/tcp  0.0.0.0:3389  xrdp       9  alice  ms-wbt-server

    smb (445): free for TCP, unless a socket that does not listen still blocks it.
    VNC (5900): free for TCP, unless a socket that does not listen still blocks it.
    mssql (1433): free for TCP, unless a socket that does not listen still blocks it.
    ");
    assert!(machine.printed("postgres", None).contains("postgres (PID 7)"));
    // A name may be the beginning of a program's, too.
    let redis = linux().socket("tcp 0.0.0.0:9999", &[process(3, "/opt/vnc-server")]);
    insta::assert_snapshot!(redis.printed("vnc", None), @r"
    9999/tcp  (distinct)
    vnc-server (PID 3) listens on TCP port 9999.

    Next         Bind it to 127.0.0.1 if only this machine needs it.
                 To stop it: kill 3

    Started      2026-11-22 02:53:20 (66 minutes ago)
    Runs         /opt/vnc-server
    File         only root can replace it
    User         alice
    Reach        0.0.0.0 (any other machine, unless a firewall blocks it)
    Registry     distinct (IANA, registered port); vnc-server is not known for it

    TCP port 5900 is free: nothing on this machine listens on it. A connection, or a socket that does
    not listen, may still block it.

    ‘vnc’ was taken as the beginning of vnc-server.
    ");
    assert_eq!(asked("k8s kafka dns"), "k8s kafka dns");
    insta::assert_snapshot!(refused("nosuchname othername"), @"‘nosuchname’ is not a known service, and no process of that name listens here. (For a process that may not be running: --process nosuchname) ‘othername’ is not a known service, and no process of that name listens here. (For a process that may not be running: --process othername)");
    insta::assert_snapshot!(refused("-t ntpd"), @"‘ntpd (123/udp)’ is not a tcp port, but only tcp was requested: leave out one of the two");
}

#[test]
fn a_pasted_line_is_understood_in_quotes_and_as_words() {
    let machine = linux()
        .socket("tcp 0.0.0.0:3000", &[process(18, "/usr/bin/node")])
        .socket("tcp 0.0.0.0:8080", &[process(20, "/usr/bin/docker-proxy")]);
    for (line, same) in [
        (r#"users:(("node",pid=18,fd=18))"#, "--pid 18"),
        (r#"LISTEN 0 511 0.0.0.0:3000 0.0.0.0:* users:(("node",pid=18,fd=18))"#, "3000"),
        // The process may have ended, and its ID may be another's.
        (r#"LISTEN 0 511 *:3000 *:* users:(("node",pid=20,fd=18))"#, "3000"),
        ("tcp 0 0 0.0.0.0:3000 0.0.0.0:* LISTEN 99999/node", "3000/tcp"),
        ("TCP 0.0.0.0:3000 0.0.0.0:0 LISTENING 18", "3000/tcp"),
        ("node 18 root 18u IPv4 1234 0t0 TCP *:3000 (LISTEN)", "3000/tcp"),
        ("0.0.0.0:8080->80/tcp, [::]:8080->80/tcp", "8080/tcp"),
        ("80/tcp -> 0.0.0.0:8080", "8080/tcp"),
        ("3000/tcp: 18", "3000/tcp"),
        ("3000/tcp open http", "3000/tcp"),
        ("LISTEN 0 511 *:3000 *:* LISTEN 0 511 *:8080 *:*", "3000 8080"),
        ("-H --columns pid LISTEN 0 511 *:3000 *:*", "-H --columns pid 3000"),
        ("LISTEN 0 511 *:3000 *:* --user alice", "3000 --user alice"),
        ("--sort pid 0.0.0.0:8080->80/tcp 3000 3001", "--sort pid 8080/tcp 3000 3001"),
        ("-ltnp state listening", "-t"),
    ] {
        let on_terminal = Some(200);
        assert_eq!(machine.printed(line, on_terminal), machine.printed(same, on_terminal), "{line}");
    }
    insta::assert_snapshot!(refused("-tnp state established"), @"‘state established’: only listeners are listed; --connections counts the connections of each");
}

#[test]
fn an_option_that_takes_no_value_says_so() {
    insta::assert_snapshot!(refused("--json=pretty"), @"‘--json=pretty’: --json takes no value");
    insta::assert_snapshot!(refused("--wide=1"), @"‘--wide=1’: --wide takes no value");
    insta::assert_snapshot!(refused("--tcp=1 80"), @"‘--tcp=1’: --tcp takes no value");
    insta::assert_snapshot!(refused("servers --check=yes"), @"‘--check=yes’: --check takes no value");
    insta::assert_snapshot!(refused("--all=true 80"), @"‘--all=true’: --all takes no value");
    insta::assert_snapshot!(refused("--help=json"), @"‘--help=json’: --help takes no value");
}

#[test]
fn ports_may_stand_right_behind_letters() {
    for (typed, meant) in [
        ("-t80", "80"),
        ("-t=80", "80"),
        ("-u53", "53"),
        ("-tn80,443", "80 443"),
        ("-tulpn8000-8010", "8000-8010"),
    ] {
        assert_eq!(asked(typed), meant, "{typed}");
    }
    assert_eq!(asked("-t6 80"), "80");
    insta::assert_snapshot!(refused("excluded -t80"), @"‘-t80’: a blank belongs before the port: -t 80");
}

#[test]
fn a_word_may_say_what_the_next_is() {
    let machine = with_units();
    for (typed, same) in [
        ("process nginx", "--process nginx"),
        ("program sshd", "--process sshd"),
        ("unit web.service", "web.service"),
        ("service ssh", "ssh"),
        ("unit web", "web"),
        ("container web", "web"),
        ("process nginx 80", "--process nginx 80"),
        ("pid 6", "--pid 6"),
    ] {
        let answer = |line: &str| machine.run(line, &Environment::plain()).unwrap().0;
        assert_eq!(answer(typed), answer(same), "{typed}");
    }
    assert_eq!(office().printed("user root", None), office().printed("--user root", None));
    let refused = |line: &str| office().refusal(line);
    insta::assert_snapshot!(refused("who has 3000"), @"‘who’: name only what you look for: whatlistens 3000");
    insta::assert_snapshot!(refused("who is using port 3000"), @"‘who’: name only what you look for: whatlistens 3000");
    insta::assert_snapshot!(refused("what listens on 3000"), @"‘what’: name only what you look for: whatlistens 3000");
    insta::assert_snapshot!(refused("process"), @"‘process’: for a process by its name use --process, by its ID --pid; for a port name it alone: whatlistens 80");
    insta::assert_snapshot!(refused("process 3000"), @"‘process’: for a process by its name use --process, by its ID --pid; for a port name it alone: whatlistens 3000");
    insta::assert_snapshot!(refused("unit"), @"‘unit’: name only what you look for: whatlistens 80");
}

#[test]
fn an_address_and_a_port_may_have_a_slash_or_a_user() {
    for (typed, same) in [
        ("127.0.0.1/80", "127.0.0.1:80"),
        ("localhost/80", "localhost:80"),
        ("0.0.0.0/8000-8010", "0.0.0.0:8000-8010"),
        ("u:x@localhost:3000", "localhost:3000"),
        ("git@lic01:22", "lic01:22"),
    ] {
        let answer = |line: &str| office().printed(&format!("-H {line}"), None);
        assert_eq!(answer(typed).replace(typed, same), answer(same), "{typed}");
    }
    assert!(!office().printed("u:geheim@localhost:3000", None).contains("geheim"));
    insta::assert_snapshot!(refused("10.0.0.0/8"), @"‘10.0.0.0/8’: for a port at an address: 10.0.0.0:8; for what receives there: --address 10.0.0.0");
    insta::assert_snapshot!(refused("lic01/80"), @"‘lic01/80’: for the port at every address: 80; at one: 127.0.0.1:80");
}

#[test]
fn what_is_refused_names_what_to_type() {
    insta::assert_snapshot!(refused("--free 8000-8010"), @"there is no option --free: to learn whether a port is free, name it: whatlistens 8000-8010");
    insta::assert_snapshot!(refused("--free-port"), @"there is no option --free-port: to learn whether a port is free, name it: whatlistens 80");
    insta::assert_snapshot!(refused("-K dport = :3000"), @"there is no option -K: whatlistens ends no process, but says how to: whatlistens :3000");
    insta::assert_snapshot!(refused("-K ( sport = :3000 )"), @"there is no option -K: whatlistens ends no process, but says how to: whatlistens :3000");
    insta::assert_snapshot!(refused("dport = :3000"), @"‘dport = :3000’: that is the port of the other side; for what listens here on it: whatlistens :3000");
    insta::assert_snapshot!(refused("servers -c /opt/str/matlab.lic"), @"there is no option -c: for a license file use --license-file /opt/str/matlab.lic");
    insta::assert_snapshot!(refused("servers --status"), @"there is no option --status: to see license servers, their daemons and clients, and what is wrong: whatlistens servers");
    insta::assert_snapshot!(refused("servers status"), @"‘status’: to see license servers, their daemons and clients, and what is wrong: whatlistens servers");
    insta::assert_snapshot!(refused("servers clients"), @"‘clients’: to see license servers, their daemons and clients, and what is wrong: whatlistens servers");
    insta::assert_snapshot!(refused("3000/tcp:x"), @"‘3000/tcp:x’: the protocol is tcp or udp, as in 3000/tcp");
}

#[test]
fn two_words_can_be_one_name() {
    let machine = linux().socket("tcp 0.0.0.0:3389", &[process(9, "/usr/sbin/xrdp")]);
    for (typed, same) in [("remote desktop", "rdp"), ("SQL Server", "mssql"), ("mail", "25/tcp")] {
        let first = |line: &str| machine.printed(line, None).lines().nth(1).unwrap().to_owned();
        assert!(first(typed).contains("port"), "{typed}: {}", first(typed));
        assert_eq!(first(typed).contains("listens"), first(same).contains("listens"), "{typed}");
    }
}

#[test]
fn what_explain_knows_is_said() {
    insta::assert_snapshot!(refused("mismatch"), @"‘mismatch’ is not a known service, and no process of that name listens here. For what the word means: whatlistens explain mismatch");
    insta::assert_snapshot!(refused("EADDRINUSE"), @"‘EADDRINUSE’ is not a known service, and no process of that name listens here. For what the word means: whatlistens explain EADDRINUSE");
    insta::assert_snapshot!(refused("LM_CANTCONNECT"), @"‘LM_CANTCONNECT’ is not a known service, and no process of that name listens here. For what the word means: whatlistens explain LM_CANTCONNECT");
    insta::assert_snapshot!(refused("nosuchword"), @"‘nosuchword’ is not a known service, and no process of that name listens here. (For a process that may not be running: --process nosuchword)");
    insta::assert_snapshot!(refused("explain node"), @"No service, license manager, vendor or license process is called ‘node’. (For a process: whatlistens node)");
    insta::assert_snapshot!(refused("explain nosuch.js"), @"No service, license manager, vendor or license process is called ‘nosuch.js’. (For a process: whatlistens nosuch.js)");
    insta::assert_snapshot!(linux().printed("10013", None), @r"
    10013
    Port 10013 is free for TCP and UDP: nothing on this machine listens on it. A connection, or a socket
    that does not listen, may still block it.
    10013 is also the number of an error, WSAEACCES: whatlistens explain 10013

    Registry     no service assigned (registered port)
    ");
    for number in ["10048", "98", "10061"] {
        let told = linux().printed(number, None);
        assert!(told.contains(&format!("whatlistens explain {number}")), "{told}");
        let json = linux().printed(&format!("--json {number}"), None);
        assert!(json.contains(&format!("whatlistens explain {number}")), "{json}");
    }
    for line in ["10014", "10013-10014", "80 443"] {
        assert!(!linux().printed(line, None).contains("number of an error"), "{line}");
    }
    let held = linux().socket("tcp 0.0.0.0:10013", &[process(7, "/usr/bin/node")]);
    assert!(!held.printed("10013/tcp", None).contains("number of an error"));
}

#[test]
fn behind_u_stands_a_user_where_the_options_are_those_of_lsof() {
    let user = office().printed("--user root", Some(200));
    for line in ["-u root -i", "-i -u root", "-nP -u root"] {
        assert_eq!(office().printed(line, Some(200)), user, "{line}");
    }
    assert_eq!(asked("-u 53"), "53");
    assert_eq!(asked("-n -u 53"), "53");
}
