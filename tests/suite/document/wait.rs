//! How waiting ended, in the contract.

use serde::Deserialize;

use super::{GapIn, Host, Listener, Tool, present};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wait {
    pub schema_version: u32,
    pub tool: Tool,
    pub host: Host,
    pub taken_at: String,
    pub privileged: bool,
    pub complete: bool,
    pub waited_for: String,
    pub processes: Vec<String>,
    pub outcome: String,
    pub waited_ms: u64,
    #[serde(deserialize_with = "present")]
    pub message: Option<String>,
    pub ports: Vec<WaitedPort>,
    pub gaps: Vec<GapIn>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WaitedPort {
    pub what: String,
    #[serde(deserialize_with = "present")]
    pub reached: Option<bool>,
    pub listeners: Vec<Listener>,
}
