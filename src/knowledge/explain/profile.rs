//! What is known, in the form of an explanation.

use crate::knowledge::{Belief, Emulator, LicenseManager, Licenses, PortClaims, RegisteredTo};
use crate::knowledge::{Entry, LicenseBasis, Registry};
use crate::model::{
    Confidence, Correction, EmulatorFacts, ManagerFacts, ManagerPort, ManagerProcesses, Os, PortRole,
    Protocol, RegisteredService,
};

/// How to keep any license server safe.
const SAFETY: &str = "Let only the machines that use its licenses reach it, never the Internet. Bind it to \
                      one address if it can do that, or open the firewall only for those machines.";
const HEALTHY: &str = "Nothing is known about it. The person who runs a program on this port should be able \
                       to say what it is for.";

/// The services of these entries. The registry has an entry for each protocol of a service.
pub(super) fn services<'a>(entries: impl Iterator<Item = Entry<'a>>) -> Vec<RegisteredService> {
    let mut services: Vec<RegisteredService> = Vec::new();
    for entry in entries {
        let same = |known: &&mut RegisteredService| {
            known.ports == entry.ports && known.name == entry.name && known.description == entry.description
        };
        let protocol = entry.protocol.map(str::to_owned);
        if let Some(known) = services.iter_mut().find(same) {
            known.protocols.extend(protocol);
            known.unauthorized_use |= entry.unauthorized_use;
            continue;
        }
        services.push(RegisteredService {
            ports: entry.ports,
            protocols: protocol.into_iter().collect(),
            name: entry.name.to_owned(),
            description: entry.description.to_owned(),
            alias: entry.alias,
            unauthorized_use: entry.unauthorized_use,
            license: entry.license.is_some(),
        });
    }
    services
}

pub(super) fn correction(licenses: &Licenses, belief: &Belief) -> Correction {
    Correction {
        port: belief.port,
        claim: belief.claim.clone(),
        fact: belief.fact.clone(),
        sources: licenses.cited(&belief.sources),
    }
}

pub(super) fn emulator_facts(licenses: &Licenses, emulator: &Emulator) -> EmulatorFacts {
    let mut files: Vec<String> = Vec::new();
    let executables = Os::ALL.into_iter().flat_map(|os| emulator.executables.on(os));
    for file in executables.chain(&emulator.scripts) {
        if !files.contains(file) {
            files.push(file.clone());
        }
    }
    files.extend(emulator.folders.iter().map(|folder| format!("{folder}/")));
    EmulatorFacts {
        id: emulator.id.clone(),
        name: emulator.name.clone(),
        emulates: licenses.manager(&emulator.emulates).map_or(String::new(), LicenseManager::called),
        files,
        note: emulator.note.clone(),
        sources: licenses.cited(&emulator.sources),
    }
}

pub(super) fn manager_facts(
    licenses: &Licenses,
    registry: Registry<'_>,
    manager: &LicenseManager,
) -> ManagerFacts {
    let technology = licenses.technology_of(manager);
    let processes = Os::ALL.into_iter().map(|os| match technology {
        Some(technology) => ManagerProcesses {
            os,
            servers: technology.servers.on(os).to_vec(),
            daemons: manager.executables.on(os).to_vec(),
        },
        None => ManagerProcesses { os, servers: manager.executables.on(os).to_vec(), daemons: Vec::new() },
    });
    let mut sources = licenses.sources_of(manager);
    sources.extend(technology.map(|technology| licenses.cited(&technology.sources)).into_iter().flatten());
    dedup(&mut sources);
    let mut companies = manager.windows.companies.clone();
    companies.extend(technology.iter().flat_map(|technology| technology.companies.iter().cloned()));
    dedup(&mut companies);
    let or = |own: &Option<String>, shared: Option<&String>, else_: &str| {
        own.clone().or_else(|| shared.cloned()).unwrap_or_else(|| else_.to_owned())
    };
    ManagerFacts {
        id: manager.id.clone(),
        vendor: manager.vendor.clone(),
        product: manager.product.clone(),
        technology: technology.map(|technology| technology.name.clone()),
        confidence: manager.confidence,
        ports: manager
            .ports
            .iter()
            .map(|known| ManagerPort {
                range: known.range,
                protocols: known.protocols.clone(),
                role: known.role,
            })
            .collect(),
        processes: processes.filter(|p| !p.servers.is_empty() || !p.daemons.is_empty()).collect(),
        windows_services: manager.windows.services.clone(),
        windows_companies: companies,
        clients: manager.clients,
        note: manager.note.clone(),
        healthy: or(&manager.healthy, technology.map(|technology| &technology.healthy), HEALTHY),
        safety: or(&manager.safety, technology.map(|technology| &technology.safety), SAFETY),
        unsure: unsure(licenses, registry, manager),
        sources,
    }
}

/// What is uncertain about a manager: how its facts are known, and to whom the registry gives its ports.
fn unsure(licenses: &Licenses, registry: Registry<'_>, manager: &LicenseManager) -> String {
    let mut unsure = match manager.confidence {
        Confidence::High => "From the vendor's own documents, or from the program's files.",
        Confidence::Medium => {
            "From second-hand sources, or inferred from the vendor's documents. A program that is not \
             listed here may still be right."
        }
        Confidence::RegistryOnly => {
            "Only from a name in the registry, or from hearsay, so no process gets a warning on this basis."
        }
    }
    .to_owned();
    let mut remarks = Vec::new();
    for range in manager.ports.iter().filter_map(|known| known.range) {
        let claims = PortClaims::of(range.first, None, licenses, registry);
        let remark = match claims.registered {
            RegisteredTo::Other(entry) => {
                format!(" The registry assigns {range} to {}, not to this license manager.", entry.name)
            }
            RegisteredTo::Nobody => format!(" The registry assigns {range} to nobody."),
            RegisteredTo::License(entry) if entry.license == Some(LicenseBasis::ByName) => {
                format!(" For {range} the registry has only the name {}.", entry.name)
            }
            RegisteredTo::License(_) => continue,
        };
        if !remarks.contains(&remark) {
            unsure += &remark;
            remarks.push(remark);
        }
    }
    unsure
}

/// A license manager that only the registry knows.
pub(super) fn registered_only(
    entry: Entry<'_>,
    claims: &PortClaims<'_>,
    registry: Registry<'_>,
) -> ManagerFacts {
    let reported = claims.managers_reported().remove(0);
    let same = registry.of_name(entry.name).filter(|other| other.ports == entry.ports);
    let protocols: Vec<Protocol> = same.filter_map(|e| Protocol::from_name(e.protocol?)).collect();
    let protocols = if protocols.is_empty() { vec![Protocol::Tcp, Protocol::Udp] } else { protocols };
    ManagerFacts {
        id: reported.id,
        vendor: None,
        product: reported.product,
        technology: None,
        confidence: Confidence::RegistryOnly,
        ports: vec![ManagerPort { range: Some(entry.ports), protocols, role: PortRole::Server }],
        processes: Vec::new(),
        windows_services: Vec::new(),
        windows_companies: Vec::new(),
        clients: false,
        note: reported.note,
        healthy: HEALTHY.to_owned(),
        safety: SAFETY.to_owned(),
        unsure:
            "Only the registry lists it. Which programs belong to it, and whether it is still in use, is \
                 not known."
                .to_owned(),
        sources: vec![format!("IANA {} {}", entry.ports, entry.name)],
    }
}

fn dedup(texts: &mut Vec<String>) {
    let mut seen = std::collections::BTreeSet::new();
    texts.retain(|text| seen.insert(text.clone()));
}
