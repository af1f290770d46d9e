//! Sockets without an IP address and port, in the contract.

use serde::Serialize;

use super::listener::{NamespaceOut, each_holder, namespace, owner_status};
use crate::model::{HeldOtherSocket, Owner};

#[derive(Serialize)]
pub(super) struct OtherSocketOut<'a> {
    kind: &'static str,
    address: Option<&'a str>,
    namespace: Option<NamespaceOut<'a>>,
    uid: Option<u32>,
    user: Option<&'a str>,
    owner_status: &'static str,
    #[serde(serialize_with = "each_holder")]
    processes: &'a Owner,
}

pub(super) fn other_socket(held: &HeldOtherSocket) -> OtherSocketOut<'_> {
    let HeldOtherSocket { socket, owner } = held;
    OtherSocketOut {
        kind: socket.kind.code(),
        address: Some(&socket.address),
        namespace: socket.namespace.as_ref().map(namespace),
        uid: socket.uid,
        user: socket.user.as_deref(),
        owner_status: owner_status(owner),
        processes: owner,
    }
}
