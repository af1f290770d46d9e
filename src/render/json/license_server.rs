//! License servers in the contract.

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use super::document::Code;
use crate::model::{
    JudgedLine, LicenseServer, Problem, ProblemCode, ServerLicenseFile, ServerPort, ServerProcess,
    ServerState, Severity,
};

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "LicenseServer")]
pub(super) struct LicenseServerOut<'a> {
    /// the license manager's id, permanent. Where a daemon belongs to several, their ids with `+` between
    id: &'a str,
    /// who makes the software. `null`: unknown, or several
    vendor: Option<&'a str>,
    /// the product
    product: &'a str,
    /// the licensing system: `flexnet`, `rlm`, `lm-x` or `sentinel-rms`. `null`: the vendor's own
    technology: Option<&'a str>,
    /// whether it serves
    state: Code<ServerState>,
    /// the server's process. `null`: none runs
    server: Option<ServerProcessOut<'a>>,
    /// its vendor daemons, or those that are left over
    daemons: Vec<DaemonOut<'a>>,
    /// the path of its first license file. `null`: none is known
    license_file: Option<&'a str>,
    /// all of them
    license_files: Vec<LicenseFileOut<'a>>,
    /// connections to its daemons, or to the server where there are none. `null`: not counted
    clients: Option<usize>,
    /// what keeps clients from licenses, or may do so, the most severe first
    problems: Vec<ProblemOut<'a>>,
    /// what else is worth knowing, a string each
    notes: &'a [String],
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "LicenseServerProcess")]
struct ServerProcessOut<'a> {
    /// the process ID
    pid: u32,
    /// its name. `null`: unknown
    name: Option<&'a str>,
    /// the path of its file. `null`: unknown
    exe: Option<&'a str>,
    /// the version of FlexNet that its file says it was built with, such as `v11.19.5.0`. `null`: none was
    /// found
    version: Option<&'a str>,
    /// where it listens: strings such as `27000/tcp`, each once
    ports: Vec<String>,
    /// connections to these ports. `null`: not counted
    clients: Option<usize>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "LicenseDaemon")]
struct DaemonOut<'a> {
    #[serde(flatten)]
    process: ServerProcessOut<'a>,
    /// whether its port stays the same: what its line in the license file says; without one, whether the port
    /// lies outside the ephemeral range. `null`: it listens nowhere, or the license files were not read
    port_is_fixed: Option<bool>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "LicenseFile")]
struct LicenseFileOut<'a> {
    /// the path
    path: &'a str,
    /// who says that the server reads it
    named_by: &'a str,
    /// its lines. `null`: the file could not be read
    lines: Option<Vec<LineOut<'a>>>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "LicenseFileLine")]
struct LineOut<'a> {
    /// the line's number. `null`: it is about no single line
    line: Option<usize>,
    /// the line without paths, keys and signatures, which are never shown. `null`: it is about no single line
    text: Option<&'a str>,
    /// what is wrong with it. `null`: all is as it should be
    remark: Option<&'a str>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
pub(super) struct ProblemOut<'a> {
    /// what is wrong
    code: Code<ProblemCode>,
    /// how much attention it deserves
    severity: Code<Severity>,
    /// what is wrong, in whole sentences
    text: &'a str,
    /// what to do. `null`: that is not known
    next: Option<&'a str>,
}

pub(super) fn each_license_server<S: Serializer>(
    all: &Option<&[LicenseServer]>,
    to: S,
) -> Result<S::Ok, S::Error> {
    match all {
        Some(all) => to.collect_seq(all.iter().map(license_server)),
        None => to.serialize_none(),
    }
}

fn license_server(server: &LicenseServer) -> LicenseServerOut<'_> {
    LicenseServerOut {
        id: &server.id,
        vendor: server.vendor.as_deref(),
        product: &server.product,
        technology: server.technology.as_ref().map(|technology| technology.id.as_str()),
        state: Code(server.state),
        server: server.server.as_ref().map(process),
        daemons: server
            .daemons
            .iter()
            .map(|daemon| DaemonOut { process: process(daemon), port_is_fixed: daemon.port_is_fixed })
            .collect(),
        license_file: server.license_files.first().map(|file| file.path.as_str()),
        license_files: server.license_files.iter().map(license_file).collect(),
        clients: server.clients,
        problems: server.problems.iter().map(problem).collect(),
        notes: &server.notes,
    }
}

fn process(one: &ServerProcess) -> ServerProcessOut<'_> {
    let port = |port: &ServerPort| format!("{}/{}", port.port, port.protocol);
    ServerProcessOut {
        pid: one.process.pid,
        name: one.process.name.as_deref(),
        exe: one.process.exe().map(|exe| exe.path.as_str()),
        version: one.version.as_deref(),
        ports: one.ports.iter().map(port).collect(),
        clients: one.clients(),
    }
}

fn license_file(file: &ServerLicenseFile) -> LicenseFileOut<'_> {
    let lines = file.lines.as_ref().map(|lines| {
        let lines = lines.iter().map(|JudgedLine { line, text, remark }| LineOut {
            line: Some(*line).filter(|&line| line > 0),
            text: Some(text.as_str()).filter(|text| !text.is_empty()),
            remark: remark.as_deref(),
        });
        lines.collect()
    });
    LicenseFileOut { path: &file.path, named_by: &file.named_by, lines }
}

pub(super) fn problem(problem: &Problem) -> ProblemOut<'_> {
    let Problem { code, text, next } = problem;
    ProblemOut { code: Code(*code), severity: Code(code.severity()), text, next: next.as_deref() }
}
