//! Which rows a command line selects, in which order, and what it says of those it cannot decide.

use whatlistens::model::{GapKind, Os, Process, Report};

use crate::recorded::{Machine, linux, process};

/// A small office server.
fn office() -> Machine {
    let bob = Process { user: Some("bob".to_owned()), ..process(300, "/usr/sbin/nginx") };
    linux()
        .socket("tcp 127.0.0.1:8080", &[bob])
        .socket("tcp 0.0.0.0:80", &[process(200, "/usr/bin/python3.11")])
        .socket("udp 0.0.0.0:80", &[process(200, "/usr/bin/python3.11")])
        .socket("tcp [::]:1538", &[process(100, "/usr/bin/python3.11")])
        .socket("tcp 0.0.0.0:27000", &[process(50, "/opt/x/lmgrd")])
        .socket("udp 0.0.0.0:514", &[process(60, "/usr/sbin/rsyslogd")])
        .socket("tcp 0.0.0.0:514", &[process(70, "/usr/sbin/rshd")])
}

fn places(report: &Report) -> Vec<String> {
    let place =
        |row: &whatlistens::model::Row| format!("{}/{}", row.socket.local.port(), row.socket.protocol);
    report.rows.iter().map(place).collect()
}

fn selected(line: &str) -> Vec<String> {
    places(&office().report(line))
}

#[test]
fn a_port_is_exact_and_never_a_prefix() {
    assert_eq!(selected("80"), ["80/tcp", "80/udp"]);
    assert_eq!(selected(":80"), ["80/tcp", "80/udp"]);
    assert_eq!(selected("80/udp"), ["80/udp"]);
    assert_eq!(selected("153"), [""; 0]);
}

#[test]
fn several_are_any_of_them() {
    assert_eq!(selected("8080 80/tcp 27000-27009"), ["8080/tcp", "80/tcp", "27000/tcp"], "in their order");
    assert_eq!(selected("8080 80/tcp --sort port"), ["80/tcp", "8080/tcp"]);
    assert_eq!(selected("-i tcp:80,514"), ["80/tcp", "514/tcp"]);
    assert_eq!(selected("-i :80 -i :514"), ["80/tcp", "80/udp", "514/tcp", "514/udp"]);
}

#[test]
fn a_service_is_its_ports_by_its_protocol() {
    assert_eq!(selected("3ds-lm"), ["1538/tcp"]);
    assert_eq!(selected("FLEX-LM"), ["27000/tcp"]);
    assert_eq!(selected("syslog"), ["514/udp"]);
    assert_eq!(selected("shell"), ["514/tcp"]);
}

#[test]
fn a_process_is_found_by_its_full_name_and_by_what_it_calls_itself() {
    assert_eq!(selected("python3.11"), ["80/tcp", "80/udp", "1538/tcp"]);
    let mut renamed = process(9, "/usr/bin/python3.11");
    renamed.short_name = Some("lmgrd".to_owned());
    assert_eq!(places(&linux().socket("tcp 0.0.0.0:9999", &[renamed]).report("lmgrd")), ["9999/tcp"]);
}

#[test]
fn any_holder_counts_and_not_the_lead_alone() {
    let worker = Process { ppid: Some(10), ..process(11, "/usr/sbin/worker") };
    let machine = linux().socket("tcp 0.0.0.0:80", &[process(10, "/usr/sbin/master"), worker]);
    assert_eq!(places(&machine.report("worker")), ["80/tcp"]);
    assert_eq!(places(&machine.report("--pid 11")), ["80/tcp"]);
}

#[test]
fn flagged_is_whatever_is_not_confirmed() {
    let machine = linux()
        .socket("tcp 0.0.0.0:27000", &[process(10, "/x/lmgrd")])
        .socket("tcp 0.0.0.0:1055", &[process(2, "/x/CITRIX")])
        .socket("tcp 0.0.0.0:1493", &[process(3, "/x/odd")])
        .socket("udp 0.0.0.0:1947", &[process(3, "/x/odd")])
        .socket("tcp 0.0.0.0:2080", &[]);
    assert_eq!(places(&machine.report("--flagged")), ["1055/tcp", "1493/tcp", "1947/udp", "2080/tcp"]);
}

#[test]
fn flags_that_leave_nothing_of_a_target_are_refused() {
    insta::assert_snapshot!(office().refusal("-t 6514/udp"), @"‘6514/udp’ is not a tcp port, but only tcp was requested: leave out one of the two");
    insta::assert_snapshot!(office().refusal("-u redis"), @"‘redis (6379/tcp)’ is not a udp port, but only udp was requested: leave out one of the two");
    insta::assert_snapshot!(office().refusal("redis/udp"), @"‘redis (6379/tcp)’ is not a udp port, but only udp was requested: leave out one of the two");
    insta::assert_snapshot!(office().refusal("-u -i tcp:22"), @"‘22/tcp’ is not a udp port, but only udp was requested: leave out one of the two");
    insta::assert_snapshot!(office().refusal("--tcp -i udp"), @"‘udp’ is not a tcp port, but only tcp was requested: leave out one of the two");
    // A process may go by the name of a service of the other protocol.
    let router = linux().socket("tcp 0.0.0.0:18600", &[process(9, "/opt/router")]);
    assert_eq!(places(&router.report("-t router")), ["18600/tcp"]);
    assert_eq!(selected("-u 80"), ["80/udp"]);
    assert_eq!(selected("-t flex-lm"), ["27000/tcp"]);
    assert_eq!(selected("-i udp:syslog"), ["514/udp"]);
    assert_eq!(selected("python3.11/udp"), ["80/udp"]);
}

#[test]
fn programs_of_windows_go_by_their_name_with_and_without_its_ending() {
    let machine = linux().os(Os::Windows).socket("tcp 0.0.0.0:27000", &[process(9, r"C:\x\lmgrd.exe")]);
    for word in ["lmgrd", "LMGRD", "lmgrd.exe", "LMGRD.EXE"] {
        assert_eq!(places(&machine.report(&format!("--process {word}"))), ["27000/tcp"], "{word}");
    }
    assert!(machine.report("--process lmgr").rows.is_empty());
    assert!(machine.report("--process lmgrd.ex").rows.is_empty());
}

#[test]
fn filters_are_all_of_them() {
    assert_eq!(selected("--pid 200 -u"), ["80/udp"]);
    assert_eq!(selected("--pid 200,300 -t"), ["80/tcp", "8080/tcp"]);
    assert_eq!(selected("--user bob"), ["8080/tcp"]);
    assert_eq!(selected("--process nginx --user bob"), ["8080/tcp"]);
    assert_eq!(selected("--process nginx --pid 200"), [""; 0]);
    assert_eq!(selected("--licenses"), ["1538/tcp", "27000/tcp"]);
    assert_eq!(selected("--flagged"), ["1538/tcp"]);
}

#[test]
fn habits_change_nothing() {
    assert_eq!(selected("-tulpn"), selected(""));
    assert_eq!(selected("-ano"), selected(""));
    assert_eq!(selected("-nP -iTCP -sTCP:LISTEN"), selected("-t"));
    assert_eq!(selected("--port 80"), selected("80"));
}

#[test]
fn order_is_what_was_asked_for() {
    assert_eq!(selected(""), ["80/tcp", "80/udp", "514/tcp", "514/udp", "1538/tcp", "8080/tcp", "27000/tcp"]);
    let first = |line| selected(line).swap_remove(0);
    assert_eq!(first("--sort pid"), "27000/tcp");
    assert_eq!(first("--sort process"), "27000/tcp");
    assert_eq!(first("--sort address"), "80/tcp");
    assert_eq!(first("--sort service"), "1538/tcp");
    assert_eq!(first("--sort verdict"), "1538/tcp");
    assert_eq!(selected("--sort user").last().map(String::as_str), Some("8080/tcp"));
}

#[test]
fn a_service_s_name_may_be_a_hidden_process_s() {
    let machine = linux().by_ordinary_user(&[(7, "rsync")]).socket("tcp 0.0.0.0:18701", &[]);
    assert_eq!(machine.report("rsync").gaps.len(), 1);
    assert!(machine.report("ssh").gaps.is_empty());
}

#[test]
fn an_empty_answer_tells_whether_something_was_left_out() {
    for narrow in ["80", "-u", "--pid 7", "--licenses"] {
        assert!(office().report(narrow).narrowed, "{narrow}");
    }
    assert!(!office().report("").narrowed && !office().report("--sort pid").narrowed);
}

#[test]
fn an_unknown_name_is_refused_with_the_nearest() {
    insta::assert_snapshot!(office().refusal("3ds-ml"), @"‘3ds-ml’ is not a known service, and no process of that name listens here. Did you mean 3ds-lm? (For a process that may not be running: --process 3ds-ml)");
    insta::assert_snapshot!(office().refusal("lmgrdd"), @"‘lmgrdd’ is not a known service, and no process of that name listens here. Did you mean lmgrd? (For a process that may not be running: --process lmgrdd)");
    insta::assert_snapshot!(office().refusal("Citrixx"), @"‘Citrixx’ is not a known service, and no process of that name listens here. Did you mean CITRIX? (For a process that may not be running: --process Citrixx)");
    insta::assert_snapshot!(office().refusal("flexne"), @"‘flexne’ is not a known service, and no process of that name listens here. Revenera FlexNet license server uses 27000-27009 and 8090. Revenera FlexNet lmadmin uses 27010. Revenera FlexNet Embedded local license server uses 7070. (For a process that may not be running: --process flexne)");
    insta::assert_snapshot!(office().refusal("qqqq"), @"‘qqqq’ is not a known service, and no process of that name listens here. (For a process that may not be running: --process qqqq)");
}

#[test]
fn a_product_of_which_nothing_listens_says_where_it_would() {
    insta::assert_snapshot!(office().printed("citrix", None), @"
    No listener of citrix was found.
    Citrix License Server usually listens on 7279, 27000 and 8082.
    ");
    insta::assert_snapshot!(office().printed("gurobi", None), @"
    No listener of gurobi was found.
    Gurobi token server usually listens on 41954.
    ");
}

#[test]
fn a_license_process_that_does_not_run_is_no_error() {
    assert!(linux().report("lmgrd").rows.is_empty());
    assert!(linux().report("--process qqqq").rows.is_empty());
}

#[test]
fn a_hidden_owner_may_be_the_process_that_was_asked_for() {
    let machine = linux()
        .by_ordinary_user(&[(7, "sshd"), (8, "qq-a-long-name-"), (9, "python3")])
        .socket("tcp 0.0.0.0:22", &[]);
    let report = machine.report("sshd");
    assert!(report.rows.is_empty());
    let gap = &report.gaps[0];
    assert_eq!((gap.kind, gap.count), (GapKind::OwnerHidden, Some(1)));
    insta::assert_snapshot!(gap.detail, @"the owner of 1 socket could not be identified without more rights: what you asked for may be among them");
    assert!(
        gap.remedy.as_ref().is_some_and(|remedy| remedy.starts_with("sudo ") && remedy.ends_with(" sshd"))
    );
    // A short name may be the beginning of a file's.
    assert_eq!(machine.report("qq-a-long-name-indeed").gaps.len(), 1);
    assert_eq!(machine.report("--process python3.11").gaps.len(), 1);
    assert_eq!(machine.report("--pid 8").gaps.len(), 1);
    // A process calls itself what it likes, and the name of its file is hidden.
    assert_eq!(machine.report("--process nginx").gaps.len(), 1);
    // What can all be seen cannot be a hidden owner.
    assert!(machine.report("--pid 10").gaps.is_empty());
    assert!(machine.refusal("qqqq").contains("qqqq"));
}

#[test]
fn a_socket_of_another_user_than_its_holders_may_have_more_of_them() {
    let worker = Process { uid: Some(33), ..process(802, "/usr/sbin/nginx") };
    let machine = linux().socket("tcp 0.0.0.0:80", std::slice::from_ref(&worker));
    assert!(machine.report("80").gaps.is_empty(), "all processes are seen");
    let machine = machine.by_ordinary_user(&[(800, "nginx")]);
    assert_eq!(machine.report("80").gaps[0].kind, GapKind::HoldersHidden);
    insta::assert_snapshot!(machine.report("80").gaps[0].detail, @"1 socket may have more holders: of the processes that may hold it, not all could be inspected");
    // So it may be found by what is not seen of it.
    for line in ["--pid 800", "--process nginx-master", "nginx"] {
        let report = machine.report(line);
        assert!(report.gaps.iter().all(|gap| gap.kind != GapKind::OwnerHidden), "{line}: its owner is seen");
        let may_match = report.gaps.iter().any(|gap| gap.detail.ends_with("may be among those"));
        assert_eq!(may_match, report.rows.is_empty(), "{line}");
    }
    assert!(machine.report("--pid 801").gaps.is_empty());
    let master = process(800, "/usr/sbin/nginx");
    let machine = linux().by_ordinary_user(&[(7, "sshd")]).socket("tcp 0.0.0.0:80", &[master, worker]);
    assert!(machine.report("80").gaps.is_empty(), "its maker is among its holders");
}

#[test]
fn users_go_by_name_and_by_number() {
    let worker =
        Process { uid: Some(33), user: Some("www-data".to_owned()), ..process(5, "/usr/sbin/nginx") };
    let machine = linux().socket("tcp 0.0.0.0:80", &[worker]);
    for user in ["alice", "1000", "www-data", "33"] {
        assert_eq!(places(&machine.report(&format!("--user {user}"))), ["80/tcp"], "{user}");
    }
    assert!(machine.report("--user 34").rows.is_empty());
}

#[test]
fn only_the_hidden_owners_that_bear_on_the_question_are_a_gap() {
    let machine = linux()
        .by_ordinary_user(&[(7, "sshd")])
        .socket("tcp 0.0.0.0:22", &[])
        .socket("tcp 0.0.0.0:80", &[process(9, "/usr/sbin/nginx")]);
    assert!(machine.report("80").gaps.is_empty());
    assert_eq!(machine.report("22").gaps.len(), 1);
    assert_eq!(machine.report("").gaps[0].count, Some(1));
    assert!(machine.report("--pid 9").gaps.is_empty());
    // Nothing of bob's is out of sight.
    assert!(machine.report("--user bob").gaps.is_empty());
    // A process of root's may hold it, whoever made it.
    assert_eq!(machine.report("--user root").gaps.len(), 1);
    assert_eq!(machine.report("--user alice").rows.len(), 2);
    assert_eq!(machine.report("--user 1000").rows.len(), 2);
}

#[test]
fn a_holder_that_ended_is_a_gap_of_its_own_rows_alone() {
    let gone = Process { pid: 9, ..Process::default() };
    let machine = linux()
        .socket("tcp 0.0.0.0:80", std::slice::from_ref(&gone))
        .socket("tcp [::]:80", &[gone])
        .socket("tcp 0.0.0.0:22", &[process(5, "/usr/sbin/sshd")]);
    let gap = &machine.report("80").gaps[0];
    assert_eq!((gap.kind, gap.count), (GapKind::ProcessGone, Some(1)));
    assert!(machine.report("22").gaps.is_empty());
}

#[test]
fn root_is_never_sent_to_sudo() {
    let machine = linux().socket("tcp 0.0.0.0:22", &[]);
    assert!(machine.report("").gaps.is_empty());
    assert!(!machine.printed("22", None).contains("sudo"));
}
