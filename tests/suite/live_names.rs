//! Real processes that listen nowhere, found by name and id, as root and as an ordinary user.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::document::{Document, read};
use crate::live_linux::{NOBODY, copied};
use crate::network::{Net, eventually, quiet};
use crate::started::{Ended, Listening, listener_program, program, told, unbroken, whatlistens};

/// A program of a name that no other has, which sleeps in its own folder.
fn sleeper(name: &str) -> (TempDir, String, Ended) {
    let name = format!("{name}{}", std::process::id());
    let (folder, own) = copied(Path::new("/bin/sleep"), &name);
    let sleeping = quiet(Command::new(&own).arg("600").current_dir(folder.path()));
    let runs = || !read(&whatlistens(&["--json", "--process", &name]).0).asked[0].processes.is_empty();
    assert!(eventually(runs));
    (folder, name, sleeping)
}

fn asked(args: &[&str]) -> (Document, u8) {
    let (json, _, status) = whatlistens(&[&["--json"], args].concat());
    (read(&json), status)
}

#[test]
fn one_that_listens_nowhere_is_found_by_name_path_and_id() {
    let (folder, name, sleeping) = sleeper("wlsleep");
    let (pid, id) = (sleeping.0.id(), sleeping.0.id().to_string());
    let path = folder.path().join(&name).to_string_lossy().into_owned();
    for args in [&[&name[..]][..], &["--process", &name], &["--pid", &id], &[&path], &[&name.to_uppercase()]]
    {
        let (text, _, status) = whatlistens(args);
        let runs = format!("{name} runs (PID {pid}, started ");
        assert!(
            unbroken(&text).contains(&runs) && text.contains("but listens on no port."),
            "{args:?}: {text}"
        );
        assert!(text.contains(&format!("Works in     {}\n", folder.path().display())), "{text}");
        assert_eq!(status, 1, "{args:?}");
        let (document, status) = asked(args);
        let [process] = &document.asked[0].processes[..] else { panic!("{args:?}") };
        assert_eq!((process.pid, process.listens_on.as_deref(), status), (pid, Some(&[][..]), 1));
    }
    let (before, _) = name.split_at(name.len() - 2);
    assert_eq!(whatlistens(&[before]).2, 1, "a number follows");
    assert!(Command::new("kill").args(["-STOP", &id]).status().unwrap().success());
    assert!(eventually(|| whatlistens(&["-H", "--pid", &id]).1.contains("state: stopped)")));
    drop(sleeping);
    let (text, _, status) = whatlistens(&["--process", &name]);
    assert!(status == 1 && !text.contains("runs (PID"), "{text}");
    assert_eq!(whatlistens(&["--pid", "4194305"]).2, 1, "beyond the largest id");
}

#[test]
#[ignore = "needs root: makes a network namespace"]
fn one_that_listens_in_another_namespace_is_not_said_to_listen_nowhere() {
    let net = Net::new();
    let name = format!("wlthere{}", std::process::id());
    let (_folder, own) = copied(&listener_program(), &name);
    let there = Listening::start(net.command(&own).arg("tcp:127.0.0.1:0"), 1).unwrap();
    let id = there.pid().to_string();
    let (text, _, status) = whatlistens(&["--pid", &id]);
    let expected = format!(
        "{name} runs (PID {id}, started 0 seconds ago) in network namespace {}, and listens on {}/tcp there.",
        net.name,
        there.port()
    );
    assert!(
        status == 1 && unbroken(&text).replace("1 second ago", "0 seconds ago").contains(&expected),
        "{text}"
    );
    let (document, _) = asked(&["--pid", &id]);
    let process = &document.asked[0].processes[0];
    assert_eq!(process.listens_on.as_ref().unwrap()[..], [format!("{}/tcp", there.port())]);
    assert_eq!(process.namespace.as_ref().unwrap().name.as_ref(), Some(&net.name));
    assert_eq!(whatlistens(&["--all-namespaces", "--pid", &id]).2, 0);
    // From within it is the caller's own.
    assert_eq!(net.run(&["--pid", &id]).2, 0);
}

#[test]
#[ignore = "needs root: gives its rights up"]
fn an_ordinary_user_is_not_told_that_another_s_process_listens_nowhere() {
    let (_folder, name, sleeping) = sleeper("wlroot");
    let id = sleeping.0.id().to_string();
    let (_program, copy) = copied(&program(), "whatlistens");
    let nobody =
        |args: &[&str]| told(Command::new(&copy).args(args).uid(NOBODY).gid(NOBODY).output().unwrap());
    for args in [["--pid", &id], ["--process", &name]] {
        let (text, _, status) = nobody(&args);
        let text = unbroken(&text);
        assert!(text.contains("You are not allowed to see on which ports it listens."), "{text}");
        assert!(text.contains("To see more: sudo ") && status == 1, "{text}");
    }
    let (json, ..) = nobody(&["--json", "--pid", &id]);
    let document = read(&json);
    assert!(document.asked[0].processes[0].listens_on.is_none() && !document.complete);
}
