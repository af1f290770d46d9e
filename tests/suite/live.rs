//! The live path: real listeners, on ports the kernel chooses, and the rows they give.

use std::ffi::OsStr;
use std::net::SocketAddr;
use std::path::Path;

use jiff::{Timestamp, ToSpan};

use crate::document::{Document, Listener, read};
use crate::started::{Listening, listener_program, whatlistens};

/// What the program says of one port and protocol (`1538/tcp`).
pub fn look(what: &str) -> Document {
    read(&whatlistens(&["--json", what]).0)
}

/// What the program says of the first place where a process listens. Its port alone is not enough: another test may
/// have got the same one on another address.
#[cfg(target_os = "linux")]
pub fn look_at(listening: &Listening) -> Document {
    let address = listening.addresses[0];
    let mut document = look(&format!("{}/tcp", address.port()));
    document.listeners.retain(|listener| listener.address == address.ip().to_string());
    document
}

/// The one listener there at an address.
pub fn row(document: &Document, address: SocketAddr) -> &Listener {
    let here = |l: &&Listener| l.address == address.ip().to_string() && l.port == address.port();
    let mut rows = document.listeners.iter().filter(here);
    match (rows.next(), rows.next()) {
        (Some(row), None) => row,
        _ => panic!("not one row for {address}: {document:?}"),
    }
}

/// Its holders, in order.
pub fn pids(row: &Listener) -> Vec<u32> {
    row.processes.iter().map(|process| process.pid).collect()
}

/// A path as the system's process table gives it; Windows marks a canonical one.
fn real_path(path: &Path) -> Option<String> {
    let path = path.canonicalize().ok()?.to_str()?.to_owned();
    Some(path.trim_start_matches(r"\\?\").to_owned())
}

#[test]
fn each_protocol_and_family_is_found_with_its_process() {
    let before = Timestamp::now();
    let places = ["tcp:127.0.0.1:0", "tcp:[::1]:0", "udp:127.0.0.1:0", "udp:[::1]:0"];
    let listening = Listening::at(&listener_program(), &places);
    for (place, address) in places.iter().zip(&listening.addresses) {
        let protocol = &place[..3];
        let document = look(&format!("{}/{protocol}", address.port()));
        let row = row(&document, *address);
        assert_eq!(row.protocol, protocol);
        assert_eq!(row.family, if address.is_ipv4() { "ipv4" } else { "ipv6" });
        assert_eq!(row.state, if protocol == "tcp" { "listen" } else { "unconnected" });
        assert_eq!((row.exposure.as_str(), row.owner_status.as_str()), ("loopback", "identified"));
        let [process] = &row.processes[..] else { panic!("one process: {row:?}") };
        assert_eq!((process.pid, process.ppid), (listening.pid(), Some(std::process::id())));
        assert_eq!(process.name.as_deref(), listener_program().file_name().and_then(OsStr::to_str));
        assert_eq!(process.exe.as_deref(), real_path(&listener_program()).as_deref());
        assert_eq!(process.args, None);
        // Windows tells no user of a socket.
        assert!(process.user.is_some() && (row.user.is_none() || process.user == row.user), "{row:?}");
        let started: Timestamp = process.started_at.as_ref().unwrap().parse().unwrap();
        // Both the boot time and the start within it are whole seconds.
        let (earliest, latest) = (before - 2.seconds(), Timestamp::now() + 2.seconds());
        assert!((earliest..=latest).contains(&started), "{earliest} {started} {latest}");
    }
}

#[test]
fn a_wildcard_is_all_interfaces() {
    let listening = Listening::at(&listener_program(), &["tcp:0.0.0.0:0", "udp:[::]:0"]);
    for address in &listening.addresses {
        let document = look(&address.port().to_string());
        let row = row(&document, *address);
        assert_eq!((row.exposure.as_str(), pids(row)), ("all-interfaces", vec![listening.pid()]));
    }
}
