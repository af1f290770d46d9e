//! What Linux's own backend tells of sockets: made by Python, which sets any option.

use std::net::{SocketAddr, TcpListener};
use std::process::Command;

use crate::document::Document;
use crate::live::{look, pids, row};
use crate::network::Net;
use crate::oracle::assert_like_ss;
use crate::started::{Listening, alone, in_the_end, listener_program, whatlistens};

/// A Python that runs some lines, where `say(socket)` says where a socket is.
pub fn python(lines: &str, count: usize) -> Listening {
    Listening::start(Command::new("python3").args(["-c", &script(lines)]), count).unwrap()
}

pub fn script(lines: &str) -> String {
    format!(
        "
import array, os, socket, sys
from socket import *
def say(s):
    host, port = s.getsockname()[:2]
    print('[%s]:%d' % (host.split('%')[0], port) if ':' in host else '%s:%d' % (host, port), flush=True)
{lines}
sys.stdin.read()
"
    )
}

/// Where a socket of the other family than its address is shown.
fn at(address: &str, port: u16) -> SocketAddr {
    format!("{address}:{port}").parse().unwrap()
}

fn document(listening: &Listening, flags: &[&str]) -> Document {
    let pid = listening.pid().to_string();
    crate::document::read(&whatlistens(&[&["--json", "--pid", &pid], flags].concat()).0)
}

#[test]
fn a_port_that_is_bound_without_listening_is_held() {
    let listening = alone(|| python("s = socket(); s.bind(('127.0.0.1', 0)); say(s)", 1));
    let (address, port) = (listening.addresses[0], listening.port().to_string());
    assert!(TcpListener::bind(address).is_err(), "nobody else can have it");
    let (stdout, _, status) = whatlistens(&["--json", &port]);
    let document = crate::document::read(&stdout);
    let found = row(&document, address);
    assert_eq!((status, found.state.as_str(), pids(found)), (0, "bound", vec![listening.pid()]));
    let (detail, ..) = whatlistens(&[&port]);
    assert!(detail.contains(" without listening: "), "{detail}");
    let (table, ..) = whatlistens(&["-H", "--pid", &listening.pid().to_string()]);
    assert!(table.contains(&format!("{address}(bound)")), "{table}");
}

#[test]
fn the_interface_is_told_and_narrows_the_reach() {
    let listening = python(
        "s = socket(); s.setsockopt(SOL_SOCKET, SO_BINDTODEVICE, b'lo\\0'); s.bind(('', 0)); s.listen(); say(s)",
        1,
    );
    let document = document(&listening, &[]);
    let found = row(&document, listening.addresses[0]);
    assert_eq!((found.interface.as_deref(), found.exposure.as_str()), (Some("lo"), "loopback"));
    let (detail, ..) = whatlistens(&[&listening.port().to_string()]);
    assert!(detail.contains("0.0.0.0%lo (only programs on this machine)"), "{detail}");
}

#[test]
fn an_ipv6_wildcard_says_whether_it_takes_ipv4() {
    let listening = python(
        "
for only in (0, 1):
    s = socket(AF_INET6); s.setsockopt(IPPROTO_IPV6, IPV6_V6ONLY, only); s.bind(('::', 0)); s.listen(); say(s)
    globals()['kept%d' % only] = s
one = socket(AF_INET6); one.bind(('::1', 0)); one.listen(); say(one)",
        3,
    );
    let document = document(&listening, &[]);
    let told: Vec<Option<bool>> =
        listening.addresses.iter().map(|address| row(&document, *address).dual_stack).collect();
    assert_eq!(told, [Some(true), Some(false), None]);
    // With -4 it counts where it takes IPv4, and the table marks it as ss does.
    let of_ipv4 =
        crate::document::read(&whatlistens(&["--json", "-4", "--pid", &listening.pid().to_string()]).0);
    assert_eq!(of_ipv4.listeners.len(), 1);
    assert_eq!(row(&of_ipv4, listening.addresses[0]).dual_stack, Some(true));
    let (table, ..) = whatlistens(&["-H", "--pid", &listening.pid().to_string()]);
    let address = |n: usize| {
        let port = listening.addresses[n].port();
        let first = format!("{port}/tcp");
        let line = table.lines().find(|line| line.split_whitespace().next() == Some(&first)).unwrap();
        line.split_whitespace().nth(1).unwrap().strip_suffix(&format!(":{port}")).unwrap().to_owned()
    };
    assert_eq!([0, 1, 2].map(address), ["*", "[::]", "[::1]"]);
    let detail = |n: usize| whatlistens(&[&listening.addresses[n].port().to_string()]).0;
    assert!(detail(0).contains(":: (IPv6 and IPv4; "), "{}", detail(0));
    assert!(detail(1).contains(":: (IPv6 only; "), "{}", detail(1));
}

#[test]
fn an_ipv4_mapped_address_is_ipv4() {
    let listening = python(
        "s = socket(AF_INET6); s.setsockopt(IPPROTO_IPV6, IPV6_V6ONLY, 0); s.bind(('::ffff:127.0.0.1', 0)); s.listen(); say(s)",
        1,
    );
    let address = at("127.0.0.1", listening.port());
    let document_4 = document(&listening, &["-4"]);
    assert_eq!(row(&document_4, address).family, "ipv4");
    assert!(document(&listening, &["-6"]).listeners.is_empty());
}

#[test]
fn a_full_backlog_is_told() {
    let listening = python(
        "
s = socket(); s.bind(('127.0.0.1', 0)); s.listen(0)
clients = []
for _ in range(2):
    c = socket(); c.setblocking(False); c.connect_ex(s.getsockname()); clients.append(c)
say(s)",
        1,
    );
    let port = listening.port().to_string();
    let queue = || row(&look(&port), listening.addresses[0]).accept_queue.clone().unwrap();
    let queue = in_the_end(queue, |queue| queue.waiting > 0);
    assert_eq!((queue.waiting, queue.limit), (1, Some(0)));
    let (detail, ..) = whatlistens(&[&port]);
    assert!(detail.contains("full (1 waiting, limit 0): new connections get no answer"), "{detail}");
}

#[test]
fn a_reuseport_group_is_one_row_and_each_socket_is_told() {
    let listening = python(
        "
def one(port):
    s = socket(); s.setsockopt(SOL_SOCKET, SO_REUSEPORT, 1); s.bind(('127.0.0.1', port)); s.listen(); return s
first = one(0); second = one(first.getsockname()[1]); say(first)",
        1,
    );
    assert_eq!(document(&listening, &[]).listeners.len(), 2);
    let (table, ..) = whatlistens(&["-H", "--pid", &listening.pid().to_string()]);
    assert_eq!(table.lines().count(), 1, "{table}");
}

#[test]
fn three_thousand_listeners_of_one_process_are_all_there() {
    // Below the ports that the kernel chooses: tests beside this one ask about theirs by number.
    let listening = python(
        "
import resource
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]; resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
kept = [socket() for _ in range(3000)]
for at, s in enumerate(kept): s.bind(('127.0.9.9', 20000 + at)); s.listen(1)
say(kept[0])",
        1,
    );
    let document = document(&listening, &[]);
    assert_eq!(document.listeners.len(), 3000);
    assert!(document.listeners.iter().all(|listener| pids(listener) == [listening.pid()]));
    let (table, ..) = whatlistens(&["-H", "--pid", &listening.pid().to_string()]);
    assert_eq!(table.lines().count(), 3000);
}

#[test]
fn a_deleted_executable_is_told() {
    let (_folder, path) = crate::live_linux::copied(&listener_program(), "short-lived");
    let listening = Listening::at(&path, &["tcp:127.0.0.1:0"]);
    std::fs::remove_file(&path).unwrap();
    let (detail, ..) = whatlistens(&[&listening.port().to_string()]);
    assert!(detail.contains("short-lived (deleted since the process started)"), "{detail}");
    let document = look(&listening.port().to_string());
    let process = &row(&document, listening.addresses[0]).processes[0];
    assert_eq!(process.exe.as_deref(), path.to_str(), "without the kernel's mark");
}

#[test]
fn a_listener_in_a_user_namespace_is_found() {
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user"]).arg(listener_program()).arg("tcp:127.0.0.1:0");
    let Ok(listening) = Listening::start(&mut command, 1) else {
        eprintln!("skipped: user namespaces are not allowed here");
        return;
    };
    let document = look(&listening.port().to_string());
    assert_eq!(pids(row(&document, listening.addresses[0])), [listening.pid()]);
}

#[test]
#[ignore = "needs root: makes a network namespace with an interface"]
fn a_link_local_address_is_told_with_its_interface() {
    let net = Net::new();
    net.ip(&["link", "add", "lan0", "type", "veth", "peer", "name", "lan1"]);
    net.ip(&["addr", "add", "fe80::77/64", "dev", "lan0", "nodad"]);
    net.ip(&["link", "set", "lan0", "up"]);
    net.ip(&["link", "set", "lan1", "up"]);
    let lines = "
s = socket(AF_INET6); s.bind(('fe80::77', 8077, 0, if_nametoindex('lan0'))); s.listen()
t = socket(); t.setsockopt(SOL_SOCKET, SO_BINDTODEVICE, b'lan0\\0'); t.bind(('', 8078)); t.listen()";
    let _server = net.serving(
        net.command("python3").args(["-c", &script(&format!("{lines}\nimport signal; signal.pause()"))]),
        8078,
    );
    let document = net.look(&[]);
    let told: Vec<_> = document
        .listeners
        .iter()
        .map(|l| (l.address.as_str(), l.interface.as_deref(), l.exposure.as_str()))
        .collect();
    assert_eq!(told, [("fe80::77", Some("lan0"), "link-local"), ("0.0.0.0", Some("lan0"), "all-interfaces")]);
    let (detail, ..) = net.run(&["8078"]);
    assert!(detail.contains("any machine that connects through lan0"), "{detail}");
    assert_like_ss(&net);
}

/// All kinds at once, in a namespace where nothing comes and goes. Where ss says otherwise, `oracle` puts it
/// right: an IPv4-mapped address takes nothing but IPv4, and ss 6.1 does not ask for bound ports.
#[test]
#[ignore = "needs root: makes a network namespace"]
fn ss_says_the_same_of_every_kind_of_listener() {
    let net = Net::new();
    let (_folder, path) = crate::live_linux::copied(&listener_program(), "short-lived");
    let _deleted = Listening::start(net.command(&path).args(["tcp:127.0.0.1:1", "udp:[::1]:1"]), 2).unwrap();
    std::fs::remove_file(&path).unwrap();
    let mut in_user_namespace = net.command("unshare");
    in_user_namespace.args(["--user", "--map-root-user"]).arg(listener_program()).arg("tcp:127.0.0.1:2000");
    let _user = Listening::start(&mut in_user_namespace, 1).unwrap();
    let lines = "
import resource, signal
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]; resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
kept = []
def opened(family, address, *options, kind=SOCK_STREAM):
    s = socket(family, kind)
    for option in options: s.setsockopt(*option)
    s.bind(address)
    if kind == SOCK_STREAM: s.listen(4)
    kept.append(s); return s
for _ in range(2):
    opened(AF_INET, ('127.0.0.1', 3), (SOL_SOCKET, SO_REUSEPORT, 1))
    opened(AF_INET, ('', 4), (SOL_SOCKET, SO_REUSEPORT, 1), kind=SOCK_DGRAM)
opened(AF_INET6, ('::', 5), (IPPROTO_IPV6, IPV6_V6ONLY, 1))
opened(AF_INET6, ('::', 6), (IPPROTO_IPV6, IPV6_V6ONLY, 0))
opened(AF_INET6, ('::ffff:127.0.0.1', 7), (IPPROTO_IPV6, IPV6_V6ONLY, 0))
opened(AF_INET, ('', 8), (SOL_SOCKET, SO_BINDTODEVICE, b'lo\\0'))
opened(AF_INET, ('127.0.0.1', 9), kind=SOCK_DGRAM).connect(('127.0.0.1', 4))
bound = socket(); bound.bind(('127.0.0.1', 10))
flying = opened(AF_INET, ('127.0.0.1', 11)); kept.remove(flying)
one, other = socketpair(AF_UNIX)
one.sendmsg([b'x'], [(SOL_SOCKET, SCM_RIGHTS, array.array('i', [flying.fileno()]))]); flying.close()
for port in range(20000, 23000): opened(AF_INET, ('127.0.0.1', port))
opened(AF_INET, ('127.0.0.1', 12))
signal.pause()";
    let server = net.serving(net.command("python3").args(["-c", &script(lines)]), 12);
    assert_like_ss(&net);
    let document = net.look(&[]);
    let on = |port: u16| document.listeners.iter().filter(|l| l.port == port).collect::<Vec<_>>();
    assert_eq!((on(3).len(), on(4).len(), on(9).len()), (2, 2, 0), "a client is none");
    assert_eq!((on(10)[0].state.as_str(), pids(on(10)[0])), ("bound", vec![server.0.id()]));
    assert!(on(11)[0].processes.is_empty(), "it is in flight");
    assert_eq!(document.listeners.iter().filter(|l| l.port >= 20000).count(), 3000);
}
