//! Where `docker-proxy` forwards a port to. Its command line has the container's address; the scan of
//! the container's network namespace shows the process that listens there.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::net::IpAddr;

use super::super::decode::linux::{docker_proxy, local_addresses};
use super::super::{ScanScope, inspect_files};
use super::command_lines::CommandLines;
use super::holders::Holders;
use super::listeners::ScannedSocket;
use super::namespace_scan::{NamespaceScan, scan_namespace};
use super::namespaces::NetworkNamespace;
use super::proc_dir::Proc;
use super::process_reader::IdentifiedProcess;
use super::scan_context::ScanContext;
use super::socket_scan::SocketScan;
use crate::model::{
    AtTarget, Forward, ListenerElsewhere, Os, Pid, PortRange, ProcessRef, Protocol, Socket, State,
};

/// No more is read of the addresses of one namespace, in bytes, nor of those of all: anybody may make a namespace
/// with a million addresses. A container has a few, and those of 10,000 containers fit.
const MOST_OF_ADDRESSES: u64 = 64 * 1024;
const MOST_OF_ALL: u64 = 16 * 1024 * 1024;
/// No more addresses are named at which somebody listens in vain.
const MOST_NAMED: usize = 8;
/// In no more namespaces it is looked again whether nothing listens where a proxy forwards to.
const MOST_LOOKS: usize = 100;
/// The loopback interface.
const LOOPBACK: &str = "lo";

/// The sockets behind the proxies that are judged by them.
#[derive(Default)]
pub(super) struct Behind {
    /// As they are in the containers, and once more with the ports of the proxies: both say what a holder is.
    pub(super) sockets: Vec<ScannedSocket>,
    of_proxy: Vec<(Pid, HashSet<u32>)>,
}

/// Adds where each proxy forwards to. `others` are the namespaces that were scanned. Where a proxy is judged, its holder
/// has to be found for certain: all that hold the sockets behind it are added to the holders.
pub(super) fn add(
    context: &ScanContext<'_>,
    sockets: &SocketScan,
    command_lines: &CommandLines,
    holders: &mut Holders,
) -> Behind {
    let mut behind = Behind::default();
    let (mut addresses, mut all, mut looks) = (None, None, MOST_LOOKS);
    let is_proxy =
        |known: &&IdentifiedProcess| known.process.exe_name(Os::Linux).is_some_and(docker_proxy::is_proxy);
    let proxies: Vec<Pid> =
        holders.processes.values().filter(is_proxy).map(|known| known.process.pid).collect();
    if proxies.is_empty() {
        return behind;
    }
    let ports_of = holders.ports_of(&sockets.found);
    for pid in proxies {
        let Some(mut forward) = command_lines.of(pid).and_then(docker_proxy::forward) else { continue };
        let addresses = addresses.get_or_insert_with(|| with_address(&context.proc, &sockets.others));
        let at = addresses.get(&forward.to.ip()).map_or(&[][..], Vec::as_slice);
        let Some(proxy) = holders.processes.get(&pid).map(|known| &known.process) else { continue };
        let is_judged =
            context.inspect.interest(inspect_files::holder(proxy, &ports_of), None, Os::Linux).place;
        if let Some((other, scan)) = only_one(context, at.to_vec()) {
            // Somebody in another namespace may hold the socket too.
            let pids = if is_judged {
                all.get_or_insert_with(|| context.proc.pids().unwrap_or_default())
            } else {
                &other.pids()
            };
            let found = find_listener(context, (other, scan), pids, &mut looks, &mut forward);
            if let Some(found) = found.filter(|_| is_judged) {
                let ports: Vec<_> = ports_of.get(&pid).into_iter().flatten().copied().collect();
                behind.add(pid, found, &ports, holders);
            }
        }
        if let Some(proxy) = holders.processes.get_mut(&pid) {
            proxy.process.forward = Some(Box::new(forward));
        }
    }
    behind
}

impl Behind {
    fn add(&mut self, proxy: Pid, found: Found, ports: &[(Protocol, u16)], holders: &mut Holders) {
        let Found { sockets, holders: there } = found;
        let inodes: HashSet<u32> = sockets.iter().filter_map(|socket| socket.inode).collect();
        for (pid, holder) in there.processes {
            let held: Vec<u32> =
                inodes.iter().copied().filter(|&inode| there.of_socket[&inode].contains(&pid)).collect();
            // Its labels and its command line were read before.
            match holders.processes.remove(&pid) {
                Some(known) if known.started == holder.started => holders.add(known, &held),
                _ => holders.add(holder, &held),
            }
        }
        for socket in sockets {
            for &(_, port) in ports {
                let mut of_proxy = socket.clone();
                of_proxy.socket.local.set_port(port);
                self.sockets.push(of_proxy);
            }
            self.sockets.push(socket);
        }
        self.of_proxy.push((proxy, inodes));
    }

    /// The processes behind, by id.
    pub(super) fn pids(&self, holders: &Holders) -> BTreeSet<Pid> {
        let inodes = self.of_proxy.iter().flat_map(|(_, inodes)| inodes);
        inodes.flat_map(|&inode| holders.of(Some(inode))).collect()
    }

    /// Names those that were found to hold the sockets too since then.
    pub(super) fn settle(&self, holders: &mut Holders) {
        for (proxy, inodes) in &self.of_proxy {
            let pids: BTreeSet<Pid> = inodes.iter().flat_map(|&inode| holders.of(Some(inode))).collect();
            let Some(proxy) = holders.processes.get_mut(proxy) else { continue };
            let Some(forward) = proxy.process.forward.as_deref_mut() else { continue };
            let lead = forward.process.as_ref().map(|lead| lead.pid);
            if let Some(AtTarget::Listener { others }) = &mut forward.there {
                *others = pids.into_iter().filter(|&pid| Some(pid) != lead).collect();
            }
        }
    }
}

/// The one namespace that has an address. Anybody may give a namespace of their own any address: of
/// several, only that of a container of root's counts; if several are left, none does.
fn only_one<'a>(
    context: &ScanContext<'_>,
    mut with_address: Vec<&'a (NetworkNamespace, NamespaceScan)>,
) -> Option<&'a (NetworkNamespace, NamespaceScan)> {
    if with_address.len() > 1 {
        let is_container = |other: &NetworkNamespace| {
            let oldest = other.oldest(&context.proc).and_then(|pid| context.read_process(pid).ok());
            // Any user may call a control group as if it were a container's.
            let container = oldest.and_then(|oldest| oldest.process.container);
            container.is_some_and(|container| container.user.is_none())
        };
        with_address.retain(|(other, _)| is_container(other));
    }
    match with_address[..] {
        [one] => Some(one),
        _ => None,
    }
}

/// The namespaces that have each address.
fn with_address<'a>(
    proc: &Proc,
    others: &'a [(NetworkNamespace, NamespaceScan)],
) -> HashMap<IpAddr, Vec<&'a (NetworkNamespace, NamespaceScan)>> {
    let mut with_address: HashMap<IpAddr, Vec<_>> = HashMap::new();
    let mut left = MOST_OF_ALL;
    for namespace in others {
        for address in addresses_in(proc, &namespace.0, &mut left) {
            with_address.entry(address).or_default().push(namespace);
        }
    }
    with_address
}

/// The addresses of the interfaces in a namespace, as far as they are in the beginning of its tables. `left` is how
/// much may be read in all, in bytes.
fn addresses_in(proc: &Proc, other: &NetworkNamespace, left: &mut u64) -> Vec<IpAddr> {
    let Some(dir) = other.oldest(proc).and_then(|pid| proc.process(pid).ok()) else { return Vec::new() };
    let net = other.net_folder(dir.pid);
    let mut text = |name| {
        let text = dir.beginning(&format!("{net}/{name}"), MOST_OF_ADDRESSES.min(*left)).unwrap_or_default();
        *left = left.saturating_sub(text.len() as u64);
        text
    };
    let v4 = local_addresses::v4(&text("fib_trie")).into_iter().map(IpAddr::from);
    v4.chain(local_addresses::v6(&text("if_inet6")).into_iter().map(IpAddr::from)).collect()
}

/// The sockets that receive at an address, and all who hold them.
struct Found {
    sockets: Vec<ScannedSocket>,
    holders: Holders,
}

/// Finds who receives there, among the processes with these ids. `None` where nobody is found.
fn find_listener(
    context: &ScanContext<'_>,
    (other, scan): (&NetworkNamespace, &NamespaceScan),
    pids: &[Pid],
    looks: &mut usize,
    forward: &mut Forward,
) -> Option<Found> {
    let (mut on_port, mut is_whole) = (on_port(scan, forward), false);
    let mut again = None;
    if receivers(&on_port, forward.to.ip()).is_empty() && *looks > 0 {
        *looks -= 1;
        again = look_again(context, other, forward);
    }
    if let Some(again) = &again {
        on_port = self::on_port(again, forward);
        is_whole = again.unread.is_empty() && again.gaps.is_empty();
    }
    let there = receivers(&on_port, forward.to.ip());
    let oldest = || context.read_process(other.oldest(&context.proc)?).ok();
    let holders_of = |sockets: &[&ScannedSocket]| {
        let inodes = sockets.iter().filter_map(|found| found.inode).collect();
        Holders::among(context, &inodes, pids).unwrap_or_default()
    };
    let holders = holders_of(&there);
    let is_held = |found: &&ScannedSocket| !holders.of(found.inode).is_empty();
    let lead = lead(&holders);
    forward.container = lead.and_then(|lead| lead.process.container.clone());
    if forward.container.is_none() {
        forward.container = oldest().and_then(|oldest| oldest.process.container);
    }
    forward.process = lead.map(process_ref);
    if there.is_empty() {
        forward.there =
            is_whole.then(|| AtTarget::Nobody { elsewhere: elsewhere(&on_port, &holders_of(&on_port)) });
        return None;
    }
    let lead = forward.process.as_ref()?.pid;
    if there.iter().all(is_held) {
        let others = holders.processes.keys().copied().filter(|&pid| pid != lead).collect();
        forward.there = Some(AtTarget::Listener { others });
    }
    Some(Found { sockets: there.into_iter().cloned().collect(), holders })
}

/// The sockets on the port that a proxy forwards to.
fn on_port<'a>(scan: &'a NamespaceScan, forward: &Forward) -> Vec<&'a ScannedSocket> {
    let is_on_port = |socket: &Socket| {
        socket.protocol == forward.protocol
            && socket.state != State::Bound
            && socket.local.port() == forward.to.port()
    };
    scan.found.iter().filter(|found| is_on_port(&found.socket)).collect()
}

/// Scans a namespace once more for the port that a proxy forwards to: the first scan may have left out a family of
/// addresses, and the kernel may leave out a socket while others are opened and closed.
fn look_again(
    context: &ScanContext<'_>,
    other: &NetworkNamespace,
    forward: &Forward,
) -> Option<NamespaceScan> {
    let port = PortRange { first: forward.to.port(), last: forward.to.port() };
    let scope = ScanScope { ports: vec![port], deadline: context.scope.deadline, ..ScanScope::default() };
    other.scan(|tables| scan_namespace(tables, &scope, &[port], &[], &|| {})).ok()?
}

/// Of the sockets on a port, those that receive what comes for an address: those of that very address come before those
/// of all.
fn receivers<'a>(on_port: &[&'a ScannedSocket], to: IpAddr) -> Vec<&'a ScannedSocket> {
    let takes_all = |socket: &Socket| match (socket.local.ip(), to) {
        (IpAddr::V6(ip), IpAddr::V4(_)) => ip.is_unspecified() && socket.dual_stack != Some(false),
        (IpAddr::V4(_), IpAddr::V6(_)) => false,
        (ip, _) => ip.is_unspecified(),
    };
    // Whatever its address, it receives nothing from outside.
    let may_receive = |found: &&&ScannedSocket| found.socket.interface.as_deref() != Some(LOOPBACK);
    let all = || on_port.iter().filter(may_receive);
    let exact: Vec<&ScannedSocket> = all().filter(|found| found.socket.local.ip() == to).copied().collect();
    if !exact.is_empty() {
        return exact;
    }
    all().filter(|found| takes_all(&found.socket)).copied().collect()
}

/// Who listens on the port at other addresses alone.
fn elsewhere(on_port: &[&ScannedSocket], holders: &Holders) -> Option<ListenerElsewhere> {
    let mut addresses: Vec<IpAddr> = on_port.iter().map(|found| found.socket.local.ip()).collect();
    addresses.sort_unstable();
    addresses.dedup();
    let is_named = !addresses.is_empty() && addresses.len() <= MOST_NAMED;
    is_named.then(|| ListenerElsewhere { addresses, process: lead(holders).map(process_ref) })
}

/// Of several, the one that started first, as everywhere.
fn lead(holders: &Holders) -> Option<&IdentifiedProcess> {
    holders.processes.values().min_by_key(|holder| (holder.started, holder.process.pid))
}

fn process_ref(known: &IdentifiedProcess) -> ProcessRef {
    ProcessRef { pid: known.process.pid, name: known.process.name.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SocketId;

    fn found(local: &str, change: impl FnOnce(&mut Socket)) -> ScannedSocket {
        let mut socket = Socket::new(SocketId(0), Protocol::Tcp, State::Listen, local.parse().unwrap());
        change(&mut socket);
        ScannedSocket { socket, inode: None, cgroup: None, device: None, transparent: None }
    }

    #[test]
    fn the_most_exact_address_receives_and_what_cannot_be_reached_does_not() {
        let all = found("0.0.0.0:80", |_| {});
        let exact = found("172.17.0.2:80", |_| {});
        let loopback = found("127.0.0.1:80", |_| {});
        let only_v6 = found("[::]:80", |socket| socket.dual_stack = Some(false));
        let both = found("[::]:80", |socket| socket.dual_stack = Some(true));
        let bound_to_lo = found("0.0.0.0:80", |socket| socket.interface = Some("lo".to_owned()));
        let received = |sockets: &[&ScannedSocket], to: &str| {
            let received = receivers(sockets, to.parse().unwrap());
            received.iter().map(|found| found.socket.local.to_string()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(received(&[&all, &exact, &loopback], "172.17.0.2"), "172.17.0.2:80");
        assert_eq!(received(&[&all, &both, &loopback], "172.17.0.2"), "0.0.0.0:80 [::]:80");
        assert_eq!(received(&[&only_v6, &loopback, &bound_to_lo], "172.17.0.2"), "");
        assert_eq!(received(&[&only_v6, &all], "fd00::2"), "[::]:80");
        let elsewhere = elsewhere(&[&only_v6, &loopback], &Holders::default()).unwrap();
        assert_eq!((elsewhere.places().as_str(), elsewhere.process), ("127.0.0.1 and ::", None));
    }
}
