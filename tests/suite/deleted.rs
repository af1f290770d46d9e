//! Processes whose program file was deleted or replaced since they started.

use whatlistens::command::Exit;
use whatlistens::model::{
    Executable, Gap, Os, Pid, Presence, Process, ProcessService, Program, ServiceManager,
};
use whatlistens::query::Environment;

use crate::document::read;
use crate::recorded::{Machine, linux, process, with_file};

/// A process whose file was deleted, or not, or where that is not known.
fn runs(pid: Pid, exe: &str, deleted: Option<bool>) -> Process {
    with_file(pid, exe, |file| file.deleted = deleted)
}

/// A program that was upgraded, one that was not, one whose worker alone is old, and one that listens nowhere.
fn upgraded() -> Machine {
    let worker = Process { ppid: Some(14), ..runs(15, "/usr/sbin/nginx", Some(true)) };
    linux()
        .socket("tcp 0.0.0.0:7001", &[runs(11, "/opt/str/gone", Some(true))])
        .socket("udp 0.0.0.0:7001", &[runs(11, "/opt/str/gone", Some(true))])
        .socket("tcp 0.0.0.0:7002", &[runs(12, "/opt/str/here", Some(false))])
        .socket("tcp 0.0.0.0:7003", &[runs(12, "/opt/str/here", Some(false))])
        .socket("tcp 0.0.0.0:7004", &[runs(14, "/usr/sbin/nginx", Some(false)), worker])
}

fn kept(machine: &Machine, line: &str) -> Vec<String> {
    let rows = machine.report(line).rows;
    rows.iter().map(|row| format!("{}/{}", row.socket.local.port(), row.socket.protocol)).collect()
}

fn gaps(machine: &Machine, line: &str) -> String {
    let said = |gap: &Gap| {
        let (count, remedy) = (gap.count.unwrap_or_default(), gap.remedy.as_deref().unwrap_or("-"));
        format!("{} {count}: {} / {remedy}", gap.kind, gap.detail)
    };
    machine.report(line).gaps.iter().map(said).collect::<Vec<_>>().join("\n")
}

fn exit(machine: &Machine, line: &str) -> Exit {
    machine.run(line, &Environment::plain()).unwrap().2
}

#[test]
fn what_runs_a_deleted_file_is_kept() {
    assert_eq!(kept(&upgraded(), "--deleted"), ["7001/tcp", "7001/udp", "7004/tcp"]);
    assert_eq!(kept(&upgraded(), "--deleted -t"), ["7001/tcp", "7004/tcp"]);
    assert_eq!(kept(&upgraded(), "--deleted --pid 14,15"), ["7004/tcp"]);
    assert_eq!(kept(&upgraded(), "7000-7003 --deleted"), ["7001/tcp", "7001/udp"]);
    assert_eq!(kept(&upgraded(), "gone here --deleted"), ["7001/tcp", "7001/udp"]);
    insta::assert_snapshot!(upgraded().printed("--deleted", None), @r"
        PORT  ADDRESS       PROCESS   PID  USER   IANA NAME
    7001/tcp  0.0.0.0:7001  gone       11  alice  (afs3-callback)
    7001/udp  0.0.0.0:7001  gone       11  alice  (afs3-callback)
    7004/tcp  0.0.0.0:7004  nginx +1   14  alice  (afs3-kaserver)

    7004/tcp is shown because nginx (PID 15) of alice holds it too, and its program file was deleted or replaced.
    ");
    assert!(upgraded().report("--deleted").gaps.is_empty(), "all is known");
    let none = linux().socket("tcp 0.0.0.0:7002", &[runs(12, "/opt/str/here", Some(false))]);
    insta::assert_snapshot!(none.printed("--deleted", None), @"No listener matches.");
    assert_eq!(
        (exit(&upgraded(), "--deleted"), exit(&none, "--deleted")),
        (Exit::Matched, Exit::NothingMatched)
    );
}

#[test]
fn who_holds_a_port_with_a_file_that_is_there_is_said() {
    insta::assert_snapshot!(upgraded().printed("7002 --deleted", None), @"7002 is held by here (PID 12). Its program file was not deleted.");
    insta::assert_snapshot!(upgraded().printed("7002 --deleted --user bob", None), @"7002 is held by here (PID 12, alice), not by bob. Its program file was not deleted.");
    insta::assert_snapshot!(upgraded().printed("7002 --deleted --exposed -u", None), @"7002 is held by here (PID 12) with TCP, not with UDP. Its program file was not deleted.");
    insta::assert_snapshot!(upgraded().printed("7002-7003 --deleted", None), @"7002/tcp and 7003/tcp are held by here (PID 12). Its program file was not deleted.");
    insta::assert_snapshot!(upgraded().printed("here --deleted", None), @"7002/tcp and 7003/tcp are held by here (PID 12). Its program file was not deleted.");
    insta::assert_snapshot!(upgraded().printed("--pid 12 --deleted", None), @"No listener matches.");
    let two = upgraded().socket("tcp 0.0.0.0:7005", &[process(16, "/usr/bin/node")]);
    insta::assert_snapshot!(two.printed("7002-7003,7005 --deleted", None), @r"
    7002/tcp and 7003/tcp are held by here (PID 12). Its program file was not deleted.
    7005 is held by node (PID 16). Its program file was not deleted.
    ");
    let document = read(&upgraded().printed("7002 --deleted --json", None));
    insta::assert_snapshot!(document.asked[0].notes.join("\n"), @"7002 is held by here (PID 12). Its program file was not deleted.");
}

#[test]
fn where_it_is_not_known_a_gap_says_so() {
    let unseen = || {
        let unread = Process { presence: Presence::Running(Program::default()), ..process(13, "x") };
        upgraded()
            .socket("tcp 0.0.0.0:7006", &[runs(13, "/opt/elsewhere", None)])
            .socket("tcp 0.0.0.0:7007", &[unread])
    };
    insta::assert_snapshot!(gaps(&unseen(), "--deleted"), @"processes-protected 2: whether the program files of 2 listeners were deleted or replaced could not be seen: what you asked for may be among them / run it on the host, outside any container, or with CAP_SYS_PTRACE and no security policy in the way");
    insta::assert_snapshot!(unseen().printed("7006 --deleted", None), @r"
    7006 is held by x (PID 13). Whether that is a process whose program file was deleted is not known.
    Whether the program file of 1 listener was deleted or replaced could not be seen: what you asked for may be among them. To see more: run it on the host, outside any container, or with CAP_SYS_PTRACE and no security policy in the way
    ");
    assert_eq!(exit(&unseen(), "7006 --deleted"), Exit::NothingMatched);
    assert_eq!(gaps(&unseen(), "--deleted --pid 12"), "", "those of others are not asked for");
    assert_eq!(gaps(&unseen(), ""), "", "nor is it where nobody asks");
    let hidden = upgraded().by_ordinary_user(&[(9, "sshd")]).socket("tcp 0.0.0.0:22", &[]);
    insta::assert_snapshot!(gaps(&hidden, "--deleted"), @"owner-hidden 1: the owner of 1 socket could not be identified without more rights: what you asked for may be among them / sudo whatlistens --deleted");
    insta::assert_snapshot!(hidden.printed("22 --deleted", None), @r"
    22 is held by a program that you are not allowed to see. Whether that is a process whose program file was deleted is not known.
    The owner of 1 socket could not be identified without more rights: what you asked for may be among them. To see more: sudo whatlistens 22 --deleted
    ");
    let elsewhere = |os| {
        let windows = linux().os(os).socket("tcp 0.0.0.0:7001", &[runs(11, r"C:\x\gone.exe", None)]);
        gaps(&windows.socket("tcp 0.0.0.0:7002", &[runs(12, r"C:\x\here.exe", None)]), "--deleted")
    };
    insta::assert_snapshot!(elsewhere(Os::Windows), @"processes-protected 2: this system does not report whether the program files of 2 listeners were deleted or replaced: what you asked for may be among them / -");
    insta::assert_snapshot!(elsewhere(Os::Macos), @"processes-protected 2: this system does not report whether the program files of 2 listeners were deleted or replaced: what you asked for may be among them / -");
    // Where one holder is known to be old, nothing is missing.
    let old = runs(11, "/opt/gone", Some(true));
    let both = linux().socket("tcp 0.0.0.0:7001", &[old, runs(12, "/opt/elsewhere", None)]);
    assert_eq!((kept(&both, "--deleted").len(), gaps(&both, "--deleted").as_str()), (1, ""));
}

#[test]
fn what_has_no_such_option_refuses_it() {
    insta::assert_snapshot!(linux().refusal("excluded --deleted"), @"there is no option --deleted in excluded; a listing has it: whatlistens --deleted");
    insta::assert_snapshot!(linux().refusal("--excluded-ports --deleted"), @"options of excluded go after its name, and those of a listing do not apply: see whatlistens excluded --help");
    insta::assert_snapshot!(linux().refusal("deleted"), @"‘deleted’: did you mean --deleted?");
    insta::assert_snapshot!(linux().refusal("--outdated"), @"there is no option --outdated: for what still runs a file that was deleted or replaced use --deleted");
}

/// What to do next about a process of this unit that runs a deleted file, where another stands at its path or not.
fn next(pid: Pid, exe: &str, unit: Option<&str>, replaced: Option<bool>) -> String {
    let services = unit.map(|unit| ProcessService::new(ServiceManager::Systemd, unit)).into_iter().collect();
    let change = |file: &mut Executable| (file.deleted, file.replaced) = (Some(true), replaced);
    let holder = Process { services, ..with_file(pid, exe, change) };
    let machine = linux().socket("tcp 127.0.0.1:8080", &[holder]);
    machine.report("8080").asked[0].next.clone().unwrap_or_default().replace('\n', " / ")
}

#[test]
fn whether_there_is_a_new_program_is_said_where_it_is_seen() {
    let nginx = |unit, replaced| next(60, "/usr/sbin/nginx", unit, replaced);
    let unit = Some("nginx.service");
    insta::assert_snapshot!(nginx(unit, Some(true)), @"Its program file was replaced, as by an upgrade. To run the new one: systemctl restart nginx / To stop it: systemctl stop nginx");
    insta::assert_snapshot!(nginx(None, Some(true)), @"Its program file was replaced, as by an upgrade. To run the new one, end it and start it again. / To stop it: kill 60");
    insta::assert_snapshot!(nginx(unit, Some(false)), @"Its program file was deleted, and nothing stands at /usr/sbin/nginx now: it cannot be started again from there. / To stop it: systemctl stop nginx");
    insta::assert_snapshot!(nginx(None, Some(false)), @"Its program file was deleted, and nothing stands at /usr/sbin/nginx now: it cannot be started again from there. / To stop it: kill 60");
    insta::assert_snapshot!(nginx(unit, None), @"Its program file was deleted, or replaced as by an upgrade. To run the new one, if /usr/sbin/nginx exists: systemctl restart nginx / To stop it: systemctl stop nginx");
    insta::assert_snapshot!(next(1, "/usr/lib/systemd/systemd", None, Some(true)), @"Its program file was replaced, as by an upgrade. To run the new one: systemctl daemon-reexec / It starts and supervises everything else. Do not stop it.");
    insta::assert_snapshot!(next(1, "/usr/lib/systemd/systemd", None, Some(false)), @"Its program file was deleted, and nothing stands at /usr/lib/systemd/systemd now: it cannot be started again from there. It starts and supervises everything else. Do not stop it.");
    insta::assert_snapshot!(next(60, "/opt/a b", None, Some(false)), @"Its program file was deleted, and nothing stands at /opt/a b now: it cannot be started again from there. / To stop it: kill 60");
    assert!(!next(60, "/memfd:x", None, Some(false)).contains("program file"), "memory is no file");
    let shown = |replaced| {
        let change = |file: &mut Executable| (file.deleted, file.replaced) = (Some(true), replaced);
        let machine = linux().socket("tcp 127.0.0.1:8080", &[with_file(60, "/opt/x", change)]);
        machine.printed("8080", None).lines().find(|line| line.starts_with("Runs ")).unwrap().to_owned()
    };
    insta::assert_snapshot!([None, Some(true), Some(false)].map(shown).join("\n"), @r"
    Runs         /opt/x (deleted or replaced since the process started)
    Runs         /opt/x (replaced since the process started)
    Runs         /opt/x (deleted since the process started)
    ");
}
