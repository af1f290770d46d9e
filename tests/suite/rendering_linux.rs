//! What only Linux reports, verbatim: units, containers, namespaces, backlogs and connections.

use whatlistens::model::{
    AcceptQueue, Activation, Application, ApplicationKind, AtTarget, Checked, Connections, Container,
    Forward, Namespace, NotInspected, Process, ProcessRef, ProcessService, Protocol, Runtime, ServiceManager,
    State, UnansweredAttempt,
};

use crate::document::read;
use crate::recorded::{Machine, linux, process, running_with};

const ID: &str = "4f66ad9a0b2e8b1c3d5e7f90123456789abcdef0123456789abcdef012345678";

fn unit(name: &str) -> Vec<ProcessService> {
    vec![ProcessService::new(ServiceManager::Systemd, name)]
}

fn web() -> Container {
    Container {
        runtime: Runtime::Docker,
        id: ID.to_owned(),
        name: Some("web".to_owned()),
        image: Some("nginx:1.25".to_owned()),
        pod: None,
        user: None,
        nested: false,
    }
}

fn blue() -> Option<Namespace> {
    Some(Namespace { inode: 4_026_532_281, name: Some("blue".to_owned()) })
}

/// A unit with its parents, Docker's proxy, a socket of systemd's, one in another namespace, and one that
/// is bound without listening.
fn server() -> Machine {
    let nginx = Process { services: unit("nginx.service"), ..process(800, "/usr/sbin/nginx") };
    let proxy = Process {
        services: unit("docker.service"),
        forward: Some(Box::new(Forward {
            protocol: Protocol::Tcp,
            to: "172.17.0.2:80".parse().unwrap(),
            container: Some(Box::new(web())),
            process: Some(ProcessRef { pid: 44, name: Some("httpd".to_owned()) }),
            there: Some(AtTarget::Listener { others: Vec::new() }),
        })),
        ..process(900, "/usr/bin/docker-proxy")
    };
    let systemd = Process { ppid: None, ..process(1, "/usr/lib/systemd/systemd") };
    linux()
        .with(systemd.clone())
        .socket("tcp 0.0.0.0:80", &[nginx])
        .but(|socket| {
            socket.accept_queue = Some(AcceptQueue { waiting: 130, limit: Some(128) });
            let top = vec![("10.0.0.7".parse().unwrap(), 2), ("10.0.0.9".parse().unwrap(), 1)];
            socket.connections = Some(Connections { established: 3, peers: 2, top });
        })
        .socket("tcp 0.0.0.0:8080", &[proxy])
        .socket("tcp [::]:22", &[systemd])
        .but(|socket| {
            socket.dual_stack = Some(true);
            socket.activation = Some(Activation {
                manager: ServiceManager::Systemd,
                socket: "ssh.socket".to_owned(),
                service: Some("ssh.service".to_owned()),
            });
        })
        .socket(
            "tcp 0.0.0.0:5000",
            &[Process { container: Some(Box::new(web())), ..process(44, "/usr/sbin/httpd") }],
        )
        .but(|socket| socket.namespace = blue())
        .socket("tcp 10.0.0.1:7000", &[process(50, "/usr/bin/python3.11")])
        .but(|socket| socket.state = State::Bound)
}

#[test]
fn the_table_tells_units_containers_and_who_does_not_listen() {
    insta::assert_snapshot!(server().printed("", Some(120)), @"
        PORT  ADDRESS                PROCESS       PID  USER   IANA NAME          UNIT
      22/tcp  *:22                   systemd         1  alice  ssh                ssh.socket
      80/tcp  0.0.0.0:80             nginx         800  alice  http               nginx.service
    5000/tcp  0.0.0.0:5000           httpd          44  alice  (commplex-main)    docker web
    7000/tcp  10.0.0.1:7000 (bound)  python3.11     50  alice  (afs3-fileserver)
    8080/tcp  0.0.0.0:8080           docker-proxy  900  alice  (http-alt)         → docker web (172.17.0.2:80)

    80/tcp at 0.0.0.0: the backlog is full (130 waiting), so new connections get no answer.
    ");
    insta::assert_snapshot!(server().printed("--all-namespaces --connections -H", None), @"
      22/tcp  *:22                  systemd         1  alice  ssh                -     -  -
      80/tcp  0.0.0.0:80            nginx         800  alice  http               -     3  -
    5000/tcp  0.0.0.0:5000          httpd          44  alice  (commplex-main)    blue  -  -
    7000/tcp  10.0.0.1:7000(bound)  python3.11     50  alice  (afs3-fileserver)  -     -  -
    8080/tcp  0.0.0.0:8080          docker-proxy  900  alice  (http-alt)         -     -  -
    80/tcp at 0.0.0.0: the backlog is full (130 waiting), so new connections get no answer.
    ");
    let narrow = server().printed("", Some(80));
    assert!(
        narrow.contains("\nUNIT hidden: ") && narrow.lines().all(|line| line.chars().count() <= 80),
        "{narrow}"
    );
}

#[test]
fn a_unit_a_full_backlog_and_connections_in_detail() {
    insta::assert_snapshot!(server().printed("80", None), @r"
    80/tcp  http
    nginx (PID 800) listens on TCP port 80.

    Next         Bind it to 127.0.0.1 if only this machine needs it.
                 To stop it: systemctl stop nginx

    Started      2026-11-22 02:53:20 (66 minutes ago)
    Parents      systemd (PID 1) → nginx.service → nginx (PID 800)
    Unit         nginx.service (systemd)
    Runs         /usr/sbin/nginx
    File         only root can replace it
    User         alice
    Reach        0.0.0.0 (any other machine, unless a firewall blocks it)
    Backlog      full (130 waiting, limit 128): new connections get no answer. The program is stuck,
                 stopped or too slow
    Connections  3 from 2 addresses: 10.0.0.7 (2), 10.0.0.9 (1)
    Registry     http, World Wide Web HTTP (IANA, system port)
    ");
}

#[test]
fn a_proxy_an_activated_socket_a_namespace_and_a_bound_port_in_detail() {
    let printed = ["8080", "22", "5000", "7000"].map(|port| server().printed(port, None));
    insta::assert_snapshot!(printed.join("\n"), @r"
    8080/tcp  (http-alt)
    docker-proxy (PID 900) listens on TCP port 8080.

    Next         Publish it as 127.0.0.1:8080:80 if only this machine needs it.
                 To stop it: docker stop web

    Started      2026-11-22 02:53:20 (66 minutes ago)
    Parents      systemd (PID 1) → docker.service → docker-proxy (PID 900)
    Unit         docker.service (systemd)
    Runs         /usr/bin/docker-proxy
    File         only root can replace it
    User         alice
    Forwards to  172.17.0.2:80/tcp, where httpd (PID 44) listens in container docker web
    Reach        0.0.0.0 (any other machine, unless a firewall blocks it)
    Registry     http-alt, HTTP Alternate (see port 80) (IANA, registered port); docker-proxy is not
                 known for it

    22/tcp  ssh
    systemd (PID 1) listens on TCP port 22.

    Next         Without it, nobody can log in over SSH, perhaps not even you.
                 To stop it: systemctl stop ssh.socket ssh

    Started      2026-11-22 02:53:20 (66 minutes ago)
    Runs         /usr/lib/systemd/systemd
    File         only root can replace it
    User         alice
    Opened by    ssh.socket, which starts ssh.service when traffic arrives
    Reach        :: (IPv6 and IPv4; any other machine, unless a firewall blocks it)
    Registry     ssh, The Secure Shell (SSH) Protocol (IANA, system port)

    5000/tcp in network namespace blue  (commplex-main)
    httpd (PID 44) listens on TCP port 5000.

    Next         To stop it: docker stop web

    Started      2026-11-22 02:53:20 (66 minutes ago)
    Parents      systemd (PID 1) → httpd (PID 44)
    Container    docker web (4f66ad9a0b2e), image nginx:1.25
    Runs         /usr/sbin/httpd
    File         only root can replace it
    User         alice
    Reach        0.0.0.0 (any machine that can reach this namespace, unless a firewall blocks it)
    Registry     commplex-main (IANA, registered port); httpd is not known for it

    7000/tcp  (afs3-fileserver)
    python3.11 (PID 50) holds TCP port 7000 without listening: connections are refused, and usually no
    other program can use it.

    Next         To stop it: kill 50

    Started      2026-11-22 02:53:20 (66 minutes ago)
    Parents      systemd (PID 1) → python3.11 (PID 50)
    Runs         /usr/bin/python3.11
    File         only root can replace it
    User         alice
    Address      10.0.0.1 (accepts no connections until it listens)
    Registry     afs3-fileserver, file server itself (IANA, registered port); python3.11 is not known
                 for it
    ");
}

#[test]
fn full_backlogs_beyond_a_few_are_counted() {
    let mut machine = linux();
    for port in 8000..8007 {
        machine = machine
            .socket(&format!("tcp 0.0.0.0:{port}"), &[process(70, "/usr/bin/node")])
            .but(|socket| socket.accept_queue = Some(AcceptQueue { waiting: 2, limit: Some(1) }));
    }
    let printed = machine.printed("", None);
    assert!(printed.contains("8004/tcp at 0.0.0.0: the backlog is full (2 waiting)"), "{printed}");
    assert!(printed.ends_with("no answer.\n2 more listeners with a full backlog.\n"), "{printed}");
}

#[test]
fn a_hidden_owner_s_unit_is_told() {
    let machine = linux()
        .by_ordinary_user(&[(7, "sshd")])
        .socket("tcp 0.0.0.0:22", &[])
        .but(|socket| socket.made_in = unit("ssh.service").pop());
    let detail = machine.printed("22", None);
    assert!(detail.contains("Unit         ssh.service (systemd), which opened the socket"), "{detail}");
    assert!(machine.printed("", Some(120)).contains("ssh.service"));
}

#[test]
fn who_gets_no_answer_is_told_once_below_the_rows() {
    let asking = |retransmits, pids: &[u32]| UnansweredAttempt {
        local: "10.0.0.1:33000".parse().unwrap(),
        remote: "10.0.0.5:27000".parse().unwrap(),
        retransmits,
        uid: 1000,
        user: Some("alice".to_owned()),
        pids: pids.to_vec(),
    };
    let machine = linux().with(process(4711, "/opt/maya/bin/maya.bin")).seen(|seen| {
        seen.unanswered = vec![asking(1, &[4711]), asking(3, &[4711]), asking(2, &[])];
    });
    insta::assert_snapshot!(machine.printed("", None), @"
    Nothing listens here.
    A program of user alice gets no answer from license server 10.0.0.5:27000 (Revenera FlexNet license server or Perforce Helix QAC license server): tried 3 times.
    maya.bin (PID 4711) gets no answer from license server 10.0.0.5:27000 (Revenera FlexNet license server or Perforce Helix QAC license server): 2 connection attempts, tried up to 4 times.
    ");
    assert!(!machine.printed("1538", None).contains("no answer"), "another port was asked about");
    assert!(!machine.printed("--user bob", None).contains("no answer"), "somebody else was asked about");
    let document = read(&machine.printed("--json 27000", None));
    assert_eq!(document.unanswered.len(), 3, "one request, one object for a script");
}

#[test]
fn the_whole_of_it_in_json() {
    let document = read(&server().printed("--json", None));
    let on = |port| document.listeners.iter().find(|listener| listener.port == port).unwrap();
    let forward = on(8080).processes[0].forwards_to.as_ref().unwrap();
    assert_eq!((forward.address.as_str(), forward.port), ("172.17.0.2", 80));
    assert_eq!(forward.container.as_ref().unwrap().name.as_deref(), Some("web"));
    assert_eq!(on(22).activation.as_ref().unwrap().service.as_deref(), Some("ssh.service"));
    assert_eq!(on(5000).namespace.as_ref().unwrap().name.as_deref(), Some("blue"));
    assert_eq!(on(7000).state, "bound");
    assert_eq!(on(80).connections.as_ref().unwrap().top[1].address, "10.0.0.9");
    assert_eq!(on(80).processes[0].service.as_ref().unwrap().name, "nginx.service");
}

#[test]
fn a_name_that_only_the_process_gives_itself_is_marked() {
    let unread = running_with(700, "/opt/lmgrd", |program| program.exe = None);
    let machine = linux().socket("tcp 0.0.0.0:2600", &[unread]);
    let table = machine.printed("", None);
    assert!(table.contains("(calls itself lmgrd)"), "{table}");
    let rows = machine.printed("-H", None);
    assert!(rows.contains("  (calls-itself-lmgrd)  "), "{rows}");
    let detail = machine.printed("2600", None);
    assert!(
        detail.contains("A process that calls itself “lmgrd” (PID 700) listens on TCP port 2600."),
        "{detail}"
    );
    // Elsewhere the system knows the name.
    let table = machine.os(whatlistens::model::Os::Windows).printed("", None);
    assert!(!table.contains("calls"), "{table}");
}

#[test]
fn a_name_from_a_path_that_leads_elsewhere_is_marked() {
    let running = |confirmed, deleted| {
        let process = running_with(700, "/usr/sbin/nginx", |program| {
            let exe = program.exe.as_mut().unwrap();
            (exe.path_confirmed, exe.deleted) = (confirmed, deleted);
        });
        linux().socket("tcp 0.0.0.0:8080", &[process])
    };
    let elsewhere = running(Checked::Done(false), None);
    for (options, said) in
        [("", "  (calls itself nginx)  "), ("-H --process nginx", "  (calls-itself-nginx)  ")]
    {
        let table = elsewhere.printed(options, None);
        assert!(table.contains(said), "{table}");
    }
    let failed = Checked::Failed(NotInspected::TimedOut);
    // After an update the path was that of the file.
    for other in [(Checked::Done(false), Some(true)), (failed, None), (Checked::NotRequested, None)] {
        let table = running(other.0, other.1).printed("", None);
        assert!(table.contains("  nginx  "), "{table}");
    }
}

/// What users run in their own control groups, under names of the system's.
fn rootless() -> Machine {
    let user = Some("alice".to_owned());
    let nginx = ProcessService::new(ServiceManager::SystemdUser, "nginx.service");
    let unit = Process { services: vec![nginx], ..process(70, "/home/alice/nginx") };
    let container = Container { user: user.clone(), name: None, image: None, ..web() };
    let application = Application { kind: ApplicationKind::Snap, id: "lxd".to_owned(), user };
    linux()
        .socket("tcp 0.0.0.0:80", &[unit])
        .socket(
            "tcp 0.0.0.0:81",
            &[Process { container: Some(Box::new(container)), ..process(71, "/usr/sbin/httpd") }],
        )
        .socket(
            "tcp 0.0.0.0:82",
            &[Process { application: Some(application), ..process(72, "/usr/bin/lxd") }],
        )
        .socket("tcp 0.0.0.0:83", &[process(73, "/usr/lib/systemd/systemd")])
        .but(|socket| {
            let socket_unit = "ssh.socket".to_owned();
            let manager = ServiceManager::SystemdUser;
            socket.activation = Some(Activation { manager, socket: socket_unit, service: None });
        })
}

#[test]
fn what_a_user_named_is_marked_as_the_user_s() {
    insta::assert_snapshot!(rootless().printed("", None), @"
      PORT  ADDRESS     PROCESS  PID  USER   IANA NAME     UNIT
    80/tcp  0.0.0.0:80  nginx     70  alice  http          user nginx.service
    81/tcp  0.0.0.0:81  httpd     71  alice                rootless docker 4f66ad9a0b2e
    82/tcp  0.0.0.0:82  lxd       72  alice  (xfer)        user snap lxd
    83/tcp  0.0.0.0:83  systemd   73  alice  (mit-ml-dev)  user ssh.socket
    ");
    let field = |port: &str, label: &str| {
        let detail = rootless().printed(port, None);
        detail.lines().find(|line| line.starts_with(label)).unwrap_or_default().to_owned()
    };
    insta::assert_snapshot!(field("80", "Unit"), @"Unit         nginx.service (systemd --user)");
    insta::assert_snapshot!(field("81", "Container"), @"Container    rootless docker 4f66ad9a0b2e, of user alice");
    insta::assert_snapshot!(field("82", "Application"), @"Application  lxd (snap), of user alice");
    insta::assert_snapshot!(field("83", "Opened by"), @"Opened by    user ssh.socket");
    let document = read(&rootless().printed("--json", None));
    let [_, container, application, socket] = &document.listeners[..] else { panic!("four") };
    let user = Some("alice");
    assert_eq!(container.processes[0].container.as_ref().unwrap().user.as_deref(), user);
    assert_eq!(application.processes[0].application.as_ref().unwrap().user.as_deref(), user);
    assert_eq!(socket.activation.as_ref().unwrap().manager, "systemd-user");
}
