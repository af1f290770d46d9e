//! Scans the sockets of the caller's network namespace and of all others.

use std::collections::{BTreeSet, HashSet};
use std::io;

use rustix::system::uname;

use super::super::decode::linux::port_rules;
use super::super::decode::linux::socket::LinuxSocket;
use super::super::{Inspect, ScanScope, Unobservable, in_words};
use super::candidates::HoldersIn;
use super::holders::lists_all_processes;
use super::listeners::ScannedSocket;
use super::namespace_scan::{NamespaceScan, ScannedConnection, scan_listed, scan_namespace};
use super::namespaces::{self, Namespaces, NetworkNamespace};
use super::other_sockets::ScannedOtherSocket;
use super::proc_dir::Proc;
use super::scan_context::ScanContext;
use super::tables::Tables;
use super::threads;
use crate::model::quoting::quoted;
use crate::model::{Gap, GapKind, OtherNamespace, Pid, PortRange, Protocol, State};
use crate::os::decode::text::text_of;

/// The sockets of a scan, before their holders are known.
#[derive(Default)]
pub(super) struct SocketScan {
    pub(super) found: Vec<ScannedSocket>,
    /// Connection attempts to license servers that got no answer.
    pub(super) unanswered: Vec<LinuxSocket>,
    /// What else holds the ports to be reported in detail.
    pub(super) port_connections: Vec<ScannedConnection>,
    /// The sockets without an IP address and port, if they were wanted.
    pub(super) other_sockets: Option<Vec<ScannedOtherSocket>>,
    /// The other namespaces that could be scanned, with the result.
    pub(super) others: Vec<(NetworkNamespace, NamespaceScan)>,
    /// The inodes of all namespaces that were found, with the caller's.
    namespaces: BTreeSet<u64>,
    /// The processes that this user may not inspect.
    pub(super) inaccessible: Vec<Pid>,
    pub(super) gaps: Vec<Gap>,
    pub(super) method_notes: Vec<String>,
}

impl SocketScan {
    /// Scans the sockets. Without a context, there is no `/proc` to find other namespaces in.
    ///
    /// # Errors
    ///
    /// If no socket table of the caller's namespace could be read.
    pub(super) fn run(
        scope: &ScanScope,
        inspect: &dyn Inspect,
        context: Option<&ScanContext<'_>>,
    ) -> Result<SocketScan, Unobservable> {
        let license_ports = inspect.license_ports();
        let mut tables = Tables::of_this_thread();
        let listed = || context.into_iter().for_each(ScanContext::set_own_sockets_listed);
        let mut scan_own = || scan_listed(&mut tables, scope, asked(scope), &license_ports, &listed);
        // A process that is asked about may have a thread elsewhere.
        let with_threads = needs_namespaces(scope) || !scope.sought.is_empty();
        let find_others = || context.map(|context| namespaces::find(&context.proc, with_threads));
        // To find out that a port is free takes some time, which is mostly waiting.
        let (others, own) = match scope.detail_ports.is_empty() {
            false => threads::at_once(find_others, scan_own),
            true => (None, scan_own()),
        };
        if let Some(unread) = own.unread.first().filter(|_| own.is_blind()) {
            return Err(Unobservable::Sockets { why: in_words(&unread.error) });
        }
        let mut scan = SocketScan::default();
        scan.gaps.extend(own.unread_gaps());
        scan.method_notes.push(match &own.fell_back {
            None => "sockets were read by sock_diag".to_owned(),
            Some(why) => format!("sockets were read from /proc/net, because sock_diag failed: {why}"),
        });
        scan.gaps.extend(hidden_bound_sockets(scope, own.fell_back.is_some()));
        scan.gaps.extend(own.gaps);
        (scan.found, scan.unanswered, scan.port_connections) =
            (own.found, own.unanswered, own.port_connections);
        scan.other_sockets = own.other_sockets;
        match context {
            Some(context) => {
                let others = others.or_else(find_others).unwrap_or_default();
                scan.scan_other_namespaces(context, others, &license_ports);
            }
            None if needs_namespaces(scope) => scan.gaps.push(Gap::new(
                GapKind::NamespacesHidden,
                "other network namespaces could not be searched, because /proc could not be read",
            )),
            None => {}
        }
        Ok(scan)
    }

    fn scan_other_namespaces(
        &mut self,
        context: &ScanContext<'_>,
        all: Namespaces,
        license_ports: &[PortRange],
    ) {
        let scope = context.scope;
        // All ports: a proxy may forward to any port there. Which ports are free there, and who is connected, is only
        // said of listed namespaces.
        let everything = ScanScope { ports: Vec::new(), ..scope.clone() };
        let (everything, asked, license_ports) = if scope.all_namespaces {
            (everything, asked(scope), license_ports)
        } else {
            let fewer = ScanScope {
                detail_ports: Vec::new(),
                connections: false,
                other_sockets: false,
                ..everything
            };
            (fewer, &[][..], &[][..])
        };
        self.namespaces
            .extend(all.own.into_iter().chain(all.others.iter().map(|other| other.namespace.inode)));
        let mut failures = Vec::new();
        for mut other in all.others {
            let scan = if scope.all_namespaces { scan_listed } else { scan_namespace };
            match other.scan(|tables| scan(tables, &everything, asked, license_ports, &|| {})) {
                Ok(Some(mut scan)) => {
                    // Naming it takes long if it has many processes, and most are never shown.
                    let has_others = scan.other_sockets.as_ref().is_some_and(|others| !others.is_empty());
                    let has_found = scan.found.iter().any(|found| scope.includes(found.socket.local.port()));
                    if has_others || has_found || !scan.port_connections.is_empty() {
                        other.name(context);
                        scan.is_in(&other.namespace);
                    }
                    self.others.push((other, scan));
                }
                // The namespace has ended since.
                Ok(None) => {}
                Err(error) => {
                    other.name(context);
                    failures.push((other, error));
                }
            }
        }
        let (scanned, count) = (self.others.len(), self.others.len() + failures.len());
        self.method_notes.push(match count {
            0 => "no other network namespace was found".to_owned(),
            1 => format!("1 other network namespace was found, and {scanned} could be scanned"),
            _ => format!("{count} other network namespaces were found, and {scanned} could be scanned"),
        });
        if needs_namespaces(scope) {
            self.gaps.extend(not_entered(&failures));
            self.gaps.extend(not_known(scope, all.inaccessible.len(), &context.proc));
        }
        if scope.all_namespaces {
            let is_known = self.gaps.iter().any(|gap| gap.kind == GapKind::BoundSocketsHidden);
            if !is_known && self.others.iter().any(|(_, scan)| scan.fell_back.is_some()) {
                self.gaps.extend(hidden_bound_sockets(scope, true));
            }
            for (_, scan) in &mut self.others {
                self.other_sockets
                    .iter_mut()
                    .for_each(|all| all.extend(scan.other_sockets.take().into_iter().flatten()));
                self.gaps.extend(scan.unread_gaps().chain(scan.gaps.iter().cloned()).collect::<Vec<_>>());
                let found = scan.found.iter().filter(|found| scope.includes(found.socket.local.port()));
                self.found.extend(found.cloned());
                let unanswered = scan
                    .unanswered
                    .iter()
                    .filter(|asking| asking.peer.is_some_and(|peer| scope.includes(peer.port())));
                self.unanswered.extend(unanswered.cloned());
                self.port_connections.append(&mut scan.port_connections);
            }
        }
        self.inaccessible = all.inaccessible;
    }

    /// Adds the gap that sockets are in namespaces that no process is in and no mount keeps: these cannot be entered.
    /// If the kernel did not report the `holders` of their sockets, that there may be such namespaces is a gap where all are
    /// to be listed; `bpf_error` is why, if it was asked.
    pub(super) fn add_namespaces_of_sockets(
        &mut self,
        context: &ScanContext<'_>,
        holders: Option<&HoldersIn>,
        bpf_error: Option<&io::Error>,
    ) {
        let (scope, proc) = (context.scope, &context.proc);
        if !needs_namespaces(scope) || self.namespaces.is_empty() {
            return;
        }
        let Some(holders) = holders else {
            // Else it is known already that there may be more.
            if scope.all_namespaces && not_known(scope, self.inaccessible.len(), proc).is_none() {
                self.gaps.push(sockets_not_searched(bpf_error));
            }
            return;
        };
        let others = holders.iter().filter(|(namespace, _)| !self.namespaces.contains(namespace));
        // Those that were made since the namespaces were searched have a process.
        let first = others.filter_map(|(&namespace, pids)| Some((namespace, *pids.first()?)));
        let since = first.filter(|&(namespace, pid)| !namespaces::is_in(proc, pid, namespace));
        let pids: Vec<Pid> = since.map(|(_, pid)| pid).collect();
        self.gaps.extend(only_sockets_in(proc, &pids));
    }

    /// The inodes of all sockets whose holders are wanted.
    pub(super) fn inodes(&self) -> HashSet<u32> {
        let connected = self.port_connections.iter().map(|connection| &connection.socket);
        let clients = self.unanswered.iter().chain(connected);
        let others = self.other_sockets.iter().flatten().filter_map(|one| one.inode);
        let listeners = self.found.iter().filter_map(|found| found.inode).chain(others);
        listeners.chain(clients.filter_map(|socket| socket.key.inode)).collect()
    }

    /// The other namespaces with their listeners.
    pub(super) fn other_namespaces(&self) -> Vec<OtherNamespace> {
        let counted = self.others.iter().map(|(other, scan)| {
            let listening = scan.found.iter().map(|found| &found.socket);
            let listening = listening.filter(|socket| socket.state != State::Bound);
            OtherNamespace {
                namespace: other.namespace.clone(),
                listeners: listening.map(|socket| (socket.protocol, socket.local.port())).collect(),
            }
        });
        counted.collect()
    }
}

/// The gap that neither a kernel before 6.8 nor `/proc/net` reports sockets that are bound without listening.
fn hidden_bound_sockets(scope: &ScanScope, from_proc_net: bool) -> Option<Gap> {
    if scope.detail_ports.is_empty() || scope.protocol == Some(Protocol::Udp) {
        return None;
    }
    let why = why_bound_sockets_are_hidden(from_proc_net, &text_of(uname().release().to_bytes()))?;
    let detail = format!("a program may hold a TCP port without listening: {why}");
    Some(Gap::new(GapKind::BoundSocketsHidden, detail))
}

fn why_bound_sockets_are_hidden(from_proc_net: bool, release: &str) -> Option<String> {
    match (from_proc_net, port_rules::reports_bound(release)) {
        (true, _) => Some("/proc/net does not report it".to_owned()),
        (false, Some(false)) => Some(format!("Linux reports it since 6.8, and this is {release}")),
        (false, _) => None,
    }
}

fn not_entered(failures: &[(NetworkNamespace, io::Error)]) -> Option<Gap> {
    let (first, error) = failures.first()?;
    let name = first.namespace.called();
    let why = in_words(error);
    let detail = match failures.len() {
        1 => format!("the network namespace {name} could not be entered ({why})"),
        n => format!("{n} network namespaces could not be entered, among them {name} ({why})"),
    };
    Some(Gap { count: Some(failures.len() as u64), ..Gap::new(GapKind::NamespacesHidden, detail) })
}

fn only_sockets_in(proc: &Proc, holders: &[Pid]) -> Option<Gap> {
    let &pid = holders.first()?;
    let name = proc.process(pid).and_then(|process| process.read("comm")).unwrap_or_default();
    let name = text_of(&name).trim_end_matches('\n').to_owned();
    let holder = format!("{} (PID {pid})", quoted(&name));
    let detail = match holders.len() {
        1 => format!("only sockets of {holder} are in a network namespace, which could not be entered"),
        n => format!(
            "only sockets are in {n} network namespaces, among them those of {holder}; these could not be entered"
        ),
    };
    Some(Gap { count: Some(holders.len() as u64), ..Gap::new(GapKind::NamespacesHidden, detail) })
}

/// The gap that there may be namespaces that only sockets are in.
fn sockets_not_searched(bpf_error: Option<&io::Error>) -> Gap {
    let why = match bpf_error {
        Some(error) => format!("BPF could not be used: {}", in_words(error)),
        None => "that needs BPF".to_owned(),
    };
    let detail = format!("network namespaces that only sockets are in were not searched for ({why})");
    Gap { concerns_all_namespaces: true, ..Gap::new(GapKind::NamespacesHidden, detail) }
}

/// The ports that it has to be sure of whether a socket has them.
fn asked(scope: &ScanScope) -> &[PortRange] {
    match scope.ports.is_empty() {
        _ if scope.glance => &[],
        true => &scope.detail_ports,
        false => &scope.ports,
    }
}

/// Whether it matters that all network namespaces are known: they are to be listed, or a port may be called free.
fn needs_namespaces(scope: &ScanScope) -> bool {
    scope.all_namespaces || !scope.detail_ports.is_empty()
}

/// The gap that not every process shows its namespace.
fn not_known(scope: &ScanScope, processes: usize, proc: &Proc) -> Option<Gap> {
    let so = match scope.all_namespaces && !scope.sought.everything {
        true => "there may be more than are listed",
        false if processes == 1 => "what listens there is not known",
        false => "what listens in other network namespaces is not known",
    };
    let detail = match processes {
        0 if lists_all_processes(proc) => return None,
        0 => format!("/proc does not show you the processes of other users, so {so}"),
        1 => format!("the network namespace of 1 process could not be read, so {so}"),
        n => format!("the network namespaces of {n} processes could not be read, so {so}"),
    };
    let count = Some(processes as u64).filter(|&count| count > 0);
    Some(Gap { count, ..Gap::new(GapKind::NamespacesHidden, detail) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Namespace;

    #[test]
    fn bound_ports_that_are_not_reported_are_a_gap() {
        assert_eq!(why_bound_sockets_are_hidden(false, "6.8.0-31-generic"), None);
        let old = why_bound_sockets_are_hidden(false, "6.1.0-18-amd64").unwrap();
        assert_eq!(old, "Linux reports it since 6.8, and this is 6.1.0-18-amd64");
        assert!(why_bound_sockets_are_hidden(true, "6.18.0").is_some());
    }

    #[test]
    fn namespaces_that_could_not_be_entered_are_counted() {
        let other = |name: Option<&str>| {
            let namespace = Namespace { inode: 7, name: name.map(str::to_owned) };
            let denied = io::Error::from(io::ErrorKind::PermissionDenied);
            (NetworkNamespace::for_test(namespace), denied)
        };
        assert_eq!(not_entered(&[]), None);
        let one = not_entered(&[other(Some("blue"))]).unwrap();
        assert_eq!(
            (one.count, one.detail.as_str()),
            (Some(1), "the network namespace blue could not be entered (permission denied)")
        );
        let two = not_entered(&[other(None), other(Some("blue"))]).unwrap();
        assert_eq!((two.count, two.kind), (Some(2), GapKind::NamespacesHidden));
        assert!(
            two.detail.starts_with("2 network namespaces could not be entered, among them 7 ("),
            "{}",
            two.detail
        );
        let known = |all_namespaces, count| {
            let scope = ScanScope { all_namespaces, ..ScanScope::default() };
            not_known(&scope, count, &Proc::open().unwrap())
        };
        assert_eq!((known(true, 0), known(true, 3).unwrap().count), (None, Some(3)));
        assert!(known(false, 2).unwrap().detail.ends_with("in other network namespaces is not known"));
    }
}
