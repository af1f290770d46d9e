//! License servers in the contract.

use serde::{Serialize, Serializer};

use crate::model::{JudgedLine, LicenseServer, Problem, ServerLicenseFile, ServerPort, ServerProcess};

#[derive(Serialize)]
struct LicenseServerOut<'a> {
    id: &'a str,
    vendor: Option<&'a str>,
    product: &'a str,
    technology: Option<&'a str>,
    state: &'static str,
    server: Option<ServerProcessOut<'a>>,
    daemons: Vec<DaemonOut<'a>>,
    license_file: Option<&'a str>,
    license_files: Vec<LicenseFileOut<'a>>,
    clients: Option<usize>,
    problems: Vec<ProblemOut<'a>>,
    notes: &'a [String],
}

#[derive(Serialize)]
struct ServerProcessOut<'a> {
    pid: u32,
    name: Option<&'a str>,
    exe: Option<&'a str>,
    version: Option<&'a str>,
    ports: Vec<String>,
    clients: Option<usize>,
}

#[derive(Serialize)]
struct DaemonOut<'a> {
    #[serde(flatten)]
    process: ServerProcessOut<'a>,
    port_is_fixed: Option<bool>,
}

#[derive(Serialize)]
struct LicenseFileOut<'a> {
    path: &'a str,
    named_by: &'a str,
    lines: Option<Vec<LineOut<'a>>>,
}

#[derive(Serialize)]
struct LineOut<'a> {
    line: Option<usize>,
    text: Option<&'a str>,
    remark: Option<&'a str>,
}

#[derive(Serialize)]
struct ProblemOut<'a> {
    code: &'static str,
    severity: &'static str,
    text: &'a str,
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
        state: server.state.code(),
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

fn problem(problem: &Problem) -> ProblemOut<'_> {
    let Problem { code, text, next } = problem;
    ProblemOut { code: code.code(), severity: code.severity().code(), text, next: next.as_deref() }
}
