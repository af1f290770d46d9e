//! Other network namespaces: listed when asked for, counted when not, a gap where they cannot be seen.

use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use crate::document::{Document, read};
use crate::live_linux::{NOBODY, copied};
use crate::live_sockets::script;
use crate::network::{Net, in_cgroup, is_alone_on, quiet, run, sockets_by_port};
use crate::started::{Listening, in_the_end, listener_program, program, told, unbroken, whatlistens};

/// The names of the namespaces that hold a listener of this process.
fn namespaces_of(document: &Document, pid: u32) -> Vec<Option<String>> {
    let mine = |l: &&crate::document::Listener| l.processes.iter().any(|process| process.pid == pid);
    let namespaces = document.listeners.iter().filter(mine).map(|l| l.namespace.as_ref());
    namespaces.map(|namespace| namespace.and_then(|namespace| namespace.name.clone())).collect()
}

fn all() -> Document {
    read(&whatlistens(&["--json", "--all-namespaces"]).0)
}

#[test]
#[ignore = "needs root: makes and enters network namespaces"]
fn a_named_namespace_is_listed_when_asked_for_and_counted_when_not() {
    let net = Net::new();
    let places = ["tcp:127.0.0.1:0", "udp:127.0.0.1:0"];
    let start = || Listening::start(net.command(listener_program()).args(places), 2).unwrap();
    // On a port that nobody else has, here or there.
    let listening = in_the_end(start, |listening| is_alone_on(listening.port()));
    let pid = listening.pid();
    let document = all();
    let name = Some(net.name.clone());
    // ip(8) becomes the program that it starts, so the id is the listener's.
    assert_eq!(namespaces_of(&document, pid), [name.clone(), name.clone()]);
    let port = listening.port().to_string();

    let document = read(&whatlistens(&["--json"]).0);
    assert_eq!(namespaces_of(&document, pid), []);
    let other = document.other_namespaces.iter().find(|other| other.name == name).unwrap();
    assert_eq!(other.listeners, 2);

    // Free here, and taken there.
    let (detail, _, status) = whatlistens(&[&format!("{port}/tcp")]);
    assert!(status == 1 && detail.contains("is free"), "{detail}");
    let said = format!("1 matching listener in another network namespace ({}) is not shown", net.name);
    assert!(detail.contains(&said), "{detail}");
    let (detail, _, status) = whatlistens(&["--all-namespaces", &format!("{port}/tcp")]);
    let title = format!("{port}/tcp in network namespace {}", net.name);
    assert!(status == 0 && detail.starts_with(&title), "{detail}");
    let (table, ..) = whatlistens(&["-H", "--all-namespaces", "--pid", &pid.to_string()]);
    assert!(table.lines().count() == 2 && table.contains(&net.name), "{table}");

    // From inside, the caller's namespace is the named one, and the first is another.
    let document = net.look(&[]);
    assert_eq!(namespaces_of(&document, pid), [None, None]);
}

#[test]
#[ignore = "needs root: makes and enters network namespaces"]
fn a_port_that_a_socket_with_a_peer_has_in_another_namespace_is_in_use_with_all_namespaces() {
    let net = Net::new();
    let mut command = net.command(listener_program());
    let client = Listening::start(command.arg("udp-connected:127.0.0.1:0"), 1).unwrap();
    let port = format!("{}/udp", client.port());
    let (json, _, status) = whatlistens(&["--json", "--all-namespaces", &port]);
    let document = read(&json);
    let answer = &document.asked[0].answers[0];
    let by = answer.by.iter().find(|by| by.processes.iter().any(|process| process.pid == client.pid()));
    let name = by.and_then(|by| by.namespace.as_ref()?.name.clone());
    assert_eq!((answer.status.as_str(), name, status), ("in-use", Some(net.name.clone()), 0), "{json}");
    let (detail, ..) = whatlistens(&["--all-namespaces", &port]);
    assert!(unbroken(&detail).contains(&format!("in network namespace {}", net.name)), "{detail}");
}

#[test]
#[ignore = "needs root: makes and enters network namespaces"]
fn a_namespace_without_a_name_goes_by_its_container_or_its_oldest_process() {
    let mut command = Command::new("unshare");
    command.args(["--net", "sh", "-c", "ip link set lo up && exec \"$@\"", "sh"]).arg(listener_program());
    let listening = Listening::start(command.arg("tcp:127.0.0.1:0"), 1).unwrap();
    let process = format!("listener (PID {})", listening.pid());
    assert_eq!(namespaces_of(&all(), listening.pid()), [Some(process)]);

    let id = format!("{:064x}", std::process::id());
    let Some(_cgroup) = in_cgroup(&format!("system.slice/docker-{id}.scope"), listening.pid()) else {
        return;
    };
    let document = all();
    assert_eq!(namespaces_of(&document, listening.pid()), [Some(format!("docker {}", &id[..12]))]);
    let mine =
        document.listeners.iter().flat_map(|l| &l.processes).find(|p| p.pid == listening.pid()).unwrap();
    let container = mine.container.as_ref().unwrap();
    assert_eq!((container.runtime.as_str(), &container.id), ("docker", &id));
}

#[test]
#[ignore = "needs root: looks as an ordinary user into a namespace of root's"]
fn a_namespace_that_cannot_be_entered_is_a_gap() {
    let net = Net::new();
    let _server = quiet(net.command("sleep").arg("infinity"));
    let (_folder, program) = copied(&program(), "whatlistens");
    let look = || {
        let mut command = Command::new(&program);
        command.args(["--json", "--all-namespaces"]).uid(NOBODY).gid(NOBODY).current_dir("/");
        told(command.output().unwrap()).0
    };
    let has_gap = |stdout: &String| {
        stdout.contains(&format!("the network namespace {}", net.name))
            || stdout.contains("network namespaces could not be entered, among them")
    };
    let stdout = in_the_end(look, has_gap);
    let document = read(&stdout);
    let gap = document.gaps.iter().find(|gap| gap.kind == "namespaces-unseen").unwrap();
    assert!(gap.detail.contains("Operation not permitted"), "{}", gap.detail);
    assert!(gap.remedy.as_deref().is_some_and(|remedy| remedy.starts_with("sudo ")) && !document.complete);
}

/// A Python that says where it listens, in a namespace of its own, and then does `rest`.
fn in_own_namespace(before: &str, rest: &str) -> Listening {
    let lines = format!(
        "
import threading, time
from ctypes import CDLL
def enter():
    if CDLL(None).unshare(0x40000000): sys.exit('unshare')  # CLONE_NEWNET
def listen():
    global s
    s = socket(); s.bind(('0.0.0.0', 0)); s.listen(); say(s)
{before}
{rest}"
    );
    Listening::start(Command::new("python3").args(["-c", &script(&lines)]), 1).unwrap()
}

#[test]
#[ignore = "needs root: makes and enters network namespaces"]
fn a_namespace_that_only_a_thread_is_in_is_listed() {
    let of_one_thread = in_own_namespace(
        "
def run(): enter(); listen(); threading.Event().wait()",
        "threading.Thread(target=run, daemon=True).start()",
    );
    assert_eq!(namespaces_of(&all(), of_one_thread.pid()).len(), 1);
    // The first thread ends, and the others stay where it was.
    let without_first = in_own_namespace(
        "
def run(): sys.stdin.read()",
        "enter(); threading.Thread(target=run).start(); listen(); CDLL(None).syscall({'x86_64': 60}.get(os.uname().machine, 93), 0)",
    );
    let document = in_the_end(all, |document| namespaces_of(document, without_first.pid()).len() == 1);
    assert_eq!(namespaces_of(&document, without_first.pid()).len(), 1);
}

#[test]
#[ignore = "needs root: makes, mounts and enters network namespaces"]
fn a_namespace_that_a_mount_elsewhere_keeps_is_found_and_is_named_by_it() {
    let folder = tempfile::tempdir().unwrap();
    let pin = folder.path().join("pin");
    std::fs::write(&pin, "").unwrap();
    let unshare = format!("--net={}", pin.display());
    run(Command::new("unshare").args([&unshare, "true"]));
    let listens = || {
        let enter = format!("--net={}", pin.display());
        Listening::start(Command::new("nsenter").arg(enter).arg(listener_program()).arg("tcp:0.0.0.0:0"), 1)
            .unwrap()
    };
    let listening = listens();
    assert_eq!(namespaces_of(&all(), listening.pid()), [Some(pin.display().to_string())]);
    drop(listening);
    let (_, how, _) = whatlistens(&["--json", "--verbose", "--all-namespaces"]);
    assert!(how.contains("other network namespace"), "{how}");
    // Whoever scans at this moment may have it open.
    run(Command::new("umount").arg("-l").arg(&pin));
}

#[test]
#[ignore = "needs root: makes network namespaces, and uses BPF"]
fn a_namespace_that_only_a_socket_keeps_is_a_gap() {
    let left = "
import os
own = os.open('/proc/self/ns/net', os.O_RDONLY)
enter(); listen()
if CDLL(None).setns(own, 0): sys.exit('setns')
os.close(own)";
    // On a port that nobody else has.
    let listening = in_the_end(
        || in_own_namespace("", left),
        |listening| !sockets_by_port().contains_key(&listening.port()),
    );
    let gaps =
        |words: &[&str]| unseen(&read(&whatlistens(&[&["--json", "--all-namespaces"], words].concat()).0));
    // Of several only one is named, which may be of another run of these tests.
    let pid = format!("(PID {})", listening.pid());
    let named = |gap: &String| {
        gap.contains("only sockets") && (gap.contains(&pid) || gap.contains("network namespaces, among them"))
    };
    let port = listening.port();
    // Nothing that is scanned has the port.
    let [one, udp, range] = [&port.to_string()[..], &format!("{port}/udp"), &format!("{}-{port}", port - 70)];
    for words in [&[][..], &[one], &[udp], &[range], &["--user", "root"]] {
        assert!(gaps(words).iter().any(named), "{words:?}: {:?}", gaps(words));
    }
    let words = ["--all-namespaces", &format!("{port}/tcp")];
    let (detail, _, status) = whatlistens(&words);
    assert!(!detail.contains("on this machine"), "{detail}");
    // Unless somebody has it by now.
    assert!(status == 1 || sockets_by_port().contains_key(&port), "{detail}");
    drop(listening);
    assert!(!gaps(&[]).iter().any(|gap| gap.contains(&pid)), "{:?}", gaps(&[]));
}

/// What could not be seen of namespaces.
fn unseen(document: &Document) -> Vec<String> {
    let unseen = document.gaps.iter().filter(|gap| gap.kind == "namespaces-unseen");
    unseen.map(|gap| gap.detail.clone()).collect()
}

/// What the program prints where nobody else is: in namespaces of its own for processes, the network and mounts, after
/// these lines of a shell, for each of these command lines. Namespaces that are mounted somewhere, as other tests do, are
/// not there.
fn alone(lines: &str, asked: &[&str]) -> Vec<String> {
    let unmounted = "grep ' - nsfs ' /proc/self/mountinfo | cut -d ' ' -f 5 | xargs -r umount -l";
    let mut script = format!("ip link set lo up && {unmounted} && {lines}");
    for words in asked {
        script += &format!("\n\"$0\" {words}; printf '\\0'");
    }
    let mut command = Command::new("unshare");
    command.args(["--net", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", &script]);
    let (stdout, stderr, _) = told(command.arg(program()).stdin(Stdio::null()).output().unwrap());
    let printed: Vec<String> = stdout.split_terminator('\0').map(unbroken).collect();
    assert_eq!(printed.len(), asked.len(), "{stdout}{stderr}");
    printed
}

#[test]
#[ignore = "needs root: makes network and PID namespaces"]
fn on_this_machine_is_said_where_no_other_namespace_is_known() {
    const ASKED: [&str; 2] = ["9", "--json 9"];
    let here = "nothing on this machine listens on it";
    let [detail, json] = &alone("mount -t tmpfs none /run", &ASKED)[..] else { panic!() };
    assert!(detail.contains(here) && json.contains(here), "{detail}{json}");
    assert!(read(json).complete, "{json}");
    // Nothing listens in the other one, as far as a single look can say.
    let other = "mount -t tmpfs none /run; unshare --net sleep infinity & \
        until [ \"$(readlink /proc/$!/ns/net)\" != \"$(readlink /proc/self/ns/net)\" ]; do :; done";
    let [detail, json] = &alone(other, &ASKED)[..] else { panic!() };
    let here = "nothing in this network namespace listens on it";
    assert!(detail.contains(here) && json.contains(here), "{detail}{json}");
    let document = read(json);
    assert_eq!((document.asked[0].answers[0].status.as_str(), document.complete), ("free", true));
}

/// Only the kernel knows of such namespaces, and a container is not told.
#[test]
#[ignore = "needs root: makes network and PID namespaces"]
fn that_sockets_may_be_in_more_namespaces_is_a_gap_where_bpf_cannot_be_used() {
    let asked =
        ["--json --all-namespaces", "--json --all-namespaces 9", "--json --all-namespaces 1-70", "--json 9"];
    let printed = alone("mount -t tmpfs none /run", &asked);
    let gaps: Vec<Vec<String>> = printed.iter().map(|json| unseen(&read(json))).collect();
    for (words, gaps) in asked.iter().zip(&gaps).take(3) {
        let [gap] = &gaps[..] else { panic!("{words}: {gaps:?}") };
        assert!(gap.contains("network namespaces that only sockets are in were not searched for"), "{gap}");
    }
    assert_eq!(gaps[3], [""; 0], "only this namespace was asked about");
    assert!(!printed[1].contains("on this machine"), "{}", printed[1]);
}
