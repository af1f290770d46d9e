//! Scans the sockets and finds their holders.

use std::collections::HashSet;
use std::io;

use super::super::decode::macos::socket::{Identity, MacosKey, MacosSocket};
use super::super::decode::macos::socket_lists::SocketLists;
use super::super::socket_filter::SocketFilter;
use super::super::unix::is_root;
use super::super::{ScanScope, in_words};
use super::holders::Holders;
use super::socket_lists::{self, Source};
use crate::model::{Gap, GapKind, HiddenProcesses, PortRange, Protocol, State};

/// The sockets of a scan and the ids of their holders.
pub(super) struct SocketScan {
    pub(super) sockets: Vec<MacosSocket>,
    pub(super) kept: Kept,
    pub(super) holders: Holders,
    /// Set if not even the processes could be listed.
    pub(super) unlisted: Option<HiddenProcesses>,
    pub(super) gaps: Vec<Gap>,
    pub(super) method_notes: Vec<String>,
}

/// The sockets that count, by their indices.
#[derive(Default, PartialEq, Eq)]
pub(super) struct Kept {
    pub(super) listed: Vec<(usize, State)>,
    pub(super) port_connections: Vec<usize>,
    pub(super) unanswered: Vec<usize>,
}

impl Kept {
    fn of(sockets: &[MacosSocket], scope: &ScanScope, license_ports: &[PortRange]) -> Kept {
        let filter = SocketFilter::new(scope, license_ports);
        let mut kept = Kept::default();
        for (at, socket) in sockets.iter().enumerate() {
            let one = filter.keep(socket);
            kept.listed.extend(one.listed.map(|state| (at, state)));
            kept.port_connections.extend(one.port_connection.map(|_| at));
            kept.unanswered.extend(one.is_unanswered.then_some(at));
        }
        kept
    }
}

impl SocketScan {
    /// # Errors
    ///
    /// If neither the kernel's lists nor the processes can be read.
    pub(super) fn run(scope: &ScanScope, license_ports: &[PortRange]) -> io::Result<SocketScan> {
        match socket_lists::read(scope.deadline) {
            Ok((lists, source)) => Ok(SocketScan::of_lists(lists, &source, scope, license_ports)),
            Err(why) => SocketScan::of_processes(&why, scope, license_ports),
        }
    }

    fn of_lists(
        lists: SocketLists,
        source: &Source,
        scope: &ScanScope,
        license_ports: &[PortRange],
    ) -> SocketScan {
        let SocketLists { sockets, malformed } = lists;
        let kept = Kept::of(&sockets, scope, license_ports);
        let mut gaps = Vec::new();
        if malformed {
            let detail = "part of a socket table was not understood, so listeners may be missing";
            gaps.push(Gap::new(GapKind::SocketsUnreadable, detail));
        }
        let mut method_notes = vec![source.method_note()];
        let mut unlisted = None;
        let searched = if kept == Kept::default() {
            // Without a socket there is nobody to search for.
            Ok(Holders::of_lists(&sockets))
        } else {
            Holders::search(&sockets).inspect(|holders| method_notes.push(holders.method_note()))
        };
        let holders = searched.unwrap_or_else(|error| {
            let why = in_words(&error);
            let detail = format!("the process table could not be read ({why}), so few owners are known");
            gaps.push(Gap::new(GapKind::ProcessesUnreadable, detail));
            unlisted = Some(HiddenProcesses::Unlisted);
            Holders::of_lists(&sockets)
        });
        let mut scan = SocketScan { sockets, kept, holders, unlisted, gaps, method_notes };
        scan.drop_closed(source, scope);
        scan
    }

    /// Scans the sockets of the processes that this user may inspect. `why` says why there are no lists.
    fn of_processes(why: &str, scope: &ScanScope, license_ports: &[PortRange]) -> io::Result<SocketScan> {
        let (sockets, holders) = Holders::with_sockets()?;
        let method_notes =
            vec![format!("sockets were read from their processes, because {why}"), holders.method_note()];
        let (kept, gaps) = (Kept::of(&sockets, scope, license_ports), hidden_sockets().into_iter().collect());
        Ok(SocketScan { sockets, kept, holders, unlisted: None, gaps, method_notes })
    }

    /// Lists and processes are not read at the same moment. Sockets that seem to have no holder are searched in the
    /// lists again, and dropped if they were closed meanwhile. A glance reads them once.
    fn drop_closed(&mut self, source: &Source, scope: &ScanScope) {
        let SocketScan { sockets, kept, holders, .. } = self;
        if scope.glance || kept.listed.iter().all(|&(at, _)| !holders.of(at).is_empty()) {
            return;
        }
        let Ok(lists) = source.read(scope.deadline) else { return };
        let there: HashSet<(Protocol, Identity)> =
            lists.sockets.iter().map(|socket| (socket.protocol, socket.key.identity)).collect();
        let stays = |at: usize| {
            let MacosSocket { protocol, key: MacosKey { identity, .. }, .. } = sockets[at];
            lists.malformed || !holders.of(at).is_empty() || there.contains(&(protocol, identity))
        };
        kept.listed.retain(|&(at, _)| stays(at));
    }
}

/// The sockets of processes are not all: libproc answers an ordinary user only for their own processes.
fn hidden_sockets() -> Option<Gap> {
    (!is_root()).then(|| Gap::new(GapKind::SocketsHidden, "listeners of other users are hidden"))
}
