//! What `explain` prints: `{"schema_version", "tool", "explanations": [...]}`.

use std::io::{self, Write};

use serde::Serialize;

use super::document::{SCHEMA_VERSION, TOOL, Tool, print};
use crate::model::{
    Cause, Check, Correction, EmulatorFacts, Explanation, LicenseError, ManagerFacts, ManagerPort,
    ManagerProcesses, PortClass, PortRange, RegisteredService,
};

#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    tool: Tool,
    explanations: Vec<ExplanationOut<'a>>,
}

#[derive(Serialize)]
struct ExplanationOut<'a> {
    asked: &'a str,
    ports: Vec<RangeOut>,
    services: Vec<ServiceOut<'a>>,
    beliefs: Vec<BeliefOut<'a>>,
    managers: Vec<ManagerOut<'a>>,
    other_managers: Vec<OtherOut<'a>>,
    emulators: Vec<EmulatorOut<'a>>,
    license_errors: Vec<LicenseErrorOut<'a>>,
}

#[derive(Serialize)]
struct RangeOut {
    first: u16,
    last: u16,
    port_classes: Vec<&'static str>,
}

#[derive(Serialize)]
struct ServiceOut<'a> {
    first_port: u16,
    last_port: u16,
    protocols: &'a [String],
    name: &'a str,
    description: &'a str,
    source: &'static str,
    alias: bool,
    unauthorized_use: bool,
    license_manager: bool,
}

#[derive(Serialize)]
struct BeliefOut<'a> {
    first_port: u16,
    last_port: u16,
    claim: &'a str,
    fact: &'a str,
    sources: &'a [String],
}

#[derive(Serialize)]
struct ManagerOut<'a> {
    id: &'a str,
    vendor: Option<&'a str>,
    product: &'a str,
    technology: Option<&'a str>,
    confidence: &'static str,
    ports: Vec<ManagerPortOut>,
    processes: Vec<ProcessesOut<'a>>,
    windows_services: &'a [String],
    windows_companies: &'a [String],
    clients: bool,
    note: &'a str,
    healthy: &'a str,
    safety: &'a str,
    unsure: &'a str,
    sources: &'a [String],
}

/// Both ports are `null` if the system or the configuration of the license manager chooses the port.
#[derive(Serialize)]
struct ManagerPortOut {
    first_port: Option<u16>,
    last_port: Option<u16>,
    protocols: Vec<&'static str>,
    role: &'static str,
}

#[derive(Serialize)]
struct ProcessesOut<'a> {
    os: &'static str,
    servers: &'a [String],
    vendor_daemons: &'a [String],
}

#[derive(Serialize)]
struct OtherOut<'a> {
    id: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
struct EmulatorOut<'a> {
    id: &'a str,
    name: &'a str,
    emulates: &'a str,
    files: &'a [String],
    note: &'a str,
    sources: &'a [String],
}

#[derive(Serialize)]
struct LicenseErrorOut<'a> {
    system: &'a str,
    system_name: &'a str,
    code: &'a str,
    symbol: &'a str,
    meaning: &'a str,
    causes: Vec<CauseOut<'a>>,
    minor: Option<u32>,
    system_error: Option<SystemErrorOut<'a>>,
    sources: &'a [String],
}

#[derive(Serialize)]
struct CauseOut<'a> {
    text: &'a str,
    check: Option<&'static str>,
    command: Option<&'a str>,
    here: Option<&'a str>,
}

/// All but the number is `null` if it is not known.
#[derive(Serialize)]
struct SystemErrorOut<'a> {
    number: u32,
    os: Option<Vec<&'static str>>,
    name: Option<&'a str>,
    meaning: Option<&'a str>,
}

/// Writes explanations as one object.
///
/// # Errors
///
/// Those of writing.
pub(in crate::render) fn write(all: &[Explanation], out: &mut dyn Write) -> io::Result<()> {
    let explanations = all.iter().map(explanation).collect();
    print(&Document { schema_version: SCHEMA_VERSION, tool: TOOL, explanations }, out)
}

fn explanation(explanation: &Explanation) -> ExplanationOut<'_> {
    ExplanationOut {
        asked: &explanation.asked,
        ports: explanation.ports.iter().map(|range| range_out(*range)).collect(),
        services: explanation.services.iter().map(service).collect(),
        beliefs: explanation.beliefs.iter().map(belief).collect(),
        managers: explanation.managers.iter().map(manager).collect(),
        other_managers: explanation.others.iter().map(|(id, name)| OtherOut { id, name }).collect(),
        emulators: explanation.emulators.iter().map(emulator).collect(),
        license_errors: explanation.license_errors.iter().map(license_error).collect(),
    }
}

fn range_out(range: PortRange) -> RangeOut {
    let port_classes = range.classes().into_iter().map(PortClass::code).collect();
    RangeOut { first: range.first, last: range.last, port_classes }
}

fn service(service: &RegisteredService) -> ServiceOut<'_> {
    ServiceOut {
        first_port: service.ports.first,
        last_port: service.ports.last,
        protocols: &service.protocols,
        name: &service.name,
        description: &service.description,
        source: "iana",
        alias: service.alias,
        unauthorized_use: service.unauthorized_use,
        license_manager: service.license,
    }
}

fn belief(belief: &Correction) -> BeliefOut<'_> {
    let Correction { port, claim, fact, sources } = belief;
    BeliefOut { first_port: port.first, last_port: port.last, claim, fact, sources }
}

fn manager(manager: &ManagerFacts) -> ManagerOut<'_> {
    ManagerOut {
        id: &manager.id,
        vendor: manager.vendor.as_deref(),
        product: &manager.product,
        technology: manager.technology.as_deref(),
        confidence: manager.confidence.code(),
        ports: manager.ports.iter().map(port).collect(),
        processes: manager.processes.iter().map(processes).collect(),
        windows_services: &manager.windows_services,
        windows_companies: &manager.windows_companies,
        clients: manager.clients,
        note: &manager.note,
        healthy: &manager.healthy,
        safety: &manager.safety,
        unsure: &manager.unsure,
        sources: &manager.sources,
    }
}

fn port(port: &ManagerPort) -> ManagerPortOut {
    ManagerPortOut {
        first_port: port.range.map(|range| range.first),
        last_port: port.range.map(|range| range.last),
        protocols: port.protocols.iter().map(|protocol| protocol.name()).collect(),
        role: port.role.code(),
    }
}

fn processes(known: &ManagerProcesses) -> ProcessesOut<'_> {
    ProcessesOut { os: known.os.name(), servers: &known.servers, vendor_daemons: &known.daemons }
}

fn emulator(emulator: &EmulatorFacts) -> EmulatorOut<'_> {
    EmulatorOut {
        id: &emulator.id,
        name: &emulator.name,
        emulates: &emulator.emulates,
        files: &emulator.files,
        note: &emulator.note,
        sources: &emulator.sources,
    }
}

fn license_error(error: &LicenseError) -> LicenseErrorOut<'_> {
    let system_error = error.system_error.as_ref().map(|error| {
        let known = error.known.as_ref();
        SystemErrorOut {
            number: error.number,
            os: known.map(|known| known.os.iter().map(|os| os.name()).collect()),
            name: known.map(|known| known.name.as_str()),
            meaning: known.map(|known| known.meaning.as_str()),
        }
    });
    LicenseErrorOut {
        system: &error.system,
        system_name: &error.system_name,
        code: &error.code,
        symbol: &error.symbol,
        meaning: &error.meaning,
        causes: error.causes.iter().map(cause).collect(),
        minor: error.minor.as_ref().map(|minor| minor.number),
        system_error,
        sources: &error.sources,
    }
}

fn cause(cause: &Cause) -> CauseOut<'_> {
    CauseOut {
        text: &cause.text,
        check: cause.check.map(Check::code),
        command: cause.command.as_deref(),
        here: cause.here.as_deref(),
    }
}
