//! Sockets that were sent over a unix socket and not received yet: no process holds them, and those that may get them are
//! named.

use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use crate::document::{Document, Listener, read};
use crate::live::row;
use crate::live_linux::{NOBODY, copied};
use crate::live_sockets::script;
use crate::started::{Listening, listener_program, program, told, unbroken};

/// `send` sends sockets over another, and `keeper` starts a process that is the only one to keep some.
const SEND: &str = "
import json, subprocess
def send(one, *sockets):
    fds = array.array('i', [s.fileno() for s in sockets])
    one.sendmsg([b'x'], [(SOL_SOCKET, SCM_RIGHTS, fds)])
def keeper(*kept):
    fds = [s.fileno() for s in kept]
    child = subprocess.Popen(['sleep', '60'], pass_fds=fds, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    for s in kept: s.close()
    return child.pid
s = socket(); s.bind(('127.0.0.1', 0)); s.listen(); port = s.getsockname()[1]
one, other = socketpair(AF_UNIX)";

/// What is seen of a socket that these lines send, in a PID namespace where every process can be seen: the id of a process
/// that the lines print, the JSON and the details.
fn sent(unshare: &[&str], lines: &str) -> Option<(u32, Document, String)> {
    let ask = "
s.close()
for args in ['--json', '%d/tcp' % port], ['%d/tcp' % port]:
    print(json.dumps(subprocess.run([sys.argv[1], *args], capture_output=True, text=True).stdout), flush=True)";
    let mut command = Command::new("unshare");
    command.args(unshare).args(["--pid", "--fork", "--kill-child", "--mount-proc", "python3", "-c"]);
    command.arg(script(&format!("{SEND}\n{lines}\n{ask}"))).arg(program());
    let (stdout, stderr, _) = told(command.stdin(Stdio::null()).output().unwrap());
    if stderr.starts_with("unshare: ") {
        eprintln!("skipped: user namespaces are not allowed here");
        return None;
    }
    let printed: Vec<serde_json::Value> =
        stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [pid, json, detail] = &printed[..] else { panic!("{stdout}{stderr}") };
    let pid = pid.as_u64().unwrap().try_into().unwrap();
    Some((pid, read(json.as_str().unwrap()), unbroken(detail.as_str().unwrap())))
}

/// Somebody else may have the port on another address.
fn local(document: &Document) -> &Listener {
    let mut here = document.listeners.iter().filter(|listener| listener.address == "127.0.0.1");
    here.next().unwrap_or_else(|| panic!("{document:?}"))
}

fn is_named(unshare: &[&str], lines: &str, name: &str, descriptors: u64, words: &str) {
    let Some((pid, document, detail)) = sent(unshare, lines) else { return };
    let found = local(&document);
    assert_eq!((found.owner_status.as_str(), document.complete), ("unattributed", true), "{lines}");
    let receivers: Vec<_> = found
        .in_flight_to
        .iter()
        .flatten()
        .map(|one| (one.pid, one.name.as_deref().unwrap(), one.descriptors))
        .collect();
    assert_eq!(receivers, [(pid, name, descriptors)], "{lines}");
    let sentence = format!("It may be on its way to {name} (PID {pid}), {words} (SCM_RIGHTS).");
    assert!(detail.contains("no visible process owns it") && detail.contains(&sentence), "{lines}: {detail}");
}

#[test]
#[ignore = "needs root: makes a PID namespace, where every process can be seen"]
fn the_process_that_a_socket_may_be_on_its_way_to_is_named() {
    let one = "which has 1 descriptor waiting in a unix socket";
    is_named(&[], "send(one, s); print(keeper(other))", "sleep", 1, one);
    let many = "extra = socket(); send(one, s, extra); send(one, extra); print(keeper(other))";
    is_named(&[], many, "sleep", 3, "which has 3 descriptors waiting in unix sockets");
    let datagram = "one, other = socketpair(AF_UNIX, SOCK_DGRAM); send(one, s); print(keeper(other))";
    is_named(&[], datagram, "sleep", 1, one);
    is_named(&[], "send(one, s); print(keeper(other, other.dup()))", "sleep", 1, one);
    let nested = "
send(one, s); third, fourth = socketpair(AF_UNIX); send(third, other); other.close(); print(keeper(fourth))";
    is_named(&[], nested, "sleep", 1, one);
}

#[test]
fn an_ordinary_user_who_can_see_every_process_sees_it_too() {
    let lines = "send(one, s); print(keeper(other))";
    let user_namespace = ["--user", "--map-root-user"];
    is_named(&user_namespace, lines, "sleep", 1, "which has 1 descriptor waiting in a unix socket");
}

#[test]
#[ignore = "needs root: looks at root's sockets as an ordinary user"]
fn whoever_may_not_see_every_process_does_not_learn_where_it_goes() {
    let lines = format!("{SEND}\nsend(one, s); say(s); s.close()");
    let sending = Listening::start(Command::new("python3").args(["-c", &script(&lines)]), 1).unwrap();
    let (_folder, program) = copied(&program(), "whatlistens");
    let mut command = Command::new(&program);
    command.args(["--json", &sending.port().to_string()]).uid(NOBODY).gid(NOBODY).current_dir("/");
    let document = read(&told(command.output().unwrap()).0);
    let found = row(&document, sending.addresses[0]);
    assert_eq!((found.owner_status.as_str(), found.in_flight_to.is_none()), ("hidden", true));
}

#[test]
#[ignore = "needs root: looks at an ordinary user's own socket as that user"]
fn whoever_may_not_see_every_process_learns_where_their_own_goes() {
    let lines = format!("{SEND}\nsend(one, s); say(s); s.close()");
    let mut sending = Command::new("python3");
    sending.args(["-c", &script(&lines)]).uid(NOBODY).gid(NOBODY).current_dir("/");
    let sending = Listening::start(&mut sending, 1).unwrap();
    let (_folder, program) = copied(&program(), "whatlistens");
    let told_to = |args: &[&str]| {
        let mut command = Command::new(&program);
        command.args(args).arg(format!("{}/tcp", sending.port())).uid(NOBODY).gid(NOBODY).current_dir("/");
        told(command.output().unwrap()).0
    };
    let document = read(&told_to(&["--json"]));
    let found = row(&document, sending.addresses[0]);
    let receivers: Vec<_> =
        found.in_flight_to.iter().flatten().map(|one| (one.pid, one.descriptors)).collect();
    assert_eq!((found.owner_status.as_str(), receivers), ("hidden", vec![(sending.pid(), 1)]));
    let detail = unbroken(&told_to(&[]));
    let sentence = "no process that you may see owns it. It may be on its way to python3";
    assert!(
        detail.contains(sentence) && detail.contains("a process that you are not allowed to see"),
        "{detail}"
    );
}

#[test]
#[ignore = "needs root: makes a PID namespace, where every process can be seen"]
fn where_no_descriptor_waits_it_is_on_its_way_to_nobody() {
    // A process outside holds the socket.
    let holder = Listening::at(&listener_program(), &["tcp:127.0.0.1:0"]);
    let lines = format!("port = {}; print(0)", holder.port());
    let (_, document, detail) = sent(&[], &lines).unwrap();
    let found = local(&document);
    assert_eq!(
        (found.owner_status.as_str(), found.in_flight_to.as_deref().map(<[_]>::len)),
        ("unattributed", Some(0))
    );
    assert!(detail.contains("It is not on its way to any visible process (SCM_RIGHTS)."), "{detail}");
}

#[test]
#[ignore = "needs root: makes a PID namespace, where every process can be seen"]
fn a_listing_of_all_ports_does_not_look_for_it() {
    let lines = "
send(one, s); s.close()
seen = json.loads(subprocess.run([sys.argv[1], '--json'], capture_output=True, text=True).stdout)
assert [l['in_flight_to'] for l in seen['listeners'] if l['port'] == port] == [None], seen
print(keeper(other))";
    assert!(sent(&[], lines).is_some());
}
