//! License servers in the contract.

use serde::Deserialize;

use super::present;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LicenseServer {
    pub id: String,
    #[serde(deserialize_with = "present")]
    pub vendor: Option<String>,
    pub product: String,
    #[serde(deserialize_with = "present")]
    pub technology: Option<String>,
    pub state: String,
    #[serde(deserialize_with = "present")]
    pub server: Option<ServerProcess>,
    pub daemons: Vec<Daemon>,
    #[serde(deserialize_with = "present")]
    pub license_file: Option<String>,
    pub license_files: Vec<LicenseFile>,
    #[serde(deserialize_with = "present")]
    pub clients: Option<usize>,
    pub problems: Vec<Problem>,
    pub notes: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerProcess {
    pub pid: u32,
    #[serde(deserialize_with = "present")]
    pub name: Option<String>,
    #[serde(deserialize_with = "present")]
    pub exe: Option<String>,
    #[serde(deserialize_with = "present")]
    pub version: Option<String>,
    pub ports: Vec<String>,
    #[serde(deserialize_with = "present")]
    pub clients: Option<usize>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Daemon {
    pub pid: u32,
    #[serde(deserialize_with = "present")]
    pub name: Option<String>,
    #[serde(deserialize_with = "present")]
    pub exe: Option<String>,
    #[serde(deserialize_with = "present")]
    pub version: Option<String>,
    pub ports: Vec<String>,
    #[serde(deserialize_with = "present")]
    pub clients: Option<usize>,
    #[serde(deserialize_with = "present")]
    pub port_is_fixed: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LicenseFile {
    pub path: String,
    pub named_by: String,
    #[serde(deserialize_with = "present")]
    pub lines: Option<Vec<LicenseLine>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LicenseLine {
    #[serde(deserialize_with = "present")]
    pub line: Option<usize>,
    #[serde(deserialize_with = "present")]
    pub text: Option<String>,
    #[serde(deserialize_with = "present")]
    pub remark: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Problem {
    pub code: String,
    pub severity: String,
    pub text: String,
    #[serde(deserialize_with = "present")]
    pub next: Option<String>,
}
