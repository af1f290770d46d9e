//! The scan of one network namespace.

use std::collections::HashSet;

use super::super::ScanScope;
use super::super::decode::linux::socket::LinuxSocket;
use super::connections;
use super::interfaces;
use super::listeners::{self, ScannedSocket, Sockets};
use super::other_sockets::{self, OtherSockets, ScannedOtherSocket};
use super::tables::{Tables, Unread};
use crate::model::{Gap, GapKind, Namespace, PortRange};

/// What a scan found in one network namespace.
#[derive(Default)]
pub(super) struct NamespaceScan {
    pub(super) found: Vec<ScannedSocket>,
    /// Connection attempts to license servers that got no answer.
    pub(super) unanswered: Vec<LinuxSocket>,
    /// What else holds the ports to be reported in detail.
    pub(super) port_connections: Vec<ScannedConnection>,
    /// The sockets without an IP address and port, if they were wanted.
    pub(super) other_sockets: Option<Vec<ScannedOtherSocket>>,
    /// Tables that could not be read at all.
    pub(super) unread: Vec<Unread>,
    /// What else could not be read.
    pub(super) gaps: Vec<Gap>,
    /// Why `/proc/net` was read instead of `sock_diag`, if it was.
    pub(super) fell_back: Option<String>,
}

/// A socket with a peer, and its namespace if that is not the caller's.
pub(super) struct ScannedConnection {
    pub(super) socket: LinuxSocket,
    pub(super) namespace: Option<Namespace>,
}

/// Scans the namespace that these tables belong to. `asked` is as for [`listeners::read`]. Calls `listed` once all sockets
/// have been read whose holders will be sought.
pub(super) fn scan_namespace(
    tables: &mut Tables,
    scope: &ScanScope,
    asked: &[PortRange],
    license_ports: &[PortRange],
    listed: &dyn Fn(),
) -> NamespaceScan {
    let mut sockets = listeners::read(tables, scope, asked, license_ports);
    let OtherSockets { found: others, gaps } =
        if scope.other_sockets { other_sockets::read(tables) } else { OtherSockets::default() };
    let other_sockets = scope.other_sockets.then_some(others);
    listed();
    sockets.add_unanswered(tables, scope, license_ports);
    let Sockets { found, unanswered, connected, unread, lacking, fell_back } = sockets;
    let mut scan = NamespaceScan {
        found,
        unanswered,
        other_sockets,
        unread,
        gaps,
        fell_back,
        ..NamespaceScan::default()
    };
    if let Some(why) = lacking {
        let detail =
            format!("a socket table could not be read completely ({why}), so listeners may be missing");
        scan.gaps.push(Gap::new(GapKind::SocketsUnreadable, detail));
    }
    let counted = if scope.connections { &[PortRange::ALL][..] } else { license_ports };
    if let Some(why) = connections::count(tables, &mut scan.found, counted) {
        scan.gaps.push(not_all_connections(&why));
    }
    if !scope.detail_ports.is_empty() {
        let (now, lacking) = connections::port_connections(tables, scope);
        scan.add_connections(now, connected);
        scan.gaps.extend(lacking.as_deref().map(not_all_connections));
    }
    scan
}

/// As [`scan_namespace`], for a namespace whose sockets are listed: also finds out which have an address that the
/// namespace has no more.
pub(super) fn scan_listed(
    tables: &mut Tables,
    scope: &ScanScope,
    asked: &[PortRange],
    license_ports: &[PortRange],
    listed: &dyn Fn(),
) -> NamespaceScan {
    let mut scan = scan_namespace(tables, scope, asked, license_ports, listed);
    if tables.are_of_this_thread()
        && let Err(error) = interfaces::check_addresses(&mut scan.found)
    {
        scan.gaps.push(interfaces::unreadable(&error));
    }
    scan
}

fn not_all_connections(why: &str) -> Gap {
    let detail = format!("the connections could not be read completely ({why}), so there may be more");
    Gap::new(GapKind::ConnectionsUnreadable, detail)
}

impl NamespaceScan {
    /// Adds what has a peer now, and of what was seen with one before the rest.
    fn add_connections(&mut self, now: Vec<LinuxSocket>, before: Vec<LinuxSocket>) {
        let mut known = HashSet::new();
        let all = now.into_iter().chain(before).filter(|one| {
            let between = (one.protocol, one.local, one.peer);
            // What no process has any more has no inode.
            known.insert((one.key.inode, one.key.inode.is_none().then_some(between)))
        });
        self.port_connections = all.map(|socket| ScannedConnection { socket, namespace: None }).collect();
    }

    /// Marks all sockets as those of a namespace other than the caller's.
    pub(super) fn is_in(&mut self, namespace: &Namespace) {
        for found in &mut self.found {
            found.socket.namespace = Some(namespace.clone());
        }
        for other in self.other_sockets.iter_mut().flatten() {
            other.socket.namespace = Some(namespace.clone());
        }
        for connection in &mut self.port_connections {
            connection.namespace = Some(namespace.clone());
        }
    }

    /// Whether no table could be read.
    pub(super) fn is_blind(&self) -> bool {
        self.found.is_empty() && !self.unread.is_empty()
    }

    /// A gap for each table that could not be read at all.
    pub(super) fn unread_gaps(&self) -> impl Iterator<Item = Gap> {
        self.unread.iter().map(|unread| {
            let detail = format!("{}, so listeners may be missing", unread.message());
            Gap::new(GapKind::SocketsUnreadable, detail)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::model::State;

    const HEADING: &str =
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
    const LISTENER: &str = "   0: 0100007F:14E9 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 31974 1 0 100\n";
    const CONNECTED: &str = "   1: 0100007F:14E9 0100007F:8C2A 01 00000000:00000000 00:00000000 00000000     0        0 31980 1 0 20\n";

    /// Scans a process's folder that has these tables, as if sock_diag were denied.
    fn scanned(tables: &[(&str, &str)], connections: bool) -> NamespaceScan {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("net/sctp")).unwrap();
        for (name, lines) in tables {
            fs::write(folder.path().join("net").join(name), format!("{HEADING}{lines}")).unwrap();
        }
        let scope = ScanScope { connections, ..ScanScope::default() };
        scan_namespace(&mut Tables::of_process(folder.path()), &scope, &[], &[], &|| {})
    }

    #[test]
    fn what_proc_net_says_is_reported_and_why_it_was_read() {
        let tables =
            [("tcp", &format!("{LISTENER}{CONNECTED}")[..]), ("tcp6", ""), ("udp", ""), ("udp6", "")];
        let scan = scanned(&tables, true);
        let [found] = &scan.found[..] else { panic!("one listener") };
        assert_eq!((found.socket.state, found.inode), (State::Listen, Some(31974)));
        assert_eq!(found.socket.connections.as_ref().unwrap().established, 1);
        assert!(scan.gaps.is_empty() && scan.unread.is_empty() && scan.fell_back.is_some());
    }

    #[test]
    fn a_kernel_without_ipv6_has_no_gap_and_one_without_udp_has() {
        let scan = scanned(&[("tcp", LISTENER)], false);
        assert_eq!(scan.found.len(), 1, "what could be read is reported");
        let details: Vec<String> = scan.unread_gaps().map(|gap| gap.detail).collect();
        assert!(
            details[0].starts_with("UDP over IPv4 could not be read (") && !scan.is_blind(),
            "{details:?}"
        );
        assert!(scanned(&[], false).is_blind());
    }

    const SCTP: &str = "       0        0 2   10  9    3868    0 31990 127.0.0.1 192.0.2.1 \n";

    #[test]
    fn sctp_and_udplite_are_listed_where_the_kernel_has_them() {
        let udplite = LISTENER.replace(" 0A ", " 07 ");
        let all = |counters: &str| {
            let none = [("tcp", ""), ("udp", "")];
            let rare = [("sockstat", counters), ("udplite", &udplite[..]), ("sctp/eps", SCTP)];
            scanned(&[&none[..], &rare].concat(), true)
        };
        let scan = all("UDPLITE: inuse 1\n");
        let told: Vec<_> = scan
            .found
            .iter()
            .map(|found| (found.socket.protocol.name(), found.socket.local.to_string(), found.inode))
            .collect();
        let sctp = ["127.0.0.1:3868", "192.0.2.1:3868"].map(|at| ("sctp", at.to_owned(), Some(31990)));
        let udplite = ("udplite", "127.0.0.1:5353".to_owned(), Some(31974));
        assert_eq!(told, [&[udplite][..], &sctp].concat());
        assert!(scan.gaps.is_empty() && scan.unread.is_empty());
        assert!(
            scan.found.iter().all(|found| found.socket.connections.is_none()),
            "they are counted for TCP"
        );
        assert_eq!(all("UDPLITE: inuse 0\n").found.len(), 2, "the kernel has no UDP-Lite socket");
    }

    #[test]
    fn lines_that_are_not_understood_are_a_gap() {
        let scan = scanned(&[("tcp", ""), ("udp", ""), ("sctp/eps", "nonsense\n")], false);
        assert_eq!(scan.gaps.len(), 1);
        assert!(scan.gaps[0].detail.contains("/proc/net/sctp/eps"), "{:?}", scan.gaps);
        let all = [("tcp", "nonsense\n"), ("udp", "")];
        let scan = scanned(&all, false);
        assert_eq!(scan.gaps[0].kind, GapKind::SocketsUnreadable);
        assert!(scan.gaps[0].detail.contains("1 lines of /proc/net/tcp were not understood"));
        let broken = format!("{LISTENER}   1: nonsense\n");
        let scan = scanned(&[("tcp", &broken), ("udp", "")], true);
        let kinds: Vec<GapKind> = scan.gaps.iter().map(|gap| gap.kind).collect();
        assert_eq!(kinds, [GapKind::SocketsUnreadable, GapKind::ConnectionsUnreadable]);
    }
}
