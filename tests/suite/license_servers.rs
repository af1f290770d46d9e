//! License servers as wholes, on recorded machines.

use whatlistens::model::{
    Checked, Connections, DaemonLine, DaemonProgram, DebugLog, InstalledServer, InstalledState, LicenseFile,
    LicenseLines, LicenseSetup, LicenseSystem, LockFile, MachineIdentity, NamedBy, Os, Pid, Process,
    RunState, ServerLine, ServiceStart, Starter,
};

use crate::document::{self, read};
use crate::recorded::{Machine, anyone_at, linux, process, with_file};

mod asked;
mod elsewhere;
mod files;
mod left_over;
mod listed;
mod meant;
mod typed;

const LMGRD: &str = "/opt/flexlm/lmgrd";
const ADSKFLEX: &str = "/opt/flexlm/adskflex";

/// A process of root's, by its parent.
fn of(pid: Pid, parent: Pid, exe: &str) -> Process {
    Process { ppid: Some(parent), uid: Some(0), user: Some("root".to_owned()), ..process(pid, exe) }
}

/// The same, built with this version of FlexNet.
fn built(pid: Pid, parent: Pid, exe: &str, version: &str) -> Process {
    let file = with_file(pid, exe, |exe| {
        if let Checked::Done(contents) = &mut exe.contents {
            contents.flexnet_version = Some(version.to_owned());
        }
    });
    Process { ppid: Some(parent), uid: Some(0), user: Some("root".to_owned()), ..file }
}

fn clients(count: usize) -> Option<Connections> {
    Some(Connections { established: count, peers: count, top: Vec::new() })
}

/// `SERVER lic01 HOSTID port` and `VENDOR adskflex port=2080`.
fn adsk_lic(named_by: NamedBy, server_port: Option<u16>, daemon_port: Option<u16>) -> LicenseFile {
    let lines = LicenseLines {
        system: Some(LicenseSystem::Flexnet),
        servers: vec![ServerLine {
            line: 1,
            host: "lic01".to_owned(),
            host_id: Some("0011223344aa".to_owned()),
            port: server_port,
        }],
        daemons: vec![DaemonLine {
            line: 2,
            keyword: "VENDOR".to_owned(),
            name: "adskflex".to_owned(),
            path: Some(ADSKFLEX.to_owned()),
            program: Checked::Done(DaemonProgram::Executable),
            options_file: None,
            port: daemon_port,
        }],
        ..LicenseLines::default()
    };
    LicenseFile {
        path: "/opt/flexlm/adsk.lic".to_owned(),
        named_by: vec![named_by],
        contents: Checked::Done(lines),
    }
}

fn setup(files: Vec<LicenseFile>) -> LicenseSetup {
    LicenseSetup {
        files,
        identity: MachineIdentity {
            names: vec!["lic01".to_owned()],
            hosts: vec![("lic01".to_owned(), "127.0.1.1".parse().unwrap())],
            addresses: vec!["192.0.2.7".parse().unwrap()],
            hardware_addresses: vec!["0011223344aa".to_owned()],
        },
        ..LicenseSetup::default()
    }
}

/// Changes the lines of the first license file.
fn lines(setup: &mut LicenseSetup) -> &mut LicenseLines {
    match &mut setup.files[0].contents {
        Checked::Done(lines) => lines,
        Checked::NotRequested | Checked::Failed(_) => panic!("the file was read"),
    }
}

fn by_command_line(pid: Pid) -> NamedBy {
    NamedBy::CommandLine(pid)
}

/// lmgrd and adskflex, with a license file that says so.
pub fn healthy() -> Machine {
    linux()
        .socket("tcp 0.0.0.0:27000", &[built(812, 1, LMGRD, "v11.19.5.0")])
        .but(|socket| socket.connections = clients(2))
        .socket("tcp 0.0.0.0:2080", &[built(815, 812, ADSKFLEX, "v11.19.5.0")])
        .but(|socket| socket.connections = clients(5))
        .seen(|seen| {
            seen.license_setup = Some(setup(vec![adsk_lic(by_command_line(812), Some(27000), Some(2080))]));
        })
}

fn changed(change: impl FnOnce(&mut LicenseSetup)) -> Machine {
    healthy().seen(|seen| change(seen.license_setup.as_mut().unwrap()))
}

/// lmgrd alone.
fn without_daemon() -> Machine {
    linux().socket("tcp 0.0.0.0:27000", &[built(812, 1, LMGRD, "v11.19.5.0")]).seen(|seen| {
        seen.license_setup = Some(setup(vec![adsk_lic(by_command_line(812), Some(27000), Some(2080))]));
    })
}

fn servers(machine: &Machine) -> Vec<document::LicenseServer> {
    read(&machine.printed("servers --json", None)).license_servers.unwrap()
}

/// The state and the codes of the problems of the only license server.
fn only(machine: &Machine) -> (String, Vec<String>) {
    let mut servers = servers(machine);
    assert_eq!(servers.len(), 1, "{servers:?}");
    let server = servers.remove(0);
    (server.state, server.problems.into_iter().map(|problem| problem.code).collect())
}

fn state_and_codes(state: &str, codes: &[&str]) -> (String, Vec<String>) {
    (state.to_owned(), codes.iter().map(|&code| code.to_owned()).collect())
}

#[test]
fn one_that_is_up_is_told_in_a_few_lines() {
    insta::assert_snapshot!(healthy().printed("servers", None), @"
    Autodesk Network License Manager (FlexNet Publisher)        up, 5 clients
      lmgrd     PID 812  27000/tcp  v11.19.5.0  /opt/flexlm/lmgrd
      adskflex  PID 815  2080/tcp   v11.19.5.0  5 clients
      license   /opt/flexlm/adsk.lic: SERVER lic01 27000, VENDOR adskflex port=2080: all as it should be
    ");
    insta::assert_snapshot!(healthy().printed("servers", Some(60)), @"
    Autodesk Network License Manager (FlexNet Publisher)
      up, 5 clients
      lmgrd     PID 812  27000/tcp  v11.19.5.0
        /opt/flexlm/lmgrd
      adskflex  PID 815  2080/tcp   v11.19.5.0  5 clients
      license   /opt/flexlm/adsk.lic: SERVER lic01 27000, VENDOR
                adskflex port=2080: all as it should be
    ");
    assert_eq!(only(&healthy()), state_and_codes("up", &[]));
}

#[test]
fn a_server_without_a_daemon_says_what_clients_get_and_why() {
    let machine = without_daemon().seen(|seen| {
        let setup = seen.license_setup.as_mut().unwrap();
        let trouble = vec!["9:20:38 (adskflex) Wrong hostid on SERVER line for license file".to_owned()];
        setup.logs.push(DebugLog::of_process(812, "/var/log/lmgrd.log".to_owned(), trouble));
    });
    insta::assert_snapshot!(machine.printed("servers", None), @"
    Autodesk Network License Manager (FlexNet Publisher)        no vendor daemon
      lmgrd  PID 812  27000/tcp  v11.19.5.0  /opt/flexlm/lmgrd
      license   /opt/flexlm/adsk.lic: SERVER lic01 27000, VENDOR adskflex port=2080
                line 2, VENDOR adskflex port=2080: adskflex does not run
      critical  lmgrd (PID 812) has no vendor daemon adskflex that listens: clients get error -97 or -15. Its log says “9:20:38 (adskflex) Wrong hostid on SERVER line for license file”. Look at the end of its log: /var/log/lmgrd.log
    ");
    assert_eq!(only(&machine), state_and_codes("no-daemon", &["no-vendor-daemon"]));
    let missing = without_daemon().seen(|seen| {
        let setup = seen.license_setup.as_mut().unwrap();
        lines(setup).daemons[0].program = Checked::Done(DaemonProgram::LoaderMissing);
        let path = "/var/tmp/lockadskflex".to_owned();
        let daemon = "adskflex".to_owned();
        setup.lock_files.push(LockFile { path, daemon, uid: Some(1000), held_by: Some(4000) });
    });
    insta::assert_snapshot!(missing.printed("servers", None), @"
    Autodesk Network License Manager (FlexNet Publisher)        no vendor daemon
      lmgrd  PID 812  27000/tcp  v11.19.5.0  /opt/flexlm/lmgrd
      license   /opt/flexlm/adsk.lic: SERVER lic01 27000, VENDOR adskflex port=2080
                line 2, VENDOR adskflex port=2080: /opt/flexlm/adskflex needs /lib64/ld-lsb-x86-64.so.3, which is not there (the package lsb has it)
      critical  lmgrd (PID 812) has no vendor daemon adskflex that listens: clients get error -97 or -15. /opt/flexlm/adskflex needs /lib64/ld-lsb-x86-64.so.3, which is not there (the package lsb has it) (/opt/flexlm/adsk.lic, line 2). Process 4000 holds its lock file /var/tmp/lockadskflex. Look at the end of its log, and start it again.
    ");
}

/// The desktop program of this name listens nowhere.
#[test]
fn what_has_the_name_of_a_daemon_and_listens_nowhere_is_no_orphan() {
    let desktop = linux().socket("tcp 0.0.0.0:22", &[]).seen(|seen| {
        let redshift = of(99, 1, "/usr/bin/redshift");
        seen.processes.insert(99, std::sync::Arc::new(redshift));
    });
    assert!(servers(&desktop).is_empty());
}

#[test]
fn a_daemon_whose_server_ended_is_named_with_what_stops_it() {
    let orphan = linux().socket("tcp 0.0.0.0:53200", &[of(99, 1, "/opt/matlab/etc/MLM")]);
    insta::assert_snapshot!(orphan.printed("servers", None), @"
    MathWorks MATLAB Network License Manager (FlexNet Publisher)  orphaned daemon
      MLM  PID 99  53200/tcp  /opt/matlab/etc/MLM
      critical  MLM (PID 99) is left over from a license server that ended. A new one cannot start it until it stops. Stop it, then start the license server: kill 99
    ");
    assert_eq!(only(&orphan), state_and_codes("orphaned-daemon", &["orphaned-daemon"]));
    let beside = without_daemon().socket("tcp 0.0.0.0:2080", &[of(99, 1, ADSKFLEX)]);
    insta::assert_snapshot!(beside.printed("servers", None), @"
    Autodesk Network License Manager (FlexNet Publisher)        orphaned daemon
      lmgrd     PID 812  27000/tcp  v11.19.5.0  /opt/flexlm/lmgrd
      adskflex  PID 99   2080/tcp               /opt/flexlm/adskflex
      license   /opt/flexlm/adsk.lic: SERVER lic01 27000, VENDOR adskflex port=2080
                line 2, VENDOR adskflex port=2080: adskflex (PID 99) is left over
      critical  adskflex (PID 99) is left over from a license server that ended. A new one cannot start it until it stops. Stop it, then start the license server: kill 99
    ");
    assert_eq!(only(&beside).0, "orphaned-daemon");
}

#[test]
fn a_server_that_runs_and_listens_nowhere_is_told() {
    let machine = linux().with(of(812, 1, LMGRD));
    insta::assert_snapshot!(machine.printed("servers", None), @"
    Revenera FlexNet license server (FlexNet Publisher)         not listening
      lmgrd  PID 812  no port  /opt/flexlm/lmgrd
      critical  lmgrd (PID 812) runs and listens nowhere. Look at the end of its log, and start it again.
    ");
    let silent = linux().socket("tcp 0.0.0.0:27000", &[of(812, 1, LMGRD)]).with(of(815, 812, ADSKFLEX));
    assert_eq!(only(&silent), state_and_codes("no-daemon", &["no-vendor-daemon"]));
    let stopped = Process { state: Some(RunState::Stopped), ..of(812, 1, LMGRD) };
    let stopped =
        linux().socket("tcp 0.0.0.0:27000", &[stopped]).socket("tcp 0.0.0.0:2080", &[of(815, 812, ADSKFLEX)]);
    insta::assert_snapshot!(stopped.printed("servers", None), @"
    Autodesk Network License Manager (FlexNet Publisher)        not listening
      lmgrd     PID 812  27000/tcp  /opt/flexlm/lmgrd
      adskflex  PID 815  2080/tcp   /opt/flexlm/adskflex
      critical  lmgrd (PID 812) is stopped by a signal or a debugger, and answers nobody. Let it go on: kill -CONT 812
    ");
}

#[test]
fn what_is_installed_and_does_not_run_is_told() {
    let installed = |starter, state, name: &str| {
        linux().seen(|seen| {
            let mut setup = setup(vec![adsk_lic(NamedBy::Service(name.to_owned()), Some(27000), None)]);
            let command = [LMGRD, "-c", "/opt/flexlm/adsk.lic"].map(str::to_owned).to_vec();
            setup.installed.push(InstalledServer::new(name, starter, command, state));
            seen.license_setup = Some(setup);
        })
    };
    let stopped = installed(Starter::Systemd, InstalledState::Stopped, "lmgrd.service");
    insta::assert_snapshot!(stopped.printed("servers", None), @"
    Autodesk Network License Manager (FlexNet Publisher)        stopped
      license   /opt/flexlm/adsk.lic: SERVER lic01 27000, VENDOR adskflex
                line 2, VENDOR adskflex: its license server does not run
      critical  The service lmgrd.service is installed and does not run. Find out why, and start it: systemctl status lmgrd.service
    ");
    assert_eq!(only(&stopped), state_and_codes("stopped", &["service-stopped"]));
    let by_script = installed(Starter::InitScript, InstalledState::Unknown, "/etc/init.d/lmgrd");
    insta::assert_snapshot!(by_script.printed("servers", None), @"
    Autodesk Network License Manager (FlexNet Publisher)        stopped
      license   /opt/flexlm/adsk.lic: SERVER lic01 27000, VENDOR adskflex
                line 2, VENDOR adskflex: its license server does not run
      critical  /etc/init.d/lmgrd starts it, and it does not run. Start it: /opt/flexlm/lmgrd -c /opt/flexlm/adsk.lic
    ");
    let disabled = installed(Starter::Systemd, InstalledState::Disabled, "lmgrd.service");
    assert_eq!(only(&disabled), state_and_codes("stopped", &[]));
    let taken = stopped.socket("tcp 0.0.0.0:27000", &[process(7, "/usr/bin/python3.11")]);
    insta::assert_snapshot!(taken.printed("servers", None), @"
    Autodesk Network License Manager (FlexNet Publisher)        stopped
      license   /opt/flexlm/adsk.lic: SERVER lic01 27000, VENDOR adskflex
                line 2, VENDOR adskflex: its license server does not run
      critical  python3.11 (PID 7) listens on 27000/tcp, the port of the license server. See who that is: whatlistens 27000
      critical  The service lmgrd.service is installed and does not run. Find out why, and start it: systemctl status lmgrd.service
    ");
}

#[test]
fn each_problem_has_its_code() {
    let loopback = linux()
        .socket("tcp 127.0.0.1:27000", &[of(812, 1, LMGRD)])
        .socket("tcp 0.0.0.0:2080", &[of(815, 812, ADSKFLEX)]);
    assert_eq!(only(&loopback), state_and_codes("up", &["loopback-only"]));
    let loose = linux()
        .socket("tcp 0.0.0.0:27000", &[of(812, 1, LMGRD)])
        .socket("tcp 0.0.0.0:41234", &[of(815, 812, ADSKFLEX)])
        .seen(|seen| seen.license_setup = Some(LicenseSetup::default()));
    assert_eq!(only(&loose), state_and_codes("up", &["port-not-fixed"]));
    let older = linux()
        .socket("tcp 0.0.0.0:27000", &[built(812, 1, LMGRD, "v11.9.0.0")])
        .socket("tcp 0.0.0.0:2080", &[built(815, 812, ADSKFLEX, "v11.19.5.0")]);
    assert_eq!(only(&older), state_and_codes("up", &["older-than-daemon"]));
    let replaced = with_file(815, ADSKFLEX, |exe| exe.deleted = Some(true));
    let replaced = linux()
        .socket("tcp 0.0.0.0:27000", &[of(812, 1, LMGRD)])
        .socket("tcp 0.0.0.0:2080", &[Process { ppid: Some(812), ..replaced }]);
    assert!(only(&replaced).1.contains(&"file-replaced".to_owned()), "{:?}", only(&replaced));
    let weak = with_file(812, LMGRD, |exe| exe.writers = anyone_at("/opt/flexlm"));
    let weak =
        linux().socket("tcp 0.0.0.0:27000", &[weak]).socket("tcp 0.0.0.0:2080", &[of(815, 812, ADSKFLEX)]);
    let (state, codes) = only(&weak);
    assert_eq!((state.as_str(), codes.first().map(String::as_str)), ("cannot-tell", Some("weak-file")));
    let unknown = linux()
        .socket("tcp 0.0.0.0:5053", &[of(812, 1, "/opt/rlm/rlm")])
        .socket("tcp 0.0.0.0:2080", &[of(815, 812, "/opt/rlm/somebody")]);
    assert_eq!(only(&unknown).1, ["unknown-daemon"]);
    let full = healthy().but(|socket| {
        socket.accept_queue = Some(whatlistens::model::AcceptQueue { waiting: 129, limit: Some(128) });
    });
    assert_eq!(only(&full), state_and_codes("up", &["backlog-full"]));
    let two = healthy()
        .socket("tcp 0.0.0.0:27001", &[of(912, 1, "/opt/other/lmgrd")])
        .socket("tcp 0.0.0.0:2081", &[of(915, 912, "/opt/other/adskflex")]);
    let codes: Vec<_> = servers(&two).into_iter().map(|server| server.problems[0].code.clone()).collect();
    assert_eq!(codes, ["two-servers", "two-servers"]);
}

#[test]
fn servers_without_daemons_are_told_too() {
    let machine = linux()
        .socket("tcp 0.0.0.0:1947", &[of(50, 1, "/usr/sbin/hasplmd_x86_64")])
        .socket("udp 0.0.0.0:1947", &[of(50, 1, "/usr/sbin/hasplmd_x86_64")])
        .socket("tcp 0.0.0.0:1715", &[of(60, 1, "/usr/lib/sesi/sesinetd")]);
    insta::assert_snapshot!(machine.printed("servers", None), @"
    SideFX Houdini license server                               up
      sesinetd  PID 60  1715/tcp  /usr/lib/sesi/sesinetd

    Thales Sentinel LDK (HASP) License Manager                  up
      hasplmd_x86_64  PID 50  1947/tcp 1947/udp  /usr/sbin/hasplmd_x86_64
    ");
}

#[test]
fn on_windows_the_same_is_said_in_its_words() {
    let of = |pid, parent, exe| Process { ppid: Some(parent), ..process(pid, exe) };
    let machine = linux()
        .os(Os::Windows)
        .socket("tcp 0.0.0.0:27000", &[of(812, 4, r"C:\Autodesk\lmgrd.exe")])
        .socket("tcp 0.0.0.0:53200", &[of(99, 3, r"C:\MATLAB\MLM.exe")])
        .seen(|seen| seen.license_setup = Some(LicenseSetup::default()));
    insta::assert_snapshot!(machine.printed("servers", None), @r"
    MathWorks MATLAB Network License Manager (FlexNet Publisher)  orphaned daemon
      MLM.exe  PID 99  53200/tcp  C:\MATLAB\MLM.exe
      critical  MLM.exe (PID 99) is left over from a license server that ended. A new one cannot start it until it stops. Stop it, then start the license server: taskkill /pid 99 /f

    Revenera FlexNet license server (FlexNet Publisher)         no vendor daemon
      lmgrd.exe  PID 812  27000/tcp  C:\Autodesk\lmgrd.exe
      critical  lmgrd.exe (PID 812) has started no vendor daemon that listens: clients get error -97 or -15. MLM.exe (PID 99) runs, but lmgrd.exe (PID 812) did not start it. Look at the end of its log, and start it again.
    ");
}

#[test]
fn a_service_of_windows_that_ended_is_told_with_its_exit_code() {
    let stopped = |starts, exit_code, name: &str| {
        let server = InstalledServer {
            display_name: Some("FlexNet License Server".to_owned()),
            starts: Some(starts),
            user: Some(r"LIC01\flexlm".to_owned()),
            exit_code,
            ..InstalledServer::new(
                name,
                Starter::Windows,
                vec![r"C:\Flexlm\lmgrd.exe".to_owned()],
                InstalledState::Stopped,
            )
        };
        let trouble =
            vec!["9:20:38 (lmgrd) license manager: can't initialize: Cannot find license file".to_owned()];
        let log = DebugLog::of_service(name, r"C:\Flexlm\lmgrd.log".to_owned(), trouble);
        let logs = if exit_code.is_some() { vec![log] } else { Vec::new() };
        let setup = LicenseSetup { installed: vec![server], logs, ..LicenseSetup::default() };
        let machine = linux().os(Os::Windows).seen(|seen| seen.license_setup = Some(setup));
        let servers = read(&machine.printed("servers --json", None)).license_servers.unwrap();
        let problem = &servers[0].problems[0];
        format!("{}\n{}", problem.text, problem.next.as_deref().unwrap_or_default())
    };
    insta::assert_snapshot!(stopped(ServiceStart::Automatic, Some(1067), "FlexNet License Server"), @r#"
    The service "FlexNet License Server" is stopped (exit code 1067: its process ended unexpectedly). It starts automatically. Its log says “9:20:38 (lmgrd) license manager: can't initialize: Cannot find license file”.
    Start it: net start "FlexNet License Server"
    "#);
    insta::assert_snapshot!(stopped(ServiceStart::Manual, None, "lmgrd"), @r#"
    The service "FlexNet License Server" is stopped. It starts only by hand.
    Start it: net start lmgrd
    "#);
    insta::assert_snapshot!(stopped(ServiceStart::Automatic, Some(1069), "lmgrd & del *"), @r#"
    The service "FlexNet License Server" is stopped (exit code 1069: its account could not log on). It starts automatically. Its log says “9:20:38 (lmgrd) license manager: can't initialize: Cannot find license file”.
    Set the password of LIC01\flexlm again. Start it in services.msc.
    "#);
    insta::assert_snapshot!(stopped(ServiceStart::Automatic, Some(7), "lmgrd"), @r#"
    The service "FlexNet License Server" is stopped (exit code 7). It starts automatically. Its log says “9:20:38 (lmgrd) license manager: can't initialize: Cannot find license file”.
    Start it: net start lmgrd
    "#);
}
