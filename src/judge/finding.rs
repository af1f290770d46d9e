//! What is found of a holder, in words: a verdict, why, and what to do next.

use super::Subject;
use crate::knowledge::{Emulator, Technology};
use crate::model::{FileVersion, NotInspected, Os, Process, ProcessService, Severity, Verdict};

/// A verdict before it is part of a report.
pub(super) struct Finding {
    pub(super) verdict: Verdict,
    pub(super) severity: Severity,
    pub(super) reason: String,
    pub(super) advice: Option<String>,
}

impl Finding {
    fn new(verdict: Verdict, severity: Severity, reason: String, advice: Option<String>) -> Finding {
        Finding { verdict, severity, reason, advice }
    }

    fn cannot_tell(reason: String, advice: Option<String>) -> Finding {
        Finding::new(Verdict::CannotTell, Severity::Info, reason, advice)
    }
}

/// "a", "a or b", "a or b or c": which of them is meant cannot be told.
pub(super) fn list(words: impl Iterator<Item = String>) -> String {
    words.collect::<Vec<_>>().join(" or ")
}

pub(super) fn expected(reason: String) -> Finding {
    Finding::new(Verdict::Expected, Severity::Info, reason, None)
}

pub(super) fn hidden(managers: &str) -> Finding {
    Finding::cannot_tell(format!("the process that holds the port of {managers} cannot be seen"), None)
}

pub(super) fn unattributed(managers: &str) -> Finding {
    let advice = "It may belong to the kernel, or to a process of another PID namespace: look from the \
                  host, outside any container.";
    Finding::cannot_tell(format!("no process here owns this port of {managers}"), Some(advice.to_owned()))
}

pub(super) fn nameless(process: &Process) -> Finding {
    let name = process.name.as_deref().map_or(String::new(), |name| format!(" {name}"));
    let reason = format!(
        "the file that process {}{name} runs could not be read, and a name alone proves nothing",
        process.pid
    );
    Finding::cannot_tell(reason, None)
}

pub(super) fn kernel() -> Finding {
    let advice = "See for which program http.sys has it: netsh http show servicestate.";
    let reason =
        "the Windows kernel holds the port, for a driver such as http.sys: for which program does not show";
    Finding::cannot_tell(reason.to_owned(), Some(advice.to_owned()))
}

pub(super) fn ended(process: &Process) -> Finding {
    let reason = format!(
        "process {}, which opened the port, has ended: who holds it now does not show for certain",
        process.pid
    );
    let advice = "End the processes that it had started, if they are not needed, and look again.";
    Finding::cannot_tell(reason, Some(advice.to_owned()))
}

/// `makers` are the beginnings of the names of those who make what it seems to be, as far as they are known.
pub(super) fn other_maker(
    exe: &str,
    version: &FileVersion,
    what: &str,
    makers: &[&str],
    verdict: Verdict,
) -> Finding {
    let made = match (&version.company, &version.original_name) {
        (Some(company), Some(first)) => format!("{company} made it, as {first}"),
        (Some(company), None) => format!("{company} made it"),
        (None, first) => format!("it was made as {}, and not by whom", first.as_deref().unwrap_or_default()),
    };
    let who = match makers {
        [] => format!("who makes {what} is not known"),
        makers => {
            format!("{what} is made by {}", list(makers.iter().map(|maker| (*maker).to_owned())))
        }
    };
    let reason = format!("it is called {exe}, but its file says that {made}; {who}");
    let advice = format!("Find out who installed {exe}, and from where.");
    Finding::new(verdict, Severity::Warning, reason, Some(advice))
}

/// On a port that is nobody's, or others'.
pub(super) fn renamed_elsewhere(exe: &str, first: &str, what: &str) -> Finding {
    Finding::cannot_tell(
        format!(
            "{exe} says of itself that it was made as {first}: {what} under another name, on no port of its own"
        ),
        Some(format!("Find out who renamed it, and whether {exe} should listen here.")),
    )
}

pub(super) fn more_may_hold_it(seen: &Process) -> Finding {
    let name = seen.name.as_deref().unwrap_or("a process");
    let reason = format!("{name} is seen to hold it, and a process that cannot be seen may hold it too");
    Finding::cannot_tell(reason, None)
}

pub(super) fn shared(lead: &Process, stranger: &Process) -> Finding {
    let name = |process: &Process| process.name.clone().unwrap_or_else(|| process.pid.to_string());
    Finding::new(
        Verdict::CannotTell,
        Severity::Warning,
        format!("{} holds it, and so does {}, which it did not start", name(lead), name(stranger)),
        Some(format!("Find out why {} (PID {}) has it.", name(stranger), stranger.pid)),
    )
}

pub(super) fn wrapper(exe: &str, process: &Process, advice: &str, subject: Subject<'_>) -> Finding {
    if !process.services.is_empty() && subject.os == Os::Windows {
        let called =
            |service: &ProcessService| service.display_name.clone().unwrap_or_else(|| service.name.clone());
        let services = process.services.iter().map(called).collect::<Vec<_>>().join(" and ");
        let several = if process.services.len() > 1 { "one of its services" } else { "its service" };
        return Finding::cannot_tell(
            format!("{exe} holds the port for {several}, {services}, of which nothing is known here"),
            Some("Ask whether that service should be on this port.".to_owned()),
        );
    }
    Finding::cannot_tell(
        format!("{exe} holds the port for another program, which cannot be seen from here"),
        Some(
            advice
                .replace("PORT", &subject.local.port().to_string())
                .replace("PROTOCOL", subject.protocol.name())
                .replace("PID_OF_IT", &process.pid.to_string())
                + ".",
        ),
    )
}

/// What speaks against a file that has a name one would trust.
pub(super) fn doubt(exe: &str, process: &Process, managers: &str, port: u16) -> Option<Finding> {
    let file = process.exe()?;
    if let Some(interpreter) = file.interpreter {
        return Some(Finding::new(
            Verdict::Mismatch,
            Severity::Warning,
            format!("it is called {exe}, but the file is {} under another name", interpreter.name()),
            Some(format!(
                "Find out who made it look like a license manager, and what it runs: whatlistens --args {port}."
            )),
        ));
    }
    if file.not_inspected == Some(NotInspected::AnotherUserNamespace) {
        return Some(Finding::cannot_tell(
            format!(
                "it is called {exe}, but is in a user namespace of its own, where any user can make it look so"
            ),
            Some(format!("Find out who started it, and from which file: whatlistens {port}.")),
        ));
    }
    if let Some(place) = &file.replaceable_at {
        return Some(Finding::new(
            Verdict::CannotTell,
            Severity::Warning,
            format!("it is called {exe}, but any user of this machine can write to {place}"),
            Some(format!(
                "Find out who put it there, and install {managers} where only an administrator can write."
            )),
        ));
    }
    (file.deleted == Some(true)).then(|| {
        Finding::cannot_tell(
            format!("it was started from a file called {exe} that has since been deleted or replaced"),
            Some("Restart it, so that it runs the file that is there now, and look again.".to_owned()),
        )
    })
}

pub(super) fn emulator(exe: &str, emulator: &Emulator, emulated: &str) -> Finding {
    let what = match exe == emulator.name {
        true => exe.to_owned(),
        false => format!("{exe} runs {}, which", emulator.name),
    };
    Finding::new(
        Verdict::Mismatch,
        Severity::Critical,
        format!("{what} is a known emulator of {emulated}, and not its maker's license server"),
        Some("Find out who runs it and why. What it activates is not licensed by that.".to_owned()),
    )
}

pub(super) fn nothing_known(exe: &str, managers: &str, others_use_it: bool) -> Finding {
    Finding::cannot_tell(
        format!(
            "the port is registered for {managers}, and nothing is known of its right process, so {exe} \
             can be neither confirmed nor ruled out{}",
            remark(others_use_it)
        ),
        Some(format!("Ask whoever runs {exe} whether it should be on this port.")),
    )
}

pub(super) fn nothing_known_but(exe: &str, what: &str, managers: &str) -> Finding {
    let mut finding = nothing_known(exe, managers, false);
    finding.reason = format!(
        "{exe} belongs to {what}; the port is registered for {managers}, of whose right process nothing is known"
    );
    finding
}

pub(super) fn unknown_daemon(exe: &str, technology: &Technology, managers: &str) -> Finding {
    Finding::cannot_tell(
        format!(
            "the file of {exe} says that it is a daemon of {}, but the name is not one known for {managers}",
            technology.name
        ),
        Some(format!(
            "Compare {exe} with the VENDOR line of the license file, and see who started it: its parent \
             should be {}.",
            list(technology.servers.linux.iter().cloned())
        )),
    )
}

pub(super) fn other_manager(exe: &str, other: &str, managers: &str) -> Finding {
    Finding::new(
        Verdict::OtherLicenseManager,
        Severity::Info,
        format!("{exe} belongs to {other}; this is why {managers} cannot start here"),
        Some("Give one of the two another port in its license file or configuration.".to_owned()),
    )
}

fn remark(others_use_it: bool) -> &'static str {
    if others_use_it { "; the registry notes that others use this port number too" } else { "" }
}

/// `sure` where the registry gives the port to a manager of which more is known than its name;
/// `others_use_it` where the registry notes that others use the number too.
pub(super) fn mismatch(exe: &str, managers: &str, sure: bool, others_use_it: bool) -> Finding {
    let reason = format!("{exe} is not a process known for {managers}{}", remark(others_use_it));
    Finding::new(
        Verdict::Mismatch,
        if sure && !others_use_it { Severity::Warning } else { Severity::Info },
        reason,
        Some(format!(
            "If {managers} should run here, stop {exe} or move it to another port; if not, ask whoever \
             runs {exe} why it uses a license manager's port."
        )),
    )
}
