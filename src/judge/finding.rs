//! What is found of a holder, in words: a verdict, why, and what to do next.

use super::HeldSocket;
use crate::knowledge::{Emulator, Technology};
use crate::model::{FileVersion, Interpreter, Pid, Process, ProcessService, Severity, Verdict};

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

    fn expected(reason: String) -> Finding {
        Finding::new(Verdict::Expected, Severity::Info, reason, None)
    }

    fn cannot_tell(reason: String, advice: Option<String>) -> Finding {
        Finding::new(Verdict::CannotTell, Severity::Info, reason, advice)
    }
}

pub(super) fn owner_hidden(managers: &str) -> Finding {
    Finding::cannot_tell(format!("the process that holds the port of {managers} cannot be seen"), None)
}

pub(super) fn owner_unattributed(managers: &str) -> Finding {
    let advice = "It may belong to the kernel, or to a process of another PID namespace: look from the \
                  host, outside any container.";
    Finding::cannot_tell(format!("no process here owns this port of {managers}"), Some(advice.to_owned()))
}

pub(super) fn more_holders_possible(seen: &Process) -> Finding {
    let name = seen.name.as_deref().unwrap_or("a process");
    let reason = format!("{name} is seen to hold it, and a process that cannot be seen may hold it too");
    Finding::cannot_tell(reason, None)
}

pub(super) fn shared_with_stranger(lead: &Process, stranger: &Process) -> Finding {
    let name = |process: &Process| process.name.clone().unwrap_or_else(|| process.pid.to_string());
    Finding::new(
        Verdict::CannotTell,
        Severity::Warning,
        format!("{} holds it, and so does {}, which it did not start", name(lead), name(stranger)),
        Some(format!("Find out why {} (PID {}) has it.", name(stranger), stranger.pid)),
    )
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

pub(super) fn file_unreadable(process: &Process) -> Finding {
    let name = process.name.as_deref().map_or(String::new(), |name| format!(" {name}"));
    let reason = format!(
        "the file that process {}{name} runs could not be read, and a name alone proves nothing",
        process.pid
    );
    Finding::cannot_tell(reason, None)
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

pub(super) fn disguised_interpreter(exe: &str, interpreter: Interpreter, port: u16) -> Finding {
    Finding::new(
        Verdict::Mismatch,
        Severity::Warning,
        format!("it is called {exe}, but the file is {} under another name", interpreter.name()),
        Some(format!(
            "Find out who made it look like a license manager, and what it runs: whatlistens --args {port}."
        )),
    )
}

pub(super) fn user_namespace(exe: &str, port: u16) -> Finding {
    Finding::cannot_tell(
        format!(
            "it is called {exe}, but is in a user namespace of its own, where any user can make it look so"
        ),
        Some(format!("Find out who started it, and from which file: whatlistens {port}.")),
    )
}

pub(super) fn replaceable_file(exe: &str, place: &str, managers: &str) -> Finding {
    Finding::new(
        Verdict::CannotTell,
        Severity::Warning,
        format!("it is called {exe}, but any user of this machine can write to {place}"),
        Some(format!(
            "Find out who put it there, and install {managers} where only an administrator can write."
        )),
    )
}

pub(super) fn deleted_file(exe: &str) -> Finding {
    Finding::cannot_tell(
        format!("it was started from a file called {exe} that has since been deleted or replaced"),
        Some("Restart it, so that it runs the file that is there now, and look again.".to_owned()),
    )
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
        makers => format!("{what} is made by {}", list(makers, "or")),
    };
    let reason = format!("it is called {exe}, but its file says that {made}; {who}");
    let advice = format!("Find out who installed {exe}, and from where.");
    Finding::new(verdict, Severity::Warning, reason, Some(advice))
}

/// On a port that is nobody's, or others'.
pub(super) fn renamed_off_port(exe: &str, first: &str, what: &str) -> Finding {
    Finding::cannot_tell(
        format!(
            "{exe} says of itself that it was made as {first}: {what} under another name, on no port of its own"
        ),
        Some(format!("Find out who renamed it, and whether {exe} should listen here.")),
    )
}

pub(super) fn right_program(exe: &str, managers: &str, by: &str, serving: &str) -> Finding {
    Finding::expected(format!("{exe} is a process known for {managers}{by}{serving}"))
}

/// `what` is whose daemon it is, `managers` whose ports are those of the whole technology.
pub(super) fn any_vendor_port(exe: &str, what: &str, managers: &str, by: &str) -> Finding {
    Finding::expected(format!("{exe} belongs to {what}, which may use the ports of {managers}{by}"))
}

pub(super) fn unlisted_daemon(exe: &str, technology: &Technology, managers: &str) -> Finding {
    Finding::cannot_tell(
        format!(
            "the file of {exe} says that it is a daemon of {}, but the name is not one known for {managers}",
            technology.name
        ),
        Some(format!(
            "Compare {exe} with the VENDOR line of the license file, and see who started it: its parent \
             should be {}.",
            list(&technology.servers.linux, "or")
        )),
    )
}

pub(super) fn service_host(exe: &str, services: &[ProcessService]) -> Finding {
    let called =
        |service: &ProcessService| service.display_name.clone().unwrap_or_else(|| service.name.clone());
    let names = list(&services.iter().map(called).collect::<Vec<_>>(), "and");
    let several = if services.len() > 1 { "one of its services" } else { "its service" };
    Finding::cannot_tell(
        format!("{exe} holds the port for {several}, {names}, of which nothing is known here"),
        Some("Ask whether that service should be on this port.".to_owned()),
    )
}

/// `advice` with `PORT`, `PROTOCOL` and `PID_OF_IT` to be filled in.
pub(super) fn wrapper(exe: &str, pid: Pid, advice: &str, socket: &HeldSocket<'_>) -> Finding {
    Finding::cannot_tell(
        format!("{exe} holds the port for another program, which cannot be seen from here"),
        Some(
            advice
                .replace("PORT", &socket.local.port().to_string())
                .replace("PROTOCOL", socket.protocol.name())
                .replace("PID_OF_IT", &pid.to_string())
                + ".",
        ),
    )
}

pub(super) fn no_program_known(exe: &str, managers: &str, others_use_it: bool) -> Finding {
    Finding::cannot_tell(
        format!(
            "the port is registered for {managers}, and nothing is known of its right process, so {exe} \
             can be neither confirmed nor ruled out{}",
            remark(others_use_it)
        ),
        Some(format!("Ask whoever runs {exe} whether it should be on this port.")),
    )
}

pub(super) fn no_program_known_but(exe: &str, what: &str, managers: &str) -> Finding {
    let mut finding = no_program_known(exe, managers, false);
    finding.reason = format!(
        "{exe} belongs to {what}; the port is registered for {managers}, of whose right process nothing is known"
    );
    finding
}

pub(super) fn other_manager(exe: &str, other: &str, by: &str, managers: &str) -> Finding {
    Finding::new(
        Verdict::OtherLicenseManager,
        Severity::Info,
        format!("{exe} belongs to {other}{by}; this is why {managers} cannot start here"),
        Some("Give one of the two another port in its license file or configuration.".to_owned()),
    )
}

pub(super) fn server_on_chosen_port(exe: &str, what: &str) -> Finding {
    Finding::expected(format!(
        "{exe} is the {what}, which listens wherever its license file or configuration says"
    ))
}

pub(super) fn chosen_port(exe: &str, what: &str, by: &str, serving: &str) -> Finding {
    Finding::expected(format!("{exe} belongs to {what}{by}{serving}"))
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

fn remark(others_use_it: bool) -> &'static str {
    if others_use_it { "; the registry notes that others use this port number too" } else { "" }
}

/// What follows whose daemon a process is: the license server that started it.
pub(super) fn started_by(starter: Option<&Process>) -> String {
    let started_by = |parent: &Process| {
        format!(", started by {} (PID {})", parent.name.as_deref().unwrap_or_default(), parent.pid)
    };
    starter.map_or(String::new(), started_by)
}

/// What follows that a process is right: present is not serving.
pub(super) fn serving_whom(is_helper: bool, runs_for_clients: bool, is_loopback: bool) -> String {
    let remark = match (is_helper, runs_for_clients, is_loopback) {
        (true, _, _) => "; it is a helper of the programs that use licenses, and no license server",
        (false, true, true) => {
            "; bound to loopback, it serves the programs of this machine alone, as it does wherever \
             licenses are used"
        }
        (false, true, false) => {
            "; it also runs where licenses are only used, so this need not be a license server"
        }
        (false, false, _) => "",
    };
    remark.to_owned()
}

/// "a", "a or b", "a or b or c". To be replaced by `model::phrase::list`.
pub(super) fn list(words: &[impl AsRef<str>], conjunction: &str) -> String {
    words.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(&format!(" {conjunction} "))
}
