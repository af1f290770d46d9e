//! `check` where several processes hold a socket, and where one is in another network namespace.

use whatlistens::model::{Namespace, Process};

use crate::check::{check, root};
use crate::recorded::{Machine, linux, process};

fn said(machine: &Machine, line: &str) -> String {
    check(machine, line).0
}

#[test]
fn another_program_beside_the_right_one_may_be_what_answers() {
    let foreign = |pid| process(pid, "/usr/bin/python3.11");
    // Who opens a socket may hand it to any program that others trust, and go on to answer.
    let handed_on = Process { ppid: Some(7), ..root(8, "/opt/adsk/adskflex") };
    let shared = linux().socket("tcp 0.0.0.0:2080", &[foreign(7), handed_on.clone()]);
    let by_right_one = linux().socket(
        "tcp 0.0.0.0:2080",
        &[
            Process { ppid: Some(1), ..root(7, "/opt/adsk/adskflex") },
            Process { ppid: Some(7), ..foreign(8) },
        ],
    );
    insta::assert_snapshot!(said(&shared, "--expect 2080=adskflex"), @"WHATLISTENS CRITICAL - 2080 at 0.0.0.0 is held by python3.11 (PID 7) of alice, not by adskflex");
    insta::assert_snapshot!(said(&by_right_one, "--expect 2080=adskflex"), @"WHATLISTENS UNKNOWN - whether adskflex holds 2080 is not known: python3.11 (PID 8) holds it too, and may answer");
    // The workers of one program may be another user's, and systemd keeps what it hands on.
    let workers = linux().socket(
        "tcp 0.0.0.0:80",
        &[
            root(7, "/usr/sbin/nginx"),
            Process { ppid: Some(7), uid: Some(33), ..process(8, "/usr/sbin/nginx") },
        ],
    );
    insta::assert_snapshot!(said(&workers, "--expect 80=nginx"), @"WHATLISTENS OK - 1 expected port listens");
    let by_systemd = linux().socket(
        "tcp 0.0.0.0:22",
        &[root(1, "/usr/lib/systemd/systemd"), Process { ppid: Some(1), ..root(9, "/usr/sbin/sshd") }],
    );
    insta::assert_snapshot!(said(&by_systemd, "--expect 22=sshd"), @"WHATLISTENS OK - 1 expected port listens");
}

#[test]
fn what_listens_in_a_network_namespace_of_anybody_is_not_what_is_expected() {
    let elsewhere = linux().socket("tcp 0.0.0.0:22", &[process(7, "/usr/bin/python3.11")]).seen(|seen| {
        seen.sockets[0].namespace = Some(Namespace { inode: 4026532999, name: None });
    });
    insta::assert_snapshot!(said(&elsewhere, "--expect 22 --all-namespaces"), @"WHATLISTENS CRITICAL - 22 listens in the network namespace 4026532999 alone, which counts if its program is named");
}
