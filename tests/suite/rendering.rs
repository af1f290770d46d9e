//! What is printed, letter by letter.

use whatlistens::model::{Executable, Process};
use whatlistens::render::{Form, Style};

use crate::recorded::{Machine, linux, plain, process, request, text};

/// A web server with workers, a stranger on a license port, a license server, and a DNS cache.
fn office() -> Machine {
    let root = |pid, exe| Process { user: Some("root".to_owned()), ..process(pid, exe) };
    let worker = |pid| Process { ppid: Some(800), ..process(pid, "/usr/sbin/nginx") };
    let web = [root(800, "/usr/sbin/nginx"), worker(801), worker(802)];
    linux()
        .with(Process { ppid: None, ..root(1, "/usr/lib/systemd/systemd") })
        .socket("tcp 0.0.0.0:80", &web)
        .socket("tcp [::]:80", &web)
        .socket("tcp 0.0.0.0:1538", &[process(11224, "/usr/bin/python3.11")])
        .socket("tcp 0.0.0.0:27000", &[root(900, "/opt/flexlm/bin/lmgrd")])
        .socket("udp 127.0.0.53:53", &[root(400, "/usr/lib/systemd/systemd-resolved")])
        .socket("udp 0.0.0.0:33333", &[])
}

#[test]
fn the_table_has_one_row_a_service() {
    insta::assert_snapshot!(office().printed("", None), @"
         PORT  ADDRESS      PROCESS             PID  USER   SERVICE  LICENSE
       53/udp  127.0.0.53   systemd-resolved    400  root   domain
       80/tcp  0.0.0.0, ::  nginx +2            800  root   http
     1538/tcp  0.0.0.0      python3.11        11224  alice  3ds-lm   mismatch
    27000/tcp  0.0.0.0      lmgrd               900  root   flex-lm  expected
    33333/udp  0.0.0.0      (no-process)             alice

    1538/tcp mismatch: python3.11 is not a process known for Autodesk 3ds-lm.
    ");
}

#[test]
fn the_table_fits_80_columns_and_cuts_nothing_it_need_not() {
    let machine = office().socket(
        "tcp [2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff]:7279",
        &[process(31337, "/usr/libexec/a-program-with-quite-a-long-name-indeed")],
    );
    for width in [80, 60, 40] {
        for line in machine.printed("-H", Some(width)).lines().filter(|line| line.contains("/tcp  ")) {
            let columns = line.chars().count();
            assert!(columns <= usize::from(width), "{columns} of {width}: {line}");
        }
    }
    insta::assert_snapshot!(machine.printed("7279 1538", Some(80)), @"
        PORT  ADDRESS               PROCESS            PID  USER   SERVICE  LICENSE
    1538/tcp  0.0.0.0               python3.11       11224  alice  3ds-lm   mismatch
    7279/tcp  2001:db8:aaaa:bbbb:…  a-program-with…  31337  alice  ctxlic   mismatch

    1538/tcp mismatch: python3.11 is not a process known for Autodesk 3ds-lm.
    7279/tcp mismatch: a-program-with-quite-a-long-name-indeed is not a process
    known for Citrix License Server.
    ");
    assert!(machine.printed("-H", Some(200)).contains("a-program-with-quite-a-long-name-indeed"));
    assert!(machine.printed("-H", None).contains("a-program-with-quite-a-long-name-indeed"));
}

#[test]
fn without_a_header_rows_and_notes_stand_apart() {
    let request = request("-H --flagged");
    let (mut out, mut notes) = (Vec::new(), Vec::new());
    whatlistens::render::render(
        &office().report("-H --flagged"),
        request.form,
        &plain(&request),
        &mut out,
        &mut notes,
    )
    .unwrap();
    insta::assert_snapshot!(String::from_utf8(out).unwrap(), @"1538/tcp  0.0.0.0  python3.11  11224  alice  3ds-lm  mismatch");
    insta::assert_snapshot!(String::from_utf8(notes).unwrap(), @"1538/tcp mismatch: python3.11 is not a process known for Autodesk 3ds-lm.");
}

#[test]
fn a_mismatch_in_detail() {
    insta::assert_snapshot!(office().printed("1538", None), @"
    1538/tcp  3ds-lm  mismatch
    python3.11 (PID 11224) listens on TCP port 1538.

    Started      2026-11-22 02:53:20 (66 minutes ago)
    Parent       systemd (PID 1)
    Runs         /usr/bin/python3.11
    User         alice
    Reach        0.0.0.0 (any machine that can reach this one can reach it, if no firewall stops it)
    Registry     3ds-lm (IANA, registered port)
    License      Autodesk 3ds-lm; the right process is lmgrd, lmadmin or adskflex
    Verdict      mismatch (warning): python3.11 is not a process known for Autodesk 3ds-lm
    Note         Autodesk's own documents put its license server on 27000-27009 and 2080. Nothing found
                 shows a current Autodesk product on 1538, so a listener here deserves a look.
    Next         If Autodesk 3ds-lm should run here, stop python3.11 or move it to another port; if not,
                 ask whoever runs python3.11 why it uses a license manager's port.
    ");
}

#[test]
fn an_expected_server_in_detail() {
    insta::assert_snapshot!(office().printed("27000", None), @"
    27000/tcp  flex-lm  expected
    lmgrd (PID 900) listens on TCP port 27000.

    Started      2026-11-22 02:53:20 (66 minutes ago)
    Parent       systemd (PID 1)
    Runs         /opt/flexlm/bin/lmgrd
    User         root
    Reach        0.0.0.0 (any machine that can reach this one can reach it, if no firewall stops it)
    Registry     flex-lm, FLEX LM (1-10) (IANA, registered port)
    License      Revenera FlexNet license server; the right process is lmgrd or lmadmin
    Verdict      expected: lmgrd is a process known for Revenera FlexNet license server
    Note         A FlexNet license server without a port of its own takes the first free one of
                 27000-27009. The vendor daemon is its child and has another port.
    ");
}

#[test]
fn shared_sockets_in_detail() {
    insta::assert_snapshot!(office().printed("80", None), @"
    80/tcp  http
    nginx (PID 800) listens on TCP port 80.

    Shared with  nginx (PID 801) and nginx (PID 802)
    Started      2026-11-22 02:53:20 (66 minutes ago)
    Parent       systemd (PID 1)
    Runs         /usr/sbin/nginx
    User         root
    Reach        0.0.0.0, :: (any machine that can reach this one can reach it, if no firewall stops it)
    Registry     http, World Wide Web HTTP (IANA, system port)
    ");
}

#[test]
fn a_hidden_owner_in_detail() {
    let machine = linux().by_ordinary_user(&[(7, "sshd")]).socket("tcp 0.0.0.0:1538", &[]);
    insta::assert_snapshot!(machine.printed("1538", None), @"
    1538/tcp  3ds-lm  cannot-tell
    Something listens on TCP port 1538, and who owns it cannot be seen from here. The port is not free.

    User         alice
    Reach        0.0.0.0 (any machine that can reach this one can reach it, if no firewall stops it)
    Registry     3ds-lm (IANA, registered port)
    License      Autodesk 3ds-lm; the right process is lmgrd, lmadmin or adskflex
    Verdict      cannot-tell: the process that holds the port of Autodesk 3ds-lm is hidden from this
                 user
    Note         Autodesk's own documents put its license server on 27000-27009 and 2080. Nothing found
                 shows a current Autodesk product on 1538, so a listener here deserves a look.
    Next         Run it again with more rights to see which process it is.

    Not seen: the owner of 1 socket is hidden from this user. To see more: sudo whatlistens 1538
    ");
}

#[test]
fn a_socket_without_a_process_in_detail() {
    insta::assert_snapshot!(office().printed("33333", None), @"
    33333/udp
    UDP port 33333 is in use, but no process here owns it: it belongs to the kernel itself, or to a
    process in another PID namespace, such as a container's.

    User         alice
    Reach        0.0.0.0 (any machine that can reach this one can reach it, if no firewall stops it)
    Registry     no service known here (registered port)
    ");
}

#[test]
fn a_free_port_in_detail() {
    insta::assert_snapshot!(office().printed("7279/tcp", None), @"
    7279/tcp  ctxlic
    Port 7279 is free: nothing listens there on this machine by TCP. A connection, or a socket that does
    not listen, may still keep a program from opening it.

    Registry     ctxlic, Citrix Licensing (IANA, registered port)
    License      Citrix License Server
    Note         7279 is the port of the vendor daemon CITRIX; the license server manager (lmadmin,
                 formerly lmgrd) listens on 27000. 7279 is not a Sentinel port.
    Next         If the license server (lmgrd, lmadmin or CITRIX) should run on this machine, it is not
                 running, or it uses another port: look for it with whatlistens --licenses, and in its
                 log. If it runs elsewhere, ask that machine.
    ");
    insta::assert_snapshot!(office().printed("50000", None), @"
    50000
    Port 50000 is free: nothing listens there on this machine, neither by TCP nor by UDP. A connection,
    or a socket that does not listen, may still keep a program from opening it.

    Registry     none: ports from 49152 up are for anyone's use and are never assigned
    ");
}

#[test]
fn nothing_found_is_said() {
    insta::assert_snapshot!(office().printed("lmadmin", None), @"No process called lmadmin is seen to listen here.");
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
    5353/udp  0.0.0.0  node+1        70  alice  mdns
    5353/udp  0.0.0.0  avahi-daemon  90  alice  mdns
    ");
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
    let with_args = Process {
        args: Some(vec!["python3".to_owned(), "-m".to_owned(), "http.server".to_owned()]),
        ..process(5, "/usr/bin/python3.11")
    };
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
        args: Some(vec![hostile.to_owned()]),
        exe: Some(Executable {
            path: format!("/tmp/{hostile}/{hostile}"),
            deleted: Some(true),
            replaceable_at: Some(format!("/tmp/{hostile}")),
        }),
        ..process(666, "/x")
    };
    let machine =
        linux().with(Process { pid: 1, ..intruder.clone() }).socket("tcp 0.0.0.0:27000", &[intruder]);
    for line in ["--args", "-H --args", "27000 --args", "--flagged", "--json --args"] {
        for color in [false, true] {
            let request = request(line);
            let style = Style { color, width: Some(80), ..plain(&request) };
            let printed = text(&machine.report(line), request.form, &style);
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
    let request = request("");
    let report = office().report("");
    let colored = text(&report, Form::Table, &Style { color: true, ..plain(&request) });
    assert!(colored.contains("\x1b[31;1mmismatch\x1b[0m"), "{colored:?}");
    let mut bare = String::new();
    for (index, part) in colored.split('\x1b').enumerate() {
        bare += if index == 0 { part } else { part.split_once('m').unwrap().1 };
    }
    assert_eq!(bare, text(&report, Form::Table, &plain(&request)));
}
