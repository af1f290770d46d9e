//! The rules of the verdict that need what only Windows has: version resources, services, the kernel as holder.

use whatlistens::model::{
    Checked, FileVersion, License, Os, Presence, Process, ProcessService, ServiceManager, Verdict,
};

use crate::recorded::{anyone_at, linux, process, with_file};

/// The verdict on one process of Windows.
fn judged(place: &str, process: Process) -> License {
    let machine = linux().os(Os::Windows).socket(place, &[process]);
    machine.report("").rows[0].license.clone().expect("a license port, or a license manager's process")
}

/// A process whose file has this version resource, without the fields that are empty here.
fn saying(exe: &str, company: &str, original_name: &str) -> Process {
    let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let version = FileVersion { company: given(company), product: None, original_name: given(original_name) };
    with_file(4242, exe, |file| file.version = Some(version))
}

fn verdict(place: &str, exe: &str, company: &str, original_name: &str) -> Verdict {
    judged(place, saying(exe, company, original_name)).verdict
}

const FLEXNET: &str = "tcp 0.0.0.0:27000";

#[test]
fn a_file_that_says_who_should_have_made_it_is_expected() {
    for (place, exe, company) in [
        (FLEXNET, r"C:\Flexnet\lmgrd.exe", "Flexera Software LLC"),
        (FLEXNET, r"C:\Autodesk\LMGRD.EXE", "flexera"),
        (FLEXNET, r"C:\old\lmgrd.exe", "Macrovision Corporation"),
        (FLEXNET, r"C:\older\lmgrd.exe", "GLOBEtrotter Software, Inc."),
        ("tcp 0.0.0.0:2080", r"C:\Autodesk\adskflex.exe", "Autodesk Inc."),
        ("tcp 0.0.0.0:2080", r"C:\Autodesk\adskflex.exe", "Autodesk, Inc."),
        // Made with Flexera's kit.
        ("tcp 0.0.0.0:2080", r"C:\Autodesk\adskflex.exe", "Flexera"),
        // What MathWorks writes into its daemon is not known.
        (FLEXNET, r"C:\MATLAB\mlm.exe", "Anybody"),
        // As on systems without version resources.
        (FLEXNET, r"C:\Flexnet\lmgrd.exe", ""),
    ] {
        assert_eq!(verdict(place, exe, company, ""), Verdict::Expected, "{exe} of {company}");
    }
    let license = judged("tcp 0.0.0.0:2080", saying(r"C:\a\adskflex.exe", "Autodesk, Inc.", "adskflex"));
    assert_eq!(license.evidence[1], "the file says that Autodesk, Inc. made it");
}

#[test]
fn a_renamed_server_is_recognised_by_the_name_it_was_made_with() {
    let license = judged(FLEXNET, saying(r"C:\x\foo.exe", "Flexera", "LMGRD.EXE"));
    assert_eq!(license.verdict, Verdict::Expected);
    insta::assert_snapshot!(license.reason, @"foo.exe (originally LMGRD.EXE) is a known program of Revenera FlexNet license server");
    assert_eq!(license.evidence[2], "the file says that it was originally LMGRD.EXE");
    // The extension may be missing. On a port of no license manager the name alone is not enough.
    assert_eq!(verdict(FLEXNET, r"C:\x\foo.exe", "Flexera", "lmgrd"), Verdict::Expected);
    let elsewhere = judged("tcp 0.0.0.0:40000", saying(r"C:\x\foo.exe", "Flexera", "lmgrd"));
    assert_eq!(elsewhere.verdict, Verdict::CannotTell);
    insta::assert_snapshot!(elsewhere.reason, @"the file of foo.exe says that it was originally lmgrd.exe, which belongs to FlexNet Publisher license server; this is not one of its usual ports");
    // The maker of MathWorks' daemon is not known, so an original name alone proves nothing.
    for company in ["", "Somebody Ltd"] {
        assert_eq!(verdict(FLEXNET, r"C:\x\foo.exe", company, "MLM.EXE"), Verdict::CannotTell, "{company}");
    }
    // An original name needs a known maker.
    assert_eq!(verdict(FLEXNET, r"C:\x\foo.exe", "", "LMGRD.EXE"), Verdict::CannotTell);
    assert_eq!(verdict(FLEXNET, r"C:\x\foo.exe", "Somebody", "LMGRD.EXE"), Verdict::CannotTell);
    assert_eq!(verdict(FLEXNET, r"C:\x\foo.exe", "Flexera", "setup.exe"), Verdict::Mismatch);
    // An emulator of a license server under a harmless name.
    let emulator = judged("tcp 0.0.0.0:1688", saying(r"C:\x\update.exe", "", "vlmcsd.exe"));
    assert_eq!(emulator.verdict, Verdict::Mismatch, "{emulator:?}");
}

#[test]
fn a_name_is_not_believed_where_the_file_says_something_else() {
    let license = judged(FLEXNET, saying(r"C:\x\lmgrd.exe", "Python Software Foundation", "python.exe"));
    assert_eq!(license.verdict, Verdict::Mismatch);
    insta::assert_snapshot!(license.reason, @"it is called lmgrd.exe, but its file says that it is python.exe, made by Python Software Foundation; FlexNet Publisher license server is made by Acresso, Flexera, Globetrotter, Macrovision or Revenera");
    let license = judged(FLEXNET, saying(r"C:\x\lmgrd.exe", "Somebody Ltd", ""));
    assert_eq!(license.verdict, Verdict::CannotTell);
    insta::assert_snapshot!(license.reason, @"it is called lmgrd.exe, but its file says that Somebody Ltd made it; FlexNet Publisher license server is made by Acresso, Flexera, Globetrotter, Macrovision or Revenera");
    let license = judged(FLEXNET, saying(r"C:\x\lmgrd.exe", "", "nc.exe"));
    assert_eq!(license.verdict, Verdict::Mismatch);
    insta::assert_snapshot!(license.reason, @"it is called lmgrd.exe, but its file says that it is nc.exe, and names no maker; FlexNet Publisher license server is made by Acresso, Flexera, Globetrotter, Macrovision or Revenera");
    // The maker is right, but this is another of its programs; or the maker is not known.
    assert_eq!(verdict(FLEXNET, r"C:\x\lmgrd.exe", "Flexera", "lmutil.exe"), Verdict::CannotTell);
    let license = judged(FLEXNET, saying(r"C:\x\mlm.exe", "Somebody Ltd", "nc.exe"));
    assert_eq!(license.verdict, Verdict::CannotTell);
    insta::assert_snapshot!(license.reason, @"it is called mlm.exe, but its file says that it is nc.exe, made by Somebody Ltd; the maker of MathWorks MATLAB Network License Manager is not known");
    // A letter of several bytes where the maker's name would end.
    assert_eq!(verdict(FLEXNET, r"C:\x\lmgrd.exe", "Flexer\u{e4}", ""), Verdict::CannotTell);
}

#[test]
fn the_service_is_evidence_and_svchost_is_told_by_it() {
    let ptc = Process {
        services: vec![ProcessService::new(ServiceManager::Windows, "PTC_E License Manager")],
        ..process(4242, r"C:\PTC\ptc_e.exe")
    };
    let license = judged("tcp 0.0.0.0:7790", ptc);
    assert!(
        license.evidence.contains(&"it runs as the service PTC_E License Manager".to_owned()),
        "{license:?}"
    );
    let svchost = Process {
        services: vec![
            ProcessService {
                display_name: Some("DNS Client".to_owned()),
                ..ProcessService::new(ServiceManager::Windows, "Dnscache")
            },
            ProcessService::new(ServiceManager::Windows, "NlaSvc"),
        ],
        ..process(4242, r"C:\Windows\System32\svchost.exe")
    };
    let license = judged(FLEXNET, svchost.clone());
    assert_eq!(license.verdict, Verdict::CannotTell);
    insta::assert_snapshot!(license.reason, @"svchost.exe holds the port for one of its services, DNS Client or NlaSvc; whether that belongs here is not known");
    // Where Windows says which of them opened the socket.
    let nla = svchost.services[1].clone();
    let machine =
        linux().os(Os::Windows).socket(FLEXNET, &[svchost]).but(|socket| socket.made_in = Some(nla));
    let license = machine.report("").rows[0].license.clone().unwrap();
    insta::assert_snapshot!(license.reason, @"svchost.exe holds the port for its service NlaSvc; whether that belongs here is not known");
}

/// Every user sees the file of a service and what is in it, and the account in its configuration.
#[test]
fn an_ordinary_user_gets_the_verdict_of_an_administrator() {
    let service = |writers| {
        let lmgrd = with_file(900, r"C:\Program Files\Flexnet\lmgrd.exe", |file| file.writers = writers);
        Process {
            services: vec![ProcessService::new(ServiceManager::Windows, "FlexNet License Server")],
            uid: None,
            user: Some(r"NT AUTHORITY\SYSTEM".to_owned()),
            session: Some(0),
            ..lmgrd
        }
    };
    let seen = |process: &Process| {
        let machine = linux().os(Os::Windows).by_ordinary_user(&[]);
        let report = machine.socket(FLEXNET, std::slice::from_ref(process)).report("");
        assert_eq!(report.gaps, [], "everything is known of a service");
        report.rows[0].license.clone().unwrap()
    };
    let license = seen(&service(Checked::Done(Vec::new())));
    assert_eq!(license.verdict, Verdict::Expected, "{license:?}");
    let license = seen(&service(anyone_at(r"C:\Program Files\Flexnet")));
    assert_eq!(license.verdict, Verdict::CannotTell, "{license:?}");
}

#[test]
fn the_kernel_and_what_has_ended_cannot_be_judged() {
    let kernel =
        Process { pid: 4, name: Some("System".to_owned()), presence: Presence::Kernel, ..Process::default() };
    let license = judged(FLEXNET, kernel);
    assert_eq!(license.verdict, Verdict::CannotTell);
    insta::assert_snapshot!(license.reason, @"the Windows kernel holds the port for a driver such as http.sys; which program uses it is not visible here");
    let ended = Process { pid: 70, presence: Presence::Ended { children: Vec::new() }, ..Process::default() };
    let license = judged(FLEXNET, ended);
    assert_eq!(license.verdict, Verdict::CannotTell);
    insta::assert_snapshot!(license.reason, @"process 70 opened the port and has ended; which process holds it now is not certain");
}
