//! The JSON contract, version 1, by structs of its own: a field that appears, goes, or changes its
//! type fails to be read.
#![expect(dead_code, reason = "a field that no test reads must still be there")]

use serde::Deserialize;

pub use self::asked::*;
pub use self::check::*;
pub use self::diff::*;
pub use self::excluded::*;
pub use self::license_server::*;
pub use self::network::*;
pub use self::process::*;
pub use self::wait::*;
pub use self::watch::*;

mod asked;
mod check;
mod diff;
mod excluded;
mod license_server;
mod network;
mod process;
mod wait;
mod watch;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    pub schema_version: u32,
    pub tool: Tool,
    pub host: Host,
    pub taken_at: String,
    pub privileged: bool,
    pub complete: bool,
    pub selection: Vec<String>,
    pub asked: Vec<Asked>,
    pub listeners: Vec<Listener>,
    pub notes: Vec<String>,
    pub unanswered: Vec<Unanswered>,
    #[serde(deserialize_with = "present")]
    pub license_servers: Option<Vec<LicenseServer>>,
    pub other_namespaces: Vec<OtherNamespace>,
    #[serde(deserialize_with = "present")]
    pub interfaces: Option<Vec<Interface>>,
    #[serde(deserialize_with = "present")]
    pub other_sockets: Option<Vec<OtherSocket>>,
    #[serde(deserialize_with = "present")]
    pub excluded_ports: Option<Vec<Excluded>>,
    pub gaps: Vec<GapIn>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unanswered {
    pub local_port: u16,
    pub address: String,
    pub port: u16,
    #[serde(deserialize_with = "present")]
    pub service: Option<Service>,
    pub managers: Vec<Manager>,
    pub retransmits: u8,
    pub uid: u32,
    #[serde(deserialize_with = "present")]
    pub user: Option<String>,
    pub processes: Vec<Process>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OtherSocket {
    pub kind: String,
    #[serde(deserialize_with = "present")]
    pub address: Option<String>,
    #[serde(deserialize_with = "present")]
    pub namespace: Option<Namespace>,
    #[serde(deserialize_with = "present")]
    pub uid: Option<u32>,
    #[serde(deserialize_with = "present")]
    pub user: Option<String>,
    pub owner_status: String,
    pub processes: Vec<Process>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    pub name: String,
    pub version: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Host {
    #[serde(deserialize_with = "present")]
    pub name: Option<String>,
    pub os: String,
    #[serde(deserialize_with = "present")]
    pub id: Option<String>,
}

/// A line of `--output jsonl`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlatListener {
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

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listener {
    pub protocol: String,
    pub family: String,
    pub address: String,
    pub port: u16,
    #[serde(deserialize_with = "present")]
    pub interface: Option<String>,
    #[serde(deserialize_with = "present")]
    pub dual_stack: Option<bool>,
    pub state: String,
    pub exposure: String,
    #[serde(deserialize_with = "present")]
    pub assigned_to: Option<Vec<AssignedTo>>,
    #[serde(deserialize_with = "present")]
    pub namespace: Option<Namespace>,
    #[serde(deserialize_with = "present")]
    pub uid: Option<u32>,
    #[serde(deserialize_with = "present")]
    pub user: Option<String>,
    pub owner_status: String,
    pub processes: Vec<Process>,
    #[serde(deserialize_with = "present")]
    pub in_flight_to: Option<Vec<Receiver>>,
    pub port_class: String,
    #[serde(deserialize_with = "present")]
    pub service: Option<Service>,
    #[serde(deserialize_with = "present")]
    pub known_for_service: Option<bool>,
    #[serde(deserialize_with = "present")]
    pub license: Option<License>,
    #[serde(deserialize_with = "present")]
    pub connections: Option<Connections>,
    #[serde(deserialize_with = "present")]
    pub accept_queue: Option<AcceptQueue>,
    #[serde(deserialize_with = "present")]
    pub made_in: Option<ProcessService>,
    #[serde(deserialize_with = "present")]
    pub opened_at: Option<String>,
    #[serde(deserialize_with = "present")]
    pub port_requested: Option<bool>,
    #[serde(deserialize_with = "present")]
    pub http_urls: Option<Vec<HttpUrl>>,
    #[serde(deserialize_with = "present")]
    pub proxied_to: Option<String>,
    #[serde(deserialize_with = "present")]
    pub firewall: Option<String>,
    #[serde(deserialize_with = "present")]
    pub activation: Option<Activation>,
    #[serde(deserialize_with = "present")]
    pub last_used_by: Option<process::Forwarded>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receiver {
    pub pid: u32,
    #[serde(deserialize_with = "present")]
    pub name: Option<String>,
    pub descriptors: u64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Peer {
    pub address: String,
    pub count: usize,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcceptQueue {
    pub waiting: u32,
    #[serde(deserialize_with = "present")]
    pub limit: Option<u32>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Activation {
    pub manager: String,
    pub socket: String,
    #[serde(deserialize_with = "present")]
    pub service: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Namespace {
    pub inode: u64,
    #[serde(deserialize_with = "present")]
    pub name: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    pub name: String,
    pub description: String,
    pub source: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct License {
    pub managers: Vec<Manager>,
    pub verdict: String,
    pub severity: String,
    pub reason: String,
    pub expected: Vec<String>,
    pub evidence: Vec<String>,
    #[serde(deserialize_with = "present")]
    pub next: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manager {
    pub id: String,
    #[serde(deserialize_with = "present")]
    pub vendor: Option<String>,
    pub product: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Connections {
    pub established: u64,
    pub peers: u64,
    pub top: Vec<Peer>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GapIn {
    pub kind: String,
    pub detail: String,
    #[serde(deserialize_with = "present")]
    pub count: Option<u64>,
    #[serde(deserialize_with = "present")]
    pub remedy: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failed {
    pub schema_version: u32,
    pub tool: Tool,
    pub error: Error,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Error {
    pub message: String,
    pub exit_status: u8,
}

/// `null` may stand for what is unknown, but the field itself may not be left out.
fn present<'de, D, T>(input: D) -> Result<Option<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::deserialize(input)
}

/// What the program printed, by the contract.
pub fn read(json: &str) -> Document {
    crate::json_schema::read(json)
}
