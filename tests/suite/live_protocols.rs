//! Protocols besides TCP and UDP, on Linux.

use std::process::{Command, Stdio};

use crate::document::{Document, Listener, read};
use crate::live::{look, pids, row};
use crate::live_sockets::{python, script};
use crate::network::Net;
use crate::started::whatlistens;

/// The listeners on a port, each with its holders.
fn on(document: &Document, port: u16) -> Vec<(&Listener, Vec<u32>)> {
    document.listeners.iter().filter(|one| one.port == port).map(|one| (one, pids(one))).collect()
}

/// Whether this kernel has sockets of such a kind, as Python writes it.
fn kernel_has(kind: &str) -> bool {
    let has = format!("from socket import *; socket({kind})");
    let has = Command::new("python3").args(["-c", &has]).stderr(Stdio::null()).status().unwrap().success();
    if !has {
        eprintln!("skipped: this kernel has no socket({kind})");
    }
    has
}

const MPTCP: &str = "AF_INET, SOCK_STREAM, 262";
const UDPLITE: &str = "AF_INET, SOCK_DGRAM, 136";

#[test]
fn an_mptcp_listener_is_its_process_s() {
    // Go listens so since 1.24, where the kernel can.
    if !kernel_has(MPTCP) {
        return;
    }
    let lines = "
s = socket(AF_INET, SOCK_STREAM, 262); s.bind(('127.0.0.1', 0)); s.listen(); say(s)";
    let listening = python(lines, 1);
    let document = look(&listening.port().to_string());
    assert_eq!(pids(row(&document, listening.addresses[0])), [listening.pid()]);
}

#[test]
#[ignore = "needs root: makes a network namespace"]
fn mptcp_is_tcp_and_listed_once_with_its_connections() {
    if !kernel_has(MPTCP) {
        return;
    }
    let net = Net::new();
    let lines = "
import signal
families = (AF_INET, AF_INET6, AF_INET, AF_INET)
one, other, bound, client = [socket(family, SOCK_STREAM, 262) for family in families]
other.bind(('::', 7002)); other.listen(); bound.bind(('127.0.0.1', 7003))
one.bind(('127.0.0.1', 7001)); one.listen(); client.connect(('127.0.0.1', 7001)); accepted = one.accept()
plain = socket(); plain.bind(('127.0.0.1', 7004)); plain.listen()
signal.pause()";
    let server = net.serving(net.command("python3").args(["-c", &script(lines)]), 7004);
    let holder = vec![server.0.id()];
    for bpf in ["--bpf=always", "--bpf=never"] {
        let document = net.look(&[bpf, "--connections"]);
        assert!(document.listeners.len() == 4 && document.complete, "each once: {document:?}");
        for (port, state, dual_stack) in
            [(7001, "listen", None), (7002, "listen", Some(true)), (7003, "bound", None)]
        {
            let found = on(&document, port);
            let (listener, pids) = &found[0];
            assert_eq!((listener.protocol.as_str(), listener.state.as_str()), ("tcp", state));
            assert_eq!((pids, listener.dual_stack), (&holder, dual_stack), "{bpf} {port}");
        }
        assert_eq!(on(&document, 7001)[0].0.connections.as_ref().unwrap().established, 1);
    }
}

/// UDP-Lite on 7001 of IPv4 and IPv6, and a connected one on 7002.
const SERVER: &str = "
import signal
first, second, client = [socket(family, SOCK_DGRAM, 136) for family in (AF_INET, AF_INET6, AF_INET)]
second.setsockopt(IPPROTO_IPV6, IPV6_V6ONLY, 1)
first.bind(('127.0.0.1', 7001)); second.bind(('::', 7001))
client.bind(('127.0.0.1', 7002)); client.connect(('127.0.0.1', 7001))
plain = socket(); plain.bind(('127.0.0.1', 7003)); plain.listen()
signal.pause()";

#[test]
#[ignore = "needs root: makes a network namespace"]
fn udplite_is_listed_with_its_process() {
    if !kernel_has(UDPLITE) {
        return;
    }
    let net = Net::new();
    let server = net.serving(net.command("python3").args(["-c", &script(SERVER)]), 7003);
    let (known, ..) = net.run(&["-H", "--udp"]);
    assert_eq!(known, "", "it is not UDP");
    for flags in [&["--bpf=always"][..], &["--bpf=never"], &["7001"], &["--pid", &server.0.id().to_string()]]
    {
        let document = net.look(flags);
        let found = on(&document, 7001);
        let told: Vec<_> = found
            .iter()
            .map(|(one, pids)| (one.protocol.as_str(), one.state.as_str(), one.address.as_str(), &pids[..]))
            .collect();
        let holder = &[server.0.id()][..];
        let expected = ["127.0.0.1", "::"].map(|address| ("udplite", "unconnected", address, holder));
        assert_eq!(told, expected, "{flags:?}");
        assert_eq!(found[1].0.dual_stack, Some(false), "{flags:?}");
        assert!(on(&document, 7002).is_empty(), "a client is none");
    }
    let (table, ..) = net.run(&["-H", "7001-7002"]);
    assert_eq!(table.split_whitespace().next(), Some("7001/udplite"), "{table}");
    let (detail, ..) = net.run(&["7001"]);
    assert!(detail.contains(" listens on UDP-Lite port 7001.\n"), "{detail}");
    let all = read(&whatlistens(&["--json", "--all-namespaces", "7001"]).0);
    assert!(all.listeners.iter().any(|one| one.protocol == "udplite" && one.namespace.is_some()), "{all:?}");
}

/// A request about a protocol that the kernel has not loaded would load it, at anybody's wish.
#[test]
#[ignore = "needs root: makes a network namespace"]
fn a_kernel_is_not_asked_about_what_it_does_not_use() {
    if !crate::network::is_there("strace") || !kernel_has(UDPLITE) {
        return;
    }
    let net = Net::new();
    // The protocol is the second byte of the request, behind the header of 16 bytes.
    let asks = |flags: &[&str]| {
        let sent = net.traced(&["-e", "trace=sendto", "-e", "write=all", "-xx"], flags);
        sent.iter().any(|line| line.contains(r"\x02\x88\x00\x00") || line.contains("IPPROTO_UDPLITE"))
    };
    assert!(!asks(&[]) && !asks(&["7001"]), "there is none");
    let _server = net.serving(net.command("python3").args(["-c", &script(SERVER)]), 7003);
    assert!(asks(&[]) && !asks(&["-t"]) && !asks(&["-u"]));
}
