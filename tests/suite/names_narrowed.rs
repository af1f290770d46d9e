//! Questions by name together with options: what the options leave out, how processes differ, and what stays secret.

use whatlistens::command::Exit;
use whatlistens::model::{ClaimedScript, Process, ScriptKind};
use whatlistens::query::{Environment, command_line};

use crate::names::{asked, exit, idle, said, searched, unseen};
use crate::recorded::{linux, process, running_with};

#[test]
fn options_narrow_what_listens_nowhere_too() {
    let root =
        |pid| Process { uid: Some(0), user: Some("root".to_owned()), ..process(pid, "/usr/sbin/nginx") };
    let machine = idle(idle(searched(linux()), root(7)), process(8, "/usr/bin/redis-server"));
    let pids = |line: &str| asked(&machine, line).processes.iter().map(|one| one.pid).collect::<Vec<_>>();
    insta::assert_snapshot!(said(&machine, "nginx --user bob"), @"nginx runs (PID 7, started 66 minutes ago), but as root, not as bob.");
    insta::assert_snapshot!(said(&machine, "--process nginx --user 1000"), @"nginx runs (PID 7, started 66 minutes ago), but as root, not as user 1000.");
    insta::assert_snapshot!(said(&machine, "nginx --pid 8"), @"nginx runs (PID 7, started 66 minutes ago), but not with PID 8.");
    insta::assert_snapshot!(said(&machine, "--pid 8 --process nginx"), @"redis-server runs (PID 8, started 66 minutes ago), but not as a process called nginx.");
    insta::assert_snapshot!(said(&machine, "--pid 7 --process nginx"), @"nginx runs (PID 7, started 66 minutes ago) but listens on no port.");
    insta::assert_snapshot!(said(&machine, "--pid 7,8 --user alice"), @r"
    nginx runs (PID 7, started 66 minutes ago), but as root, not as alice.
    redis-server runs (PID 8, started 66 minutes ago) but listens on no port.
    ");
    assert!(said(&machine, "nginx --user root").contains("but listens on no port"));
    let described = |line: &str| machine.printed(line, None).contains("Runs         /usr/sbin/nginx\n");
    assert!(described("--pid 7 --process nginx") && described("nginx") && !described("nginx --user bob"));
    for line in ["nginx --user bob", "nginx --pid 8", "--process nginx --user bob", "--pid 7 --process redis"]
    {
        assert_eq!((pids(line), exit(&machine, line)), (vec![], Exit::NothingMatched), "{line}");
    }
    assert_eq!((pids("nginx --user root"), pids("--pid 7 --process nginx")), (vec![7], vec![7]));
    // Beside one of bob's that listens, those of others are not asked about.
    let bob = Process { uid: Some(1001), user: Some("bob".to_owned()), ..process(9, "/usr/sbin/nginx") };
    let machine = machine.socket("tcp 0.0.0.0:80", &[bob]);
    assert_eq!(said(&machine, "nginx --user bob"), "");
    assert_eq!(asked(&machine, "nginx --user bob").processes.len(), 1);
    let machine = (20..25).fold(searched(linux()), |machine, pid| idle(machine, root(pid)));
    insta::assert_snapshot!(said(&machine, "nginx --user bob"), @r"
    nginx runs (PID 20, started 66 minutes ago), but as root, not as bob.
    nginx runs (PID 21, started 66 minutes ago), but as root, not as bob.
    nginx runs (PID 22, started 66 minutes ago), but as root, not as bob.
    2 more such processes run, but your options ask for others.
    ");
}

#[test]
fn two_that_listen_nowhere_differ_by_what_they_run() {
    let node = |pid, script: &str| {
        running_with(pid, "/usr/bin/node", |program| {
            let name = Some(script.to_owned());
            program.claimed_script = Some(ClaimedScript { kind: ScriptKind::Script, name });
        })
    };
    let machine = idle(idle(searched(linux()), node(7, "server.js")), node(8, "/srv/worker.js"));
    insta::assert_snapshot!(machine.printed("node", None), @r"
    node runs (PID 7, started 66 minutes ago) but listens on no port.
    node runs (PID 8, started 66 minutes ago) but listens on no port.

    PID          7
    Started      2026-11-22 02:53:20 (66 minutes ago)
    Runs         /usr/bin/node
    Script       server.js (by its command line)
    User         alice

    PID          8
    Started      2026-11-22 02:53:20 (66 minutes ago)
    Runs         /usr/bin/node
    Script       /srv/worker.js (by its command line)
    User         alice
    ");
    let processes = asked(&machine, "node").processes;
    let scripts: Vec<Option<String>> =
        processes.iter().map(|one| one.script.as_ref()?.name.clone()).collect();
    assert_eq!(scripts, [Some("server.js".to_owned()), Some("/srv/worker.js".to_owned())]);
    assert_eq!(processes[0].uid, Some(1000));
}

#[test]
fn what_a_link_gave_its_name_is_taken_by_its_beginning_too() {
    let linked = Process { short_name: Some("python3".to_owned()), ..process(7, "/usr/bin/python3.11") };
    let machine = searched(linux())
        .socket("tcp 0.0.0.0:7701", &[linked])
        .socket("tcp 0.0.0.0:7702", &[process(8, "/usr/bin/python3.11")]);
    assert_eq!(machine.report("python3").rows.len(), 2);
    assert_eq!(said(&machine, "python3"), "‘python3’ was taken as the beginning of python3.11.\n");
}

#[test]
fn a_password_is_not_repeated() {
    let machine = searched(linux()).socket("tcp 0.0.0.0:6379", &[process(7, "/usr/bin/redis-server")]);
    for line in [
        "redis://:secret@localhost:6379/0?password=secret",
        "http://u:secret@localhost/",
        "--process http://u:secret@localhost/",
        "--process u:secret@h",
        "80 --user http://u:secret@h/?token=secret",
        "80 http://u:secret@10.0.0.1:3000/",
        "explain postgres://u:secret@db/shop",
        "postgres://u:sec/secret@db/shop",
        "gopher://u:secret@db",
        "http://u:secret@db:99999/",
    ] {
        let told = ["", "--json ", "-v "].map(|option| {
            match machine.run(&format!("{option}{line}"), &Environment::plain()) {
                Ok((out, notes, _)) => out + &notes,
                Err(error) => error.to_string(),
            }
        });
        assert!(!told.iter().any(|told| told.contains("secret")), "{line}: {told:?}");
    }
    let one = asked(&machine, "redis://:secret@localhost:6379/0?password=secret");
    assert_eq!(one.what, "redis://localhost:6379/0");
    let words = ["whatlistens", "http://u:secret@h:1/"].map(Into::into);
    assert_eq!(command_line(&words, None), "whatlistens http://h:1/");
}

#[test]
fn the_names_of_containers_may_be_hidden() {
    let machine = unseen(searched(linux()), 7, "sshd");
    let refused = machine.refusal("web");
    assert!(
        refused.contains("The names of other users' containers, scripts and folders are shown to root only."),
        "{refused}"
    );
    assert!(!searched(linux()).refusal("web").contains("containers"));
}

#[test]
fn a_user_s_name_is_answered_with_the_option_for_it() {
    let app = Process { user: Some("alice".to_owned()), ..process(7, "/usr/bin/app") };
    let machine = searched(linux().socket("tcp 0.0.0.0:80", &[app]));
    let said =
        "‘alice’ is not a known service, and no process of that name was found. For a user: --user alice";
    assert_eq!(machine.refusal("alice"), said);
    assert!(!machine.refusal("bob").contains("--user"));
    let nothing_read = searched(linux()).seen(|seen| seen.privileged = false);
    assert!(nothing_read.refusal("web").contains("containers"));
}

#[test]
fn a_stranger_on_a_port_that_two_products_use_is_not_shown_for_both() {
    // FlexNet's port, which a product built on RLM uses too.
    let machine = |port: u16| {
        let python = [process(7, "/usr/bin/python3.11")];
        searched(linux()).socket(&format!("tcp 0.0.0.0:{port}"), &python)
    };
    for (port, word, expected) in [
        (27000, "rlm", Exit::NothingMatched),
        (27000, "perforce", Exit::NothingMatched),
        (27000, "flexlm", Exit::Matched),
        (5053, "rlm", Exit::Matched),
        (2080, "rlm", Exit::NothingMatched),
        (2080, "autodesk", Exit::Matched),
    ] {
        assert_eq!(exit(&machine(port), word), expected, "{word} with a stranger on {port}");
    }
    assert!(said(&machine(27000), "rlm").starts_with("No listener of rlm was found."));
    assert!(machine(5053).printed("rlm", None).contains("mismatch"));
    // One of its programs may be on any of its ports.
    let rlm = searched(linux()).socket("tcp 0.0.0.0:27000", &[process(7, "/opt/rlm/rlm")]);
    assert_eq!(exit(&rlm, "rlm"), Exit::Matched);
}
