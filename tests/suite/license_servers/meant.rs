//! Which license servers, and which of their listeners, a port or a name means.

use whatlistens::command::Exit;
use whatlistens::query::Environment;

use super::{LMGRD, healthy, of, without_daemon};
use crate::document::read;
use crate::recorded::{Machine, linux, process};

/// MLM, which no license server started any more, on a port that the system chose.
fn orphan() -> Machine {
    linux().socket("tcp 0.0.0.0:53200", &[of(99, 1, "/opt/matlab/etc/MLM")])
}

#[test]
fn a_daemon_asked_by_port_or_name_shows_its_license_server() {
    for line in ["53200", "MLM", "mlm", "53200 -t", "MLM -4", "53200 9999"] {
        let text = orphan().printed(line, None);
        assert!(text.contains("orphaned daemon\n  MLM  PID 99  53200/tcp"), "{line}: {text}");
        assert!(
            text.contains("critical  MLM (PID 99) is left over from a license server that ended."),
            "{line}"
        );
        assert!(!text.contains("127.0.0.1"), "that helps nobody: {text}");
        assert_eq!(
            read(&orphan().printed(&format!("--json {line}"), None)).license_servers.unwrap().len(),
            1
        );
    }
    for line in ["2080", "27000", "adskflex", "ADSKFLEX", "lmgrd", "Lmgrd"] {
        let text = healthy().printed(line, None);
        assert!(text.contains("up, 5 clients\n  lmgrd     PID 812  27000/tcp"), "{line}: {text}");
    }
    // A daemon of an unknown vendor belongs to the server that started it.
    let unknown = linux()
        .socket("tcp 0.0.0.0:27000", &[of(812, 1, LMGRD)])
        .socket("tcp 0.0.0.0:53300", &[of(815, 812, "/opt/flexlm/foovd")]);
    for line in ["53300", "foovd", "FOOVD"] {
        let text = unknown.printed(line, None);
        assert!(text.contains("license server of foovd (FlexNet Publisher)"), "{line}: {text}");
    }
    // What only listens beside it is of none.
    let beside = healthy().socket("tcp 0.0.0.0:80", &[process(7, "/usr/sbin/nginx")]);
    for line in ["80", "nginx", "9999"] {
        assert!(!beside.printed(line, None).contains("License Manager"), "{line}");
    }
}

/// The server of a product is called `lmgrd`, and listens on a port of all vendors.
#[test]
fn a_product_is_listed_with_its_license_server() {
    let listed = |machine: &Machine, line: &str| -> Vec<u32> {
        let rows = read(&machine.printed(&format!("--json {line}"), None)).listeners;
        rows.iter().filter_map(|row| Some(row.processes.first()?.pid)).collect()
    };
    let machine = healthy()
        .socket("tcp 0.0.0.0:27005", &[of(900, 1, "/opt/matlab/lmgrd")])
        .socket("tcp 0.0.0.0:53200", &[of(901, 900, "/opt/matlab/MLM")]);
    for (line, pids) in [
        ("autodesk", &[815, 812][..]),
        ("autocad", &[815, 812]),
        ("matlab", &[900, 901]),
        ("autodesk matlab", &[815, 812, 900, 901]),
        ("flexlm", &[815, 812, 900, 901]),
        ("autodesk --user root", &[815, 812]),
        // A program is asked for by its name.
        ("adskflex", &[815]),
        ("MLM", &[901]),
        ("lmgrd", &[812, 900]),
    ] {
        assert_eq!(listed(&machine, line), pids, "{line}");
    }
    assert_eq!(listed(&without_daemon(), "autodesk"), [812], "its license file says whose it is");
    assert_eq!(without_daemon().run("autodesk", &Environment::plain()).unwrap().2, Exit::Matched);
}

#[test]
fn a_server_s_program_has_no_part_in_the_left_over_daemon_of_another() {
    let ids = |machine: &Machine, line: &str| -> Vec<String> {
        let said = read(&machine.printed(&format!("--json {line}"), None));
        said.license_servers.unwrap().into_iter().map(|server| server.id).collect()
    };
    let machine = healthy().socket("tcp 0.0.0.0:53200", &[of(99, 1, "/opt/matlab/etc/MLM")]);
    for word in ["lmgrd", "LMGRD", "--process lmgrd", "/opt/flexlm/lmgrd"] {
        assert_eq!(ids(&machine, word), ["autodesk-nlm"], "{word}");
    }
    assert_eq!(ids(&machine, "MLM"), ["mathworks"]);
    assert_eq!(ids(&machine, "flexlm"), ["autodesk-nlm", "mathworks"]);
    // Where none runs, what is left over from one is the answer.
    assert_eq!(ids(&orphan(), "lmgrd"), ["mathworks"]);
}

#[test]
fn of_several_ports_each_that_is_held_has_the_servers_that_hold_it() {
    let machine = healthy().socket("tcp 0.0.0.0:53200", &[of(99, 1, "/opt/matlab/etc/MLM")]);
    let ids = |words: &str| -> Vec<String> {
        let servers = read(&machine.printed(&format!("--json {words}"), None)).license_servers.unwrap();
        servers.into_iter().map(|server| server.id).collect()
    };
    assert_eq!(ids("27000 8080"), ["autodesk-nlm"]);
    assert_eq!(ids("--connections 2080 27000"), ["autodesk-nlm"]);
    assert_eq!(ids("27000 53200"), ["autodesk-nlm", "mathworks"]);
    // Nothing listens there: any may be meant that could.
    assert_eq!(ids("27001 8080"), ["autodesk-nlm", "mathworks"]);
    assert_eq!(ids("27000-27009"), ["autodesk-nlm", "mathworks"]);
}
