//! What a verdict rests on, a line each.

use super::license_port::LicensePort;
use crate::model::{Account, Executable, NotInspected, Os, Process};

/// About the lead and who holds the socket beside it; empty where no holder is visible.
pub(super) fn evidence(port: &LicensePort<'_>) -> Vec<String> {
    let Some(lead) = port.lead.map(|lead| lead.process) else { return Vec::new() };
    let os = port.socket.os;
    let mut evidence = Vec::new();
    if let Some(file) = lead.exe() {
        evidence.extend(of_file(file));
        evidence.extend(of_version(lead, file, os));
        let writers = file.writers.done().into_iter().flatten();
        let anyone = writers.filter(|writer| writer.account == Account::Everyone);
        evidence.extend(anyone.map(|writer| format!("any user can write to {}", writer.place)));
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
    evidence.extend(file.interpreter().map(|interpreter| format!("the file is {}", interpreter.name())));
    evidence.extend(file.texts().iter().map(|text| format!("the file contains “{text}”")));
    if file.deleted == Some(true) {
        evidence.push("the file was deleted or replaced after the process started".to_owned());
    }
    evidence.extend(file.writers.failed().or(file.contents.failed()).map(|why| {
        let why = match why {
            NotInspected::MayNotAnswer => "it is on a file system that may not answer",
            NotInspected::AnotherUserNamespace => "the process is in another user namespace",
            NotInspected::Unreadable => "it could not be opened",
            NotInspected::NotAtItsPath => "its path leads to another file, or to none",
            NotInspected::TimedOut => "it did not answer in time",
            NotInspected::TooLarge => "the list of the process's mounts or mapped files is too long",
        };
        format!("the file was not inspected: {why}")
    }));
    evidence
}

/// What the version resource says beyond the file's name.
fn of_version(lead: &Process, file: &Executable, os: Os) -> Vec<String> {
    let Some(version) = &file.version else { return Vec::new() };
    let made = version.company.as_ref().map(|company| format!("the file says that {company} made it"));
    let is_its_name =
        |original: &str| lead.exe_name(os).is_some_and(|exe| exe.eq_ignore_ascii_case(original));
    let other = version.program_name().filter(|original| !is_its_name(original));
    let other = other.map(|original| format!("the file says that it was originally {original}"));
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
