//! What a verdict rests on, a line each.

use super::license_port::LicensePort;
use crate::model::quoting::{quoted, quoted_account, quoted_path};
use crate::model::{
    Checked, CodeFile, Executable, FileTrust, Os, Process, Signature, SignatureState, Writer,
};

/// So many of the accounts that can write to one file are named.
const MOST_WRITERS: usize = 5;

/// About the lead and who holds the socket beside it; empty where no holder is visible.
pub(super) fn evidence(port: &LicensePort<'_>) -> Vec<String> {
    let Some(lead) = port.lead.map(|lead| lead.process) else { return Vec::new() };
    let os = port.socket.os;
    let mut evidence = Vec::new();
    if let Some(file) = lead.exe() {
        evidence.extend(of_file(file));
        evidence.extend(of_version(lead, file, os));
        evidence.extend(of_signature(file));
        // What is known of another file's path says nothing about this one.
        if file.trust(lead.uid) != FileTrust::Unknown {
            evidence.extend(of_writers("the file", &file.writers, lead, os));
        }
    }
    evidence.extend(service(port, lead));
    let program = lead.program();
    let interpreted = program.and_then(|program| program.interpreted.as_ref());
    evidence.extend(interpreted.map(|id| format!("its command line names {id}")));
    let script = program.and_then(|program| program.script.as_ref());
    evidence.extend(script.into_iter().flat_map(|script| of_code("it runs", script, lead, os)));
    // Of all files that are loaded, the first that is in doubt is in the reason.
    let loaded = program.and_then(|program| program.loaded.done()?.first());
    evidence.extend(loaded.into_iter().flat_map(|file| of_code("it also runs the code in", file, lead, os)));
    evidence.extend(port.vouched_for().into_iter().map(|whom| format!("you vouch for {whom}")));
    evidence.extend(another_name(lead, os));
    evidence.extend(parent(port, lead));
    let others = port.others.iter().filter_map(|process| Some((process.name.as_ref()?, process.pid)));
    evidence.extend(others.map(|(name, pid)| format!("also held by {} (PID {pid})", quoted(name))));
    evidence
}

/// About a proxy, and about the process behind it, whose verdict it has.
pub(super) fn of_both(port: &LicensePort<'_>, behind: &LicensePort<'_>) -> Vec<String> {
    let forward = port.lead.and_then(|lead| lead.process.forward.as_deref());
    let process = behind.lead.map(|lead| lead.process.called());
    let to = forward.zip(process).map(|(forward, process)| {
        let container =
            forward.container.as_ref().map(|container| format!(" in container {}", container.called()));
        format!("forwards to {}, where {process} listens{}", forward.to, container.unwrap_or_default())
    });
    evidence(port).into_iter().chain(to).chain(evidence(behind)).collect()
}

fn of_file(file: &Executable) -> Vec<String> {
    let mut evidence = vec![match file.path_confirmed {
        _ if file.is_in_memory() => {
            format!("runs a file that is in memory alone, {}", quoted_path(&file.path))
        }
        Checked::Done(false) => {
            format!("calls itself {}, but that path leads to another file", quoted_path(&file.path))
        }
        Checked::Done(true) | Checked::NotRequested | Checked::Failed(_) => {
            format!("exe {}", quoted_path(&file.path))
        }
    }];
    evidence.extend(file.interpreter().map(|interpreter| format!("the file is {}", interpreter.name())));
    evidence.extend(file.texts().iter().map(|text| format!("the file contains “{text}”")));
    if file.deleted == Some(true) && !file.is_in_memory() {
        evidence.push("the file was deleted or replaced after the process started".to_owned());
    }
    let why = file.writers.failed().or(file.contents.failed());
    evidence.extend(why.map(|why| format!("the file was not inspected: {}", why.in_words())));
    evidence
}

/// Who can write to a file, where that was established.
fn of_writers(what: &str, writers: &Checked<Vec<Writer>>, lead: &Process, os: Os) -> Vec<String> {
    let Some(found) = writers.done() else { return Vec::new() };
    if FileTrust::of(writers, lead.uid) == FileTrust::System {
        return vec![format!("only {} can replace {what}", os.administrators())];
    }
    let (named, more) = found.split_at(found.len().min(MOST_WRITERS));
    let named = named.iter().map(|Writer { account, place, .. }| {
        format!("{} can write to {}", account.called(), quoted_path(place))
    });
    let more = (!more.is_empty()).then(|| format!("{} more accounts or places", more.len()));
    named.chain(more).collect()
}

fn of_code(how: &str, file: &CodeFile, lead: &Process, os: Os) -> Vec<String> {
    let mut evidence = vec![format!("{how} {}", quoted_path(&file.path))];
    evidence.extend(of_writers(&file.path, &file.writers, lead, os));
    let why = file.writers.failed();
    evidence
        .extend(why.map(|why| format!("{} was not inspected: {}", quoted_path(&file.path), why.in_words())));
    evidence
}

/// What the version resource says beyond the file's name.
fn of_version(lead: &Process, file: &Executable, os: Os) -> Vec<String> {
    let Some(version) = &file.version else { return Vec::new() };
    let made = version
        .company
        .as_ref()
        .map(|company| format!("the file says that {} made it", quoted_account(company)));
    let is_its_name =
        |original: &str| lead.exe_name(os).is_some_and(|exe| exe.eq_ignore_ascii_case(original));
    let other = version.program_name().filter(|original| !is_its_name(original));
    let other = other.map(|original| format!("the file says that it was originally {}", quoted(&original)));
    made.into_iter().chain(other).collect()
}

/// Who signed it. Other content may have taken its place since the process started: it is a line of evidence, and no more.
fn of_signature(file: &Executable) -> Option<String> {
    let Signature { state, signer } = file.signature.done()?;
    let signer = signer.as_deref().map_or("somebody unknown".into(), quoted_account);
    Some(match state {
        SignatureState::Valid => format!("the file is signed by {signer}"),
        SignatureState::Altered => format!("the file does not fit its signature, which names {signer}"),
        SignatureState::Unverified => {
            format!("the file is signed by {signer}, which this machine cannot verify")
        }
        SignatureState::Missing => "the file has no signature".to_owned(),
    })
}

fn service(port: &LicensePort<'_>, lead: &Process) -> Option<String> {
    let known = port.claims.managers.iter().flat_map(|manager| &manager.windows.services);
    let mut known = known.filter(|known| lead.services.iter().any(|service| service.name == **known));
    known.next().map(|service| format!("it runs as the service {service}"))
}

fn another_name(lead: &Process, os: Os) -> Option<String> {
    let (exe, short) = (lead.exe_name(os)?, lead.short_name.as_ref()?);
    (!exe.starts_with(short.as_str())).then(|| format!("calls itself {}", quoted(short)))
}

fn parent(port: &LicensePort<'_>, lead: &Process) -> Option<String> {
    let parent = port.socket.parent.filter(|parent| lead.ppid == Some(parent.pid))?;
    Some(format!("parent {} (PID {})", quoted(parent.name.as_ref()?), parent.pid))
}
