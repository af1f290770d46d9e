//! Excluded ports in the contract.

use serde::Deserialize;

use super::present;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Excluded {
    pub first: u16,
    pub last: u16,
    #[serde(deserialize_with = "present")]
    pub protocol: Option<String>,
    #[serde(deserialize_with = "present")]
    pub family: Option<String>,
    pub opened_by_number: bool,
    pub license_managers: Vec<ExcludedManager>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExcludedManager {
    pub first: u16,
    pub last: u16,
    pub id: String,
    #[serde(deserialize_with = "present")]
    pub vendor: Option<String>,
    pub product: String,
}
