//! `check --suggest`: the policy of what listens passes on the same machine, whatever listens there.

use std::io::Write as _;

use proptest::prelude::*;
use whatlistens::command::Exit;
use whatlistens::model::{CheckStatus, Gap, GapKind, PortRange, Process};
use whatlistens::query::Environment;

use crate::arbitrary;
use crate::check::by_policy;
use crate::recorded::{Machine, linux, office, process, with_file};

fn suggested(machine: &Machine, line: &str) -> String {
    let (out, notes, exit) = machine.run(&format!("check --suggest {line}"), &Environment::plain()).unwrap();
    assert_eq!((exit, notes.as_str()), (Exit::Matched, ""));
    out
}

#[test]
fn it_allows_what_listens_and_says_what_to_edit() {
    let ephemeral =
        |pid| Process { uid: Some(0), user: Some("root".to_owned()), ..process(pid, "/usr/sbin/rpc.statd") };
    let machine = office()
        .socket("udp 0.0.0.0:44000", &[ephemeral(70)])
        .socket("udp 0.0.0.0:50123", &[ephemeral(70)])
        .socket("tcp 127.0.0.1:5432", &[process(71, "/usr/lib/postgresql/15/bin/postgres")])
        .socket("tcp 10.1.2.3:5432", &[process(71, "/usr/lib/postgresql/15/bin/postgres")])
        .seen(|seen| seen.port_rules.ephemeral = Some(PortRange { first: 32768, last: 60999 }));
    insta::assert_snapshot!(suggested(&machine, ""), @r#"
    # What may listen on lic01, by what did on 2026-11-22T04:00:00Z. Nothing else may.
    # Read every line, and write why into its reason. Remove what nobody needs. until = 2027-12-31 ends a line.
    # What has to run: make [[may-listen]] of its line [[must-listen]]. The other keys: docs/policy.md
    # To check it: whatlistens check --policy FILE
    # Not all license ports are known to be held by the right process: see whatlistens --flagged. When they are, add: no-flagged = true

    nothing-else = true

    # systemd-resolved; the registry calls the port domain
    [[may-listen]]
    port = "53/udp"
    program = "/usr/lib/systemd/systemd-resolved"
    user = "root"
    max-exposure = "loopback"
    reason = "listened on 2026-11-22"

    # nginx; the registry calls the port http
    [[may-listen]]
    port = "80/tcp"
    program = "/usr/sbin/nginx"
    user = "root"
    reason = "listened on 2026-11-22"

    # python3.11; the registry calls the port 3ds-lm
    [[may-listen]]
    port = "1538/tcp"
    program = "/usr/bin/python3.11"
    user = "alice"
    reason = "listened on 2026-11-22"

    # postgres; the registry calls the port postgresql
    [[may-listen]]
    port = "5432/tcp"
    program = "/usr/lib/postgresql/15/bin/postgres"
    user = "alice"
    max-exposure = "private"
    reason = "listened on 2026-11-22"

    # lmgrd; the registry calls the port flex-lm
    [[may-listen]]
    port = "27000/tcp"
    program = "/opt/flexlm/bin/lmgrd"
    user = "root"
    reason = "listened on 2026-11-22"

    # rpc.statd; the system chose the port, and chooses another at the next start
    [[may-listen]]
    port = "32768-60999/udp"
    program = "/usr/sbin/rpc.statd"
    user = "root"
    reason = "listened on 2026-11-22"

    # no process holds it; perhaps the system chose the port, and chooses another at the next start
    [[may-listen]]
    port = "33333/udp"
    reason = "listened on 2026-11-22"
    "#);
    assert_eq!(by_policy(&machine, &suggested(&machine, "")).1, CheckStatus::Ok);
    let narrow = suggested(&machine, "5432 80 --trust-user alice --trust-path /opt");
    assert!(
        !narrow.contains("27000") && narrow.contains("[trust]\nusers = \"alice\"\npaths = \"/opt\""),
        "{narrow}"
    );
    assert_eq!(by_policy(&linux(), &suggested(&linux(), "")).1, CheckStatus::Ok);
}

#[test]
fn what_another_start_changes_is_said() {
    let ephemeral = PortRange { first: 32768, last: 60999 };
    let nginx =
        |pid| Process { uid: Some(0), user: Some("root".to_owned()), ..process(pid, "/usr/sbin/nginx") };
    let deleted = |pid| {
        let gone = with_file(pid, "/opt/app/server", |exe| exe.deleted = Some(true));
        Process { uid: Some(1000), user: Some("alice".to_owned()), ..gone }
    };
    let machine = linux()
        .socket("tcp 0.0.0.0:80", &[deleted(5)])
        .socket("tcp 127.0.0.1:40000", &[deleted(5)])
        .socket("udp 0.0.0.0:40001", &[nginx(6)])
        .socket("udp 127.0.0.1:40002", &[])
        .socket("tcp 9.9.9.9:81", &[nginx(6)])
        .but(|socket| socket.assigned = Some(false))
        .seen(|seen| seen.port_rules.ephemeral = Some(ephemeral));
    let policy = suggested(&machine, "");
    insta::assert_snapshot!(policy.split_once("no-flagged = true\n\n").unwrap().1, @r#"
    # server; the registry calls the port http; any program, because the file that server (PID 5) runs was deleted or replaced since it started; restart it
    [[may-listen]]
    port = "80/tcp"
    user = "alice"
    reason = "listened on 2026-11-22"

    # nginx; no interface has its address now
    [[may-listen]]
    port = "81/tcp"
    program = "/usr/sbin/nginx"
    user = "root"
    max-exposure = "public"
    reason = "listened on 2026-11-22"

    # server; any program, because the file that server (PID 5) runs was deleted or replaced since it started; restart it; the system chose the port, and chooses another at the next start
    [[may-listen]]
    port = "32768-60999/tcp"
    user = "alice"
    max-exposure = "loopback"
    reason = "listened on 2026-11-22"

    # nginx; the system chose the port, and chooses another at the next start
    [[may-listen]]
    port = "32768-60999/udp"
    program = "/usr/sbin/nginx"
    user = "root"
    reason = "listened on 2026-11-22"

    # no process holds it; perhaps the system chose the port, and chooses another at the next start
    [[may-listen]]
    port = "40002/udp"
    max-exposure = "loopback"
    reason = "listened on 2026-11-22"
    "#);
    assert_eq!(by_policy(&machine, &policy).1, CheckStatus::Ok);
    // After the next start, and once the address is there again.
    let again = linux()
        .socket("tcp 0.0.0.0:80", &[with_file(15, "/opt/app/server", |_| ())])
        .socket("tcp 127.0.0.1:40100", &[with_file(15, "/opt/app/server", |_| ())])
        .socket("udp 0.0.0.0:50001", &[nginx(6)])
        .socket("tcp 9.9.9.9:81", &[nginx(6)]);
    let (out, status) = by_policy(&again, &policy);
    assert_eq!(status, CheckStatus::Ok, "{out}");
}

#[test]
fn many_ports_of_one_holder_are_a_range() {
    let listening = |ports: &[u16]| {
        let socket = |machine: Machine, port: &u16| {
            machine.socket(&format!("tcp 127.0.0.1:{port}"), &[process(7, "/opt/p7")])
        };
        ports.iter().fold(linux(), socket)
    };
    let ports: Vec<u16> = (20_000..20_012).chain(20_013..20_016).chain([81]).collect();
    let policy = suggested(&listening(&ports), "");
    insta::assert_snapshot!(policy.split_once("no-flagged = true\n\n").unwrap().1, @r#"
    # p7
    [[may-listen]]
    port = "81/tcp"
    program = "/opt/p7"
    user = "alice"
    max-exposure = "loopback"
    reason = "listened on 2026-11-22"

    # p7 on 12 ports
    [[may-listen]]
    port = "20000-20011/tcp"
    program = "/opt/p7"
    user = "alice"
    max-exposure = "loopback"
    reason = "listened on 2026-11-22"

    # p7; the registry calls the port ss-idi
    [[may-listen]]
    port = "20013/tcp"
    program = "/opt/p7"
    user = "alice"
    max-exposure = "loopback"
    reason = "listened on 2026-11-22"

    # p7; the registry calls the port opendeploy
    [[may-listen]]
    port = "20014/tcp"
    program = "/opt/p7"
    user = "alice"
    max-exposure = "loopback"
    reason = "listened on 2026-11-22"

    # p7
    [[may-listen]]
    port = "20015/tcp"
    program = "/opt/p7"
    user = "alice"
    max-exposure = "loopback"
    reason = "listened on 2026-11-22"
    "#);
    assert_eq!(by_policy(&listening(&ports), &policy).1, CheckStatus::Ok);
    let one_more = listening(&[20_012]);
    assert_eq!(by_policy(&one_more, &policy).1, CheckStatus::Critical);
    // What does not fit is no policy.
    let ports: Vec<u16> = (1..=5001).map(|at| at * 2).collect();
    let many = listening(&ports);
    insta::assert_snapshot!(many.refusal("check --suggest"), @"‘--suggest’: more listens here than one policy takes (5000 lines, 1024 KiB): name a part of it, as in check --suggest 1-1023");
    assert_eq!(by_policy(&many, &suggested(&many, "1-9999")).1, CheckStatus::Critical, "not all are allowed");
}

#[test]
fn it_is_tight() {
    let policy = suggested(&office(), "");
    for other in [
        office().socket("tcp 0.0.0.0:8080", &[process(77, "/usr/bin/node")]),
        office().socket("udp 0.0.0.0:53", &[process(400, "/usr/lib/systemd/systemd-resolved")]),
        office().socket("tcp 127.0.0.1:80", &[process(78, "/tmp/nginx")]),
    ] {
        assert_eq!(by_policy(&other, &policy).1, CheckStatus::Critical);
    }
}

#[test]
fn what_could_not_be_seen_is_said() {
    let hidden = linux()
        .by_ordinary_user(&[(58, "nginx")])
        .socket("tcp 0.0.0.0:80", &[])
        .socket("tcp 0.0.0.0:27000", &[])
        .gap(Gap::new(GapKind::SocketsUnreadable, "a table could not be read"));
    insta::assert_snapshot!(suggested(&hidden, ""), @r#"
    # What may listen on lic01, by what did on 2026-11-22T04:00:00Z. Nothing else may.
    # Read every line, and write why into its reason. Remove what nobody needs. until = 2027-12-31 ends a line.
    # What has to run: make [[may-listen]] of its line [[must-listen]]. The other keys: docs/policy.md
    # To check it: whatlistens check --policy FILE
    # Not complete: a table could not be read.
    # The owners of 2 listeners could not be seen: their lines allow any program. Run it with more rights.
    # Not all license ports are known to be held by the right process: see whatlistens --flagged. When they are, add: no-flagged = true

    nothing-else = true

    # the owner could not be seen; the registry calls the port http
    [[may-listen]]
    port = "80/tcp"
    reason = "listened on 2026-11-22"

    # the owner could not be seen; the registry calls the port flex-lm
    [[may-listen]]
    port = "27000/tcp"
    reason = "listened on 2026-11-22"
    "#);
}

#[test]
fn names_of_strangers_stay_names() {
    let evil = "/opt/\"]\n[[may-listen]]\nport = 1\n#\u{1b}[2J\u{202e}\\日";
    let machine = linux()
        .socket("tcp 0.0.0.0:80", &[process(7, evil)])
        .socket("tcp 0.0.0.0:81", &[with_file(8, "/opt/a", |_| ())])
        .seen(|seen| seen.host.name = Some("a\nport = 7".to_owned()));
    let policy = suggested(&machine, "");
    assert_eq!(policy.matches("\n[[may-listen]]\n").count(), 2, "{policy}");
    assert!(policy.chars().all(|c| c == '\n' || !c.is_control()), "{policy}");
    assert_eq!(by_policy(&machine, &policy).1, CheckStatus::Ok, "{policy}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn whatever_listens_is_allowed_by_the_policy_of_it(mut observation in arbitrary::observation(), few_ports: bool) {
        // With gaps nothing is OK. No socket has port 0.
        observation.gaps.clear();
        for socket in observation.sockets.iter_mut().filter(|socket| socket.local.port() == 0) {
            socket.local.set_port(1);
        }
        if few_ports {
            for socket in &mut observation.sockets {
                socket.local.set_port([80, 81, 40_000][usize::from(socket.local.port() % 3)]);
            }
        }
        let machine = linux().seen(|seen| *seen = observation);
        let policy = suggested(&machine, "");
        let (out, status) = by_policy(&machine, &policy);
        prop_assert_eq!(status, CheckStatus::Ok, "{}\n{}", policy, out);
    }

    #[test]
    fn whatever_was_observed_can_be_checked(observation in arbitrary::observation()) {
        let machine = linux().seen(|seen| *seen = observation);
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"no-flagged = true\nmax-exposure = 'private'\nnothing-else = true\n[[held-by]]\nport = 80\nprogram = 'x'").unwrap();
        let line = format!("check --expect 80=nginx --servers --policy {}", file.path().display());
        let (out, ..) = machine.run(&line, &Environment::plain()).unwrap();
        prop_assert!(out.starts_with("WHATLISTENS ") && out.len() < 20_000, "{}", out);
        prop_assert!(out.chars().all(|c| c == '\n' || !c.is_control()), "{}", out);
    }
}
