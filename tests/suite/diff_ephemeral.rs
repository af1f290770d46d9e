//! `diff` of ports whose number the system chose: what holds one is known again by what it is.

use whatlistens::model::{PortRange, Process};

use crate::diff::{at, diff, kinds, told};
use crate::recorded::{Machine, linux, process, with_file};

#[test]
fn another_number_of_an_ephemeral_port_is_no_difference() {
    let client = |port: u16| at(&format!("udp 0.0.0.0:{port}"), 70, "/usr/bin/firefox");
    let moved = diff(&client(40_000), &client(50_000), "");
    assert_eq!((told(&moved), moved.left_out, moved.same), (Vec::new(), 2, true));
    assert_eq!(told(&diff(&client(40_000), &client(50_000), "--all")), ["40000 went", "50000 appeared"]);
    assert_eq!(kinds(&client(5000), &client(5001)), ["5000 went", "5001 appeared"], "no ephemeral ports");
    // Another program, another address.
    let other = at("udp 0.0.0.0:50000", 70, "/usr/bin/chrome");
    assert_eq!(kinds(&client(40_000), &other), ["40000 went", "50000 appeared"]);
    let elsewhere = at("udp 127.0.0.1:50000", 70, "/usr/bin/firefox");
    assert_eq!(kinds(&client(40_000), &elsewhere), ["40000 went", "50000 appeared"]);
    // Of RPC services of the kernel nobody is the owner.
    let rpc = |port: u16| linux().socket(&format!("tcp 0.0.0.0:{port}"), &[]);
    assert_eq!(kinds(&rpc(40_000), &rpc(50_000)), [""; 0]);
    // Two that exchange their ports.
    let two = |one: u32, other: u32| {
        at("udp 0.0.0.0:40000", one, if one == 1 { "/a" } else { "/b" })
            .socket("udp 0.0.0.0:50000", &[process(other, if other == 1 { "/a" } else { "/b" })])
    };
    assert_eq!(diff(&two(1, 2), &two(2, 1), "").left_out, 2);
    // One of them, and something else has the port.
    let both = client(50_000).socket("udp 0.0.0.0:40000", &[process(7, "/b")]);
    assert_eq!(kinds(&client(40_000), &both), ["40000 appeared"]);
    // One that was taken over by another program.
    assert_eq!(kinds(&client(40_000), &at("udp 0.0.0.0:40000", 7, "/b")), ["40000 changed owner"]);
}

#[test]
fn one_more_or_less_on_an_ephemeral_port_is_a_difference() {
    let clients = |ports: &[u16]| {
        ports.iter().fold(linux(), |machine, port| {
            machine.socket(&format!("udp 0.0.0.0:{port}"), &[process(70, "/usr/bin/firefox")])
        })
    };
    for (then, now, expected, left_out) in [
        (&[40_000][..], &[40_000, 50_000][..], &["50000 appeared"][..], 0),
        (&[40_000, 50_000], &[40_000], &["50000 went"], 0),
        (&[40_000], &[50_000, 50_001], &["50001 appeared"], 2),
        (&[40_000, 40_001, 40_002], &[50_000], &["40001 went", "40002 went"], 2),
        (&[40_000, 40_001], &[40_000, 50_001], &[], 2),
    ] {
        let found = diff(&clients(then), &clients(now), "");
        assert_eq!(
            (&told(&found)[..], found.left_out, found.same),
            (
                expected.iter().map(|&one| one.to_owned()).collect::<Vec<_>>().as_slice(),
                left_out,
                expected.is_empty()
            ),
            "{then:?}, {now:?}"
        );
    }
    let of_other = |place: &str| clients(&[40_000]).socket(place, &[process(7, "/b")]);
    assert_eq!(
        kinds(&of_other("udp 0.0.0.0:50000"), &of_other("udp 0.0.0.0:60000")),
        [""; 0],
        "each is known again among its own"
    );
    // A hidden owner that stayed is not the one that came.
    let hidden = |machine: Machine| machine.socket("udp 0.0.0.0:50000", &[]).by_ordinary_user(&[(9, "x")]);
    assert_eq!(kinds(&hidden(linux()), &hidden(clients(&[40_000]))), ["40000 appeared"]);
}

#[test]
fn the_machine_says_which_ports_are_ephemeral() {
    let client = |port: u16| {
        let ephemeral = PortRange { first: 5000, last: 6000 };
        at(&format!("udp 0.0.0.0:{port}"), 70, "/usr/bin/firefox")
            .seen(|seen| seen.port_rules.ephemeral = Some(ephemeral))
    };
    assert_eq!(kinds(&client(5000), &client(6000)), [""; 0]);
    assert_eq!(kinds(&client(40_000), &client(50_000)), ["40000 went", "50000 appeared"]);
}

#[test]
fn a_daemon_with_another_number_and_another_verdict_has_changed() {
    let daemon = |port: u16, writers| {
        let adskflex = with_file(9, "/opt/adskflex", |exe| exe.writers = writers);
        let adskflex = Process { ppid: Some(8), ..adskflex };
        at("tcp 0.0.0.0:27000", 8, "/opt/lmgrd").socket(&format!("tcp 0.0.0.0:{port}"), &[adskflex])
    };
    let (safe, weak) = (whatlistens::model::Checked::Done(Vec::new()), crate::recorded::anyone_at("/opt"));
    let changed = diff(&daemon(40_000, safe), &daemon(50_000, weak), "");
    assert_eq!(told(&changed), ["50000 (was 40000) changed verdict"]);
}
