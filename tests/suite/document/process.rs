//! Processes in the contract.

use serde::Deserialize;

use super::present;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Process {
    pub pid: u32,
    #[serde(deserialize_with = "present")]
    pub ppid: Option<u32>,
    #[serde(deserialize_with = "present")]
    pub name: Option<String>,
    #[serde(deserialize_with = "present")]
    pub exe: Option<String>,
    #[serde(deserialize_with = "present")]
    pub exe_confirmed: Option<bool>,
    pub exe_deleted: Option<bool>,
    #[serde(deserialize_with = "present")]
    pub file_trust: Option<String>,
    #[serde(deserialize_with = "present")]
    pub uid: Option<u32>,
    #[serde(deserialize_with = "present")]
    pub user: Option<String>,
    #[serde(deserialize_with = "present")]
    pub started_at: Option<String>,
    #[serde(deserialize_with = "present")]
    pub session: Option<u32>,
    #[serde(deserialize_with = "present")]
    pub state: Option<String>,
    #[serde(deserialize_with = "present")]
    pub tracer: Option<Forwarded>,
    #[serde(deserialize_with = "present")]
    pub cwd: Option<String>,
    #[serde(deserialize_with = "present")]
    pub cwd_deleted: Option<bool>,
    #[serde(deserialize_with = "present")]
    pub service: Option<ProcessService>,
    pub services: Vec<ProcessService>,
    #[serde(deserialize_with = "present")]
    pub file_version: Option<FileVersion>,
    #[serde(deserialize_with = "present")]
    pub signature: Option<Signature>,
    #[serde(deserialize_with = "present")]
    pub survivors: Option<Vec<Forwarded>>,
    #[serde(deserialize_with = "present")]
    pub container: Option<Container>,
    #[serde(deserialize_with = "present")]
    pub application: Option<Application>,
    #[serde(deserialize_with = "present")]
    pub forwards_to: Option<Forward>,
    pub relays_to: Option<String>,
    #[serde(deserialize_with = "present")]
    pub script: Option<Script>,
    #[serde(deserialize_with = "present")]
    pub args: Option<Vec<String>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    pub kind: String,
    #[serde(deserialize_with = "present")]
    pub name: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Application {
    pub kind: String,
    pub id: String,
    pub of_user: bool,
    #[serde(deserialize_with = "present")]
    pub user: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Forward {
    pub protocol: String,
    pub address: String,
    pub port: u16,
    #[serde(deserialize_with = "present")]
    pub container: Option<Container>,
    #[serde(deserialize_with = "present")]
    pub process: Option<Forwarded>,
    #[serde(deserialize_with = "present")]
    pub listening: Option<bool>,
    #[serde(deserialize_with = "present")]
    pub elsewhere: Option<ForwardedElsewhere>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForwardedElsewhere {
    pub addresses: Vec<String>,
    #[serde(deserialize_with = "present")]
    pub process: Option<Forwarded>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    pub state: String,
    #[serde(deserialize_with = "present")]
    pub signer: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpUrl {
    pub url: String,
    pub processes: Vec<Forwarded>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Forwarded {
    pub pid: u32,
    #[serde(deserialize_with = "present")]
    pub name: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProcessService {
    pub manager: String,
    pub name: String,
    #[serde(deserialize_with = "present")]
    pub display_name: Option<String>,
    #[serde(deserialize_with = "present")]
    pub user: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileVersion {
    #[serde(deserialize_with = "present")]
    pub company: Option<String>,
    #[serde(deserialize_with = "present")]
    pub product: Option<String>,
    #[serde(deserialize_with = "present")]
    pub original_name: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Container {
    pub runtime: String,
    pub id: String,
    #[serde(deserialize_with = "present")]
    pub name: Option<String>,
    #[serde(deserialize_with = "present")]
    pub image: Option<String>,
    #[serde(deserialize_with = "present")]
    pub pod: Option<String>,
    pub rootless: bool,
    #[serde(deserialize_with = "present")]
    pub user: Option<String>,
}
