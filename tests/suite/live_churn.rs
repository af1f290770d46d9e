//! While processes and listeners come and go without pause, nothing false is told.

use std::collections::HashSet;
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use crate::live_linux::copied;
use crate::network::{Net, eventually};
use crate::started::{Ended, listener_program};

/// Starts and ends children without pause. Each opens a listener, says its port and its own id, and
/// shares it with a child of its own, which says so too and may outlive it. All live for a random time, at
/// most for as many seconds as the argument says.
const CHURN: &str = "
import os, random, socket, sys, time
longest = float(sys.argv[1])
running = []
while True:
    pid = os.fork()
    if pid == 0:
        s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(2)
        port = s.getsockname()[1]
        os.write(1, b'%d %d\\n' % (port, os.getpid()))
        child = os.fork()
        if child == 0:
            os.write(1, b'%d %d\\n' % (port, os.getpid()))
            time.sleep(random.random() * longest)
            os._exit(0)
        time.sleep(random.random() * longest)
        os._exit(0)
    running.append(pid)
    if len(running) > 10: os.waitpid(running.pop(0), 0)
";

const LOOKS: usize = 300;

#[test]
#[ignore = "needs root: makes a network namespace, where nobody else listens"]
fn every_holder_that_is_told_was_one() {
    let net = Net::new();
    // On a busy machine a look takes longer, and it does not tell of a holder that ends before it does.
    let since = Instant::now();
    net.look(&[]);
    let longest = (4 * since.elapsed()).max(Duration::from_millis(100)).as_secs_f64().to_string();
    let mut command = net.command("python3");
    command.args(["-c", CHURN, &longest]).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut churn = Ended(command.spawn().unwrap());
    let said = BufReader::new(churn.0.stdout.take().unwrap());
    let saying = thread::spawn(move || {
        let pair = |line: String| {
            let (port, pid) = line.split_once(' ').unwrap();
            (port.parse::<u16>().unwrap(), pid.parse::<u32>().unwrap())
        };
        said.lines().map_while(Result::ok).map(pair).collect::<HashSet<_>>()
    });
    assert!(eventually(|| !net.look(&[]).listeners.is_empty()));

    let (mut told, mut unheld, mut listeners) = (Vec::new(), 0, 0);
    for look in 0..LOOKS {
        // One by one, and as the kernel tells.
        let bpf = if look % 2 == 0 { "always" } else { "never" };
        let document = net.look(&["--bpf", bpf]);
        listeners += document.listeners.len();
        for listener in document.listeners {
            unheld += usize::from(listener.processes.is_empty());
            for process in listener.processes {
                assert!(process.name.is_some_and(|name| name.starts_with("python")), "{}", process.pid);
                told.push((listener.port, process.pid));
            }
        }
    }
    drop(churn);
    let said = saying.join().unwrap();
    assert!(told.len() > LOOKS, "{} holders were seen", told.len());
    let false_ones: Vec<_> = told.iter().filter(|pair| !said.contains(pair)).collect();
    assert!(false_ones.is_empty(), "of {} pairs: {false_ones:?}", told.len());
    // A listener lives as long as somebody holds it, and whoever held it all the while is found.
    assert!(unheld * 100 <= listeners, "{unheld} of {listeners} listeners without a holder");
    eprintln!("{} pairs, {unheld} of {listeners} without holder", told.len());
}

/// Opens a license port, lets the program of the first argument inherit it, and ends; or passes it on to a child that
/// passes it on, and so on, until its input ends.
const RELAY: &str = "
import os, select, socket, subprocess, sys
os.setgroups([]); os.setgid(65534); os.setuid(65534)
s = socket.create_server(('127.0.0.1', 27000))
subprocess.Popen([sys.argv[1], 'udp:127.0.0.1:0'], pass_fds=[s.fileno()])
while sys.argv[2] == 'relay' and not select.select([0], [], [], 0)[0]:
    if os.fork(): os._exit(0)
";

#[test]
#[ignore = "needs root: makes a network namespace, and starts processes of another user"]
fn a_holder_that_is_replaced_again_and_again_by_its_child_counts() {
    let (_folder, lmgrd) = copied(&listener_program(), "lmgrd");
    for (how, is_expected) in [("alone", true), ("relay", false)] {
        let net = Net::new();
        let mut command = net.command("python3");
        command.args(["-c", RELAY]).arg(&lmgrd).arg(how).stdin(Stdio::piped()).stdout(Stdio::null());
        let mut started = Ended(command.spawn().unwrap());
        let input = started.0.stdin.take();
        let is_held_by_lmgrd = || {
            let seen = net.look(&["27000"]);
            let mut holders = seen.listeners.iter().flat_map(|listener| &listener.processes);
            holders.any(|holder| holder.name.as_deref() == Some("lmgrd"))
        };
        assert!(eventually(is_held_by_lmgrd));
        // The first has ended, where it is to end.
        assert!(how == "relay" || started.0.wait().unwrap().success());
        for look in 0..20 {
            let bpf = if look % 2 == 0 { "always" } else { "never" };
            let document = net.look(&["--bpf", bpf, "27000"]);
            let license = document.listeners[0].license.as_ref().unwrap();
            assert_eq!(license.verdict == "expected", is_expected, "{how}, look {look}: {license:?}");
        }
        drop(input);
    }
}
