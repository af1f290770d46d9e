//! Sockets that can receive and have no IP address and port.

use std::collections::HashSet;
use std::net::IpAddr;
use std::num::NonZeroU32;

use super::super::decode::linux::other_sockets::{self, OtherRecord, Receives};
use super::super::in_words;
use super::listeners::Interfaces;
use super::tables::Tables;
use crate::model::{Family, Gap, GapKind, OtherSocket, OtherSocketKind};

/// No more is read of one table, in bytes: anybody may open such sockets in a namespace of their own.
const MOST_OF_TABLE: u64 = 16 * 1024 * 1024;

/// Such a socket with its inode, which its holders are found by.
pub(super) struct ScannedOtherSocket {
    pub(super) socket: OtherSocket,
    pub(super) inode: Option<u32>,
}

/// Those of one network namespace.
#[derive(Default)]
pub(super) struct OtherSockets {
    pub(super) found: Vec<ScannedOtherSocket>,
    /// The tables that could not be read, or not completely.
    pub(super) gaps: Vec<Gap>,
}

type Decode = fn(&str) -> (Vec<OtherRecord>, usize);

/// The tables. Reading them loads no protocol: a protocol that is not loaded has none.
const TABLES: [(&str, Decode); 3] = [
    ("raw", |table| other_sockets::raw(Family::Ipv4, table)),
    ("raw6", |table| other_sockets::raw(Family::Ipv6, table)),
    ("packet", other_sockets::packet),
];

/// Reads those of the namespace of these tables.
pub(super) fn read(tables: &Tables) -> OtherSockets {
    let mut interfaces = Interfaces::default();
    let mut all = OtherSockets::default();
    for (name, decode) in TABLES {
        let (found, lacking) = match tables.text(name, MOST_OF_TABLE) {
            Ok(table) => {
                let (found, failed) = decode(&table);
                let is_cut = table.len() as u64 == MOST_OF_TABLE;
                (found, (is_cut || failed > 0).then(|| "it is too long or not as expected".to_owned()))
            }
            Err(error) => (Vec::new(), Some(in_words(&error))),
        };
        all.gaps.extend(lacking.map(|why| {
            let detail = format!(
                "/proc/net/{name} could not be read completely ({why}), so other sockets may be missing"
            );
            Gap::new(GapKind::SocketsUnreadable, detail)
        }));
        let mut called = |index: NonZeroU32| match tables.are_of_this_thread() {
            true => interfaces.name(index.get()),
            // The names of another namespace are not known.
            false => format!("if{index}"),
        };
        all.found.extend(found.into_iter().map(|record| scanned(record, &mut called)));
    }
    all
}

/// Drops those that are closed by now, of the caller's namespace and without a holder.
pub(super) fn drop_closed(found: &mut Vec<ScannedOtherSocket>, is_unheld: impl Fn(Option<u32>) -> bool) {
    let in_question = |one: &ScannedOtherSocket| {
        one.socket.namespace.is_none() && one.inode.is_some() && is_unheld(one.inode)
    };
    if !found.iter().any(in_question) {
        return;
    }
    let now = read(&Tables::of_this_thread());
    if now.gaps.is_empty() {
        let open: HashSet<Option<u32>> = now.found.iter().map(|one| one.inode).collect();
        found.retain(|one| !in_question(one) || open.contains(&one.inode));
    }
}

fn scanned(record: OtherRecord, called: &mut impl FnMut(NonZeroU32) -> String) -> ScannedOtherSocket {
    let (kind, address) = match record.receives {
        Receives::IpProtocol { family, protocol, address } => {
            (OtherSocketKind::Raw, format!("{} protocol {protocol}{}", family.code(), at(address)))
        }
        Receives::Frames { ethertype, interface } => {
            let interface =
                interface.map_or("any interface".to_owned(), |index| format!("interface {}", called(index)));
            (OtherSocketKind::Packet, format!("{interface} ethertype {ethertype:#06x}"))
        }
    };
    let socket =
        OtherSocket { kind, address, namespace: None, uid: record.uid, user: None, pids: Vec::new() };
    ScannedOtherSocket { socket, inode: record.inode }
}

fn at(address: IpAddr) -> String {
    if address.is_unspecified() { String::new() } else { format!(" at {address}") }
}
