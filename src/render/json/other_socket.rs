//! Sockets without an IP address and port, in the contract.

use schemars::JsonSchema;
use serde::Serialize;

use super::document::Code;
use super::listener::{NamespaceOut, each_holder, namespace};
use super::process::ProcessOut;
use crate::model::{HeldOtherSocket, OtherSocketKind, Owner, OwnerStatus};

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "OtherSocket")]
pub(super) struct OtherSocketOut<'a> {
    /// what it is for
    kind: Code<OtherSocketKind>,
    /// what it receives. `raw`: `ipv4 protocol 1`, or `ipv6 protocol 58 at fe80::1` if it is bound to an address.
    /// `packet`: `interface eth0 ethertype 0x0806`, or `any interface` instead; type 0x0003 is all. `null`:
    /// unknown
    address: Option<&'a str>,
    /// the network namespace, with `--all-namespaces`. `null`: your own
    namespace: Option<NamespaceOut<'a>>,
    /// the user ID that created the socket. `null`: unknown
    uid: Option<u32>,
    /// the name of that user. `null`: it has no name, `uid` is `null`, or you gave `--numeric`
    user: Option<&'a str>,
    /// whether it is known who holds it
    owner_status: Code<OwnerStatus>,
    /// every visible process that holds the socket. First the one that started the others, or else the oldest
    #[serde(serialize_with = "each_holder")]
    #[schemars(with = "Vec<ProcessOut<'a>>")]
    processes: &'a Owner,
}

pub(super) fn other_socket(held: &HeldOtherSocket) -> OtherSocketOut<'_> {
    let HeldOtherSocket { socket, owner } = held;
    OtherSocketOut {
        kind: Code(socket.kind),
        address: Some(&socket.address),
        namespace: socket.namespace.as_ref().map(namespace),
        uid: socket.uid,
        user: socket.user.as_deref(),
        owner_status: Code(owner.status()),
        processes: owner,
    }
}
