//! Real processes that listen nowhere, found by name and id, as root and as an ordinary user.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::document::{Document, read};
use crate::live_linux::{NOBODY, copied};
use crate::live_sockets::script;
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

/// A Python of a name that no other process has, with these lines: `CLONE_NEWNET` is a new network namespace, and `own` the
/// first one.
fn python(name: &str, lines: &str, count: usize) -> (String, Listening) {
    let name = format!("{name}{}", std::process::id() % 10_000);
    let lines = format!(
        "
import ctypes, threading
libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET, own = 0x40000000, os.open('/proc/self/ns/net', os.O_RDONLY)
def must(status): assert status == 0, os.strerror(ctypes.get_errno())
def listen(host):
    s = socket(); s.bind((host, 0)); s.listen(); say(s); return s
open('/proc/self/comm', 'w').write('{name}')
{lines}"
    );
    (name, Listening::start(Command::new("python3").args(["-c", &script(&lines)]), count).unwrap())
}

#[test]
#[ignore = "needs root: makes a network namespace"]
fn a_listener_of_a_thread_in_another_namespace_is_named() {
    let lines = "
def there():
    must(libc.unshare(CLONE_NEWNET))
    kept.append(listen('0.0.0.0'))
    threading.Event().wait()
kept = []
threading.Thread(target=there, daemon=True).start()";
    let (name, there) = python("wlthr", lines, 1);
    let expected = format!(", and listens on {}/tcp in network namespace ", there.port());
    for args in [["--process", &name], ["--pid", &there.pid().to_string()]] {
        let text = unbroken(&whatlistens(&args).0);
        assert!(text.contains(&expected) && !text.contains("on no port"), "{text}");
        let (document, status) = asked(&args);
        let process = &document.asked[0].processes[0];
        assert_eq!(process.listens_on.as_ref().unwrap()[..], [format!("{}/tcp", there.port())]);
        assert_eq!((process.namespace.is_none(), status), (true, 1));
    }
}

#[test]
#[ignore = "needs root: makes a network namespace"]
fn a_listener_here_does_not_hide_one_of_the_same_name_elsewhere() {
    let net = Net::new();
    let name = format!("wlboth{}", std::process::id());
    let (_folder, own) = copied(&listener_program(), &name);
    let here = Listening::at(&own, &["tcp:127.0.0.1:0"]);
    let there = Listening::start(net.command(&own).arg("tcp:127.0.0.1:0"), 1).unwrap();
    let (text, _, status) = whatlistens(&[&name]);
    let expected = format!("in network namespace {}, and listens on {}/tcp there.", net.name, there.port());
    assert!(text.contains(&format!("{}/tcp", here.port())) && status == 0, "{text}");
    assert!(unbroken(&text).contains(&expected), "{text}");
}

#[test]
#[ignore = "needs root: makes a network namespace"]
fn a_socket_kept_from_a_namespace_that_was_left_is_not_denied() {
    // Back to where it was, and on to another one; with BPF and without.
    for (name, lines, whole) in [
        (
            "wlback",
            "must(libc.unshare(CLONE_NEWNET)); s = listen('0.0.0.0'); must(libc.setns(own, CLONE_NEWNET))",
            false,
        ),
        (
            "wlon",
            "must(libc.unshare(CLONE_NEWNET)); s = listen('0.0.0.0'); must(libc.unshare(CLONE_NEWNET))",
            false,
        ),
        (
            "wlhere",
            "c = listen('127.0.0.1'); s = create_connection(c.getsockname()); a = c.accept(); c.close()",
            true,
        ),
    ] {
        let (name, _kept) = python(name, lines, 1);
        for bpf in ["auto", "never"] {
            let args = ["--bpf", bpf, "--process", &name];
            let text = unbroken(&whatlistens(&args).0);
            let (document, status) = asked(&args);
            let gap = "1 process that you asked for may hold sockets of a network namespace that could not be entered";
            let has_gap = document.gaps.iter().any(|one| one.detail == gap);
            let ports = document.asked[0].processes[0].listens_on.as_ref();
            assert_eq!((has_gap, ports.is_some(), status), (!whole, whole, 1), "{bpf} {text}");
            assert_eq!(text.contains("listens on no port."), whole, "{bpf} {text}");
        }
    }
}
