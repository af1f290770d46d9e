//! What the interfaces of Windows answer: each by itself, so that a report shows which of them is missing.

use std::time::Duration;

use sysinfo::System;

use super::super::ScanScope;
use super::super::deadline::Deadline;
use super::super::decode::windows::http_services;
use super::super::decode::windows::socket_tables::{ListedSocket, Table};
use super::super::in_words;
use super::super::probe::Probe;
use super::super::users::Users;
use super::processes::Processes;
use super::service_tag::ServiceTags;
use super::sockets::{tables, witness};
use super::{accounts, devices, file_security, firewall, kernel_ports, netsh, signature};
use crate::model::phrase::counted;
use crate::model::{Checked, NotInspected, Os, Protocol};

const TABLES: [(Table, &str, &str); 4] = [
    (Table::Tcp4, "TCP table, IPv4 (OWNER_MODULE)", "the same by netstat2"),
    (Table::Tcp6, "TCP table, IPv6 (OWNER_MODULE)", "the same by netstat2"),
    (Table::Udp4, "UDP table, IPv4 (OWNER_MODULE)", "the same by netstat2"),
    (Table::Udp6, "UDP table, IPv6 (OWNER_MODULE)", "the same by netstat2"),
];

pub(in crate::os) fn self_test(deadline: Duration) -> Vec<Probe> {
    let mut probes = vec![
        Probe::new("version", System::long_os_version().map_err(|error| error.to_string())),
        Probe::new(
            "rights",
            Ok(if accounts::privileged() { "administrator" } else { "ordinary user" }.to_owned()),
        ),
        Probe::new("drives (QueryDosDevice)", Ok(devices::devices().drives.len().to_string())),
    ];
    let mut sockets = Vec::new();
    for (table, own, by_netstat2) in TABLES {
        let read = tables::read(table);
        probes.push(Probe::new(own, read.as_ref().map(|rows| described(rows)).map_err(Clone::clone)));
        sockets.extend(read.unwrap_or_default());
        let witness = witness::read(table, &mut None);
        probes.push(Probe::new(by_netstat2, witness.map(|rows| counted(rows.len(), "row"))));
    }
    for (table, asked) in [
        (Table::Bound4, "bound sockets, IPv4 (InternalGetBoundTcpEndpointTable)"),
        (Table::Bound6, "bound sockets, IPv6 (InternalGetBoundTcp6EndpointTable)"),
    ] {
        probes.push(Probe::new(asked, tables::bound(table).map(|rows| counted(rows.len(), "row"))));
    }
    match Processes::open() {
        Ok(processes) => probes.extend(of_processes(&processes, &sockets)),
        Err(error) => probes.push(Probe::new("process list", Err(in_words(&error)))),
    }
    probes.extend(of_own_file(deadline));
    probes.extend(of_netsh());
    probes
}

fn described(rows: &[ListedSocket]) -> String {
    let with = |has: fn(&&ListedSocket) -> bool| rows.iter().filter(has).count();
    format!(
        "{}; {} with a time, {} with a service tag, {} with a process",
        counted(rows.len(), "row"),
        with(|row| row.bound_at.is_some()),
        with(|row| row.service_tag.is_some()),
        with(|row| row.socket.key.is_some()),
    )
}

fn of_processes(processes: &Processes, sockets: &[ListedSocket]) -> Vec<Probe> {
    let counts = processes.counts();
    let mut probes = vec![
        Probe::new(
            "process list (SystemProcessInformation)",
            Ok(format!("{} processes, {} with a start time", counts.running, counts.started)),
        ),
        Probe::new("files (SystemProcessIdInformation)", Ok(format!("of {} processes", counts.files))),
        Probe::new(
            "opened (PROCESS_QUERY_LIMITED_INFORMATION)",
            Ok(format!(
                "{} processes, {} with an account, {} with a command line",
                counts.opened, counts.accounts, counts.args
            )),
        ),
    ];
    let services = processes.services();
    probes.push(Probe::new(
        "services (EnumServicesStatusEx)",
        match services {
            Ok(services) => {
                let all = services.all();
                let configured = all.iter().filter(|one| services.config(&one.name).is_some()).count();
                let running = all.iter().filter(|one| one.pid.is_some()).count();
                Ok(format!(
                    "{}, {running} running, {configured} with a configuration",
                    counted(all.len(), "service")
                ))
            }
            Err(error) => Err(in_words(error)),
        },
    ));
    let tagged: Vec<_> = sockets.iter().filter_map(|one| Some((one.socket.key?, one.service_tag?))).collect();
    let tags = ServiceTags::open();
    probes.push(Probe::new(
        "service tags (I_QueryTagInformation)",
        match tags.is_there() {
            true => {
                let named = tagged.iter().filter(|&&(pid, tag)| tags.name(pid, tag).is_some()).count();
                Ok(format!("{named} of {} have a name", tagged.len()))
            }
            false => Err("this Windows does not export it".to_owned()),
        },
    ));
    probes
}

/// What is asked about the file of a license server, asked about this program's own.
fn of_own_file(deadline: Duration) -> Vec<Probe> {
    let own = match std::env::current_exe() {
        Ok(own) => own,
        Err(error) => return vec![Probe::new("own file", Err(in_words(&error)))],
    };
    let why = |why: Option<NotInspected>| Err(why.map_or("not asked", NotInspected::in_words).to_owned());
    let users = Users::new(&ScanScope { deadline, ..ScanScope::default() });
    let writers = file_security::writers(&own, &users);
    let path = own.display().to_string();
    let signatures = signature::signatures(vec![own], Deadline::after(deadline));
    let asked = firewall::Asked { program: path, protocol: Protocol::Tcp, port: 27000, is_ipv6: false };
    let (answers, refusal) = firewall::answers(vec![asked], Deadline::after(deadline));
    vec![
        Probe::new(
            "permissions (GetFileSecurity), of this program's file",
            match &writers {
                Checked::Done(writers) => {
                    Ok(format!("{} besides {}", writers.len(), Os::Windows.administrators()))
                }
                other => why(other.failed()),
            },
        ),
        Probe::new(
            "signature (WinVerifyTrust), of this program's file",
            match signatures.first() {
                Some(Checked::Done(signature)) => Ok(signature.state.code().to_owned()),
                other => why(other.and_then(Checked::failed)),
            },
        ),
        Probe::new(
            "Windows Firewall (INetFwMgr), for TCP 27000 of this program",
            match answers.first().copied().flatten() {
                Some(answer) => Ok(answer.code().to_owned()),
                None => Err(refusal.map_or("it did not say".to_owned(), |why| why.trim().to_owned())),
            },
        ),
    ]
}

fn of_netsh() -> Vec<Probe> {
    let netsh::Answer { excluded, unanswered } = netsh::excluded_ports();
    let proxies = kernel_ports::proxies_of("v4tov4").map_or(0, |key| key.values().len());
    vec![
        Probe::new(
            "reserved ports (netsh interface show excludedportrange)",
            match unanswered.is_empty() {
                true => Ok(counted(excluded.len(), "range")),
                false => Err(unanswered.join("; ")),
            },
        ),
        Probe::new(
            "http.sys (netsh http show servicestate)",
            netsh::http_services().map(|printed| {
                let urls = http_services::urls(&printed);
                let known = urls.iter().filter(|url| !url.pids.is_empty()).count();
                format!("{}, {known} with a process", counted(urls.len(), "URL"))
            }),
        ),
        Probe::new("port proxies (registry, v4tov4)", Ok(proxies.to_string())),
    ]
}
