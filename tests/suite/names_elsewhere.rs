//! Questions by name about processes that listen in other network namespaces, or may.

use whatlistens::command::Exit;
use whatlistens::model::UnlistedPorts;

use crate::names::{asked, exit, found, said, searched, unlisted};
use crate::recorded::{Machine, linux, process};

#[test]
fn what_listens_elsewhere_is_said_beside_what_is_shown() {
    let here = || searched(linux()).socket("tcp 0.0.0.0:80", &[process(7, "/usr/sbin/nginx")]);
    let in_namespace = |machine: Machine, pid, ports: &[u16]| {
        found(machine, process(pid, "/usr/sbin/nginx"), |one| {
            one.unlisted = vec![unlisted("docker web", Some(ports))];
            one.namespace = Some(one.unlisted[0].namespace.clone());
        })
    };
    let machine = in_namespace(in_namespace(here(), 8, &[8080]), 9, &[]);
    let runs = "nginx runs (PID 8, started 66 minutes ago) in network namespace docker web";
    insta::assert_snapshot!(said(&machine, "nginx").replace(runs, "RUNS"), @r"
    RUNS, and listens on 8080/tcp there. To show it: --all-namespaces
    1 more process of nginx listens on no port (PID 9).
    ");
    assert_eq!(exit(&machine, "nginx"), Exit::Matched);
    let ports = |machine: &Machine| -> Vec<Option<Vec<String>>> {
        asked(machine, "nginx").processes.into_iter().map(|one| one.listens_on).collect()
    };
    let some = |ports: &[&str]| Some(ports.iter().map(|&port| port.to_owned()).collect());
    assert_eq!(ports(&machine), [some(&["80/tcp"]), some(&["8080/tcp"]), some(&[])]);
    // The same process, with a thread or a socket there.
    let machine = found(here(), process(7, "/usr/sbin/nginx"), |one| {
        one.unlisted = vec![unlisted("a", Some(&[81])), unlisted("bb", None)];
    });
    insta::assert_snapshot!(said(&machine, "nginx"), @r"
    nginx runs (PID 7, started 66 minutes ago), and also listens on 81/tcp in network namespace a. It may listen in network namespace bb, which could not be seen. To show it: --all-namespaces
    The ports of 1 process that you asked for could not be seen. To see more: run it on the host, outside any container, or with CAP_SYS_PTRACE and no security policy in the way
    ");
    assert_eq!(ports(&machine), [some(&["80/tcp", "81/tcp"])]);
    assert_eq!(machine.report("nginx").gaps[0].count, Some(1));
}

#[test]
fn a_thread_elsewhere_is_not_said_to_listen_nowhere() {
    let with = |there: Vec<UnlistedPorts>| {
        found(searched(linux()), process(7, "/usr/sbin/nginx"), |one| one.unlisted = there)
    };
    let machine = with(vec![unlisted("a", Some(&[81, 82]))]);
    insta::assert_snapshot!(said(&machine, "nginx"), @"nginx runs (PID 7, started 66 minutes ago), and listens on 81/tcp and 82/tcp in network namespace a. To show it: --all-namespaces");
    assert_eq!(exit(&machine, "nginx"), Exit::NothingMatched);
    let many = ["a", "bb", "ccc", "dddd", "eeeee"].map(|name| unlisted(name, Some(&[81])));
    insta::assert_snapshot!(said(&with(many.to_vec()), "--pid 7"), @"nginx runs (PID 7, started 66 minutes ago), and listens on 81/tcp in network namespace a. It listens on 81/tcp in network namespace bb. It listens on 81/tcp in network namespace ccc. Its ports in 2 more network namespaces are not shown here. To show it: --all-namespaces");
}

#[test]
fn sockets_of_a_namespace_that_cannot_be_entered_are_a_gap() {
    let nginx = || process(7, "/usr/sbin/nginx");
    let machine = found(searched(linux()), nginx(), |one| one.may_hold_more = true);
    insta::assert_snapshot!(machine.printed("nginx", None), @r"
    nginx runs (PID 7, started 66 minutes ago). Whether it listens is not known: it may hold sockets of a network namespace that could not be entered.

    Started      2026-11-22 02:53:20 (66 minutes ago)
    Runs         /usr/sbin/nginx
    User         alice

    1 process that you asked for may hold sockets of a network namespace that could not be entered.
    ");
    assert_eq!(asked(&machine, "nginx").processes[0].listens_on, None);
    assert_eq!(exit(&machine, "nginx"), Exit::NothingMatched);
    // It may be another one than it is in, or listen here too.
    let machine = found(searched(linux()), nginx(), |one| {
        one.unlisted = vec![unlisted("a", Some(&[]))];
        one.namespace = Some(one.unlisted[0].namespace.clone());
        one.may_hold_more = true;
    });
    insta::assert_snapshot!(said(&machine, "nginx"), @r"
    nginx runs (PID 7, started 66 minutes ago) in network namespace a, but listens on no port there. Whether it listens elsewhere is not known: it may hold sockets of a network namespace that could not be entered.
    1 process that you asked for may hold sockets of a network namespace that could not be entered.
    ");
    let machine = searched(linux()).socket("tcp 0.0.0.0:80", &[nginx()]);
    let machine = found(machine, nginx(), |one| one.may_hold_more = true);
    insta::assert_snapshot!(said(&machine, "nginx"), @r"
    nginx runs (PID 7, started 66 minutes ago). Whether it listens on more ports is not known: it may hold sockets of a network namespace that could not be entered.
    1 process that you asked for may hold sockets of a network namespace that could not be entered.
    ");
    assert_eq!(asked(&machine, "nginx").processes[0].listens_on.as_deref().unwrap(), ["80/tcp"]);
}
