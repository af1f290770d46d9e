//! `--output list`: what a screen reader can read aloud.

use whatlistens::model::{ExcludedPorts, Namespace, OtherNamespace, PortRange, Protocol};

use crate::recorded::{Machine, office, process};
use crate::started::whatlistens;

fn with_unit() -> Machine {
    office()
        .socket("tcp [::]:3000", &[process(41, "/usr/bin/node")])
        .but(|socket| socket.dual_stack = Some(true))
}

#[test]
fn a_listener_is_a_block_of_labels_and_values() {
    insta::assert_snapshot!(with_unit().printed("--output list -t", None), @r"
    Port: 80/tcp
    Address: 0.0.0.0:80, [::]:80
    Process: nginx and 2 more holders
    PID: 800
    User: root
    IANA name: http

    Port: 1538/tcp
    Address: 0.0.0.0:1538
    Process: python3.11
    PID: 11224
    User: alice
    IANA name: 3ds-lm, which may not be what runs there
    License: mismatch

    Port: 3000/tcp
    Address: IPv6 and IPv4, all addresses:3000
    Process: node
    PID: 41
    User: alice
    IANA name: hbci, which may not be what runs there

    Port: 27000/tcp
    Address: 0.0.0.0:27000
    Process: lmgrd
    PID: 900
    User: root
    IANA name: flex-lm
    License: expected

    Note: 1538/tcp mismatch: python3.11 is not a known program of Autodesk 3ds-lm.
    Note: Revenera FlexNet license server: lmgrd (PID 900) has no vendor daemon that listens: clients get error -97 or -15. For details: whatlistens servers
    ");
}

#[test]
fn one_port_is_told_line_by_line() {
    insta::assert_snapshot!(with_unit().printed("--output list 80", None), @r"
    Port: 80/tcp
    IANA name: http
    Answer: nginx (PID 800) listens on TCP port 80.

    Next: Bind it to 127.0.0.1 if only this machine needs it.
    Next: To stop it: kill 800 801 802

    Also: nginx (PID 801) and nginx (PID 802)
    Started: 2026-11-22 02:53:20 (66 minutes ago)
    Parents: systemd (PID 1), then nginx (PID 800)
    Runs: /usr/sbin/nginx
    File: only root can replace it
    User: root
    Reach: 0.0.0.0, :: (any other machine, unless a firewall blocks it)
    Registry: http, World Wide Web HTTP (IANA, system port)
    ");
    insta::assert_snapshot!(with_unit().printed("5433 --output list", None), @r"
    Port: 5433
    IANA name: pyrrho
    Answer: Port 5433 is free for TCP and UDP: nothing on this machine listens on it. A connection, or a socket that does not listen, may still block it.

    Registry: pyrrho, Pyrrho DBMS (IANA, registered port)
    ");
}

#[test]
fn the_commands_are_told_line_by_line() {
    insta::assert_snapshot!(with_unit().printed("servers --output list", None), @"
    License server: Revenera FlexNet license server (FlexNet Publisher)
    State: no vendor daemon
    Process: lmgrd, PID 900, 27000/tcp, /opt/flexlm/bin/lmgrd
    Critical: lmgrd (PID 900) has no vendor daemon that listens: clients get error -97 or -15. Look at the end of its log, and start it again.
    ");
    insta::assert_snapshot!(with_unit().printed("--output=list explain sidefx-hserver", None), @r"
    About: sidefx-hserver, a license manager

    About: SideFX hserver, sidefx-hserver
    Port: 1714/tcp: a helper of programs that use licenses, not a server
    Linux: hserver
    Windows: hserver.exe
    macOS: hserver
    Service: on Windows: HoudiniServer
    Clients: it also runs on machines that only use licenses
    Note: hserver runs on every machine with Houdini and asks the license server for it. It serves no licenses.
    Healthy: hserver listens on 1714 by TCP on each machine with Houdini.
    Safety: No other machine need reach it: keep 1714 closed in the firewall.
    Certainty: high. From the vendor's own documents, or from the program's files. For 1714 the registry has only the name sesi-lm.
    Source: https://www.sidefx.com/faq/question/what-kind-of-options-are-available-to-hserver/
    Source: IANA 1714/tcp sesi-lm
    ");
}

#[test]
fn no_sign_and_no_layout_is_left_whatever_the_terminal() {
    for line in
        ["", "80", "1538", "3000", "servers", "excluded", "explain 1538", "explain -15", "9999", "--args"]
    {
        let told = |width| with_unit().printed(&format!("{line} --output list"), width);
        let text = told(None);
        assert_eq!(text, told(Some(40)), "a screen reader needs no lines that fit");
        assert!(!text.contains(['→', '…', '‘', '’', '“', '”', '\x1b']), "{text}");
        assert!(!text.contains("  "), "{text}");
    }
}

/// Every label there is, but those of causes, which are numbered.
const LABELS: [&str; 68] = [
    "About",
    "Address",
    "Also",
    "Answer",
    "Application",
    "Backlog",
    "Beware",
    "Built on",
    "Certainty",
    "Check",
    "Clients",
    "Command",
    "Connections",
    "Container",
    "Critical",
    "Ephemeral",
    "Excluded",
    "Exposed to",
    "Family",
    "File",
    "File says",
    "Files",
    "Formerly",
    "Forwards to",
    "Healthy",
    "Held by",
    "Here",
    "IANA name",
    "In use",
    "Info",
    "Kind",
    "License",
    "License managers",
    "License server",
    "Linux",
    "Made by",
    "Meaning",
    "Minor",
    "Next",
    "Note",
    "Opened by",
    "PID",
    "Parents",
    "Port",
    "Ports",
    "Process",
    "Reach",
    "Reached at",
    "Registry",
    "Remark",
    "Rights",
    "Rules",
    "Runs",
    "Safety",
    "Script",
    "See also",
    "Service",
    "Source",
    "Started",
    "State",
    "System error",
    "Unit",
    "User",
    "Verdict",
    "Warning",
    "Windows",
    "Works in",
    "macOS",
];

#[test]
fn every_line_has_a_label() {
    let machine = with_unit().by_ordinary_user(&[(5, "sshd")]).socket("tcp 0.0.0.0:22", &[]);
    let machine = machine.seen(|seen| {
        let elsewhere = Namespace { inode: 4, name: Some("blue".to_owned()) };
        seen.other_namespaces =
            vec![OtherNamespace { namespace: elsewhere, listeners: vec![(Protocol::Tcp, 80)] }];
        let ports = PortRange { first: 1530, last: 1540 };
        let excluded = ExcludedPorts { ports, protocol: None, family: None, by_number: false };
        seen.port_rules.excluded = Some(vec![excluded]);
        seen.method_notes = vec!["by reading".to_owned()];
    });
    for line in [
        "",
        "80",
        "22",
        "1538",
        "3000",
        "80 9999 nosuchname",
        "9999",
        "--pid 41",
        "--pid 999",
        "--user bob",
        "python3",
        "lmgrd",
        "--flagged",
        "--verbose",
        "servers",
        "servers autodesk",
        "excluded",
        "explain 1538",
        "explain 80 40000 60000",
        "explain -15",
        "explain -97,121",
        "explain autodesk",
        "27000-27009",
        "autodesk",
        "--columns pid,exposed",
    ] {
        let printed = machine.printed(&format!("{line} --output list"), None);
        assert!(!printed.is_empty(), "{line}");
        for told in printed.lines().filter(|told| !told.is_empty()) {
            let label = told.split_once(": ").map(|(label, _)| label);
            assert!(
                label.is_some_and(|label| LABELS.contains(&label) || label.starts_with("Cause ")),
                "{line}: {told:?}"
            );
        }
    }
}

#[test]
fn columns_may_be_chosen_for_a_list_too() {
    insta::assert_snapshot!(with_unit().printed("--output list --columns pid,exposed 80,1538", None), @r"
    PID: 800
    Exposed to: all-interfaces

    PID: 11224
    Exposed to: all-interfaces

    Note: 1538/tcp mismatch: python3.11 is not a known program of Autodesk 3ds-lm.
    ");
}

#[test]
fn formats_have_one_name_each() {
    let json = |line: &str| with_unit().printed(line, None);
    assert_eq!(json("--output json 80"), json("--json 80"));
    assert_eq!(json("--output table 80"), json("80"));
    insta::assert_snapshot!(with_unit().refusal("--json --output list"), @"--json and --output name different formats: give one of them");
    insta::assert_snapshot!(with_unit().refusal("--output lst"), @"‘--output lst’: the values are table, list, json, jsonl, csv, markdown, prometheus, html. Did you mean list?");
}

#[test]
fn errors_notes_and_help_have_the_same_signs() {
    for line in [
        &["--output", "list", "80:"][..],
        &["--output=list", "--sort", "prot"],
        &["kill", "--output", "list", "80"],
        &["--output", "list", "nosuchx"],
        &["--output", "list", "--json=x"],
        &["servers", "--output", "list", "nosuchx"],
        &["--output", "list", "--help"],
        &["--output", "list", "-H", "9", "nosuchx"],
    ] {
        let (out, err, _) = whatlistens(line);
        assert!(!(out.is_empty() && err.is_empty()), "{line:?}");
        assert!(out.is_ascii() && err.is_ascii(), "{line:?}: {out}{err}");
    }
    assert!(cfg!(windows) || !whatlistens(&["80:"]).1.is_ascii());
}
