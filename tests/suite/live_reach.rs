//! Addresses that come and go, and interfaces that go down, under servers that stay.

use std::process::Command;

use crate::document::Listener;
use crate::live_sockets::script;
use crate::network::Net;
use crate::started::Listening;

/// A namespace with a pair of interfaces that are up: `va` has the addresses, `vb` is its other end.
fn with_pair(addresses: &[&str]) -> Net {
    let net = Net::new();
    net.ip(&["link", "add", "va", "type", "veth", "peer", "name", "vb"]);
    net.ip(&["link", "set", "va", "up"]);
    net.ip(&["link", "set", "vb", "up"]);
    for address in addresses {
        let own: &[&str] = if address.contains(':') { &["nodad"] } else { &[] };
        net.ip(&[&["addr", "add", address, "dev", "va"], own].concat());
    }
    net
}

fn python(net: &Net, lines: &str, count: usize) -> Listening {
    Listening::start(net.command("python3").args(["-c", &script(lines)]), count).unwrap()
}

fn tcp(net: &Net, family: &str, address: &str) -> Listening {
    python(net, &format!("s = socket({family}); s.bind(('{address}', 7001)); s.listen(); say(s)"), 1)
}

fn only(net: &Net, args: &[&str]) -> Listener {
    let mut document = net.look(args);
    assert_eq!(document.listeners.len(), 1, "{document:?}");
    assert!(document.gaps.is_empty(), "{document:?}");
    document.listeners.remove(0)
}

fn reach(net: &Net) -> String {
    let (detail, ..) = net.run(&["7001"]);
    let lines = detail.lines().skip_while(|line| !line.starts_with("Reach"));
    let lines = lines.take_while(|line| !line.starts_with("Backlog")).map(str::trim);
    lines.collect::<Vec<_>>().join(" ")
}

#[test]
#[ignore = "needs root, to make network interfaces"]
fn an_address_that_the_interface_has_lost_is_unassigned() {
    let net = with_pair(&["192.168.7.20/24"]);
    let _server = tcp(&net, "AF_INET", "192.168.7.20");
    let before = only(&net, &["7001"]);
    assert_eq!((before.exposure.as_str(), before.assigned_to.unwrap().len()), ("private", 1));
    assert!(reach(&net).contains("192.168.7.20 on va (machines on 192.168.7.0/24 and "), "{}", reach(&net));
    // DHCP or a VPN gives another.
    net.ip(&["addr", "del", "192.168.7.20/24", "dev", "va"]);
    net.ip(&["addr", "add", "192.168.7.31/24", "dev", "va"]);
    let after = only(&net, &["7001"]);
    assert_eq!((after.exposure.as_str(), after.assigned_to.unwrap().len()), ("unassigned", 0));
    assert_eq!(reach(&net), "Reach        no interface has 192.168.7.20 now: nobody reaches it");
    // A plain listing knows it too.
    assert_eq!(only(&net, &[]).exposure, "unassigned");
}

#[test]
#[ignore = "needs root, to make network interfaces"]
fn an_interface_that_goes_takes_its_addresses_along() {
    let net = with_pair(&["10.8.0.2/32", "fd00::5/64"]);
    let _v4 = tcp(&net, "AF_INET", "10.8.0.2");
    let _v6 = tcp(&net, "AF_INET6", "fd00::5");
    let exposures = || {
        let listeners = net.look(&["7001"]).listeners;
        listeners.into_iter().map(|one| one.exposure).collect::<Vec<_>>()
    };
    assert_eq!(exposures(), ["private", "private"]);
    net.ip(&["link", "del", "va"]);
    assert_eq!(exposures(), ["unassigned", "unassigned"]);
}

#[test]
#[ignore = "needs root, to make network interfaces"]
fn an_interface_that_is_down_keeps_its_ipv4_address() {
    let net = with_pair(&["192.168.7.20/24"]);
    let _server = tcp(&net, "AF_INET", "192.168.7.20");
    // The cable is pulled.
    net.ip(&["link", "set", "vb", "down"]);
    let found = only(&net, &["7001"]);
    assert_eq!((found.exposure.as_str(), found.assigned_to.unwrap()[0].up), ("private", Some(false)));
    assert!(
        reach(&net).contains("(the interface va is down: no other machine reaches it)"),
        "{}",
        reach(&net)
    );
}

#[test]
#[ignore = "needs root, to make network interfaces"]
fn what_no_interface_has_may_still_be_received() {
    let net = with_pair(&["192.168.7.20/24"]);
    net.ip(&["route", "add", "local", "192.0.2.0/24", "dev", "lo"]);
    let lines = "
def udp(address):
    s = socket(AF_INET, SOCK_DGRAM); s.bind((address, 7001)); say(s); return s
kept = [udp(a) for a in ('192.168.7.255', '255.255.255.255', '224.0.0.251', '192.0.2.77', '192.168.7.20')]
# IP_TRANSPARENT: rules may send it what is for any address.
s = socket(AF_INET, SOCK_DGRAM); s.setsockopt(SOL_IP, 19, 1); s.bind(('203.0.113.10', 7001)); say(s)
# IP_FREEBIND: an address that comes later.
t = socket(AF_INET, SOCK_DGRAM); t.setsockopt(SOL_IP, 15, 1); t.bind(('203.0.113.9', 7001)); say(t)
";
    let _server = python(&net, lines, 7);
    let unassigned = |args: &[&str]| {
        let all = net.look(args).listeners.into_iter().filter(|one| one.exposure == "unassigned");
        all.map(|one| one.address).collect::<Vec<_>>()
    };
    assert_eq!(unassigned(&["7001"]), ["203.0.113.9"]);
    // As another namespace, where nothing says which interfaces it has.
    let all = crate::started::whatlistens(&["--json", "--all-namespaces", "7001"]).0;
    let all = crate::document::read(&all).listeners;
    let there = all
        .iter()
        .filter(|one| one.namespace.as_ref().is_some_and(|of| of.name.as_deref() == Some(&net.name)));
    let lost: Vec<&str> =
        there.filter(|one| one.exposure == "unassigned").map(|one| one.address.as_str()).collect();
    assert_eq!(lost, ["203.0.113.9"]);
    net.ip(&["addr", "add", "203.0.113.9/32", "dev", "va"]);
    assert_eq!(unassigned(&["7001"]), [""; 0]);
}

#[test]
#[ignore = "needs root, to make network interfaces"]
fn a_network_with_routes_of_its_own_has_its_addresses() {
    let net = with_pair(&["192.168.7.20/24"]);
    let made = Command::new("ip")
        .args(["-n", &net.name, "link", "add", "blue", "type", "vrf", "table", "10"])
        .output();
    if !made.unwrap().status.success() {
        eprintln!("skipped: this kernel has no VRF");
        return;
    }
    net.ip(&["link", "set", "blue", "up"]);
    net.ip(&["link", "set", "va", "master", "blue"]);
    let lines = "
s = socket(); s.setsockopt(SOL_SOCKET, SO_BINDTODEVICE, b'blue'); s.bind(('192.168.7.20', 7001)); s.listen(); say(s)";
    let _server = python(&net, lines, 1);
    assert_eq!(only(&net, &["7001"]).exposure, "private");
}

#[test]
#[ignore = "needs root, to make network interfaces"]
fn a_plain_listing_asks_only_about_single_addresses() {
    let net = with_pair(&["192.168.7.20/24"]);
    let _everywhere = python(&net, "s = socket(); s.bind(('', 7002)); s.listen(); say(s)", 1);
    let asked = |args: &[&str]| {
        let lines = net.traced(&["-e", "trace=socket"], args);
        lines.iter().filter(|line| line.contains("NETLINK_ROUTE")).count()
    };
    if !crate::network::is_there("strace") {
        return;
    }
    assert_eq!((asked(&[]), asked(&["--json"])), (0, 1));
    let _single = tcp(&net, "AF_INET", "192.168.7.20");
    assert_eq!(asked(&[]), 1);
}

#[test]
#[ignore = "needs root, to make network interfaces"]
fn what_an_interface_has_not_its_sockets_do_not_receive() {
    let net = with_pair(&["10.1.1.1/24", "fe80::77/64"]);
    net.ip(&["addr", "add", "10.2.2.2/24", "dev", "vb"]);
    let lines = "
def on(device, family, host, port):
    s = socket(family); s.setsockopt(SOL_SOCKET, SO_BINDTODEVICE, device); s.bind((host, port)); s.listen(); say(s); return s
kept = [on(b'va', AF_INET, '0.0.0.0', 7001), on(b'va', AF_INET6, '::', 7002), on(b'lo', AF_INET6, '::', 7003)]
# What the kernel says, beside the answer: who receives, and whose request is refused.
for host, port in (('127.0.0.1', 7001), ('10.1.1.1', 7001), ('10.2.2.2', 7001), ('::1', 7002), ('127.0.0.1', 7003), ('::1', 7003),
                   ('10.1.1.1', 7003), ('fe80::77%va', 7002)):
    try: create_connection((host, port), 5).close(); taken = 1
    except ConnectionRefusedError: taken = 2
    print('127.0.0.%d:%d' % (taken, port), flush=True)
";
    let server = python(&net, lines, 11);
    let asked = [
        ("127.0.0.1", 7001, false),
        ("10.1.1.1", 7001, true),
        // What this machine sends there is refused, but not what others send by this interface.
        ("10.2.2.2", 7001, true),
        ("::1", 7002, false),
        ("127.0.0.1", 7003, true),
        ("::1", 7003, true),
        ("10.1.1.1", 7003, false),
        ("fe80::77%va", 7002, true),
    ];
    for ((host, port, receives), said) in asked.into_iter().zip(&server.addresses[3..]) {
        let is_taken = receives && host != "10.2.2.2";
        assert_eq!(said.to_string(), format!("127.0.0.{}:{port}", if is_taken { 1 } else { 2 }), "{host}");
        let word = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
        for args in [&[&word[..]][..], &[&port.to_string(), "--address", host]] {
            let (text, _, status) = net.run(args);
            assert_eq!(status, u8::from(!receives), "{args:?}: {text}");
            assert!(receives || text.contains("is held "), "{args:?}: {text}");
        }
    }
    assert!(net.run(&["localhost:7001"]).0.contains("7001/tcp is held at 0.0.0.0%va only"));
    let (text, _, status) = net.run(&["[fe80::77%vb]:7002"]);
    assert!(status == 1 && text.contains("No interface of this machine has fe80::77%vb"), "{text}");
}
