//! Where `docker-proxy` forwards a port to. Its command line has the container's address; the scan of
//! the container's network namespace shows the process that listens there.

use std::collections::BTreeMap;
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
        let addresses = addresses.get_or_insert_with(|| {
            others.iter().map(|(other, _)| addresses_in(&context.proc, other)).collect::<Vec<_>>()
        });
        let at = others.iter().zip(addresses.iter()).filter(|(_, own)| own.contains(&forward.to.ip()));
        if let Some((other, scan)) = only_one(context, at.map(|(other, _)| other).collect()) {
            find_listener(context, other, scan, &mut forward);
        }
        process.forward = Some(forward);
    }
}

/// The one namespace that has an address. Anybody may give a namespace of their own any address: of
/// several, only a container's counts; if several are left, none does.
fn only_one<'a>(
    context: &ScanContext<'_>,
    mut with_address: Vec<&'a (NetworkNamespace, NamespaceScan)>,
) -> Option<&'a (NetworkNamespace, NamespaceScan)> {
    if with_address.len() > 1 {
        let is_container = |other: &NetworkNamespace| {
            let oldest = other.oldest(&context.proc).and_then(|pid| context.read_process(pid).ok());
            oldest.is_some_and(|oldest| oldest.process.container.is_some())
        };
        with_address.retain(|(other, _)| is_container(other));
    }
    match with_address[..] {
        [one] => Some(one),
        _ => None,
    }
}

/// The addresses of the interfaces in a namespace.
fn addresses_in(proc: &Proc, other: &NetworkNamespace) -> Vec<IpAddr> {
    let Some(dir) = other.oldest(proc).and_then(|pid| proc.process(pid).ok()) else { return Vec::new() };
    let text = |name| dir.text(name).unwrap_or_default();
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
