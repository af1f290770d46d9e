//! Network interfaces in the contract.

use std::net::IpAddr;

use schemars::JsonSchema;
use serde::Serialize;

use super::document::Text;
use crate::model::{Interface, InterfaceAddress};

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Interface")]
pub(super) struct InterfaceOut<'a> {
    /// the name, such as `eth0`
    name: &'a str,
    /// whether it is switched on and connected. `null`: the system does not report it
    up: Option<bool>,
    /// whether only this machine sends through it
    loopback: bool,
    /// its addresses
    addresses: Vec<AddressOut>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "InterfaceAddress")]
struct AddressOut {
    /// the address
    address: Text<IpAddr>,
    /// the length of the network's prefix, in bits
    prefix: u8,
}

pub(super) fn interface(
    Interface { name, is_up, is_loopback, addresses, .. }: &Interface,
) -> InterfaceOut<'_> {
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
