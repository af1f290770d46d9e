//! Judges whether the process on a license port is the right one.
//!
//! It is judged by the file it runs, never by the name it gives itself. The rules are one list
//! (`rules.rs`), and the first that applies decides; its words are in `finding.rs`.

mod evidence;
mod finding;
mod holder;
mod inspection;
mod license_port;
mod rules;
mod wrapper;

use std::net::SocketAddr;

pub use self::inspection::Inspection;
use self::license_port::LicensePort;
pub use self::rules::rules;

use crate::knowledge::{Licenses, PortClaims, Registry};
use crate::model::{License, Os, Owner, Process, Protocol};

/// A socket to judge, and who holds it.
#[derive(Debug, Clone, Copy)]
pub struct HeldSocket<'a> {
    /// The observed system: file names compare by its rules.
    pub os: Os,
    pub protocol: Protocol,
    pub local: SocketAddr,
    pub owner: &'a Owner,
    /// The lead's parent.
    pub parent: Option<&'a Process>,
    /// Whether a hidden process may hold it too.
    pub more_holders: bool,
}

/// Judges who holds a socket; `None` where no license manager uses its port and no license program holds it.
#[must_use]
pub fn judge(socket: HeldSocket<'_>, licenses: &Licenses, registry: Registry<'_>) -> Option<License> {
    let claims = PortClaims::of(socket.local.port(), Some(socket.protocol), licenses, registry);
    let port = LicensePort::of(socket, licenses, &claims)?;
    let (rule, finding) = rules::decide(&port);
    Some(License {
        rule,
        verdict: finding.verdict,
        severity: finding.severity,
        reason: finding.reason,
        advice: finding.advice,
        evidence: evidence::evidence(&port),
        managers: port.managers,
        expected: port.expected,
    })
}
