//! Network interfaces and namespaces in the contract.

use serde::Deserialize;

use super::present;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interface {
    pub name: String,
    #[serde(deserialize_with = "present")]
    pub up: Option<bool>,
    pub loopback: bool,
    pub addresses: Vec<InterfaceAddress>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InterfaceAddress {
    pub address: String,
    pub prefix: u8,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssignedTo {
    pub interface: String,
    pub prefix: u8,
    #[serde(deserialize_with = "present")]
    pub up: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OtherNamespace {
    pub inode: u64,
    #[serde(deserialize_with = "present")]
    pub name: Option<String>,
    pub listeners: usize,
}
