//! The table and the notes below it, verbatim.

use whatlistens::model::{
    Checked, ClaimedScript, Executable, FileVersion, Namespace, Presence, Process, ProcessService, Program,
    ScriptKind, ServiceManager, Signature, SignatureState, Socket,
};
use whatlistens::query::Environment;

use crate::recorded::{anyone_at, contains, linux, office, process, running_with, to_address};

#[test]
fn the_table_has_one_row_a_service() {
    insta::assert_snapshot!(office().printed("", None), @"
         PORT  ADDRESS              PROCESS             PID  USER   IANA NAME  LICENSE
       53/udp  127.0.0.53:53        systemd-resolved    400  root   domain
       80/tcp  0.0.0.0:80, [::]:80  nginx +2            800  root   http
     1538/tcp  0.0.0.0:1538         python3.11        11224  alice  (3ds-lm)   mismatch
    27000/tcp  0.0.0.0:27000        lmgrd               900  root   flex-lm    expected
    33333/udp  0.0.0.0:33333        (no-process)             alice

    1538/tcp mismatch: python3.11 is not a known program of Autodesk 3ds-lm.
    Revenera FlexNet license server: lmgrd (PID 900) has no vendor daemon that listens: clients get error -97 or -15. For details: whatlistens servers
    ");
}

#[test]
fn the_table_fits_80_columns_and_cuts_nothing_it_need_not() {
    let machine = office().socket(
        "tcp [2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff]:7279",
        &[process(31337, "/usr/libexec/a-program-with-quite-a-long-name-indeed")],
    );
    for width in [80, 60, 40] {
        for line in machine.printed("", Some(width)).lines().filter(|line| line.contains("/tcp  ")) {
            let columns = line.chars().count();
            assert!(columns <= usize::from(width), "{columns} of {width}: {line}");
        }
        let rows = |width| machine.run("-H", &Environment { width, ..Environment::plain() }).unwrap().0;
        assert_eq!(rows(Some(width)), rows(None), "a script gets all");
    }
    insta::assert_snapshot!(machine.printed("7279 1538", Some(80)), @r"
        PORT  ADDRESS                PROCESS         PID  USER   IANA NAME  LICENSE
    7279/tcp  [2001:db8:aaaa:…:7279  a-program-w…  31337  alice  (ctxlic)   mismatch
    1538/tcp  0.0.0.0:1538           python3.11    11224  alice  (3ds-lm)   mismatch

    7279/tcp mismatch: a-program-with-quite-a-long-name-indeed is not a known
    program of Citrix License Server.
    1538/tcp mismatch: python3.11 is not a known program of Autodesk 3ds-lm.
    ");
    assert!(machine.printed("-H", None).contains("a-program-with-quite-a-long-name-indeed"));
}

#[test]
fn without_a_header_rows_and_notes_stand_apart() {
    let (out, notes, _) = office().run("-H --flagged", &Environment::plain()).unwrap();
    insta::assert_snapshot!(out, @"1538/tcp  0.0.0.0:1538  python3.11  11224  alice  (3ds-lm)  mismatch");
    insta::assert_snapshot!(notes, @"
    1538/tcp mismatch: python3.11 is not a known program of Autodesk 3ds-lm.
    Revenera FlexNet license server: lmgrd (PID 900) has no vendor daemon that listens: clients get error -97 or -15. For details: whatlistens servers
    ");
}

#[test]
fn nothing_found_is_said() {
    insta::assert_snapshot!(office().printed("lmadmin", None), @r"
    No process called lmadmin was found listening.

    Revenera FlexNet license server (FlexNet Publisher)         no vendor daemon
      lmgrd  PID 900  27000/tcp  /opt/flexlm/bin/lmgrd
      critical  lmgrd (PID 900) has no vendor daemon that listens: clients get error -97 or -15. Look at the end of its log, and start it again.
    ");
    insta::assert_snapshot!(linux().printed("", None), @"Nothing listens here.");
}

#[test]
fn the_sockets_of_a_reuseport_group_are_one_row_and_two_programs_are_two() {
    let group = [process(70, "/usr/bin/node"), process(71, "/usr/bin/node")];
    let machine = linux()
        .socket("udp 0.0.0.0:5353", &group[..1])
        .socket("udp 0.0.0.0:5353", &group[1..])
        .socket("udp 0.0.0.0:5353", &[process(90, "/usr/sbin/avahi-daemon")]);
    insta::assert_snapshot!(machine.printed("-H", None), @"
    5353/udp  0.0.0.0:5353  node+1        70  alice  (mdns)  -
    5353/udp  0.0.0.0:5353  avahi-daemon  90  alice  mdns    -
    ");
}

#[test]
fn what_differs_is_not_folded() {
    let lmgrd = process(70, "/opt/x/lmgrd");
    let hidden = |uid| move |socket: &mut Socket| socket.uid = Some(uid);
    let blue = Namespace { inode: 4_026_532_281, name: Some("blue".to_owned()) };
    let machine = linux()
        .by_ordinary_user(&[(7, "sshd")])
        .socket("tcp 0.0.0.0:81", &[])
        .but(hidden(1))
        .socket("tcp [::]:81", &[])
        .but(hidden(2))
        .socket("tcp 0.0.0.0:82", std::slice::from_ref(&lmgrd))
        .socket("tcp 0.0.0.0:82", std::slice::from_ref(&lmgrd))
        .but(|socket| socket.namespace = Some(blue))
        .socket("tcp 0.0.0.0:83", std::slice::from_ref(&lmgrd))
        .socket("tcp 0.0.0.0:83", &[Process { user: Some("bob".to_owned()), ..process(71, "/opt/x/lmgrd") }])
        .socket("tcp 0.0.0.0:84", std::slice::from_ref(&lmgrd))
        .socket("tcp 0.0.0.0:84", &[lmgrd])
        .but(|socket| socket.interface = Some("eth0".to_owned()));
    for port in [81, 82, 83, 84] {
        let rows = machine.printed(&format!("-H {port} 9999"), None);
        assert_eq!(rows.lines().filter(|line| line.contains("/tcp")).count(), 2, "{rows}");
    }
}

#[test]
fn addresses_are_in_ipv4_s_own_form_and_the_widest_reach_stands_first() {
    let server = [process(70, "/usr/sbin/nginx")];
    let machine = linux()
        .socket("tcp [::ffff:127.0.0.1]:80", &server)
        .socket("tcp 127.0.0.2:80", &server)
        .socket("tcp 127.0.0.3:80", &server)
        .socket("tcp 192.0.2.7:80", &server);
    insta::assert_snapshot!(machine.printed("-H", None), @"80/tcp  192.0.2.7:80,127.0.0.2:80,127.0.0.3:80,127.0.0.1:80  nginx  70  alice  http  -");
    let detail = machine.printed("80", None);
    let reach = detail.lines().find(|line| line.starts_with("Reach")).unwrap();
    insta::assert_snapshot!(reach, @"Reach        192.0.2.7, 127.0.0.2, 127.0.0.3, 127.0.0.1 (any machine that can reach this address,");
}

#[test]
fn flagged_rows_beyond_a_few_are_counted_and_the_gravest_come_first() {
    let mut machine = linux().socket("tcp 0.0.0.0:1493", &[process(1, "/x/odd")]);
    for port in 27000..27005 {
        machine = machine.socket(&format!("tcp 0.0.0.0:{port}"), &[process(2, "/x/odd")]);
    }
    let (_, notes) =
        machine.printed("", None).split_once("\n\n").map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    let lines: Vec<&str> = notes.lines().collect();
    assert!(lines[..5].iter().all(|line| line.contains(" mismatch: ")), "{notes}");
    assert_eq!(lines[5..], ["1 more flagged. For details: whatlistens PORT"]);
}

#[test]
fn a_hidden_owner_s_user_is_given_by_number_where_it_has_no_name() {
    let machine = linux()
        .by_ordinary_user(&[(7, "sshd")])
        .socket("tcp 0.0.0.0:80", &[])
        .but(|socket| (socket.uid, socket.user) = (Some(4711), None));
    assert!(machine.printed("-H", None).contains("(hidden)  -  4711"), "{}", machine.printed("-H", None));
    assert!(machine.printed("80", None).contains("User         4711"));
}

#[test]
fn the_same_program_twice_on_different_addresses_is_two_rows() {
    let machine = linux()
        .socket("udp 127.0.0.1:53", &[process(70, "/usr/sbin/dnsmasq")])
        .socket("udp 10.0.0.1:53", &[process(71, "/usr/sbin/dnsmasq")]);
    assert_eq!(machine.printed("-H", None).lines().count(), 2);
}

#[test]
fn command_lines_are_shown_only_when_asked_for() {
    let args = ["python3", "-m", "http.server"].map(str::to_owned).to_vec();
    let with_args = running_with(5, "/usr/bin/python3.11", |program| program.args = Some(args));
    let machine = linux().socket("tcp 0.0.0.0:8000", &[with_args]);
    assert!(!machine.printed("", None).contains("http.server"));
    assert!(machine.printed("--args", None).contains("python3 -m http.server"));
}

#[test]
fn nothing_raw_of_a_stranger_s_names_reaches_the_terminal() {
    let hostile = "e\x1b[31mvil\n\r\u{9b}2J) (\u{202e}gpj\u{200b}\u{fffd}";
    let intruder = Process {
        name: Some(hostile.to_owned()),
        short_name: Some(format!("x{hostile}")),
        user: Some(hostile.to_owned()),
        presence: Presence::Running(Program {
            args: Some(vec![hostile.to_owned()]),
            interpreted: None,
            claimed_script: Some(ClaimedScript { kind: ScriptKind::Script, name: Some(hostile.to_owned()) }),
            relays_to: Some(vec![to_address(hostile)]),
            script: None,
            by_service: Checked::NotRequested,
            loaded: Checked::NotRequested,
            exe: Some(Executable {
                path: format!("/tmp/{hostile}/{hostile}"),
                contents: contains(hostile),
                path_confirmed: Checked::Done(true),
                deleted: Some(true),
                replaced: None,
                writers: anyone_at(&format!("/tmp/{hostile}")),
                version: Some(FileVersion {
                    company: Some(hostile.to_owned()),
                    product: Some(hostile.to_owned()),
                    original_name: Some(hostile.to_owned()),
                }),
                signature: Checked::Done(Signature {
                    state: SignatureState::Valid,
                    signer: Some(hostile.to_owned()),
                }),
            }),
        }),
        services: vec![ProcessService {
            display_name: Some(hostile.to_owned()),
            ..ProcessService::new(ServiceManager::Windows, hostile)
        }],

        ..process(666, "/x")
    };
    let machine =
        linux().with(Process { pid: 1, ..intruder.clone() }).socket("tcp 0.0.0.0:27000", &[intruder]);
    for line in ["--args", "-H --args", "27000 --args", "--flagged", "--json --args"] {
        for color in [false, true] {
            let environment = Environment { color, width: Some(80), ..Environment::plain() };
            let printed = machine.shown(line, &environment);
            assert!(printed.contains("vil"), "{line}: {printed}");
            // All colour is our own: a colour's sequence holds nothing but digits.
            let without_color =
                printed.split('\x1b').enumerate().map(|(index, part)| match part.split_once('m') {
                    Some((code, rest))
                        if color && index > 0 && code.starts_with('[') && !code.contains("31mv") =>
                    {
                        rest
                    }
                    _ => part,
                });
            let bare: String = without_color.collect();
            let raw = bare.chars().find(|&c| c != '\n' && (c.is_control() || "\u{202e}\u{200b}".contains(c)));
            assert_eq!(raw, None, "{line}: {bare:?}");
            if !color {
                assert!(!printed.contains('\x1b'), "{line}");
            }
        }
    }
}

#[test]
fn colour_is_where_it_was_asked_for_and_changes_no_letter() {
    let colored = office().shown("", &Environment { color: true, ..Environment::plain() });
    assert!(colored.contains("\x1b[31;1mmismatch\x1b[0m"), "{colored:?}");
    let mut bare = String::new();
    for (index, part) in colored.split('\x1b').enumerate() {
        bare += if index == 0 { part } else { part.split_once('m').unwrap().1 };
    }
    assert_eq!(bare, office().printed("", None));
}
