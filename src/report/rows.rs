//! Sockets → rows: each with its owner, its service and its verdict.

use std::sync::Arc;

use super::annotate::annotate;
use super::attribute::attribute;
use crate::judge::{JudgedSocket, judge};
use crate::knowledge::Knowledge;
use crate::model::{Attributed, Observation, Os, Row, Vouched};

/// All sockets of an observation, each with its owner, its service and its verdict.
pub(super) fn rows(observation: &Observation, vouched: &Vouched, knowledge: &Knowledge) -> Vec<Row> {
    let judged = attribute(observation).into_iter().map(|attributed| {
        let socket = judged_socket(&attributed, observation.host.os);
        let license = judge(socket, vouched, knowledge.licenses(), knowledge.registry);
        annotate(attributed, license, knowledge.registry)
    });
    judged.collect()
}

fn judged_socket(attributed: &Attributed, os: Os) -> JudgedSocket<'_> {
    JudgedSocket {
        os,
        protocol: attributed.socket.protocol,
        local: attributed.socket.local,
        owner: &attributed.owner,
        parent: attributed.ancestors.first().map(Arc::as_ref),
        more_holders: attributed.more_holders,
    }
}
