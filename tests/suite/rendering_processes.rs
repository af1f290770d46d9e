//! What rows say about the process: whether it can do anything, whether its file is still there, and who else holds
//! the port.

use whatlistens::model::{Pid, Process, ProcessRef, RunState, Socket, State};
use whatlistens::query::Environment;

use crate::document::read;
use crate::names::{idle, searched};
use crate::recorded::{Machine, linux, process, with_file};

fn in_state(pid: Pid, state: RunState) -> Process {
    Process { state: Some(state), ..process(pid, "/usr/bin/node") }
}

/// One process of each state, a server with a stopped lead whose worker goes on, and a UDP socket.
fn halted() -> Machine {
    let traced = Process {
        tracer: Some(ProcessRef { pid: 5, name: Some("gdb".to_owned()) }),
        ..in_state(13, RunState::Traced)
    };
    let worker = Process { ppid: Some(14), ..in_state(15, RunState::Running) };
    linux()
        .socket("tcp 0.0.0.0:3000", &[in_state(11, RunState::Running)])
        .socket("tcp 0.0.0.0:3001", &[in_state(12, RunState::Stopped)])
        .socket("tcp [::]:3001", &[in_state(12, RunState::Stopped)])
        .socket("tcp 0.0.0.0:3002", &[in_state(12, RunState::Stopped)])
        .socket("udp 0.0.0.0:3003", &[in_state(12, RunState::Stopped)])
        .socket("tcp 0.0.0.0:3004", &[traced])
        .socket("tcp 0.0.0.0:3005", &[in_state(14, RunState::Stopped), worker])
        .socket("tcp 0.0.0.0:3006", &[in_state(16, RunState::Zombie)])
        .socket("tcp 0.0.0.0:3007", &[process(17, "/usr/bin/node")])
        .but(|socket: &mut Socket| socket.state = State::Bound)
}

#[test]
fn a_listing_says_who_is_stopped_and_how_it_continues() {
    insta::assert_snapshot!(halted().printed("--columns port,pid,state", None), @r"
        PORT  PID  STATE
    3000/tcp   11  LISTEN
    3001/tcp   12  LISTEN (stopped)
    3002/tcp   12  LISTEN (stopped)
    3003/udp   12  UNCONN (stopped)
    3004/tcp   13  LISTEN (traced)
    3005/tcp   14  LISTEN (stopped)
    3006/tcp   16  LISTEN (zombie)
    3007/tcp   17  BOUND

    node (PID 12) is stopped and accepts no connection on 3001/tcp and 3002/tcp. To let it continue: kill -CONT 12
    node (PID 12) is stopped and answers nothing on 3003/udp. To let it continue: kill -CONT 12
    node (PID 13) is stopped by a debugger and accepts no connection on 3004/tcp.
    node (PID 14), which holds 3005/tcp, is stopped; node (PID 15) is not. To let it continue: kill -CONT 14
    3005/tcp cannot-tell: this is a port of Genius License Manager, whose programs on this system are not known, so node can be neither confirmed nor ruled out.
    ");
    insta::assert_snapshot!(halted().printed("-H --columns port,state 3001 3003 3004", None), @r"
    3001/tcp  LISTEN(stopped)
    3003/udp  UNCONN(stopped)
    3004/tcp  LISTEN(traced)
    node (PID 12) is stopped and accepts no connection on 3001/tcp. To let it continue: kill -CONT 12
    node (PID 12) is stopped and answers nothing on 3003/udp. To let it continue: kill -CONT 12
    node (PID 13) is stopped by a debugger and accepts no connection on 3004/tcp.
    ");
    insta::assert_snapshot!(halted().printed("--output list --columns port,state 3001 3007", None), @r"
    Port: 3001/tcp
    State: listen (stopped)

    Port: 3007/tcp
    State: bound

    Note: node (PID 12) is stopped and accepts no connection on 3001/tcp. To let it continue: kill -CONT 12
    ");
}

#[test]
fn workers_that_are_stopped_are_named() {
    let holders = |states: &[RunState]| -> Vec<Process> {
        let worker = |(pid, state): (Pid, &RunState)| Process { ppid: Some(60), ..in_state(pid, *state) };
        (60..).zip(states).map(worker).collect()
    };
    let notes = |states: &[RunState]| {
        let machine =
            linux().socket("tcp 0.0.0.0:80", &holders(states)).socket("udp 0.0.0.0:80", &holders(states));
        machine.report("").notes.join("\n")
    };
    let (runs, stopped, traced) = (RunState::Running, RunState::Stopped, RunState::Traced);
    insta::assert_snapshot!(notes(&[runs, stopped, stopped]), @"node (PID 61) and node (PID 62), which hold 80/tcp and 80/udp, are stopped; node (PID 60) is not. To let them continue: kill -CONT 61 62");
    insta::assert_snapshot!(notes(&[runs, stopped, runs]), @"node (PID 61), which holds 80/tcp and 80/udp, is stopped. To let it continue: kill -CONT 61");
    insta::assert_snapshot!(notes(&[stopped, stopped]), @r"
    node (PID 60) and node (PID 61) are stopped and accept no connection on 80/tcp. To let them continue: kill -CONT 60 61
    node (PID 60) and node (PID 61) are stopped and answer nothing on 80/udp. To let them continue: kill -CONT 60 61
    ");
    insta::assert_snapshot!(notes(&[stopped, traced, runs]), @"node (PID 60) and node (PID 61), which hold 80/tcp and 80/udp, are stopped; node (PID 62) is not. To let PID 60 continue: kill -CONT 60");
    assert!(
        notes(&[stopped, traced, stopped])
            .contains("those that no debugger holds continue: kill -CONT 60 62")
    );
    insta::assert_snapshot!(notes(&[runs, traced]), @"node (PID 61), which holds 80/tcp and 80/udp, is stopped by a debugger; node (PID 60) is not.");
    insta::assert_snapshot!(notes(&[runs, stopped, stopped, stopped, stopped, stopped]), @"node (PID 61), node (PID 62), node (PID 63) and 2 more processes, which hold 80/tcp and 80/udp, are stopped; node (PID 60) is not. To let them continue: kill -CONT 61 62 63 64 65");
    assert_eq!(notes(&[runs, runs, RunState::Zombie]), "");
    assert!(!notes(&[stopped; 30]).contains("-CONT"), "half of them would be of no use");
    let next = |states: &[RunState]| {
        let machine = linux().socket("tcp 127.0.0.1:80", &holders(states));
        machine.report("80").asked[0].next.clone().unwrap().replace('\n', " / ")
    };
    insta::assert_snapshot!(next(&[runs, stopped, stopped]), @"node (PID 61) and node (PID 62), which hold it too, are stopped. To let them continue: kill -CONT 61 62 / To stop it: kill 60 61 62; kill -CONT 60 61 62");
    insta::assert_snapshot!(next(&[stopped, stopped]), @"It is stopped, and so is node (PID 61): they accept no connection. To let them continue: kill -CONT 60 61 / To stop it: kill 60 61; kill -CONT 60 61");
    insta::assert_snapshot!(next(&[stopped, stopped, runs]), @"It is stopped, and so is node (PID 61). To let them continue: kill -CONT 60 61 / To stop it: kill 60 61 62; kill -CONT 60 61 62");
    insta::assert_snapshot!(next(&[traced, stopped]), @"It is stopped by a debugger, and so is node (PID 61): they accept no connection. Let it continue there, or detach from it. To let PID 61 continue: kill -CONT 61 / To stop it: kill 60 61; kill -CONT 60 61");
}

#[test]
fn the_details_of_one_port_say_it_once() {
    let detail = halted().printed("3004", None);
    assert!(detail.contains("It is stopped by the debugger gdb (PID 5)"), "{detail}");
    assert!(!detail.contains("node (PID 13) is stopped"), "{detail}");
}

#[test]
fn of_many_stopped_processes_and_ports_the_rest_is_counted() {
    let mut machine = linux();
    for at in 0..8 {
        let holder = in_state(20 + at, RunState::Stopped);
        for port in 0..6 {
            let place = format!("tcp 0.0.0.0:{}", 4000 + 10 * at + port);
            machine = machine.socket(&place, std::slice::from_ref(&holder));
        }
    }
    let report = machine.report("");
    insta::assert_snapshot!(report.notes.join("\n"), @r"
    node (PID 20) is stopped and accepts no connection on 4000/tcp, 4001/tcp, 4002/tcp, 4003/tcp and 2 more ports. To let it continue: kill -CONT 20
    node (PID 21) is stopped and accepts no connection on 4010/tcp, 4011/tcp, 4012/tcp, 4013/tcp and 2 more ports. To let it continue: kill -CONT 21
    node (PID 22) is stopped and accepts no connection on 4020/tcp, 4021/tcp, 4022/tcp, 4023/tcp and 2 more ports. To let it continue: kill -CONT 22
    node (PID 23) is stopped and accepts no connection on 4030/tcp, 4031/tcp, 4032/tcp, 4033/tcp and 2 more ports. To let it continue: kill -CONT 23
    node (PID 24) is stopped and accepts no connection on 4040/tcp, 4041/tcp, 4042/tcp, 4043/tcp and 2 more ports. To let it continue: kill -CONT 24
    3 more processes are stopped.
    ");
}

#[test]
fn who_searches_piped_rows_for_listen_finds_them() {
    let with_listen = |line: &str, width| {
        let printed = halted().printed(line, width);
        printed.lines().filter(|line| line.contains("LISTEN")).count()
    };
    for line in ["-tlnp", "-ano", "-i", "-tulpn --wide", "-nP -sTCP:LISTEN"] {
        assert!(with_listen(line, None) >= 6, "{line}");
    }
    // Nobody searches what is on a terminal, where the columns need the room.
    assert_eq!(with_listen("-tlnp", Some(80)), 0);
    for line in ["", "-t", "-t -4", "-H -tlnp", "--output list -tlnp"] {
        assert_eq!(with_listen(line, None), 0, "{line}");
    }
}

#[test]
fn the_path_of_a_deleted_file_is_marked() {
    let machine = linux()
        .socket("tcp 0.0.0.0:7001", &[with_file(11, "/opt/str/gone", |file| file.deleted = Some(true))])
        .socket("tcp 0.0.0.0:7002", &[with_file(12, "/opt/a (deleted)", |file| file.deleted = Some(false))])
        .socket("tcp 0.0.0.0:7003", &[with_file(13, "/opt/unknown", |file| file.deleted = None)])
        .socket("tcp 0.0.0.0:7004", &[process(14, "/opt/here")]);
    insta::assert_snapshot!(machine.printed("--columns port,path", None), @r#"
        PORT  PATH
    7001/tcp  /opt/str/gone (deleted)
    7002/tcp  "/opt/a (deleted)"
    7003/tcp  /opt/unknown
    7004/tcp  /opt/here
    "#);
    insta::assert_snapshot!(machine.printed("-H --columns port,path", None), @r#"
    7001/tcp  /opt/str/gone(deleted)
    7002/tcp  "/opt/a\u{20}(deleted)"
    7003/tcp  /opt/unknown
    7004/tcp  /opt/here
    "#);
    insta::assert_snapshot!(machine.printed("--columns port,path 7001", Some(22)), @r"
        PORT  PATH
    7001/tcp  …e (deleted)
    ");
    let json = machine.printed("--json", None);
    let said: Vec<&str> = json.lines().filter(|line| line.contains("exe_deleted")).map(str::trim).collect();
    let known = ["true", "false", "null", "false"];
    assert_eq!(said, known.map(|known| format!("\"exe_deleted\": {known},")));
}

/// nginx on two ports, with two workers of www-data that hold only the first.
fn workers() -> Machine {
    let nginx = process(60, "/usr/sbin/nginx");
    let worker = |pid| Process {
        ppid: Some(60),
        user: Some("www-data".to_owned()),
        uid: Some(33),
        ..process(pid, "/usr/sbin/nginx")
    };
    let all = [nginx.clone(), worker(61), worker(62)];
    linux().socket("tcp 0.0.0.0:80", &all).socket("tcp [::]:80", &all).socket("tcp 0.0.0.0:443", &[nginx])
}

#[test]
fn equal_lines_with_a_process_id_are_written_once() {
    insta::assert_snapshot!(workers().printed("--columns process,pid nginx", None), @r"
    PROCESS   PID
    nginx +2   60
    nginx      60
    ");
    insta::assert_snapshot!(workers().printed("--columns user,pid --output list", None), @r"
    User: alice
    PID: 60
    ");
    let users = workers().printed("-H --columns user", None);
    assert_eq!(users, "alice\nalice\n", "to be counted: uniq -c");
    assert_eq!(workers().printed("-H", None).lines().count(), 2, "each listener where no columns are chosen");
}

#[test]
fn a_script_that_asks_for_process_ids_gets_every_holder() {
    insta::assert_snapshot!(workers().printed("-H --columns pid nginx", None), @r"
    60
    61
    62
    ");
    insta::assert_snapshot!(workers().printed("-H --columns port,pid,process,user", None), @r"
     80/tcp  60  nginx  alice
     80/tcp  61  nginx  www-data
     80/tcp  62  nginx  www-data
    443/tcp  60  nginx  alice
    ");
    // Whoever ends them means no others.
    for (filter, pids) in [("--user www-data", "61\n62\n"), ("--user alice", "60\n"), ("--pid 61 80", "61\n")]
    {
        let out = workers().run(&format!("-H --columns pid {filter}"), &Environment::plain()).unwrap().0;
        assert_eq!(out, pids, "{filter}");
    }
    let hidden = linux().by_ordinary_user(&[(7, "sshd")]).socket("tcp 0.0.0.0:22", &[]);
    assert_eq!(hidden.printed("-H --columns pid,process", None).lines().next(), Some("-  (hidden)"));
}

#[test]
fn whoever_asks_by_name_is_told_too_that_it_is_stopped() {
    let machine = searched(linux().socket("tcp 0.0.0.0:3001", &[in_state(12, RunState::Stopped)]));
    let note =
        "node (PID 12) is stopped and accepts no connection on 3001/tcp. To let it continue: kill -CONT 12";
    for line in
        ["node", "NODE", "/usr/bin/node", "--process node", "--pid 12", "node -t", "-H node", "node ssh"]
    {
        let json = read(&machine.printed(&format!("--json {line}"), None));
        assert_eq!(json.notes, [note], "{line}");
        let (out, err, _) = machine.run(line, &Environment::plain()).unwrap();
        assert!((out + &err).contains(note), "{line}");
    }
    // The detail of its port says it in its own place.
    assert!(read(&machine.printed("--json 3001", None)).notes.is_empty());
    let both = idle(idle(machine, in_state(20, RunState::Stopped)), in_state(21, RunState::Stopped));
    let next = "To let them continue: kill -CONT 20 21";
    for line in ["node", "--process node"] {
        let text = both.printed(line, None);
        assert!(text.contains(note) && text.contains(next), "{line}: {text}");
        assert_eq!(read(&both.printed(&format!("--json {line}"), None)).asked[0].next.as_deref(), Some(next));
    }
    let each = both.printed("--pid 20 --pid 21", None);
    assert!(
        each.contains("continue: kill -CONT 20\n") && each.contains("continue: kill -CONT 21\n"),
        "{each}"
    );
    // One alone is described, with what to do.
    let one = both.printed("--pid 20", None);
    assert_eq!(one.matches("kill -CONT 20").count(), 1, "{one}");
}
