//! What a script reads of `explain --json`: a field that is renamed, removed or added fails here.
#![allow(dead_code, reason = "that they can be read is what is tested")]

use serde::Deserialize;
use serde_json::Value;

use crate::json_schema;
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
    pub license_errors: Vec<LicenseError>,
    pub terms: Vec<Term>,
    pub system_errors: Vec<KnownSystemError>,
    pub licensed_by: Option<String>,
    pub hint: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Term {
    pub word: String,
    pub kind: String,
    pub meaning: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownSystemError {
    pub number: u32,
    pub os: Vec<String>,
    pub name: String,
    pub meaning: String,
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LicenseError {
    pub system: String,
    pub system_name: String,
    pub code: String,
    pub symbol: String,
    pub meaning: String,
    pub causes: Vec<Cause>,
    pub here: Option<String>,
    pub minor: Option<u32>,
    pub system_error: Option<SystemError>,
    pub sources: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cause {
    pub text: String,
    pub check: Option<String>,
    pub command: Option<String>,
    pub here: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SystemError {
    pub number: u32,
    pub os: Option<Vec<String>>,
    pub name: Option<String>,
    pub meaning: Option<String>,
}

#[test]
fn scripts_read_what_a_license_error_means() {
    let (out, _, status) =
        whatlistens(&["explain", "--json", "-15,570:10061", "-17", "-16:9999", "--color", "never"]);
    assert_eq!(status, 0);
    let document: Document = json_schema::read(&out);
    let [connect, write, read] = &document.explanations[..] else { panic!("three explanations") };
    let [error] = &connect.license_errors[..] else { panic!("a minor number is FlexNet's") };
    assert_eq!((error.system.as_str(), error.code.as_str(), error.minor), ("flexnet", "-15", Some(570)));
    let system = error.system_error.as_ref().unwrap();
    assert_eq!((system.number, system.name.as_deref()), (10061, Some("WSAECONNREFUSED")));
    let first = &error.causes[0];
    assert_eq!(first.check.as_deref(), Some("port-free"));
    assert_eq!(first.command.as_deref(), Some("whatlistens 27000-27009"));
    assert!(error.causes.iter().any(|cause| cause.check.is_none() && cause.command.is_none()), "a firewall");
    let systems: Vec<&str> = write.license_errors.iter().map(|error| error.system.as_str()).collect();
    assert_eq!(systems, ["flexnet", "rlm"]);
    assert!(connect.ports.is_empty() && connect.managers.is_empty());
    let unknown = read.license_errors[0].system_error.as_ref().unwrap();
    assert!(
        unknown.number == 9999 && unknown.os.is_none() && unknown.name.is_none() && unknown.meaning.is_none()
    );
}

#[test]
fn scripts_read_the_same_facts() {
    let (out, _, status) = whatlistens(&["--json", "explain", "27000-27009", "1688"]);
    assert_eq!(status, 0);
    let document: Document = json_schema::read(&out);
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
