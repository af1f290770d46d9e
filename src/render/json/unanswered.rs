//! Programs that get no answer from a license server, in the contract.

use serde::Serialize;

use super::process::{ProcessOut, process};
use super::service::{ManagerOut, ServiceOut, manager, service};
use crate::model::UnansweredClient;

/// A request for a connection to a license server that is not answered.
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

pub(super) fn unanswered(asking: &UnansweredClient) -> UnansweredOut<'_> {
    UnansweredOut {
        local_port: asking.local.port(),
        address: asking.remote.ip().to_string(),
        port: asking.remote.port(),
        service: asking.service.as_ref().map(service),
        managers: asking.managers.iter().map(manager).collect(),
        retransmits: asking.retransmits,
        user: &asking.user,
        processes: asking.processes.iter().map(|one| process(one)).collect(),
    }
}
