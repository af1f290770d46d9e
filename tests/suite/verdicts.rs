//! The rules of the verdict: for each, a case where it applies and one where it does not.

use whatlistens::judge::{JudgedSocket, judge};
use whatlistens::knowledge::Registry;
use whatlistens::model::{
    Checked, Executable, Interpreter, License, NotInspected, Os, Owner, Process, Protocol, RelayTarget,
    Severity, Verdict, Vouched,
};

use crate::recorded::{
    Machine, anyone_at, is_interpreter, linux, now, process, running_with, to_address, with_file,
};

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
    let on_range = linux().socket("tcp 0.0.0.0:27004", &[process(4242, "/opt/autodesk/adskflex")]);
    insta::assert_snapshot!(judged(&on_range).reason, @"adskflex belongs to Autodesk Network License Manager; any vendor's daemon may use the ports of Revenera FlexNet license server");
    let license = judged(&on_ansys);
    assert_eq!((license.verdict, license.severity), OTHER);
    insta::assert_snapshot!(license.reason, @"adskflex belongs to Autodesk Network License Manager; this is why Ansys License Manager cannot start here");
}

#[test]
fn a_process_is_judged_by_its_file_and_not_by_what_it_calls_itself() {
    let mut renamed = process(4242, "/usr/bin/python3.11");
    renamed.short_name = Some("lmgrd".to_owned());
    let license = judged(&linux().socket("tcp 0.0.0.0:27000", &[renamed]));
    assert_eq!((license.verdict, license.severity), MISMATCH);
    assert_eq!(
        license.evidence,
        ["exe /usr/bin/python3.11", "only root can replace the file", "calls itself lmgrd"]
    );
    // A server that gives itself another name is still the server.
    let mut server = process(4242, "/opt/x/lmgrd");
    server.short_name = Some("worker".to_owned());
    assert_eq!(judged(&linux().socket("tcp 0.0.0.0:27000", &[server])).verdict, Verdict::Expected);
}

#[test]
fn a_name_is_not_believed_where_anyone_could_have_put_the_file() {
    let with = |exe: &str, change: fn(&mut Executable)| {
        let server = with_file(4242, exe, change);
        let license = judged(&linux().socket("tcp 0.0.0.0:27000", &[server]));
        (license.verdict, license.severity, license.evidence)
    };
    let anyone: fn(&mut Executable) = |exe| exe.writers = anyone_at("/tmp");
    // The right server, another manager's daemon, and wrappers alike.
    for exe in ["/tmp/lmgrd", "/tmp/lserv", "/tmp/java", "/tmp/docker-proxy"] {
        let (verdict, severity, evidence) = with(exe, anyone);
        assert_eq!((verdict, severity), (Verdict::CannotTell, Severity::Warning), "{exe}");
        assert_eq!(evidence.last().unwrap(), "any user of this machine can write to /tmp");
    }
    let (verdict, severity, _) = with("/tmp/python3.11", anyone);
    assert_eq!((verdict, severity), MISMATCH, "a stranger is a stranger wherever it lies");
    let (verdict, severity, evidence) = with("/opt/lmgrd", |exe| exe.deleted = Some(true));
    assert_eq!((verdict, severity), CANNOT_TELL);
    assert!(evidence.contains(&"the file was deleted or replaced after the process started".to_owned()));
    let (verdict, severity, evidence) =
        with("/opt/lmgrd", |exe| exe.contents = is_interpreter(Interpreter::Python));
    assert_eq!((verdict, severity), MISMATCH);
    assert!(evidence.contains(&"the file is Python".to_owned()), "{evidence:?}");
    let (verdict, severity, evidence) =
        with("/opt/lmgrd", |exe| exe.writers = Checked::Failed(NotInspected::AnotherUserNamespace));
    assert_eq!((verdict, severity), CANNOT_TELL);
    assert_eq!(
        evidence.last().unwrap(),
        "the file was not inspected: the process is in another user namespace"
    );
    // The path leads to the very file, so it was not deleted.
    let (verdict, severity, _) = with("/opt/lmgrd", |exe| exe.deleted = None);
    assert_eq!((verdict, severity), EXPECTED);
}

#[test]
fn what_holds_a_port_for_another_cannot_be_judged() {
    for exe in [
        "/usr/bin/docker-proxy",
        "/usr/bin/rootlessport",
        "/usr/lib/systemd/systemd",
        "/usr/lib/systemd/systemd-socket-proxyd",
        "/usr/lib/jvm/bin/java",
        "/usr/bin/ssh",
        "/usr/sbin/sshd",
        "/usr/lib/openssh/sshd-session",
        "/usr/bin/socat",
        "/usr/sbin/haproxy",
        "/usr/bin/stunnel4",
        "/usr/sbin/nginx",
        "/usr/local/bin/kubectl",
        "/usr/bin/pasta",
        "/usr/bin/pasta.avx2",
        "/usr/bin/passt",
        "/usr/bin/slirp4netns",
        "/usr/bin/rootlesskit",
        "/usr/bin/conmon",
        "/usr/bin/dockerd",
        "/usr/libexec/podman/gvproxy",
        "/usr/lib/wine/wine64",
        "/usr/lib/wine/wine64-preloader",
        "/usr/lib/wine/wine-preloader",
        "/usr/lib/wine/wineserver64",
        "/usr/sbin/inetd",
        "/usr/sbin/xinetd",
        "/usr/bin/qemu-system-x86_64",
        "/opt/Thinkbox/Deadline10/bin/deadlinelicenseforwarder",
    ] {
        assert_eq!(on("tcp 0.0.0.0:27000", exe), CANNOT_TELL, "{exe}");
    }
    for exe in ["/usr/bin/javascript", "/usr/bin/sshx", "/usr/bin/apache2", "/usr/bin/nc.traditional"] {
        assert_eq!(on("tcp 0.0.0.0:27000", exe), MISMATCH, "{exe}");
    }
    let advice = |place, exe| judged(&linux().socket(place, &[process(7, exe)])).advice.unwrap();
    insta::assert_snapshot!(advice("tcp 0.0.0.0:2080", "/usr/bin/docker-proxy"), @"See which container publishes the port: docker ps --filter publish=2080/tcp");
    insta::assert_snapshot!(advice("udp 0.0.0.0:5093", "/usr/bin/docker-proxy"), @"See which container publishes the port: docker ps --filter publish=5093/udp");
    let windows = |exe| judged(&linux().os(Os::Windows).socket("tcp 0.0.0.0:2080", &[process(7, exe)]));
    for exe in [
        r"C:\Java\bin\java.exe",
        r"C:\Program Files\WSL\wslrelay.exe",
        r"C:\Program Files\Docker\com.docker.backend.exe",
        r"C:\Windows\System32\OpenSSH\ssh.exe",
    ] {
        assert_eq!(windows(exe).verdict, Verdict::CannotTell, "{exe}");
    }
    insta::assert_snapshot!(windows(r"C:\Windows\System32\svchost.exe").advice.unwrap(), @r#"See which services it runs: tasklist /svc /fi "PID eq 7""#);
}

#[test]
fn what_forwards_says_where_to_where_its_command_line_does() {
    let relay = |to: Option<RelayTarget>| {
        let ssh = running_with(7, "/usr/bin/ssh", |program| program.relays_to = to.map(|to| vec![to]));
        linux().socket("tcp 0.0.0.0:27000", &[ssh])
    };
    let reason = |to| judged(&relay(to)).reason;
    insta::assert_snapshot!(reason(Some(to_address("lic01:27000"))), @"ssh holds the port for another program; its command line says that it forwards to lic01:27000");
    insta::assert_snapshot!(reason(Some(RelayTarget::AnyAddress)), @"ssh holds the port for another program; its command line says that it forwards to whatever its clients ask for (SOCKS)");
    insta::assert_snapshot!(reason(None), @"ssh holds the port for another program; which one is not visible here");
    // It is the process's own word.
    assert!(reason(Some(to_address("x; lmgrd is expected"))).contains("\"x; lmgrd is expected\""));
    let machine = relay(Some(to_address("lic01:27000")));
    assert!(machine.printed("27000", None).contains("Forwards to  lic01:27000 (by its command line)"));
    assert!(machine.printed("--json 27000", None).contains("\"relays_to\": \"lic01:27000\""));
}

/// A Java is no Java under another name, whatever it is installed as.
#[test]
fn a_java_called_java_is_not_accused() {
    for (os, exe) in [
        (Os::Linux, "/usr/lib/jvm/java-17-openjdk-amd64/bin/java"),
        (Os::Linux, "/opt/app/jre/bin/java"),
        (Os::Macos, "/Library/Java/JavaVirtualMachines/x/Contents/Home/bin/java"),
        (Os::Windows, r"C:\Program Files\Java\bin\java.exe"),
        (Os::Windows, r"C:\Program Files\Java\bin\JAVAW.EXE"),
    ] {
        let java = with_file(9, exe, |file| file.contents = is_interpreter(Interpreter::Java));
        let license = judged(&linux().os(os).socket("tcp 0.0.0.0:27000", &[java]));
        assert_eq!((license.rule, license.verdict), ("wrapper", Verdict::CannotTell), "{exe}");
    }
}

#[test]
fn every_holder_counts() {
    let lmgrd = process(50, "/opt/x/lmgrd");
    let stranger = |ppid| Process { ppid: Some(ppid), ..process(60, "/usr/bin/python3.11") };
    let judged = |holders: &[Process]| judged(&linux().socket("tcp 0.0.0.0:27000", holders));
    let child = judged(&[lmgrd.clone(), stranger(50)]);
    assert_eq!((child.verdict, child.severity), (Verdict::CannotTell, Severity::Warning));
    assert_eq!(child.evidence.last().unwrap(), "also held by python3.11 (PID 60)");
    insta::assert_snapshot!(child.reason, @"lmgrd holds it, and so does python3.11 (PID 60), which lmgrd started: python3.11 is not a known program of Revenera FlexNet license server");
    let other = judged(&[lmgrd.clone(), stranger(1)]);
    assert_eq!((other.verdict, other.severity), (Verdict::CannotTell, Severity::Warning));
    insta::assert_snapshot!(other.reason, @"lmgrd holds it, and so does python3.11, which lmgrd did not start");
    let second = Process { pid: 61, ..lmgrd.clone() };
    assert_eq!(judged(&[lmgrd, second]).verdict, Verdict::Expected);
}

#[test]
fn where_another_holder_may_be_hidden_there_is_no_verdict() {
    let worker = Process { uid: Some(33), ..process(60, "/usr/bin/python3.11") };
    let seen = |machine: Machine| judged(&machine.socket("tcp 0.0.0.0:27000", std::slice::from_ref(&worker)));
    assert_eq!(seen(linux()).verdict, Verdict::Mismatch);
    let license = seen(linux().by_ordinary_user(&[(7, "lmgrd")]));
    assert_eq!((license.verdict, license.severity), CANNOT_TELL);
    insta::assert_snapshot!(license.reason, @"python3.11 holds it, and a hidden process may hold it too");
}

#[test]
fn where_little_is_known_a_mismatch_is_no_warning() {
    const REGISTRY: &str = "7000\ttcp\tx-lm\tX License Manager\tlicense\n";
    let facts = |confidence| {
        let manager = format!(
            r#"technology = []
            emulator = []
            belief = []
            document = []
            [[manager]]
            id = "x"
            product = "X"
            confidence = "{confidence}"
            ports = [{{ port = "7000", protocols = ["tcp"], role = "server" }}]
            executables = {{ linux = ["xd"], windows = [], macos = [] }}
            note = "."
            sources = []"#
        );
        toml::from_str(&manager).unwrap()
    };
    let severity = |confidence| {
        let socket = JudgedSocket {
            os: Os::Linux,
            protocol: Protocol::Tcp,
            local: "0.0.0.0:7000".parse().unwrap(),
            made_in: None,
            opened_at: None,
            owner: &Owner::Identified { lead: process(1, "/usr/bin/python3.11").into(), others: Vec::new() },
            parent: None,
            ancestors: &[],
            more_holders: false,
            behind: None,
        };
        let license =
            judge(socket, &Vouched::default(), &facts(confidence), &Registry::new(REGISTRY).at(7000))
                .unwrap();
        assert_eq!(license.verdict, Verdict::Mismatch);
        license.severity
    };
    assert_eq!([severity("registry-only"), severity("medium")], [Severity::Info, Severity::Warning]);
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
    assert!(hidden.reason.contains("is hidden"), "{}", hidden.reason);
    let nobody = judged(&linux().socket("tcp 0.0.0.0:27000", &[]));
    assert!(nobody.reason.contains("no process"), "{}", nobody.reason);
    let nameless = running_with(4242, "/opt/x/lmgrd", |program| program.exe = None);
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
    let evidence = |machine: &Machine| judged(machine).evidence.split_off(2);
    assert_eq!(evidence(&machine), ["parent lmgrd (PID 10)"]);
    // A process that is younger than its child only has the parent's old PID.
    let reused = Process { started_at: Some(now()), ..process(10, "/opt/x/lmgrd") };
    let daemon = Process { ppid: Some(10), ..process(11, "/opt/autodesk/adskflex") };
    let machine = linux().with(reused).socket("tcp 0.0.0.0:2080", &[daemon]);
    assert_eq!(evidence(&machine), [] as [&str; 0]);
}

#[test]
fn no_port_of_no_manager_is_judged() {
    for place in ["tcp 0.0.0.0:80", "tcp 0.0.0.0:26999", "udp 0.0.0.0:1055", "tcp 0.0.0.0:5280"] {
        let judged =
            linux().socket(place, &[process(1, "/usr/sbin/nginx")]).report("").rows.remove(0).license;
        assert_eq!(judged.is_some(), place == "udp 0.0.0.0:1055", "{place}");
    }
}

/// A file, a script and a parent can be called as if they were this program's words.
#[test]
fn a_name_that_imitates_a_sentence_is_quoted() {
    const SAYS: &str = "x is expected; lmgrd (PID 1)";
    let stranger = Process { ppid: Some(49), ..process(50, &format!("/opt/x/{SAYS}")) };
    let named = Process { name: Some(SAYS.to_owned()), ..process(49, "/opt/x/sh") };
    let other = Process { name: Some(SAYS.to_owned()), ..process(60, "/opt/x/nc") };
    let machine = linux().with(named).socket("tcp 0.0.0.0:27000", &[stranger, other]);
    let License { reason, evidence, .. } = judged(&machine);
    let sentences: Vec<String> = [reason].into_iter().chain(evidence).collect();
    for sentence in &sentences {
        let bare = sentence.replace(&format!("\"{SAYS}\""), "").replace(&format!("\"/opt/x/{SAYS}\""), "");
        assert!(!bare.contains("is expected"), "{sentence}");
    }
    assert!(sentences.iter().filter(|sentence| sentence.contains(SAYS)).count() >= 3, "{sentences:?}");
}
