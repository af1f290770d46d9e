//! Linux: sockets by `sock_diag`, holders, units and containers from `/proc`, and a look into other
//! network namespaces.

mod connections;
mod containers;
mod facts;
mod forwards;
mod holders;
mod kcmp;
mod listeners;
mod look;
mod namespaces;
mod proc_dir;
mod rules;
mod sight;
mod sock_diag;
mod tables;
mod units;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;
use std::path::Path;

use jiff::Timestamp;
use rustix::fs::statfs;

use self::facts::{Reader, Seen, Users};
use self::holders::{Holders, add_ancestors};
use self::listeners::Found;
use self::proc_dir::Proc;
use self::sight::Sight;
use self::tables::Tables;
use self::units::SocketUnits;
use super::look_into::{self, PortsOf};
use super::{Inspect, THIS_OS, Unobservable, Wish, in_words};
use crate::model::{
    Gap, GapKind, Holding, Host, Observation, Os, Pid, PortRules, Process, Remnant, Socket, SocketId,
    Unanswered, Unseen,
};

pub(super) use super::unix::{
    is_root as privileged, process_user, replaceable_path, same_path, uid, user_name,
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
    wish: &Wish,
    inspect: &dyn Inspect,
    now: Timestamp,
) -> Result<Observation, Unobservable> {
    let users = Users::default();
    let reader = Reader::new(&users, wish.args);
    let proc = Proc::open();
    let mut sight = Sight::take(wish, &inspect.license_ports(), proc.as_ref().ok(), &reader)?;
    let owners = proc.and_then(|proc| owners(&proc, &reader, &mut sight, inspect));
    let Owners { holders, processes, unseen } = owners.unwrap_or_else(|error| {
        let detail =
            format!("the process table could not be read ({}), so no owner is known", in_words(&error));
        sight.gaps.push(Gap::new(GapKind::ProcessesUnreadable, detail));
        Owners { holders: Holders::default(), processes: BTreeMap::new(), unseen: Unseen::Unlisted }
    });
    for (at, found) in sight.found.iter_mut().enumerate() {
        found.socket.id = SocketId(at as u64);
        found.socket.user = found.socket.uid.and_then(|uid| users.name(uid));
    }
    Ok(Observation {
        host: Host { name: sight::host_name(), os: THIS_OS },
        taken_at: now,
        privileged: privileged(),
        unseen,
        holdings: holdings(&sight.found, &holders),
        processes,
        unanswered: unanswered(&sight, &holders, &users),
        remnants: remnants(&sight, &holders),
        // Told of a free port alone.
        port_rules: if wish.asked.is_empty() { PortRules::default() } else { rules::read() },
        elsewhere: if wish.all_namespaces { Vec::new() } else { sight.elsewhere() },
        sockets: sight.found.into_iter().map(|found| found.socket).collect(),
        gaps: sight.gaps,
        account: sight.account,
    })
}

/// Who holds what was seen.
struct Owners {
    holders: Holders,
    processes: BTreeMap<Pid, Process>,
    unseen: Unseen,
}

/// Finds who holds what was seen, and who started them. Sockets that were closed since are dropped.
fn owners(proc: &Proc, reader: &Reader<'_>, sight: &mut Sight, inspect: &dyn Inspect) -> io::Result<Owners> {
    let mut holders = Holders::find(proc, reader, &sight.inodes())?;
    settle(proc, reader, &mut holders, &mut sight.found)?;
    add_ancestors(proc, reader, &mut holders.seen);
    forwards::add(proc, reader, &sight.others, &mut holders.seen);
    name_units(proc, &mut sight.found, &holders);
    let (walked, denied) = holders.counts();
    sight.account.push(format!("{denied} of {walked} processes could not be looked into"));
    let unseen = holders.unseen(proc);
    let seen = std::mem::take(&mut holders.seen);
    let processes = processes(proc, seen, &sight.found, &holders, inspect);
    Ok(Owners { holders, processes, unseen })
}

/// Sockets and their holders are not read in one moment: what nobody seems to hold is looked at
/// again, and dropped where it was closed meanwhile.
fn settle(proc: &Proc, reader: &Reader<'_>, holders: &mut Holders, found: &mut Vec<Found>) -> io::Result<()> {
    let is_unheld = |holders: &Holders, found: &Found| {
        found.inode.is_some_and(|inode| !holders.of_socket.contains_key(&inode))
    };
    let unheld = found.iter().filter(|found| is_unheld(holders, found));
    let unheld: HashSet<u32> = unheld.filter_map(|found| found.inode).collect();
    if unheld.is_empty() {
        return Ok(());
    }
    holders.look_again(proc, reader, &unheld)?;
    // Those of other namespaces are not asked for again.
    let in_question = |found: &Found| found.socket.namespace.is_none() && is_unheld(holders, found);
    let sockets = found.iter().filter(|found| in_question(found)).map(|found| &found.socket);
    let sockets: Vec<&Socket> = sockets.collect();
    if let Some(now) = listeners::now(&mut Tables::of_this_thread(), &sockets) {
        found.retain_mut(|found| {
            let there = found.inode.and_then(|inode| now.get(&inode));
            let stays = !in_question(found) || there.is_some();
            if let Some(state) = there.filter(|_| in_question(found)) {
                // It may listen by now, or no longer.
                found.socket.state = *state;
            }
            stays
        });
    }
    Ok(())
}

/// Names the units of sockets whose holders do not show them: hidden, none, or systemd for another.
fn name_units(proc: &Proc, found: &mut [Found], holders: &Holders) {
    let systemd = |found: &Found| -> Option<&Seen> {
        let pids = holders.of(found.inode);
        let mut seen = pids.iter().filter_map(|pid| holders.seen.get(pid));
        seen.find(|seen| seen.process.exe_name(Os::Linux) == Some("systemd"))
    };
    let is_open = |found: &Found| holders.of(found.inode).is_empty() || systemd(found).is_some();
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
            let files = files.entry(process.pid).or_insert_with(|| SocketUnits::of(&dir, process.uid));
            found.socket.activation = files.activation(made_in.as_ref(), protocol, local);
        }
        found.socket.made_in = made_in;
    }
}

fn holdings(found: &[Found], holders: &Holders) -> Vec<Holding> {
    let of = |found: &Found| {
        let socket = found.socket.id;
        holders.of(found.inode).into_iter().map(move |pid| Holding { socket, pid })
    };
    found.iter().flat_map(of).collect()
}

fn unanswered(sight: &Sight, holders: &Holders, users: &Users) -> Vec<Unanswered> {
    let told = sight.unanswered.iter().map(|socket| Unanswered {
        local: socket.local,
        remote: socket.peer,
        retransmits: socket.retransmits,
        uid: socket.uid,
        user: users.name(socket.uid),
        pids: holders.of(socket.inode),
    });
    told.collect()
}

fn remnants(sight: &Sight, holders: &Holders) -> Vec<Remnant> {
    let told = sight.remnants.iter().map(|(protocol, state, socket)| Remnant {
        protocol: *protocol,
        state: *state,
        local: socket.local,
        peer: socket.peer,
        pids: holders.of(socket.inode),
    });
    told.collect()
}

/// The processes, with what [`Inspect`] asks of them.
fn processes(
    proc: &Proc,
    seen: BTreeMap<Pid, Seen>,
    found: &[Found],
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
    let started: BTreeMap<Pid, u64> = seen.iter().map(|(&pid, seen)| (pid, seen.started)).collect();
    let mut processes: BTreeMap<Pid, Process> =
        seen.into_iter().map(|(pid, seen)| (pid, seen.process)).collect();
    let again = |pid: Pid| proc.same_process(pid, *started.get(&pid)?);
    look_into::files(&mut processes, &ports_of, inspect, &|pid, _| {
        facts::open_executable(&again(pid).ok_or(io::Error::from(io::ErrorKind::NotFound))?)
    });
    look_into::command_lines(&mut processes, &ports_of, inspect, &mut |pids| {
        let read = |&pid: &Pid| Some((pid, facts::command_line(&again(pid)?)?));
        pids.iter().filter_map(read).collect()
    });
    processes
}
