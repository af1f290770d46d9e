//! What was asked about, in the contract.

use jiff::fmt::strtime;
use serde::Serialize;

use super::document::{Text, seconds};
use super::listener::{NamespaceOut, namespace};
use super::process::{ContainerOut, container, each_service};
use crate::model::{Asked, AskedProcess, Note, PortAnswer, PortUse, ProcessService, Protocol, RunState};

#[derive(Serialize)]
pub(super) struct AskedOut<'a> {
    what: &'a str,
    answers: Vec<AnswerOut<'a>>,
    more_free: Option<usize>,
    processes: Vec<AskedProcessOut<'a>>,
    notes: Vec<String>,
    next: Option<&'a str>,
}

#[derive(Serialize)]
struct AnswerOut<'a> {
    protocol: &'static str,
    port: u16,
    status: &'static str,
    by: Vec<UseOut<'a>>,
}

#[derive(Serialize)]
struct UseOut<'a> {
    state: &'static str,
    local: String,
    remote: String,
    namespace: Option<NamespaceOut<'a>>,
    processes: Vec<UserOut<'a>>,
}

/// A process that has a socket open.
#[derive(Serialize)]
struct UserOut<'a> {
    pid: u32,
    name: Option<&'a str>,
}

#[derive(Serialize)]
struct AskedProcessOut<'a> {
    pid: u32,
    name: Option<&'a str>,
    state: Option<&'static str>,
    listens_on: Option<Vec<String>>,
    exe: Option<&'a str>,
    cwd: Option<&'a str>,
    cwd_deleted: Option<bool>,
    user: Option<&'a str>,
    started_at: Option<Text<strtime::Display<'static>>>,
    #[serde(serialize_with = "each_service")]
    services: &'a [ProcessService],
    container: Option<ContainerOut<'a>>,
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
        protocol: protocol.name(),
        port: *port,
        status: status.code(),
        by: by.iter().map(port_use).collect(),
    }
}

fn port_use(PortUse { connection, processes }: &PortUse) -> UseOut<'_> {
    UseOut {
        state: connection.state.code(),
        local: connection.local.to_string(),
        remote: connection.peer.to_string(),
        namespace: connection.namespace.as_ref().map(namespace),
        processes: processes
            .iter()
            .map(|process| UserOut { pid: process.pid, name: process.name.as_deref() })
            .collect(),
    }
}

fn process(AskedProcess { process, namespace: its, listens_on }: &AskedProcess) -> AskedProcessOut<'_> {
    let port = |&(port, protocol): &(u16, Protocol)| format!("{port}/{protocol}");
    AskedProcessOut {
        pid: process.pid,
        name: process.name.as_deref(),
        state: process.state.map(RunState::code),
        listens_on: listens_on.as_ref().map(|ports| ports.iter().map(port).collect()),
        exe: process.exe().map(|exe| exe.path.as_str()),
        cwd: process.cwd.as_ref().map(|cwd| cwd.path.as_str()),
        cwd_deleted: process.cwd.as_ref().map(|cwd| cwd.deleted),
        user: process.user.as_deref(),
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
