//! What differs between two looks, in the contract.

use serde::Deserialize;

use super::{GapIn, Host, Problem, Tool, WatchEvent, present};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Diff {
    pub schema_version: u32,
    pub tool: Tool,
    pub before: Look,
    pub after: Look,
    #[serde(deserialize_with = "present")]
    pub same_host: Option<bool>,
    pub same: bool,
    pub complete: bool,
    pub changes: Vec<WatchEvent>,
    pub license_servers: Vec<LicenseServerChange>,
    pub cannot_tell: Vec<CannotTell>,
    pub left_out: usize,
    pub notes: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Look {
    pub source: String,
    #[serde(deserialize_with = "present")]
    pub file: Option<String>,
    pub shown: String,
    pub host: Host,
    pub taken_at: String,
    pub privileged: bool,
    pub complete: bool,
    pub gaps: Vec<GapIn>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LicenseServerChange {
    pub event: String,
    pub id: String,
    #[serde(deserialize_with = "present")]
    pub vendor: Option<String>,
    pub product: String,
    pub state: String,
    #[serde(deserialize_with = "present")]
    pub was_state: Option<String>,
    pub new_problems: Vec<Problem>,
    pub gone_problems: Vec<Problem>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CannotTell {
    pub unseen_by: String,
    pub about: Vec<String>,
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
