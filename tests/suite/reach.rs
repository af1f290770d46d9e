//! From where a socket can be reached: which interfaces have its address, or that none has it any more.

use whatlistens::model::{Interface, InterfaceAddress, Socket};

use crate::document::read;
use crate::recorded::{Machine, linux, process};

fn interface(name: &str, is_up: Option<bool>, addresses: &[&str]) -> Interface {
    let address = |text: &&str| {
        let (ip, prefix) = text.split_once('/').unwrap();
        InterfaceAddress { ip: ip.parse().unwrap(), prefix: prefix.parse().unwrap() }
    };
    let addresses = addresses.iter().map(address).collect();
    Interface { name: name.to_owned(), is_up, is_loopback: name == "lo", master: None, addresses }
}

/// A machine with a network card, a bridge that nothing is plugged into, and a tunnel.
fn with_interfaces() -> Machine {
    linux().seen(|seen| {
        seen.interfaces = Some(vec![
            interface("lo", Some(true), &["127.0.0.1/8", "::1/128"]),
            interface("va", Some(true), &["fe80::7/64", "192.168.7.31/24", "fd00::7/64"]),
            interface("docker0", Some(false), &["172.17.0.1/16"]),
            interface("tun0", Some(true), &["10.8.0.2/32"]),
        ]);
    })
}

fn server(place: &str, change: impl FnOnce(&mut Socket)) -> Machine {
    with_interfaces().socket(place, &[process(9, "/usr/bin/server")]).but(change)
}

/// What the detail view says of the reach of the one listener.
fn reach(machine: &Machine) -> String {
    let detail = machine.printed("7001", None);
    let lines = detail.lines().skip_while(|line| !line.starts_with("Reach"));
    let lines = lines.take_while(|line| !line.starts_with("Registry")).map(str::trim);
    lines.collect::<Vec<_>>().join(" ")
}

/// Its exposure, and the interfaces that have its address.
fn exposure(machine: &Machine) -> (String, Option<Vec<String>>) {
    let mut document = read(&machine.printed("7001 --json", None));
    let one = document.listeners.remove(0);
    let names = one.assigned_to.map(|all| all.into_iter().map(|one| one.interface).collect());
    (one.exposure, names)
}

#[test]
fn an_address_is_told_with_its_interface_and_network() {
    let own = server("tcp 192.168.7.31:7001", |socket| socket.assigned = Some(true));
    insta::assert_snapshot!(reach(&own), @"Reach        192.168.7.31 on va (machines on 192.168.7.0/24 and networks connected to it, unless a firewall blocks it)");
    assert_eq!(exposure(&own), ("private".to_owned(), Some(vec!["va".to_owned()])));
    let v6 = server("tcp [fd00::7]:7001", |socket| socket.assigned = Some(true));
    insta::assert_snapshot!(reach(&v6), @"Reach        fd00::7 on va (machines on fd00::/64 and networks connected to it, unless a firewall blocks it)");
    let link = server("tcp [fe80::7]:7001", |socket| socket.interface = Some("va".to_owned()));
    insta::assert_snapshot!(reach(&link), @"Reach        fe80::7%va (machines on the same network segment)");
    assert_eq!(exposure(&link).1.unwrap(), ["va"]);
    let tunnel = server("tcp 10.8.0.2:7001", |_| {});
    insta::assert_snapshot!(reach(&tunnel), @"Reach        10.8.0.2 on tun0 (machines on the private network, unless a firewall blocks it)");
    let mapped = server("tcp [::ffff:192.168.7.31]:7001", |_| {});
    assert_eq!(exposure(&mapped).1.unwrap(), ["va"]);
    let loopback = server("tcp 127.0.0.53:7001", |_| {});
    insta::assert_snapshot!(reach(&loopback), @"Reach        127.0.0.53 (only programs on this machine)");
}

#[test]
fn an_address_that_no_interface_has_any_more_reaches_nobody() {
    let lost = server("tcp 192.168.7.20:7001", |socket| socket.assigned = Some(false));
    insta::assert_snapshot!(reach(&lost), @"Reach        no interface has 192.168.7.20 now: nobody reaches it");
    assert_eq!(exposure(&lost), ("unassigned".to_owned(), Some(Vec::new())));
    // What is beside it is reached all the same.
    let holder = [process(9, "/usr/bin/server")];
    let both = lost.socket("tcp 127.0.0.1:7001", &holder).socket("tcp 192.168.7.31:7001", &holder);
    insta::assert_snapshot!(reach(&both), @"Reach        192.168.7.31 on va, 127.0.0.1, 192.168.7.20 (machines on 192.168.7.0/24 and networks connected to it, unless a firewall blocks it; no interface has 192.168.7.20 now)");
    // A local route has it, or it is a broadcast address.
    let by_route = server("tcp 192.0.2.77:7001", |socket| socket.assigned = Some(true));
    insta::assert_snapshot!(reach(&by_route), @"Reach        192.0.2.77 (any machine that can reach this address, unless a firewall blocks it)");
    // Nobody has looked, as in another network namespace.
    let unknown = server("tcp 192.168.7.20:7001", |_| {});
    assert_eq!(exposure(&unknown).0, "private");
}

#[test]
fn an_interface_that_is_down_is_named() {
    let down = server("tcp 172.17.0.1:7001", |socket| socket.assigned = Some(true));
    insta::assert_snapshot!(reach(&down), @"Reach        172.17.0.1 on docker0 (the interface docker0 is down: other machines reach it only through another interface)");
    assert_eq!(exposure(&down).0, "private", "it has the address");
    let up_too = down.socket("tcp 192.168.7.31:7001", &[process(9, "/usr/bin/server")]);
    insta::assert_snapshot!(reach(&up_too), @"Reach        172.17.0.1 on docker0, 192.168.7.31 on va (machines on the private network, unless a firewall blocks it)");
    let bound = server("tcp 0.0.0.0:7001", |socket| socket.interface = Some("docker0".to_owned()));
    insta::assert_snapshot!(reach(&bound), @"Reach        0.0.0.0%docker0 (the interface docker0 is down: no other machine reaches it)");
}

#[test]
fn all_addresses_are_those_of_interfaces_that_are_up() {
    let v4 = server("tcp 0.0.0.0:7001", |_| {});
    insta::assert_snapshot!(reach(&v4), @"Reach        0.0.0.0 (any other machine, unless a firewall blocks it) Reached at   192.168.7.31 on va and 10.8.0.2 on tun0");
    assert_eq!(exposure(&v4), ("all-interfaces".to_owned(), None));
    let dual = server("tcp [::]:7001", |socket| socket.dual_stack = Some(true));
    insta::assert_snapshot!(reach(&dual), @"Reach        :: (IPv6 and IPv4; any other machine, unless a firewall blocks it) Reached at   192.168.7.31 on va, fd00::7 on va, 10.8.0.2 on tun0 and fe80::7 on va");
    let v6 = server("tcp [::]:7001", |socket| socket.dual_stack = Some(false));
    insta::assert_snapshot!(reach(&v6), @"Reach        :: (IPv6 only; any other machine, unless a firewall blocks it) Reached at   fd00::7 on va and fe80::7 on va");
    let many = v4.seen(|seen| {
        let addresses: Vec<String> = (1..9).map(|n| format!("10.0.0.{n}/24")).collect();
        let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
        seen.interfaces = Some(vec![interface("va", None, &addresses)]);
    });
    insta::assert_snapshot!(reach(&many), @"Reach        0.0.0.0 (any other machine, unless a firewall blocks it) Reached at   10.0.0.1 on va, 10.0.0.2 on va, 10.0.0.3 on va, 10.0.0.4 on va and 4 more");
    let none = many.seen(|seen| seen.interfaces = Some(vec![interface("lo", Some(true), &["127.0.0.1/8"])]));
    insta::assert_snapshot!(reach(&none), @"Reach        0.0.0.0 (any other machine, unless a firewall blocks it) Reached at   no other address than loopback, because no other interface is up");
}

#[test]
fn the_interfaces_stand_once_in_the_json() {
    let document = read(&server("tcp 0.0.0.0:7001", |_| {}).printed("--json", None));
    let interfaces = document.interfaces.unwrap();
    let told = |at: usize| {
        let one = &interfaces[at];
        let addresses = one.addresses.iter().map(|of| format!("{}/{}", of.address, of.prefix));
        (one.name.as_str(), one.up, one.loopback, addresses.collect::<Vec<_>>().join(" "))
    };
    assert_eq!(told(0), ("lo", Some(true), true, "127.0.0.1/8 ::1/128".to_owned()));
    assert_eq!(told(2), ("docker0", Some(false), false, "172.17.0.1/16".to_owned()));
    assert!(read(&linux().printed("--json", None)).interfaces.is_none(), "they were not read");
}

/// A server on each kind of address, with their ports.
fn servers() -> Machine {
    let holder = [process(9, "/usr/bin/server")];
    with_interfaces()
        .socket("tcp 127.0.0.1:7001", &holder)
        .socket("tcp 192.168.7.31:7002", &holder)
        .socket("tcp 0.0.0.0:7003", &holder)
        .socket("tcp 192.168.7.20:7004", &holder)
        .but(|socket| socket.assigned = Some(false))
        .socket("tcp [::]:7005", &holder)
        .but(|socket| socket.dual_stack = Some(false))
        .socket("tcp [fe80::7]:7006", &holder)
        .but(|socket| socket.interface = Some("va".to_owned()))
}

/// The ports that are kept.
fn kept(line: &str) -> Vec<u16> {
    servers().report(line).rows.iter().map(|row| row.socket.local.port()).collect()
}

#[test]
fn what_other_machines_may_reach_is_kept() {
    assert_eq!(kept("--exposed"), [7002, 7003, 7005, 7006]);
    insta::assert_snapshot!(servers().printed("7001 --exposed", None), @"7001 is held by server (PID 9), and is reached from this machine only.");
    insta::assert_snapshot!(servers().printed("7004 --exposed", None), @"7004 is held by server (PID 9), and is at an address that no interface has now.");
}

#[test]
fn what_receives_at_an_address_is_kept() {
    assert_eq!(kept("--address 192.168.7.31"), [7002, 7003]);
    assert_eq!(kept("--address 127.0.0.1"), [7001, 7003]);
    assert_eq!(kept("--address [::1]"), [7005]);
    assert_eq!(kept("--address fe80::7%va"), [7005, 7006]);
    assert_eq!(kept("--address 192.168.7.31,::1"), [7002, 7003, 7005]);
    assert_eq!(kept("--address 127.0.0.1 --address fd00::7 --exposed"), [7003, 7005]);
    insta::assert_snapshot!(servers().printed("7002 --address 10.8.0.2", None), @"7002 is held by server (PID 9), not at 10.8.0.2.");
    let (json, text) = ("--address 192.168.7.20 7004 --json", "--address 192.168.7.20 7004 -H");
    let document = read(&servers().printed(json, None));
    let notes = &document.asked[1].notes;
    assert_eq!(document.asked[1].what, "--address 192.168.7.20");
    insta::assert_snapshot!(notes.join("\n"), @"No interface has 192.168.7.20 now: only a local route or packet rules can bring anything there.");
    assert!(servers().printed(text, None).contains(&notes[0]));
    let own = read(&servers().printed("--address 192.168.7.31,127.0.0.1,192.168.7.255 --json", None));
    assert!(own.asked.is_empty(), "{:?}", own.asked);
    insta::assert_snapshot!(servers().refusal("--address lic01"), @"‘--address lic01’: give an address, as in --address 192.168.7.20; no host name is looked up");
}
