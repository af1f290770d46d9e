//! Terminals of any width: no line is longer than the terminal, except for a word that is.

use std::process::{Command, Stdio};

use whatlistens::model::{ExcludedPorts, Family, Gap, GapKind, Namespace, PortRange, Process, Protocol};
use whatlistens::query::Environment;

use crate::recorded::{Machine, linux, office, process};
use crate::started::program;

/// A machine with much to say in every view.
fn wordy() -> Machine {
    let elsewhere = Namespace { inode: 4_026_532_281, name: Some("a-namespace-with-a-long-name".to_owned()) };
    office()
        .socket("tcp 0.0.0.0:1493", &[process(77, "/opt/a/long/way/down/to/a-program-with-a-long-name")])
        .socket("tcp 0.0.0.0:7000", &[process(78, "/x/y")])
        .but(|socket| socket.namespace = Some(elsewhere))
        .socket("tcp [2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff]:8080", &[process(79, "/usr/bin/node")])
        .seen(|seen| {
            let range = |ports: &str| ExcludedPorts {
                ports: PortRange::parse(ports).unwrap(),
                protocol: Some(Protocol::Tcp),
                family: Some(Family::Ipv4),
                by_number: false,
            };
            seen.port_rules.excluded =
                Some(vec![range("1461-1560"), range("27000-27100"), range("50000-50059")]);
        })
        .gap(Gap {
            remedy: Some("sudo whatlistens --all-namespaces --connections 1538".to_owned()),
            ..Gap::new(
                GapKind::OwnerHidden,
                "the owners of 2 sockets could not be identified without more rights",
            )
        })
}

const QUESTIONS: [&str; 22] = [
    "",
    "--args --connections --all-namespaces",
    "1538",
    "1493",
    "7000",
    "8080",
    "80",
    "5433",
    "27000",
    "27000-27009",
    "nosuchprocess --process nosuchprocess",
    "servers",
    "excluded",
    "explain 1538",
    "explain autodesk",
    "explain -97,121",
    "--help",
    "servers --help",
    "excluded --help",
    "explain --help",
    "generate --help",
    "generate man --help",
];

#[test]
fn no_line_is_longer_than_the_terminal() {
    let machine = wordy();
    for width in [40_u16, 60, 80, 200] {
        // The last of the columns of excluded ports needs some room.
        for question in QUESTIONS.iter().filter(|question| width >= 60 || **question != "excluded") {
            let Ok((printed, notes, _)) =
                machine.run(question, &Environment { width: Some(width), ..Environment::plain() })
            else {
                continue;
            };
            for line in printed.lines().chain(notes.lines()) {
                let columns = line.chars().count();
                let longest = line.split_whitespace().map(|word| word.chars().count()).max().unwrap_or(0);
                // A long word stands behind a margin, and a usage line is not broken.
                let is_one_word = longest + 16 >= usize::from(width) || line.contains("[OPTIONS]");
                assert!(columns <= usize::from(width) || is_one_word, "{question} at {width}: {line:?}");
            }
        }
    }
}

#[test]
fn a_column_without_room_is_named_below_the_table() {
    let said = |line: &str, width| {
        let printed = wordy().printed(line, width);
        printed.lines().find(|line| line.contains("hidden: ")).map(str::to_owned)
    };
    assert_eq!(said("-t", Some(60)).as_deref(), Some("IANA NAME, ADDRESS hidden: --wide or --columns"));
    assert_eq!(said("-t", Some(200)), None);
    assert_eq!(said("-t", None), None);
    assert_eq!(said("-t --wide", Some(40)), None);
    assert_eq!(said("-t -H", Some(40)), None);
    assert_eq!(said("--columns port,user,iana-name,license", Some(30)), None, "these were asked for");
    let wide = wordy().printed("--wide", Some(40));
    assert!(wide.contains("[2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff]:8080  node"), "{wide}");
}

#[test]
fn a_narrow_column_stays_where_a_wider_one_has_to_go() {
    let www = |pid| Process { user: Some("www-data".to_owned()), ..process(pid, "/usr/sbin/apache2") };
    let both = linux()
        .socket("tcp 0.0.0.0:8080", &[www(1_234_567)])
        .socket("tcp [::]:8080", &[www(1_234_567)])
        .socket("tcp 127.0.0.53:53", &[process(9, "/usr/lib/systemd/systemd-resolved")]);
    insta::assert_snapshot!(both.printed("", Some(60)), @r"
        PORT  ADDRESS          PROCESS             PID  USER
      53/tcp  127.0.0.53:53    systemd-resol…        9  alice
    8080/tcp  0.0.0.0:8080 +1  apache2         1234567  www-data

    IANA NAME hidden: --wide or --columns
    ");
    insta::assert_snapshot!(wordy().printed("-t 80 1493 8080 27000", Some(60)), @r"
         PORT  PROCESS       PID  USER   IANA NAME   LICENSE
       80/tcp  nginx +2      800  root   http
     1493/tcp  a-program-w…   77  alice  (netmap-l…  cannot-tell
     8080/tcp  node           79  alice  (http-alt)
    27000/tcp  lmgrd         900  root   flex-lm     expected

    ADDRESS hidden: --wide or --columns
    1493: Windows has reserved 1461-1560/tcp on IPv4 addresses
    for another program: opening these ports fails.
    27000: Windows has reserved 27000-27100/tcp on IPv4
    addresses for another program: opening these ports fails.
    1493/tcp cannot-tell: this is a port of netmap-lm, whose
    programs on this system are not known, so
    a-program-with-a-long-name can be neither confirmed nor
    ruled out.
    The owners of 2 sockets could not be identified without more
    rights. To see more: sudo whatlistens --all-namespaces
    --connections 1538

    Revenera FlexNet license server (FlexNet Publisher)
      no vendor daemon
      lmgrd  PID 900  27000/tcp  /opt/flexlm/bin/lmgrd
      critical  lmgrd (PID 900) has no vendor daemon that
                listens: clients get error -97 or -15. Look at
                the end of its log, and start it again.
    ");
}

#[test]
fn no_port_is_cut_from_its_address() {
    for width in [40, 50, 60, 70] {
        let columns = "--columns port,address,process,pid,user,iana-name,path,exposed";
        let printed = wordy().printed(&format!("{columns} -t 1493 8080 27000"), Some(width));
        for line in printed.lines().skip(1).take(3) {
            let port = line.split('/').next().unwrap().trim();
            assert!(line.split_whitespace().nth(1).unwrap().ends_with(&format!(":{port}")), "{printed}");
        }
    }
    insta::assert_snapshot!(wordy().printed("--columns port,address,process 1493 8080", Some(40)), @r"
        PORT  ADDRESS         PROCESS
    1493/tcp  0.0.0.0:1493    a-program-wit…
    8080/tcp  [2001:db…:8080  node

    1493: Windows has reserved 1461-1560/tcp
    on IPv4 addresses for another program:
    opening these ports fails.
    1493/tcp cannot-tell: this is a port of
    netmap-lm, whose programs on this system
    are not known, so
    a-program-with-a-long-name can be
    neither confirmed nor ruled out.
    The owners of 2 sockets could not be
    identified without more rights. To see
    more: sudo whatlistens --all-namespaces
    --connections 1538
    ");
}

#[test]
fn what_is_for_scripts_or_wide_is_never_wrapped() {
    let environment = |width| Environment { width, ..Environment::plain() };
    for line in [
        "-H",
        "-H -t",
        "-H 1538 1493 9999",
        "-H --verbose",
        "--wide",
        "--wide 1538",
        "--wide 27000",
        "--wide 9999",
    ] {
        let on_terminal = wordy().run(line, &environment(Some(40))).unwrap();
        assert_eq!(on_terminal, wordy().run(line, &environment(None)).unwrap(), "{line}");
    }
    for line in ["--wide 1538", "--wide 27000"] {
        let printed = wordy().printed(line, Some(60));
        assert!(printed.lines().any(|line| line.starts_with("Note  ") && line.len() > 160), "{printed}");
        // Below `Next` each sentence with a command has a line.
        let mut below = printed.lines().filter(|line| line.starts_with("            "));
        assert!(below.all(|line| line.trim_start().starts_with("To ")), "{printed}");
    }
}

#[test]
fn chosen_columns_come_in_their_order() {
    insta::assert_snapshot!(office().printed("--columns process,port,exposed,path -t", None), @"
    PROCESS          PORT  EXPOSED         PATH
    nginx +2       80/tcp  all-interfaces  /usr/sbin/nginx
    python3.11   1538/tcp  all-interfaces  /usr/bin/python3.11
    lmgrd       27000/tcp  all-interfaces  /opt/flexlm/bin/lmgrd

    1538/tcp mismatch: python3.11 is not a known program of Autodesk 3ds-lm.
    Revenera FlexNet license server: lmgrd (PID 900) has no vendor daemon that listens: clients get error -97 or -15. For details: whatlistens servers
    ");
    insta::assert_snapshot!(office().printed("-H --columns iana-name,PORT,port 80", None), @"http  80/tcp");
    insta::assert_snapshot!(office().printed("80 --columns uid,license,unit", None), @"
     UID  LICENSE  UNIT
    1000
    ");
}

#[test]
fn columns_that_cannot_be_shown_are_refused() {
    insta::assert_snapshot!(office().refusal("--columns port,size"), @"‘--columns size’: the columns are port, address, process, pid, user, service, unit, namespace, state, connections, command, exposed, uid, path, script, cwd, license");
    insta::assert_snapshot!(office().refusal("--json --columns port"), @"--columns chooses columns of the table; JSON always has every field");
    assert!(office().refusal("excluded --columns port").contains("there is no option --columns"));
    assert!(office().refusal("--excluded-ports --wide").contains("options of excluded"));
}

#[test]
fn an_exported_width_is_that_of_output_that_goes_elsewhere_and_never_of_rows_for_scripts() {
    let shown = |line: &str, exported_width| {
        let environment = Environment { exported_width, ..Environment::plain() };
        wordy().shown(line, &environment)
    };
    assert_ne!(shown("", Some(60)), shown("", None));
    assert_eq!(shown("", Some(60)), wordy().printed("", Some(60)));
    for line in ["-H", "--json", "--json 1538", "-H 1538 1493"] {
        assert_eq!(shown(line, Some(40)), shown(line, None), "{line}");
    }
    let on_terminal = Environment { width: Some(80), exported_width: Some(40), ..Environment::plain() };
    assert_eq!(wordy().shown("", &on_terminal), wordy().printed("", Some(80)));
}

/// With `COLUMNS` as a shell exports it, the longest line of the help.
fn longest_with(columns: &str) -> usize {
    let mut command = Command::new(program());
    let output = command.arg("--help").env("COLUMNS", columns).stdin(Stdio::null()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| line.chars().count()).max().unwrap()
}

#[test]
fn the_environment_says_how_wide_lines_are_and_what_is_no_width_says_nothing() {
    assert!((50..=60).contains(&longest_with("60")));
    for nothing in ["", "0", "-5", "wide", "99999999", "60x"] {
        assert!(longest_with(nothing) > 70, "{nothing}");
    }
}

#[test]
fn the_narrowest_terminal_shows_ports() {
    for width in 1..40 {
        let printed =
            linux().socket("tcp 0.0.0.0:8080", &[process(7, "/usr/bin/node")]).printed("", Some(width));
        assert!(printed.contains("8080/tcp") && printed.contains("node"), "{width}: {printed}");
    }
}
