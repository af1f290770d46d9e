//! Connections: counted by port, with their peers; what keeps a free port; and who gets no answer.

use std::fs;
use std::net::{Shutdown, TcpListener, TcpStream};

use crate::document::read;
use crate::live::{look, row};
use crate::live_sockets::{python, script};
use crate::network::{Net, eventually, is_alone_on, sockets_by_port};
use crate::started::{in_the_end, unbroken, whatlistens};

#[test]
fn connections_are_counted_with_their_peers_when_asked_for() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let port = address.port().to_string();
    assert!(row(&look(&port), address).connections.is_none(), "not counted where nobody asks");
    let clients: Vec<TcpStream> = (0..3).map(|_| TcpStream::connect(address).unwrap()).collect();
    let document = read(&whatlistens(&["--json", "--connections", &port]).0);
    let counted = row(&document, address).connections.as_ref().unwrap();
    assert_eq!((counted.established, counted.peers), (3, 1));
    assert_eq!((counted.top[0].address.as_str(), counted.top[0].count), ("127.0.0.1", 3));
    let (detail, ..) = whatlistens(&["--connections", &port]);
    assert!(detail.contains("3 from 1 address: 127.0.0.1 (3)"), "{detail}");
    let (table, ..) = whatlistens(&["--connections", "-H", "--pid", &std::process::id().to_string(), &port]);
    assert!(table.split_whitespace().any(|cell| cell == "3"), "{table}");
    drop(clients);
}

#[test]
fn a_port_that_only_a_client_has_is_not_called_free_of_everything() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let port = client.local_addr().unwrap().port();
    let (detail, _, status) = whatlistens(&[&format!("{port}/tcp")]);
    let detail = unbroken(&detail);
    assert_eq!(status, 1, "nothing listens there");
    assert!(detail.contains("1 connection still uses it"), "{detail}");
    let holder = format!("(PID {}): connected to 127.0.0.1:", std::process::id());
    assert!(detail.contains(&holder), "{detail}");
}

#[test]
fn a_port_that_rests_after_a_connection_is_told() {
    // On a port that nobody else has, for it is to be free in the end.
    let bind = || TcpListener::bind("127.0.0.1:0").unwrap();
    let listener = in_the_end(bind, |listener| is_alone_on(listener.local_addr().unwrap().port()));
    let address = listener.local_addr().unwrap();
    let client = TcpStream::connect(address).unwrap();
    let (server, _) = listener.accept().unwrap();
    // The side that closes first is the one that rests.
    server.shutdown(Shutdown::Both).unwrap();
    drop((server, client, listener));
    let detail = || unbroken(&whatlistens(&[&address.port().to_string()]).0);
    let detail = in_the_end(detail, |detail| detail.contains("TIME_WAIT"));
    assert!(detail.contains("a closed connection still holds it for up to a minute (TIME_WAIT)"), "{detail}");
    assert!(detail.contains("SO_REUSEADDR"), "{detail}");
}

#[test]
fn the_rules_for_a_free_port_are_told() {
    let reserved = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap();
    let first: u16 = reserved.split_whitespace().next().unwrap().parse().unwrap();
    let taken = sockets_by_port();
    let free = (first..).find(|port| !taken.contains_key(port)).unwrap();
    let (detail, ..) = whatlistens(&[&free.to_string()]);
    assert!(detail.contains("Ephemeral"), "{detail}");
}

#[test]
#[ignore = "needs root: runs a license server's port in a network namespace of its own"]
fn license_ports_are_counted_always_and_clients_without_an_answer_are_told() {
    let net = Net::new();
    net.ip(&["addr", "add", "10.9.9.9/32", "dev", "lo"]);
    // The second client finds the backlog full and gets no answer, as from a dead server.
    let lines = "
s = socket(); s.bind(('0.0.0.0', 27000)); s.listen(0)
kept = [s]
for source in ('127.0.0.1', '10.9.9.9', '10.9.9.9'):
    c = socket(); c.bind((source, 0)); c.setblocking(False); c.connect_ex(('10.9.9.9', 27000)); kept.append(c)
import signal; signal.pause()";
    let server = net.serving(net.command("python3").args(["-c", &script(lines)]), 27000);
    assert!(eventually(|| !net.look(&[]).unanswered.is_empty()), "a request is sent again after a second");
    let document = net.look(&["27000"]);
    let counted = document.listeners[0].connections.as_ref().unwrap();
    assert!(counted.established >= 1 && counted.top[0].count >= 1, "{counted:?}");
    let asking = &document.unanswered[0];
    assert_eq!((asking.address.as_str(), asking.port), ("10.9.9.9", 27000));
    assert_eq!(asking.processes[0].pid, server.0.id());
    assert!(asking.retransmits >= 1 && asking.managers.iter().any(|manager| manager.id == "flexnet"));
    let (table, ..) = net.run(&[]);
    let table = unbroken(&table);
    assert!(
        table.contains(
            "gets no answer from license server 10.9.9.9:27000 (Revenera FlexNet license server or Perforce"
        ),
        "{table}"
    );
    let all = read(&whatlistens(&["--json", "--all-namespaces"]).0);
    assert!(all.unanswered.iter().any(|asking| asking.address == "10.9.9.9"), "also from another namespace");
    assert_eq!(table.matches("gets no answer").count(), 1, "one program, one line: {table}");
    let (table, ..) = net.run(&["1538"]);
    assert!(!table.contains("no answer"), "of other ports nothing is said: {table}");
}

#[test]
#[ignore = "needs root: sets a kernel's rule in a network namespace of its own"]
fn a_reserved_port_is_told() {
    let net = Net::new();
    let set = "echo 40000,50000-50009 > /proc/sys/net/ipv4/ip_local_reserved_ports";
    crate::network::run(net.command("sh").args(["-c", set]));
    assert!(unbroken(&net.run(&["50003"]).0).contains("except this port, which is reserved"));
    assert!(unbroken(&net.run(&["50010"]).0).contains("so one may take it at any time"));
}

/// What is asked of the kernel is asked by port: of 500 connections of others, none is read.
#[test]
#[ignore = "needs root: traces the program's system calls"]
fn only_the_connections_in_question_are_dumped() {
    if !crate::network::is_there("strace") {
        return;
    }
    let net = Net::new();
    let lines = "
s = socket(); s.bind(('127.0.0.1', 8500)); s.listen(600)
kept = []
for _ in range(500):
    c = socket(); c.connect(s.getsockname()); kept.append(c)
t = socket(); t.bind(('127.0.0.1', 27000)); t.listen()
import signal; signal.pause()";
    let _server = net.serving(net.command("python3").args(["-c", &script(lines)]), 27000);
    let received = |flags: &[&str]| -> usize {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("thread");
        // A file for each thread.
        net.traced(&["-e", "trace=recvfrom,setns", "-ff", "-o", file.to_str().unwrap()], flags);
        let files = fs::read_dir(folder.path()).unwrap();
        let threads = files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap());
        // A thread that enters another namespace reads what others have there.
        let here = threads.filter(|calls| !calls.contains("setns("));
        let bytes = |line: &str| line.rsplit(" = ").next()?.trim().parse::<usize>().ok();
        here.map(|calls| calls.lines().filter_map(bytes).sum::<usize>()).sum()
    };
    let (by_port, all) = (received(&[]), received(&["--connections"]));
    assert!(by_port > 0 && by_port < 8 * 1024, "{by_port} bytes for two listeners");
    assert!(all > 500 * 72, "{all} bytes where all were asked for");
}

#[test]
fn a_bound_port_is_no_listener_of_connections() {
    let listening = python("s = socket(); s.bind(('127.0.0.1', 0)); say(s)", 1);
    let port = listening.port().to_string();
    let document = read(&whatlistens(&["--json", "--connections", &port]).0);
    assert!(row(&document, listening.addresses[0]).connections.is_none());
}
