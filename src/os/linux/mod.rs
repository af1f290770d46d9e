//! Linux: sockets by `sock_diag`, holders, units and containers from `/proc`, and a look into other
//! network namespaces.

mod bpf;
mod connections;
mod containers;
mod forwards;
mod holders;
mod kcmp;
mod listeners;
mod namespace_scan;
mod namespaces;
mod port_rules;
mod proc_dir;
mod process_reader;
mod process_root;
mod search;
mod sock_diag;
mod socket_scan;
mod tables;
mod threads;
mod units;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use rustix::fs::statfs;

use self::holders::{Holders, add_ancestors};
use self::listeners::ScannedSocket;
use self::proc_dir::Proc;
use self::process_reader::{Executables, Reader, Seen, Users};
use self::socket_scan::SocketScan;
use self::tables::Tables;
use self::units::SocketUnits;
use super::decode::linux::inet_diag::States;
use super::inspect_files::{self, PortsOf};
use super::{Inspect, ScanScope, THIS_OS, Unobservable, in_words};
use crate::model::{
    Gap, GapKind, HiddenProcesses, Holding, Host, Observation, Os, Pid, PortConnection, PortRange, PortRules,
    Process, SocketId, State, UnansweredAttempt,
};

pub(super) use super::unix::{
    is_root as privileged, may_not_answer, process_user, replaceable_path, same_path, uid, user_name,
};

/// What the portable backend cannot see here is known, and told by nobody: it is only for comparison.
pub(super) fn standing_gaps(_privileged: bool) -> Vec<Gap> {
    Vec::new()
}

/// Whether a path leads into a file system of this kind (`include/uapi/linux/magic.h`).
fn is_of_kind(path: &Path, magic: i64) -> bool {
    // The number's type is another on each architecture.
    statfs(path).is_ok_and(|system| i128::from(system.f_type) == i128::from(magic))
}

/// Looks at the machine once.
///
/// # Errors
///
/// Where no socket table could be read.
pub(super) fn observe(
    scope: &ScanScope,
    inspect: &dyn Inspect,
    now: Timestamp,
) -> Result<Observation, Unobservable> {
    let users = Users::default();
    let reader = Reader::new(&users, inspect, scope.args);
    let proc = Proc::open();
    let how = (states_of_holders(scope), scope.bpf);
    let look = |proc: Option<&Proc>| SocketScan::take(scope, &inspect.license_ports(), proc, &reader);
    let (searched, scan) = match &proc {
        // Where some ports alone are asked about, there may be nobody to look for.
        Ok(proc) if scope.ports.is_empty() => {
            let (holders, scan) = Holders::search(proc, &reader, how, None, || look(Some(proc)));
            (Some(holders), scan)
        }
        proc => (None, look(proc.as_ref().ok())),
    };
    let mut scan = scan?;
    let owners = proc.and_then(|proc| {
        let wanted = scan.inodes();
        let holders = match searched {
            _ if wanted.is_empty() => Holders::default(),
            Some(holders) => holders?,
            None => Holders::search(&proc, &reader, how, Some(&wanted), || ()).0?,
        };
        let mut owners = owners(&proc, &reader, &mut scan, holders, inspect)?;
        if scan.found.is_empty()
            && let Some(namesake) = namesake(&proc, &reader, &scope.detail_ports)
        {
            owners.processes.entry(namesake.pid).or_insert(namesake);
        }
        Ok(owners)
    });
    let Owners { holders, processes, hidden } = owners.unwrap_or_else(|error| {
        let detail =
            format!("the process table could not be read ({}), so no owner is known", in_words(&error));
        scan.gaps.push(Gap::new(GapKind::ProcessesUnreadable, detail));
        Owners { holders: Holders::default(), processes: BTreeMap::new(), hidden: HiddenProcesses::Unlisted }
    });
    for (at, found) in scan.found.iter_mut().enumerate() {
        found.socket.id = SocketId(at as u64);
        found.socket.user = found.socket.uid.and_then(|uid| users.name(uid));
    }
    Ok(Observation {
        host: Host { name: socket_scan::host_name(), os: THIS_OS },
        taken_at: now,
        privileged: privileged(),
        hidden,
        holdings: holdings(&scan.found, &holders),
        processes: processes.into_iter().map(|(pid, process)| (pid, Arc::new(process))).collect(),
        unanswered: unanswered(&scan, &holders, &users),
        port_connections: port_connections(&scan, &holders),
        // Told of a free port alone.
        port_rules: if scope.needs_port_rules() { port_rules::read() } else { PortRules::default() },
        other_namespaces: if scope.all_namespaces { Vec::new() } else { scan.other_namespaces() },
        sockets: scan.found.into_iter().map(|found| found.socket).collect(),
        gaps: scan.gaps,
        method_notes: scan.method_notes,
    })
}

/// Reads the kernel's rules for ports alone.
///
/// # Errors
///
/// Where the kernel does not say which ports are reserved.
pub(super) fn observe_port_rules(now: Timestamp) -> Result<Observation, Unobservable> {
    let port_rules = port_rules::read();
    if port_rules.excluded.is_none() {
        return Err(Unobservable::PortRules {
            why: "net.ipv4.ip_local_reserved_ports cannot be read".to_owned(),
        });
    }
    let host = Host { name: socket_scan::host_name(), os: THIS_OS };
    Ok(Observation { privileged: privileged(), port_rules, ..Observation::new(host, now) })
}

/// The listening process whose id is the one port that was asked about: the number may have been meant
/// for it.
fn namesake(proc: &Proc, reader: &Reader<'_>, asked: &[PortRange]) -> Option<Process> {
    let pid = match asked {
        [port] if port.first == port.last => Pid::from(port.first),
        _ => return None,
    };
    proc.process(pid).ok()?;
    let listeners = listeners::read(&mut Tables::of_this_thread(), &ScanScope::default(), &[]).found;
    let inodes = listeners.iter().filter_map(|found| found.inode).collect();
    let holders = Holders::among(proc, reader, &inodes, &[pid]).ok()?;
    holders.seen.into_values().next().map(|seen| seen.process)
}

/// Who holds what was seen.
struct Owners {
    holders: Holders,
    processes: BTreeMap<Pid, Process>,
    hidden: HiddenProcesses,
}

/// Finds who holds what was seen, and who started them. Sockets that were closed since are dropped.
fn owners(
    proc: &Proc,
    reader: &Reader<'_>,
    scan: &mut SocketScan,
    mut holders: Holders,
    inspect: &dyn Inspect,
) -> io::Result<Owners> {
    holders.find(proc, reader, &scan.inodes())?;
    settle(proc, reader, &mut holders, scan)?;
    add_ancestors(proc, reader, &mut holders.seen);
    forwards::add(proc, reader, &scan.others, &mut holders.seen);
    name_units(proc, reader, &mut scan.found, &holders);
    scan.method_notes.extend(holders.method_note());
    let hidden = holders.hidden(proc);
    let seen = std::mem::take(&mut holders.seen);
    let processes = processes(proc, reader, seen, &scan.found, &holders, inspect);
    Ok(Owners { holders, processes, hidden })
}

/// The states of the sockets whose holders may be asked for. A listener listens, or is on its way to
/// it or from it; of unanswered requests it is told who waits; of ports asked about, everything.
fn states_of_holders(scope: &ScanScope) -> States {
    if scope.detail_ports.is_empty() {
        States::LISTENING.and(States::UNCONNECTED).and(States::SYN_SENT)
    } else {
        States::LISTENING.and(States::UNCONNECTED).and(States::WITH_PEER)
    }
}

/// Sockets and their holders are not read in one moment: what nobody seems to hold is looked at
/// again, and dropped where it was closed meanwhile.
fn settle(proc: &Proc, reader: &Reader<'_>, holders: &mut Holders, scan: &mut SocketScan) -> io::Result<()> {
    let SocketScan { found, closed, .. } = scan;
    drop_closed(holders, found);
    let unheld = found.iter().filter(|found| is_unheld(holders, found));
    let unheld: HashMap<u32, State> =
        unheld.filter_map(|found| Some((found.inode?, found.socket.state))).collect();
    if !unheld.is_empty() {
        holders.look_again(proc, reader, &unheld, closed)?;
        drop_closed(holders, found);
    }
    Ok(())
}

fn is_unheld(holders: &Holders, found: &ScannedSocket) -> bool {
    found.inode.is_some_and(|inode| !holders.of_socket.contains_key(&inode))
}

/// Drops what nobody seems to hold and is closed by now, and says of the rest what it does by now: it
/// may listen, or no longer. Those of other namespaces are not asked for again.
fn drop_closed(holders: &Holders, found: &mut Vec<ScannedSocket>) {
    let in_question = |found: &ScannedSocket| found.socket.namespace.is_none() && is_unheld(holders, found);
    let questions: Vec<&ScannedSocket> = found.iter().filter(|found| in_question(found)).collect();
    if questions.is_empty() {
        return;
    }
    let Some(now) = listeners::now(&mut Tables::of_this_thread(), &questions) else { return };
    found.retain_mut(|found| {
        let there = found.inode.and_then(|inode| now.get(&inode));
        let stays = !in_question(found) || there.is_some();
        if let Some(state) = there.filter(|_| in_question(found)) {
            found.socket.state = *state;
        }
        stays
    });
}

/// Names the units of sockets whose holders do not show them: hidden, none, or systemd for another.
fn name_units(proc: &Proc, reader: &Reader<'_>, found: &mut [ScannedSocket], holders: &Holders) {
    let systemd = |found: &ScannedSocket| -> Option<&Seen> {
        let pids = holders.of(found.inode);
        let mut seen = pids.iter().filter_map(|pid| holders.seen.get(pid));
        seen.find(|seen| seen.process.exe_name(Os::Linux) == Some("systemd"))
    };
    let is_open = |found: &ScannedSocket| holders.of(found.inode).is_empty() || systemd(found).is_some();
    let cgroups = found.iter().filter(|found| is_open(found)).filter_map(|found| found.cgroup);
    let cgroups: HashSet<u64> = cgroups.collect();
    let units = if cgroups.is_empty() { HashMap::new() } else { units::of_cgroups(&cgroups) };
    let mut files: HashMap<Pid, SocketUnits> = HashMap::new();
    for found in found.iter_mut().filter(|found| is_open(found)) {
        let made_in = found.cgroup.and_then(|cgroup| units.get(&cgroup).cloned());
        let (protocol, local) = (found.socket.protocol, found.socket.local);
        if let Some(Seen { process, started }) = systemd(found)
            && let Some(dir) = proc.same_process(process.pid, *started)
        {
            let files = files
                .entry(process.pid)
                .or_insert_with(|| SocketUnits::of(&dir, &reader.mounts, process.uid));
            found.socket.activation = files.activation(made_in.as_ref(), protocol, local);
        }
        found.socket.made_in = made_in;
    }
}

fn holdings(found: &[ScannedSocket], holders: &Holders) -> Vec<Holding> {
    let of = |found: &ScannedSocket| {
        let socket = found.socket.id;
        holders.of(found.inode).into_iter().map(move |pid| Holding { socket, pid })
    };
    found.iter().flat_map(of).collect()
}

fn unanswered(scan: &SocketScan, holders: &Holders, users: &Users) -> Vec<UnansweredAttempt> {
    let told = scan.unanswered.iter().map(|socket| UnansweredAttempt {
        local: socket.local,
        remote: socket.peer,
        retransmits: socket.retransmits,
        uid: socket.uid,
        user: users.name(socket.uid),
        pids: holders.of(socket.inode),
    });
    told.collect()
}

fn port_connections(scan: &SocketScan, holders: &Holders) -> Vec<PortConnection> {
    let told = scan.port_connections.iter().map(|(protocol, state, socket)| PortConnection {
        protocol: *protocol,
        state: *state,
        local: socket.local,
        peer: socket.peer,
        pids: holders.of(socket.inode),
    });
    told.collect()
}

/// The processes, with what [`Inspect`] asks of the files they run.
fn processes(
    proc: &Proc,
    reader: &Reader<'_>,
    seen: BTreeMap<Pid, Seen>,
    found: &[ScannedSocket],
    holders: &Holders,
    inspect: &dyn Inspect,
) -> BTreeMap<Pid, Process> {
    let mut ports_of = PortsOf::new();
    for found in found {
        for pid in holders.of(found.inode) {
            let place = (found.socket.protocol, found.socket.local.port());
            ports_of.entry(pid).or_default().push(place);
        }
    }
    let started = seen.iter().map(|(&pid, seen)| (pid, seen.started)).collect();
    let mut processes: BTreeMap<Pid, Process> =
        seen.into_iter().map(|(pid, seen)| (pid, seen.process)).collect();
    let files = Executables { proc, started, mounts: &reader.mounts };
    inspect_files::files(&mut processes, &ports_of, inspect, &files);
    processes
}
