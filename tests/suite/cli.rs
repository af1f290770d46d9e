//! The program from outside: exit statuses, one clear line for what is wrong, quiet pipes.

use std::net::{Ipv4Addr, TcpListener};
use std::process::{Command, Stdio};

use whatlistens::os::has_user;
use whatlistens::render::Signs;

use crate::document::Failed;
use crate::started::{in_pipe, in_the_end, program, told, whatlistens};

/// What the program says of a port on which nothing listens: another test may take one that was
/// free a moment ago.
fn of_a_free_port(flags: &[&str]) -> (u16, (String, String, u8)) {
    let look = || {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        (port, whatlistens(&[flags, &[port.to_string().as_str()]].concat()))
    };
    in_the_end(look, |(_, (_, _, status))| *status == 1)
}

#[test]
fn something_matched_is_0() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    for args in
        [&[port.as_str()][..], &["--json", &port], &["-H", &port], &["-tulpn", "-i", &format!(":{port}")]]
    {
        let (stdout, _, status) = whatlistens(args);
        assert_eq!(status, 0, "{args:?}");
        assert!(stdout.contains(&port), "{args:?}: {stdout}");
    }
}

#[test]
fn nothing_matched_is_1_and_says_so() {
    let (port, (stdout, stderr, status)) = of_a_free_port(&[]);
    assert_eq!((status, stderr.as_str()), (1, ""));
    // On Windows the port may be free, and still be kept from programs.
    let not_held = [
        format!("Port {port} is free"),
        format!("Nothing on this machine listens on TCP or UDP port {port}"),
    ];
    assert!(not_held.iter().any(|said| stdout.contains(said)), "{stdout}");
    let (_, (stdout, stderr, status)) = of_a_free_port(&["-H"]);
    assert_eq!((status, stdout.as_str()), (1, ""));
    let not_held =
        [": free for TCP and UDP", ": nothing listens", ": no listener, but the system may have reserved it"];
    assert!(not_held.iter().any(|said| stderr.contains(said)), "{stderr}");
}

/// Where a directory server may know the user, none is called unknown.
#[test]
fn a_user_who_does_not_exist_is_wrong_usage() {
    const NOBODY: &str = "no-such-user-here";
    for option in ["--trust-user", "--user"] {
        let (stdout, stderr, status) = whatlistens(&[option, NOBODY]);
        match has_user(NOBODY) {
            Some(exists) => {
                assert!(!exists);
                assert_eq!((status, stdout.as_str()), (2, ""));
                let said = in_pipe(&format!("‘{option} {NOBODY}’: this machine has no user {NOBODY}"));
                assert!(stderr.contains(&said), "{stderr}");
            }
            None => assert_ne!(status, 2, "{stderr}"),
        }
    }
    for known in ["4000000123", "root"] {
        assert_ne!(whatlistens(&["--trust-user", known]).2, 2, "{known}");
        assert_ne!(whatlistens(&["--user", known]).2, 2, "{known}");
    }
}

#[test]
fn wrong_usage_is_2_and_one_line() {
    for (args, part) in [
        (&["70000"][..], "‘70000’"),
        (&["27009-27000"], "Did you mean 27000-27009?"),
        (&["3ds-ml"], "Did you mean 3ds-lm?"),
        (&["no-such-thing-at-all"], "‘no-such-thing-at-all’"),
        (&["--jsn"], "did you mean --json?"),
        (&["--sort", "size"], "the values are port, "),
        (&["--pid", "x"], "a process id is a number"),
        (&["--trust-path", "opt/x"], "give the full path"),
        (&["--trust-path", "/opt/../x"], "--trust-path /x"),
        (&["--trust-user", ""], "needs a value"),
        (&["--columns", ""], "--columns needs a value"),
        (&["-i", "tcp@host"], "give [46][tcp|udp][@HOST][:PORTS]"),
        (&["\x1b[31m"], "\\u{1b}[31m"),
        // No option, but what was typed.
        (&["--", "--json"], "‘--json’"),
        (&["--pid", "--json"], "‘--pid --json’"),
    ] {
        let (stdout, stderr, status) = whatlistens(args);
        assert_eq!((status, stdout.as_str()), (2, ""), "{args:?}");
        assert_eq!(stderr.lines().count(), 1, "{stderr}");
        assert!(stderr.starts_with("whatlistens: ") && stderr.contains(&in_pipe(part)), "{stderr}");
    }
}

#[test]
fn an_error_is_json_too_where_that_was_asked_for() {
    for args in [
        &["--json", "70000"][..],
        &["70000", "--json"],
        &["--jsn", "--json"],
        &["explain", "--json", "xyzzy"],
    ] {
        let (stdout, stderr, status) = whatlistens(args);
        let answer: Failed =
            serde_json::from_str(&stdout).unwrap_or_else(|why| panic!("{args:?}: {why} {stdout}"));
        assert_eq!((status, answer.error.exit_status), (2, 2), "{args:?}");
        assert_eq!(stderr, in_pipe(&format!("whatlistens: {}\n", answer.error.message)), "{args:?}");
    }
}

/// With room for one more open file, its own start succeeds and the kernel's tables stay shut.
#[cfg(target_os = "linux")]
#[test]
fn a_machine_that_cannot_be_observed_is_3() {
    let script = format!("ulimit -n 4; exec '{}' \"$@\"", program().display());
    let run = |arg: &str| {
        told(Command::new("sh").args(["-c", &script, "sh", arg]).stdin(Stdio::null()).output().unwrap())
    };
    let (stdout, stderr, status) = run("-H");
    assert_eq!((status, stdout.as_str()), (3, ""), "{stderr}");
    assert!(
        stderr.contains("sockets could not be read") && stderr.contains("Too many open files"),
        "{stderr}"
    );
    let (stdout, _, status) = run("--json");
    let answer: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((status, &answer["error"]["exit_status"]), (3, &3.into()));
}

/// With a few more, the sockets can be read and the processes cannot.
#[cfg(target_os = "linux")]
#[test]
fn owners_that_could_not_be_read_are_hidden_and_not_nobody() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let script = format!("ulimit -n 5; exec '{}' --json {port}", program().display());
    let (stdout, stderr, _) =
        told(Command::new("sh").args(["-c", &script]).stdin(Stdio::null()).output().unwrap());
    let answer: serde_json::Value = serde_json::from_str(&stdout).unwrap_or_else(|e| panic!("{e}: {stderr}"));
    assert_eq!(answer["listeners"][0]["owner_status"], "hidden", "{stdout}");
    let gaps = answer["gaps"].as_array().unwrap();
    assert!(gaps.iter().any(|gap| gap["kind"] == "processes-unreadable"), "{stdout}");
    assert!(!stdout.contains("sudo") && !stdout.contains("CAP_"), "rights are not what is missing: {stdout}");
}

#[test]
fn a_reader_that_has_read_enough_is_no_error() {
    let _listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    for args in [&["--json"][..], &[], &["--help"]] {
        let mut child =
            Command::new(program()).args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{args:?}");
        assert_eq!(output.status.code(), Some(0), "{args:?}");
    }
}

/// `/dev/full` takes nothing (full(4)).
#[cfg(target_os = "linux")]
#[test]
fn what_cannot_be_written_is_an_error_and_never_a_crash() {
    let full = || Stdio::from(std::fs::File::options().write(true).open("/dev/full").unwrap());
    let _listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    for args in [&["--help"][..], &[], &["-H"], &["1538"], &["--json"], &["--json", "1538"]] {
        let output = Command::new(program()).args(args).stdout(full()).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.starts_with("whatlistens: the output could not be written: "), "{args:?}: {stderr}");
    }
    let status = Command::new(program()).arg("70000").stderr(full()).status().unwrap();
    assert_eq!(status.code(), Some(2));
}

#[test]
fn piped_output_is_plain_unless_colour_is_asked_for() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    assert!(!whatlistens(&[&port]).0.contains('\x1b'));
    assert!(whatlistens(&["--color", "always", &port]).0.contains('\x1b'));
    let asked =
        Command::new(program()).args(["--color=always", &port]).env("NO_COLOR", "1").output().unwrap();
    assert!(told(asked).0.contains('\x1b'), "what is typed outranks the environment");
}

#[test]
fn help_names_every_option_and_exits_0() {
    let (stdout, stderr, status) = whatlistens(&["--help"]);
    assert_eq!((status, stderr.as_str()), (0, ""));
    assert!(stdout.contains(&in_pipe("‘excluded’")), "{stdout}");
    insta::assert_snapshot!(Signs::Ascii.of(stdout), @"
    What is listening on this machine, who owns it, and should it be there?

    Usage: whatlistens [OPTIONS] [WHAT]...
           whatlistens <COMMAND> [OPTIONS] [WHAT]...

    Commands:
      explain   Explain a port, a service, a license manager or a license error,
                without scanning the machine
      excluded  Show the ports the system has reserved (on Windows a frequent cause
                of error 10013)
      servers   Show license servers as wholes: what runs, what is missing, and why
      check     Check for monitoring whether what listens is as it should be: one
                line, exit status 0 to 3
      wait      Wait until a port listens, or no longer does
      watch     Keep looking, and show what appears, goes and changes
      generate  Print manual pages, shell completions, or the schema of the JSON
      record    Write what was observed here, to be judged elsewhere or later:
                whatlistens --from FILE
      diff      Compare a machine before and after: what appeared, went, or changed

    Arguments:
      [WHAT]...  A port (1538, :1538, 1538/udp, 127.0.0.1:1538), a range
                 (27000-27009), a service (3ds-lm), or a process by name, path or
                 unit (lmgrd, /usr/sbin/nginx, nginx.service); one port or service
                 alone is shown in detail

    Options:
      -t, --tcp                Only TCP
      -u, --udp                Only UDP
      -4, --ipv4               Only IPv4
      -6, --ipv6               Only IPv6
      -i [<SPEC>]              Ports as lsof takes them: :1538, tcp:80,443, 6udp
          --licenses           Only ports of license managers
          --flagged            Only license ports whose process may be the wrong one
          --exposed            Only what other machines may reach
          --deleted            Only what runs a deleted or replaced program file
          --address <ADDR>     Only what receives at this address: bound to it, or
                               to all addresses
          --pid <PID>          Only ports held by this process
          --process <NAME>     Only ports held by a process of this name (no error
                               if none runs)
          --user <USER>        Only ports of this user (name or number)
          --trust-user <NAME>  Believe files that this user could have replaced
                               (name or number; repeatable)
          --trust-path <DIR>   Believe files in this folder, whoever could have
                               replaced them (repeatable)
          --sort <KEY>         Order of the rows; else that of the words, then by
                               port [possible values: port, address, process, pid,
                               user, service, verdict]
          --all                Exit with 0 only if every WHAT matches
          --columns <NAMES>    The columns of the table, in this order, such as
                               port,process,exposed
          --wide               Leave out no column and cut nothing, however long the
                               lines become
          --args               Add the command lines of processes; they may contain
                               secrets
          --report             A block to paste into a ticket: machine, time,
                               question, answer, advice
          --connections        Count the connections of every listener, not only of
                               license managers
          --all-namespaces     Scan every network namespace, including those of
                               containers (root)
          --excluded-ports     The same as the command 'excluded'
          --numeric            Show users by number, and look up no name
          --bpf <WHEN>         Find socket owners with BPF (faster; Linux, root)
                               [default: auto] [possible values: auto, always,
                               never]
      -v, --verbose            Show how the data was collected
      -H, --no-header          Print no header and no detail view; notes go to
                               standard error
          --output <FORMAT>    How to print: a table or text, lines of 'label:
                               value' for screen readers (list), or what other
                               programs take [possible values: table, list, json,
                               jsonl, csv, markdown, prometheus, html]
          --json               The same as --output json
          --from <FILE>        Answer from a record instead of this machine: a file
                               that 'whatlistens record' wrote, or - for standard
                               input
          --color <WHEN>       When to use colours [default: auto] [possible values:
                               auto, always, never]
          --deadline <TIME>    Wait no longer than this for what does not answer: 2,
                               500ms, 1m [default: 5s]
      -h, --help               Print help
      -V, --version            Print the version; with --verbose also its data and
                               the systems it was tested on
          --self-test          Report what the interfaces of the system answer, in
                               counts without names: for a report of a fault

    Examples:
      whatlistens                 every listener on this machine
      whatlistens 1538            who holds port 1538, and should it?
      whatlistens --flagged       license ports whose process may be wrong
      whatlistens servers         are the license servers up, and if not, why?
      whatlistens explain lmgrd   what is known about lmgrd
      whatlistens explain -15     what a license error means
      whatlistens wait 8080       until port 8080 listens
      whatlistens --json | jq .   for scripts

    These options of ss, netstat and lsof leave out no row; where no terminal is, a
    table has STATE with them:
      -a -b -e -l -n -o -p -P, -s TCP:LISTEN
    With a value:
      -p tcp        the same as --tcp
      -p80          port 80, as for nmap
      -nP -p 812    beside options of lsof: --pid 812
      -o port,pid   the same as --columns port,pid

    Exit status:
      0 something matched
      1 nothing matched
      2 wrong usage
      3 this machine cannot be observed
    ");
    let (version, _, status) = whatlistens(&["--version"]);
    assert_eq!((status, version), (0, format!("whatlistens {}\n", env!("CARGO_PKG_VERSION"))));
}
