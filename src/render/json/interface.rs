//! Network interfaces in the contract.

use std::net::IpAddr;

use serde::Serialize;

use super::document::Text;
use crate::model::{Interface, InterfaceAddress};

#[derive(Serialize)]
pub(super) struct InterfaceOut<'a> {
    name: &'a str,
    /// Whether it is switched on and connected; `null` where the system does not report it.
    up: Option<bool>,
    /// Whether only this machine sends through it.
    loopback: bool,
    addresses: Vec<AddressOut>,
}

#[derive(Serialize)]
struct AddressOut {
    address: Text<IpAddr>,
    /// The length of the network's prefix, in bits.
    prefix: u8,
}

pub(super) fn interface(Interface { name, is_up, is_loopback, addresses }: &Interface) -> InterfaceOut<'_> {
    InterfaceOut {
        name,
        up: *is_up,
        loopback: *is_loopback,
        addresses: addresses.iter().map(address).collect(),
    }
}

fn address(InterfaceAddress { ip, prefix }: &InterfaceAddress) -> AddressOut {
    AddressOut { address: Text(*ip), prefix: *prefix }
}
