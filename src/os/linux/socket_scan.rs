//! All the sockets that are to be seen: those of the caller's network namespace, and of others.

use std::collections::HashSet;
use std::io;

use rustix::system::uname;

use super::super::decode::kernel_socket::KernelSocket;
use super::super::decode::linux::port_rules;
use super::super::{Inspect, ScanScope, Unobservable, in_words};
use super::connections;
use super::listeners::ScannedSocket;
use super::namespace_scan::{NamespaceScan, not_all_connections, scan_namespace};
use super::namespaces::{self, NetworkNamespace};
use super::scan_context::ScanContext;
use super::tables::Tables;
use crate::model::{ConnectionState, Gap, GapKind, OtherNamespace, Pid, PortRange, Protocol, State};

/// What was seen of sockets, before anybody asks who holds them.
#[derive(Default)]
pub(super) struct SocketScan {
    pub(super) found: Vec<ScannedSocket>,
    /// Requests to license servers that are not answered.
    pub(super) unanswered: Vec<KernelSocket>,
    /// What else has the ports that were asked about.
    pub(super) port_connections: Vec<(Protocol, ConnectionState, KernelSocket)>,
    /// The other namespaces that could be looked into, and what is there.
    pub(super) others: Vec<(NetworkNamespace, NamespaceScan)>,
    /// The processes that may not be inspected.
    pub(super) inaccessible: Vec<Pid>,
    pub(super) gaps: Vec<Gap>,
    pub(super) method_notes: Vec<String>,
}

impl SocketScan {
    /// Scans. Other namespaces are found through the context's `/proc`, where there is one.
    ///
    /// # Errors
    ///
    /// Where no socket table of the caller's own namespace could be read.
    pub(super) fn run(
        scope: &ScanScope,
        inspect: &dyn Inspect,
        context: Option<&ScanContext<'_>>,
    ) -> Result<SocketScan, Unobservable> {
        let license_ports = inspect.license_ports();
        let mut tables = Tables::of_this_thread();
        let own = scan_namespace(&mut tables, scope, &license_ports);
        if let Some(unread) = own.unread.first().filter(|_| own.is_blind()) {
            return Err(Unobservable::Sockets { why: in_words(&unread.error) });
        }
        let mut scan = SocketScan::default();
        scan.gaps.extend(own.unread_gaps());
        scan.method_notes.push(match &own.fell_back {
            None => "sockets were read by sock_diag".to_owned(),
            Some(why) => format!("sockets were read from /proc/net, for sock_diag could not be asked: {why}"),
        });
        scan.gaps.extend(bound_unseen(scope, &own));
        scan.gaps.extend(own.gaps);
        (scan.found, scan.unanswered) = (own.found, own.unanswered);
        if !scope.detail_ports.is_empty() {
            let (port_connections, lacking) =
                connections::port_connections(&mut tables, scope.protocol, &scope.detail_ports);
            scan.port_connections = port_connections;
            scan.gaps.extend(lacking.as_deref().map(not_all_connections));
        }
        match context {
            Some(context) => scan.scan_other_namespaces(context, &license_ports),
            None if scope.all_namespaces => scan.gaps.push(Gap::new(
                GapKind::NamespacesHidden,
                "other network namespaces are found through /proc, which could not be read",
            )),
            None => {}
        }
        Ok(scan)
    }

    fn scan_other_namespaces(&mut self, context: &ScanContext<'_>, license_ports: &[PortRange]) {
        let scope = context.scope;
        let all = namespaces::find(&context.proc);
        // All of it: a proxy may send what it receives to any port there.
        let everything = ScanScope { ports: Vec::new(), ..scope.clone() };
        let mut failures = Vec::new();
        for mut other in all.others {
            match other.scan(|tables| scan_namespace(tables, &everything, license_ports)) {
                Ok(Some(mut scan)) => {
                    // To name one takes long where many processes are in it; of most nothing is told.
                    if scan.found.iter().any(|found| scope.includes(found.socket.local.port())) {
                        other.name(context);
                        scan.is_in(&other.namespace);
                    }
                    self.others.push((other, scan));
                }
                // It has ended since.
                Ok(None) => {}
                Err(error) => {
                    other.name(context);
                    failures.push((other, error));
                }
            }
        }
        let (seen, count) = (self.others.len(), self.others.len() + failures.len());
        self.method_notes.push(match count {
            0 => "no other network namespace is seen".to_owned(),
            1 => format!("there is 1 other network namespace, and {seen} could be looked into"),
            _ => format!("there are {count} other network namespaces, and {seen} could be looked into"),
        });
        if scope.all_namespaces {
            self.gaps.extend(not_entered(&failures).into_iter().chain(not_known(all.inaccessible.len())));
            for (_, scan) in &self.others {
                self.gaps.extend(scan.unread_gaps().chain(scan.gaps.iter().cloned()).collect::<Vec<_>>());
                let found = scan.found.iter().filter(|found| scope.includes(found.socket.local.port()));
                self.found.extend(found.cloned());
                let unanswered = scan.unanswered.iter().filter(|asking| scope.includes(asking.peer.port()));
                self.unanswered.extend(unanswered.cloned());
            }
        }
        self.inaccessible = all.inaccessible;
    }

    /// The inodes of all sockets whose holders are to be found.
    pub(super) fn inodes(&self) -> HashSet<u32> {
        let clients = self.unanswered.iter().chain(self.port_connections.iter().map(|(_, _, socket)| socket));
        let listeners = self.found.iter().filter_map(|found| found.inode);
        listeners.chain(clients.filter_map(|socket| socket.inode)).collect()
    }

    /// The other namespaces, with their listeners counted.
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

/// What a kernel before 6.8, and `/proc/net` on any, does not tell of the ports that were asked about.
fn bound_unseen(scope: &ScanScope, own: &NamespaceScan) -> Option<Gap> {
    if scope.detail_ports.is_empty() || scope.protocol == Some(Protocol::Udp) {
        return None;
    }
    let why = why_bound_unseen(own.fell_back.is_some(), &uname().release().to_string_lossy())?;
    let detail = format!("whether a TCP port is taken by a program that does not listen ({why})");
    Some(Gap::new(GapKind::BoundSocketsHidden, detail))
}

fn why_bound_unseen(from_proc_net: bool, release: &str) -> Option<String> {
    match (from_proc_net, port_rules::tells_bound(release)) {
        (true, _) => Some("/proc/net does not say so".to_owned()),
        (false, Some(false)) => Some(format!("Linux says so since 6.8, and this is {release}")),
        (false, _) => None,
    }
}

fn not_entered(failures: &[(NetworkNamespace, io::Error)]) -> Option<Gap> {
    let (first, error) = failures.first()?;
    let name = first.namespace.called();
    let why = in_words(error);
    let detail = match failures.len() {
        1 => format!("the network namespace {name} ({why})"),
        n => format!("{n} network namespaces, among them {name} ({why})"),
    };
    Some(Gap { count: Some(failures.len() as u64), ..Gap::new(GapKind::NamespacesHidden, detail) })
}

fn not_known(processes: usize) -> Option<Gap> {
    let detail = match processes {
        0 => return None,
        1 => "which network namespace 1 process is in: there may be more than are listed".to_owned(),
        n => format!("which network namespaces {n} processes are in: there may be more than are listed"),
    };
    Some(Gap { count: Some(processes as u64), ..Gap::new(GapKind::NamespacesHidden, detail) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Namespace;

    #[test]
    fn what_is_not_told_of_bound_ports_is_a_gap() {
        assert_eq!(why_bound_unseen(false, "6.8.0-31-generic"), None);
        let old = why_bound_unseen(false, "6.1.0-18-amd64").unwrap();
        assert_eq!(old, "Linux says so since 6.8, and this is 6.1.0-18-amd64");
        assert!(why_bound_unseen(true, "6.18.0").is_some());
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
            (Some(1), "the network namespace blue (permission denied)")
        );
        let two = not_entered(&[other(None), other(Some("blue"))]).unwrap();
        assert_eq!((two.count, two.kind), (Some(2), GapKind::NamespacesHidden));
        assert!(two.detail.starts_with("2 network namespaces, among them 7 ("), "{}", two.detail);
        assert_eq!((not_known(0), not_known(3).unwrap().count), (None, Some(3)));
    }
}
