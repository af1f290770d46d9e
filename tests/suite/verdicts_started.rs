//! What follows from who started a process: lmgrd and rlm start their vendors' daemons and nothing else.

use whatlistens::model::{
    Checked, CodeFile, Contents, Executable, FileVersion, Interpreter, License, NotInspected, Os, Pid,
    Process, Program, Severity, Verdict,
};

use crate::recorded::{
    anyone_at, contains, is_interpreter, linux, process, running_with, user, with_file, written_by,
};

const LMGRD: &str = "/opt/flexlm/lmgrd";
const RLM: &str = "/opt/rlm/rlm";
/// No license manager uses it.
const FREE: &str = "tcp 0.0.0.0:40001";

fn child(process: Process) -> Process {
    Process { ppid: Some(50), ..process }
}

/// The same process as root's. License servers are run by root or by the account of a service.
fn roots(process: Process) -> Process {
    Process { uid: Some(0), ..process }
}

/// The judgement of a socket that a process holds which `server` (PID 50) started; `None` where the port is not a
/// license port.
fn started(place: &str, daemon: Process, server: Process) -> Option<License> {
    linux().with(server).socket(place, &[child(daemon)]).report("").rows.remove(0).license
}

fn by(place: &str, exe: &str, server: &str) -> Option<License> {
    started(place, process(51, exe), roots(process(50, server)))
}

fn in_short(license: Option<License>) -> Option<(Verdict, &'static str)> {
    license.map(|license| (license.verdict, license.rule))
}

fn ids(license: &License) -> Vec<&str> {
    license.managers.iter().map(|manager| manager.id.as_str()).collect()
}

#[test]
fn a_daemon_that_its_server_started_is_expected_whoever_else_uses_the_port() {
    for (place, exe, id, in_the_way_of) in [
        // The registry gives the number to somebody of whom nothing is known.
        ("tcp 0.0.0.0:5281", "/opt/cadence/cdslmd", "cadence", "Undo License Manager"),
        ("tcp 0.0.0.0:1715", "/opt/x/adskflex", "autodesk-nlm", "SideFX"),
    ] {
        let license = by(place, exe, LMGRD).expect("a license port");
        assert_eq!((license.verdict, license.rule), (Verdict::Expected, "started-daemon"), "{exe}");
        assert_eq!(ids(&license), [id], "{exe}");
        let says = license.reason.contains("this is why ") && license.reason.ends_with(" cannot start here");
        assert!(says && license.reason.contains(in_the_way_of), "{}", license.reason);
        // By itself it is in the way, or nothing is known.
        let alone = linux().socket(place, &[process(51, exe)]).report("").rows.remove(0).license.unwrap();
        assert_ne!(alone.verdict, Verdict::Expected, "{exe}");
    }
    let on_27010 = by("tcp 0.0.0.0:27010", "/opt/matlab/MLM", LMGRD).unwrap();
    assert_eq!(on_27010.verdict, Verdict::Expected, "{on_27010:?}");
    // A fake server of a user's, and a genuine one that another user runs, bless nobody.
    let on_5281 = |server| started("tcp 0.0.0.0:5281", process(51, "/opt/cadence/cdslmd"), server).unwrap();
    for server in [
        with_file(50, "/home/alice/lmgrd", |file| {
            file.writers = written_by(user(1000, "alice"), "/home/alice")
        }),
        with_file(50, LMGRD, |file| file.writers = Checked::Failed(NotInspected::MayNotAnswer)),
        with_file(50, LMGRD, |file| file.contents = is_interpreter(Interpreter::Python)),
        Process { uid: Some(4242), ..process(50, LMGRD) },
        process(50, "/usr/bin/bash"),
    ] {
        let license = on_5281(server);
        assert_ne!(license.verdict, Verdict::Expected, "{license:?}");
    }
}

#[test]
fn an_unknown_child_of_a_license_server_is_a_vendor_daemon() {
    for (exe, server, id) in [
        ("/opt/rlm/redshift", RLM, "rlm"),
        ("/opt/nice/rlm/odd", "/opt/nice/rlm/rlm", "rlm"),
        ("/usr/local/flexlm/odd_lmd", "/usr/local/flexlm/lmgrd", "flexnet"),
        ("/opt/x/odd_lmd", "/usr/bin/lmgrd.intel", "flexnet"),
    ] {
        let license = by(FREE, exe, server);
        let Some(license) = license else { panic!("{exe}") };
        assert_eq!((license.verdict, license.rule), (Verdict::Expected, "started-daemon"), "{exe}");
        let known = license.reason.contains(" belongs to ");
        assert!(known || ids(&license) == [id], "{license:?}");
    }
    let license = by(FREE, "/opt/rlm/odd", RLM).unwrap();
    insta::assert_snapshot!(license.reason, @"odd is a vendor daemon, started by rlm (PID 50); its vendor is not known");
    assert_eq!(license.expected, ["rlm"]);
    let machine = linux().with(roots(process(50, RLM))).socket(FREE, &[child(process(51, "/opt/rlm/odd"))]);
    assert_eq!(machine.report("--licenses").rows.len(), 1);
    let on_sidefx_s = by("tcp 0.0.0.0:1715", "/opt/rlm/odd", RLM).unwrap();
    assert!(on_sidefx_s.reason.contains("cannot start here"), "{}", on_sidefx_s.reason);
    // The servers of other systems start whatever they like, and process 1 adopts what others started.
    assert_eq!(in_short(by(FREE, "/opt/x/odd", "/opt/x/lmx-serv")), None);
    let adopted = Process { ppid: Some(1), ..process(51, "/opt/x/odd") };
    let machine = linux().with(process(1, LMGRD)).socket(FREE, &[adopted]);
    assert_eq!(machine.report("").rows.remove(0).license, None);
}

/// A license file may name any program as a VENDOR.
#[test]
fn a_program_that_does_what_it_is_told_is_no_daemon_whoever_started_it() {
    for exe in [
        "/usr/bin/nc",
        "/opt/x/nc",
        "/opt/x/bash",
        "/opt/x/socat",
        "/opt/x/python3",
        "/opt/x/perl",
        "/opt/x/busybox",
        "/usr/sbin/sshd",
        "/usr/lib/systemd/systemd-socket-proxyd",
        "/usr/bin/anything",
        "/opt/x/ssh",
        "/opt/x/java",
    ] {
        for server in [LMGRD, RLM] {
            assert_eq!(in_short(by(FREE, exe, server)), None, "{exe}");
            let license = by("tcp 0.0.0.0:27000", exe, server).unwrap();
            assert!(!matches!(license.verdict, Verdict::Expected), "{license:?}");
        }
    }
    // Under another name its content shows it.
    let renamed = with_file(51, "/opt/x/odd", |file| file.contents = is_interpreter(Interpreter::Bash));
    let license = started(FREE, renamed, roots(process(50, LMGRD))).unwrap();
    assert_eq!((license.verdict, license.rule), (Verdict::Mismatch, "disguised-interpreter"));
}

/// What is weaker about a program, and the rule that says so.
type Doubt = (fn(&mut Program), &'static str);

/// The license file of an ordinary user may name any program of root's as a vendor's daemon.
#[test]
fn of_a_user_s_own_license_server_an_unknown_child_is_no_daemon() {
    assert_eq!(in_short(started(FREE, process(51, "/opt/x/odd"), process(50, LMGRD))), None);
    let service = Process { uid: Some(999), ..process(50, LMGRD) };
    let child = Process { uid: Some(999), ..process(51, "/opt/x/odd") };
    assert_eq!(in_short(started(FREE, child, service)), Some((Verdict::Expected, "started-daemon")));
    let known = started(FREE, process(51, "/opt/x/adskflex"), process(50, LMGRD));
    assert_eq!(in_short(known), Some((Verdict::Expected, "started-daemon")));
}

#[test]
fn an_unknown_daemon_is_as_good_as_its_own_file() {
    let with = |change: fn(&mut Program)| {
        started(FREE, running_with(51, "/opt/x/odd", change), roots(process(50, LMGRD)))
    };
    assert_eq!(in_short(with(|_| ())), Some((Verdict::Expected, "started-daemon")));
    let doubts: [Doubt; 7] = [
        (
            |program| program.exe.as_mut().unwrap().writers = written_by(user(1000, "alice"), "/opt/x"),
            "replaceable-file",
        ),
        (|program| program.exe.as_mut().unwrap().path_confirmed = Checked::Done(false), "other-file"),
        (|program| program.exe.as_mut().unwrap().path_confirmed = Checked::NotRequested, "unconfirmed-path"),
        (|program| program.exe.as_mut().unwrap().deleted = Some(true), "deleted-file"),
        (|program| program.exe.as_mut().unwrap().contents = Checked::NotRequested, "unknown-contents"),
        (|program| program.loaded = Checked::NotRequested, "unknown-libraries"),
        (
            |program| {
                let path = "/tmp/x.so".to_owned();
                program.loaded = Checked::Done(vec![CodeFile { path, writers: anyone_at("/tmp") }]);
            },
            "replaceable-library",
        ),
    ];
    for (change, rule) in doubts {
        assert_eq!(in_short(with(change)), Some((Verdict::CannotTell, rule)));
    }
    let replaced = with(doubts[0].0).unwrap();
    assert_eq!(replaced.severity, Severity::Warning);
    // A server that is in doubt blesses no unknown child.
    let planted = with_file(50, "/tmp/lmgrd", |file| file.writers = anyone_at("/tmp"));
    assert_eq!(in_short(started(FREE, process(51, "/opt/x/odd"), planted)), None);
    let of_another = Process { uid: Some(4242), ..process(50, LMGRD) };
    assert_eq!(in_short(started(FREE, process(51, "/opt/x/odd"), of_another)), None);
}

/// Whoever starts a genuine server may have opened its socket before, and passed it on to any program.
#[test]
fn an_unknown_heir_of_a_server_s_socket_is_no_daemon() {
    let holders = [process(50, LMGRD), child(process(51, "/opt/x/odd"))];
    let license = linux().socket("tcp 0.0.0.0:27000", &holders).report("").rows.remove(0).license.unwrap();
    assert_eq!((license.verdict, license.rule), (Verdict::CannotTell, "shared-with-child"));
}

/// On Windows the version resource may say that the file was another program.
#[test]
fn an_unknown_daemon_under_its_original_name_is_no_other_program() {
    let on = |original: &str| {
        let daemon = with_file(51, r"C:\rlm\odd.exe", |file| {
            let (company, original_name) = (Some("Odd Ltd".to_owned()), Some(original.to_owned()));
            file.version = Some(FileVersion { company, product: None, original_name });
        });
        let machine = linux()
            .os(Os::Windows)
            .with(roots(process(50, r"C:\rlm\rlm.exe")))
            .socket(FREE, &[child(daemon)]);
        in_short(machine.report("").rows.remove(0).license)
    };
    assert_eq!(on("ODD.EXE"), Some((Verdict::Expected, "started-daemon")));
    assert_eq!(on("nc.exe"), Some((Verdict::CannotTell, "other-maker")));
}

#[test]
fn two_managers_of_one_daemon_are_both_named() {
    let license = by(FREE, "/opt/synopsys/snpslmd", LMGRD).unwrap();
    insta::assert_snapshot!(license.reason, @"snpslmd belongs to Microchip Libero license server or Synopsys Common Licensing, started by lmgrd (PID 50)");
    assert_eq!(ids(&license), ["microchip-libero", "synopsys"]);
    // On a port of one of them it is that one's, and the most certain facts decide.
    assert_eq!(ids(&by("tcp 0.0.0.0:27020", "/opt/synopsys/snpslmd", LMGRD).unwrap()), ["synopsys"]);
    assert_eq!(ids(&by(FREE, "/opt/x/adskflex", LMGRD).unwrap()), ["autodesk-nlm"]);
}

#[test]
fn who_else_uses_the_number_is_not_named_where_the_process_decides() {
    let on_27000 = |exe| {
        linux().socket("tcp 0.0.0.0:27000", &[process(9, exe)]).report("").rows.remove(0).license.unwrap()
    };
    let lmgrd = on_27000(LMGRD);
    assert_eq!(
        (ids(&lmgrd), &lmgrd.expected[..]),
        (vec!["flexnet"], &["lmgrd", "lmadmin"].map(str::to_owned)[..])
    );
    assert_eq!(ids(&on_27000(RLM)), ["perforce-qac"]);
    assert_eq!(ids(&on_27000("/opt/x/adskflex")), ["autodesk-nlm"]);
    // Where nothing decides, both may be right.
    assert_eq!(ids(&on_27000("/usr/bin/odd")), ["flexnet", "perforce-qac"]);
    let machine = linux().socket("tcp 0.0.0.0:27000", &[process(9, LMGRD)]);
    assert!(!machine.printed("27000", None).contains("Perforce"));
}

fn saying(pid: Pid, exe: &str, texts: &[&str]) -> Process {
    let texts = texts.iter().map(|text| (*text).to_owned()).collect();
    with_file(pid, exe, |file: &mut Executable| {
        file.contents = Checked::Done(Contents { texts, ..Contents::default() });
    })
}

#[test]
fn a_text_in_its_file_shows_a_server_or_a_daemon_under_any_name() {
    const OF_BOTH: &str = "FLEXnet Licensing Report Log";
    let phenyx = roots(saying(50, "/opt/phenyx/phenyx-lmgrd", &["lmgrd tcp-port", OF_BOTH]));
    let on = |place: &str, process: &Process| {
        linux().socket(place, std::slice::from_ref(process)).report("").rows.remove(0).license
    };
    assert_eq!(in_short(on("tcp 0.0.0.0:27000", &phenyx)), Some((Verdict::Expected, "right-program")));
    assert_eq!(in_short(on("tcp 0.0.0.0:1055", &phenyx)), Some((Verdict::Expected, "right-program")));
    // Its children are its daemons, known or not.
    for exe in ["/opt/phenyx/odd", "/opt/matlab/MLM"] {
        let license = started(FREE, process(51, exe), phenyx.clone());
        assert_eq!(in_short(license), Some((Verdict::Expected, "started-daemon")), "{exe}");
    }
    // The text that both have shows no server, and neither do the texts of both.
    for texts in [&[OF_BOTH][..], &["EXTERNAL FILTERS", "lmgrd tcp-port"]] {
        let server = saying(50, "/opt/phenyx/phenyx-lmgrd", texts);
        assert_eq!(in_short(started(FREE, process(51, "/opt/phenyx/odd"), server)), None, "{texts:?}");
    }
    // A text proves no more than a name: the file has to bear it out.
    let mut planted = phenyx.clone();
    planted.program_mut().unwrap().exe.as_mut().unwrap().writers = anyone_at("/opt/phenyx");
    assert_eq!(in_short(on("tcp 0.0.0.0:27000", &planted)), Some((Verdict::CannotTell, "replaceable-file")));
    assert_eq!(in_short(started(FREE, process(51, "/opt/phenyx/odd"), planted)), None);
    let daemon = saying(51, "/opt/x/daemon7", &["EXTERNAL FILTERS"]);
    assert_eq!(in_short(on("tcp 0.0.0.0:27004", &daemon)), Some((Verdict::Expected, "any-vendor-port")));
    assert_eq!(in_short(on("tcp 0.0.0.0:1055", &daemon)), Some((Verdict::CannotTell, "unlisted-daemon")));
}

#[test]
fn one_name_of_two_technologies_daemons_is_told_by_server_or_file() {
    let of = |license: Option<License>| license.map(|license| ids(&license).join(" ")).unwrap_or_default();
    assert_eq!(of(by(FREE, "/opt/foundry/foundry", "/opt/foundry/lmgrd.foundry")), "foundry-flexnet");
    assert_eq!(of(by(FREE, "/opt/foundry/foundry", "/opt/foundry/rlm.foundry")), "foundry");
    let marked = |contents| with_file(51, "/opt/foundry/foundry", |file| file.contents = contents);
    let on_27004 = |daemon| linux().socket("tcp 0.0.0.0:27004", &[daemon]).report("").rows.remove(0).license;
    assert_eq!(of(on_27004(marked(contains("EXTERNAL FILTERS")))), "foundry-flexnet");
    assert_eq!(
        in_short(on_27004(process(51, "/opt/foundry/foundry"))),
        Some((Verdict::OtherLicenseManager, "other-manager"))
    );
}

/// The system may give such a port to any program that asks for none in particular.
#[test]
fn a_port_of_the_ephemeral_range_is_a_license_port_only_under_a_license_program() {
    for (place, own) in [("tcp 0.0.0.0:41954", Some("/opt/gurobi/grb_ts")), ("tcp 0.0.0.0:33133", None)] {
        let on = |exe| linux().socket(place, &[process(9, exe)]).report("").rows.remove(0).license;
        assert_eq!(on("/usr/bin/firefox"), None, "{place}");
        if let Some(own) = own {
            assert_eq!(on(own).map(|license| license.verdict), Some(Verdict::Expected), "{place}");
        }
    }
    // The registry's own are license ports wherever they are.
    let altova = linux().socket("tcp 0.0.0.0:35355", &[process(9, "/usr/bin/odd")]).report("").rows.remove(0);
    assert!(altova.license.is_some());
}
