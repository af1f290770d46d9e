//! The kernel's rules for ports, of the caller's network namespace (`ip-sysctl` in its documentation).

use super::super::decode::linux::port_rules;
use super::nonblocking;
use crate::model::{ExcludedPorts, PortRules};

/// No more is read of a rule, in bytes: a list of all ports has not half as many.
const MOST: u64 = 1024 * 1024;

/// Reads the rules; those that cannot be read are `None`.
pub(super) fn read() -> PortRules {
    let setting = |name: &str| nonblocking::text(format!("/proc/sys/net/ipv4/{name}"), MOST).ok();
    let reserved = setting("ip_local_reserved_ports").and_then(|text| port_rules::reserved(&text));
    let excluded = |ports| ExcludedPorts { ports, protocol: None, family: None, by_number: true };
    PortRules {
        ephemeral: setting("ip_local_port_range").and_then(|text| port_rules::ephemeral(&text)),
        excluded: reserved.map(|ranges| ranges.into_iter().map(excluded).collect()),
        unprivileged_from: setting("ip_unprivileged_port_start")
            .and_then(|text| port_rules::unprivileged_from(&text)),
    }
}
