//! `--output markdown`, `--output prometheus` and `--report`: answers that go to a ticket or to a monitoring system.

use std::io::Write as _;
use std::process::{Command, Stdio};

use whatlistens::model::{Gap, GapKind, Process};
use whatlistens::query::Environment;

use crate::recorded::{Machine, linux, office, process};

fn out(machine: &Machine, line: &str) -> String {
    machine.run(line, &Environment::plain()).unwrap().0
}

/// A machine whose names are what an attacker would choose.
fn hostile() -> Machine {
    let called =
        |pid, name: &str| Process { user: Some("a|b".to_owned()), ..process(pid, &format!("/x/{name}")) };
    linux()
        .socket("tcp 0.0.0.0:1538", &[called(7, "a|b`<script>alert(1)<∕script>")])
        .socket("tcp 0.0.0.0:27000", &[called(8, "[x](javascript:1)\n# \u{1b}[31m\u{202e}")])
        .gap(Gap::new(GapKind::SocketsUnreadable, "the table `udp` | could <b> not be read"))
}

#[test]
fn a_table_for_a_wiki_stays_a_table_whatever_a_process_is_called() {
    insta::assert_snapshot!(out(&hostile(), "--output markdown"), @r#"
    **lic01**, 2026-11-22 04:00:00 UTC, whatlistens 0.1.0

    | PORT | ADDRESS | PROCESS | PID | USER | IANA NAME | LICENSE |
    | ---: | --- | --- | ---: | --- | --- | --- |
    | 1538/tcp | 0.0.0.0:1538 | "a\|b\`&lt;script&gt;alert(1)&lt;∕script&gt;" | 7 | a\|b | (3ds-lm) | mismatch |
    | 27000/tcp | 0.0.0.0:27000 | "\[x\](javascript:1)\\n\# \\u\{1b\}\[31m\\u\{202e\}" | 8 | a\|b | (flex-lm) | mismatch |

    - 1538/tcp mismatch: "a\|b\`&lt;script&gt;alert(1)&lt;∕script&gt;" is not a known program of Autodesk 3ds-lm.
    - 27000/tcp mismatch: "\[x\](javascript:1)\\n\# \\u\{1b\}\[31m\\u\{202e\}" is not a known program of Revenera FlexNet license server.
    - The table \`udp\` \| could &lt;b&gt; not be read.
    "#);
    insta::assert_snapshot!(out(&office(), "--output markdown --columns port,path 80 9"), @r"
    **lic01**, 2026-11-22 04:00:00 UTC, whatlistens 0.1.0

    | PORT | PATH |
    | ---: | --- |
    | 80/tcp | /usr/sbin/nginx |

    - 9: free for TCP and UDP, unless a socket that does not listen still blocks it.
    ");
    let tables = |text: &str| text.lines().filter(|line| line.starts_with('|')).count();
    assert_eq!(tables(&out(&hostile(), "--output markdown -H")), 4);
    let (out, notes, _) = hostile().run("--output markdown -H", &Environment::plain()).unwrap();
    assert!(!out.contains("could") && notes.contains("could"), "{out}{notes}");
}

#[test]
fn license_servers_are_a_table_too() {
    insta::assert_snapshot!(out(&office(), "servers --output markdown"), @r"
    **lic01**, 2026-11-22 04:00:00 UTC, whatlistens 0.1.0

    | LICENSE SERVER | STATE | PROCESSES |
    | --- | --- | --- |
    | Revenera FlexNet license server | no vendor daemon | lmgrd (PID 900): 27000/tcp |

    - **critical** Revenera FlexNet license server: lmgrd (PID 900) has no vendor daemon that listens: clients get error -97 or -15. Look at the end of its log, and start it again.
    ");
}

#[test]
fn a_report_says_where_it_is_from_and_what_to_do() {
    insta::assert_snapshot!(out(&office(), "--report --licenses"), @r"
    Machine   lic01 (Linux), id 50047b8ee5a349c4958cf99d0d488037
    Time      2026-11-22 04:00:00 UTC
    Program   whatlistens 0.1.0, with administrator's rights
    Command   whatlistens --report --licenses
    Complete  yes: everything could be read that this needs

         PORT  ADDRESS        PROCESS       PID  USER   IANA NAME  LICENSE
     1538/tcp  0.0.0.0:1538   python3.11  11224  alice  (3ds-lm)   mismatch
    27000/tcp  0.0.0.0:27000  lmgrd         900  root   flex-lm    expected

    1538/tcp mismatch: python3.11 is not a known program of Autodesk 3ds-lm.
    Next for 1538/tcp: If Autodesk 3ds-lm should run here, stop python3.11 or move it to another port. If not, find out why python3.11 uses a license manager's port.
    Revenera FlexNet license server: lmgrd (PID 900) has no vendor daemon that listens: clients get error -97 or -15. For details: whatlistens servers
    ");
    insta::assert_snapshot!(out(&hostile(), "--report --output markdown 1538"), @r#"
    ### Report from lic01

    - **Machine:** lic01 (Linux), id 50047b8ee5a349c4958cf99d0d488037
    - **Time:** 2026-11-22 04:00:00 UTC
    - **Program:** whatlistens 0.1.0, with administrator's rights
    - **Command:** whatlistens --report --output markdown 1538
    - **Complete:** no: see what could not be read, below

    | PORT | ADDRESS | PROCESS | PID | USER | IANA NAME | LICENSE |
    | ---: | --- | --- | ---: | --- | --- | --- |
    | 1538/tcp | 0.0.0.0:1538 | "a\|b\`&lt;script&gt;alert(1)&lt;∕script&gt;" | 7 | a\|b | (3ds-lm) | mismatch |

    - 1538/tcp mismatch: "a\|b\`&lt;script&gt;alert(1)&lt;∕script&gt;" is not a known program of Autodesk 3ds-lm.
    - Next for 1538/tcp: If Autodesk 3ds-lm should run here, stop "a\|b\`&lt;script&gt;alert(1)&lt;∕script&gt;" or move it to another port. If not, find out why "a\|b\`&lt;script&gt;alert(1)&lt;∕script&gt;" uses a license manager's port.
    - The table \`udp\` \| could &lt;b&gt; not be read.
    "#);
    let detail = out(&office(), "--report 1538");
    assert!(detail.starts_with("Machine   lic01 (Linux)") && detail.contains("\nVerdict "), "{detail}");
    assert!(out(&office(), "servers --report").starts_with("Machine   lic01"));
}

#[test]
fn a_report_is_text_or_markdown() {
    insta::assert_snapshot!(office().refusal("--report --json"), @"‘--report’: it is text, or Markdown with --output markdown; leave out the other format");
    insta::assert_snapshot!(office().refusal("--report --output csv 80"), @"‘--report’: it is text, or Markdown with --output markdown; leave out the other format");
    insta::assert_snapshot!(office().refusal("excluded --report"), @"there is no option --report in excluded; a listing has it: whatlistens --report");
    insta::assert_snapshot!(office().refusal("--excluded-ports --report"), @"options of excluded go after its name, and those of a listing do not apply: see whatlistens excluded --help");
    insta::assert_snapshot!(office().refusal("explain --output markdown 80"), @"‘--output markdown’: the formats of explain are table, list, json");
    insta::assert_snapshot!(office().refusal("--output prometheus --columns port"), @"‘--columns’: it chooses columns of the table; --output prometheus always has the same");
    insta::assert_snapshot!(office().refusal("--markdown"), @"there is no option --markdown: the formats are those of --output: table, list, json, jsonl, csv, markdown, prometheus, html");
}

#[test]
fn numbers_for_a_monitoring_system_count_and_name_nobody() {
    insta::assert_snapshot!(out(&office(), "--output prometheus"), @r#"
    # HELP whatlistens_build_info The program that scanned the machine.
    # TYPE whatlistens_build_info gauge
    whatlistens_build_info{version="0.1.0"} 1
    # HELP whatlistens_scan_timestamp_seconds When the machine was scanned, in seconds since 1970.
    # TYPE whatlistens_scan_timestamp_seconds gauge
    whatlistens_scan_timestamp_seconds 1795320000
    # HELP whatlistens_privileged Whether it was scanned with administrator's rights.
    # TYPE whatlistens_privileged gauge
    whatlistens_privileged 1
    # HELP whatlistens_complete Whether everything could be read: 0 if listeners or owners may be missing.
    # TYPE whatlistens_complete gauge
    whatlistens_complete 1
    # HELP whatlistens_gaps What could not be read, by kind.
    # TYPE whatlistens_gaps gauge
    whatlistens_gaps{kind="sockets-unreadable"} 0
    whatlistens_gaps{kind="sockets-hidden"} 0
    whatlistens_gaps{kind="owner-hidden"} 0
    whatlistens_gaps{kind="holders-hidden"} 0
    whatlistens_gaps{kind="processes-unreadable"} 0
    whatlistens_gaps{kind="processes-hidden"} 0
    whatlistens_gaps{kind="process-gone"} 0
    whatlistens_gaps{kind="namespaces-unseen"} 0
    whatlistens_gaps{kind="guests-unseen"} 0
    whatlistens_gaps{kind="bound-sockets-unseen"} 0
    whatlistens_gaps{kind="connections-unreadable"} 0
    whatlistens_gaps{kind="processes-protected"} 0
    whatlistens_gaps{kind="args-unreadable"} 0
    whatlistens_gaps{kind="services-unreadable"} 0
    whatlistens_gaps{kind="port-rules-unreadable"} 0
    whatlistens_gaps{kind="packet-rules"} 0
    whatlistens_gaps{kind="interfaces-unreadable"} 0
    whatlistens_gaps{kind="license-setup-unreadable"} 0
    whatlistens_gaps{kind="timed-out"} 0
    # HELP whatlistens_listeners Sockets that receive, by where they can be reached from before any firewall.
    # TYPE whatlistens_listeners gauge
    whatlistens_listeners{exposure="unassigned"} 0
    whatlistens_listeners{exposure="loopback"} 1
    whatlistens_listeners{exposure="link-local"} 0
    whatlistens_listeners{exposure="private"} 0
    whatlistens_listeners{exposure="public"} 0
    whatlistens_listeners{exposure="all-interfaces"} 5
    # HELP whatlistens_license_listeners Sockets on ports of license managers, by whether the process is the right one.
    # TYPE whatlistens_license_listeners gauge
    whatlistens_license_listeners{verdict="expected"} 1
    whatlistens_license_listeners{verdict="cannot-tell"} 0
    whatlistens_license_listeners{verdict="other-license-manager"} 0
    whatlistens_license_listeners{verdict="mismatch"} 1
    # HELP whatlistens_flagged_listeners Sockets on ports of license managers whose process may be the wrong one, by severity.
    # TYPE whatlistens_flagged_listeners gauge
    whatlistens_flagged_listeners{severity="info"} 0
    whatlistens_flagged_listeners{severity="warning"} 1
    whatlistens_flagged_listeners{severity="critical"} 0
    # HELP whatlistens_license_servers License servers, by state.
    # TYPE whatlistens_license_servers gauge
    whatlistens_license_servers{state="up"} 0
    whatlistens_license_servers{state="no-daemon"} 1
    whatlistens_license_servers{state="orphaned-daemon"} 0
    whatlistens_license_servers{state="not-listening"} 0
    whatlistens_license_servers{state="stopped"} 0
    whatlistens_license_servers{state="cannot-tell"} 0
    # HELP whatlistens_license_server_problems What is wrong with license servers, by severity.
    # TYPE whatlistens_license_server_problems gauge
    whatlistens_license_server_problems{severity="critical"} 1
    whatlistens_license_server_problems{severity="info"} 0
    whatlistens_license_server_problems{severity="warning"} 0
    # HELP whatlistens_license_server_up Whether the license servers of a license manager serve.
    # TYPE whatlistens_license_server_up gauge
    whatlistens_license_server_up{server="flexnet"} 0
    "#);
    let hidden = out(&hostile(), "--output prometheus");
    assert!(hidden.contains("\nwhatlistens_complete 0\n"), "{hidden}");
    assert!(hidden.contains("whatlistens_gaps{kind=\"sockets-unreadable\"} 1\n"), "{hidden}");
    assert!(!hidden.contains("script") && !hidden.contains('\u{1b}'), "{hidden}");
    // Of a part of the ports it is not known which license servers there are: no number is no zero.
    assert!(!out(&office(), "--output prometheus 80").contains("license_servers"));
    assert!(out(&linux(), "--output prometheus").contains("whatlistens_license_servers{state=\"up\"} 0\n"));
}

#[test]
fn there_are_not_more_series_where_more_listens() {
    let many = (0..500).fold(linux(), |machine, n| {
        machine.socket(&format!("tcp 0.0.0.0:{}", 2000 + n), &[process(100 + n, &format!("/x/p{n}"))])
    });
    let series = |machine: &Machine| out(machine, "--output prometheus").lines().count();
    assert!(series(&many) < series(&linux()) + 20, "{} {}", series(&many), series(&linux()));
}

#[test]
fn prometheus_s_own_checker_finds_nothing_to_complain_of() {
    for (machine, line) in [
        (office(), "--output prometheus"),
        (hostile(), "--output prometheus"),
        (linux(), "--output prometheus 80"),
        (office(), "servers --output prometheus"),
    ] {
        let started = Command::new("promtool")
            .args(["check", "metrics"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let Ok(mut promtool) = started else {
            eprintln!("skipped: there is no promtool");
            return;
        };
        promtool.stdin.take().unwrap().write_all(out(&machine, line).as_bytes()).unwrap();
        let output = promtool.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success() && said.is_empty(), "{line}: {said}");
    }
}
