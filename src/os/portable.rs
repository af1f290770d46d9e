//! The backend that works everywhere: `netstat2` for sockets, `sysinfo` for processes. It is what Windows
//! is observed by, and what Linux's own backend is held against in a test; macOS has its own for sockets.

mod processes;
mod sockets;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

#[cfg(windows)]
pub(super) use self::processes::{Running, running};
#[cfg(windows)]
pub(super) use self::sockets::holders;
pub(super) use self::sockets::{HeldSocket, Tables};
use super::inspect_files::PortsOf;
use super::{Inspect, ScanScope, THIS_OS, Unobservable, platform};
use crate::model::{Gap, GapKind, HiddenProcesses, Holding, Host, Observation, PortRange};

/// Looks at the machine once.
///
/// # Errors
///
/// Where no socket table could be read.
pub fn observe(
    scope: &ScanScope,
    inspect: &dyn Inspect,
    now: Timestamp,
) -> Result<Observation, Unobservable> {
    let mut gaps = platform::standing_gaps(platform::privileged());
    let (mut tables, established) = sockets::read(scope, &mut gaps)?;
    let ports = if scope.connections { vec![PortRange::ALL] } else { inspect.license_ports() };
    tables.count(established, &ports);
    let method_notes = vec!["sockets were read by netstat2, processes by sysinfo".to_owned()];
    let seen = of_sockets(tables, gaps, scope, inspect, now);
    Ok(Observation { method_notes, ..seen })
}

/// What follows from these sockets: the facts of their holders, by `sysinfo`.
pub(super) fn of_sockets(
    Tables { found, port_connections, unanswered }: Tables,
    mut gaps: Vec<Gap>,
    scope: &ScanScope,
    inspect: &dyn Inspect,
    now: Timestamp,
) -> Observation {
    let privileged = platform::privileged();
    let holdings: Vec<Holding> =
        found.iter().flat_map(|f| f.pids.iter().map(|&pid| Holding { socket: f.socket.id, pid })).collect();
    let mut ports_of = PortsOf::new();
    for HeldSocket { socket, pids } in &found {
        for pid in pids {
            ports_of.entry(*pid).or_default().push((socket.protocol, socket.local.port()));
        }
    }
    let others = port_connections.iter().flat_map(|connection| &connection.pids);
    for pid in others.chain(unanswered.iter().flat_map(|asking| &asking.pids)) {
        ports_of.entry(*pid).or_default();
    }
    let processes = processes::read(&ports_of, inspect, scope.args).unwrap_or_else(|error| {
        let detail = format!("nothing could be read of the processes but their numbers ({error})");
        gaps.push(Gap::new(GapKind::ProcessesUnreadable, detail));
        BTreeMap::new()
    });

    // Only an administrator sees all.
    let unread = gaps.iter().any(|gap| gap.kind == GapKind::ProcessesUnreadable);
    let all_held = found.iter().all(|found| !found.pids.is_empty());
    let hidden = if !unread && (privileged || all_held) {
        HiddenProcesses::nothing()
    } else {
        HiddenProcesses::Unlisted
    };
    let host = Host { name: sysinfo::System::host_name().ok(), os: THIS_OS };
    Observation {
        privileged,
        hidden,
        sockets: found.into_iter().map(|f| f.socket).collect(),
        holdings,
        port_connections,
        unanswered,
        processes: processes.into_iter().map(|(pid, process)| (pid, Arc::new(process))).collect(),
        gaps,
        ..Observation::new(host, now)
    }
}
