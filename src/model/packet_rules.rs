//! Rules that the kernel applies to packets before a socket gets them.

use serde::{Deserialize, Serialize};

/// Whether the caller's network namespace has packet rules. What they say is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum PacketRules {
    /// This user may not see them.
    Hidden,
    Seen {
        /// Some may send what is for a port elsewhere: NAT, redirection, TPROXY, IPVS, or a filter
        /// that rewrites packets or hands them on.
        may_redirect: bool,
        /// Some may refuse it.
        may_filter: bool,
    },
}
