//! Anywhere that a process may forward to.

use std::net::IpAddr;

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use whatlistens::model::{AtTarget, Forward, ListenerElsewhere};

use super::{address, container, pid, process_ref, protocol};

pub(super) fn forward() -> BoxedStrategy<Forward> {
    any_fields!(Forward {
        protocol: protocol(),
        to: address(),
        container: of(container().prop_map(Box::new)),
        process: of(process_ref()),
        there: of(prop_oneof![
            vec(pid(), 0..3).prop_map(|others| AtTarget::Listener { others }),
            of(any_fields!(ListenerElsewhere {
                addresses: vec(any::<IpAddr>(), 0..3),
                process: of(process_ref()),
            }))
            .prop_map(|elsewhere| AtTarget::Nobody { elsewhere }),
        ]),
    })
}
