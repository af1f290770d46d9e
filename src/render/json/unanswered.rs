//! Programs that get no answer from a license server, in the contract.

use serde::Serialize;

use super::process::{ProcessOut, process};
use super::service::{ManagerOut, ServiceOut, manager, service};
use crate::model::UnansweredClient;

/// An unanswered connection request to a license server.
#[derive(Serialize)]
pub(super) struct UnansweredOut<'a> {
    local_port: u16,
    address: String,
    port: u16,
    service: Option<ServiceOut<'a>>,
    managers: Vec<ManagerOut<'a>>,
    retransmits: u8,
    user: &'a str,
    processes: Vec<ProcessOut<'a>>,
}

pub(super) fn unanswered(client: &UnansweredClient) -> UnansweredOut<'_> {
    UnansweredOut {
        local_port: client.local.port(),
        address: client.remote.ip().to_string(),
        port: client.remote.port(),
        service: client.service.as_ref().map(service),
        managers: client.managers.iter().map(manager).collect(),
        retransmits: client.retransmits,
        user: &client.user,
        processes: client.processes.iter().map(|one| process(one)).collect(),
    }
}
