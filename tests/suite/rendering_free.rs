//! What is said of a port on Linux that nothing listens on, verbatim: whether it is free, and where.

use whatlistens::model::{
    ConnectionState, ExcludedPorts, Gap, GapKind, Namespace, Os, OtherNamespace, PacketRules, PortConnection,
    PortRange, PortRules, Protocol,
};

use crate::document::read;
use crate::recorded::{Machine, linux, process};
use crate::started::unbroken;

fn blue() -> Namespace {
    Namespace { inode: 4_026_532_281, name: Some("blue".to_owned()) }
}

fn free() -> Machine {
    let connection = |state, pids: &[u32]| PortConnection {
        protocol: Protocol::Tcp,
        state,
        local: "10.0.0.1:33000".parse().unwrap(),
        peer: "10.0.0.5:443".parse().unwrap(),
        pids: pids.to_vec(),
        namespace: None,
    };
    linux().with(process(60, "/usr/bin/curl")).seen(|seen| {
        seen.port_rules = PortRules {
            ephemeral: PortRange::parse("32768-60999"),
            excluded: Some(vec![ExcludedPorts {
                ports: PortRange::one(40000),
                protocol: None,
                family: None,
                by_number: true,
            }]),
            unprivileged_from: Some(1024),
        };
        seen.port_connections =
            vec![connection(ConnectionState::TimeWait, &[]), connection(ConnectionState::Established, &[60])];
        seen.other_namespaces = vec![OtherNamespace {
            namespace: blue(),
            listeners: vec![(Protocol::Tcp, 33000), (Protocol::Udp, 53)],
        }];
    })
}

#[test]
fn what_keeps_a_free_port_is_told() {
    insta::assert_snapshot!(free().printed("33000", None), @"
    33000  wg-endpt-comms
    Nothing in this network namespace listens on TCP or UDP port 33000, but a program may be unable to
    open it: 1 connection still uses it, and a closed connection still holds it for up to a minute
    (TIME_WAIT).

    In use       curl (PID 60): connected to 10.0.0.5:443 from 10.0.0.1:33000/tcp
    In use       closed connection to 10.0.0.5:443 from 10.0.0.1:33000/tcp (TIME_WAIT): for up to a
                 minute, only programs that set SO_REUSEADDR can open the port
    Ephemeral    outgoing connections use 32768-60999, so one may take it at any time
                 (net.ipv4.ip_local_port_range). To reserve it, add it to
                 net.ipv4.ip_local_reserved_ports
    Registry     wg-endpt-comms, WatchGuard Endpoint Communications (IANA, registered port)

    1 matching listener in another network namespace (blue) is not shown. To show all: --all-namespaces
    ");
    let nothing = free().seen(|seen| seen.port_connections.clear());
    insta::assert_snapshot!(nothing.printed("40000", None), @"
    40000  safetynetp
    Port 40000 is free for TCP and UDP: nothing in this network namespace listens on it, and no other
    TCP or UDP socket uses it.

    Ephemeral    outgoing connections use 32768-60999 except this port, which is reserved
                 (net.ipv4.ip_local_reserved_ports)
    Registry     safetynetp, SafetyNET p (IANA, registered port)
    ");
    let alone = nothing.seen(|seen| seen.other_namespaces.clear());
    insta::assert_snapshot!(alone.printed("443", None), @"
    443  https
    Port 443 is free for TCP and UDP: nothing on this machine listens on it, and no other TCP or UDP
    socket uses it.

    Rights       only root, or a program with CAP_NET_BIND_SERVICE, can open a port below 1024
                 (net.ipv4.ip_unprivileged_port_start)
    Registry     https, http protocol over TLS/SSL (IANA, system port)
    ");
}

/// An ordinary user does not find everything, and of other namespaces little is read: neither allows a statement about
/// the whole machine.
#[test]
fn free_on_this_machine_is_said_by_root_where_no_other_namespace_is_known() {
    let sentence = |machine: &Machine, words: &str| {
        let said = unbroken(&machine.printed(words, None));
        let here = ["nothing on this machine listens", "nothing in this network namespace listens"];
        here.map(|here| said.contains(here))
    };
    let (machine, namespace) = ([true, false], [false, true]);
    let nothing = || free().seen(|seen| seen.port_connections.clear());
    let alone = || nothing().seen(|seen| seen.other_namespaces.clear());
    assert_eq!(sentence(&alone(), "9"), machine);
    assert_eq!(sentence(&alone(), "--all-namespaces 9"), machine);
    assert_eq!(sentence(&nothing(), "9"), namespace, "no listener of the other one matches");
    assert_eq!(sentence(&alone().by_ordinary_user(&[]), "9"), namespace);
    let unseen = alone().seen(|seen| seen.gaps.push(Gap::new(GapKind::NamespacesHidden, "some are unseen")));
    assert_eq!(sentence(&unseen, "--all-namespaces 9"), namespace);
    // The other systems have a single one.
    assert_eq!(sentence(&alone().os(Os::Macos).by_ordinary_user(&[]), "9"), machine);
}

#[test]
fn what_has_a_port_in_another_namespace_is_said_with_the_namespace() {
    let elsewhere = free().seen(|seen| {
        seen.other_namespaces.clear();
        seen.port_connections.retain(|connection| !connection.pids.is_empty());
        seen.port_connections[0].namespace = Some(blue());
    });
    let said = unbroken(&elsewhere.printed("--all-namespaces 33000", None));
    let in_use =
        "curl (PID 60): connected to 10.0.0.5:443 from 10.0.0.1:33000/tcp in network namespace blue ";
    assert!(said.contains(in_use), "{said}");
    let json = elsewhere.printed("--all-namespaces --json 33000", None);
    let document = read(&json);
    let tcp = document.asked[0].answers.iter().find(|answer| answer.protocol == "tcp").unwrap();
    let name = tcp.by[0].namespace.as_ref().and_then(|namespace| namespace.name.as_deref());
    assert_eq!((tcp.status.as_str(), name), ("in-use", Some("blue")));
}

#[test]
fn the_other_namespaces_are_counted_in_json() {
    let document = read(&free().printed("--json 33000", None));
    let [other] = &document.other_namespaces[..] else { panic!("one") };
    assert_eq!((other.name.as_deref(), other.listeners), (Some("blue"), 1));
}

#[test]
fn packet_rules_are_said_once_and_do_not_make_a_port_used() {
    let with = |rules| {
        linux().seen(|seen| {
            seen.packet_rules = Some(rules);
            seen.port_rules.ephemeral = Some(PortRange { first: 32768, last: 60999 });
        })
    };
    let seen = |may_redirect, may_filter| with(PacketRules::Seen { may_redirect, may_filter });
    insta::assert_snapshot!(seen(true, true).printed("8125", None), @"
    8125
    Port 8125 is free for TCP and UDP: nothing on this machine listens on it, and no other TCP or UDP
    socket uses it.

    Rules        packet filters exist that may block it (not looked at)
    Registry     no service assigned (registered port)

    Packet rules exist that may send this port elsewhere (not looked at).
    ");
    insta::assert_snapshot!(with(PacketRules::Hidden).by_ordinary_user(&[]).printed("8125", None), @"
    8125
    Port 8125 is free for TCP and UDP: nothing in this network namespace listens on it, and no other TCP
    or UDP socket uses it.

    Rules        packet rules were not examined: only root may see them
    Registry     no service assigned (registered port)
    ");
    assert!(!seen(false, false).printed("8125", None).contains("acket rules"));
    let several = seen(true, false).printed("8125 9001", None);
    assert_eq!(
        several.matches("Packet rules exist that may send free ports elsewhere").count(),
        1,
        "{several}"
    );
    let held = seen(true, true).socket("tcp 0.0.0.0:8125", &[]).socket("udp 0.0.0.0:8125", &[]);
    assert!(!held.printed("8125", None).contains("acket"), "{}", held.printed("8125", None));
    let document = read(&seen(true, true).printed("8125 --json", None));
    assert!(!document.complete && document.asked[0].answers.iter().all(|answer| answer.status == "free"));
    assert!(document.asked[0].notes.iter().any(|note| note.starts_with("Rules: packet filters exist")));
}
