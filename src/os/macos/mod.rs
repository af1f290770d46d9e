//! macOS: sockets from the kernel's lists of them; their holders by libproc, which tells an ordinary user
//! of their own processes alone; the facts of those by `sysinfo`. Where the kernel keeps its lists back, as
//! macOS 27 does from ordinary users, the portable backend finds the sockets of one's own processes.
//!
//! Sockets and holders are tied by what the kernel calls a socket in both, not by address: of one
//! address there may be several.

mod calls;
mod holders;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;
use std::sync::Arc;

use jiff::Timestamp;
use sysinfo::{ProcessRefreshKind, ProcessesToUpdate, System, UpdateKind};

use self::holders::Holders;
use super::decode::pcb::{self, Chosen, Identity, Pcb};
use super::decode::{launchd, pcblist};
use super::peers::Tally;
use super::portable::{self, Found, Tables};
use super::{Inspect, Unobservable, Wish, in_words};
use crate::model::{
    Gap, GapKind, Observation, Pid, PortRange, Process, ProcessService, Protocol, Remnant, Socket,
    Unanswered, Unseen,
};

use super::unix::own_uid;
pub(super) use super::unix::{
    is_root as privileged, process_user, replaceable_path, same_path, uid, user_name,
};

/// What the portable backend does not see: libproc tells an ordinary user only of their own processes,
/// and `netstat2` finds sockets through processes alone.
pub(super) fn standing_gaps(privileged: bool) -> Vec<Gap> {
    if privileged {
        return Vec::new();
    }
    vec![Gap::new(GapKind::SocketsHidden, "listeners of other users are not seen at all")]
}

/// Looks at the machine once. Where the kernel's lists cannot be read, the portable backend does.
///
/// # Errors
///
/// Where no socket table could be read.
pub(super) fn observe(
    wish: &Wish,
    inspect: &dyn Inspect,
    now: Timestamp,
) -> Result<Observation, Unobservable> {
    let lists = match Lists::read() {
        Ok(lists) => lists,
        Err(why) => {
            let mut seen = portable::observe(wish, inspect, now)?;
            seen.account.insert(0, format!("the kernel's lists of sockets could not be used: {why}"));
            name_jobs(&mut seen);
            return Ok(seen);
        }
    };
    Ok(of_lists(lists, wish, inspect, now))
}

/// The kernel's lists of sockets, one after the other.
struct Lists {
    pcbs: Vec<Pcb>,
    /// Whether some of them could not be understood.
    malformed: bool,
}

impl Lists {
    /// Reads both: which of them are complete is seen in both together.
    ///
    /// # Errors
    ///
    /// Why one of them cannot be read, or not be made use of.
    fn read() -> Result<Lists, String> {
        let mut lists = Lists { pcbs: Vec::new(), malformed: false };
        for (protocol, name) in
            [(Protocol::Tcp, c"net.inet.tcp.pcblist_n"), (Protocol::Udp, c"net.inet.udp.pcblist_n")]
        {
            let told = |error: io::Error| format!("{}: {}", name.to_string_lossy(), in_words(&error));
            let list = pcblist::read(protocol, &calls::sysctl(name).map_err(told)?);
            if list.malformed && list.sockets.is_empty() {
                return Err(format!("{} is not understood", name.to_string_lossy()));
            }
            lists.malformed |= list.malformed;
            lists.pcbs.extend(list.sockets);
        }
        if pcb::keep_others_back(&lists.pcbs, own_uid()) {
            return Err("they have no other user's sockets, which this system keeps back".to_owned());
        }
        // Without it nobody could be told to hold anything.
        let nameless = |pcb: &Pcb| pcb.identity.is_none() && pcb.process.is_none();
        if lists.pcbs.iter().all(nameless) {
            return Err("they do not tell which socket is which".to_owned());
        }
        Ok(lists)
    }
}

fn of_lists(lists: Lists, wish: &Wish, inspect: &dyn Inspect, now: Timestamp) -> Observation {
    let Lists { pcbs, malformed } = lists;
    let servers = inspect.license_ports();
    let mut chosen = pcb::choose(&pcbs, wish, &servers);
    let mut gaps = Vec::new();
    if malformed {
        let detail = "a socket table was not understood to its end, so listeners may be missing";
        gaps.push(Gap::new(GapKind::SocketsUnreadable, detail));
    }
    let mut account = vec!["sockets were read from the kernel's lists (pcblist_n)".to_owned()];
    let mut unseen = None;
    let searched = if chosen == Chosen::default() {
        // There is nobody to look for.
        Ok(Holders::of_lists(&pcbs))
    } else {
        Holders::search(&pcbs).inspect(|holders| account.push(holders.account()))
    };
    let holders = searched.unwrap_or_else(|error| {
        let why = in_words(&error);
        let detail = format!("the process table could not be read ({why}), so few owners are known");
        gaps.push(Gap::new(GapKind::ProcessesUnreadable, detail));
        unseen = Some(Unseen::Unlisted);
        Holders::of_lists(&pcbs)
    });
    drop_closed(&mut chosen, &pcbs, &holders);
    let users = Users::default();
    finish(&mut chosen.sockets, &pcbs, &users);
    count(&mut chosen.sockets, &pcbs, if wish.connections { &[PortRange::ALL] } else { &servers });

    let remnants: Vec<Remnant> = chosen
        .remnants
        .iter()
        .map(|&(at, state)| {
            let Pcb { protocol, local, peer, .. } = pcbs[at];
            Remnant { protocol, state, local, peer, pids: holders.of(at) }
        })
        .collect();
    let asking = |&at: &usize| Some((pcbs[at].uid?, at));
    let unanswered: Vec<Unanswered> = chosen
        .unanswered
        .iter()
        .filter_map(asking)
        .map(|(uid, at)| {
            let Pcb { local, peer, retransmits, .. } = pcbs[at];
            Unanswered { local, remote: peer, retransmits, uid, user: users.name(uid), pids: holders.of(at) }
        })
        .collect();
    let found = chosen.sockets.into_iter().map(|(at, socket)| Found { socket, pids: holders.of(at) });
    let tables = Tables { found: found.collect(), remnants, unanswered };
    let mut seen = portable::of_sockets(tables, gaps, wish, inspect, now);
    name_jobs(&mut seen);
    let unseen = unseen.unwrap_or_else(|| holders.unseen());
    Observation { unseen, account, ..seen }
}

/// Lists and processes are not read in one moment: what nobody is seen to hold is looked for again in
/// the lists, and dropped where it was closed meanwhile.
fn drop_closed(chosen: &mut Chosen, pcbs: &[Pcb], holders: &Holders) {
    if chosen.sockets.iter().all(|&(at, _)| !holders.of(at).is_empty()) {
        return;
    }
    let Ok(lists) = Lists::read() else { return };
    let there: HashSet<(Protocol, Identity)> =
        lists.pcbs.iter().map(|pcb| (pcb.protocol, pcb.identity)).collect();
    let stays = |at: usize| {
        let Pcb { protocol, identity, .. } = pcbs[at];
        lists.malformed || !holders.of(at).is_empty() || there.contains(&(protocol, identity))
    };
    chosen.sockets.retain(|&(at, _)| stays(at));
}

/// The names of users, each asked for once.
#[derive(Default)]
struct Users(std::cell::RefCell<HashMap<u32, Option<String>>>);

impl Users {
    fn name(&self, uid: u32) -> Option<String> {
        self.0.borrow_mut().entry(uid).or_insert_with(|| user_name(uid)).clone()
    }
}

/// Names users, and the interfaces that addresses of one link are of.
fn finish(sockets: &mut [(usize, Socket)], pcbs: &[Pcb], users: &Users) {
    for (at, socket) in sockets {
        socket.user = socket.uid.and_then(|uid| users.name(uid));
        socket.interface = pcbs[*at].scope.map(calls::interface);
    }
}

/// Counts the connections of listeners on these ports.
fn count(sockets: &mut [(usize, Socket)], pcbs: &[Pcb], ports: &[PortRange]) {
    let mut tally = Tally::of(sockets.iter().map(|(_, socket)| socket), ports);
    if tally.ports().is_empty() {
        return;
    }
    let is_connection = |pcb: &&Pcb| pcb.is_established_tcp();
    for Pcb { local, peer, scope, .. } in pcbs.iter().filter(is_connection) {
        let interface = scope.map(calls::interface);
        tally.add(*local, interface.as_deref(), peer.ip(), |at| &sockets[at].1);
    }
    for (at, connections) in tally.counted() {
        sockets[at].1.connections = Some(connections);
    }
}

/// Names the launchd jobs and the application bundles of the holders. Of their environment one
/// variable is looked at, and nothing is kept: it may hold secrets.
fn name_jobs(seen: &mut Observation) {
    let holders: HashSet<Pid> = seen.holdings.iter().map(|holding| holding.pid).collect();
    let mut jobs = jobs_of(&holders);
    for (pid, process) in &mut seen.processes {
        let process: &mut Process = Arc::make_mut(process);
        process.services = jobs.remove(pid).into_iter().collect();
        process.application = process.exe.as_ref().and_then(|exe| launchd::application(&exe.path));
    }
}

/// The jobs of these processes, as far as they may be known.
fn jobs_of(pids: &HashSet<Pid>) -> BTreeMap<Pid, ProcessService> {
    let Ok(mut system) = System::new() else { return BTreeMap::new() };
    let kind = ProcessRefreshKind::nothing().without_tasks().with_environ(UpdateKind::Always);
    let ids: Vec<sysinfo::Pid> = pids.iter().map(|&pid| sysinfo::Pid::from_u32(pid)).collect();
    system.refresh_processes_specifics(ProcessesToUpdate::Some(&ids), false, kind);
    let job = |&pid: &Pid| {
        let process = system.process(sysinfo::Pid::from_u32(pid))?;
        let variables = process.environ().iter().filter_map(|variable| variable.to_str());
        Some((pid, launchd::job(variables)?))
    };
    pids.iter().filter_map(job).collect()
}
