//! No more is asked of the system than the answer needs: counted in system calls, for a regression would
//! be seen nowhere else.

use std::path::Path;
use std::process::Command;

use crate::network::{Net, is_there, sockets_by_port};
use crate::served::Served;
use crate::started::{copy_program, program};

/// Holds a listener on the port that it is given, among so many processes that hold none, but files.
const POPULATION: &str = "
import ctypes, os, signal, socket, sys
kept = [open('/dev/null') for _ in range(50)]
for _ in range(30):
    if os.fork() == 0:
        ctypes.CDLL(None).prctl(1, signal.SIGKILL) # with its parent
        signal.pause()
s = socket.socket(); s.bind(('', int(sys.argv[1]))); s.listen()
signal.pause()
";

/// Each system call of the program with its arguments, run in a namespace.
fn calls(net: &Net, args: &[&str]) -> Vec<String> {
    net.traced(&["-s", "200"], args)
}

fn count(calls: &[String], is_it: impl Fn(&str) -> bool) -> usize {
    calls.iter().filter(|call| is_it(call)).count()
}

fn lists_open_files(call: &str) -> bool {
    call.contains("openat(") && call.contains("\"fd\"")
}

#[test]
#[ignore = "needs root: traces the program's system calls"]
fn a_free_port_is_answered_without_a_look_at_anybody_s_files() {
    if !is_there("strace") {
        return;
    }
    let net = Net::new();
    let _population = net.serving(net.command("python3").args(["-c", POPULATION, "8500"]), 8500);
    // Where a process has the port's number, the program looks into it: it may have been meant. Where the
    // port is taken in a namespace without a name, it looks for the oldest process there.
    let taken = sockets_by_port();
    let is_free = |port: &u16| !taken.contains_key(port);
    let is_no_process = |port: &u16| !Path::new("/proc").join(port.to_string()).exists();
    let first =
        (1..u16::MAX - 20).find(|first| is_no_process(first) && (*first..first + 20).all(|p| is_free(&p)));
    let [free, second, third, last] = [0, 1, 2, 19].map(|n| (first.unwrap() + n).to_string());
    for args in [&[&*free][..], &[&format!("{free}-{last}")], &[&free, &second, &format!("{third}/udp")]] {
        let calls = calls(&net, args);
        assert!(calls.len() > 50, "{calls:?}");
        assert_eq!(count(&calls, lists_open_files), 0, "{args:?}");
        assert_eq!(count(&calls, |call| call.contains("bpf(") || call.contains("\"stat\"")), 0, "{args:?}");
    }
    let held = calls(&net, &["--bpf", "never", "8500"]);
    assert!(count(&held, lists_open_files) > 30, "where somebody is looked for");
}

#[test]
#[ignore = "needs root: traces the program's system calls"]
fn only_of_holders_and_their_ancestors_more_is_read() {
    if !is_there("strace") {
        return;
    }
    let net = Net::new();
    // A port that nobody else has, in any namespace: see above.
    let taken = sockets_by_port();
    let port = (8500..).find(|port| !taken.contains_key(port)).unwrap();
    let port_typed = port.to_string();
    let _population = net.serving(net.command("python3").args(["-c", POPULATION, &port_typed]), port);
    for bpf in ["always", "never"] {
        let all = calls(&net, &["--bpf", bpf, &port_typed]);
        let read = count(&all, |call| call.contains("openat(") && call.contains("\"stat\""));
        // A holder, its ancestors, and some of them again to see that they are the same.
        assert!((1..=15).contains(&read), "{bpf}: {read}");
        if bpf == "always" {
            assert_eq!(count(&all, lists_open_files), 0, "the kernel goes through them");
        }
    }
}

#[test]
#[ignore = "needs root: mounts a file system and stops who serves it"]
fn a_program_on_a_server_that_does_not_answer_is_told_all_the_same() {
    let Some(served) = Served::new() else { return };
    // A license server's name: into such a file one would look.
    copy_program("/usr/bin/python3", served.path("lmgrd"));
    let net = Net::new();
    let listens = "
import signal, socket
from ctypes import CDLL
s = socket.socket(); s.bind(('', 27000)); s.listen()
open('/proc/self/comm', 'w').write('called')
signal.pause()";
    let mut command = net.command(served.path("lmgrd"));
    command.env("PYTHONHOME", "/usr").args(["-S", "-c", listens]);
    let _server = net.serving(&mut command, 27000);
    let looks = |args: &[&str]| {
        let mut looking = net.command(program());
        let mut looking = looking.args(args).stdout(std::process::Stdio::piped()).spawn().unwrap();
        let since = std::time::Instant::now();
        while looking.try_wait().unwrap().is_none() {
            if since.elapsed().as_secs() > 20 {
                drop(looking.kill());
                return None;
            }
        }
        let mut said = String::new();
        std::io::Read::read_to_string(looking.stdout.as_mut().unwrap(), &mut said).unwrap();
        Some(said)
    };
    let before = looks(&["27000"]).unwrap();
    assert!(before.contains("/served/lmgrd"), "{before}");
    let evidence = looks(&["--json", "27000"]).unwrap();
    assert!(evidence.contains("the file is Python") && !evidence.contains("was not inspected"), "{evidence}");
    served.stop();
    for args in [&["27000"][..], &["--json", "--args"], &["--bpf", "always"], &["--bpf", "never"]] {
        let said = looks(&[args, &["--deadline", "1s"]].concat());
        // Not before it is sure that nobody waits any more.
        let said = said.unwrap_or_else(|| {
            let _ = Command::new("kill").args(["-KILL", &served.server.0.id().to_string()]).status();
            panic!("{args:?} waits for a server")
        });
        assert!(said.contains("lmgrd"), "{said}");
    }
    let evidence = looks(&["--json", "--deadline", "1s", "27000"]).unwrap();
    assert!(evidence.contains("the file was not inspected: it did not answer in time"), "{evidence}");
    crate::network::run(
        Command::new("umount").arg("-l").arg(served.path("").parent().unwrap().join("served")),
    );
    assert!(looks(&["27000"]).is_some_and(|said| said.contains("lmgrd")), "unmounted by force");
}
