//! What people type who know other programs: understood where it is plain, else one line that says what would be right.

use whatlistens::model::{Process, ProcessService, ServiceManager};
use whatlistens::query::Environment;

use crate::document::read;
use crate::recorded::{Machine, linux, office, process};

/// The words of the answers, as the JSON has them.
fn asked(line: &str) -> String {
    let document = read(&office().printed(&format!("--json {line}"), None));
    document.asked.iter().map(|asked| asked.what.as_str()).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_protocol_may_stand_before_or_behind() {
    for (typed, meant) in [
        ("tcp:80", "80/tcp"),
        ("udp/5514", "5514/udp"),
        ("udp 5514", "5514/udp"),
        ("5514 udp", "5514/udp"),
        ("5514/udp", "5514/udp"),
        ("tcp 80 udp 53", "80/tcp 53/udp"),
        ("tcp:80,443", "80/tcp 443/tcp"),
        ("80, 443", "80 443"),
        ("( sport = :80 )", "80"),
        ("sport = :80", "80"),
        ("*:80", "*:80"),
        ("port 80", "80"),
        (":80", "80"),
        ("tcp:ssh", "ssh/tcp"),
    ] {
        assert_eq!(asked(typed), meant, "{typed}");
    }
    assert_eq!(office().printed("tcp 80", None), office().printed("80/tcp", None));
}

#[test]
fn a_word_for_another_command_is_answered_with_what_is_right() {
    let refused = |line: &str| office().refusal(line);
    insta::assert_snapshot!(refused("kill 3000"), @"‘kill’: whatlistens ends no process, but says how to: whatlistens 3000");
    insta::assert_snapshot!(refused("stop nginx"), @"‘stop’: whatlistens ends no process, but says how to: whatlistens nginx");
    insta::assert_snapshot!(refused("3000 kill"), @"‘kill’: whatlistens ends no process, but says how to: whatlistens 3000");
    insta::assert_snapshot!(refused("watch"), @"‘watch’: to repeat the listing: watch whatlistens 80");
    insta::assert_snapshot!(refused("watch 80 443/tcp"), @"‘watch’: to repeat the listing: watch whatlistens 80 443/tcp");
    insta::assert_snapshot!(refused("list"), @"‘list’: to list everything: whatlistens");
    insta::assert_snapshot!(refused("find 80"), @"‘find’: name only what you look for: whatlistens 80");
    insta::assert_snapshot!(refused("check 80"), @"‘check’: name only what you look for: whatlistens 80");
    insta::assert_snapshot!(refused("tcp 80 443"), @"‘tcp’: for all tcp ports use -t, for one port write 80/tcp");
    insta::assert_snapshot!(refused("dport = :80"), @"‘dport = :80’: of the filters of ss only ‘sport = :80’ is understood; give ports and ranges, as in 80 27000-27009");
    assert!(linux().printed("help", None).starts_with("What is listening"));
    // It may be the name of a program.
    let watch = linux().socket("tcp 0.0.0.0:80", &[process(7, "/usr/bin/watch")]);
    assert!(watch.printed("watch", None).contains("80/tcp"));
}

fn in_unit(unit: &str, process: Process) -> Process {
    Process { services: vec![ProcessService::new(ServiceManager::Systemd, unit)], ..process }
}

/// `lmgrd` of `flexlm.service`, and `sshd` of `ssh.service` on a port of its own.
fn with_units() -> Machine {
    linux()
        .socket("tcp 0.0.0.0:27000", &[in_unit("acme-lic.service", process(9, "/opt/flexlm/lmgrd"))])
        .socket("tcp 0.0.0.0:2222", &[in_unit("ssh.service", process(5, "/usr/sbin/sshd"))])
        .socket("tcp 0.0.0.0:80", &[in_unit("web.service", process(6, "/usr/sbin/nginx"))])
}

#[test]
fn a_unit_needs_no_suffix() {
    let found = |line: &str| {
        let (printed, ..) = with_units().run(line, &Environment::plain()).unwrap();
        printed
    };
    for (word, port) in [("acme-lic", "27000/tcp"), ("ssh", "2222/tcp"), ("web", "80/tcp")] {
        assert!(found(word).contains(port), "{word}: {}", found(word));
        assert!(found(&format!("{word}.service")).contains(port), "{word}");
    }
    assert!(
        found("acme-lic").contains("‘acme-lic’ was taken as the unit acme-lic.service."),
        "{}",
        found("acme-lic")
    );
    assert!(with_units().refusal("acme-l").starts_with("‘acme-l’ is not a known service"));
    // What is called so comes first.
    let called = with_units().socket("tcp 0.0.0.0:8080", &[process(8, "/opt/web")]);
    let rows = called.printed("-H web", None);
    assert!(rows.contains("8080/tcp") && !rows.contains(" 80/tcp"), "{rows}");
}
