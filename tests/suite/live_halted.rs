//! What rows say of processes that are stopped, and what scripts read from rows: real listeners.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};

use crate::live::{look, look_at, pids};
use crate::live_sockets::python;
use crate::started::{Listening, in_the_end, listener_program, program, unbroken, whatlistens};

/// A server with two workers that end with it. All three hold its socket.
fn server() -> Listening {
    python(
        "
import ctypes, signal
s = socket(); s.bind(('127.0.0.1', 0)); s.listen()
def worker():
    child = os.fork()
    if child == 0:
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
        while True: signal.pause()
worker(); worker()
say(s)",
        1,
    )
}

fn signal(name: &str, pids: &[u32]) {
    let pids: Vec<String> = pids.iter().map(u32::to_string).collect();
    assert!(Command::new("kill").arg(name).args(pids).status().unwrap().success());
}

/// The notes below the row of a server, in the end: a signal takes its time.
fn notes(server: &Listening, right: impl Fn(&str) -> bool) -> String {
    let pid = server.pid().to_string();
    in_the_end(|| unbroken(&whatlistens(&["-H", "--pid", &pid]).1), |notes| right(notes))
}

#[test]
fn who_is_stopped_is_said_of_servers_and_their_workers() {
    let server = server();
    let place = format!("{}/tcp", server.port());
    let document = look_at(&server);
    let holders = pids(&document.listeners[0]);
    let [lead, first, second] = holders[..] else { panic!("three holders: {document:?}") };
    let name = document.listeners[0].processes[0].name.clone().unwrap();
    let called = |pid: u32| format!("{name} (PID {pid})");
    assert_eq!(lead, server.pid());
    let all_run = notes(&server, |_| true);
    assert!(!all_run.contains("stopped"), "{all_run}");

    signal("-STOP", &[first, second]);
    let workers = format!(
        "{} and {}, which hold {place}, are stopped; {} is not. To let them continue: kill -CONT {first} {second}",
        called(first),
        called(second),
        called(lead)
    );
    let said = notes(&server, |notes| notes.contains(&workers));
    assert!(said.contains(&workers), "{said}");
    let next = unbroken(&whatlistens(&[&place]).0);
    let which = format!("{} and {}, which hold it too, are stopped.", called(first), called(second));
    assert!(next.contains(&which), "{next}");
    let in_json = look(&place).asked[0].next.clone().unwrap();
    assert!(unbroken(&in_json).contains(&which), "{in_json}");

    signal("-STOP", &[lead]);
    let all = format!(
        "{}, {} and {} are stopped and accept no connection on {place}. To let them continue: kill -CONT {lead} {first} {second}",
        called(lead),
        called(first),
        called(second)
    );
    let said = notes(&server, |notes| notes.contains(&all));
    assert!(said.contains(&all), "{said}");
    let (checked, _, status) = whatlistens(&["check", "--expect", &place]);
    assert!(status == 2 && checked.contains("are stopped and accept no connection"), "{checked}");

    signal("-CONT", &[first, second]);
    let alone =
        format!("{}, which holds {place}, is stopped. To let it continue: kill -CONT {lead}", called(lead));
    let said = notes(&server, |notes| notes.contains(&alone));
    assert!(said.contains(&alone), "{said}");
}

#[test]
fn rows_in_a_pipe_give_what_scripts_search_in_them() {
    let listening = Listening::at(&listener_program(), &["tcp:127.0.0.1:0", "udp:127.0.0.1:0"]);
    let [tcp, udp] = [0, 1].map(|at| listening.addresses[at].port());
    let piped = |line: &str| {
        let command = format!("\"$0\" {line}");
        let output = Command::new("sh").args(["-c", &command]).arg(program()).stdin(Stdio::null()).output();
        String::from_utf8(output.unwrap().stdout).unwrap()
    };
    let is_found = |out: &str| {
        out.lines().any(|line| line.starts_with(&format!("{tcp}/tcp ")) && line.contains("LISTEN"))
    };
    let found = piped("-tlnp | grep LISTEN | sed 's/^ *//'");
    assert!(is_found(&found), "{found}");
    assert!(!piped(&format!("-H -tlnp {tcp}")).contains("LISTEN"), "the columns of -H are always the same");
    let list = piped(&format!("--output list -tln {tcp}"));
    assert!(!list.contains("LISTEN") && !list.contains("State:"), "{list}");

    let pid = listening.pid();
    let columns = || piped(&format!("--columns port,state,path --pid {pid} | sed 's/^ *//; s/  */ /g'"));
    let path = listener_program().canonicalize().unwrap();
    let row = |port: u16, rest: &str| format!("{port}/{rest} {}\n", path.display());
    assert_eq!(columns().lines().next(), Some("PORT STATE PATH"));
    assert!(columns().contains(&row(tcp, "tcp LISTEN")), "{}", columns());
    assert!(columns().contains(&row(udp, "udp UNCONN")), "{}", columns());
    signal("-STOP", &[pid]);
    let stopped = in_the_end(columns, |out| out.contains("(stopped)"));
    assert!(stopped.contains(&row(tcp, "tcp LISTEN (stopped)")), "{stopped}");
    assert!(stopped.contains(&row(udp, "udp UNCONN (stopped)")), "{stopped}");
    let continued = format!("kill -CONT {pid}");
    assert_eq!(stopped.matches(&continued).count(), 2, "{stopped}");
    signal("-CONT", &[pid]);
}

#[test]
fn a_script_gets_the_id_of_each_holder_once() {
    let server = server();
    let (out, _, status) = whatlistens(&["-H", "--columns", "pid", &server.addresses[0].to_string()]);
    let printed: Vec<u32> = out.lines().map(|line| line.trim().parse().unwrap()).collect();
    let holders = pids(&look_at(&server).listeners[0]);
    assert_eq!((status, &printed), (0, &holders));
    assert_eq!((holders.len(), printed.iter().collect::<BTreeSet<_>>().len()), (3, 3));
}
