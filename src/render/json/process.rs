//! Processes in the contract.

use std::net::IpAddr;
use std::sync::Arc;

use jiff::fmt::strtime;
use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use super::document::{Code, Text, seconds};
use crate::model::{
    Application, ApplicationKind, ClaimedScript, Container, FileTrust, FileVersion, Presence, Process,
    ProcessRef, ProcessService, Protocol, RelayTarget, RunState, Runtime, ScriptKind, ServiceManager,
    SignatureState, name_of_account,
};

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Process")]
pub(super) struct ProcessOut<'a> {
    /// the process ID
    pid: u32,
    /// the parent's process ID. `null`: it has no parent, or unknown
    ppid: Option<u32>,
    /// the file name of the program, or else the name that the kernel has for the process: on Linux, where
    /// `exe` is `null` or `exe_confirmed` is `false`, any that the process gave itself
    name: Option<&'a str>,
    /// the full path of the program, as the system reports it. `null`: it could not be read, or the process
    /// does not run
    exe: Option<&'a str>,
    /// whether `exe` leads to the very file that the process runs. `false`: it leads to another file, or to
    /// none, so neither `exe` nor `name` proves anything. They stay because they show what the process calls
    /// itself. `null`: not examined, or not known. On Linux a listing of everything examines the processes on
    /// license ports, and those whose file is in a view of the file system that an ordinary user may have made
    exe_confirmed: Option<bool>,
    /// whether that file was deleted or replaced since the process started. `null`: `exe` is `null`, or not known, as on
    /// Windows and macOS
    exe_deleted: Option<bool>,
    /// who could have put other content into that file. `null`: `exe` is `null`
    file_trust: Option<Code<FileTrust>>,
    /// the user ID it runs with. `null`: Windows, or unknown
    uid: Option<u32>,
    /// the name of the user it runs as. On Windows `DOMAIN\name`. `null`: it has no name, is unknown, or you gave
    /// `--numeric`
    user: Option<&'a str>,
    /// when it started: RFC 3339, UTC, whole seconds. `null`: unknown
    started_at: Option<Text<strtime::Display<'static>>>,
    /// its session of Remote Desktop Services (Windows): 0 for services, others for users. `null`: unknown
    session: Option<u32>,
    /// whether it can do anything. `null`: unknown (Windows)
    state: Option<Code<RunState>>,
    /// the debugger of a process that is `traced`. `null`: none, or unknown
    tracer: Option<OtherProcessOut<'a>>,
    /// the folder that it works in, in its own view of the file system. `null`: unknown, or not read (Windows)
    cwd: Option<&'a str>,
    /// whether that folder was deleted since. `null`: `cwd` is `null`; macOS never says `true`
    cwd_deleted: Option<bool>,
    /// the first of `services`. `null`: `services` is empty
    service: Option<ProcessServiceOut<'a>>,
    /// the services that it belongs to. On Windows a process can run several
    #[serde(serialize_with = "each_service")]
    #[schemars(with = "Vec<ProcessServiceOut<'a>>")]
    services: &'a [ProcessService],
    /// what the file says about itself (Windows). `null`: it says nothing, could not be read, or is not a
    /// Windows program
    file_version: Option<FileVersionOut<'a>>,
    /// who signed the file (Windows). `null`: not verified, or it could not be. It is verified only for verdicts
    signature: Option<SignatureOut<'a>>,
    /// not `null` only if the process has ended and its socket is still open (Windows): the running processes
    /// that it started and that may have inherited the socket
    survivors: Option<Vec<OtherProcessOut<'a>>>,
    /// the container it runs in (Linux). `null`: none
    container: Option<ContainerOut<'a>>,
    /// the application it is part of. `null`: none
    application: Option<ApplicationOut<'a>>,
    /// where `docker-proxy` forwards to. `null`: not `docker-proxy`, or its command line could not be read
    forwards_to: Option<ForwardOut<'a>>,
    /// where `ssh` (`-L`, `-D`), `socat`, `kubectl` or `oc` forwards to by its command line, such as
    /// `lic01:27000`; several are joined by `, `. Nothing else of the command line is in it. `null`:
    /// it is none of these, or that is not known
    relays_to: Option<String>,
    /// what an interpreter (Python, Node.js, Java, Ruby, PHP, a shell and others) runs, as its command line says, which
    /// the process can choose. `null`: it is no interpreter, or that is not certain
    script: Option<ScriptOut<'a>>,
    /// the command line, a string for each argument. `null`: `--args` was not given, or it could not be read
    args: Option<&'a [String]>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Application")]
struct ApplicationOut<'a> {
    /// the kind of package
    kind: Code<ApplicationKind>,
    /// the name there, such as `firefox` or `org.mozilla.firefox`
    id: &'a str,
    /// whether a user could choose `id`, and not only root
    of_user: bool,
    /// the name of that user. `null`: there is none, or it has no name
    user: Option<&'a str>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Forward")]
struct ForwardOut<'a> {
    /// `tcp`, `udp` or `sctp`
    protocol: Code<Protocol>,
    /// the address
    address: Text<IpAddr>,
    /// the port
    port: u16,
    /// the container there. `null`: unknown
    container: Option<ContainerOut<'a>>,
    /// the listener there. `null`: unknown
    process: Option<OtherProcessOut<'a>>,
    /// whether anybody listens there. `null`: unknown
    listening: Option<bool>,
    /// where nobody does: who listens on the same port at other addresses only, such as 127.0.0.1. `null`:
    /// nobody
    elsewhere: Option<ElsewhereOut<'a>>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Script")]
pub(super) struct ScriptOut<'a> {
    /// what it is
    kind: Code<ScriptKind>,
    /// as the command line has it. `null`: `kind` is `code`
    name: Option<&'a str>,
}

/// Who listens on the port that it forwards to, at other addresses only.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Elsewhere")]
struct ElsewhereOut<'a> {
    /// these addresses
    addresses: Vec<Text<IpAddr>>,
    /// the listener there. `null`: unknown
    process: Option<OtherProcessOut<'a>>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "OtherProcess")]
pub(super) struct OtherProcessOut<'a> {
    /// the process ID
    pid: u32,
    /// the name of the process. `null`: unknown
    name: Option<&'a str>,
}

/// The version resource of the executable, which its maker can fill as they like.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Signature")]
struct SignatureOut<'a> {
    /// what the signature is worth
    state: Code<SignatureState>,
    /// the name in the certificate of the signer. `null`: `state` is `missing`
    signer: Option<&'a str>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "FileVersion")]
struct FileVersionOut<'a> {
    /// the company. `null`: the file does not say
    company: Option<&'a str>,
    /// the product. `null`: the file does not say
    product: Option<&'a str>,
    /// the file's original name. `null`: the file does not say
    original_name: Option<&'a str>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ProcessService")]
pub(super) struct ProcessServiceOut<'a> {
    /// who supervises it
    manager: Code<ServiceManager>,
    /// the name there: `nginx.service`, `com.apple.smbd`, `Dnscache`
    name: &'a str,
    /// the name that Windows shows for it, if different: `DNS Client`. Else `null`
    display_name: Option<&'a str>,
    /// the user whose own systemd it is (`systemd-user`). Else, or where that user has no name, `null`
    user: Option<&'a str>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Container")]
pub(super) struct ContainerOut<'a> {
    /// what runs it
    runtime: Code<Runtime>,
    /// the ID that the runtime gave it
    id: &'a str,
    /// the name that a person gave it (Docker and Podman, as root, for containers of root's). `null`: none, or
    /// unknown, as where the files of Docker are on a server
    name: Option<&'a str>,
    /// the image that it was made of, as the runtime names it, such as `nginx:1.25` (as for `name`). `null`: unknown
    image: Option<&'a str>,
    /// the UID of its Kubernetes pod. `null`: none
    pod: Option<&'a str>,
    /// whether it is a user's and not root's. That user could choose `runtime` and `id`
    rootless: bool,
    /// the name of that user. `null`: there is none, or it has no name
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
        exe_deleted: process.exe().and_then(|exe| exe.deleted),
        file_trust: process.exe().map(|exe| Code(exe.trust(process.uid))),
        uid: process.uid,
        user: process.user.as_deref().and_then(name_of_account),
        started_at: process.started_at.map(seconds),
        session: process.session,
        state: process.state.map(Code),
        tracer: process.tracer.as_ref().map(other_process),
        cwd: process.cwd.as_ref().map(|folder| folder.path.as_str()),
        cwd_deleted: process.cwd.as_ref().map(|folder| folder.deleted),
        service: process.services.first().map(process_service),
        services: &process.services,
        file_version: process.exe().and_then(|exe| exe.version.as_ref()).map(file_version),
        signature: process.exe().and_then(|exe| exe.signature.done()).map(|signature| SignatureOut {
            state: Code(signature.state),
            signer: signature.signer.as_deref(),
        }),
        survivors: match &process.presence {
            Presence::Ended { children } => Some(children.iter().map(other_process).collect()),
            Presence::Running(_) | Presence::Kernel | Presence::Vanished => None,
        },
        container: process.container.as_deref().map(container),
        application: process.application.as_ref().map(|Application { kind, id, user }| ApplicationOut {
            kind: Code(*kind),
            id,
            of_user: user.is_some(),
            user: user.as_deref().and_then(name_of_account),
        }),
        forwards_to: process.forward.as_ref().map(|forward| ForwardOut {
            protocol: Code(forward.protocol),
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
        relays_to: process.program().and_then(|program| program.relays_to.as_deref().map(relays_to)),
        script: script_of(process),
        args: process.program().and_then(|program| program.args.as_deref()),
    }
}

fn relays_to(targets: &[RelayTarget]) -> String {
    let targets: Vec<String> = targets.iter().map(RelayTarget::to_string).collect();
    targets.join(", ")
}

pub(super) fn process_service(service: &ProcessService) -> ProcessServiceOut<'_> {
    let ProcessService { manager, name, display_name, user } = service;
    ProcessServiceOut {
        manager: Code(*manager),
        name,
        display_name: display_name.as_deref(),
        user: user.as_deref().and_then(name_of_account),
    }
}

pub(super) fn other_process(ProcessRef { pid, name }: &ProcessRef) -> OtherProcessOut<'_> {
    OtherProcessOut { pid: *pid, name: name.as_deref() }
}

fn file_version(version: &FileVersion) -> FileVersionOut<'_> {
    FileVersionOut {
        company: version.company.as_deref(),
        product: version.product.as_deref(),
        original_name: version.original_name.as_deref(),
    }
}

pub(super) fn script_of(process: &Process) -> Option<ScriptOut<'_>> {
    let ClaimedScript { kind, name } = process.program()?.claimed_script.as_ref()?;
    Some(ScriptOut { kind: Code(*kind), name: name.as_deref() })
}

pub(super) fn container(container: &Container) -> ContainerOut<'_> {
    let Container { runtime, id, name, image, pod, user, nested: _ } = container;
    ContainerOut {
        runtime: Code(*runtime),
        id,
        name: name.as_deref(),
        image: image.as_deref(),
        pod: pod.as_deref(),
        rootless: user.is_some(),
        user: user.as_deref().and_then(name_of_account),
    }
}
