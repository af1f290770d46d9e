//! The backend that works everywhere: `netstat2` for sockets, `sysinfo` for processes.

mod processes;
mod sockets;

use std::collections::BTreeMap;

use jiff::Timestamp;

use self::sockets::Found;
use super::{Inspect, Unobservable, Wish, platform};
use crate::model::{Gap, GapKind, Holding, Host, Observation, Os, Pid, Protocol, Unseen};

pub(super) fn observe(
    wish: Wish,
    inspect: &dyn Inspect,
    now: Timestamp,
) -> Result<Observation, Unobservable> {
    let privileged = platform::privileged();
    let mut gaps = platform::standing_gaps(privileged);

    let found = sockets::read(wish, privileged, &mut gaps)?;
    let holdings: Vec<Holding> =
        found.iter().flat_map(|f| f.pids.iter().map(|&pid| Holding { socket: f.socket.id, pid })).collect();
    let mut holders: BTreeMap<Pid, Vec<(Protocol, u16)>> = BTreeMap::new();
    for Found { socket, pids, .. } in &found {
        for pid in pids {
            holders.entry(*pid).or_default().push((socket.protocol, socket.local.port()));
        }
    }
    let processes = processes::read(&holders, inspect, wish.args).unwrap_or_else(|error| {
        gaps.push(Gap {
            kind: GapKind::ProcessesUnreadable,
            detail: format!("nothing could be read of the processes but their numbers ({error})"),
            count: None,
            remedy: None,
        });
        BTreeMap::new()
    });

    // Which processes cannot be looked into matters only to a socket that they may hold, and costs
    // a walk over all of them.
    let explained = |found: &Found| {
        let holders = found.pids.iter().filter_map(|pid| processes.get(pid));
        !found.pids.is_empty() && found.socket.has_maker_among(holders)
    };
    let unseen = if gaps.iter().any(|gap| gap.kind == GapKind::ProcessesUnreadable) {
        Unseen::Unlisted
    } else if found.iter().all(explained) {
        Unseen::nothing()
    } else {
        platform::unseen(privileged)
    };
    Ok(Observation {
        host: Host { name: sysinfo::System::host_name().ok(), os: THIS_OS },
        taken_at: now,
        privileged,
        unseen,
        sockets: found.into_iter().map(|f| f.socket).collect(),
        holdings,
        processes,
        gaps,
    })
}

#[cfg(target_os = "linux")]
const THIS_OS: Os = Os::Linux;
#[cfg(target_os = "macos")]
const THIS_OS: Os = Os::Macos;
#[cfg(windows)]
const THIS_OS: Os = Os::Windows;
