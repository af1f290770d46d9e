//! What a listing concludes about license servers, whose files it does not read, and what a narrower one leaves open.

use whatlistens::model::{LicenseSetup, Process};

use super::{
    ADSKFLEX, LMGRD, adsk_lic, by_command_line, clients, healthy, of, servers, setup, without_daemon,
};
use crate::document::{self, read};
use crate::recorded::{Machine, anyone_at, linux, with_file};

/// lmgrd, and an adskflex on a port of no license manager that it did not start.
fn apart() -> Machine {
    linux()
        .socket("tcp 0.0.0.0:27005", &[of(812, 1, LMGRD)])
        .socket("tcp 0.0.0.0:2081", &[of(99, 1, ADSKFLEX)])
}

/// The license servers of a listing; `None` where too little was scanned to know them.
fn listed(machine: &Machine, options: &str) -> Option<Vec<document::LicenseServer>> {
    read(&machine.printed(&format!("--json {options}"), None)).license_servers
}

fn lines_about(machine: &Machine, options: &str) -> Vec<String> {
    let text = machine.printed(options, None);
    text.lines().filter(|line| line.contains("whatlistens servers")).map(str::to_owned).collect()
}

#[test]
fn a_server_that_started_no_daemon_is_said_whatever_else_runs() {
    let said = "Autodesk Network License Manager: adskflex (PID 99) is left over from a license server that ended. A \
                new one cannot start it until it stops. For details: whatlistens servers";
    let alone = "Revenera FlexNet license server: lmgrd (PID 812) has started no vendor daemon that listens: clients get \
                 error -97 or -15. adskflex (PID 99) runs, but lmgrd (PID 812) did not start it. For details: \
                 whatlistens servers";
    for options in ["", "--licenses", "--flagged", "-t", "-tlnp", "-i tcp", "--licenses -t"] {
        assert_eq!(lines_about(&apart(), options), [said, alone], "{options}");
    }
    // One rule for ranges of ports, and for what else narrows a listing.
    for options in ["1-65535", "-t 2000-28000", "tcp 1-65535", "2000-28000 --flagged", "1-3000 27000-28000"] {
        assert_eq!(lines_about(&apart(), options), [said, alone], "{options}");
    }
    for options in ["2000-2100", "--pid 99", "--process adskflex", "1-65535 --pid 99", "2000-2100 nginx"] {
        assert_eq!(lines_about(&apart(), options), [said], "{options}");
    }
    for options in
        ["27001-30000", "--pid 812", "--process lmgrd", "1-65535 --process lmgrd", "27001-30000/tcp"]
    {
        assert_eq!(lines_about(&apart(), options), [alone], "{options}");
    }
    for options in ["3000-4000", "3000-4000 nginx", "-u 1-65535", "-4 1-65535", "2000-28000/udp"] {
        assert_eq!(lines_about(&apart(), options), [""; 0], "{options}");
        assert!(listed(&apart(), options).is_none(), "{options}");
    }
    assert_eq!(format!("{:?}", listed(&apart(), "1-65535")), format!("{:?}", listed(&apart(), "")));
    assert_eq!(listed(&healthy(), "1-65535").map(|all| all.len()), Some(1));
    let all = listed(&apart(), "").unwrap();
    let states: Vec<(&str, &str)> =
        all.iter().map(|server| (server.id.as_str(), server.state.as_str())).collect();
    assert_eq!(states, [("autodesk-nlm", "orphaned-daemon"), ("flexnet", "no-daemon")]);
    insta::assert_snapshot!(all[1].notes[0], @"Its license files were not read for this answer, so whether adskflex (PID 99) is left over from it is not known. To read them: whatlistens servers");
    // With them, `servers` says the same in the same words.
    let read = apart().seen(|seen| {
        seen.license_setup = Some(setup(vec![adsk_lic(by_command_line(812), Some(27005), Some(2081))]));
    });
    let servers = servers(&read);
    assert_eq!((servers.len(), servers[0].state.as_str()), (1, "orphaned-daemon"));
    assert!(said.contains(&servers[0].problems[0].text), "{servers:?}");
    // Where they say nothing, it is missing, whatever else runs.
    let unknown = apart().seen(|seen| seen.license_setup = Some(LicenseSetup::default()));
    insta::assert_snapshot!(unknown.printed("servers flexnet", None), @"
    Autodesk Network License Manager (FlexNet Publisher)        orphaned daemon
      adskflex  PID 99  2081/tcp  /opt/flexlm/adskflex
      critical  adskflex (PID 99) is left over from a license server that ended. A new one cannot start it until it stops. Stop it, then start the license server: kill 99

    Revenera FlexNet license server (FlexNet Publisher)         no vendor daemon
      lmgrd  PID 812  27005/tcp  /opt/flexlm/lmgrd
      critical  lmgrd (PID 812) has started no vendor daemon that listens: clients get error -97 or -15. adskflex (PID 99) runs, but lmgrd (PID 812) did not start it. Look at the end of its log, and start it again.
    ");
}

#[test]
fn a_daemon_that_is_missing_is_said_to_be_by_every_scan_of_its_protocol() {
    let said = "Revenera FlexNet license server: lmgrd (PID 812) has no vendor daemon that listens: clients get error \
                -97 or -15. For details: whatlistens servers";
    let lmgrd = linux().socket("tcp 0.0.0.0:27000", &[of(812, 1, LMGRD)]);
    for options in ["", "-t", "-tlnp", "-tulpn", "-i tcp", "--user root", "--pid 812"] {
        assert_eq!(lines_about(&lmgrd, options), [said], "{options}");
    }
    for options in ["-u", "-4", "-6", "-i udp", "-i 4tcp", "--user nosuch", "--pid 7"] {
        assert_eq!(lines_about(&lmgrd, options), [""; 0], "{options}");
    }
    assert_eq!(listed(&lmgrd, "-t").map(|all| all.len()), Some(1));
    assert!(listed(&lmgrd, "-u").is_none() && listed(&lmgrd, "-4").is_none());
}

#[test]
fn a_scan_of_one_protocol_says_nothing_of_a_server_that_uses_the_other() {
    let rms = linux().socket("udp 0.0.0.0:5093", &[of(70, 1, "/opt/rms/lserv")]);
    assert_eq!(listed(&rms, "").map(|all| all[0].state.clone()).as_deref(), Some("up"));
    assert_eq!(listed(&rms, "-u").map(|all| all[0].state.clone()).as_deref(), Some("up"));
    assert!(listed(&rms, "-t").is_none());
}

#[test]
fn an_orphan_on_a_port_of_no_license_manager_is_said_by_a_listing() {
    let orphan = linux().socket("tcp 0.0.0.0:53200", &[of(99, 1, "/opt/matlab/etc/MLM")]);
    insta::assert_snapshot!(lines_about(&orphan, "")[0], @"MathWorks MATLAB Network License Manager: MLM (PID 99) is left over from a license server that ended. A new one cannot start it until it stops. For details: whatlistens servers");
    // What anybody may have put there is no orphan.
    let weak = with_file(99, "/home/alice/MLM", |exe| exe.writers = anyone_at("/home/alice"));
    assert_eq!(lines_about(&linux().socket("tcp 0.0.0.0:53200", &[weak]), ""), [""; 0]);
}

#[test]
fn a_daemon_that_is_not_believed_is_not_said_to_be_missing() {
    let weak = |pid, exe| Process {
        ppid: Some(1),
        ..with_file(pid, exe, |exe| exe.writers = anyone_at("/opt/flexlm"))
    };
    let machine = without_daemon().socket("tcp 0.0.0.0:2080", &[weak(99, ADSKFLEX)]);
    insta::assert_snapshot!(machine.printed("servers", None), @r"
    Autodesk Network License Manager (FlexNet Publisher)        cannot tell
      adskflex  PID 99  2080/tcp  /opt/flexlm/adskflex
      warning   PID 99 is called adskflex, but any user of this machine can write to /opt/flexlm and may have replaced it. Find out who put adskflex there. Then let only root write there: chmod o-w /opt/flexlm

    Autodesk Network License Manager (FlexNet Publisher)        no vendor daemon
      lmgrd  PID 812  27000/tcp  v11.19.5.0  /opt/flexlm/lmgrd
      license   /opt/flexlm/adsk.lic: SERVER lic01 27000, VENDOR adskflex port=2080
                line 2, VENDOR adskflex port=2080: adskflex (PID 99) runs, but lmgrd (PID 812) did not start it
      critical  adskflex (PID 99) listens on 2080/tcp, the port of adskflex. See who that is: whatlistens 2080
      critical  lmgrd (PID 812) has started no vendor daemon adskflex that listens: clients get error -97 or -15. adskflex (PID 99) runs, but lmgrd (PID 812) did not start it. Look at the end of its log, and start it again.
    ");
}

#[test]
fn what_was_not_counted_or_read_is_not_known() {
    let two_ports = linux()
        .socket("tcp 0.0.0.0:27000", &[of(812, 1, LMGRD)])
        .socket("tcp 0.0.0.0:2080", &[of(815, 812, ADSKFLEX)])
        .but(|socket| socket.connections = clients(5))
        .socket("tcp 0.0.0.0:41000", &[of(815, 812, ADSKFLEX)]);
    let server = listed(&two_ports, "").unwrap().remove(0);
    assert_eq!((server.clients, server.daemons[0].clients), (None, None));
    let loose = linux()
        .socket("tcp 0.0.0.0:27000", &[of(812, 1, LMGRD)])
        .socket("tcp 0.0.0.0:41234", &[of(815, 812, ADSKFLEX)]);
    let server = listed(&loose, "").unwrap().remove(0);
    assert_eq!((server.daemons[0].port_is_fixed, server.problems.len()), (None, 0));
    let read = loose.seen(|seen| seen.license_setup = Some(LicenseSetup::default()));
    let server = servers(&read).remove(0);
    assert_eq!(server.daemons[0].port_is_fixed, Some(false));
    insta::assert_snapshot!(format!("{} {}", server.problems[0].text, server.problems[0].next.as_deref().unwrap()), @"adskflex (PID 815) listens on 41234/tcp, which the system probably chose: unless the license file names that port, it changes with the next start, and no firewall rule can name it. If the VENDOR line has no port=, add it.");
}

#[test]
fn a_product_is_served_by_the_license_manager_that_mentions_it() {
    for line in ["servers autocad", "servers AutoCAD"] {
        assert_eq!(healthy().printed(line, None), healthy().printed("servers autodesk", None), "{line}");
    }
    insta::assert_snapshot!(linux().printed("servers autocad", None), @"No license server of autocad runs here.");
    for word in ["port", "the", "frobnicate"] {
        assert!(healthy().refusal(&format!("servers {word}")).contains("No license manager"), "{word}");
    }
    insta::assert_snapshot!(healthy().refusal("servers 27000"), @"‘27000’: for the license server on a port: whatlistens 27000");
    insta::assert_snapshot!(healthy().refusal("servers -H"), @"there is no option -H: only a listing has a header; for scripts use --output json");
}
