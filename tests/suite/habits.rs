//! What fingers type that know the netstat of Windows, and what is searched for in the output then.

use std::ffi::OsString;

use whatlistens::cli::COMMANDS;
use whatlistens::command::Exit;
use whatlistens::model::{Os, State};
use whatlistens::query::{Environment, in_own_words};

use crate::document::read;
use crate::recorded::{Machine, linux, process};

/// Listeners on IPv4, on IPv6 and on this machine alone, and a port that is bound.
fn machine() -> Machine {
    linux()
        .os(Os::Windows)
        .socket("tcp 0.0.0.0:27000", &[process(900, r"C:\Flexnet\lmgrd.exe")])
        .socket("tcp 0.0.0.0:2080", &[process(901, r"C:\Flexnet\adskflex.exe")])
        .socket("tcp [::]:8080", &[process(902, r"C:\Web\nginx.exe")])
        .but(|socket| socket.dual_stack = Some(false))
        .socket("tcp 127.0.0.1:5093", &[process(903, r"C:\Sentinel\lserv.exe")])
        .socket("udp 0.0.0.0:5353", &[process(904, r"C:\Web\mdns.exe")])
        .socket("tcp 127.0.0.1:50001", &[process(905, r"C:\Web\bound.exe")])
        .but(|socket| socket.state = State::Bound)
}

/// The ports that a command line lists.
fn ports(line: &str) -> Vec<u16> {
    let document = read(&machine().printed(&format!("--json {line}"), None));
    document.listeners.iter().map(|listener| listener.port).collect()
}

const ALL: [u16; 6] = [2080, 5093, 5353, 8080, 27000, 50001];

#[test]
fn the_options_of_netstat_list_what_netstat_lists() {
    for line in ["-ano", "-anob", "-anq", "-b", "/ano", "/ANO", "/nao", "/a /n /o", "/anob", "/anq", "/b"] {
        assert_eq!(ports(line), ALL, "{line}");
    }
    let tcp = [2080, 5093, 8080, 27000, 50001];
    for line in ["-p tcp", "-anop tcp", "-ano -p TCP", "/anop tcp", "/p tcp", "-t"] {
        assert_eq!(ports(line), tcp, "{line}");
    }
    for (line, found) in [
        ("-p udp", &[5353][..]),
        ("-p tcpv6", &[8080]),
        ("-anp TCPv6", &[8080]),
        ("-p udpv6", &[]),
        ("-anf inet6", &[8080]),
        ("-f inet", &[2080, 5093, 5353, 27000, 50001]),
        ("-p 5353", &[5353]),
        ("-ano 27000", &[27000]),
        ("/ano 27000 2080", &[2080, 27000]),
    ] {
        let mut listed = ports(line);
        listed.sort_unstable();
        assert_eq!(listed, found, "{line}");
    }
}

#[test]
fn an_address_as_netstat_prints_it_is_understood() {
    for (line, found) in [
        ("::", &[8080][..]),
        ("[::]", &[8080]),
        ("0.0.0.0", &[2080, 5353, 27000]),
        (":: 8080", &[8080]),
        ("0.0.0.0:27000", &[27000]),
        ("127.0.0.1:5093", &[5093]),
        ("[::]:8080", &[8080]),
        (":27000", &[27000]),
    ] {
        assert_eq!(ports(line), found, "{line}");
    }
    assert_eq!(
        machine().printed("::", None),
        machine().printed("--address ::", None).replace("--address ", "")
    );
    let refused = machine().refusal("10.0.0.5");
    insta::assert_snapshot!(refused, @"‘10.0.0.5’ is an address: give a port too, as in 10.0.0.5:80, or list what receives there: --address 10.0.0.5");
}

#[test]
fn several_programs_stand_behind_commas() {
    assert_eq!(ports("lmgrd.exe,adskflex.exe"), [27000, 2080]);
    assert_eq!(ports("lmgrd,nosuch.exe"), [27000]);
}

#[test]
fn reserved_ports_are_found_by_the_name_of_netsh() {
    let (printed, _, exit) = machine().run("--excluded-ports", &Environment::plain()).unwrap();
    assert_eq!((printed, exit), (machine().printed("excluded", None), Exit::NothingMatched));
}

#[test]
fn an_option_that_means_nothing_here_is_refused_in_one_line() {
    let refused = |line: &str| machine().refusal(line);
    insta::assert_snapshot!(refused("-f"), @"there is no option -f: no name of a host is looked up; for IPv4 alone use -4, for IPv6 alone -6, for a record --from FILE");
    insta::assert_snapshot!(refused("-r"), @"there is no option -r: it lists what listens, and no routes");
    insta::assert_snapshot!(refused("-s"), @"there is no option -s: it prints no statistics; for numbers of listeners use --output prometheus");
    insta::assert_snapshot!(refused("-p icmp"), @"there is no option -p icmp: only TCP and UDP have ports: -t, -u");
    for (line, same) in [
        ("-anf", "-f"),
        ("/f", "-f"),
        ("-rn", "-r"),
        ("/r", "-r"),
        ("-ans", "-s"),
        ("/s", "-s"),
        ("-s -p tcp", "-s"),
    ] {
        assert_eq!(refused(line), refused(same), "{line}");
    }
    assert_eq!(ports("-sTCP:LISTEN -P"), ALL);
    for line in ["/?", "/h", "/help", "-?"] {
        assert!(machine().printed(line, None).starts_with("What is listening"), "{line}");
    }
}

#[test]
fn a_path_is_a_path() {
    let machine = linux().socket("tcp 0.0.0.0:80", &[process(7, "/opt/an")]);
    assert!(machine.printed("/opt/an", None).contains("80/tcp"));
    let paths = if cfg!(windows) {
        vec![r"C:\Windows", r"C:\a"]
    } else {
        vec!["/bin", "/tmp", "/usr/bin/env", "/opt/a"]
    };
    for path in paths {
        let args = ["whatlistens", path].map(OsString::from);
        assert_eq!(in_own_words(&args, &COMMANDS).unwrap(), args, "{path}");
    }
}

/// What `findstr` or `grep` leaves of what a command line prints into a pipe.
fn lines_with(line: &str, text: &str) -> Vec<String> {
    let printed = machine().printed(line, None);
    let kept = printed.lines().filter(|line| line.contains(text));
    kept.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn what_is_searched_for_in_the_output_of_netstat_is_in_this_too() {
    for line in ["", "-ano", "/ano", "-H"] {
        let found = lines_with(line, ":27000");
        assert!(
            matches!(&found[..], [one] if one.starts_with("27000/tcp 0.0.0.0:27000 lmgrd.exe 900")),
            "{line}: {found:?}"
        );
    }
    assert_eq!(lines_with("-ano", "LISTENING").len(), 4);
    assert_eq!(lines_with("-ano", "LISTEN").len(), 4);
    assert_eq!(lines_with("-ano", "BOUND").len(), 1);
    assert_eq!(lines_with("-ano", "127.0.0.1:5093").len(), 1);
    assert_eq!(lines_with("-ano", "[::]:8080").len(), 1);
    // The netstat of other systems has another word.
    let elsewhere = machine().os(Os::Linux).printed("-ano", None);
    assert!(elsewhere.contains("LISTEN") && !elsewhere.contains("LISTENING"), "{elsewhere}");
}
