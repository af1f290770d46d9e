//! Sockets → rows: each with its owner, its service and its verdict.

use std::sync::Arc;

use super::annotate::annotate;
use super::attribute::attribute;
use super::behind::BehindProxy;
use super::exposure::OwnAddresses;
use crate::judge::{Behind, JudgedSocket, judge};
use crate::knowledge::Knowledge;
use crate::model::{Attributed, Observation, Os, Row, Vouched};

/// All sockets of an observation, each with its owner, its service and its verdict.
pub(super) fn rows(observation: &Observation, vouched: &Vouched, knowledge: &Knowledge) -> Vec<Row> {
    let mut ancestry = None;
    let addresses = observation.interfaces.as_deref().map(OwnAddresses::new);
    let judged = attribute(observation).into_iter().map(|attributed| {
        let lead = attributed.owner.lead();
        let behind = lead.and_then(|lead| BehindProxy::of(lead, observation, &mut ancestry));
        let behind = behind.as_ref().map(BehindProxy::judged);
        let socket = judged_socket(&attributed, behind, observation.host.os);
        let registered = knowledge.registry.at(socket.local.port());
        let license = judge(socket, vouched, knowledge.licenses(), &registered);
        annotate(attributed, license, &registered, observation.host.os, addresses.as_ref())
    });
    judged.collect()
}

fn judged_socket<'a>(attributed: &'a Attributed, behind: Option<Behind<'a>>, os: Os) -> JudgedSocket<'a> {
    JudgedSocket {
        os,
        protocol: attributed.socket.protocol,
        local: attributed.socket.local,
        owner: &attributed.owner,
        made_in: attributed.socket.made_in.as_ref(),
        opened_at: attributed.socket.opened_at,
        parent: attributed.ancestors.first().map(Arc::as_ref),
        ancestors: &attributed.ancestors,
        more_holders: attributed.more_holders,
        behind,
    }
}
