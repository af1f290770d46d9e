//! The listeners of a document.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::error::DocumentError;
use super::said::{Said, present};
use crate::model::{
    Checked, Executable, Exposure, License, Namespace, Owner, OwnerStatus, Pid, Presence, Process,
    ProcessService, Program, Protocol, Row, Service, ServiceManager, Severity, Socket, SocketId, State,
    Verdict,
};

/// The most processes in a document: more than a machine has.
const MOST_PROCESSES: usize = 100_000;

#[derive(Deserialize)]
pub(super) struct ListenerIn {
    protocol: Said<Protocol>,
    address: IpAddr,
    port: u16,
    #[serde(deserialize_with = "present")]
    interface: Option<String>,
    dual_stack: Option<bool>,
    state: Said<State>,
    exposure: Said<Exposure>,
    #[serde(deserialize_with = "present")]
    pub(super) namespace: Option<NamespaceIn>,
    #[serde(deserialize_with = "present")]
    uid: Option<u32>,
    #[serde(deserialize_with = "present")]
    user: Option<String>,
    owner_status: Said<OwnerStatus>,
    processes: Vec<ProcessIn>,
    service: Option<ServiceIn>,
    known_for_service: Option<bool>,
    #[serde(deserialize_with = "present")]
    license: Option<LicenseIn>,
}

#[derive(Deserialize)]
pub(super) struct NamespaceIn {
    inode: u64,
    name: Option<String>,
}

// What stands for a process is as long as all these names: a short text does not become many of them.
#[derive(Deserialize)]
struct ProcessIn {
    pid: Pid,
    #[serde(deserialize_with = "present")]
    name: Option<String>,
    #[serde(deserialize_with = "present")]
    exe: Option<String>,
    #[serde(deserialize_with = "present")]
    exe_confirmed: Option<bool>,
    exe_deleted: Option<bool>,
    #[serde(deserialize_with = "present")]
    uid: Option<u32>,
    #[serde(deserialize_with = "present")]
    user: Option<String>,
    #[serde(default)]
    services: Vec<ServiceOfProcessIn>,
    survivors: Option<Vec<IgnoredAny>>,
}

#[derive(Deserialize)]
struct ServiceOfProcessIn {
    manager: Said<ServiceManager>,
    name: String,
    display_name: Option<String>,
    user: Option<String>,
}

#[derive(Deserialize)]
struct ServiceIn {
    name: String,
    description: String,
}

#[derive(Deserialize)]
struct LicenseIn {
    verdict: Said<Verdict>,
    severity: Said<Severity>,
    reason: String,
}

/// Those that were read, each once: a holder of many sockets stands at each of them.
#[derive(Default)]
pub(super) struct Processes {
    known: HashMap<Pid, Vec<Arc<Process>>>,
    count: usize,
}

impl Processes {
    fn shared(&mut self, process: Process) -> Result<Arc<Process>, DocumentError> {
        let same = self.known.entry(process.pid).or_default();
        // Two of one id are possible only in a document that somebody made up.
        if let Some(known) = same.last().filter(|known| ***known == process) {
            return Ok(Arc::clone(known));
        }
        self.count += 1;
        if self.count > MOST_PROCESSES {
            return Err(DocumentError::TooManyProcesses { most: MOST_PROCESSES });
        }
        let process = Arc::new(process);
        same.push(Arc::clone(&process));
        Ok(process)
    }
}

impl ListenerIn {
    pub(super) fn row(self, at: usize, processes: &mut Processes) -> Result<Row, DocumentError> {
        let holders = self.processes.into_iter().map(|process| processes.shared(process.process()));
        let holders = holders.collect::<Result<Vec<_>, DocumentError>>()?;
        let mut holders = holders.into_iter();
        let owner = match (holders.next(), self.owner_status.0) {
            (Some(lead), _) => Owner::Identified { lead, others: holders.collect() },
            // It says that somebody is known, and not who.
            (None, OwnerStatus::Hidden | OwnerStatus::Identified) => Owner::Hidden,
            (None, OwnerStatus::Unattributed) => Owner::Unattributed,
        };
        let local = SocketAddr::new(self.address, self.port);
        Ok(Row {
            socket: Socket {
                interface: self.interface,
                dual_stack: self.dual_stack,
                assigned: (self.exposure.0 == Exposure::Unassigned).then_some(false),
                uid: self.uid,
                user: self.user,
                namespace: self.namespace.map(|NamespaceIn { inode, name }| Namespace { inode, name }),
                ..Socket::new(SocketId(at as u64), self.protocol.0, self.state.0, local)
            },
            owner,
            ancestors: Arc::default(),
            more_holders: false,
            in_flight_to: None,
            service: self.service.map(|ServiceIn { name, description }| Service { name, description }),
            known_for_service: self.known_for_service,
            exposure: self.exposure.0,
            assigned_to: None,
            license: self.license.map(LicenseIn::license),
            next: None,
            change: None,
        })
    }
}

impl ProcessIn {
    fn process(self) -> Process {
        let exe = self.exe.map(|path| Executable {
            path,
            path_confirmed: self.exe_confirmed.map_or(Checked::NotRequested, Checked::Done),
            deleted: self.exe_deleted,
            ..Executable::default()
        });
        let presence = match self.survivors {
            Some(_) => Presence::Ended { children: Vec::new() },
            None => Presence::Running(Program { exe, ..Program::default() }),
        };
        let services = self.services.into_iter().map(|service| ProcessService {
            manager: service.manager.0,
            name: service.name,
            display_name: service.display_name,
            user: service.user,
        });
        Process {
            pid: self.pid,
            name: self.name,
            presence,
            uid: self.uid,
            user: self.user.or_else(|| self.uid.map(|uid| uid.to_string())),
            services: services.collect(),
            ..Process::default()
        }
    }
}

impl LicenseIn {
    fn license(self) -> License {
        License {
            rule: "",
            managers: Vec::new(),
            verdict: self.verdict.0,
            severity: self.severity.0,
            reason: self.reason,
            expected: Vec::new(),
            evidence: Vec::new(),
            advice: None,
        }
    }
}
