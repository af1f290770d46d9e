//! Sockets and their holders are not read at the same moment. A socket that seems to have no holder is
//! read again, and dropped if it was closed meanwhile.

use std::collections::HashMap;
use std::io;

use super::holders::Holders;
use super::listeners::{self, ScannedSocket};
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
    drop_closed(holders, found);
    let unheld = found.iter().filter(|found| is_unheld(holders, found));
    let mut unheld: HashMap<u32, State> =
        unheld.filter_map(|found| Some((found.inode?, found.socket.state))).collect();
    if let Some(others) = other_sockets {
        let is_unheld = |holders: &Holders, inode: u32| !holders.of_socket.contains_key(&inode);
        other_sockets::drop_closed(others, |inode| inode.is_some_and(|inode| is_unheld(holders, inode)));
        // They receive from everybody.
        let of_others = others.iter().filter_map(|one| one.inode).filter(|&inode| is_unheld(holders, inode));
        unheld.extend(of_others.map(|inode| (inode, State::Unconnected)));
    }
    if !unheld.is_empty() {
        holders.search_again(context, &unheld, inaccessible)?;
        drop_closed(holders, found);
    }
    Ok(())
}

pub(super) fn is_unheld(holders: &Holders, found: &ScannedSocket) -> bool {
    found.inode.is_some_and(|inode| !holders.of_socket.contains_key(&inode))
}

/// Of the sockets that seem to have no holder, drops those that are closed by now and updates the state of
/// the others: they may have begun to listen, or have stopped. Does not read other namespaces again.
fn drop_closed(holders: &Holders, found: &mut Vec<ScannedSocket>) {
    let in_question = |found: &ScannedSocket| found.socket.namespace.is_none() && is_unheld(holders, found);
    let questions: Vec<&ScannedSocket> = found.iter().filter(|found| in_question(found)).collect();
    if questions.is_empty() {
        return;
    }
    let Some(now) = listeners::now(&mut Tables::of_this_thread(), &questions) else { return };
    found.retain_mut(|found| {
        let there = found.inode.and_then(|inode| now.get(&inode));
        let stays = !in_question(found) || there.is_some();
        if let Some(state) = there.filter(|_| in_question(found)) {
            found.socket.state = *state;
        }
        stays
    });
}
