//! The rules of the verdict: for each, a case it applies to and one it does not.

use whatlistens::model::{Executable, License, Os, Process, Severity, Verdict};

use crate::recorded::{Machine, linux, process};

fn judged(machine: &Machine) -> License {
    let rows = machine.report("").rows;
    rows[0].license.clone().expect("a license port")
}

/// The verdict on one socket held by one process.
fn on(place: &str, exe: &str) -> (Verdict, Severity) {
    let license = judged(&linux().socket(place, &[process(4242, exe)]));
    (license.verdict, license.severity)
}

const EXPECTED: (Verdict, Severity) = (Verdict::Expected, Severity::Info);
const OTHER: (Verdict, Severity) = (Verdict::OtherLicenseManager, Severity::Info);
const MISMATCH: (Verdict, Severity) = (Verdict::Mismatch, Severity::Warning);
const MILD_MISMATCH: (Verdict, Severity) = (Verdict::Mismatch, Severity::Info);
const CANNOT_TELL: (Verdict, Severity) = (Verdict::CannotTell, Severity::Info);

#[test]
fn every_manager_s_own_process_is_expected_and_a_stranger_is_not() {
    for (place, exe, stranger) in [
        ("tcp 0.0.0.0:1538", "/opt/autodesk/adskflex", MISMATCH),
        ("tcp 0.0.0.0:2080", "/opt/autodesk/adskflex", MISMATCH),
        ("tcp 0.0.0.0:1055", "/ansys_inc/linx64/ansyslmd", MISMATCH),
        ("tcp 0.0.0.0:7279", "/opt/citrix/CITRIX", MISMATCH),
        ("tcp 0.0.0.0:27000", "/opt/flexlm/lmgrd", MISMATCH),
        ("tcp 0.0.0.0:27009", "/opt/flexlm/lmadmin", MISMATCH),
        ("udp 0.0.0.0:5093", "/opt/sentinel/lserv", MISMATCH),
        ("tcp 0.0.0.0:1947", "/usr/sbin/hasplmd_x86_64", MILD_MISMATCH),
        ("udp 0.0.0.0:1947", "/usr/sbin/hasplmd", MILD_MISMATCH),
    ] {
        assert_eq!(on(place, exe), EXPECTED, "{exe} on {place}");
        assert_eq!(on(place, "/usr/bin/python3.11"), stranger, "python on {place}");
    }
}

#[test]
fn the_flexnet_server_is_right_on_every_flexnet_port_under_any_vendor_s_name_for_it() {
    for place in ["tcp 0.0.0.0:1055", "tcp 0.0.0.0:1538", "tcp 0.0.0.0:2080", "tcp 0.0.0.0:7279"] {
        assert_eq!(on(place, "/opt/x/lmgrd"), EXPECTED, "{place}");
        assert_eq!(on(place, "/opt/x/lmgrd.intel"), EXPECTED, "{place}");
        assert_eq!(on(place, "/opt/x/lmgrd-11.10.0.0"), EXPECTED, "{place}");
    }
    // Not FlexNet.
    assert_eq!(on("udp 0.0.0.0:5093", "/opt/x/lmgrd"), OTHER);
    assert_eq!(on("tcp 0.0.0.0:27000", "/opt/x/lmgrdx"), MISMATCH);
}

#[test]
fn a_vendor_daemon_is_at_home_on_flexnet_s_range_and_in_the_way_on_another_vendor_s_port() {
    assert_eq!(on("tcp 0.0.0.0:27004", "/opt/autodesk/adskflex"), EXPECTED);
    let on_ansys = linux().socket("tcp 0.0.0.0:1055", &[process(4242, "/opt/autodesk/adskflex")]);
    let license = judged(&on_ansys);
    assert_eq!((license.verdict, license.severity), OTHER);
    insta::assert_snapshot!(license.reason, @"adskflex belongs to Autodesk Network License Manager; while it holds this port, Ansys License Manager cannot start here");
}

#[test]
fn protocol_decides() {
    assert!(
        linux().socket("tcp 0.0.0.0:5093", &[process(1, "/x/lserv")]).report("").rows[0].license.is_none()
    );
}

#[test]
fn a_process_is_judged_by_its_file_and_not_by_what_it_calls_itself() {
    let mut renamed = process(4242, "/usr/bin/python3.11");
    renamed.short_name = Some("lmgrd".to_owned());
    let license = judged(&linux().socket("tcp 0.0.0.0:27000", &[renamed]));
    assert_eq!((license.verdict, license.severity), MISMATCH);
    assert_eq!(license.evidence, ["exe /usr/bin/python3.11", "calls itself lmgrd"]);
    // A server that gives itself another name is still the server.
    let mut server = process(4242, "/opt/x/lmgrd");
    server.short_name = Some("worker".to_owned());
    assert_eq!(judged(&linux().socket("tcp 0.0.0.0:27000", &[server])).verdict, Verdict::Expected);
}

#[test]
fn a_right_name_is_not_believed_where_anyone_could_have_put_the_file() {
    let with = |change: fn(&mut Executable)| {
        let mut server = process(4242, "/tmp/lmgrd");
        change(server.exe.as_mut().unwrap());
        let license = judged(&linux().socket("tcp 0.0.0.0:27000", &[server]));
        (license.verdict, license.severity)
    };
    assert_eq!(
        with(|exe| exe.replaceable_at = Some("/tmp".to_owned())),
        (Verdict::CannotTell, Severity::Warning)
    );
    assert_eq!(with(|exe| exe.deleted = Some(true)), CANNOT_TELL);
    assert_eq!(with(|exe| exe.deleted = None), EXPECTED);
}

#[test]
fn what_holds_a_port_for_another_cannot_be_judged() {
    for exe in ["/usr/bin/docker-proxy", "/usr/lib/systemd/systemd", "/usr/lib/jvm/bin/java"] {
        assert_eq!(on("tcp 0.0.0.0:27000", exe), CANNOT_TELL, "{exe}");
    }
    assert_eq!(on("tcp 0.0.0.0:27000", "/usr/bin/javascript"), MISMATCH);
    let advice = judged(&linux().socket("tcp 0.0.0.0:2080", &[process(7, "/usr/bin/docker-proxy")])).advice;
    insta::assert_snapshot!(advice.unwrap(), @"See which container publishes the port: docker ps --filter publish=2080.");
}

#[test]
fn a_socket_that_systemd_opened_for_a_server_is_the_server_s() {
    let systemd = Process { ppid: None, ..process(1, "/usr/lib/systemd/systemd") };
    let holders = |exe| [systemd.clone(), process(4242, exe)];
    let license = judged(&linux().socket("tcp 0.0.0.0:27000", &holders("/opt/x/lmgrd")));
    assert_eq!(license.verdict, Verdict::Expected);
    let license = judged(&linux().socket("tcp 0.0.0.0:27000", &holders("/usr/bin/nc.traditional")));
    assert_eq!(license.verdict, Verdict::Mismatch);
}

#[test]
fn without_a_visible_owner_or_file_there_is_no_verdict() {
    let hidden = judged(&linux().by_ordinary_user(&[(7, "sshd")]).socket("tcp 0.0.0.0:27000", &[]));
    assert_eq!((hidden.verdict, hidden.severity), CANNOT_TELL);
    assert!(hidden.reason.contains("hidden"), "{}", hidden.reason);
    let nobody = judged(&linux().socket("tcp 0.0.0.0:27000", &[]));
    assert!(nobody.reason.contains("no process"), "{}", nobody.reason);
    let nameless = Process { exe: None, ..process(4242, "/opt/x/lmgrd") };
    let license = judged(&linux().socket("tcp 0.0.0.0:27000", &[nameless]));
    assert_eq!((license.verdict, license.severity), CANNOT_TELL);
}

#[test]
fn where_nothing_is_known_of_the_right_process_none_is_wrong() {
    assert_eq!(on("tcp 0.0.0.0:1493", "/usr/bin/python3.11"), CANNOT_TELL);
    let license = judged(&linux().socket("udp 0.0.0.0:1493", &[process(1, "/opt/x/lmgrd")]));
    assert_eq!(license.verdict, Verdict::CannotTell);
    assert!(license.expected.is_empty());
}

#[test]
fn file_names_compare_by_the_observed_system_s_rules() {
    let on = |os, exe| judged(&linux().os(os).socket("tcp 0.0.0.0:2080", &[process(4242, exe)])).verdict;
    assert_eq!(on(Os::Windows, r"C:\Autodesk\ADSKFLEX.EXE"), Verdict::Expected);
    assert_eq!(on(Os::Windows, r"C:\Autodesk\adskflex"), Verdict::Mismatch);
    assert_eq!(on(Os::Linux, "/opt/autodesk/ADSKFLEX"), Verdict::Mismatch);
    assert_eq!(on(Os::Macos, "/opt/autodesk/Adskflex"), Verdict::Expected);
    assert_eq!(on(Os::Windows, r"C:\Windows\System32\svchost.exe"), Verdict::CannotTell);
}

#[test]
fn the_parent_is_given_as_evidence() {
    let daemon = Process { ppid: Some(10), ..process(11, "/opt/autodesk/adskflex") };
    let machine = linux().with(process(10, "/opt/x/lmgrd")).socket("tcp 0.0.0.0:2080", &[daemon]);
    assert_eq!(judged(&machine).evidence, ["exe /opt/autodesk/adskflex", "parent lmgrd (PID 10)"]);
}

#[test]
fn no_port_of_no_manager_is_judged() {
    for place in ["tcp 0.0.0.0:80", "tcp 0.0.0.0:26999", "tcp 0.0.0.0:27010", "udp 0.0.0.0:27000"] {
        assert!(
            linux().socket(place, &[process(1, "/x/lmgrd")]).report("").rows[0].license.is_none(),
            "{place}"
        );
    }
}
