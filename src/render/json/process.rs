//! Processes in the contract.

use std::net::IpAddr;
use std::sync::Arc;

use jiff::fmt::strtime;
use serde::{Serialize, Serializer};

use super::document::{Text, seconds};
use crate::model::{Application, Container, FileVersion, Presence, Process, ProcessRef, ProcessService};

#[derive(Serialize)]
pub(super) struct ProcessOut<'a> {
    pid: u32,
    ppid: Option<u32>,
    name: Option<&'a str>,
    exe: Option<&'a str>,
    exe_confirmed: Option<bool>,
    file_trust: Option<&'static str>,
    user: Option<&'a str>,
    started_at: Option<Text<strtime::Display<'static>>>,
    service: Option<ProcessServiceOut<'a>>,
    #[serde(serialize_with = "each_service")]
    services: &'a [ProcessService],
    file_version: Option<FileVersionOut<'a>>,
    survivors: Option<Vec<OtherProcessOut<'a>>>,
    container: Option<ContainerOut<'a>>,
    application: Option<ApplicationOut<'a>>,
    forwards_to: Option<ForwardOut<'a>>,
    relays_to: Option<&'a str>,
    args: Option<&'a [String]>,
}

#[derive(Serialize)]
struct ApplicationOut<'a> {
    kind: &'a str,
    id: &'a str,
    user: Option<&'a str>,
}

#[derive(Serialize)]
struct ForwardOut<'a> {
    protocol: &'static str,
    address: Text<IpAddr>,
    port: u16,
    container: Option<ContainerOut<'a>>,
    process: Option<OtherProcessOut<'a>>,
    listening: Option<bool>,
    elsewhere: Option<ElsewhereOut<'a>>,
}

/// Who listens on the port that it forwards to, at other addresses only.
#[derive(Serialize)]
struct ElsewhereOut<'a> {
    addresses: Vec<Text<IpAddr>>,
    process: Option<OtherProcessOut<'a>>,
}

#[derive(Serialize)]
struct OtherProcessOut<'a> {
    pid: u32,
    name: Option<&'a str>,
}

/// The version resource of the executable, which its maker can fill as they like.
#[derive(Serialize)]
struct FileVersionOut<'a> {
    company: Option<&'a str>,
    product: Option<&'a str>,
    original_name: Option<&'a str>,
}

#[derive(Serialize)]
pub(super) struct ProcessServiceOut<'a> {
    manager: &'a str,
    name: &'a str,
    display_name: Option<&'a str>,
}

#[derive(Serialize)]
pub(super) struct ContainerOut<'a> {
    runtime: &'a str,
    id: &'a str,
    name: Option<&'a str>,
    pod: Option<&'a str>,
    user: Option<&'a str>,
}

/// Writes processes, each when its turn comes.
pub(super) fn each_process<'a, S: Serializer>(
    processes: impl IntoIterator<Item = &'a Arc<Process>>,
    to: S,
) -> Result<S::Ok, S::Error> {
    to.collect_seq(processes.into_iter().map(|one| process(one)))
}

pub(super) fn each_service<S: Serializer>(services: &[ProcessService], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(services.iter().map(process_service))
}

fn process(process: &Process) -> ProcessOut<'_> {
    ProcessOut {
        pid: process.pid,
        ppid: process.ppid,
        name: process.name.as_deref(),
        exe: process.exe().map(|exe| exe.path.as_str()),
        exe_confirmed: process.exe().and_then(|exe| exe.path_confirmed.done().copied()),
        file_trust: process.exe().map(|exe| exe.trust(process.uid).code()),
        user: process.user.as_deref(),
        started_at: process.started_at.map(seconds),
        service: process.services.first().map(process_service),
        services: &process.services,
        file_version: process.exe().and_then(|exe| exe.version.as_ref()).map(file_version),
        survivors: match &process.presence {
            Presence::Ended { children } => Some(children.iter().map(other_process).collect()),
            Presence::Running(_) | Presence::Kernel | Presence::Vanished => None,
        },
        container: process.container.as_deref().map(container),
        application: process.application.as_ref().map(|Application { kind, id, user }| ApplicationOut {
            kind: kind.code(),
            id,
            user: user.as_deref(),
        }),
        forwards_to: process.forward.as_ref().map(|forward| ForwardOut {
            protocol: forward.protocol.name(),
            address: Text(forward.to.ip()),
            port: forward.to.port(),
            container: forward.container.as_deref().map(container),
            process: forward.process.as_ref().map(other_process),
            listening: forward.is_listening(),
            elsewhere: forward.elsewhere().map(|elsewhere| ElsewhereOut {
                addresses: elsewhere.addresses.iter().copied().map(Text).collect(),
                process: elsewhere.process.as_ref().map(other_process),
            }),
        }),
        relays_to: process.program().and_then(|program| program.relays_to.as_deref()),
        args: process.program().and_then(|program| program.args.as_deref()),
    }
}

pub(super) fn process_service(service: &ProcessService) -> ProcessServiceOut<'_> {
    let ProcessService { manager, name, display_name } = service;
    ProcessServiceOut { manager: manager.code(), name, display_name: display_name.as_deref() }
}

fn other_process(ProcessRef { pid, name }: &ProcessRef) -> OtherProcessOut<'_> {
    OtherProcessOut { pid: *pid, name: name.as_deref() }
}

fn file_version(version: &FileVersion) -> FileVersionOut<'_> {
    FileVersionOut {
        company: version.company.as_deref(),
        product: version.product.as_deref(),
        original_name: version.original_name.as_deref(),
    }
}

pub(super) fn container(Container { runtime, id, name, pod, user }: &Container) -> ContainerOut<'_> {
    ContainerOut {
        runtime: runtime.code(),
        id,
        name: name.as_deref(),
        pod: pod.as_deref(),
        user: user.as_deref(),
    }
}
