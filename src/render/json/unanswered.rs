//! Programs that get no answer from a license server, in the contract.

use std::net::IpAddr;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use super::document::Text;
use super::process::{ProcessOut, each_process};
use super::service::{ManagerOut, ServiceOut, manager, service};
use crate::model::{Process, UnansweredClient, name_of_account};

/// An unanswered connection request to a license server.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "UnansweredClient")]
pub(super) struct UnansweredOut<'a> {
    /// the local port of the program
    local_port: u16,
    /// the address of the license server
    address: Text<IpAddr>,
    /// its port
    port: u16,
    /// the registry entry of that port. `null`: there is none
    service: Option<ServiceOut<'a>>,
    /// the license managers that use that port
    managers: Vec<ManagerOut<'a>>,
    /// how often the request was sent again
    retransmits: u8,
    /// the user ID of the program
    uid: u32,
    /// the name of that user. `null`: it has none, or you gave `--numeric`
    user: Option<&'a str>,
    /// the processes that hold the socket. Empty: you may not see them
    #[serde(serialize_with = "each_holder")]
    #[schemars(with = "Vec<ProcessOut<'a>>")]
    processes: &'a [Arc<Process>],
}

fn each_holder<S: Serializer>(holders: &[Arc<Process>], to: S) -> Result<S::Ok, S::Error> {
    each_process(holders, to)
}

pub(super) fn unanswered(client: &UnansweredClient) -> UnansweredOut<'_> {
    UnansweredOut {
        local_port: client.local.port(),
        address: Text(client.remote.ip()),
        port: client.remote.port(),
        service: client.service.as_ref().map(service),
        managers: client.managers.iter().map(manager).collect(),
        retransmits: client.retransmits,
        uid: client.uid,
        user: name_of_account(&client.user),
        processes: &client.processes,
    }
}
