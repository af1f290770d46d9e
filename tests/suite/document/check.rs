//! What a monitoring system is told, in the contract.

use serde::Deserialize;

use super::{Host, Tool, present};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    pub schema_version: u32,
    pub tool: Tool,
    pub command: String,
    #[serde(deserialize_with = "present")]
    pub host: Option<Host>,
    #[serde(deserialize_with = "present")]
    pub taken_at: Option<String>,
    #[serde(deserialize_with = "present")]
    pub privileged: Option<bool>,
    pub state: String,
    pub exit_status: u8,
    pub summary: String,
    pub expectations: Vec<Expectation>,
    pub findings: Vec<Finding>,
    pub notes: Vec<String>,
    pub values: Vec<PerfValue>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    pub what: String,
    #[serde(deserialize_with = "present")]
    pub file: Option<String>,
    #[serde(deserialize_with = "present")]
    pub line: Option<usize>,
    pub state: String,
    #[serde(deserialize_with = "present")]
    pub reason: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    pub state: String,
    pub text: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PerfValue {
    pub label: String,
    pub value: u64,
}
