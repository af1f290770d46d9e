//! One case for each rule of the verdict, with the words that a helpdesk engineer reads.

use jiff::SignedDuration;
use whatlistens::judge::rules;
use whatlistens::model::{
    Checked, CodeFile, Contents, Executable, FileVersion, Interpreter, License, NotInspected, Os, Presence,
    Process, ProcessService, Program, ServiceManager, Signature, SignatureState,
};

use crate::recorded::{
    Machine, anyone_at, contains, is_interpreter, java, linux, now, process, running_with, user, with_file,
    written_by,
};
use crate::verdicts_forwarded::proxy;

const FLEXNET: &str = "tcp 0.0.0.0:27000";
const ANSYS: &str = "tcp 0.0.0.0:1055";

/// The judgement of a machine's only socket.
fn judged(machine: Machine) -> License {
    machine.report("").rows.remove(0).license.expect("a license port")
}

fn on(place: &str, holder: Process) -> License {
    judged(linux().socket(place, &[holder]))
}

fn on_windows(place: &str, holder: Process) -> License {
    judged(linux().os(Os::Windows).socket(place, &[holder]))
}

fn made_as(exe: &str, company: &str, name: &str) -> Process {
    let version = FileVersion {
        company: Some(company.to_owned()),
        product: None,
        original_name: Some(name.to_owned()),
    };
    with_file(4242, exe, |file| file.version = Some(version))
}

fn cases() -> Vec<License> {
    let not_running = |presence| Process { pid: 70, presence, ..Process::default() };
    let stranger = process(60, "/usr/bin/python3.11");
    let lmgrd = || process(42, "/opt/flexlm/lmgrd");
    let svchost = Process {
        services: vec![ProcessService::new(ServiceManager::Windows, "Dnscache")],
        ..process(7, r"C:\Windows\System32\svchost.exe")
    };
    let daemon = |file: &mut Executable| file.contents = contains("FLEXnet Licensing Report Log");
    let file = |change: fn(&mut Executable)| on(FLEXNET, with_file(9, "/opt/x/lmgrd", change));
    let program = |change: fn(&mut Program)| on(FLEXNET, running_with(9, "/opt/x/lmgrd", change));
    let of_alice = |mut java: Process| {
        java.program_mut().unwrap().by_service = Checked::Done(false);
        Process { uid: Some(1000), user: Some("alice".to_owned()), ..java }
    };
    let jetbrains = |change: fn(&mut Program)| {
        let mut java = java(9, "jetbrains", "/opt/jetbrains/server.jar");
        change(java.program_mut().unwrap());
        on("tcp 0.0.0.0:8080", java)
    };
    vec![
        judged(linux().by_ordinary_user(&[(7, "sshd")]).socket(FLEXNET, &[])),
        judged(linux().socket(FLEXNET, &[])),
        judged(
            linux()
                .by_ordinary_user(&[(7, "lmgrd")])
                .socket(FLEXNET, &[Process { uid: Some(33), ..process(8, "/opt/x/lmgrd") }]),
        ),
        judged(linux().socket(FLEXNET, &[lmgrd(), stranger.clone()])),
        judged(linux().socket(FLEXNET, &[lmgrd(), Process { ppid: Some(42), ..stranger.clone() }])),
        on_windows(FLEXNET, not_running(Presence::Kernel)),
        on_windows(FLEXNET, not_running(Presence::Ended { children: Vec::new() })),
        on(FLEXNET, running_with(4242, "/opt/x/lmgrd", |program| program.exe = None)),
        on("tcp 0.0.0.0:1688", process(9, "/opt/x/vlmcsd")),
        judged(
            linux()
                .os(Os::Windows)
                .socket(FLEXNET, &[process(9, r"C:\x\lmgrd.exe")])
                .but(|socket| socket.opened_at = now().checked_sub(SignedDuration::from_hours(2)).ok()),
        ),
        file(|file| file.contents = is_interpreter(Interpreter::Python)),
        file(|file| file.writers = Checked::Failed(NotInspected::AnotherUserNamespace)),
        file(|file| file.path_confirmed = Checked::Done(false)),
        file(|file| file.writers = written_by(user(1000, "alice"), "/opt/x")),
        file(|file| file.deleted = Some(true)),
        on_windows(
            FLEXNET,
            with_file(9, r"C:\x\lmgrd.exe", |file| {
                let signer = Some("Flexera Software LLC".to_owned());
                file.signature = Checked::Done(Signature { state: SignatureState::Altered, signer });
            }),
        ),
        on_windows(FLEXNET, made_as(r"C:\x\lmgrd.exe", "Somebody Ltd", "nc.exe")),
        jetbrains(|program| program.exe.as_mut().unwrap().contents = Checked::Done(Contents::default())),
        on("tcp 0.0.0.0:8080", of_alice(java(9, "jetbrains", "/opt/jetbrains/server.jar"))),
        jetbrains(|program| program.script.as_mut().unwrap().writers = anyone_at("/opt/jetbrains")),
        program(|program| {
            let writers = written_by(user(1000, "alice"), "/home/alice");
            program.loaded =
                Checked::Done(vec![CodeFile { path: "/home/alice/lib/pre.so".to_owned(), writers }]);
        }),
        file(|file| file.path_confirmed = Checked::Failed(NotInspected::Unreadable)),
        file(|file| file.writers = Checked::Failed(NotInspected::MayNotAnswer)),
        file(|file| file.contents = Checked::NotRequested),
        jetbrains(|program| program.script = None),
        program(|program| program.loaded = Checked::Failed(NotInspected::Unreadable)),
        on_windows("tcp 0.0.0.0:40000", made_as(r"C:\x\foo.exe", "Flexera", "lmgrd.exe")),
        on("tcp 0.0.0.0:53200", with_file(9, "/opt/matlab/MLM", daemon)),
        on(FLEXNET, lmgrd()),
        on(FLEXNET, process(9, "/opt/autodesk/adskflex")),
        judged(
            linux()
                .with(lmgrd())
                .socket(ANSYS, &[Process { ppid: Some(42), ..process(43, "/opt/matlab/MLM") }]),
        ),
        on(ANSYS, with_file(9, "/opt/x/daemon7", daemon)),
        on_windows(FLEXNET, svchost),
        judged(linux().socket(FLEXNET, &[proxy(|_| {})]).with(process(71, "/opt/flexlm/lmgrd"))),
        on("tcp 0.0.0.0:2080", process(9, "/usr/bin/docker-proxy")),
        on("tcp 0.0.0.0:1443", stranger.clone()),
        on(ANSYS, process(9, "/opt/autodesk/adskflex")),
        on("tcp 0.0.0.0:40001", lmgrd()),
        on("tcp 0.0.0.0:1538", stranger),
    ]
}

#[test]
fn each_rule_decides_its_case_and_says_why_and_what_to_do() {
    let cases = cases();
    let decided: Vec<&str> = cases.iter().map(|license| license.rule).collect();
    assert_eq!(decided, rules().collect::<Vec<_>>(), "one case a rule, in the order of the rules");
    let said: Vec<String> = cases
        .iter()
        .map(|license| {
            let (verdict, severity) = (license.verdict.code(), license.severity);
            let advice = license.advice.as_deref().unwrap_or("-");
            format!("{}: {verdict} {severity:?}\n  {}\n  {advice}", license.rule, license.reason)
        })
        .collect();
    insta::assert_snapshot!(said.join("\n"), @"
    owner-hidden: cannot-tell Info
      the process that holds this port of Revenera FlexNet license server is hidden
      -
    owner-unattributed: cannot-tell Info
      no process here holds this port of Revenera FlexNet license server
      The kernel may hold it, or a process in another PID namespace. Run whatlistens on the host, outside any container.
    more-holders-possible: cannot-tell Info
      lmgrd holds it, and a hidden process may hold it too
      -
    shared-with-stranger: cannot-tell Warning
      lmgrd holds it, and so does python3.11, which lmgrd did not start
      Find out why python3.11 (PID 60) holds it too.
    shared-with-child: cannot-tell Warning
      lmgrd holds it, and so does python3.11 (PID 60), which lmgrd started: python3.11 is not a known program of Revenera FlexNet license server
      Find out why python3.11 (PID 60) holds it too.
    kernel: cannot-tell Info
      the Windows kernel holds the port for a driver such as http.sys; which program uses it is not visible here
      Show the programs that use http.sys: netsh http show servicestate
    ended: cannot-tell Info
      process 70 opened the port and has ended; which process holds it now is not certain
      If the processes that it started are not needed, end them. Then run whatlistens again.
    file-unreadable: cannot-tell Info
      the program file of process 4242 (lmgrd) could not be read, and a name alone proves nothing
      -
    emulator: mismatch Critical
      vlmcsd is a known emulator of Microsoft Key Management Service, not the vendor's own license server
      Find out who runs it and why. Activating software with it does not license that software.
    older-socket: cannot-tell Info
      the socket is older than lmgrd.exe: another process may have opened it, whose ID lmgrd.exe has now, or the clock was set back
      Restart lmgrd.exe, and run whatlistens again.
    disguised-interpreter: mismatch Warning
      it is called lmgrd, but its file is Python under another name
      Find out who renamed it, and what it runs: whatlistens --args 27000
    user-namespace: cannot-tell Info
      it is called lmgrd, but it runs in another user namespace, where any user can make a program look like that
      Find out who started it, and from which file: whatlistens 27000
    other-file: cannot-tell Warning
      it calls itself /opt/x/lmgrd, but that path leads to another file
      Find out who started it, and from which file. Compare the two files: cmp /proc/9/exe /opt/x/lmgrd.
    replaceable-file: cannot-tell Warning
      it is called lmgrd, but the user alice can write to /opt/x and may have replaced it
      Find out who put lmgrd there. If you trust alice, add --trust-user alice to this command. Otherwise let only root write there: chown root: /opt/x
    deleted-file: cannot-tell Info
      it was started from a file called lmgrd that has since been deleted or replaced
      Restart it so that it runs the current file. Then run whatlistens again.
    altered-file: cannot-tell Info
      it is called lmgrd.exe, but its file does not fit its signature, which names Flexera Software LLC: it was changed
      Find out who changed lmgrd.exe. Then install it again from its maker.
    other-maker: mismatch Warning
      it is called lmgrd.exe, but its file says that it is nc.exe, made by Somebody Ltd; FlexNet Publisher license server is made by Acresso, Flexera, Globetrotter, Macrovision or Revenera
      Find out who installed lmgrd.exe, and from where.
    no-interpreter: cannot-tell Warning
      it is called java, and its command line names a license manager, but its file is no java
      Find out who put it there, and what it runs: whatlistens --args 8080
    user-s-interpreter: cannot-tell Warning
      java is run by the user alice, who decides what it runs, whatever its command line says
      Find out what it runs: whatlistens --args 8080. If you trust alice, add --trust-user alice.
    replaceable-script: cannot-tell Warning
      java runs /opt/jetbrains/server.jar, but any user of this machine can write to /opt/jetbrains and may have replaced that
      Find out who put /opt/jetbrains/server.jar there. Then let only root write there: chmod o-w /opt/jetbrains
    replaceable-library: cannot-tell Warning
      lmgrd also runs the code in /home/alice/lib/pre.so, but the user alice can write to /home/alice and may have replaced that
      Find out why lmgrd loads it: LD_PRELOAD or LD_LIBRARY_PATH in its environment may say so. If you trust alice, add --trust-user alice to this command. If it should, install /home/alice/lib/pre.so where only root can write.
    unconfirmed-path: cannot-tell Info
      it is called lmgrd, but whether it runs /opt/x/lmgrd could not be confirmed: it could not be read
      -
    unknown-writers: cannot-tell Info
      it is called lmgrd, but who may have replaced its file is not known: it is on a file system that may not answer
      If only people whom you trust can write there, add --trust-path /opt/x.
    unknown-contents: cannot-tell Info
      it is called lmgrd, but what its file contains is not known: that was not examined
      -
    unknown-script: cannot-tell Info
      only the command line of java names a license manager, and which file it runs is not known; any process can have any command line
      -
    unknown-libraries: cannot-tell Info
      it is called lmgrd, but which other code it runs is not known: it could not be read
      -
    renamed-off-port: cannot-tell Info
      the file of foo.exe says that it was originally lmgrd.exe, which belongs to FlexNet Publisher license server; this is not one of its usual ports
      Find out who renamed it, and whether foo.exe should listen here.
    orphaned-daemon: cannot-tell Warning
      MLM belongs to MathWorks MATLAB Network License Manager, but no license server that runs has started it
      A license server cannot start its own MLM as long as this one runs. Stop it, then start the license server: kill 9
    right-program: expected Info
      lmgrd is a known program of Revenera FlexNet license server
      -
    any-vendor-port: expected Info
      adskflex belongs to Autodesk Network License Manager; any vendor's daemon may use the ports of Revenera FlexNet license server
      -
    started-daemon: expected Info
      MLM belongs to MathWorks MATLAB Network License Manager, started by lmgrd (PID 42); this is why Ansys License Manager cannot start here
      -
    unlisted-daemon: cannot-tell Info
      the file of daemon7 says that it is a vendor daemon of FlexNet Publisher, but it is not a known daemon of Ansys License Manager
      Compare daemon7 with the VENDOR line of the license file. Its parent process should be lmgrd or lmadmin.
    service-host: cannot-tell Info
      svchost.exe holds the port for its service Dnscache; whether that belongs here is not known
      Find out whether that service should use this port.
    forwarded: expected Info
      lmgrd (PID 71) in container docker web, which docker-proxy forwards to, is a known program of Revenera FlexNet license server
      -
    wrapper: cannot-tell Info
      docker-proxy holds the port for another program; which one is not visible here
      See which container publishes the port: docker ps --filter publish=2080/tcp
    no-program-known: cannot-tell Info
      this is a port of Integrated Engineering Software, whose programs on this system are not known, so python3.11 can be neither confirmed nor ruled out
      Find out whether python3.11 should use this port.
    other-manager: other-license-manager Info
      adskflex belongs to Autodesk Network License Manager; this is why Ansys License Manager cannot start here
      Give one of the two another port in its license file or configuration.
    chosen-port: expected Info
      lmgrd is the FlexNet Publisher license server, which listens on any port that its license file or configuration names
      -
    mismatch: mismatch Warning
      python3.11 is not a known program of Autodesk 3ds-lm
      If Autodesk 3ds-lm should run here, stop python3.11 or move it to another port. If not, find out why python3.11 uses a license manager's port.
    ");
}
