//! The sockets without an IP address and port, with their owners.

use super::ancestry::Ancestry;
use super::attribute::owner;
use crate::model::{HeldOtherSocket, Observation};

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
    let place = |one: &HeldOtherSocket| {
        let namespace = one.socket.namespace.clone().map(|namespace| (namespace.name, namespace.inode));
        (namespace, one.socket.kind, one.socket.address.clone(), one.socket.pids.clone())
    };
    held.sort_by_cached_key(place);
    Some(held)
}
