//! Where `docker-proxy` forwards a port to. Its command line has the container's address; the scan of
//! the container's network namespace shows the process that listens there.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use super::super::decode::linux::{docker_proxy, local_addresses};
use super::command_lines::CommandLines;
use super::holders::Holders;
use super::namespace_scan::NamespaceScan;
use super::namespaces::NetworkNamespace;
use super::proc_dir::Proc;
use super::process_reader::IdentifiedProcess;
use super::scan_context::ScanContext;
use crate::model::{Forward, Os, Pid, ProcessRef, Socket, State};

/// No more is read of the addresses of one namespace, in bytes, nor of those of all: anybody may make a namespace
/// with a million addresses. A container has a few, and those of 10,000 containers fit.
const MOST_OF_ADDRESSES: u64 = 64 * 1024;
const MOST_OF_ALL: u64 = 16 * 1024 * 1024;

/// Adds where each proxy forwards to. `others` are the namespaces that were scanned.
pub(super) fn add(
    context: &ScanContext<'_>,
    others: &[(NetworkNamespace, NamespaceScan)],
    command_lines: &CommandLines,
    processes: &mut BTreeMap<Pid, IdentifiedProcess>,
) {
    let mut addresses = None;
    for IdentifiedProcess { process, .. } in processes.values_mut() {
        if !process.exe_name(Os::Linux).is_some_and(docker_proxy::is_proxy) {
            continue;
        }
        let Some(mut forward) = command_lines.of(process.pid).and_then(docker_proxy::forward) else {
            continue;
        };
        let addresses = addresses.get_or_insert_with(|| with_address(&context.proc, others));
        let at = addresses.get(&forward.to.ip()).map_or(&[][..], Vec::as_slice);
        if let Some((other, scan)) = only_one(context, at.to_vec()) {
            find_listener(context, other, scan, &mut forward);
        }
        process.forward = Some(Box::new(forward));
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
    let mut text = |name| {
        let text = dir.beginning(name, MOST_OF_ADDRESSES.min(*left)).unwrap_or_default();
        *left = left.saturating_sub(text.len() as u64);
        text
    };
    let v4 = local_addresses::v4(&text("net/fib_trie")).into_iter().map(IpAddr::from);
    v4.chain(local_addresses::v6(&text("net/if_inet6")).into_iter().map(IpAddr::from)).collect()
}

fn find_listener(
    context: &ScanContext<'_>,
    other: &NetworkNamespace,
    scan: &NamespaceScan,
    forward: &mut Forward,
) {
    let receives = |socket: &Socket| {
        let ip = socket.local.ip();
        socket.protocol == forward.protocol
            && socket.state != State::Bound
            && socket.local.port() == forward.to.port()
            && (ip == forward.to.ip() || ip.is_unspecified())
    };
    let listening = scan.found.iter().filter(|found| receives(&found.socket));
    let inodes = listening.filter_map(|found| found.inode).collect();
    let holders = Holders::among(context, &inodes, &other.pids).unwrap_or_default();
    // Of several, the one that started first, as everywhere.
    let lead = holders.processes.into_values().min_by_key(|holder| (holder.started, holder.process.pid));
    let oldest = || context.read_process(other.oldest(&context.proc)?).ok();
    forward.container = lead.as_ref().and_then(|lead| lead.process.container.clone());
    if forward.container.is_none() {
        forward.container = oldest().and_then(|oldest| oldest.process.container);
    }
    forward.process = lead.map(|lead| ProcessRef { pid: lead.process.pid, name: lead.process.name });
}
