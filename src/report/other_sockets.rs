//! The sockets without an IP address and port, with their owners.

use super::ancestry::Ancestry;
use super::attribute::owner;
use crate::model::sorting::sort_by;
use crate::model::{HeldOtherSocket, Observation, OtherSocket};

/// Each with its owner, in order; `None` if they were not read.
pub(super) fn of(observation: &Observation) -> Option<Vec<HeldOtherSocket>> {
    let sockets = observation.other_sockets.as_ref()?;
    if sockets.is_empty() {
        return Some(Vec::new());
    }
    let ancestry = Ancestry::of(&observation.processes);
    let held = sockets.iter().map(|socket| {
        let owner = owner(Some(&socket.pids).filter(|pids| !pids.is_empty()), observation, &ancestry);
        HeldOtherSocket { socket: socket.clone(), owner }
    });
    let mut held: Vec<HeldOtherSocket> = held.collect();
    sort_by(&mut held, |one, other| place(&one.socket).cmp(&place(&other.socket)));
    Some(held)
}

fn place(socket: &OtherSocket) -> impl Ord + '_ {
    let namespace = socket.namespace.as_ref().map(|namespace| (&namespace.name, namespace.inode));
    (namespace, socket.kind, &socket.address, &socket.pids)
}
