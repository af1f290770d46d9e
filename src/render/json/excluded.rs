//! Excluded ports in the contract.

use schemars::JsonSchema;
use serde::Serialize;

use super::document::Code;
use super::service::{ManagerOut, manager};
use crate::model::{Excluded, ExcludedPorts, Family, Protocol};

/// Ports that the system never assigns to a program that requests no particular port.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ExcludedPorts")]
pub(super) struct ExcludedOut<'a> {
    /// the first port of the range
    first: u16,
    /// the last port of the range
    last: u16,
    /// `tcp` or `udp`. `null`: both
    protocol: Option<Code<Protocol>>,
    /// the address family. `null`: both
    family: Option<Code<Family>>,
    /// `true`: a program that requests one of these ports by number can open it. `false`: the ports are
    /// reserved, and every other program is refused
    opened_by_number: bool,
    /// the license managers whose ports lie in the range
    license_managers: Vec<ExcludedManagerOut<'a>>,
}

/// A license manager, and its ports in the excluded range.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ExcludedManager")]
struct ExcludedManagerOut<'a> {
    /// the first port of the range that it uses
    first: u16,
    /// the last port of the range that it uses
    last: u16,
    #[serde(flatten)]
    manager: ManagerOut<'a>,
}

pub(super) fn excluded(excluded: &Excluded) -> ExcludedOut<'_> {
    let ExcludedPorts { ports, protocol, family, by_number } = excluded.ports;
    ExcludedOut {
        first: ports.first,
        last: ports.last,
        protocol: protocol.map(Code),
        family: family.map(Code),
        opened_by_number: by_number,
        license_managers: excluded
            .managers
            .iter()
            .map(|one| ExcludedManagerOut {
                first: one.ports.first,
                last: one.ports.last,
                manager: manager(one),
            })
            .collect(),
    }
}
