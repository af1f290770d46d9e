//! Programs that get no answer from a license server, in the contract.

use std::net::IpAddr;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use super::document::Text;
use super::process::each_process;
use super::service::{ManagerOut, ServiceOut, manager, service};
use crate::model::{Process, UnansweredClient};

/// An unanswered connection request to a license server.
#[derive(Serialize)]
pub(super) struct UnansweredOut<'a> {
    local_port: u16,
    address: Text<IpAddr>,
    port: u16,
    service: Option<ServiceOut<'a>>,
    managers: Vec<ManagerOut<'a>>,
    retransmits: u8,
    user: &'a str,
    #[serde(serialize_with = "each_holder")]
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
        user: &client.user,
        processes: &client.processes,
    }
}
