//! What was asked about, in the contract.

use jiff::fmt::strtime;
use schemars::JsonSchema;
use serde::Serialize;

use super::document::{Code, Text, seconds};
use super::listener::{NamespaceOut, namespace};
use super::process::{ContainerOut, ProcessServiceOut, ScriptOut, container, each_service, script_of};
use crate::model::{
    Asked, AskedProcess, ConnectionState, Note, PortAnswer, PortStatus, PortUse, ProcessService, Protocol,
    RunState, name_of_account,
};

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Asked")]
pub(super) struct AskedOut<'a> {
    /// what was typed: a word, or `--pid 812`
    what: &'a str,
    /// the status of the ports, one object for each port and protocol. For a single port all of them; for a
    /// range, or a service with several ports, those that are not free. Empty for a name that is no service
    answers: Vec<AnswerOut<'a>>,
    /// how many more ports are free, each counted once for each protocol. `null`: not examined, because you
    /// asked about more than 64 ports
    more_free: Option<usize>,
    /// the processes of a name or id, whether or not they listen. At most 100 of those that hold no socket are
    /// examined; `notes` says how many more there are
    processes: Vec<AskedProcessOut<'a>>,
    /// what else the text says about it, a string each: of several words first the line of each that has no
    /// row, then what there is to know about ports on which nothing listens, and about license managers that
    /// were not found
    notes: Vec<String>,
    /// what to do next. `null`: nothing
    next: Option<&'a str>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Answer")]
struct AnswerOut<'a> {
    /// `tcp` or `udp`. Another protocol of `listeners` has an answer only if a socket has the port
    protocol: Code<Protocol>,
    /// the port
    port: u16,
    /// whether a program could use the port. The first that applies
    status: Code<PortStatus>,
    /// what uses the port, only if `status` is `in-use`
    by: Vec<UseOut<'a>>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Use")]
struct UseOut<'a> {
    /// for TCP the kernel's word
    state: Code<ConnectionState>,
    /// the address and port here, such as `127.0.0.1:1194` or `[::1]:1194`
    local: String,
    /// the address and port of the other side
    remote: String,
    /// the network namespace, with `--all-namespaces`. `null`: your own
    namespace: Option<NamespaceOut<'a>>,
    /// each visible holder
    processes: Vec<UserOut<'a>>,
}

/// A process that has a socket open.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PortUser")]
struct UserOut<'a> {
    /// the process ID
    pid: u32,
    /// the name of the process. `null`: unknown
    name: Option<&'a str>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "AskedProcess")]
struct AskedProcessOut<'a> {
    /// the process ID
    pid: u32,
    /// the name of the process. `null`: unknown
    name: Option<&'a str>,
    /// whether it can do anything. `null`: unknown, as on Windows and macOS
    state: Option<Code<RunState>>,
    /// strings such as `27000/tcp`, each once, also those in network namespaces that are not listed, which `notes` says.
    /// Empty: it listens on no port. `null`: you may not see its sockets, or those of a network namespace that it may listen
    /// in
    listens_on: Option<Vec<String>>,
    /// the file it runs. `null`: not visible
    exe: Option<&'a str>,
    /// whether that file was deleted or replaced since the process started. `null`: as for `exe`, or not known, as on
    /// Windows and macOS
    exe_deleted: Option<bool>,
    /// what an interpreter runs, by its own command line. `null`: it runs nothing so, or that could not be read
    script: Option<ScriptOut<'a>>,
    /// the folder it works in (Linux). `null`: not visible, or not read
    cwd: Option<&'a str>,
    /// whether that folder was deleted since. `null`: as for `cwd`
    cwd_deleted: Option<bool>,
    /// the number of the user it runs as. `null`: not visible, or on Windows
    uid: Option<u32>,
    /// the name of the user it runs as. `null`: it has no name, is unknown, or you gave `--numeric`
    user: Option<&'a str>,
    /// when it started: RFC 3339, UTC, whole seconds. `null`: unknown
    started_at: Option<Text<strtime::Display<'static>>>,
    /// the services that it belongs to
    #[serde(serialize_with = "each_service")]
    #[schemars(with = "Vec<ProcessServiceOut<'a>>")]
    services: &'a [ProcessService],
    /// the container it runs in (Linux). `null`: none
    container: Option<ContainerOut<'a>>,
    /// the network namespace that it is in. `null`: your own
    namespace: Option<NamespaceOut<'a>>,
}

pub(super) fn asked(asked: &Asked) -> AskedOut<'_> {
    AskedOut {
        what: &asked.what,
        answers: asked.answers.iter().map(answer).collect(),
        more_free: asked.more_free,
        processes: asked.processes.iter().map(process).collect(),
        notes: asked.notes.iter().map(note).collect(),
        next: asked.next.as_deref(),
    }
}

fn answer(PortAnswer { protocol, port, status, by }: &PortAnswer) -> AnswerOut<'_> {
    AnswerOut {
        protocol: Code(*protocol),
        port: *port,
        status: Code(*status),
        by: by.iter().map(port_use).collect(),
    }
}

fn port_use(PortUse { connection, processes }: &PortUse) -> UseOut<'_> {
    UseOut {
        state: Code(connection.state),
        local: connection.local.to_string(),
        remote: connection.peer.to_string(),
        namespace: connection.namespace.as_ref().map(namespace),
        processes: processes
            .iter()
            .map(|process| UserOut { pid: process.pid, name: process.name.as_deref() })
            .collect(),
    }
}

fn process(one: &AskedProcess) -> AskedProcessOut<'_> {
    let AskedProcess { process, namespace: its, listens_on, .. } = one;
    let port = |&(port, protocol): &(u16, Protocol)| format!("{port}/{protocol}");
    AskedProcessOut {
        pid: process.pid,
        name: process.name.as_deref(),
        state: process.state.map(Code),
        listens_on: listens_on.as_ref().map(|ports| ports.iter().map(port).collect()),
        exe: process.exe().map(|exe| exe.path.as_str()),
        exe_deleted: process.exe().and_then(|exe| exe.deleted),
        script: script_of(process),
        cwd: process.cwd.as_ref().map(|cwd| cwd.path.as_str()),
        cwd_deleted: process.cwd.as_ref().map(|cwd| cwd.deleted),
        uid: process.uid,
        user: process.user.as_deref().and_then(name_of_account),
        started_at: process.started_at.map(seconds),
        services: &process.services,
        container: process.container.as_deref().map(container),
        namespace: its.as_ref().map(namespace),
    }
}

fn note(Note { kind, text }: &Note) -> String {
    match kind.label() {
        Some(label) => format!("{label}: {text}"),
        None => text.clone(),
    }
}
