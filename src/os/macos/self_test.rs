//! What the interfaces of macOS answer: each by itself, so that a report shows which of them is missing.

use std::time::Duration;

use sysinfo::System;

use super::super::ScanScope;
use super::super::in_words;
use super::super::probe::Probe;
use super::super::unix::is_root;
use super::port_rules;
use super::processes::Processes;
use super::socket_scan::SocketScan;
use crate::model::phrase::counted;

pub(in crate::os) fn self_test(deadline: Duration) -> Vec<Probe> {
    let scope = ScanScope { deadline, ..ScanScope::default() };
    let mut probes = vec![
        Probe::new("version", System::long_os_version().map_err(|error| error.to_string())),
        Probe::new("rights", Ok(if is_root() { "root" } else { "ordinary user" }.to_owned())),
    ];
    match SocketScan::run(&scope, &[]) {
        Ok(scan) => {
            let held = (0..scan.sockets.len()).filter(|&at| !scan.holders.of(at).is_empty()).count();
            let hinted = scan.sockets.iter().filter(|socket| socket.uid.is_some()).count();
            probes.push(Probe::new(
                "socket lists",
                Ok(format!(
                    "{}, {held} with a visible holder, {hinted} with a user",
                    counted(scan.sockets.len(), "socket")
                )),
            ));
            probes.extend(scan.method_notes.into_iter().map(|note| Probe::new("how", Ok(note))));
        }
        Err(error) => probes.push(Probe::new("socket lists", Err(in_words(&error)))),
    }
    let processes = Processes::open().map(|mut processes| processes.all(true));
    probes.push(Probe::new(
        "processes (libproc)",
        match processes {
            Ok(Some(all)) => {
                let with_file = all.iter().filter(|process| process.exe().is_some()).count();
                Ok(format!("{} processes, {with_file} with a file", all.len()))
            }
            Ok(None) => Err("this program is not among them".to_owned()),
            Err(error) => Err(in_words(&error)),
        },
    ));
    probes.push(Probe::new(
        "reserved ports (net.restricted_port.bitmap)",
        port_rules::read().map(|rules| counted(rules.excluded.map_or(0, |all| all.len()), "range")),
    ));
    probes
}
