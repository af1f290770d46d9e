//! `expected` is earned: every check was made and bears the process out, for every process that holds the port.

use proptest::prelude::*;
use proptest::sample::{Index, select};
use whatlistens::model::{
    Account, Checked, CodeFile, Contents, Executable, FileVersion, Interpreter, License, NotInspected, Os,
    Pid, Process, Program, Severity, User, Verdict, Writer,
};

use crate::recorded::{
    Machine, anyone_at, is_interpreter, java, linux, process, running_with, user, with_file, written_by,
};

const FLEXNET: &str = "tcp 0.0.0.0:27000";
const SYSTEMD: &str = "/usr/lib/systemd/systemd";

/// The judgement of a machine's first socket with the options of a listing; `None` where its port is not a
/// license port.
fn judged_with(machine: &Machine, options: &str) -> Option<License> {
    machine.report(options).rows.remove(0).license
}

fn judged(machine: &Machine) -> License {
    judged_with(machine, "").expect("a license port")
}

fn is_expected(machine: &Machine) -> bool {
    judged_with(machine, "").is_some_and(|license| license.verdict == Verdict::Expected)
}

fn root_s(process: Process) -> Process {
    Process { uid: Some(0), user: Some("root".to_owned()), ..process }
}

fn child(ppid: Pid, process: Process) -> Process {
    Process { ppid: Some(ppid), ..process }
}

/// Processes, and the machine on which they are.
type Seen = (Vec<Process>, fn(&[Process]) -> Machine);

/// Machines on which the process on the first port is expected, with the processes whose files decide that.
fn expected_machines() -> Vec<Seen> {
    let lmgrd = || process(50, "/opt/x/lmgrd");
    vec![
        (vec![lmgrd()], |seen| linux().socket(FLEXNET, seen)),
        (vec![lmgrd()], |seen| linux().os(Os::Macos).socket(FLEXNET, seen)),
        (vec![lmgrd(), child(50, process(51, "/opt/x/MLM"))], |seen| {
            linux().with(seen[0].clone()).socket("tcp 0.0.0.0:40001", &seen[1..])
        }),
        // Heirs: the server's own file, its daemon on another vendor's port; and an unrelated holder.
        (vec![lmgrd(), child(50, process(51, "/opt/x/lmgrd"))], |seen| linux().socket(FLEXNET, seen)),
        (vec![lmgrd(), child(50, process(51, "/opt/x/adskflex"))], |seen| {
            linux().socket("tcp 0.0.0.0:1055", seen)
        }),
        (vec![lmgrd(), process(51, "/opt/x/lmgrd")], |seen| linux().socket(FLEXNET, seen)),
        (vec![root_s(process(70, SYSTEMD)), lmgrd()], |seen| linux().socket(FLEXNET, seen)),
        (vec![java(9, "jetbrains", "/opt/jetbrains/server.jar")], |seen| {
            linux().socket("tcp 0.0.0.0:8080", seen)
        }),
    ]
}

/// Why a check established nothing.
fn not_established<T: Clone + std::fmt::Debug + 'static>() -> BoxedStrategy<Checked<T>> {
    use NotInspected::{AnotherUserNamespace, MayNotAnswer, Unreadable, UserFileSystem};
    let failed = select(vec![MayNotAnswer, AnotherUserNamespace, Unreadable, UserFileSystem]);
    let failed = failed.prop_map(Checked::Failed);
    prop_oneof![Just(Checked::NotRequested), failed].boxed()
}

/// Accounts that nothing speaks for, or nothing established.
fn doubtful_writers() -> BoxedStrategy<Checked<Vec<Writer>>> {
    let group = |members: &[Account]| {
        let members = members.iter().flat_map(|account| account.users().to_vec()).collect::<Vec<User>>();
        Account::Group { name: "lic".to_owned(), members }
    };
    let accounts = vec![
        Account::Everyone,
        user(1000, "alice"),
        user(990, "another-service"),
        group(&[]),
        group(&[user(1001, "bob")]),
    ];
    let written = select(accounts).prop_map(|account| written_by(account, "/opt"));
    prop_oneof![not_established(), written].boxed()
}

/// One check of a program that is weaker than on an expected machine.
#[derive(Debug, Clone)]
enum Weaker {
    Unreadable,
    Path(Checked<bool>),
    Deleted,
    Writers(Checked<Vec<Writer>>),
    Contents(Checked<Contents>),
    ByService(Checked<bool>),
    Loaded(Checked<Vec<CodeFile>>),
    Script(Option<CodeFile>),
}

impl Weaker {
    fn any() -> BoxedStrategy<Weaker> {
        let code =
            || doubtful_writers().prop_map(|writers| CodeFile { path: "/opt/x/y".to_owned(), writers });
        prop_oneof![
            Just(Weaker::Unreadable),
            prop_oneof![not_established(), Just(Checked::Done(false))].prop_map(Weaker::Path),
            Just(Weaker::Deleted),
            doubtful_writers().prop_map(Weaker::Writers),
            prop_oneof![not_established(), Just(is_interpreter(Interpreter::BusyBox))]
                .prop_map(Weaker::Contents),
            prop_oneof![not_established(), Just(Checked::Done(false))].prop_map(Weaker::ByService),
            prop_oneof![not_established(), code().prop_map(|code| Checked::Done(vec![code]))]
                .prop_map(Weaker::Loaded),
            prop_oneof![code().prop_map(Some), Just(None)].prop_map(Weaker::Script),
        ]
        .boxed()
    }

    fn apply(self, program: &mut Program) {
        let exe = program.exe.as_mut().unwrap();
        match self {
            Weaker::Unreadable => program.exe = None,
            Weaker::Path(confirmed) => exe.path_confirmed = confirmed,
            Weaker::Deleted => exe.deleted = Some(true),
            Weaker::Writers(writers) => exe.writers = writers,
            Weaker::Contents(contents) => exe.contents = contents,
            Weaker::ByService(by_service) => program.by_service = by_service,
            Weaker::Loaded(loaded) => program.loaded = loaded,
            Weaker::Script(script) => program.script = script,
        }
    }

    /// Whether it is a check of this process that counts.
    fn counts(&self, process: &Process, os: Os) -> bool {
        let program = process.program().unwrap();
        // systemd is recognised by its path, and path and file say whether it was deleted.
        let is_systemd = program.exe.as_ref().unwrap().path == SYSTEMD;
        match self {
            Weaker::Contents(_) | Weaker::Deleted => !is_systemd,
            Weaker::ByService(_) => {
                program.interpreted.is_some() && process.uid != Some(0) && os != Os::Windows
            }
            Weaker::Script(script) => !is_systemd && (script.is_some() || program.interpreted.is_some()),
            Weaker::Loaded(Checked::NotRequested | Checked::Failed(_)) => os == Os::Linux,
            Weaker::Unreadable | Weaker::Path(_) | Weaker::Writers(_) | Weaker::Loaded(_) => true,
        }
    }
}

#[test]
fn where_every_check_bears_it_out_a_process_is_expected() {
    for (seen, machine) in expected_machines() {
        assert!(is_expected(&machine(&seen)), "{seen:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]
    #[test]
    fn a_single_check_that_is_weaker_is_a_doubt(
        (seen, machine) in select(expected_machines()),
        which in any::<Index>(),
        weaker in Weaker::any(),
    ) {
        let mut seen = seen;
        let process = which.get_mut(&mut seen);
        let os = machine(&[process.clone(), process.clone()]).report("").host.os;
        prop_assume!(weaker.counts(process, os));
        weaker.apply(process.program_mut().unwrap());
        prop_assert!(!is_expected(&machine(&seen)));
    }
}

#[test]
fn a_service_account_s_own_file_is_fine_and_another_s_is_not() {
    let on = |uid, account| {
        let server = with_file(9, "/opt/x/lmgrd", |file| file.writers = written_by(account, "/opt/x"));
        judged(&linux().socket(FLEXNET, &[Process { uid: Some(uid), ..server }]))
    };
    let license = on(990, user(990, "lic"));
    assert_eq!(license.verdict, Verdict::Expected);
    assert!(license.evidence.contains(&"the user lic can write to /opt/x".to_owned()), "{license:?}");
    for account in [user(991, "other"), user(1000, "alice"), Account::Everyone] {
        let license = on(990, account);
        assert_eq!((license.verdict, license.severity), (Verdict::CannotTell, Severity::Warning));
    }
    // An ordinary user who runs their own file is no service.
    let license = on(1000, user(1000, "alice"));
    insta::assert_snapshot!(license.reason, @"it is called lmgrd, but the user alice can write to /opt/x and may have replaced it");
    insta::assert_snapshot!(license.advice.unwrap(), @"Find out who put lmgrd there. If you trust alice, add --trust-user alice to this command. Otherwise let only root write there: chown root: /opt/x");
}

/// The genuine server runs as mallory's process, and mallory's own program inherited the socket.
#[test]
fn a_child_of_a_genuine_server_is_judged_by_its_own_file() {
    let lmgrd = process(50, "/opt/flexlm/lmgrd");
    let with = |child: Process| {
        judged(&linux().socket(FLEXNET, &[lmgrd.clone(), Process { ppid: Some(50), ..child }]))
    };
    let evil =
        |path| with_file(51, path, |file| file.writers = written_by(user(4242, "mallory"), "/home/mallory"));
    for path in ["/home/mallory/evil", "/home/mallory/lmgrd", "/home/mallory/adskflex"] {
        let license = with(evil(path));
        assert_eq!((license.verdict, license.severity), (Verdict::CannotTell, Severity::Warning), "{path}");
        assert_eq!(license.rule, "shared-with-child");
    }
    insta::assert_snapshot!(with(evil("/home/mallory/adskflex")).reason, @"lmgrd holds it, and so does adskflex (PID 51), which lmgrd started: it is called adskflex, but the user mallory can write to /home/mallory and may have replaced it");
    // A vendor daemon of the server is as good as its own file, whatever the port.
    let daemon = child(50, process(51, "/opt/flexlm/adskflex"));
    let license = judged(&linux().socket("tcp 0.0.0.0:1055", &[lmgrd.clone(), daemon]));
    assert_eq!(license.verdict, Verdict::Expected);
    assert!(
        license.reason.ends_with("; adskflex, which it started, holds the port too"),
        "{}",
        license.reason
    );
    // Another technology's daemon is not one of its own.
    let foundry = child(50, process(51, "/opt/foundry/foundry"));
    let license = judged(&linux().socket("tcp 0.0.0.0:1055", &[lmgrd, foundry]));
    assert_eq!(license.rule, "shared-with-child");
}

#[test]
fn a_server_of_another_user_started_no_daemon_but_root_s_did() {
    let on = |parent, daemon| {
        let parent = Process { uid: parent, ..process(50, "/opt/x/lmgrd") };
        let daemon = Process { uid: daemon, ..child(50, process(51, "/opt/x/MLM")) };
        is_expected(&linux().with(parent).socket("tcp 0.0.0.0:40001", &[daemon]))
    };
    assert!(on(Some(0), Some(990)) && on(Some(990), Some(990)) && on(None, None));
    assert!(!on(Some(4242), Some(990)) && !on(None, Some(990)));
}

#[test]
fn only_the_system_s_own_systemd_is_passed_over() {
    let lmgrd = process(50, "/opt/x/lmgrd");
    let beside = |systemd: Process| judged(&linux().socket(FLEXNET, &[systemd, lmgrd.clone()])).verdict;
    let alice_s = || written_by(user(1000, "alice"), "/home/alice");
    // In a container, hardly anything of process 1 is visible, even to root.
    let first = |path: &str| {
        let exe = Executable { path: path.to_owned(), ..Executable::default() };
        running_with(1, path, |program| *program = Program { exe: Some(exe), ..Program::default() })
    };
    assert_eq!(beside(first("/nix/store/x-systemd/lib/systemd/systemd")), Verdict::Expected, "process 1");
    assert_eq!(beside(root_s(process(70, "/lib/systemd/systemd"))), Verdict::Expected, "the system's file");
    assert_ne!(beside(process(70, SYSTEMD)), Verdict::Expected, "a user's own");
    for (path, why) in [
        ("/home/alice/lib/systemd/systemd", "another file"),
        ("/usr/local/lib/systemd/systemd", "another path"),
    ] {
        assert_ne!(beside(root_s(process(70, path))), Verdict::Expected, "{why}");
    }
    let changed = |change: fn(&mut Program)| root_s(running_with(70, SYSTEMD, change));
    let preloaded = running_with(70, SYSTEMD, |program| {
        program.loaded =
            Checked::Done(vec![CodeFile { path: "/home/alice/x.so".to_owned(), writers: alice_s() }]);
    });
    assert_ne!(beside(root_s(preloaded)), Verdict::Expected);
    assert_ne!(beside(changed(|program| program.loaded = Checked::NotRequested)), Verdict::Expected);
    assert_ne!(
        beside(root_s(with_file(70, SYSTEMD, |file| file.writers = anyone_at("/usr")))),
        Verdict::Expected
    );
    assert_ne!(beside(with_file(1, "/sbin/init", |_| ())), Verdict::Expected, "process 1 is no systemd");
}

#[test]
fn an_interpreter_is_believed_as_far_as_its_file_and_its_script() {
    let on = |change: fn(&mut Program)| {
        let mut java = java(9, "jetbrains", "/opt/jetbrains/server.jar");
        change(java.program_mut().unwrap());
        judged(&linux().socket("tcp 0.0.0.0:8080", &[java]))
    };
    let license = on(|_| ());
    assert_eq!(license.verdict, Verdict::Expected);
    assert_eq!(
        license.evidence[1..],
        [
            "the file is Java",
            "only root can replace the file",
            "its command line names jetbrains",
            "it runs /opt/jetbrains/server.jar",
            "only root can replace /opt/jetbrains/server.jar",
        ]
    );
    // A user's own Java runs what that user likes, whatever its command line says; root's or a trusted user's does not.
    let by = |uid, by_service, options| {
        let mut java = Process { uid, user: None, ..java(9, "jetbrains", "/opt/jetbrains/server.jar") };
        java.program_mut().unwrap().by_service = by_service;
        judged_with(&linux().socket("tcp 0.0.0.0:8080", &[java]), options).unwrap().rule
    };
    let [service, person] = [true, false].map(|is_it| move || Checked::Done(is_it));
    let unknown = Checked::Failed(NotInspected::TimedOut);
    for (uid, by_service, options, rule) in [
        (Some(0), Checked::NotRequested, "", "chosen-port"),
        (Some(700), service(), "", "chosen-port"),
        (Some(700), person(), "", "user-s-interpreter"),
        (Some(700), unknown, "", "user-s-interpreter"),
        (None, Checked::NotRequested, "", "user-s-interpreter"),
        (Some(1000), person(), "--trust-user 1000", "chosen-port"),
    ] {
        assert_eq!(by(uid, by_service.clone(), options), rule, "{uid:?} {by_service:?} {options}");
    }
    // Any program can be called java, and have any arguments.
    assert_eq!(
        on(|program| program.exe.as_mut().unwrap().contents = Checked::Done(Contents::default())).rule,
        "no-interpreter"
    );
    assert_eq!(
        on(|program| program.exe.as_mut().unwrap().contents = is_interpreter(Interpreter::Bash)).rule,
        "disguised-interpreter"
    );
    // A Java under its own name on another manager's port is no disguise.
    let plain =
        with_file(9, "/usr/lib/jvm/bin/java", |file| file.contents = is_interpreter(Interpreter::Java));
    assert_eq!(judged(&linux().socket(FLEXNET, &[plain])).rule, "wrapper");
}

#[test]
fn what_the_caller_vouches_for_changes_the_verdict_and_says_so() {
    let file = |file: &mut Executable| file.writers = written_by(user(1000, "alice"), "/opt/x");
    let server = with_file(9, "/opt/x/lmgrd", file);
    let machine = linux().socket(FLEXNET, &[server]);
    let with = |options: &str| judged_with(&machine, options).unwrap();
    for options in [
        "--trust-user alice",
        "--trust-user bob,1000",
        "--trust-path /opt",
        "--trust-path /tmp --trust-path /opt/x/",
    ] {
        assert_eq!(with(options).verdict, Verdict::Expected, "{options}");
    }
    for options in ["", "--trust-user bob", "--trust-user 1001", "--trust-path /opt/xy"] {
        assert_eq!(with(options).verdict, Verdict::CannotTell, "{options}");
    }
    let license = with("--trust-user alice --trust-user bob");
    insta::assert_snapshot!(license.reason, @"lmgrd is a known program of Revenera FlexNet license server; you vouch for alice");
    assert!(license.evidence.contains(&"you vouch for alice".to_owned()), "{license:?}");
    assert!(with("--trust-path /opt").evidence.contains(&"you vouch for /opt".to_owned()));
    let json = machine.printed("--json --trust-user alice", None);
    assert!(json.contains("\"file_trust\": \"user\""), "vouching does not change the file: {json}");
    // Where nothing depends on it, nothing is said.
    let license =
        judged_with(&linux().socket(FLEXNET, &[process(9, "/opt/x/lmgrd")]), "--trust-user alice").unwrap();
    assert!(!license.reason.contains("vouch"), "{license:?}");
}

#[test]
fn a_file_system_that_a_user_could_have_made_is_a_doubt_unless_somebody_vouches_for_it() {
    let server = with_file(9, "/media/mia/stick/lmgrd", |file| {
        file.writers = Checked::Failed(NotInspected::UserFileSystem);
    });
    let machine = linux().socket(FLEXNET, &[server]);
    let license = judged_with(&machine, "").unwrap();
    assert_eq!((license.verdict, license.rule), (Verdict::CannotTell, "unknown-writers"));
    let why = "it is on a disk image or removable disk that an ordinary user could have made";
    assert!(license.reason.contains(why), "{license:?}");
    assert!(license.advice.unwrap().ends_with("add --trust-path /media/mia/stick."));
    assert_eq!(judged_with(&machine, "--trust-path /media").unwrap().verdict, Verdict::Expected);
}

#[test]
fn vouching_for_a_folder_does_not_replace_the_other_checks() {
    let on = |change: fn(&mut Executable)| {
        let server = with_file(9, "/net/tools/lmgrd", |file| {
            file.writers = Checked::Failed(NotInspected::MayNotAnswer);
            change(file);
        });
        judged_with(&linux().socket(FLEXNET, &[server]), "--trust-path /net/tools").unwrap()
    };
    assert_eq!(on(|_| ()).verdict, Verdict::Expected);
    assert_eq!(on(|file| file.path_confirmed = Checked::Done(false)).rule, "other-file");
    assert_eq!(on(|file| file.path_confirmed = Checked::NotRequested).rule, "unconfirmed-path");
    assert_eq!(
        on(|file| file.contents = Checked::Failed(NotInspected::MayNotAnswer)).rule,
        "unknown-contents"
    );
    assert_eq!(
        on(|file| file.writers = Checked::Failed(NotInspected::AnotherUserNamespace)).rule,
        "user-namespace"
    );
}

#[test]
fn a_library_in_a_home_is_a_doubt_and_a_vouched_one_is_none() {
    let library = CodeFile {
        path: "/home/alice/pre.so".to_owned(),
        writers: written_by(user(1000, "alice"), "/home/alice"),
    };
    let server = running_with(9, "/opt/x/lmgrd", |program| program.loaded = Checked::Done(vec![library]));
    let machine = linux().socket(FLEXNET, &[server]);
    let license = judged(&machine);
    assert_eq!((license.rule, license.severity), ("replaceable-library", Severity::Warning));
    insta::assert_snapshot!(license.advice.unwrap(), @"Find out why lmgrd loads it: LD_PRELOAD or LD_LIBRARY_PATH in its environment may say so. If you trust alice, add --trust-user alice to this command. If it should, install /home/alice/pre.so where only root can write.");
    assert_eq!(judged_with(&machine, "--trust-path /home/alice").unwrap().verdict, Verdict::Expected);
}

/// On Windows the version resource says what a file is.
#[test]
fn a_version_resource_stands_for_the_contents_on_windows_alone() {
    let on = |os, version: bool| {
        let path = if os == Os::Windows { r"C:\x\lmgrd.exe" } else { "/opt/x/lmgrd" };
        let server = with_file(9, path, |file| {
            file.contents = Checked::NotRequested;
            file.version = version.then(FileVersion::default);
        });
        judged_with(&linux().os(os).socket(FLEXNET, &[server]), "").unwrap().rule
    };
    assert_eq!((on(Os::Windows, true), on(Os::Windows, false)), ("right-program", "unknown-contents"));
    assert_eq!((on(Os::Linux, true), on(Os::Macos, true)), ("unknown-contents", "unknown-contents"));
}
