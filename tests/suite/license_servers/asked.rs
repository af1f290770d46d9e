//! The forms of the question, and of the answer.

use whatlistens::command::Exit;
use whatlistens::model::Process;
use whatlistens::model::{CheckStatus, Checked, HiddenProcesses, NotInspected};
use whatlistens::query::Environment;

use super::{LMGRD, changed, healthy, of, without_daemon};
use crate::document::{LicenseServer, read};
use crate::recorded::{Machine, anyone_at, contains, linux, running_with, user, with_file, written_by};

#[test]
fn products_go_by_the_words_that_people_use() {
    let machine = healthy().socket("tcp 0.0.0.0:53200", &[of(99, 1, "/opt/matlab/etc/MLM")]);
    let ids = |word: &str| -> Vec<String> {
        let said = read(&machine.printed(&format!("servers {word} --json"), None));
        said.license_servers.unwrap().into_iter().map(|server| server.id).collect()
    };
    assert_eq!(ids("autodesk"), ["autodesk-nlm"]);
    assert_eq!(ids("matlab"), ["mathworks"]);
    assert_eq!(ids("adskflex"), ["autodesk-nlm"]);
    assert_eq!(ids("flexlm"), ["autodesk-nlm", "mathworks"]);
    assert_eq!(ids("lmgrd"), ["autodesk-nlm", "mathworks"]);
    let (out, _, exit) = machine.run("servers sentinel", &Environment::plain()).unwrap();
    assert_eq!((out.as_str(), exit), ("No license server of sentinel runs here.\n", Exit::NothingMatched));
    insta::assert_snapshot!(machine.refusal("servers matlap"), @"No license manager, vendor or license server here is called ‘matlap’.");
}

#[test]
fn a_license_port_that_is_asked_about_shows_its_server() {
    insta::assert_snapshot!(healthy().printed("27001", None), @"
    27001  flex-lm
    Port 27001 is free for TCP and UDP: nothing on this machine listens on it. A connection, or a socket
    that does not listen, may still block it.

    Next         lmgrd (PID 812) listens on 27000/tcp.

    Registry     flex-lm, FLEX LM (1-10) (IANA, registered port)
    License      Revenera FlexNet license server
    Note         A FlexNet license server without a port of its own takes the first free one of
                 27000-27009. The vendor daemon is its child and has another port. 8090 is the web page
                 of lmadmin. FlexNet was called FLEXlm, and Revenera was Flexera and Globetrotter.

    Autodesk Network License Manager (FlexNet Publisher)        up, 5 clients
      lmgrd     PID 812  27000/tcp  v11.19.5.0  /opt/flexlm/lmgrd
      adskflex  PID 815  2080/tcp   v11.19.5.0  5 clients
      license   /opt/flexlm/adsk.lic: SERVER lic01 27000, VENDOR adskflex port=2080: all as it should be
    ");
    let orphan = linux().socket("tcp 0.0.0.0:53200", &[of(99, 1, "/opt/matlab/etc/MLM")]);
    let told = orphan.printed("27000", None);
    assert!(told.contains("orphaned daemon") && told.contains("kill 99"), "{told}");
    assert!(!orphan.printed("8080", None).contains("orphaned"));
    let listed = read(&healthy().printed("27000 --json", None)).license_servers.unwrap();
    assert_eq!(listed.len(), 1);
    assert!(read(&healthy().printed("8080 --json", None)).license_servers.is_none());
    assert_eq!(read(&healthy().printed("--json", None)).license_servers.unwrap().len(), 1);
    assert!(read(&healthy().printed("-4 --json", None)).license_servers.is_none(), "too little is scanned");
    let table = without_daemon().printed("", None);
    assert!(table.contains("For details: whatlistens servers"), "{table}");
}

#[test]
fn a_product_that_is_asked_about_shows_its_server_below_its_listeners() {
    insta::assert_snapshot!(healthy().printed("autodesk", None), @"
         PORT  ADDRESS        PROCESS   PID  USER  IANA NAME     LICENSE
     2080/tcp  0.0.0.0:2080   adskflex  815  root  autodesk-nlm  expected
    27000/tcp  0.0.0.0:27000  lmgrd     812  root  flex-lm       expected

    Autodesk Network License Manager (FlexNet Publisher)        up, 5 clients
      lmgrd     PID 812  27000/tcp  v11.19.5.0  /opt/flexlm/lmgrd
      adskflex  PID 815  2080/tcp   v11.19.5.0  5 clients
      license   /opt/flexlm/adsk.lic: SERVER lic01 27000, VENDOR adskflex port=2080: all as it should be
    ");
    assert_eq!(healthy().run("matlab", &Environment::plain()).unwrap().2, Exit::NothingMatched);
}

/// Several processes are below one name.
#[test]
fn why_nothing_can_be_told_is_said_once_and_of_a_process() {
    let weak = with_file(24, LMGRD, |exe| exe.writers = anyone_at("/opt/flexlm"));
    let machine = linux().socket("tcp 0.0.0.0:27006", &[weak]);
    insta::assert_snapshot!(machine.printed("servers", None), @"
    Revenera FlexNet license server (FlexNet Publisher)         cannot tell
      lmgrd  PID 24  27006/tcp  /opt/flexlm/lmgrd
      warning   PID 24 is called lmgrd, but any user of this machine can write to /opt/flexlm and may have replaced it. Find out who put lmgrd there. Then let only root write there: chmod o-w /opt/flexlm
    ");
    let text = machine.printed("explain -15 --servers", None).replace("\n             ", " ");
    let said = "but not all can be seen. PID 24 is called lmgrd, but any user";
    assert!(text.contains(said), "{text}");
    let (check, ..) = machine.run("servers --check", &Environment::plain()).unwrap();
    assert!(check.contains(": PID 24 is called lmgrd, but"), "{check}");
}

#[test]
fn a_monitoring_system_gets_one_line_and_a_status() {
    let check = |machine: &Machine, line: &str| {
        let (out, notes, exit) = machine.run(line, &Environment::plain()).unwrap();
        assert_eq!((out.lines().count(), notes.as_str()), (1, ""), "{out}");
        (out, exit)
    };
    let (line, exit) = check(&healthy(), "servers --check");
    assert_eq!(exit, Exit::Checked(CheckStatus::Ok));
    insta::assert_snapshot!(line, @"LICENSE SERVERS OK - 1 license server up | up=1 servers=1 problems=0 clients=5");
    let (line, exit) = check(&without_daemon(), "servers --check");
    assert_eq!(exit, Exit::Checked(CheckStatus::Critical));
    insta::assert_snapshot!(line, @"LICENSE SERVERS CRITICAL - Autodesk Network License Manager: lmgrd (PID 812) has no vendor daemon adskflex that listens: clients get error -97 or -15 | up=0 servers=1 problems=1");
    assert_eq!(check(&linux(), "servers --check").1, Exit::Checked(CheckStatus::Unknown));
    let (line, exit) = check(&linux(), "servers --check autodesk");
    assert_eq!(exit, Exit::Checked(CheckStatus::Critical));
    insta::assert_snapshot!(line, @"LICENSE SERVERS CRITICAL - no license server of autodesk runs here | up=0 servers=0 problems=0");
    let hidden = linux().by_ordinary_user(&[(7, "lmgrd")]).socket("tcp 0.0.0.0:27000", &[]);
    let (line, exit) = check(&hidden, "servers --check");
    assert_eq!(exit, Exit::Checked(CheckStatus::Unknown));
    insta::assert_snapshot!(line, @"LICENSE SERVERS UNKNOWN - the owner of 1 socket could not be identified without more rights; Revenera FlexNet license server: The process that listens on 27000/tcp is hidden | up=0 servers=1 problems=0");
    let (line, exit) = check(&linux(), "servers --check nonsuch");
    assert_eq!(exit, Exit::Checked(CheckStatus::Unknown));
    insta::assert_snapshot!(line, @"LICENSE SERVERS UNKNOWN - No license manager, vendor or license server here is called ‘nonsuch’.");
    for wrong in
        ["servers --check --expiry-days x", "servers --chek --check", "servers --check --json nonsuch"]
    {
        let error = linux().run(wrong, &Environment::plain()).unwrap_err();
        assert_eq!(error.exit(), Exit::Checked(CheckStatus::Unknown), "{wrong}: {error}");
    }
    let (json, _, exit) = without_daemon().run("servers --check --json", &Environment::plain()).unwrap();
    assert_eq!((read(&json).license_servers.unwrap().len(), exit.code()), (1, 2));
}

/// Behind the first bar stand values for graphs.
#[test]
fn no_path_or_log_ends_the_text_for_a_monitoring_system() {
    let machine = changed(|setup| setup.files[0].path = "/opt/x | up=9".to_owned());
    let machine = machine.seen(|seen| {
        let setup = seen.license_setup.as_mut().unwrap();
        setup.files[0].contents = Checked::Failed(NotInspected::Unreadable);
    });
    let (line, _, _) = machine.run("servers --check", &Environment::plain()).unwrap();
    assert_eq!(line.matches('|').count(), 1, "{line}");
    assert!(line.contains("/opt/x ¦ up=9"), "{line}");
}

/// `sentinel` and `flexlm` are names of old services, too.
#[test]
fn the_name_of_a_licensing_system_is_no_service() {
    let machine = linux().socket("tcp 0.0.0.0:1947", &[of(50, 1, "/usr/sbin/hasplmd_x86_64")]);
    insta::assert_snapshot!(machine.printed("sentinel", None), @"
        PORT  ADDRESS       PROCESS         PID  USER  IANA NAME    LICENSE
    1947/tcp  0.0.0.0:1947  hasplmd_x86_64   50  root  sentinelsrm  expected

    Thales Sentinel LDK (HASP) License Manager                  up
      hasplmd_x86_64  PID 50  1947/tcp  /usr/sbin/hasplmd_x86_64
    ");
    let flexlm = healthy().printed("flexlm", None);
    assert!(
        flexlm.contains("27000/tcp") && flexlm.contains("2080/tcp") && !flexlm.contains("744"),
        "{flexlm}"
    );
}

/// Whoever may write to the file of a program can start it under the name of a license server.
#[test]
fn what_a_user_started_raises_no_alarm() {
    let users = |pid, exe: &str| {
        let file = with_file(pid, exe, |exe| exe.writers = written_by(user(1000, "alice"), "/home/alice"));
        Process { ppid: Some(1), ..file }
    };
    let machine = healthy()
        .with(users(99, "/home/alice/lmgrd"))
        .socket("tcp 0.0.0.0:53200", &[users(98, "/home/alice/MLM")]);
    let servers = read(&machine.printed("servers --json", None)).license_servers.unwrap();
    let codes =
        |server: &LicenseServer| server.problems.iter().map(|one| one.code.clone()).collect::<Vec<_>>();
    let states: Vec<_> = servers.iter().map(|server| (server.state.clone(), codes(server))).collect();
    let weak = || ("cannot-tell".to_owned(), vec!["weak-file".to_owned()]);
    assert_eq!(states, [("up".to_owned(), vec![]), weak(), weak()]);
    insta::assert_snapshot!(machine.printed("servers matlab", None), @"
    MathWorks MATLAB Network License Manager (FlexNet Publisher)  cannot tell
      MLM  PID 98  53200/tcp  /home/alice/MLM
      warning   MLM (PID 98) may be another program: the user alice can write to /home/alice. Let only root write there, or vouch for them with --trust-user or --trust-path.
    ");
}

#[test]
fn what_only_calls_itself_a_daemon_is_no_orphan() {
    let mut claims = of(99, 1, "/opt/matlab/etc/MLM");
    claims.program_mut().unwrap().exe = None;
    let claims = linux().by_ordinary_user(&[(99, "MLM")]).with(claims);
    insta::assert_snapshot!(claims.printed("servers", None), @"
    MathWorks MATLAB Network License Manager (FlexNet Publisher)  cannot tell
      MLM  PID 99  (hidden)
      note      PID 99 calls itself MLM. What it runs, and where it listens, is hidden.
    ");
}

#[test]
fn the_causes_of_an_error_that_hold_here_come_first() {
    let orphan = linux().socket("tcp 0.0.0.0:53200", &[of(99, 1, "/opt/matlab/etc/MLM")]);
    let told = orphan.printed("explain --servers -97", None);
    insta::assert_snapshot!(told, @r"
    -97  a license error of FlexNet Publisher

    FlexNet Publisher -97  LM_VENDOR_DOWN
    Meaning      lmgrd answers, but the vendor daemon does not run.
    Cause 1      A vendor daemon is left over from a license server that ended. A new one cannot start
                 before it stops.
      Here       MathWorks MATLAB Network License Manager: MLM (PID 99) is left over from a license
                 server that ended. A new one cannot start it until it stops. Stop it, then start the
                 license server: kill 99
    Cause 2      lmgrd runs, but the vendor's daemon does not: it could not start, or it ended. The
                 debug log says why.
      Check      whatlistens servers
    Cause 3      Two license servers run for the same vendor: the daemon of the second cannot start.
      Check      whatlistens servers
    Cause 4      The host ID of the SERVER or FEATURE line is not this machine's: a network card was
                 changed or is switched off, or the file is another machine's.
      Check      whatlistens servers
    Cause 5      The VENDOR line has no port=, so that the daemon's port changes with every start, and a
                 firewall blocks the new one.
      Check      whatlistens servers
    Cause 6      The vendor daemon runs but listens nowhere: it is starting, or it hangs.
      Check      whatlistens servers
    Cause 7      A line of the license file is broken: wrapped by a mail program, a missing \ before its
                 continuation, or not plain text.
      Check      whatlistens servers
    Source       https://docs.revenera.com/fnp/2024r1/LicAdmin_Guide/Content/helplibrary/Error_Code_Descriptions.htm
                 github.com/mjtrangoni/flexlm_exporter: collector/errors.go
                 github.com/os-fpga/Raptor: Tools/Flex_LM/machind/lmclient.h, the symbols
    ");
    let usual = orphan.printed("explain -97", None);
    assert!(!usual.contains("PID 99"), "without the option nothing is scanned: {usual}");
    insta::assert_snapshot!(orphan.refusal("explain --servers -15 lmgrd"), @"‘lmgrd’ is no license error: explain --servers takes errors alone, as in explain --servers -15");
    let none = linux().printed("explain --servers -15", None);
    assert!(none.contains("No license server of FlexNet Publisher listens on this machine."), "{none}");
}

#[test]
fn that_no_cause_of_an_error_holds_here_is_said() {
    let here = |machine: &Machine, line: &str| {
        let text = machine.printed(line, None);
        text.lines().find_map(|line| line.strip_prefix("Here         ")).map(str::to_owned)
    };
    let said = "None of these causes was found on this machine.";
    for code in ["-15", "-97"] {
        assert_eq!(here(&healthy(), &format!("explain {code} --servers")).as_deref(), Some(said), "{code}");
        assert_eq!(here(&healthy(), &format!("explain {code}")), None, "{code}");
    }
    assert_eq!(here(&linux(), "explain -15 --servers"), None, "one was found");
    // One that cannot be seen may listen.
    let hidden = linux().by_ordinary_user(&[(7, "lmgrd")]).socket("tcp 0.0.0.0:27000", &[]);
    let text = hidden.printed("explain -15,570 --servers", None);
    assert!(!text.contains("listens on this machine"), "{text}");
    // How the command line is quoted is the system's own way.
    let unwrapped = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let said = "Here None of these causes was found on this machine, but not all can be seen. The owner of 1 socket \
                could not be identified without more rights. To see more: ";
    assert!(unwrapped.contains(said), "{text}");
    // Another problem is none of these causes, but a problem.
    assert_eq!(here(&without_daemon(), "explain -15 --servers"), None, "it is one");
    let text = without_daemon().printed("explain -9 --servers", None);
    let unwrapped = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(unwrapped.contains("but its license servers have other problems: whatlistens servers"), "{text}");
}

#[test]
fn what_is_hidden_is_said() {
    let hidden = linux().by_ordinary_user(&[(7, "lmgrd")]).socket("tcp 0.0.0.0:27000", &[]);
    insta::assert_snapshot!(hidden.printed("servers", None), @"
    Revenera FlexNet license server (FlexNet Publisher)         cannot tell
      note      The process that listens on 27000/tcp is hidden.

    The owner of 1 socket could not be identified without more rights. To see more: sudo whatlistens servers
    ");
    let mut claims = of(812, 1, LMGRD);
    claims.program_mut().unwrap().exe = None;
    let claims = linux().by_ordinary_user(&[(812, "lmgrd")]).with(claims);
    insta::assert_snapshot!(claims.printed("servers", None), @"
    Revenera FlexNet license server (FlexNet Publisher)         cannot tell
      lmgrd  PID 812  (hidden)
      note      PID 812 calls itself lmgrd. What it runs, and where it listens, is hidden.
    ");
}

#[test]
fn a_server_that_may_be_hidden_is_not_said_to_be_missing() {
    // As with hidepid=2: a port that is no license manager's, held by somebody whom nobody sees.
    let machine = linux().by_ordinary_user(&[]).socket("tcp 0.0.0.0:27123", &[]);
    let machine = machine.seen(|seen| seen.hidden = HiddenProcesses::Unlisted);
    for line in ["servers autodesk", "servers", "--licenses"] {
        let document = read(&machine.printed(&format!("{line} --json"), None));
        let gaps: Vec<&str> = document.gaps.iter().map(|gap| gap.kind.as_str()).collect();
        assert_eq!((document.complete, &gaps[..]), (false, &["owner-hidden"][..]), "{line}");
    }
    assert_eq!(
        machine.run("servers --check autodesk", &Environment::plain()).unwrap().2,
        Exit::Checked(CheckStatus::Unknown)
    );
    insta::assert_snapshot!(machine.printed("servers autodesk", None), @r"
    No license server of autodesk was found.
    The owner of 1 socket could not be identified, because /proc does not show you the processes of other users: what you asked for may be among them. To see more: sudo whatlistens servers autodesk
    ");
}

#[test]
fn an_orphan_whose_file_shows_what_it_is_has_a_verdict() {
    let daemon = with_file(99, "/opt/matlab/etc/MLM", |exe| {
        exe.contents = contains("FLEXnet Licensing Report Log");
    });
    let machine = linux().socket("tcp 0.0.0.0:53200", std::slice::from_ref(&daemon));
    insta::assert_snapshot!(machine.printed("53200", None), @r"
    53200/tcp  cannot-tell
    MLM (PID 99) listens on TCP port 53200.

    Verdict      cannot-tell (warning): MLM belongs to MathWorks MATLAB Network License Manager, but no
                 license server that runs has started it
    Next         A license server cannot start its own MLM as long as this one runs. Stop it, then start
                 the license server: kill 99

    Started      2026-11-22 02:53:20 (66 minutes ago)
    Runs         /opt/matlab/etc/MLM
    File         only root can replace it
    User         alice
    Reach        0.0.0.0 (any other machine, unless a firewall blocks it)
    Registry     none: dynamic ports (49152 and up) are never assigned
    License      MathWorks MATLAB Network License Manager; expected process: lmgrd, lmadmin or MLM
    Note         lmgrd listens on 27000 and starts the vendor daemon MLM, on a port that the system
                 chooses unless the license file names one: 27001 and 1711 are examples.

    MathWorks MATLAB Network License Manager (FlexNet Publisher)  orphaned daemon
      MLM  PID 99  53200/tcp  /opt/matlab/etc/MLM
      critical  MLM (PID 99) is left over from a license server that ended. A new one cannot start it until it stops. Stop it, then start the license server: kill 99
    ");
    for options in ["--licenses", "--flagged"] {
        assert_eq!(machine.report(options).rows.len(), 1, "{options}");
    }
    let started = |parent: Process| {
        let daemon = Process { ppid: Some(parent.pid), ..daemon.clone() };
        let machine = linux().with(parent).socket("tcp 0.0.0.0:53200", &[daemon]);
        machine.report("").rows.remove(0).license.map(|license| license.rule)
    };
    assert_eq!(started(of(50, 1, "/usr/bin/bash")), Some("orphaned-daemon"));
    assert_eq!(started(of(50, 1, LMGRD)), Some("started-daemon"));
    // A script between the two, a server that only calls itself so, and ancestors that are not all known.
    let wrapped = linux().with(of(40, 1, LMGRD)).with(of(50, 40, "/usr/bin/bash"));
    let wrapped = wrapped.socket("tcp 0.0.0.0:53200", &[Process { ppid: Some(50), ..daemon.clone() }]);
    assert_eq!(wrapped.report("").rows.remove(0).license, None);
    let unseen = running_with(50, LMGRD, |program| program.exe = None);
    assert_eq!(started(unseen), None);
    assert_eq!(started(of(50, 40, "/usr/bin/bash")), None);
}

#[test]
fn a_program_of_a_license_server_that_does_not_run_is_known_in_any_case() {
    let empty = linux().socket("tcp 0.0.0.0:22", &[]);
    for word in ["lmgrd", "LMGRD", "Lmgrd", "ADSKFLEX", "mlm"] {
        let (text, _, exit) = empty.run(word, &Environment::plain()).unwrap();
        assert_eq!(exit, Exit::NothingMatched, "{word}");
        assert!(text.starts_with(&format!("No process called {word} ")), "{text}");
    }
}
