//! The sockets that are to be seen, and who is seen to hold them.

use std::collections::HashSet;
use std::io;

use super::super::decode::macos::pcblist;
use super::super::decode::macos::socket::{Identity, MacosKey, MacosSocket, keep_others_back};
use super::super::socket_filter::SocketFilter;
use super::super::unix::is_root;
use super::super::{ScanScope, in_words};
use super::calls;
use super::holders::Holders;
use super::users::own_uid;
use crate::model::{Gap, GapKind, HiddenProcesses, PortRange, Protocol, State};

/// What was seen, before anything is known of the holders.
pub(super) struct SocketScan {
    pub(super) sockets: Vec<MacosSocket>,
    pub(super) kept: Kept,
    pub(super) holders: Holders,
    /// That not even the processes could be listed, where they could not.
    pub(super) unlisted: Option<HiddenProcesses>,
    pub(super) gaps: Vec<Gap>,
    pub(super) method_notes: Vec<String>,
}

/// The sockets that count, by their places among all.
#[derive(Default, PartialEq, Eq)]
pub(super) struct Kept {
    pub(super) listed: Vec<(usize, State)>,
    pub(super) port_connections: Vec<usize>,
    pub(super) unanswered: Vec<usize>,
}

impl Kept {
    fn of(sockets: &[MacosSocket], scope: &ScanScope, servers: &[PortRange]) -> Kept {
        let filter = SocketFilter::new(scope, servers);
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
    /// Looks. `servers` are the ports of license servers.
    ///
    /// # Errors
    ///
    /// Where neither the kernel's lists nor the processes can be read.
    pub(super) fn take(scope: &ScanScope, servers: &[PortRange]) -> io::Result<SocketScan> {
        match Lists::read() {
            Ok(lists) => Ok(SocketScan::of_lists(lists, scope, servers)),
            Err(why) => SocketScan::of_processes(&why, scope, servers),
        }
    }

    fn of_lists(lists: Lists, scope: &ScanScope, servers: &[PortRange]) -> SocketScan {
        let Lists { sockets, malformed } = lists;
        let kept = Kept::of(&sockets, scope, servers);
        let mut gaps = Vec::new();
        if malformed {
            let detail = "a socket table was not understood to its end, so listeners may be missing";
            gaps.push(Gap::new(GapKind::SocketsUnreadable, detail));
        }
        let mut method_notes = vec!["sockets were read from the kernel's lists (pcblist_n)".to_owned()];
        let mut unlisted = None;
        let searched = if kept == Kept::default() {
            // There is nobody to look for.
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
        scan.drop_closed();
        scan
    }

    /// The sockets of the processes that may be looked into; `why` there is no list.
    fn of_processes(why: &str, scope: &ScanScope, servers: &[PortRange]) -> io::Result<SocketScan> {
        let (sockets, holders) = Holders::with_sockets()?;
        let method_notes = vec![
            format!("sockets were read from the processes that have them: {why}"),
            holders.method_note(),
        ];
        let (kept, gaps) = (Kept::of(&sockets, scope, servers), hidden_sockets().into_iter().collect());
        Ok(SocketScan { sockets, kept, holders, unlisted: None, gaps, method_notes })
    }

    /// Lists and processes are not read in one moment: what nobody is seen to hold is looked for again in
    /// the lists, and dropped where it was closed meanwhile.
    fn drop_closed(&mut self) {
        let SocketScan { sockets, kept, holders, .. } = self;
        if kept.listed.iter().all(|&(at, _)| !holders.of(at).is_empty()) {
            return;
        }
        let Ok(lists) = Lists::read() else { return };
        let there: HashSet<(Protocol, Identity)> =
            lists.sockets.iter().map(|socket| (socket.protocol, socket.key.identity)).collect();
        let stays = |at: usize| {
            let MacosSocket { protocol, key: MacosKey { identity, .. }, .. } = sockets[at];
            lists.malformed || !holders.of(at).is_empty() || there.contains(&(protocol, identity))
        };
        kept.listed.retain(|&(at, _)| stays(at));
    }
}

/// Sockets found through processes are incomplete: libproc answers an ordinary user only for their own processes.
fn hidden_sockets() -> Option<Gap> {
    (!is_root()).then(|| Gap::new(GapKind::SocketsHidden, "listeners of other users are not seen at all"))
}

/// The kernel's lists of sockets, one after the other.
struct Lists {
    sockets: Vec<MacosSocket>,
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
        let mut lists = Lists { sockets: Vec::new(), malformed: false };
        for (protocol, name) in
            [(Protocol::Tcp, c"net.inet.tcp.pcblist_n"), (Protocol::Udp, c"net.inet.udp.pcblist_n")]
        {
            let told = |error: io::Error| format!("{}: {}", name.to_string_lossy(), in_words(&error));
            let list = pcblist::read(protocol, &calls::sysctl(name).map_err(told)?);
            if list.malformed && list.sockets.is_empty() {
                return Err(format!("{} is not understood", name.to_string_lossy()));
            }
            lists.malformed |= list.malformed;
            lists.sockets.extend(list.sockets);
        }
        if keep_others_back(&lists.sockets, own_uid()) {
            return Err("its lists have no other user's, which it keeps back".to_owned());
        }
        // Without it nobody could be told to hold anything.
        let nameless = |socket: &MacosSocket| socket.key.identity.is_none() && socket.key.process.is_none();
        if lists.sockets.iter().all(nameless) {
            return Err("they do not tell which socket is which".to_owned());
        }
        Ok(lists)
    }
}
