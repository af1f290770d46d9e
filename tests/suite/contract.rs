//! What is printed as JSON holds to the contract, version 1.

use whatlistens::model::{Checked, Gap, GapKind};

use crate::document::{Failed, read};
use crate::json_schema;
use crate::recorded::{anyone_at, linux, process, running_with, with_file};
use crate::started::{in_pipe, whatlistens};

#[test]
fn a_recorded_listener_is_told_in_full() {
    let args = Some(vec!["python3".to_owned()]);
    let server = running_with(11224, "/usr/bin/python3.11", |program| program.args = args);
    let machine = linux().socket("tcp 0.0.0.0:1538", &[server]);
    insta::assert_snapshot!(machine.printed("--json", None), @r#"
    {
      "schema_version": 1,
      "tool": {
        "name": "whatlistens",
        "version": "0.1.0"
      },
      "host": {
        "name": "lic01",
        "os": "linux",
        "id": "50047b8ee5a349c4958cf99d0d488037"
      },
      "taken_at": "2026-11-22T04:00:00Z",
      "privileged": true,
      "complete": true,
      "selection": [],
      "asked": [],
      "listeners": [
        {
          "protocol": "tcp",
          "family": "ipv4",
          "address": "0.0.0.0",
          "port": 1538,
          "interface": null,
          "dual_stack": null,
          "state": "listen",
          "exposure": "all-interfaces",
          "assigned_to": null,
          "namespace": null,
          "uid": 1000,
          "user": "alice",
          "owner_status": "identified",
          "processes": [
            {
              "pid": 11224,
              "ppid": 1,
              "name": "python3.11",
              "exe": "/usr/bin/python3.11",
              "exe_confirmed": true,
              "exe_deleted": false,
              "file_trust": "system",
              "uid": 1000,
              "user": "alice",
              "started_at": "2026-11-22T02:53:20Z",
              "session": null,
              "state": null,
              "tracer": null,
              "cwd": null,
              "cwd_deleted": null,
              "service": null,
              "services": [],
              "file_version": null,
              "signature": null,
              "survivors": null,
              "container": null,
              "application": null,
              "forwards_to": null,
              "relays_to": null,
              "script": null,
              "args": [
                "python3"
              ]
            }
          ],
          "in_flight_to": null,
          "port_class": "registered",
          "service": {
            "name": "3ds-lm",
            "description": "3ds-lm",
            "source": "iana"
          },
          "known_for_service": false,
          "license": {
            "managers": [
              {
                "id": "autodesk-3ds-lm",
                "vendor": "Autodesk",
                "product": "3ds-lm"
              }
            ],
            "verdict": "mismatch",
            "severity": "warning",
            "reason": "python3.11 is not a known program of Autodesk 3ds-lm",
            "expected": [
              "lmgrd",
              "lmadmin",
              "adskflex"
            ],
            "evidence": [
              "exe /usr/bin/python3.11",
              "only root can replace the file"
            ],
            "next": "If Autodesk 3ds-lm should run here, stop python3.11 or move it to another port. If not, find out why python3.11 uses a license manager's port."
          },
          "connections": null,
          "accept_queue": null,
          "made_in": null,
          "opened_at": null,
          "port_requested": null,
          "http_urls": null,
          "proxied_to": null,
          "firewall": null,
          "activation": null,
          "last_used_by": null
        }
      ],
      "notes": [],
      "unanswered": [],
      "license_servers": [],
      "other_namespaces": [],
      "interfaces": null,
      "other_sockets": null,
      "excluded_ports": null,
      "gaps": []
    }
    "#);
    read(&machine.printed("--json", None));
}

#[test]
fn every_shape_of_owner_reads_back() {
    let machine = linux()
        .by_ordinary_user(&[(7, "sshd")])
        .socket("tcp [::1]:22", &[])
        .socket("udp 10.0.0.1:5093", &[process(5, "/opt/lserv"), process(6, "/opt/lserv")])
        .gap(Gap::new(GapKind::ProcessGone, "1 process ended while it was looked at"));
    let document = read(&machine.printed("--json", None));
    assert_eq!((document.schema_version, document.tool.name.as_str()), (1, "whatlistens"));
    assert_eq!((document.host.os.as_str(), document.host.name.as_deref()), ("linux", Some("lic01")));
    assert_eq!(document.taken_at, "2026-11-22T04:00:00Z");
    assert!(!document.privileged && !document.complete);
    let [ssh, rms] = &document.listeners[..] else { panic!("two listeners") };
    assert_eq!((ssh.owner_status.as_str(), ssh.processes.len()), ("hidden", 0));
    assert_eq!(
        (ssh.family.as_str(), ssh.exposure.as_str(), ssh.port_class.as_str()),
        ("ipv6", "loopback", "system")
    );
    assert_eq!((rms.state.as_str(), rms.exposure.as_str()), ("unconnected", "private"));
    assert_eq!(rms.processes.iter().map(|p| p.pid).collect::<Vec<_>>(), [5, 6]);
    let license = rms.license.as_ref().unwrap();
    assert_eq!((license.verdict.as_str(), license.severity.as_str()), ("expected", "info"));
    let kinds: Vec<_> = document.gaps.iter().map(|gap| gap.kind.as_str()).collect();
    assert_eq!(kinds, ["process-gone", "owner-hidden"]);
}

#[test]
fn what_is_told_is_what_was_seen() {
    let gap = |kind| Gap { count: Some(3), ..Gap::new(kind, "") };
    let worker =
        whatlistens::model::Process { uid: Some(33), user: Some("www".to_owned()), ..process(5, "/x/nginx") };
    let machine = linux()
        .socket("tcp [::]:80", &[worker])
        .but(|socket| {
            socket.interface = Some("eth0".to_owned());
            socket.dual_stack = Some(true);
        })
        .gap(gap(GapKind::SocketsUnreadable));
    let document = read(&machine.printed("--json", None));
    assert!(document.privileged && !document.complete, "a gap is a gap for root too");
    let listener = &document.listeners[0];
    assert_eq!((listener.interface.as_deref(), listener.dual_stack), (Some("eth0"), Some(true)));
    assert_eq!((listener.uid, listener.user.as_deref()), (Some(1000), Some("alice")), "the socket's");
    assert_eq!(listener.processes[0].user.as_deref(), Some("www"), "the process's");
    assert_eq!((document.gaps[0].kind.as_str(), document.gaps[0].count), ("sockets-unreadable", Some(3)));
}

#[test]
fn a_path_that_leads_to_another_file_is_not_told_as_a_fact() {
    let told = |confirmed: Checked<bool>, writers| {
        let server = with_file(5, "/opt/x/lmgrd", |file| {
            file.path_confirmed = confirmed;
            file.writers = writers;
        });
        let document = read(&linux().socket("tcp 0.0.0.0:27000", &[server]).printed("--json", None));
        let process = &document.listeners[0].processes[0];
        assert_eq!(process.exe.as_deref(), Some("/opt/x/lmgrd"), "what it calls itself");
        (process.exe_confirmed, process.file_trust.clone().unwrap())
    };
    let roots = || Checked::Done(Vec::new());
    assert_eq!(told(Checked::Done(true), roots()), (Some(true), "system".to_owned()));
    assert_eq!(told(Checked::Done(false), roots()), (Some(false), "unknown".to_owned()));
    assert_eq!(told(Checked::NotRequested, roots()), (None, "unknown".to_owned()));
    assert_eq!(told(Checked::Done(true), Checked::NotRequested), (Some(true), "unknown".to_owned()));
    assert_eq!(told(Checked::Done(true), anyone_at("/opt")), (Some(true), "anyone".to_owned()));
    let no_file = running_with(5, "/opt/x/lmgrd", |program| program.exe = None);
    let document = read(&linux().socket("tcp 0.0.0.0:27000", &[no_file]).printed("--json", None));
    assert_eq!(document.listeners[0].processes[0].file_trust, None);
    assert!(document.listeners[0].license.as_ref().unwrap().next.is_none());
}

#[test]
fn an_unknown_vendor_is_null() {
    let machine = linux().socket("tcp 0.0.0.0:1493", &[process(5, "/x/odd")]);
    let document = read(&machine.printed("--json", None));
    let manager = &document.listeners[0].license.as_ref().unwrap().managers[0];
    assert_eq!((manager.id.as_str(), manager.vendor.as_deref()), ("netmap-lm", None));
}

#[test]
fn an_empty_listing_is_an_object_too() {
    let document = read(&linux().printed("--json 1538", None));
    assert!(document.listeners.is_empty() && document.gaps.is_empty() && document.complete);
}

#[test]
fn the_program_s_own_output_holds_to_it() {
    let (stdout, _, status) = whatlistens(&["--json"]);
    let document = read(&stdout);
    assert_eq!(status, u8::from(document.listeners.is_empty()));
    assert_eq!(document.tool.version, env!("CARGO_PKG_VERSION"));
}

#[test]
fn an_error_is_an_object_too() {
    let (stdout, stderr, status) = whatlistens(&["--json", "70000"]);
    let failed: Failed = json_schema::read(&stdout);
    assert_eq!((failed.schema_version, failed.tool.name.as_str()), (1, "whatlistens"));
    assert_eq!((failed.error.exit_status, status), (2, 2));
    assert_eq!(stderr.trim_end(), in_pipe(&format!("whatlistens: {}", failed.error.message)));
}
