//! Questions by name and id: what runs and listens nowhere, what does not run, and what cannot be seen.

use whatlistens::command::Exit;
use whatlistens::model::{
    Container, GapKind, HiddenProcesses, Namespace, Os, Process, ProcessService, Protocol, RunState, Runtime,
    ServiceManager, SoughtProcess, SoughtProcesses, UnlistedPorts, WorkingFolder,
};
use whatlistens::query::Environment;

use crate::document::{Asked, read};
use crate::recorded::{Machine, linux, office, process};
use crate::started::unbroken;

/// What was sought: nothing so far.
pub fn searched(machine: Machine) -> Machine {
    machine.seen(|seen| seen.sought = Some(SoughtProcesses { found: Vec::new(), left_out: 0 }))
}

/// A process all of whose sockets are seen, but for what `change` says.
pub fn found(machine: Machine, process: Process, change: impl FnOnce(&mut SoughtProcess)) -> Machine {
    let mut one = SoughtProcess {
        pid: process.pid,
        namespace: None,
        is_seen: true,
        unlisted: Vec::new(),
        may_hold_more: false,
    };
    change(&mut one);
    machine.with(process).seen(|seen| seen.sought.as_mut().unwrap().found.push(one))
}

/// A process that listens nowhere.
pub fn idle(machine: Machine, process: Process) -> Machine {
    found(machine, process, |_| ())
}

/// TCP ports in a namespace that is not listed; `None` where they could not be seen.
pub fn unlisted(name: &str, ports: Option<&[u16]>) -> UnlistedPorts {
    let namespace = Namespace { inode: name.len() as u64, name: Some(name.to_owned()) };
    let listens_on = ports.map(|ports| ports.iter().map(|&port| (port, Protocol::Tcp)).collect());
    UnlistedPorts { namespace, listens_on }
}

/// A process that this user may not inspect.
pub fn unseen(machine: Machine, pid: u32, name: &str) -> Machine {
    let mut process = Process { user: Some("root".to_owned()), ..process(pid, "/x") };
    process.name = Some(name.to_owned());
    process.short_name = Some(name.to_owned());
    process.program_mut().unwrap().exe = None;
    found(machine.by_ordinary_user(&[(pid, name)]), process, |one| one.is_seen = false)
}

fn stopped_server() -> Process {
    Process {
        state: Some(RunState::Stopped),
        services: vec![ProcessService::new(ServiceManager::Systemd, "flexlm.service")],
        cwd: Some(WorkingFolder { path: "/var/log/flexlm".to_owned(), deleted: false }),
        ..process(812, "/opt/flexlm/bin/lmgrd")
    }
}

pub fn exit(machine: &Machine, line: &str) -> Exit {
    machine.run(line, &Environment::plain()).unwrap().2
}

pub fn asked(machine: &Machine, line: &str) -> Asked {
    read(&machine.printed(&format!("--json {line}"), None)).asked.remove(0)
}

/// What is said of the words, without the details of a process.
pub fn said(machine: &Machine, line: &str) -> String {
    machine.run(&format!("-H {line}"), &Environment::plain()).unwrap().1
}

#[test]
fn a_process_that_listens_nowhere_is_described() {
    let machine = idle(searched(linux()), stopped_server());
    insta::assert_snapshot!(machine.printed("lmgrd", None), @r"
    lmgrd runs (PID 812, started 66 minutes ago, state: stopped) but listens on no port.

    Next         To let it continue: kill -CONT 812

    Started      2026-11-22 02:53:20 (66 minutes ago)
    Unit         flexlm.service
    Runs         /opt/flexlm/bin/lmgrd
    Works in     /var/log/flexlm
    User         alice

    Revenera FlexNet license server (FlexNet Publisher)         not listening
      lmgrd  PID 812  no port  /opt/flexlm/bin/lmgrd
      critical  lmgrd (PID 812) is stopped by a signal or a debugger, and answers nobody. Let it go on: kill -CONT 812
    ");
    assert_eq!(exit(&machine, "lmgrd"), Exit::NothingMatched);
    let one = asked(&machine, "lmgrd");
    assert_eq!(one.notes.len(), 1);
    let [process] = &one.processes[..] else { panic!("{one:?}") };
    assert_eq!((process.pid, process.state.as_deref()), (812, Some("stopped")));
    assert_eq!(process.listens_on.as_deref(), Some(&[][..]));
    assert_eq!(
        (process.cwd.as_deref(), process.cwd_deleted, process.services[0].name.as_str()),
        (Some("/var/log/flexlm"), Some(false), "flexlm.service")
    );
    // By everything else that it goes by.
    for line in ["flexlm.service", "/opt/flexlm/bin/lmgrd", "--pid 812", "--process lmgrd"] {
        let said = said(&machine, line);
        assert!(said.starts_with("lmgrd runs (PID 812, "), "{line}: {said}");
        assert_eq!(exit(&machine, line), Exit::NothingMatched, "{line}");
        assert_eq!(asked(&machine, line).what, line);
    }
    assert!(said(&machine, "-t lmgrd").contains("but listens on no TCP port."));
}

#[test]
fn several_are_told_and_the_rest_counted() {
    let mut machine = searched(linux());
    for pid in 10..16 {
        machine = idle(machine, process(pid, "/usr/bin/python3.11"));
    }
    insta::assert_snapshot!(said(&machine, "python3.11"), @"
    python3.11 runs (PID 10, started 66 minutes ago) but listens on no port.
    python3.11 runs (PID 11, started 66 minutes ago) but listens on no port.
    python3.11 runs (PID 12, started 66 minutes ago) but listens on no port.
    3 more processes of python3.11 run but listen on no port.
    ");
    assert_eq!(asked(&machine, "python3.11").processes.len(), 6);
    let many = machine.seen(|seen| seen.sought.as_mut().unwrap().left_out = 7);
    assert!(said(&many, "python3.11").contains("7 more processes of such names were not examined."));
    // Beside those that listen.
    let machine = idle(searched(office()), process(901, "/opt/old/lmgrd"));
    let printed = machine.printed("lmgrd", None);
    assert!(printed.contains("27000/tcp"), "{printed}");
    assert!(printed.contains("1 more process of lmgrd listens on no port (PID 901)."), "{printed}");
    assert_eq!(exit(&machine, "lmgrd"), Exit::Matched);
}

#[test]
fn what_has_ended_is_not_taken_for_what_is_hidden() {
    let machine = searched(linux());
    insta::assert_snapshot!(said(&machine, "lmgrd"), @"
    No process called lmgrd runs.
    Revenera FlexNet license server usually listens on 27000-27009 and 8090.
    ");
    assert_eq!(said(&machine, "--process nginx"), "No process called nginx runs.\n");
    assert_eq!(said(&machine, "--pid 999999"), "No process has PID 999999.\n");
    assert_eq!(said(&machine, "nginx.service"), "No process or socket of unit nginx.service was found.\n");
    assert_eq!(said(&machine, "/usr/sbin/nginx"), "No process that runs /usr/sbin/nginx was found.\n");
    for line in ["lmgrd", "--process nginx", "--pid 999999", "nginx.service", "/usr/sbin/nginx"] {
        assert_eq!(exit(&machine, line), Exit::NothingMatched, "{line}");
        assert!(machine.report(line).gaps.is_empty(), "{line}");
    }
    let hidden = |hidden: HiddenProcesses| {
        searched(linux()).seen(|seen| (seen.privileged, seen.hidden) = (false, hidden))
    };
    let unlisted = hidden(HiddenProcesses::Unlisted);
    for (line, expected) in [
        ("lmgrd", "No process called lmgrd was found, but it may be hidden from you."),
        ("qqqq", "No process called qqqq was found, but it may be hidden from you."),
        ("--pid 999999", "No process with PID 999999 was found, but it may be hidden from you."),
    ] {
        assert!(said(&unlisted, line).starts_with(expected), "{line}: {}", said(&unlisted, line));
        let gaps = unlisted.report(line).gaps;
        assert_eq!(gaps.iter().map(|gap| gap.kind).collect::<Vec<_>>(), [GapKind::ProcessesHidden], "{line}");
        assert_eq!(exit(&unlisted, line), Exit::NothingMatched, "{line}");
    }
    // Every name is seen but not every program, and all ids are.
    let listed = unseen(searched(linux()), 7, "sshd");
    assert!(said(&listed, "lmgrd").contains("it may be hidden from you"));
    assert!(said(&listed, "--pid 8").starts_with("No process has PID 8."));
    // Windows names every process to everybody.
    let windows = searched(linux().os(Os::Windows)).seen(|seen| {
        (seen.privileged, seen.hidden) = (false, HiddenProcesses::Unlisted);
    });
    assert!(said(&windows, "--process nginx").starts_with("No process called nginx runs."));
}

#[test]
fn whose_sockets_are_not_seen_does_not_listen_nowhere() {
    let machine = unseen(searched(linux()), 7, "sshd");
    insta::assert_snapshot!(machine.printed("--process sshd", None), @"
    A process that calls itself sshd runs (PID 7, started 66 minutes ago). You are not allowed to see on which ports it listens.

    Started      2026-11-22 02:53:20 (66 minutes ago)
    User         root

    The ports of 1 process that you asked for could not be seen. To see more: sudo whatlistens --process sshd
    ");
    assert_eq!(asked(&machine, "--process sshd").processes[0].listens_on, None);
    let elsewhere = |ports: Option<&[u16]>| {
        let machine = found(searched(linux()), process(7, "/usr/sbin/nginx"), |one| {
            one.unlisted = vec![unlisted("docker web", ports)];
            one.namespace = Some(one.unlisted[0].namespace.clone());
        });
        said(&machine, "nginx")
    };
    let runs = "nginx runs (PID 7, started 66 minutes ago) in network namespace docker web";
    assert_eq!(
        elsewhere(Some(&[80, 443])),
        format!("{runs}, and listens on 80/tcp and 443/tcp there. To show it: --all-namespaces\n")
    );
    assert_eq!(elsewhere(Some(&[])), format!("{runs}, but listens on no port there.\n"));
    let unknown = elsewhere(None);
    assert!(unknown.starts_with(&format!("{runs}. On which ports it listens there could not be seen.\n")));
}

#[test]
fn a_name_is_exact_then_in_any_case_then_a_beginning() {
    let machine = searched(linux())
        .socket("tcp 0.0.0.0:80", &[process(80, "/usr/sbin/nginx")])
        .socket("tcp 0.0.0.0:8000", &[process(81, "/usr/bin/python3.11")])
        .socket("tcp 0.0.0.0:2080", &[process(82, "/opt/matlab/MLM")]);
    let ports = |machine: &Machine, line: &str| -> Vec<u16> {
        machine.report(line).rows.iter().map(|row| row.socket.local.port()).collect()
    };
    assert_eq!(ports(&machine, "NGINX"), [80]);
    assert_eq!(ports(&machine, "mlm"), [2080]);
    assert_eq!(ports(&machine, "python3"), [8000]);
    assert_eq!(ports(&machine, "--process python"), [8000]);
    assert_eq!(said(&machine, "NGINX"), "‘NGINX’ was taken as nginx.\n");
    assert_eq!(said(&machine, "python3"), "‘python3’ was taken as the beginning of python3.11.\n");
    assert_eq!(asked(&machine, "mlm").notes, ["‘mlm’ was taken as MLM."]);
    assert!(said(&machine, "nginx").is_empty());
    assert!(machine.refusal("ng").contains("no process of that name was found."));
    assert!(machine.refusal("ngin").contains("no process of that name was found."));
    // Only the best counts.
    let machine = machine.socket("tcp 0.0.0.0:8001", &[process(83, "/opt/x/python3")]);
    assert_eq!(ports(&machine, "python3"), [8001]);
    let machine = idle(machine, process(84, "/opt/x/Nginx"));
    assert_eq!(ports(&machine, "nginx"), [80]);
    assert_eq!(
        said(&machine, "NGinx"),
        "‘NGinx’ was taken as Nginx and nginx.\n1 more process of NGinx listens on no port (PID 84).\n"
    );
    // A service is its ports, and no process that begins so.
    let ssh = searched(linux()).socket("tcp 0.0.0.0:2222", &[process(9, "/usr/bin/ssh-agent")]);
    assert!(ports(&ssh, "ssh").is_empty());
}

#[test]
fn a_unit_and_a_container_are_found_by_their_names() {
    let in_container = |pid, name: &str| {
        let container = Container {
            runtime: Runtime::Docker,
            id: "4f66ad9a0b2e".repeat(6)[..64].to_owned(),
            name: Some(name.to_owned()),
            image: None,
            pod: None,
            user: None,
            nested: false,
        };
        Process { container: Some(Box::new(container)), ..process(pid, "/usr/bin/redis-server") }
    };
    let unit = ProcessService::new(ServiceManager::Systemd, "web.service");
    let machine = searched(linux())
        .socket("tcp 0.0.0.0:6380", &[in_container(5, "cache")])
        .socket("tcp 0.0.0.0:81", &[Process { services: vec![unit.clone()], ..process(6, "/x/app") }])
        .socket("tcp 0.0.0.0:82", &[])
        .but(|socket| socket.made_in = Some(unit));
    let ports = |line: &str| -> Vec<u16> {
        machine.report(line).rows.iter().map(|row| row.socket.local.port()).collect()
    };
    assert_eq!((ports("cache"), ports("4f66ad9a0b2e")), (vec![6380], vec![6380]));
    assert_eq!(ports("web.service"), [81, 82]);
    assert!(ports("/usr/bin/redis-server") == [6380] && ports("/x").is_empty());
}

#[test]
fn a_product_says_how_many_managers_it_stands_for() {
    let machine = idle(searched(linux()), process(7, "/opt/flexlm"));
    let said = said(&machine, "flexlm");
    assert!(said.starts_with("No listener of flexlm was found.\nflexlm runs (PID 7, "), "{said}");
    assert!(
        said.contains(" more license managers of ‘flexlm’ are known: whatlistens explain flexlm"),
        "{said}"
    );
}

#[test]
fn options_make_no_license_server_the_answer() {
    let machine = searched(office());
    assert!(machine.printed("--pid 900", None).contains("27000/tcp"));
    assert!(!machine.printed("--pid 900", None).contains("  lmgrd  PID 900"));
    assert_eq!(asked(&machine, "--pid 900").processes[0].listens_on.as_deref().unwrap(), ["27000/tcp"]);
    // Beside a word an option narrows what is shown.
    assert_eq!(read(&machine.printed("--json 80 --pid 900", None)).asked.len(), 1);
}

/// Port 27000 at 10.0.0.1 only, 80 everywhere.
fn at_addresses() -> Machine {
    searched(linux())
        .socket("tcp 10.0.0.1:27000", &[process(5, "/opt/lmgrd")])
        .socket("tcp 0.0.0.0:80", &[process(6, "/usr/sbin/nginx")])
        .socket("tcp [::1]:3000", &[process(7, "/usr/bin/node")])
}

#[test]
fn a_port_at_an_address_is_what_receives_there() {
    let machine = at_addresses();
    let ports = |line: &str| -> Vec<u16> {
        machine.report(line).rows.iter().map(|row| row.socket.local.port()).collect()
    };
    for (line, expected) in [
        ("127.0.0.1:80", 80),
        ("*:80", 80),
        ("http://localhost/", 80),
        ("http://lic01/index.html", 80),
        ("10.0.0.1:27000", 27000),
        ("27000@lic01", 27000),
        ("@lic01", 27000),
        ("http://localhost:3000/", 3000),
        ("[::1]:3000/tcp", 3000),
    ] {
        assert_eq!(ports(line), [expected], "{line}");
        assert_eq!(exit(&machine, line), Exit::Matched, "{line}");
        let one = asked(&machine, line);
        assert_eq!(one.what, line);
        assert!(!one.notes.iter().any(|note| note.contains("this machine only")), "{line}: {one:?}");
    }
    // The detail view, as of the port alone.
    assert!(
        machine.printed("http://localhost:3000/", None).contains("node (PID 7) listens on TCP port 3000.")
    );
    for line in ["127.0.0.1:27000", "0.0.0.0:27000", "127.0.0.1:3000", "[::]:80"] {
        assert!(ports(line).is_empty() && exit(&machine, line) == Exit::NothingMatched, "{line}");
    }
    assert_eq!(
        asked(&machine, "0.0.0.0:27000").notes,
        [
            "No listener receives what is sent to 0.0.0.0:27000. 27000/tcp is held at 10.0.0.1 only: whatlistens 27000"
        ]
    );
    let foreign = asked(&machine, "https://example.org/").notes;
    assert_eq!(
        foreign[0],
        "whatlistens looks at this machine only: the answer is about this machine's port, not about example.org."
    );
    assert!(unbroken(&machine.printed("https://example.org/", None)).contains("not about example.org."));
    assert!(
        machine.printed("https://example.org/", None).contains("443 is free"),
        "{}",
        machine.printed("https://example.org/", None)
    );
    let moved = at_addresses().seen(|seen| seen.interfaces = Some(Vec::new()));
    let expected = "No interface of this machine has 192.0.2.9: the answer is about this machine's port.";
    assert_eq!(asked(&moved, "192.0.2.9:80").notes, [expected]);
    assert!(asked(&moved, "127.0.0.1:80").notes.is_empty());
    // Among others each has its line.
    let several = said(&machine, "0.0.0.0:27000 80 127.0.0.1:9999");
    assert!(several.starts_with("No listener receives what is sent to 0.0.0.0:27000. "), "{several}");
    assert!(several.contains("127.0.0.1:9999: free"), "{several}");
    assert_eq!(exit(&machine, "explain https://example.org/"), Exit::Matched);
}

#[test]
fn one_that_listens_nowhere_hides_no_other() {
    // A symbolic link gives the idle one its name.
    let idle = Process { short_name: Some("python3".to_owned()), ..process(7, "/usr/bin/python3.11") };
    let machine = searched(linux()).socket("tcp 0.0.0.0:8080", &[process(8, "/usr/bin/python3.11")]);
    let machine = self::idle(machine, idle);
    let told = machine.printed("python3", None);
    assert!(told.contains("8080/tcp") && told.contains("(PID 7)"), "{told}");
    assert_eq!(exit(&machine, "python3"), Exit::Matched);
}

#[test]
fn a_whole_name_may_be_that_of_a_process_whose_name_is_cut() {
    let machine = unseen(searched(office()), 812, "a-rather-long-p");
    let whole = "a-rather-long-program-name-here";
    let told = machine.printed(whole, None);
    insta::assert_snapshot!(told, @r"
    ‘a-rather-long-program-name-here’ may be a-rather-long-p: of the name of another user's process you see no more than 15 bytes.
    A process that calls itself a-rather-long-p runs (PID 812, started 66 minutes ago). You are not allowed to see on which ports it listens.

    Started      2026-11-22 02:53:20 (66 minutes ago)
    User         root

    The owner of 1 socket could not be identified without more rights: what you asked for may be among them.
    The ports of 1 process that you asked for could not be seen. To see more: sudo whatlistens a-rather-long-program-name-here
    ");
    assert_eq!(exit(&machine, whole), Exit::NothingMatched);
    assert!(machine.printed(&format!("--process {whole}"), None).contains("may be a-rather-long-p"));
    assert!(asked(&machine, whole).processes.len() == 1);
    // Where the file is seen, the name is known.
    let seen = Process {
        name: Some("a-rather-long-program".to_owned()),
        short_name: Some("a-rather-long-p".to_owned()),
        ..process(813, "/opt/a-rather-long-program")
    };
    assert!(
        idle(searched(office()), seen)
            .refusal("a-rather-long-pig")
            .starts_with("‘a-rather-long-pig’ is not a known service")
    );
    // A shorter name is whole.
    let short = unseen(searched(office()), 814, "a-short-name");
    assert!(!short.printed("a-short-name-no", None).contains("may be a-short-name:"));
}
