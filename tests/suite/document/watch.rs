//! An event of watching, in the contract.

use serde::Deserialize;

use super::present;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WatchEvent {
    pub event: String,
    pub changed: Vec<String>,
    #[serde(deserialize_with = "present")]
    pub was_process: Option<String>,
    #[serde(deserialize_with = "present")]
    pub was_user: Option<String>,
    #[serde(deserialize_with = "present")]
    pub was_verdict: Option<String>,
    #[serde(deserialize_with = "present")]
    pub was_exposure: Option<String>,
    #[serde(deserialize_with = "present")]
    pub was_state: Option<String>,
    #[serde(deserialize_with = "present")]
    pub was_port: Option<u16>,
    #[serde(deserialize_with = "present")]
    pub was_address: Option<String>,
    #[serde(deserialize_with = "present")]
    pub host: Option<String>,
    #[serde(deserialize_with = "present")]
    pub host_id: Option<String>,
    pub taken_at: String,
    pub complete: bool,
    pub protocol: String,
    pub address: String,
    pub port: u16,
    #[serde(deserialize_with = "present")]
    pub process: Option<String>,
    #[serde(deserialize_with = "present")]
    pub pid: Option<u32>,
    #[serde(deserialize_with = "present")]
    pub user: Option<String>,
    #[serde(deserialize_with = "present")]
    pub service: Option<String>,
    #[serde(deserialize_with = "present")]
    pub unit: Option<String>,
    pub exposure: String,
    #[serde(deserialize_with = "present")]
    pub verdict: Option<String>,
    #[serde(deserialize_with = "present")]
    pub severity: Option<String>,
    #[serde(deserialize_with = "present")]
    pub reason: Option<String>,
    pub state: String,
    #[serde(deserialize_with = "present")]
    pub namespace: Option<String>,
}
