//! Processes in the contract.

use serde::Serialize;

use super::seconds;
use crate::model::{Application, Container, Process, ProcessService};

#[derive(Serialize)]
pub(super) struct ProcessOut<'a> {
    pid: u32,
    ppid: Option<u32>,
    name: Option<&'a str>,
    exe: Option<&'a str>,
    user: Option<&'a str>,
    started_at: Option<String>,
    service: Option<ProcessServiceOut<'a>>,
    container: Option<ContainerOut<'a>>,
    application: Option<ApplicationOut<'a>>,
    forwards_to: Option<ForwardOut<'a>>,
    args: Option<&'a [String]>,
}

#[derive(Serialize)]
struct ApplicationOut<'a> {
    kind: &'a str,
    id: &'a str,
}

#[derive(Serialize)]
struct ForwardOut<'a> {
    protocol: &'static str,
    address: String,
    port: u16,
    container: Option<ContainerOut<'a>>,
    process: Option<ForwardedOut<'a>>,
}

#[derive(Serialize)]
struct ForwardedOut<'a> {
    pid: u32,
    name: Option<&'a str>,
}

#[derive(Serialize)]
pub(super) struct ProcessServiceOut<'a> {
    manager: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
struct ContainerOut<'a> {
    runtime: &'a str,
    id: &'a str,
    name: Option<&'a str>,
    pod: Option<&'a str>,
}

pub(super) fn process(process: &Process) -> ProcessOut<'_> {
    ProcessOut {
        pid: process.pid,
        ppid: process.ppid,
        name: process.name.as_deref(),
        exe: process.exe.as_ref().map(|exe| exe.path.as_str()),
        user: process.user.as_deref(),
        started_at: process.started_at.map(seconds),
        service: process.service.as_ref().map(process_service),
        container: process.container.as_ref().map(container),
        application: process.application.as_ref().map(|Application { kind, id }| ApplicationOut { kind, id }),
        forwards_to: process.forward.as_ref().map(|forward| ForwardOut {
            protocol: forward.protocol.name(),
            address: forward.to.ip().to_string(),
            port: forward.to.port(),
            container: forward.container.as_ref().map(container),
            process: forward
                .process
                .as_ref()
                .map(|(pid, name)| ForwardedOut { pid: *pid, name: name.as_deref() }),
        }),
        args: process.args.as_deref(),
    }
}

pub(super) fn process_service(ProcessService { manager, name }: &ProcessService) -> ProcessServiceOut<'_> {
    ProcessServiceOut { manager, name }
}

fn container(Container { runtime, id, name, pod }: &Container) -> ContainerOut<'_> {
    ContainerOut { runtime, id, name: name.as_deref(), pod: pod.as_deref() }
}
