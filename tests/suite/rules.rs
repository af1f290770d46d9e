//! The ten facts that decide whether a verdict can be trusted: for each, a case where it holds and one where
//! it does not. What makes a name doubtful is in `verdicts.rs`.

use std::collections::BTreeSet;

use whatlistens::knowledge::{PortClaims, RegisteredTo};
use whatlistens::model::{Confidence, Executable, License, Os, Process, Protocol, Severity, Verdict};

use crate::recorded::{
    anyone_at, contains, genuine, java, knowledge, linux, process, running, running_with, with_file,
};

const EXPECTED: (Verdict, Severity) = (Verdict::Expected, Severity::Info);
const OTHER: (Verdict, Severity) = (Verdict::OtherLicenseManager, Severity::Info);
const MISMATCH: (Verdict, Severity) = (Verdict::Mismatch, Severity::Warning);
const MILD_MISMATCH: (Verdict, Severity) = (Verdict::Mismatch, Severity::Info);
const CRITICAL: (Verdict, Severity) = (Verdict::Mismatch, Severity::Critical);
const CANNOT_TELL: (Verdict, Severity) = (Verdict::CannotTell, Severity::Info);

const STRANGER: &str = "/usr/bin/python3.11";

/// The judgement of one socket that a process holds; `None` where its port is not a license port.
fn license(place: &str, holder: Process) -> Option<License> {
    linux().socket(place, &[holder]).report("").rows.remove(0).license
}

fn on(place: &str, exe: &str) -> Option<(Verdict, Severity)> {
    license(place, process(4242, exe)).map(|license| (license.verdict, license.severity))
}

/// The same for a daemon that another process started.
fn child(place: &str, exe: &str, parent: &str) -> Option<License> {
    let daemon = Process { ppid: Some(50), ..process(51, exe) };
    linux().with(process(50, parent)).socket(place, &[daemon]).report("").rows.remove(0).license
}

fn verdict(license: Option<License>) -> Option<(Verdict, Severity)> {
    license.map(|license| (license.verdict, license.severity))
}

#[test]
fn fact_1_the_flexnet_server_is_right_on_any_flexnet_server_port() {
    for place in [
        "tcp 0.0.0.0:1055",
        "tcp 0.0.0.0:28000",
        "tcp 0.0.0.0:29000",
        "tcp 0.0.0.0:7788",
        "tcp 0.0.0.0:5280",
        "tcp 0.0.0.0:1718",
        "tcp 0.0.0.0:25734",
        "tcp 0.0.0.0:5150",
    ] {
        for exe in ["/opt/x/lmgrd", "/opt/x/lmadmin", "/usr/bin/lmgrd.intel", "/opt/x/lmgrd-11.10.0.0"] {
            assert_eq!(on(place, exe), Some(EXPECTED), "{exe} on {place}");
        }
        assert_ne!(on(place, "/opt/x/lmgrdx"), Some(EXPECTED), "{place}");
    }
    // Where no program is known to be right, none can be confirmed.
    assert_eq!(on("tcp 0.0.0.0:1443", "/opt/x/lmgrd"), Some(CANNOT_TELL));
    assert_eq!(on("udp 0.0.0.0:5093", "/opt/x/lmgrd"), Some(OTHER));
}

#[test]
fn fact_2_a_daemon_that_its_server_started_is_right_on_any_port() {
    for (exe, parent) in [
        ("/opt/matlab/etc/glnxa64/MLM", "/opt/matlab/etc/glnxa64/lmgrd"),
        ("/opt/x/msc", "/opt/x/lmadmin"),
        ("/opt/x/INTEL", "/usr/bin/lmgrd.intel"),
        ("/opt/x/vektorwrx", "/opt/x/rlm"),
        ("/opt/x/foundry", "/opt/x/rlm.foundry"),
    ] {
        assert_eq!(verdict(child("tcp 0.0.0.0:40001", exe, parent)), Some(EXPECTED), "{exe}");
        assert_eq!(verdict(child("tcp 0.0.0.0:8080", exe, parent)), Some(EXPECTED), "{exe}");
        // By its name alone it may be anything, and another technology's server starts no such daemon.
        assert_eq!(verdict(child("tcp 0.0.0.0:40001", exe, "/usr/bin/bash")), None, "{exe}");
        assert_eq!(verdict(child("tcp 0.0.0.0:40001", exe, "/opt/x/lmx-serv")), None, "{exe}");
        assert_eq!(on("tcp 0.0.0.0:40001", exe), None, "{exe}");
    }
    let pair = child("tcp 0.0.0.0:40001", "/opt/x/MLM", "/opt/x/lmgrd").unwrap();
    insta::assert_snapshot!(pair.reason, @"MLM belongs to MathWorks MATLAB Network License Manager, started by lmgrd (PID 50)");
    assert_eq!(pair.managers[0].id, "mathworks");
    let own = child("tcp 0.0.0.0:2080", "/opt/x/adskflex", "/opt/x/lmgrd").unwrap();
    insta::assert_snapshot!(own.reason, @"adskflex is a known program of Autodesk Network License Manager, started by lmgrd (PID 50)");
    // A server that anyone may have put there vouches for no daemon.
    let planted = |path: &str| {
        let parent = with_file(50, path, |file| file.writers = anyone_at("/tmp"));
        let daemon = Process { ppid: Some(50), ..process(51, "/opt/x/MLM") };
        linux().with(parent).socket("tcp 0.0.0.0:40001", &[daemon]).report("").rows.remove(0).license
    };
    assert_eq!(planted("/tmp/lmgrd"), None);
}

#[test]
fn fact_3_a_renamed_daemon_is_known_by_what_its_file_says() {
    let says = |text: &str, place: &str, parent: Option<&str>| {
        let exe = Executable { contents: contains(text), ..genuine("/opt/x/daemon7") };
        let daemon = Process { ppid: Some(50), presence: running(exe), ..process(51, "/opt/x/daemon7") };
        let machine = linux().with(process(50, parent.unwrap_or("/usr/bin/bash")));
        machine.socket(place, &[daemon]).report("").rows.remove(0).license
    };
    let flexnet = "FLEXnet Licensing Report Log";
    assert_eq!(verdict(says(flexnet, "tcp 0.0.0.0:27004", None)), Some(EXPECTED));
    assert_eq!(verdict(says(flexnet, "tcp 0.0.0.0:40001", Some("/opt/x/lmgrd"))), Some(EXPECTED));
    assert_eq!(verdict(says(flexnet, "tcp 0.0.0.0:40001", None)), None);
    // On a vendor's own port it may be that vendor's daemon, or another vendor's.
    let on_autodesk_s = says(flexnet, "tcp 0.0.0.0:2080", None).unwrap();
    assert_eq!((on_autodesk_s.verdict, on_autodesk_s.severity), CANNOT_TELL);
    insta::assert_snapshot!(on_autodesk_s.reason, @"the file of daemon7 says that it is a vendor daemon of FlexNet Publisher, but it is not a known daemon of Autodesk Network License Manager");
    assert!(on_autodesk_s.evidence.contains(&"the file contains “FLEXnet Licensing Report Log”".to_owned()));
    assert_eq!(verdict(says(flexnet, "udp 0.0.0.0:5093", None)), Some(OTHER));
    assert_eq!(verdict(says("something else", "tcp 0.0.0.0:27004", None)), Some(MISMATCH));
}

#[test]
fn fact_4_the_path_counts_and_case_only_where_the_system_minds_it() {
    let on = |os, exe| {
        let machine = linux().os(os).socket("tcp 0.0.0.0:1715", &[process(4242, exe)]);
        verdict(machine.report("").rows.remove(0).license)
    };
    assert_eq!(on(Os::Linux, "/usr/lib/sesi/sesinetd"), Some(EXPECTED));
    assert_eq!(on(Os::Linux, "/usr/lib/sesi/Sesinetd"), Some(MISMATCH));
    assert_eq!(on(Os::Windows, r"C:\Windows\System32\SESINETD.EXE"), Some(EXPECTED));
    assert_eq!(on(Os::Macos, "/Library/SESI/Sesinetd"), Some(EXPECTED));
    let mut renamed = process(4242, STRANGER);
    renamed.short_name = Some("sesinetd".to_owned());
    assert_eq!(verdict(license("tcp 0.0.0.0:1715", renamed)), Some(MISMATCH));
}

#[test]
fn fact_5_another_vendor_s_daemon_is_why_a_server_cannot_start() {
    let license = license("tcp 0.0.0.0:1055", process(4242, "/opt/ptc/ptc_d")).unwrap();
    assert_eq!((license.verdict, license.severity), OTHER);
    insta::assert_snapshot!(license.reason, @"ptc_d belongs to PTC License Server; this is why Ansys License Manager cannot start here");
    assert_eq!(on("tcp 0.0.0.0:1055", "/opt/ansys/ansyslmd"), Some(EXPECTED));
    // A program of no license manager is a stranger.
    assert_eq!(on("tcp 0.0.0.0:1055", STRANGER), Some(MISMATCH));
    // Where its license server started it, the license file gave it the port.
    let started = child("tcp 0.0.0.0:1055", "/opt/ptc/ptc_d", "/opt/ptc/lmgrd").unwrap();
    assert_eq!((started.verdict, started.severity), EXPECTED);
    insta::assert_snapshot!(started.reason, @"ptc_d belongs to PTC License Server, started by lmgrd (PID 50); this is why Ansys License Manager cannot start here");
}

#[test]
fn fact_6_technologies_cross_ranges() {
    assert_eq!(on("tcp 0.0.0.0:27000", "/opt/perforce/rlm"), Some(EXPECTED));
    assert_eq!(on("tcp 0.0.0.0:27001", "/opt/perforce/rlm"), Some(OTHER));
    assert_eq!(on("tcp 0.0.0.0:6200", "/opt/altair/lmx-serv"), Some(EXPECTED));
    assert_eq!(on("tcp 0.0.0.0:6200", "/opt/altair/lmgrd"), Some(OTHER));
    assert_eq!(on("tcp 0.0.0.0:5053", "/opt/foundry/rlm.foundry"), Some(EXPECTED));
}

#[test]
fn fact_7_where_the_registry_notes_others_a_stranger_is_no_warning() {
    for place in ["tcp 0.0.0.0:1947", "udp 0.0.0.0:1947", "tcp 0.0.0.0:6200", "tcp 0.0.0.0:28000"] {
        assert_eq!(on(place, STRANGER), Some(MILD_MISMATCH), "{place}");
    }
    // No program is known to be right on 1521, so none is wrong, least of all Oracle's listener.
    assert_eq!(on("tcp 0.0.0.0:1521", "/u01/app/oracle/bin/tnslsnr"), Some(CANNOT_TELL));
    for place in ["tcp 0.0.0.0:1055", "tcp 0.0.0.0:2080", "tcp 0.0.0.0:29000"] {
        assert_eq!(on(place, STRANGER), Some(MISMATCH), "{place}");
    }
}

#[test]
fn fact_8_protocol_matters() {
    assert_eq!(on("udp 0.0.0.0:5093", "/opt/x/lserv"), Some(EXPECTED));
    let by_tcp = license("tcp 0.0.0.0:5093", process(4242, "/opt/x/lserv")).unwrap();
    assert_eq!((by_tcp.verdict, by_tcp.severity), CANNOT_TELL);
    assert!(by_tcp.managers[0].note.contains("not by this protocol"), "{by_tcp:?}");
    assert_eq!(on("udp 0.0.0.0:5053", "/opt/x/rlm"), Some(EXPECTED));
    assert_eq!(on("udp 0.0.0.0:5053", STRANGER), Some(MISMATCH));
    assert_eq!(on("udp 0.0.0.0:6200", "/opt/x/lmx-serv"), Some(EXPECTED));
    assert_eq!(on("udp 0.0.0.0:5054", STRANGER), None, "RLM's pages are by TCP alone");
    assert_eq!(on("udp 0.0.0.0:27000", STRANGER), Some(CANNOT_TELL), "FlexNet is TCP alone");
}

#[test]
fn fact_9_present_is_not_serving() {
    let reason = |place, exe| {
        let license = license(place, process(4242, exe)).unwrap();
        assert_eq!((license.verdict, license.severity), EXPECTED);
        license.reason
    };
    insta::assert_snapshot!(reason("tcp 0.0.0.0:1714", "/opt/hfs/bin/hserver"), @"hserver is a known program of SideFX hserver; it helps the programs that use licenses, and is not a license server");
    insta::assert_snapshot!(reason("tcp 127.0.0.1:22350", "/usr/sbin/CodeMeterLin"), @"CodeMeterLin is a known program of Wibu-Systems CodeMeter; it is bound to loopback and serves only the programs of this machine, as on any machine that uses licenses");
    insta::assert_snapshot!(reason("tcp [::1]:1947", "/usr/sbin/hasplmd"), @"hasplmd is a known program of Thales Sentinel LDK (HASP) License Manager; it is bound to loopback and serves only the programs of this machine, as on any machine that uses licenses");
    insta::assert_snapshot!(reason("tcp 0.0.0.0:22350", "/usr/sbin/CodeMeterLin"), @"CodeMeterLin is a known program of Wibu-Systems CodeMeter; it also runs on machines that only use licenses, so this may not be a license server");
    insta::assert_snapshot!(reason("tcp 0.0.0.0:1715", "/usr/lib/sesi/sesinetd"), @"sesinetd is a known program of SideFX Houdini license server");
    insta::assert_snapshot!(reason("tcp 127.0.0.1:1715", "/usr/lib/sesi/sesinetd"), @"sesinetd is a known program of SideFX Houdini license server");
}

#[test]
fn fact_10_what_runs_another_program_is_known_by_that_program_or_not_at_all() {
    for exe in ["/usr/bin/docker-proxy", "/usr/lib/systemd/systemd", "/usr/lib/jvm/bin/java"] {
        assert_eq!(on("tcp 0.0.0.0:1055", exe), Some(CANNOT_TELL), "{exe}");
        assert_eq!(on("tcp 0.0.0.0:8080", exe), None, "{exe}");
    }
    let java = |place: &str, id: &str| verdict(license(place, java(4242, id, "/opt/x/server.jar")));
    assert_eq!(java("tcp 0.0.0.0:8080", "jetbrains"), Some(EXPECTED));
    assert_eq!(java("tcp 0.0.0.0:1055", "jetbrains"), Some(OTHER));
    assert_eq!(java("tcp 0.0.0.0:5814", "hp-autopass"), Some(EXPECTED));
}

#[test]
fn genuine_license_servers_in_the_folder_of_an_emulator_are_critical() {
    let lmgrd = "/opt/SolidSQUAD_License_Servers/Bin/lmgrd";
    assert_eq!(on("tcp 0.0.0.0:27800", lmgrd), Some(CRITICAL), "on any port");
    assert_eq!(on("tcp 0.0.0.0:5053", "/opt/SolidSQUAD_License_Servers/Bin/rlm"), Some(CRITICAL));
    assert_eq!(on("tcp 0.0.0.0:27000", "/opt/SolidSQUAD_License_Servers/Vendors/x/ABAQUSLM"), Some(CRITICAL));
    let judged = license("tcp 0.0.0.0:27800", process(9, lmgrd)).unwrap();
    insta::assert_snapshot!(judged.reason, @"lmgrd runs from a folder of the SolidSQUAD license server, a known emulator of Revenera FlexNet license server, not the vendor's own license server");
    // Windows ignores the case of a folder's name, and Linux does not.
    let windows = linux().os(Os::Windows);
    let started = process(9, r"C:\solidworks_flexnet_server\lmgrd.exe");
    let of_windows = windows.socket("tcp 0.0.0.0:25734", &[started]).report("").rows.remove(0).license;
    assert_eq!(verdict(of_windows), Some(CRITICAL));
    for genuine in [
        "/opt/solidsquad_license_servers/lmgrd",
        "/opt/flexlm/lmgrd",
        "/opt/xSolidSQUAD_License_Servers/lmgrd",
    ] {
        assert_eq!(on("tcp 0.0.0.0:27000", genuine), Some(EXPECTED), "{genuine}");
    }
    // What is no license program there listens where it likes.
    assert_eq!(on("tcp 0.0.0.0:8080", "/opt/SolidSQUAD_License_Servers/readme-server"), None);
}

#[test]
fn fact_10_emulators_of_license_servers_are_critical() {
    assert_eq!(on("tcp 0.0.0.0:1688", "/opt/x/vlmcsd"), Some(CRITICAL));
    assert_eq!(on("tcp 0.0.0.0:1689", "/opt/x/vlmcsd"), Some(CRITICAL), "on any port");
    let py_kms = running_with(4242, STRANGER, |program| program.interpreted = Some("py-kms".to_owned()));
    let license = license("tcp 0.0.0.0:1688", py_kms).unwrap();
    assert_eq!((license.verdict, license.severity), CRITICAL);
    insta::assert_snapshot!(license.reason, @"python3.11 runs py-kms, a known emulator of Microsoft Key Management Service, not the vendor's own license server");
    assert_eq!(license.managers[0].id, "microsoft-kms");
    assert!(license.evidence.contains(&"its command line names py-kms".to_owned()));
    // The registry gives 1688 to another service, so no other program is wrong there.
    assert_eq!(on("tcp 0.0.0.0:1688", STRANGER), None);
    let windows = linux().os(Os::Windows);
    let host = windows.socket("tcp 0.0.0.0:1688", &[process(4242, r"C:\Windows\System32\sppsvc.exe")]);
    assert_eq!(verdict(host.report("").rows.remove(0).license), Some(EXPECTED));
}

#[test]
fn every_port_that_the_registry_calls_a_license_manager_s_is_one() {
    let license = license("udp 0.0.0.0:1443", process(4242, STRANGER)).unwrap();
    assert_eq!((license.verdict, license.severity), CANNOT_TELL);
    assert_eq!(
        (license.managers[0].id.as_str(), license.managers[0].vendor.as_deref()),
        ("iana-ies-lm", None)
    );
    insta::assert_snapshot!(license.reason, @"this is a port of Integrated Engineering Software, whose programs on this system are not known, so python3.11 can be neither confirmed nor ruled out");
    assert_eq!(on("tcp 0.0.0.0:3588", STRANGER), None, "Sentinel Server of somebody else");
    let machine = linux()
        .socket("tcp 0.0.0.0:1443", &[process(1, STRANGER)])
        .socket("tcp 0.0.0.0:8080", &[process(2, STRANGER)]);
    assert_eq!(machine.report("--licenses").rows.len(), 1);
}

/// On every port of every manager, on every system: a stranger is a mismatch only where another program is
/// known to be right, and a warning only where the facts are certain and the registry gives the manager the port.
#[test]
fn a_stranger_is_no_more_wrong_than_the_facts_allow() {
    let (facts, registry) = (knowledge().licenses(), knowledge().registry);
    let mut warned_of = 0;
    let ranges = facts.managers.iter().flat_map(|manager| &manager.ports);
    let places: BTreeSet<(u16, Protocol)> = ranges
        .filter_map(|port| Some((port.range?, &port.protocols)))
        .flat_map(|(range, protocols)| protocols.iter().map(move |protocol| (range.last, *protocol)))
        .collect();
    for (port, protocol) in places {
        let place = PortClaims::of(port, Some(protocol), facts, registry);
        let sure = place.managers.iter().any(|manager| manager.confidence > Confidence::RegistryOnly)
            && matches!(place.registered, RegisteredTo::License(_))
            && !place.unauthorized_use;
        for os in Os::ALL {
            let machine =
                linux().os(os).socket(&format!("{protocol} 0.0.0.0:{port}"), &[process(9, "/x/stranger")]);
            let license = machine.report("").rows.remove(0).license;
            // What the system may give to any program is nobody's by a manager's default alone.
            let is_anybody_s = match place.registered {
                RegisteredTo::License(_) => false,
                RegisteredTo::Other(_) => true,
                RegisteredTo::Nobody => port >= 32768,
            };
            assert_eq!(license.is_some(), !is_anybody_s, "{port}/{protocol}");
            let Some(license) = license else { continue };
            assert_eq!(
                license.verdict == Verdict::Mismatch,
                !license.expected.is_empty(),
                "{port}/{protocol}: {license:?}"
            );
            assert_eq!(license.expected, place.expected(facts, os), "{port}/{protocol}");
            if license.severity > Severity::Info {
                assert!(sure && license.verdict == Verdict::Mismatch, "{port}/{protocol}: {license:?}");
                warned_of += 1;
            }
        }
    }
    assert!(warned_of > 40, "{warned_of}");
}

#[test]
fn who_uses_a_number_that_is_nobody_s_warns_of_nothing() {
    assert_eq!(on("tcp 0.0.0.0:25734", STRANGER), Some(MILD_MISMATCH));
    assert_eq!(on("tcp 0.0.0.0:16286", "/usr/local/Wolfram/MathLM/mathlm"), Some(EXPECTED));
    assert_eq!(on("tcp 0.0.0.0:16286", "/opt/x/sesinetd"), Some(OTHER));
    // A known server is expected on any port; hearsay is not enough.
    assert_eq!(on("tcp 0.0.0.0:40001", "/usr/lib/sesi/sesinetd"), Some(EXPECTED));
    assert_eq!(on("tcp 0.0.0.0:40001", "/opt/guardant/grdcontrol"), None);
}
