//! What `explain` prints: `{"schema_version", "tool", "explanations": [...]}`.

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;

use super::document::{Code, SCHEMA_VERSION, TOOL, Tool, print};
use crate::model::{
    Cause, Check, Confidence, Correction, EmulatorFacts, ExplainedTerm, Explanation, KnownSystemError,
    LicenseError, ManagerFacts, ManagerPort, ManagerProcesses, Os, PortClass, PortRange, PortRole, Protocol,
    RegisteredService, Source, TermKind,
};

/// Printed by `explain`.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Explanations")]
pub(super) struct Document<'a> {
    /// 1
    schema_version: u32,
    /// the program
    tool: Tool,
    /// one for each WHAT
    explanations: Vec<ExplanationOut<'a>>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Explanation")]
struct ExplanationOut<'a> {
    /// what was typed
    asked: &'a str,
    /// the ports it stands for. Empty for a process or a license manager
    ports: Vec<RangeOut>,
    /// registry entries
    services: Vec<ServiceOut<'a>>,
    /// what is often said of these ports and is wrong
    beliefs: Vec<BeliefOut<'a>>,
    /// license managers in full
    managers: Vec<ManagerOut<'a>>,
    /// further license managers that may be meant
    other_managers: Vec<OtherOut<'a>>,
    /// programs that pose as a license server
    emulators: Vec<EmulatorOut<'a>>,
    /// what the word means as the code of a license error, one object for each licensing system that has it.
    /// Empty if it is none
    license_errors: Vec<LicenseErrorOut<'a>>,
    /// what it means in the answers of this program, such as a verdict or a state. Empty if it is none of their words
    terms: Vec<TermOut<'a>>,
    /// the errors of operating systems with this number or name
    system_errors: Vec<KnownSystemErrorOut<'a>>,
    /// the license managers that license the program of this name. `null`: it names none
    licensed_by: Option<&'a str>,
    /// what to type if something else is meant. `null`: nothing is known that it may be
    hint: Option<&'a str>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Term")]
struct TermOut<'a> {
    /// the word, as it stands in the JSON
    word: &'a str,
    /// what it is about
    kind: Code<TermKind>,
    /// what it means, in whole sentences
    meaning: &'a str,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "KnownSystemError")]
struct KnownSystemErrorOut<'a> {
    /// the number
    number: u32,
    /// the systems on which it has this meaning
    os: Vec<Code<Os>>,
    /// its name
    name: &'a str,
    /// what it means
    meaning: &'a str,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PortRange")]
struct RangeOut {
    /// the first port
    first: u16,
    /// the last port
    last: u16,
    /// the classes of these ports
    port_classes: Vec<Code<PortClass>>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "RegisteredService")]
struct ServiceOut<'a> {
    /// the first port
    first_port: u16,
    /// the last port
    last_port: u16,
    /// of `tcp`, `udp`, `sctp`, `dccp`. Empty: the registry names none, so it holds for all
    protocols: &'a [String],
    /// the name in the registry
    name: &'a str,
    /// the registry's description; can be empty
    description: &'a str,
    /// which registry
    source: Code<Source>,
    /// whether it is a former name or spelling of another entry
    alias: bool,
    /// whether the registry notes that others use this number too
    unauthorized_use: bool,
    /// whether it is a license manager
    license_manager: bool,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Belief")]
struct BeliefOut<'a> {
    /// the first port
    first_port: u16,
    /// the last port
    last_port: u16,
    /// what is said
    claim: &'a str,
    /// what is true
    fact: &'a str,
    /// where the fact comes from, a string each
    sources: &'a [String],
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "LicenseManagerFacts")]
struct ManagerOut<'a> {
    /// a permanent ID. `iana-NAME` for a license manager that only the registry knows
    id: &'a str,
    /// who makes the licensed software. `null`: unknown
    vendor: Option<&'a str>,
    /// the name of the license manager
    product: &'a str,
    /// the licensing system it is built on: `FlexNet Publisher`, `RLM`, `LM-X`, `Sentinel RMS`. `null`: none,
    /// or unknown
    technology: Option<&'a str>,
    /// how well it is documented
    confidence: Code<Confidence>,
    /// the ports it uses
    ports: Vec<ManagerPortOut>,
    /// file names, for each system on which some are known
    processes: Vec<ProcessesOut<'a>>,
    /// the names of its Windows services
    windows_services: &'a [String],
    /// the beginnings of the company names in its files, on Windows
    windows_companies: &'a [String],
    /// whether it also runs on machines that only use licenses
    clients: bool,
    /// what a helpdesk engineer should know
    note: &'a str,
    /// what a healthy machine shows
    healthy: &'a str,
    /// how to keep it safe
    safety: &'a str,
    /// what is uncertain, and why
    unsure: &'a str,
    /// where the facts come from, a string each
    sources: &'a [String],
}

/// Both ports are `null` if the system or the configuration of the license manager chooses the port.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "LicenseManagerPort")]
struct ManagerPortOut {
    /// the first port. `null`: the system or a license file chooses it
    first_port: Option<u16>,
    /// the last port. `null` with `first_port`
    last_port: Option<u16>,
    /// `tcp`, `udp` or both
    protocols: Vec<Code<Protocol>>,
    /// what listens there
    role: Code<PortRole>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "LicenseManagerPrograms")]
struct ProcessesOut<'a> {
    /// the operating system
    os: Code<Os>,
    /// those of license servers
    servers: &'a [String],
    /// those of vendor daemons, which the server starts
    vendor_daemons: &'a [String],
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "OtherLicenseManager")]
struct OtherOut<'a> {
    /// its permanent ID
    id: &'a str,
    /// vendor and product
    name: &'a str,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Emulator")]
struct EmulatorOut<'a> {
    /// a permanent ID
    id: &'a str,
    /// its name
    name: &'a str,
    /// whose license server it poses as
    emulates: &'a str,
    /// programs, scripts, and folders that end in `/`
    files: &'a [String],
    /// what a helpdesk engineer should know
    note: &'a str,
    /// where the facts come from, a string each
    sources: &'a [String],
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "LicenseError")]
struct LicenseErrorOut<'a> {
    /// the id of the licensing system: `flexnet`, `rlm`, `sentinel-rms`, `sentinel-ldk` or `lm-x`
    system: &'a str,
    /// its name
    system_name: &'a str,
    /// the code as that system writes it: `-15`, `H0007`, `5`, `0xC8001006`
    code: &'a str,
    /// its name in the system's programming interface, such as `LM_CANTCONNECT`
    symbol: &'a str,
    /// what it means
    meaning: &'a str,
    /// what on the license server's machine can be the reason, the most frequent first; with `--servers` those
    /// come first that were found on this machine. Empty: none are documented
    causes: Vec<CauseOut<'a>>,
    /// with `--servers`: that none of the causes was found on this machine, or could be seen. `null`: one was, or
    /// it was not looked for
    here: Option<&'a str>,
    /// the number behind the comma, for the vendor's support. `null`: none was typed
    minor: Option<u32>,
    /// the number behind the colon, an error of the client's operating system. `null`: none was typed
    system_error: Option<SystemErrorOut<'a>>,
    /// where the meaning comes from, a string each
    sources: &'a [String],
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Cause")]
struct CauseOut<'a> {
    /// the cause
    text: &'a str,
    /// what this program can look at there. `null`: it cannot confirm this cause
    check: Option<Code<Check>>,
    /// the command that does so. `null` with `check`
    command: Option<&'a str>,
    /// with `--servers`: what was found on this machine that makes it the cause. `null`: nothing, or it was not
    /// looked for
    here: Option<&'a str>,
}

/// All but the number is `null` if it is not known.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "SystemError")]
struct SystemErrorOut<'a> {
    /// the number
    number: u32,
    /// the systems on which it has this meaning. `null`: not known
    os: Option<Vec<Code<Os>>>,
    /// its name. `null`: not known
    name: Option<&'a str>,
    /// what it means. `null`: not known
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
        terms: explanation.terms.iter().map(term).collect(),
        system_errors: explanation.system_errors.iter().map(system_error).collect(),
        licensed_by: explanation.licensed_by.as_deref(),
        hint: explanation.hint.as_deref(),
    }
}

fn term(term: &ExplainedTerm) -> TermOut<'_> {
    TermOut { word: &term.word, kind: Code(term.kind), meaning: &term.meaning }
}

fn system_error(error: &KnownSystemError) -> KnownSystemErrorOut<'_> {
    let os = error.os.iter().copied().map(Code).collect();
    KnownSystemErrorOut { number: error.number, os, name: &error.name, meaning: &error.meaning }
}

fn range_out(range: PortRange) -> RangeOut {
    let port_classes = range.classes().into_iter().map(Code).collect();
    RangeOut { first: range.first, last: range.last, port_classes }
}

fn service(service: &RegisteredService) -> ServiceOut<'_> {
    ServiceOut {
        first_port: service.ports.first,
        last_port: service.ports.last,
        protocols: &service.protocols,
        name: &service.name,
        description: &service.description,
        source: Code(Source::Iana),
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
        confidence: Code(manager.confidence),
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
        protocols: port.protocols.iter().copied().map(Code).collect(),
        role: Code(port.role),
    }
}

fn processes(known: &ManagerProcesses) -> ProcessesOut<'_> {
    ProcessesOut { os: Code(known.os), servers: &known.servers, vendor_daemons: &known.daemons }
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
            os: known.map(|known| known.os.iter().copied().map(Code).collect()),
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
        here: error.here.as_deref(),
        minor: error.minor.as_ref().map(|minor| minor.number),
        system_error,
        sources: &error.sources,
    }
}

fn cause(cause: &Cause) -> CauseOut<'_> {
    CauseOut {
        text: &cause.text,
        check: cause.check.map(Code),
        command: cause.command.as_deref(),
        here: cause.here.as_deref(),
    }
}
