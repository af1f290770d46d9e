//! What was asked about, in the contract.

use serde::Deserialize;

use super::{Container, Forwarded, Namespace, ProcessService, Script, present};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    pub what: String,
    pub answers: Vec<Answer>,
    #[serde(deserialize_with = "present")]
    pub more_free: Option<usize>,
    pub processes: Vec<AskedProcess>,
    pub notes: Vec<String>,
    #[serde(deserialize_with = "present")]
    pub next: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    pub protocol: String,
    pub port: u16,
    pub status: String,
    pub by: Vec<Use>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Use {
    pub state: String,
    pub local: String,
    pub remote: String,
    #[serde(deserialize_with = "present")]
    pub namespace: Option<Namespace>,
    pub processes: Vec<Forwarded>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskedProcess {
    pub pid: u32,
    #[serde(deserialize_with = "present")]
    pub name: Option<String>,
    #[serde(deserialize_with = "present")]
    pub state: Option<String>,
    #[serde(deserialize_with = "present")]
    pub listens_on: Option<Vec<String>>,
    #[serde(deserialize_with = "present")]
    pub exe: Option<String>,
    pub exe_deleted: Option<bool>,
    #[serde(deserialize_with = "present")]
    pub script: Option<Script>,
    #[serde(deserialize_with = "present")]
    pub cwd: Option<String>,
    #[serde(deserialize_with = "present")]
    pub cwd_deleted: Option<bool>,
    #[serde(deserialize_with = "present")]
    pub uid: Option<u32>,
    #[serde(deserialize_with = "present")]
    pub user: Option<String>,
    #[serde(deserialize_with = "present")]
    pub started_at: Option<String>,
    pub services: Vec<ProcessService>,
    #[serde(deserialize_with = "present")]
    pub container: Option<Container>,
    #[serde(deserialize_with = "present")]
    pub namespace: Option<Namespace>,
}
