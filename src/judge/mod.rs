//! Judges whether the process on a license port is the right one.
//!
//! It is judged by the file it runs, never by the name it gives itself. The rules are one list
//! (`rules.rs`), and the first that applies decides; its words are in `finding.rs`. A name is believed only where
//! every check of the file was made and bears it out (`doubts.rs`).

mod doubts;
mod evidence;
mod finding;
mod general_purpose;
mod holder;
mod inspection;
mod judged_socket;
mod license_port;
mod orphan;
mod replaceable;
mod rules;
mod systemd;
mod wrapper;

pub use self::inspection::Inspection;
pub use self::judged_socket::{Behind, JudgedSocket};
use self::license_port::LicensePort;
pub use self::rules::rules;

use crate::knowledge::{Licenses, PortClaims, RegisteredPort};
use crate::model::{License, Vouched};

/// Judges who holds a socket; `None` where no license manager uses its port and no license program holds it. `registered` is
/// what the registry says of that port.
#[must_use]
pub fn judge(
    socket: JudgedSocket<'_>,
    vouched: &Vouched,
    licenses: &Licenses,
    registered: &RegisteredPort<'_>,
) -> Option<License> {
    let claims = PortClaims::by(registered, Some(socket.protocol), licenses);
    let port = LicensePort::of(socket, vouched, licenses, &claims, rules::is_believed)?;
    let (rule, finding) = rules::decide(&port);
    let behind = rules::judged_behind(rule, &port);
    let (managers, expected) = behind.as_ref().unwrap_or(&port).reported(finding.verdict);
    Some(License {
        rule,
        verdict: finding.verdict,
        severity: finding.severity,
        reason: finding.reason,
        advice: finding.advice,
        evidence: match &behind {
            Some(behind) => evidence::of_both(&port, behind),
            None => evidence::evidence(&port),
        },
        managers,
        expected,
    })
}
