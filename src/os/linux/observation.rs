//! Assembles the observation.

use std::sync::Arc;

use jiff::Timestamp;
use rustix::system::uname;

use super::super::deadline::Deadline;
use super::super::decode::machine_id;
use super::super::unix::is_root as privileged;
use super::super::{ScanScope, Unobservable, in_words};
use super::accounts::Accounts;
use super::holders::Holders;
use super::interfaces;
use super::labels;
use super::listeners::ScannedSocket;
use super::namespace_scan::ScannedConnection;
use super::nonblocking;
use super::owners::{Late, Owners};
use super::packet_rules;
use super::port_rules;
use super::socket_scan::SocketScan;
use crate::model::phrase::list;
use crate::model::{
    Gap, GapKind, Holding, Host, Observation, Os, PortConnection, PortRules, SocketId, UnansweredAttempt,
};
use crate::os::decode::text::text_of;

/// A machine id is shorter, in bytes.
const MOST_OF_MACHINE_ID: u64 = 64;

/// Assembles the observation. If the owners could not be read, that is a gap.
pub(super) fn assemble(
    scope: &ScanScope,
    now: Timestamp,
    users: &mut Accounts,
    deadline: Deadline,
    mut scan: SocketScan,
    owners: std::io::Result<Owners>,
) -> Observation {
    let Owners { holders, mut processes, receivers, mut hidden, late, license_setup, sought } = owners
        .unwrap_or_else(|error| {
            let detail =
                format!("the process table could not be read ({}), so no owner is known", in_words(&error));
            scan.gaps.push(Gap::new(GapKind::ProcessesUnreadable, detail));
            Owners::unknown()
        });
    users.wait(deadline);
    for (at, found) in scan.found.iter_mut().enumerate() {
        found.socket.id = SocketId(at as u64);
        found.socket.user = found.socket.uid.and_then(|uid| users.name(uid));
    }
    for other in scan.other_sockets.iter_mut().flatten() {
        other.socket.user = other.socket.uid.and_then(|uid| users.name(uid));
        other.socket.pids = holders.of(other.inode);
    }
    for process in processes.values_mut() {
        process.user = process.uid.map(|uid| users.name_or_id(uid));
        for user in labels::users_mut(process) {
            if let Ok(uid) = user.parse() {
                *user = users.name_or_id(uid);
            }
        }
    }
    for process in hidden.processes_mut() {
        process.user = process.uid.and_then(|uid| users.name(uid));
    }
    scan.gaps.extend(not_in_time(users, &late, deadline));
    let interfaces =
        scope.interfaces.then(|| interfaces::read().map_err(|error| interfaces::unreadable(&error)));
    let interfaces = interfaces.and_then(|read| read.map_err(|gap| scan.gaps.push(gap)).ok());
    let held = scan.found.iter().map(|found| (found.socket.protocol, found.socket.local.port())).collect();
    let packet_rules = scope.asks_about_free_port(&held).then(packet_rules::read);
    Observation {
        host: host(scope.host_id),
        taken_at: now,
        privileged: privileged(),
        hidden,
        holdings: holdings(&scan.found, &holders),
        receivers,
        processes: processes.into_iter().map(|(pid, process)| (pid, Arc::new(process))).collect(),
        unanswered: unanswered(&scan, &holders, users),
        port_connections: port_connections(&scan, &holders),
        // Only the report on a free port shows them.
        port_rules: if scope.needs_port_rules() { port_rules::read() } else { PortRules::default() },
        packet_rules,
        interfaces,
        other_namespaces: if scope.all_namespaces { Vec::new() } else { scan.other_namespaces() },
        other_sockets: scan.other_sockets.map(|others| others.into_iter().map(|one| one.socket).collect()),
        license_setup,
        sought,
        sockets: scan.found.into_iter().map(|found| found.socket).collect(),
        gaps: scan.gaps,
        method_notes: scan.method_notes,
    }
}

/// The gap that something did not answer in time, or could not be asked.
fn not_in_time(users: &Accounts, late: &Late, deadline: Deadline) -> Option<Gap> {
    let users_late = users.late.len();
    let parts = [
        (users_late, "the name of 1 user", "the names of {} users"),
        (late.files, "the open files of 1 process", "the open files of {} processes"),
        (late.command_lines, "the command line of 1 process", "the command lines of {} processes"),
        (late.units, "the units of 1 service manager", "the units of {} service managers"),
    ];
    let parts = parts.into_iter().filter(|&(count, ..)| count > 0);
    let parts = parts.map(|(count, one, many)| match count {
        1 => one.to_owned(),
        _ => many.replace("{}", &count.to_string()),
    });
    let parts: Vec<String> = parts.collect();
    if parts.is_empty() {
        return None;
    }
    let why = match users.refused.as_ref().or(late.refused.as_ref()) {
        Some(error) => format!("because no process could be started for it ({error})"),
        None => format!("within {} s", deadline.allowed.as_secs_f64()),
    };
    let count = users_late + late.files + late.command_lines + late.units;
    let detail = format!("{} could not be read {why}", list(&parts, "and"));
    Some(Gap { count: Some(count as u64), ..Gap::new(GapKind::TimedOut, detail) })
}

/// Reads the kernel's rules for ports, and nothing else.
///
/// # Errors
///
/// If the kernel does not say which ports are reserved.
pub(in crate::os) fn observe_port_rules(now: Timestamp) -> Result<Observation, Unobservable> {
    let port_rules = port_rules::read();
    if port_rules.excluded.is_none() {
        let why = "net.ipv4.ip_local_reserved_ports cannot be read".to_owned();
        return Err(Unobservable::PortRules { why });
    }
    Ok(Observation { privileged: privileged(), port_rules, ..Observation::new(host(true), now) })
}

fn host(with_id: bool) -> Host {
    let name = text_of(uname().nodename().to_bytes()).into_owned();
    Host {
        name: Some(name).filter(|name| !name.is_empty()),
        os: Os::Linux,
        id: with_id.then(machine_id).flatten(),
    }
}

/// From `/etc/machine-id`, or where a system without systemd has it (dbus-uuidgen(1)).
fn machine_id() -> Option<String> {
    let files = ["/etc/machine-id", "/var/lib/dbus/machine-id"];
    files.iter().find_map(|file| machine_id::of_text(&nonblocking::text(file, MOST_OF_MACHINE_ID).ok()?))
}

fn holdings(found: &[ScannedSocket], holders: &Holders) -> Vec<Holding> {
    let of = |found: &ScannedSocket| {
        let socket = found.socket.id;
        holders.of(found.inode).into_iter().map(move |pid| Holding { socket, pid })
    };
    found.iter().flat_map(of).collect()
}

fn unanswered(scan: &SocketScan, holders: &Holders, users: &Accounts) -> Vec<UnansweredAttempt> {
    let attempts = scan.unanswered.iter().filter_map(|socket| {
        socket.to_unanswered(socket.uid.and_then(|uid| users.name(uid)), holders.of(socket.key.inode))
    });
    attempts.collect()
}

fn port_connections(scan: &SocketScan, holders: &Holders) -> Vec<PortConnection> {
    let connections = scan.port_connections.iter().filter_map(|ScannedConnection { socket, namespace }| {
        let connection = socket.to_port_connection(holders.of(socket.key.inode))?;
        Some(PortConnection { namespace: namespace.clone(), ..connection })
    });
    connections.collect()
}
