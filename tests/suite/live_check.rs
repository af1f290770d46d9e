//! `check` beside real listeners, as root and as an ordinary user.

use std::fs;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::live_linux::{NOBODY, copied};
use crate::network::Net;
use crate::perfdata::values;
use crate::started::{Listening, listener_program, loopback, program, told, whatlistens};

/// The listener program, or a copy of it, in a network namespace.
fn listening(net: &Net, path: &Path, places: &[&str]) -> Listening {
    Listening::start(net.command(path).args(places), places.len()).unwrap()
}

/// What is printed on standard output, and the exit status. There is nothing on standard error.
fn check(net: &Net, args: &[&str]) -> (String, u8) {
    let (stdout, stderr, status) = net.run(&[&["check"], args].concat());
    assert_eq!(stderr, "", "{args:?}");
    let first = stdout.lines().next().unwrap_or_default();
    if let Some((_, performance)) = first.split_once(" | ") {
        values(performance).unwrap();
    }
    (stdout, status)
}

fn as_nobody(net: &Net, args: &[&str]) -> (String, u8) {
    let mut command = net.command("setpriv");
    command.args(["--reuid", &NOBODY.to_string(), "--regid", &NOBODY.to_string(), "--clear-groups"]);
    let (stdout, _, status) = told(command.arg(program()).arg("check").args(args).output().unwrap());
    (stdout, status)
}

#[test]
fn a_real_port_is_expected_and_wrong_usage_is_said_on_standard_output() {
    let listening = Listening::at(&listener_program(), &[&format!("tcp:{}:0", loopback())]);
    let port = listening.port().to_string();
    let (stdout, stderr, status) = whatlistens(&["check", "--expect", &format!("{port}/tcp")]);
    assert!(stdout.starts_with("WHATLISTENS OK - 1 expected port listens | listeners="), "{stdout}");
    assert_eq!((stderr.as_str(), status), ("", 0));
    for args in
        [&["check"][..], &["check", "--bogus"], &["check", "--expect", "x y"], &["servers", "--check", "--x"]]
    {
        let (stdout, stderr, status) = whatlistens(args);
        assert_eq!((stderr.as_str(), status, stdout.lines().count()), ("", 3, 1), "{args:?}: {stdout}");
        assert!(stdout.contains(" UNKNOWN - "), "{stdout}");
    }
}

#[test]
fn whatever_keeps_it_from_an_answer_is_unknown() {
    let run = |redirection: &str, args: &str| {
        let line = format!("exec {redirection}; exec '{}' {args}", program().display());
        told(Command::new("sh").args(["-c", &line]).output().unwrap())
    };
    let checks = ["check --expect 9", "check --max-exposure public", "check --suggest", "servers --check"];
    for args in checks.into_iter().chain(["check", "check --suggest --json", "check --servers= --bogus"]) {
        for redirection in [">&-", ">/dev/full", "1</dev/null"] {
            assert_eq!(run(redirection, args).2, 3, "{args} {redirection}");
        }
    }
    for args in [
        "check --suggest --json",
        "check --suggest --no-flagged",
        "check --suggest --bogus",
        "check --suggest lmgrdd",
        "check --suggest --from /nonexistent",
        "check --from /",
        "check --suggest --from /",
        "check --suggest --trust-user nosuchuser9",
        "--user x check --expect 9",
        "--from /nonexistent check --expect 9",
        "check --no-flagged lmgrdd",
        "check --expect 9 --deadline x",
        "check --output json",
        "check --output jsonx --expect 9",
    ] {
        let (stdout, stderr, status) = run("2>&2", args);
        assert_eq!(status, 3, "{args}: {stdout}{stderr}");
        if args.contains("json") {
            continue;
        }
        // A policy goes to a file, and what a check says to a monitoring system.
        assert!(
            stdout.is_empty() == args.contains("--suggest") && stderr.is_empty() != stdout.is_empty(),
            "{args}"
        );
    }
}

#[test]
fn a_policy_is_read_from_a_pipe_and_never_waited_for() {
    let mut child = Command::new(program())
        .args(["check", "--policy", "-", "--from", "/nonexistent"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"\nfoo = 1").unwrap();
    let (stdout, _, status) = told(child.wait_with_output().unwrap());
    assert_eq!(status, 3);
    assert!(
        stdout.starts_with("WHATLISTENS UNKNOWN - standard input:2: foo: there is no such key"),
        "{stdout}"
    );
    let folder = tempfile::tempdir().unwrap();
    let fifo = folder.path().join("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let begun = Instant::now();
    let (stdout, _, status) =
        whatlistens(&["check", "--policy", fifo.to_str().unwrap(), "--deadline", "100ms"]);
    assert_eq!(status, 3);
    assert!(stdout.contains("could not be read: timed out"), "{stdout}");
    assert!(begun.elapsed() < Duration::from_secs(20));
    for (path, why) in
        [("/dev/zero", "has at most 1024 KiB"), ("/", "is a directory"), ("/nonexistent", "No such file")]
    {
        let (stdout, _, status) = whatlistens(&["check", "--policy", path]);
        assert_eq!(status, 3);
        assert!(stdout.to_lowercase().contains(&why.to_lowercase()), "{stdout}");
    }
}

#[test]
fn a_link_is_matched_by_the_file_that_it_leads_to() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("akmelmd");
    std::os::unix::fs::symlink(listener_program(), &link).unwrap();
    let listening = Listening::at(&listener_program(), &[&format!("tcp:{}:0", loopback())]);
    let port = listening.port();
    let file = folder.path().join("policy.toml");
    let by = |policy: &str| {
        fs::write(&file, policy).unwrap();
        let (stdout, _, status) =
            whatlistens(&["check", "--policy", file.to_str().unwrap(), &port.to_string()]);
        (stdout, status)
    };
    let link = link.display();
    let (stdout, status) = by(&format!("[[must-not-listen]]\nprogram = '{link}'"));
    assert_eq!(status, 2, "{stdout}");
    let (stdout, status) = by(&format!("[[held-by]]\nport = {port}\nprogram = '{link}'"));
    assert_eq!(status, 0, "{stdout}");
    let (stdout, _, status) = whatlistens(&["check", "--expect", &format!("{port}/tcp={link}")]);
    assert_eq!(status, 0, "{stdout}");
    // What is not there is no other file.
    let (stdout, status) = by("[[must-not-listen]]\nprogram = '/nonexistent/listener'");
    assert_eq!(status, 0, "{stdout}");
    let (stdout, status) = by("[[must-not-listen]]\n\nprogram = '/usr/bin'");
    assert!(
        status == 3 && stdout.contains(":3: program: ‘/usr/bin’ is a folder: give the path of a file"),
        "{stdout}"
    );
    let (stdout, status) = by("[[must-not-listen]]\nport = 23\nuser = ['root', 'nosuchuser9']");
    let right = ":3: user: this machine has no user ‘nosuchuser9’; give a name or a number";
    assert!(status == 3 && stdout.contains(right), "{stdout}");
    // The user of a service may exist only while it runs.
    assert_eq!(by("[[may-listen]]\nport = 23\nuser = 'nosuchuser9'\nreason = 'x'\n[[may-listen]]\nport = '1-65535'\nreason = 'x'").1, 0);
}

#[test]
#[ignore = "needs root: listens in a network namespace of its own, and looks as another user"]
fn a_suggested_policy_passes_until_something_else_listens() {
    let net = Net::new();
    let (folder, path) = copied(&listener_program(), "akmelmd");
    let places = ["tcp:127.0.0.1:8080", "tcp:0.0.0.0:9000", "udp:[::]:0", "tcp:127.0.0.1:0"];
    let first = listening(&net, &path, &places);
    let (policy, stderr, status) = net.run(&["check", "--suggest"]);
    assert_eq!((stderr.as_str(), status), ("", 0));
    let file = folder.path().join("policy.toml");
    fs::write(&file, &policy).unwrap();
    let file = file.to_str().unwrap();
    let (stdout, status) = check(&net, &["--policy", file]);
    assert_eq!(status, 0, "{policy}\n{stdout}");
    assert!(stdout.starts_with("WHATLISTENS OK - 4 listeners checked"), "{stdout}");
    // Other ports of the system's choice after a restart, and the same program.
    drop(first);
    let again = listening(&net, &path, &places);
    let (stdout, status) = check(&net, &["--policy", file]);
    assert_eq!(status, 0, "{policy}\n{stdout}");
    // Whoever may not see the owners does not know.
    let (stdout, status) = as_nobody(&net, &["--policy", file]);
    assert_eq!(status, 3, "{stdout}");
    assert!(stdout.contains("you are not allowed to see which process holds it"), "{stdout}");
    let other = listening(&net, &listener_program(), &["tcp:0.0.0.0:9001"]);
    let (stdout, status) = check(&net, &["--policy", file]);
    assert_eq!(status, 2);
    let wrong =
        format!("9001/tcp at 0.0.0.0 is not allowed; listener (PID {}) of root holds it", other.pid());
    assert!(stdout.contains(&wrong), "{stdout}");
    // The ordinary user sees that as well.
    assert_eq!(as_nobody(&net, &["--policy", file]).1, 2);
    drop((other, again));
    fs::write(file, policy.replace("[[may-listen]]", "[[must-listen]]").replace("-60999", "")).unwrap();
    let (stdout, status) = check(&net, &["--policy", file]);
    assert_eq!(status, 2, "{stdout}");
    // Another test may listen there elsewhere.
    let is_missing = ["8080/tcp does not listen", "8080/tcp listens in the network namespace"];
    assert!(is_missing.iter().any(|missing| stdout.contains(missing)), "{stdout}");
}

#[test]
#[ignore = "needs root: listens in a network namespace of its own, and looks as another user"]
fn who_holds_a_port_is_unknown_to_whoever_may_not_see_it() {
    let net = Net::new();
    let _listening = listening(&net, &listener_program(), &["tcp:0.0.0.0:27000"]);
    assert_eq!(check(&net, &["--expect", "27000/tcp=listener"]).1, 0);
    let (stdout, status) = check(&net, &["--expect", "27000/tcp=lmgrd"]);
    assert_eq!(status, 2, "{stdout}");
    assert_eq!(as_nobody(&net, &["--expect", "27000/tcp"]).1, 0, "that it listens is no secret");
    for args in [&["--expect", "27000/tcp=lmgrd"][..], &["--expect", "27000/tcp=listener"], &["--no-flagged"]]
    {
        let (stdout, status) = as_nobody(&net, args);
        assert_eq!(status, 3, "{stdout}");
        assert!(stdout.contains("With more rights: sudo "), "{stdout}");
    }
    let (stdout, status) = as_nobody(&net, &["--expect", "4444"]);
    assert_eq!(status, 2, "{stdout}");
}

#[test]
#[ignore = "needs root: listens in a network namespace of its own"]
fn a_name_that_anybody_could_give_a_file_is_not_believed() {
    let net = Net::new();
    let (folder, path) = copied(&listener_program(), "nginx");
    let _listening = listening(&net, &path, &["tcp:0.0.0.0:8080"]);
    assert_eq!(check(&net, &["--expect", "8080=nginx"]).1, 0, "only root could have put it there");
    fs::set_permissions(folder.path(), Permissions::from_mode(0o777)).unwrap();
    let (stdout, status) = check(&net, &["--expect", "8080=nginx"]);
    assert_eq!(status, 3);
    assert!(stdout.contains("any user of this machine could have replaced the file of nginx"), "{stdout}");
    let by_path = format!("8080={}", path.display());
    assert_eq!(check(&net, &["--expect", &by_path]).1, 0, "whoever writes the path means that file");
    // A record knows it as well, and who may say so is trusted there too.
    let record = folder.path().join("record.json");
    fs::write(&record, net.run(&["record"]).0).unwrap();
    let from = record.to_str().unwrap();
    assert_eq!(check(&net, &["--from", from, "--expect", "8080=nginx"]).1, 3);
    assert_eq!(check(&net, &["--from", from, "--expect", &by_path]).1, 0);
    let trusted = ["--from", from, "--expect", "8080=nginx", "--trust-path", folder.path().to_str().unwrap()];
    assert_eq!(check(&net, &trusted).1, 0);
}

#[test]
#[ignore = "needs root: listens in two network namespaces"]
fn what_listens_in_another_namespace_counts_only_if_asked_for() {
    let (net, other) = (Net::new(), Net::new());
    let mut command = other.command(listener_program());
    let listening = Listening::start(command.arg("tcp:0.0.0.0:8099"), 1).unwrap();
    let (stdout, status) = check(&net, &["--expect", "8099"]);
    assert_eq!(status, 2);
    assert!(
        stdout.contains("listens in the network namespace") && stdout.contains("--all-namespaces"),
        "{stdout}"
    );
    let (stdout, status) = check(&net, &["--expect", "8099=listener", "--all-namespaces"]);
    assert_eq!(status, 0, "{stdout}");
    drop(listening);
}
