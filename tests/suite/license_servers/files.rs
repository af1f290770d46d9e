//! License files beside what listens.

use jiff::civil::Date;
use whatlistens::model::{Checked, Expiry, Flaw, NotInspected, ServerLine};

use super::{changed, lines, only, state_and_codes};

#[test]
fn license_files_are_held_against_what_listens() {
    let elsewhere = changed(|setup| lines(setup).servers[0].port = Some(27005));
    insta::assert_snapshot!(elsewhere.printed("servers", None), @"
    Autodesk Network License Manager (FlexNet Publisher)        up, 5 clients
      lmgrd     PID 812  27000/tcp  v11.19.5.0  /opt/flexlm/lmgrd
      adskflex  PID 815  2080/tcp   v11.19.5.0  5 clients
      license   /opt/flexlm/adsk.lic: SERVER lic01 27005, VENDOR adskflex port=2080
                line 1, SERVER lic01 27005: lmgrd (PID 812) does not listen on 27005
      warning   lmgrd (PID 812) listens on 27000, and its license file says 27005 (line 1 of /opt/flexlm/adsk.lic): clients look for it there. If the file was changed since it started, start the license server again.
    ");
    let foreign = changed(|setup| lines(setup).servers[0].host = "lic02".to_owned());
    assert_eq!(only(&foreign), state_and_codes("up", &["host-mismatch"]));
    let other_id = changed(|setup| lines(setup).servers[0].host_id = Some("AABBCCDDEEFF".to_owned()));
    insta::assert_snapshot!(other_id.printed("servers", None), @"
    Autodesk Network License Manager (FlexNet Publisher)        up, 5 clients
      lmgrd     PID 812  27000/tcp  v11.19.5.0  /opt/flexlm/lmgrd
      adskflex  PID 815  2080/tcp   v11.19.5.0  5 clients
      license   /opt/flexlm/adsk.lic: SERVER lic01 27000, VENDOR adskflex port=2080
                line 1, SERVER lic01 27000: no interface of this machine has that host ID
      warning   No interface of this machine has the host ID AABBCCDDEEFF (line 1 of /opt/flexlm/adsk.lic): the licenses for that host ID are refused. Ask the vendor for a license file for this machine (0011223344aa).
    ");
    let unread = changed(|setup| setup.files[0].contents = Checked::Failed(NotInspected::Unreadable));
    assert_eq!(only(&unread).1, ["license-file-unreadable"]);
    let flawed = changed(|setup| {
        let text = "port 0 is none".to_owned();
        lines(setup).flaws.push(Flaw { line: Some(2), text });
    });
    insta::assert_snapshot!(flawed.printed("servers", None), @"
    Autodesk Network License Manager (FlexNet Publisher)        up, 5 clients
      lmgrd     PID 812  27000/tcp  v11.19.5.0  /opt/flexlm/lmgrd
      adskflex  PID 815  2080/tcp   v11.19.5.0  5 clients
      license   /opt/flexlm/adsk.lic: SERVER lic01 27000, VENDOR adskflex port=2080
                line 2: port 0 is none
      warning   /opt/flexlm/adsk.lic, line 2: port 0 is none.
    ");
}

/// A folder may have the files of many vendors.
#[test]
fn a_vendor_has_its_own_license_files_and_those_of_all() {
    let machine = changed(|setup| {
        let mut other = setup.files[0].clone();
        other.path = "/opt/flexlm/other.lic".to_owned();
        if let Checked::Done(lines) = &mut other.contents {
            lines.daemons[0].name = "ansyslmd".to_owned();
        }
        let mut of_all = setup.files[0].clone();
        of_all.path = "/opt/flexlm/none.lic".to_owned();
        of_all.contents = Checked::Failed(NotInspected::Unreadable);
        setup.files.extend([other, of_all]);
    });
    let files: Vec<(String, Vec<String>)> = super::servers(&machine)
        .into_iter()
        .map(|one| (one.id, one.license_files.into_iter().map(|file| file.path).collect()))
        .collect();
    let paths = |names: [&str; 2]| names.map(|name| format!("/opt/flexlm/{name}")).to_vec();
    let ansys = ("ansys".to_owned(), paths(["other.lic", "none.lic"]));
    assert_eq!(files, [ansys, ("autodesk-nlm".to_owned(), paths(["adsk.lic", "none.lic"]))]);
}

#[test]
fn licenses_that_expire_are_a_problem_in_time() {
    let expires = |year, month, day| {
        changed(|setup| {
            lines(setup).expiries.push(Expiry {
                date: Date::new(year, month, day).unwrap(),
                daemon: Some("ADSKFLEX".to_owned()),
                feature: "85795ACD_2026_0F".to_owned(),
                line: 4,
                count: 3,
            });
        })
    };
    // The machines are of 2026-11-22.
    assert_eq!(only(&expires(2026, 11, 21)).1, ["license-expired"]);
    assert_eq!(only(&expires(2026, 11, 22)).1, ["license-expires"]);
    assert_eq!(only(&expires(2026, 12, 22)).1, ["license-expires"]);
    assert_eq!(only(&expires(2026, 12, 23)), state_and_codes("up", &[]));
    let later = expires(2026, 12, 23).printed("servers --expiry-days 31", None);
    assert!(later.contains("expire on 2026-12-23 (line 4 of /opt/flexlm/adsk.lic)"), "{later}");
    insta::assert_snapshot!(expires(2026, 11, 21).printed("servers", None), @"
    Autodesk Network License Manager (FlexNet Publisher)        up, 5 clients
      lmgrd     PID 812  27000/tcp  v11.19.5.0  /opt/flexlm/lmgrd
      adskflex  PID 815  2080/tcp   v11.19.5.0  5 clients
      license   /opt/flexlm/adsk.lic: SERVER lic01 27000, VENDOR adskflex port=2080: all as it should be
      critical  The licenses for 85795ACD_2026_0F and 2 more features expired on 2026-11-21 (line 4 of /opt/flexlm/adsk.lic). Get a new license file from the vendor.
    ");
}

#[test]
fn of_three_servers_it_says_which_this_is() {
    let three = changed(|setup| {
        for (line, host) in [(2, "lic02"), (3, "lic03")] {
            let host = host.to_owned();
            lines(setup).servers.push(ServerLine { line, host, host_id: None, port: Some(27000) });
        }
        setup.identity.hosts.push(("lic02".to_owned(), "192.0.2.8".parse().unwrap()));
        setup.peers = Some(vec!["192.0.2.8:27000".parse().unwrap()]);
    });
    insta::assert_snapshot!(three.printed("servers", None), @"
    Autodesk Network License Manager (FlexNet Publisher)        up, 5 clients
      lmgrd     PID 812  27000/tcp  v11.19.5.0  /opt/flexlm/lmgrd
      adskflex  PID 815  2080/tcp   v11.19.5.0  5 clients
      license   /opt/flexlm/adsk.lic: SERVER lic01 27000, SERVER lic02 27000, VENDOR adskflex port=2080, SERVER lic03 27000: all as it should be
      note      This machine is lic01, the first of three servers; two of them must run.
      note      The connection to lic02 stands.
      note      Whether lic03 is connected is not known: the hosts file has no address of that name, and no name server was asked.
    ");
}
