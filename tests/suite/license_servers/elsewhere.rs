//! License servers that are, or may be, in other network namespaces; and ports that are none of theirs.

use std::fs;

use whatlistens::command::Exit;
use whatlistens::model::record::{self, Record};
use whatlistens::model::{CheckStatus, Gap, GapKind, Namespace, OtherNamespace, Protocol};
use whatlistens::query::Environment;

use super::{ADSKFLEX, LMGRD, healthy, of};
use crate::document::read;
use crate::names::{found, searched, unlisted};
use crate::recorded::{Machine, linux, process};
use crate::started::whatlistens;

fn blue() -> Namespace {
    Namespace { inode: 4, name: Some("blue".to_owned()) }
}

/// Something listens on these ports in another network namespace.
fn with_listeners_elsewhere(machine: Machine, ports: &[u16]) -> Machine {
    let listeners = ports.iter().map(|&port| (Protocol::Tcp, port)).collect();
    machine.seen(|seen| seen.other_namespaces.push(OtherNamespace { namespace: blue(), listeners }))
}

fn next(machine: &Machine, line: &str) -> Vec<Option<String>> {
    read(&machine.printed(&format!("--json {line}"), None)).asked.into_iter().map(|one| one.next).collect()
}

fn check(machine: &Machine, line: &str) -> (String, CheckStatus) {
    let (line, _, exit) = machine.run(line, &Environment::plain()).unwrap();
    let Exit::Checked(status) = exit else { panic!("{exit:?}") };
    (line.split(" |").next().unwrap().to_owned(), status)
}

#[test]
fn only_a_port_of_its_managers_is_said_to_be_a_license_server_s() {
    let listens = Some("lmgrd (PID 812) listens on 27000/tcp.".to_owned());
    assert_eq!(next(&healthy(), "443 27001"), [None, listens.clone()]);
    assert_eq!(next(&healthy(), "27001 9998 5433"), [listens.clone(), None, None]);
    assert_eq!(next(&healthy(), "9998 autodesk")[0], None);
    // Another vendor's, and another system's, have their own.
    for other in ["1055", "1947", "5053"] {
        let alone = next(&healthy(), other);
        assert!(alone[0].as_ref().unwrap().starts_with("If the license server ("), "{alone:?}");
        assert_eq!(next(&healthy(), &format!("{other} 27001")), [alone[0].clone(), listens.clone()]);
    }
    let orphan = linux().socket("tcp 0.0.0.0:53200", &[process(99, "/opt/matlab/etc/MLM")]);
    let said = next(&orphan, "443 27000");
    assert!(said[0].is_none() && said[1].is_some(), "{said:?}");
}

#[test]
fn a_product_that_may_be_elsewhere_is_no_alarm() {
    let elsewhere = with_listeners_elsewhere(linux(), &[27000, 2080]);
    let (line, status) = check(&elsewhere, "servers --check autodesk");
    assert_eq!(status, CheckStatus::Unknown);
    insta::assert_snapshot!(line, @"LICENSE SERVERS UNKNOWN - no license server of autodesk was found in this network namespace; 2 license-port listeners in others (--all-namespaces)");
    insta::assert_snapshot!(elsewhere.printed("servers autodesk", None), @"
    No license server of autodesk was found.
    2 license-port listeners in another network namespace (blue) are not shown. To show all: --all-namespaces
    ");
    // A healthy one here is another's.
    let beside = with_listeners_elsewhere(healthy(), &[5053]);
    let (line, status) = check(&beside, "servers --check autodesk matlab");
    assert_eq!(status, CheckStatus::Unknown);
    insta::assert_snapshot!(line, @"LICENSE SERVERS UNKNOWN - no license server of matlab was found in this network namespace; 1 license-port listener in others (--all-namespaces)");
    // One that is asked for by its program, and a namespace that could not be seen.
    assert_eq!(check(&elsewhere, "servers --check lmgrd").1, CheckStatus::Unknown);
    let unseen = linux().gap(Gap::new(GapKind::NamespacesHidden, "some are unseen"));
    let (line, status) = check(&unseen, "servers --check autodesk");
    assert_eq!(status, CheckStatus::Unknown);
    insta::assert_snapshot!(line, @"LICENSE SERVERS UNKNOWN - some are unseen");
    // What listens there is of no license server, or it is here.
    let web = with_listeners_elsewhere(linux(), &[8081]);
    assert_eq!(check(&web, "servers --check autodesk").1, CheckStatus::Critical);
    assert_eq!(check(&beside, "servers --check autodesk").1, CheckStatus::Ok);
    let up = healthy().gap(Gap::new(GapKind::NamespacesHidden, "some are unseen"));
    assert_eq!(check(&up, "servers --check autodesk").1, CheckStatus::Ok);
}

#[test]
fn a_free_license_port_says_first_that_it_is_taken_in_another_namespace() {
    let elsewhere = with_listeners_elsewhere(linux(), &[27000, 5053]);
    insta::assert_snapshot!(next(&elsewhere, "27000")[0].as_deref().unwrap(), @"
    27000/tcp has a listener in network namespace blue. To show it: --all-namespaces
    If that is not the license server (lmgrd, lmadmin, rlm or prqa), and it should run on this machine, it is not running or uses another port: check its log, or search by name: whatlistens lmgrd. If it runs on another machine, check there.
    ");
    let text = elsewhere.printed("5053", None);
    assert!(text.contains("Next         5053/tcp has a listener in network namespace blue."), "{text}");
    // On another port of the range, with another protocol, or of no license manager.
    assert!(next(&elsewhere, "27000-27009")[0].as_ref().unwrap().starts_with("27000/tcp has"));
    assert!(next(&elsewhere, "27001")[0].as_ref().unwrap().starts_with("If the license server"));
    assert!(next(&elsewhere, "27000/udp")[0].as_ref().unwrap().starts_with("If the license server"));
    assert_eq!(next(&with_listeners_elsewhere(linux(), &[9998]), "9998"), [None]);
    // What is here comes after it.
    let both = with_listeners_elsewhere(healthy(), &[27001]);
    insta::assert_snapshot!(next(&both, "27001")[0].as_deref().unwrap(), @"
    27001/tcp has a listener in network namespace blue. To show it: --all-namespaces
    lmgrd (PID 812) listens on 27000/tcp.
    ");
    let two = with_listeners_elsewhere(elsewhere, &[27000]);
    assert!(next(&two, "27000")[0].as_ref().unwrap().starts_with(
        "Something listens there in network namespaces blue and blue. To show it: --all-namespaces\n"
    ));
    // An ordinary user does not see which there are.
    let said = next(&linux().by_ordinary_user(&[]), "27000");
    assert!(said[0].as_ref().unwrap().contains("or runs in another network namespace"), "{said:?}");
}

/// lmgrd and adskflex, both in another network namespace; `sought` is what was asked for.
fn pair_elsewhere(machine: Machine, sought: &[u32]) -> Machine {
    let pair = [(912, 1, LMGRD, 27000), (915, 912, ADSKFLEX, 2080)];
    pair.into_iter().fold(searched(machine), |machine, (pid, parent, exe, port)| {
        if !sought.contains(&pid) {
            return machine.with(of(pid, parent, exe));
        }
        found(machine, of(pid, parent, exe), |one| {
            one.unlisted = vec![unlisted("blue", Some(&[port]))];
            one.namespace = Some(one.unlisted[0].namespace.clone());
        })
    })
}

fn server_pids(machine: &Machine, line: &str) -> Vec<u32> {
    let servers = read(&machine.printed(&format!("--json {line}"), None)).license_servers.unwrap_or_default();
    servers.into_iter().filter_map(|server| Some(server.server?.pid)).collect()
}

/// It would seem to listen nowhere.
#[test]
fn a_license_server_elsewhere_is_not_said_to_be_down() {
    for (line, sought) in [
        ("lmgrd", &[912][..]),
        ("LMGRD", &[912]),
        ("/opt/flexlm/lmgrd", &[912]),
        ("adskflex", &[915]),
        ("autodesk", &[915]),
        ("flexlm", &[915]),
        ("lmgrd adskflex", &[912, 915]),
        ("5053 lmgrd", &[912]),
        ("lmgrd --licenses", &[912]),
        ("lmgrd --user root", &[912]),
        ("--pid 912", &[912]),
    ] {
        let alone = pair_elsewhere(linux(), sought);
        let text = alone.printed(line, None);
        assert!(!text.contains("critical") && !text.contains("not listening"), "{line}: {text}");
        assert!(text.contains("in network namespace blue, and listens on"), "{line}: {text}");
        assert!(server_pids(&alone, line).is_empty(), "{line}");
        // Beside one that is here.
        assert!(!server_pids(&pair_elsewhere(healthy(), sought), line).contains(&912), "{line}");
    }
    assert_eq!(server_pids(&pair_elsewhere(healthy(), &[912]), "lmgrd"), [812]);
}

/// Of a thread or a socket, too.
#[test]
fn of_a_license_server_that_may_listen_elsewhere_nothing_is_concluded() {
    let server = || of(912, 1, LMGRD);
    let by_thread =
        found(searched(linux()), server(), |one| one.unlisted = vec![unlisted("blue", Some(&[27000]))]);
    let unseen = found(searched(linux()), server(), |one| one.unlisted = vec![unlisted("blue", None)]);
    let may_hold_more = found(searched(linux()), server(), |one| one.may_hold_more = true);
    for machine in [by_thread, unseen, may_hold_more] {
        let text = machine.printed("lmgrd", None);
        assert!(!text.contains("critical") && text.starts_with("lmgrd runs (PID 912"), "{text}");
        assert!(server_pids(&machine, "lmgrd").is_empty());
    }
    // One that is here and listens nowhere is still said to.
    let idle = found(searched(linux()), server(), |_| ());
    assert!(idle.printed("lmgrd", None).contains("lmgrd (PID 912) runs and listens nowhere."));
}

/// A record has the processes of all namespaces. Of one whose namespace could not be entered, nothing is known in either view.
#[test]
fn of_a_record_too_nothing_is_concluded_of_a_license_server_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("record.json");
    let run = |machine: &Machine, words: &[&str]| {
        let mut text = Vec::new();
        record::write(&Record::new(machine.observed().clone()), &mut text).unwrap();
        fs::write(&path, text).unwrap();
        whatlistens(&[&["--from", path.to_str().unwrap(), "servers"], words].concat())
    };
    let unseen = found(searched(linux()), of(912, 1, LMGRD), |one| {
        one.unlisted = vec![unlisted("blue", None)];
        one.namespace = Some(one.unlisted[0].namespace.clone());
    });
    let (out, _, status) = run(&unseen, &[]);
    assert_eq!(status, 1);
    insta::assert_snapshot!(out, @"
    No license server was found.
    The sockets of lmgrd (PID 912) are, or may be, in other network namespaces, which are not shown. To see more: --all-namespaces
    ");
    let (out, _, status) = run(&unseen, &["--check", "--all-namespaces"]);
    assert_eq!(status, 3);
    insta::assert_snapshot!(out.split(" |").next().unwrap(), @"LICENSE SERVERS UNKNOWN - the sockets of lmgrd (PID 912) are, or may be, in other network namespaces, which could not be entered");
    let idle = found(searched(linux()), of(912, 1, LMGRD), |_| ());
    assert!(run(&idle, &[]).0.contains("lmgrd (PID 912) runs and listens nowhere."));
    // Beside one that is up it does not matter.
    let beside = found(searched(healthy()), of(912, 1, LMGRD), |one| one.may_hold_more = true);
    let (out, _, status) = run(&beside, &["--check"]);
    assert_eq!(status, 0, "{out}");
}
