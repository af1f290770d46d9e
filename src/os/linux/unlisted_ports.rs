//! What the processes that were asked about listen on in network namespaces that are not listed, and whether they may hold
//! sockets of namespaces that could not be scanned.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::iter;

use rustix::fs::getxattr;

use super::super::decode::linux::inet_diag::States;
use super::super::decode::linux::task_file::{OpenFile, OpenSocket};
use super::candidates::HoldersIn;
use super::namespaces::others_of;
use super::proc_dir::{ProcessDir, is_gone, own_descriptor};
use super::scan_context::ScanContext;
use super::socket_scan::SocketScan;
use super::tables::Tables;
use crate::model::sorting::sort_by_key;
use crate::model::{Namespace, Pid, Protocol, RunState, SoughtProcess, State, UnlistedPorts};

/// Every state of a socket that has a port.
const WITH_PORT: States =
    States::LISTENING.and(States::UNCONNECTED).and(States::BOUND).and(States::WITH_PEER);

type Ports = BTreeSet<(u16, Protocol)>;

/// All sockets that were found, and where.
pub(super) struct UnlistedSockets<'a> {
    context: &'a ScanContext<'a>,
    scan: &'a mut SocketScan,
    /// As the kernel reported them.
    holders: Option<&'a HoldersIn>,
    own: Option<u64>,
    /// The inodes of the sockets that are listed.
    listed: HashSet<u32>,
    /// Those of the sockets in other namespaces, each with the position of its namespace among those that were scanned,
    /// and the port on which it listens.
    elsewhere: HashMap<u32, (usize, Option<(u16, Protocol)>)>,
    /// The positions of the other namespaces, by their inodes.
    at: HashMap<u64, usize>,
    /// The inodes of whatever has a port in a namespace, by its position; `None` for the caller's own.
    with_port: HashMap<Option<usize>, HashSet<u32>>,
}

impl<'a> UnlistedSockets<'a> {
    pub(super) fn new(
        context: &'a ScanContext<'a>,
        scan: &'a mut SocketScan,
        holders: Option<&'a HoldersIn>,
    ) -> UnlistedSockets<'a> {
        let listed = scan.found.iter().filter_map(|found| found.inode).collect();
        let (mut elsewhere, mut at) = (HashMap::new(), HashMap::new());
        for (position, (other, scan)) in scan.others.iter().enumerate() {
            at.insert(other.namespace.inode, position);
            for found in &scan.found {
                let place = (found.socket.local.port(), found.socket.protocol);
                let place = Some(place).filter(|_| found.socket.state != State::Bound);
                elsewhere.extend(found.inode.map(|inode| (inode, (position, place))));
            }
        }
        let own = super::namespaces::of_process(&context.proc, std::process::id());
        UnlistedSockets { context, scan, holders, own, listed, elsewhere, at, with_port: HashMap::new() }
    }

    /// What is known of a process in this state.
    pub(super) fn of(&mut self, dir: &ProcessDir, state: Option<RunState>) -> SoughtProcess {
        let pid = dir.pid;
        let mut held = Vec::new();
        // One that has ended holds none.
        let is_seen = state == Some(RunState::Zombie)
            || match dir.sockets(self.context.deadline, &mut |socket: OpenSocket| held.push(socket)) {
                Ok(()) => true,
                Err(error) => is_gone(&error),
            };
        let mut members: Vec<(u64, Option<Pid>)> = match self.own {
            Some(own) => others_of(&self.context.proc, pid, own, true).unwrap_or_default(),
            None => Vec::new(),
        };
        sort_by_key(&mut members, |&(inode, thread)| (thread.is_some(), inode));
        let first = members.first().filter(|(_, thread)| thread.is_none()).map(|&(inode, _)| inode);
        // Of a record it may be asked later what is in other namespaces, and not listed.
        let is_told = !self.context.scope.all_namespaces || self.context.scope.sought.everything;
        let is_member_of_unscanned = || members.iter().any(|(inode, _)| !self.at.contains_key(inode));
        let may_hold_more =
            (!is_told && is_member_of_unscanned()) || self.may_hold_more(dir, &held, &members);
        let unlisted = if is_told { self.unlisted(&held, first, &members, is_seen) } else { Vec::new() };
        let namespace = first.filter(|_| is_told).map(|inode| self.named(inode));
        SoughtProcess { pid, namespace, is_seen, unlisted, may_hold_more }
    }

    /// The namespace of this inode, with its name if that was scanned.
    fn named(&mut self, inode: u64) -> Namespace {
        let Some(&at) = self.at.get(&inode) else { return Namespace { inode, name: None } };
        let other = &mut self.scan.others[at].0;
        other.name(self.context);
        other.namespace.clone()
    }

    /// What it listens on in each namespace that is not listed: that of its `first` thread comes first. Of others only
    /// those where it listens, or may.
    fn unlisted(
        &mut self,
        held: &[OpenSocket],
        first: Option<u64>,
        members: &[(u64, Option<Pid>)],
        is_seen: bool,
    ) -> Vec<UnlistedPorts> {
        let mut ports: BTreeMap<u64, Ports> = BTreeMap::new();
        for (at, place) in held.iter().filter_map(|socket| self.elsewhere.get(&socket.inode)) {
            ports.entry(self.scan.others[*at].0.namespace.inode).or_default().extend(*place);
        }
        let threads: BTreeSet<u64> = members.iter().map(|&(inode, _)| inode).collect();
        let others: BTreeSet<u64> = threads.iter().chain(ports.keys()).copied().collect();
        let others = others.into_iter().filter(|&inode| first != Some(inode));
        let unlisted = first.into_iter().chain(others).filter_map(|inode| {
            let found = ports.remove(&inode).unwrap_or_default();
            let is_scanned = self.at.get(&inode).is_some_and(|&at| !self.scan.others[at].1.is_blind());
            // What another user's thread holds is not known to be there.
            let is_whole = is_scanned && (is_seen || first != Some(inode));
            if found.is_empty() && is_whole && first != Some(inode) {
                return None;
            }
            let listens_on = (is_whole || !found.is_empty()).then(|| found.into_iter().collect());
            Some(UnlistedPorts { namespace: self.named(inode), listens_on })
        });
        unlisted.collect()
    }

    /// Whether it holds sockets that may be in a namespace which was not scanned.
    fn may_hold_more(
        &mut self,
        dir: &ProcessDir,
        held: &[OpenSocket],
        members: &[(u64, Option<Pid>)],
    ) -> bool {
        let is_known = |inode: &u32| self.listed.contains(inode) || self.elsewhere.contains_key(inode);
        let rest: Vec<&OpenSocket> = held.iter().filter(|socket| !is_known(&socket.inode)).collect();
        // Where it is a member, that is said of the namespace itself.
        let is_scanned = |inode: &u64| {
            self.own == Some(*inode)
                || self.at.contains_key(inode)
                || members.iter().any(|member| member.0 == *inode)
        };
        if let Some(holders) = self.holders {
            let mut others = holders.iter().filter(|(inode, _)| !is_scanned(inode));
            return !rest.is_empty() && others.any(|(_, pids)| pids.contains(&dir.pid));
        }
        let rest: Vec<u32> =
            rest.into_iter().filter(|one| has_port(dir, one.file)).map(|one| one.inode).collect();
        if rest.is_empty() {
            return false;
        }
        // A socket that was never bound is in no table, and counts here too.
        let namespaces = members.iter().filter_map(|(inode, _)| self.at.get(inode).copied()).map(Some);
        let namespaces: Vec<Option<usize>> = iter::once(None).chain(namespaces).collect();
        for &at in &namespaces {
            self.read_with_port(at);
        }
        let is_there = |inode: &u32| namespaces.iter().any(|at| self.with_port[at].contains(inode));
        !rest.iter().all(is_there)
    }

    /// Reads whatever has a port in a namespace, once.
    fn read_with_port(&mut self, at: Option<usize>) {
        if self.with_port.contains_key(&at) {
            return;
        }
        let all = match at {
            None => inodes_with_port(&mut Tables::of_this_thread()),
            Some(at) => {
                let scanned = self.scan.others[at].0.scan(inodes_with_port);
                scanned.ok().flatten().unwrap_or_default()
            }
        };
        self.with_port.insert(at, all);
    }
}

fn inodes_with_port(tables: &mut Tables) -> HashSet<u32> {
    let protocols = [Protocol::Tcp, Protocol::Udp];
    let all = protocols.into_iter().flat_map(|protocol| tables.read(protocol, WITH_PORT, None).sockets);
    all.filter_map(|socket| socket.key.inode).collect()
}

/// Whether a file of a process is a TCP or UDP socket (`sockfs_xattr_get` in `net/socket.c`).
fn has_port(dir: &ProcessDir, file: OpenFile) -> bool {
    use std::os::fd::AsFd;
    let path = own_descriptor(dir.as_fd()).join(dir.table_of(file.thread)).join(file.fd.to_string());
    let mut name = [0; 16];
    let read = getxattr(path, c"system.sockprotoname", &mut name[..]);
    let name = read.ok().and_then(|length| name.get(..length)).unwrap_or_default();
    let name = name.strip_suffix(b"\0").unwrap_or(name);
    [&b"TCP"[..], b"TCPv6", b"UDP", b"UDPv6"].contains(&name)
}
