//! Daemons that are left over, and the license file of the server that started them.

use whatlistens::model::{Checked, LicenseFile, NamedBy, Process};

use super::{ADSKFLEX, LMGRD, adsk_lic, healthy, of, only, servers, setup, state_and_codes};
use crate::recorded::{Machine, anyone_at, linux, with_file};

fn given() -> LicenseFile {
    adsk_lic(NamedBy::Caller, Some(28000), Some(2080))
}

/// With the license files that were given, and nothing installed.
fn with_files(machine: Machine, files: Vec<LicenseFile>) -> Machine {
    machine.seen(|seen| seen.license_setup = Some(setup(files)))
}

fn orphan(port: u16, pid: u32) -> Machine {
    linux().socket(&format!("tcp 0.0.0.0:{port}"), &[of(pid, 1, ADSKFLEX)])
}

#[test]
fn the_license_file_that_names_a_left_over_daemon_is_of_its_server() {
    insta::assert_snapshot!(with_files(orphan(2080, 99), vec![given()]).printed("servers", None), @"
    Autodesk Network License Manager (FlexNet Publisher)        orphaned daemon
      adskflex  PID 99  2080/tcp  /opt/flexlm/adskflex
      license   /opt/flexlm/adsk.lic: SERVER lic01 28000, VENDOR adskflex port=2080
                line 2, VENDOR adskflex port=2080: adskflex (PID 99) is left over
      critical  adskflex (PID 99) is left over from a license server that ended. A new one cannot start it until it stops. Stop it, then start the license server: kill 99
    ");
    // Wherever it listens: it keeps another from starting in any case.
    assert_eq!(
        only(&with_files(orphan(41000, 99), vec![given()])),
        state_and_codes("orphaned-daemon", &["orphaned-daemon"])
    );
    // Two of them, and two files that name them.
    let two = orphan(2080, 99).socket("tcp 0.0.0.0:2081", &[of(98, 1, ADSKFLEX)]);
    let mut other = given();
    other.path = "/srv/adsk.lic".to_owned();
    let two = with_files(two, vec![given(), other]);
    assert_eq!(only(&two), state_and_codes("orphaned-daemon", &["orphaned-daemon", "orphaned-daemon"]));
    assert_eq!(servers(&two)[0].license_files.len(), 2);
    // Of an unknown vendor, and under the name that the path gives it.
    let mut renamed = given();
    if let Checked::Done(lines) = &mut renamed.contents {
        lines.daemons[0].name = "foovd".to_owned();
    }
    assert_eq!(
        only(&with_files(orphan(2080, 99), vec![renamed])),
        state_and_codes("orphaned-daemon", &["orphaned-daemon"])
    );
}

#[test]
fn another_vendor_s_license_file_and_what_is_not_believed_stay_apart() {
    let mut other = given();
    if let Checked::Done(lines) = &mut other.contents {
        (lines.daemons[0].name, lines.daemons[0].path) = ("MLM".to_owned(), None);
    }
    let states = |machine: &Machine| -> Vec<String> {
        servers(machine).into_iter().map(|server| server.state).collect()
    };
    assert_eq!(states(&with_files(orphan(2081, 99), vec![other])), ["orphaned-daemon", "stopped"]);
    let weak =
        Process { ppid: Some(1), ..with_file(99, ADSKFLEX, |exe| exe.writers = anyone_at("/opt/flexlm")) };
    let weak = with_files(linux().socket("tcp 0.0.0.0:2080", &[weak]), vec![given()]);
    assert_eq!(states(&weak), ["stopped", "cannot-tell"]);
    let text = weak.printed("servers", None);
    assert!(
        text.contains("adskflex (PID 99) listens on 2080/tcp, the port of adskflex. See who that is"),
        "{text}"
    );
}

/// Its program is the right one for the port, and serves nobody.
#[test]
fn a_left_over_daemon_on_its_own_port_is_said_whatever_its_verdict() {
    let machine = orphan(2080, 99);
    let said = "adskflex (PID 99) is left over from a license server that ended.";
    for line in [
        "",
        "-t",
        "2000-3000",
        "--user root",
        "--process adskflex",
        "2080",
        "adskflex",
        "autodesk",
        "2080 80",
    ] {
        let text = machine.printed(line, None);
        assert!(text.contains(said) && text.contains("expected"), "{line}: {text}");
    }
    insta::assert_snapshot!(next(&machine, "2080"), @"adskflex (PID 99) is left over from a license server that ended. A new one cannot start it until it stops. Stop it, then start the license server: kill 99");
}

/// What to do next, of a port; ` / ` is where a line ends.
fn next(machine: &Machine, port: &str) -> String {
    let json =
        crate::document::read(&machine.printed(&format!("{port}/tcp --json"), None)).asked.remove(0).next;
    json.map_or("-".to_owned(), |next| next.replace('\n', " / "))
}

#[test]
fn a_license_server_is_stopped_by_the_tools_of_its_system() {
    insta::assert_snapshot!(next(&healthy(), "27000"), @"To stop it with its daemons: lmutil lmdown -c /opt/flexlm/adsk.lic / To let it read a changed license file (a changed port needs a restart): lmutil lmreread -c /opt/flexlm/adsk.lic");
    insta::assert_snapshot!(next(&healthy(), "2080"), @"To stop it alone: lmutil lmdown -c /opt/flexlm/adsk.lic -vendor adskflex / To stop it with its license server, lmgrd (PID 812): lmutil lmdown -c /opt/flexlm/adsk.lic / To let it read a changed license file (a changed port needs a restart): lmutil lmreread -c /opt/flexlm/adsk.lic");
    // Without a license file its port stands for it.
    let alone = linux().socket("tcp 0.0.0.0:27005", &[of(812, 1, LMGRD)]);
    insta::assert_snapshot!(next(&alone, "27005"), @"lmgrd (PID 812) has no vendor daemon that listens: clients get error -97 or -15. Look at the end of its log, and start it again. / To stop it: lmutil lmdown -c 27005@localhost / To let it read a changed license file (a changed port needs a restart): lmutil lmreread -c 27005@localhost");
    let rlm = linux()
        .socket("tcp 0.0.0.0:5053", &[of(30, 1, "/opt/rlm/rlm")])
        .socket("tcp 0.0.0.0:41000", &[of(31, 30, "/opt/rlm/foundry")]);
    insta::assert_snapshot!(next(&rlm, "5053"), @"To stop it with its daemons: rlmutil rlmdown RLM -c 5053@localhost / To let it read a changed license file: rlmutil rlmreread -c 5053@localhost");
    insta::assert_snapshot!(next(&rlm, "41000"), @"To stop it alone: rlmutil rlmdown foundry -c 5053@localhost / To stop it with its license server, rlm (PID 30): rlmutil rlmdown RLM -c 5053@localhost / To let it read a changed license file: rlmutil rlmreread -c 5053@localhost");
    // One without daemons is stopped like any program.
    let hasp = linux().socket("tcp 0.0.0.0:1947", &[of(50, 1, "/usr/sbin/hasplmd_x86_64")]);
    insta::assert_snapshot!(next(&hasp, "1947"), @"To stop it: kill 50");
    // No path becomes a command.
    for (path, command) in
        [("/opt/my lic;reboot.dat", "'/opt/my lic;reboot.dat'"), ("-c", ""), ("/opt/\u{1b}x", "")]
    {
        let machine =
            healthy().seen(|seen| seen.license_setup.as_mut().unwrap().files[0].path = path.to_owned());
        let next = next(&machine, "27000");
        assert_eq!(next.contains("lmdown"), !command.is_empty(), "{next}");
        assert!(next.contains(command), "{next}");
    }
}

#[test]
fn a_license_server_of_a_unit_is_stopped_with_it() {
    use whatlistens::model::{ProcessService, ServiceManager};

    let in_unit = |process: Process| Process {
        services: vec![ProcessService::new(ServiceManager::Systemd, "flexlm.service")],
        ..process
    };
    let machine = linux()
        .socket("tcp 0.0.0.0:27000", &[in_unit(of(812, 1, LMGRD))])
        .socket("tcp 0.0.0.0:2080", &[in_unit(of(815, 812, ADSKFLEX))]);
    let machine = with_files(machine, vec![adsk_lic(super::by_command_line(812), Some(27000), Some(2080))]);
    insta::assert_snapshot!(next(&machine, "27000"), @"To stop it with its daemons: systemctl stop flexlm / To let it read a changed license file (a changed port needs a restart): lmutil lmreread -c /opt/flexlm/adsk.lic");
    insta::assert_snapshot!(next(&machine, "2080"), @"To stop it alone: lmutil lmdown -c /opt/flexlm/adsk.lic -vendor adskflex / To stop it with its license server, lmgrd (PID 812): whatlistens 27000 / To let it read a changed license file (a changed port needs a restart): lmutil lmreread -c /opt/flexlm/adsk.lic");
}
