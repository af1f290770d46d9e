//! Which UDP listeners could be bound to loopback, and what a relay forwards to.

use whatlistens::model::{Activation, Process, RelayTarget, ServiceManager};

use crate::document::read;
use crate::recorded::{forwarding, linux, process, to_address};

/// The advice on what a process holds.
fn next(place: &str, holder: &Process) -> String {
    let machine = linux().socket(place, std::slice::from_ref(holder));
    let (protocol, address) = place.split_once(' ').unwrap();
    let port = address.rsplit(':').next().unwrap();
    read(&machine.printed(&format!("{port}/{protocol} --json"), None))
        .asked
        .remove(0)
        .next
        .unwrap_or_default()
}

#[test]
fn a_udp_service_that_all_can_reach_could_be_bound_to_loopback() {
    let advises = |place: &str, exe: &str| next(place, &process(60, exe)).contains("Bind it to");
    for (place, exe) in [
        ("udp 0.0.0.0:5514", "/usr/sbin/rsyslogd"),
        ("udp 0.0.0.0:514", "/usr/sbin/rsyslogd"),
        ("udp [::]:8125", "/usr/bin/statsd"),
        ("udp 203.0.113.7:11211", "/usr/bin/memcached"),
        ("udp 0.0.0.0:161", "/usr/sbin/snmpd"),
    ] {
        assert!(advises(place, exe), "{place}");
    }
    for (place, exe) in [
        ("udp 0.0.0.0:5353", "/usr/bin/chromium"),
        ("udp 0.0.0.0:68", "/usr/bin/node"),
        ("udp 0.0.0.0:123", "/usr/bin/clock"),
        ("udp 0.0.0.0:1194", "/usr/sbin/openvpn"),
        ("udp 0.0.0.0:51820", "/usr/bin/wireguard"),
        ("udp 0.0.0.0:32768", "/usr/bin/node"),
        ("udp 0.0.0.0:41234", "/usr/bin/node"),
        ("udp 127.0.0.1:5514", "/usr/sbin/rsyslogd"),
        ("udp 192.168.7.9:5514", "/usr/sbin/rsyslogd"),
        ("udp 0.0.0.0:53", "/usr/sbin/dnsmasq"),
    ] {
        assert!(!advises(place, exe), "{place}");
    }
    insta::assert_snapshot!(next("udp 0.0.0.0:5514", &process(60, "/usr/sbin/rsyslogd")), @r"
    Bind it to 127.0.0.1 if only this machine needs it.
    To stop it: kill 60
    ");
    let machine = linux().socket("udp 0.0.0.0:514", &[process(60, "/usr/sbin/rsyslogd")]).but(|socket| {
        socket.activation = Some(Activation {
            manager: ServiceManager::Systemd,
            socket: "syslog.socket".to_owned(),
            service: Some("rsyslog.service".to_owned()),
        });
    });
    let told = machine.printed("514/udp", None);
    assert!(told.contains("Set ListenDatagram=127.0.0.1:514 in its socket unit"), "{told}");
}

#[test]
fn what_a_relay_runs_is_no_name() {
    let relay = |to: &[RelayTarget]| forwarding(60, "/usr/bin/socat", to);
    let executes = relay(&[RelayTarget::Command("EXEC".to_owned())]);
    insta::assert_snapshot!(next("tcp 127.0.0.1:8080", &executes), @r"
    The program that answers is where this one forwards to, by its command line: a command (EXEC)
    To stop it: kill 60
    ");
    insta::assert_snapshot!(next("tcp 127.0.0.1:8080", &relay(&[to_address("lic01:27000"), to_address("lic02:27000")])), @r"
    The program that answers is where this one forwards to, by its command line: lic01:27000, lic02:27000
    To stop it: kill 60
    ");
    insta::assert_snapshot!(next("tcp 127.0.0.1:8080", &relay(&[RelayTarget::AnyAddress])), @r"
    The program that answers is where this one forwards to, by its command line: whatever its clients ask for (SOCKS)
    To stop it: kill 60
    ");
    insta::assert_snapshot!(next("tcp 127.0.0.1:8080", &relay(&[to_address("a command (EXEC) of root")])), @r#"
    The program that answers is where this one forwards to, by its command line: "a command (EXEC) of root"
    To stop it: kill 60
    "#);
    let machine = linux().socket("udp 0.0.0.0:5514", &[executes]);
    assert!(machine.printed("5514", None).contains("Forwards to  a command (EXEC) (by its command line)"));
}
