//! Excluded ports in the contract.

use serde::Serialize;

use super::service::{ManagerOut, manager};
use crate::model::{Excluded, ExcludedPorts, Family, Protocol};

/// Ports that the system never assigns to a program that requests no particular port.
#[derive(Serialize)]
pub(super) struct ExcludedOut<'a> {
    first: u16,
    last: u16,
    protocol: Option<&'static str>,
    family: Option<&'static str>,
    opened_by_number: bool,
    license_managers: Vec<ExcludedManagerOut<'a>>,
}

/// A license manager, and its ports in the excluded range.
#[derive(Serialize)]
struct ExcludedManagerOut<'a> {
    first: u16,
    last: u16,
    #[serde(flatten)]
    manager: ManagerOut<'a>,
}

pub(super) fn excluded(excluded: &Excluded) -> ExcludedOut<'_> {
    let ExcludedPorts { ports, protocol, family, by_number } = excluded.ports;
    ExcludedOut {
        first: ports.first,
        last: ports.last,
        protocol: protocol.map(Protocol::name),
        family: family.map(Family::code),
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
