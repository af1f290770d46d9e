//! What a script reads of `explain --json`: a field that is renamed, removed or added fails here.
#![allow(dead_code, reason = "that they can be read is what is tested")]

use serde::Deserialize;
use serde_json::Value;

use crate::started::whatlistens;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    pub schema_version: u32,
    pub tool: Value,
    pub explanations: Vec<Explanation>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Explanation {
    pub asked: String,
    pub ports: Vec<Range>,
    pub services: Vec<Service>,
    pub beliefs: Vec<Belief>,
    pub managers: Vec<Manager>,
    pub other_managers: Vec<Other>,
    pub emulators: Vec<Emulator>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Range {
    pub first: u16,
    pub last: u16,
    pub port_classes: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    pub first_port: u16,
    pub last_port: u16,
    pub protocols: Vec<String>,
    pub name: String,
    pub description: String,
    pub source: String,
    pub alias: bool,
    pub unauthorized_use: bool,
    pub license_manager: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Belief {
    pub first_port: u16,
    pub last_port: u16,
    pub claim: String,
    pub fact: String,
    pub sources: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manager {
    pub id: String,
    pub vendor: Option<String>,
    pub product: String,
    pub technology: Option<String>,
    pub confidence: String,
    pub ports: Vec<Port>,
    pub processes: Vec<Processes>,
    pub windows_services: Vec<String>,
    pub windows_companies: Vec<String>,
    pub clients: bool,
    pub note: String,
    pub healthy: String,
    pub safety: String,
    pub unsure: String,
    pub sources: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Port {
    pub first_port: Option<u16>,
    pub last_port: Option<u16>,
    pub protocols: Vec<String>,
    pub role: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Processes {
    pub os: String,
    pub servers: Vec<String>,
    pub vendor_daemons: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Other {
    pub id: String,
    pub name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Emulator {
    pub id: String,
    pub name: String,
    pub emulates: String,
    pub files: Vec<String>,
    pub note: String,
    pub sources: Vec<String>,
}

#[test]
fn scripts_read_the_same_facts() {
    let (out, _, status) = whatlistens(&["--json", "explain", "27000-27009", "1688"]);
    assert_eq!(status, 0);
    let document: Document = serde_json::from_str(&out).unwrap();
    assert_eq!(document.schema_version, 1);
    let [flexnet, kms] = &document.explanations[..] else { panic!("two explanations") };
    assert_eq!((flexnet.ports[0].first, flexnet.ports[0].last), (27000, 27009));
    assert_eq!((flexnet.services[0].name.as_str(), flexnet.services[0].license_manager), ("flex-lm", true));
    assert!(flexnet.services[0].protocols.is_empty());
    assert!(flexnet.other_managers.iter().any(|other| other.id == "ibm-rational"));
    let server = &flexnet.managers.iter().find(|manager| manager.id == "flexnet").unwrap().processes[0];
    assert_eq!((server.os.as_str(), server.servers[0].as_str()), ("linux", "lmgrd"));
    let emulators: Vec<&str> = kms.emulators.iter().map(|emulator| emulator.id.as_str()).collect();
    assert_eq!(emulators, ["py-kms", "vlmcsd"]);
}
