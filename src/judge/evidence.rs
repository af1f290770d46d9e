//! What a verdict rests on, a line each.

use super::license_port::LicensePort;
use crate::model::{Executable, NotInspected, Os, Process};

/// The evidence about the lead; empty where no holder is visible.
pub(super) fn evidence(port: &LicensePort<'_>) -> Vec<String> {
    let Some(lead) = port.lead.map(|lead| lead.process) else { return Vec::new() };
    let os = port.socket.os;
    let mut evidence = Vec::new();
    if let Some(file) = lead.exe() {
        evidence.extend(of_file(file));
        evidence.extend(of_version(lead, file, os));
        evidence.extend(file.replaceable_at.as_ref().map(|place| format!("any user can write to {place}")));
    }
    evidence.extend(service(port, lead));
    let interpreted = lead.program().and_then(|program| program.interpreted.as_ref());
    evidence.extend(interpreted.map(|id| format!("its command line names {id}")));
    evidence.extend(another_name(lead, os));
    evidence.extend(parent(port, lead));
    let others = port.others.iter().filter_map(|process| Some((process.name.as_ref()?, process.pid)));
    evidence.extend(others.map(|(name, pid)| format!("also held by {name} (PID {pid})")));
    evidence
}

fn of_file(file: &Executable) -> Vec<String> {
    let mut evidence = vec![format!("exe {}", file.path)];
    evidence.extend(file.interpreter.map(|interpreter| format!("the file is {}", interpreter.name())));
    evidence.extend(file.texts.iter().map(|text| format!("the file says “{text}”")));
    if file.deleted == Some(true) {
        evidence.push("the file was deleted or replaced since it started".to_owned());
    }
    evidence.extend(file.not_inspected.map(|why| {
        let why = match why {
            NotInspected::MayNotAnswer => "it lies on a server that may not answer",
            NotInspected::AnotherUserNamespace => "it is in another user namespace",
            NotInspected::Unreadable => "it could not be opened",
        };
        format!("the file was not looked at: {why}")
    }));
    evidence
}

/// What the file says of itself, where its name does not say it too.
fn of_version(lead: &Process, file: &Executable, os: Os) -> Vec<String> {
    let Some(version) = &file.version else { return Vec::new() };
    let made = version.company.as_ref().map(|company| format!("the file says that {company} made it"));
    let is_its_name = |first: &str| lead.exe_name(os).is_some_and(|exe| exe.eq_ignore_ascii_case(first));
    let other = version.program_name().filter(|first| !is_its_name(first));
    let other = other.map(|first| format!("the file says that it was made as {first}"));
    made.into_iter().chain(other).collect()
}

fn service(port: &LicensePort<'_>, lead: &Process) -> Option<String> {
    let known = port.claims.managers.iter().flat_map(|manager| &manager.windows.services);
    let mut known = known.filter(|known| lead.services.iter().any(|service| service.name == **known));
    known.next().map(|service| format!("it runs as the service {service}"))
}

fn another_name(lead: &Process, os: Os) -> Option<String> {
    let (exe, short) = (lead.exe_name(os)?, lead.short_name.as_ref()?);
    (!exe.starts_with(short.as_str())).then(|| format!("calls itself {short}"))
}

fn parent(port: &LicensePort<'_>, lead: &Process) -> Option<String> {
    let parent = port.socket.parent.filter(|parent| lead.ppid == Some(parent.pid))?;
    Some(format!("parent {} (PID {})", parent.name.as_ref()?, parent.pid))
}
