//! Sockets and their holders are not read at the same moment. A socket that seems to have no holder is
//! read again, and dropped if it was closed meanwhile.

use std::collections::{HashMap, HashSet};
use std::io;

use super::holders::{Holders, Unheld};
use super::listeners::{Now, ScannedSocket};
use super::other_sockets;
use super::scan_context::ScanContext;
use super::socket_scan::SocketScan;
use super::tables::Tables;
use crate::model::State;

/// Drops the sockets that were closed since, and searches again for the holders of those that seem to have
/// none.
///
/// # Errors
///
/// As for [`Holders::search_again`].
pub(super) fn settle(
    context: &ScanContext<'_>,
    sockets: &mut SocketScan,
    holders: &mut Holders,
) -> io::Result<()> {
    let SocketScan { found, other_sockets, inaccessible, .. } = sockets;
    let has_successor = drop_closed(holders, found);
    // Those of other namespaces are listed while the processes are searched.
    let is_elsewhere = |found: &ScannedSocket| found.socket.namespace.is_some() && is_unheld(holders, found);
    let mut has_newer = has_successor || found.iter().any(is_elsewhere);
    let unheld = found.iter().filter(|found| is_unheld(holders, found));
    let of_socket = |found: &ScannedSocket| {
        let ScannedSocket { inode, socket, .. } = found;
        let may_be_skipped = matches!(socket.state, State::Bound | State::Unconnected);
        Some(((*inode)?, Unheld { may_be_skipped, uid: socket.uid }))
    };
    let mut unheld: HashMap<u32, Unheld> = unheld.filter_map(of_socket).collect();
    if let Some(others) = other_sockets {
        other_sockets::drop_closed(others, |inode| !holders.has(inode));
        for one in others {
            let Some(inode) = one.inode.filter(|_| !holders.has(one.inode)) else { continue };
            has_newer |= one.socket.namespace.is_some();
            unheld.insert(inode, Unheld { may_be_skipped: false, uid: one.socket.uid });
        }
    }
    if !unheld.is_empty() {
        holders.search_again(context, &unheld, has_newer, inaccessible)?;
        drop_closed(holders, found);
    }
    Ok(())
}

pub(super) fn is_unheld(holders: &Holders, found: &ScannedSocket) -> bool {
    found.inode.is_some() && !holders.has(found.inode)
}

/// Of the sockets that seem to have no holder, drops those that are closed by now, and updates the others: they may have
/// begun to listen, or have stopped, or another socket may have taken the address. Does not read other namespaces again.
/// Returns whether another socket has taken an address.
fn drop_closed(holders: &Holders, found: &mut Vec<ScannedSocket>) -> bool {
    let in_question = |found: &ScannedSocket| found.socket.namespace.is_none() && is_unheld(holders, found);
    let questions: Vec<&ScannedSocket> = found.iter().filter(|found| in_question(found)).collect();
    if questions.is_empty() {
        return false;
    }
    let Some(mut now) = Now::on_ports_of(&mut Tables::of_this_thread(), &questions) else {
        return false;
    };
    let mut has_successor = false;
    let known: HashSet<u32> = found.iter().filter_map(|found| found.inode).collect();
    found.retain_mut(|found| {
        if !in_question(found) {
            return true;
        }
        if let Some(state) = now.state(found) {
            found.socket.state = state;
            return true;
        }
        let successor = now.successor(found, |inode| known.contains(&inode));
        if let Some((inode, state)) = successor {
            has_successor = true;
            (found.inode, found.socket.state) = (Some(inode), state);
        }
        successor.is_some()
    });
    has_successor
}
