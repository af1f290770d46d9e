//! The columns of the table: what stands in them, and which are shown.

use whatlistens::model::{Presence, Process, ProcessService, ServiceManager, Socket};
use whatlistens::query::Environment;

use crate::recorded::{Machine, linux, process};

/// A machine on which port 1538 is held in every form that a row can have.
fn everywhere() -> Machine {
    let interface = |socket: &mut Socket| socket.interface = Some("eth0".to_owned());
    let mut machine = linux().by_ordinary_user(&[(7, "sshd")]).socket("tcp [::]:1538", &[]);
    for (at, place) in [
        "tcp 0.0.0.0:1538",
        "tcp [fe80::1]:1538",
        "udp 127.0.0.1:1538",
        "udp [::1]:1538",
        "tcp [::ffff:10.0.0.1]:1538",
    ]
    .into_iter()
    .enumerate()
    {
        machine = machine.socket(place, &[process(10 + u32::try_from(at).unwrap(), "/x/y")]);
        machine = if at % 2 == 0 { machine.but(interface) } else { machine };
    }
    let many = process(70, "/usr/sbin/nginx");
    for last in 1..6 {
        machine = machine.socket(&format!("tcp 192.0.2.{last}:1538"), std::slice::from_ref(&many));
    }
    let bound = |socket: &mut Socket| socket.state = whatlistens::model::State::Bound;
    machine
        .socket("tcp [::]:1538", &[process(80, "/x/dual")])
        .but(|socket| socket.dual_stack = Some(true))
        .socket("tcp 10.0.0.2:1538", &[process(81, "/x/bound")])
        .but(bound)
}

#[test]
fn a_search_for_colon_and_port_finds_every_row() {
    for line in ["", "-H", "-ano", "-tulpn", "-tulpn -H", "--connections --all-namespaces"] {
        let (printed, ..) = everywhere().run(line, &Environment::plain()).unwrap();
        let rows: Vec<&str> = printed.lines().filter(|line| line.contains("1538/")).collect();
        assert!(rows.len() > 6, "{printed}");
        for row in rows.iter().filter(|row| !row.contains(" is ")) {
            assert!(row.contains(":1538"), "{line}: {row}");
        }
    }
}

#[test]
fn addresses_are_written_as_ss_writes_them() {
    let (printed, ..) = everywhere().run("-H -t", &Environment::plain()).unwrap();
    let addresses: Vec<&str> = printed.lines().map(|line| line.split_whitespace().nth(1).unwrap()).collect();
    insta::assert_snapshot!(addresses.join("\n"), @"
    0.0.0.0%eth0:1538
    10.0.0.2:1538(bound)
    192.0.2.1:1538,192.0.2.2:1538,192.0.2.3:1538,192.0.2.4:1538,192.0.2.5:1538
    [::]:1538
    *:1538
    10.0.0.1%eth0:1538
    [fe80::1]:1538
    ");
}

/// The registry's name of a port in a listing of one socket.
fn iana_name(place: &str, holder: Process, change: impl FnOnce(&mut Socket)) -> String {
    let machine = linux().socket(place, &[holder]).but(change);
    let (printed, ..) = machine.run("-H", &Environment::plain()).unwrap();
    printed.split_whitespace().nth(5).unwrap().to_owned()
}

#[test]
fn the_name_of_a_port_is_not_taken_for_what_runs_there() {
    let same = |_: &mut Socket| ();
    for (place, exe, shown) in [
        ("tcp 0.0.0.0:3000", "/usr/bin/node", "(hbci)"),
        ("tcp 0.0.0.0:22", "/usr/sbin/sshd", "ssh"),
        ("tcp 0.0.0.0:22", "/usr/bin/python3.11", "(ssh)"),
        ("tcp 0.0.0.0:5432", "/usr/lib/postgresql/15/bin/postgres", "postgresql"),
        ("udp 0.0.0.0:53", "/usr/lib/systemd/systemd-resolved", "domain"),
        ("tcp 0.0.0.0:9200", "/usr/bin/java", "(wap-wsp)"),
        ("tcp 0.0.0.0:27000", "/opt/x/lmgrd", "flex-lm"),
        ("tcp 0.0.0.0:27000", "/usr/bin/python3.11", "(flex-lm)"),
        ("tcp 0.0.0.0:8081", "/usr/sbin/nginx", "(sunproxyadmin)"),
        ("tcp 0.0.0.0:81", "/usr/sbin/nginx", "-"),
    ] {
        assert_eq!(iana_name(place, process(70, exe), same), shown, "{exe} at {place}");
    }
    let ended =
        Process { presence: Presence::Ended { children: Vec::new() }, ..process(70, "/usr/sbin/sshd") };
    assert_eq!(iana_name("tcp 0.0.0.0:22", ended, same), "(ssh)");
}

#[test]
fn a_unit_of_the_system_says_what_a_hidden_owner_is_known_for() {
    let opened_by = |manager, name: &str| {
        let unit = ProcessService { manager, name: name.to_owned(), display_name: None, user: None };
        let machine = linux()
            .by_ordinary_user(&[(7, "x")])
            .socket("tcp 0.0.0.0:22", &[])
            .but(|socket| socket.made_in = Some(unit));
        let row = &machine.report("").rows[0];
        row.known_for_service
    };
    assert_eq!(opened_by(ServiceManager::Systemd, "ssh.service"), Some(true));
    assert_eq!(opened_by(ServiceManager::Systemd, "shop.service"), None);
    assert_eq!(opened_by(ServiceManager::SystemdUser, "ssh.service"), None, "anybody names such a unit");
}
