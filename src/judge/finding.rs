//! Findings in words: a verdict, the reason, and what to do next. In the order of the rules; those that doubt a
//! file have a file of their own.

pub(super) mod doubts;
pub(super) mod forwarded;

use std::borrow::Cow;

use crate::knowledge::{Emulator, Technology};
use crate::model::phrase::list;
use crate::model::quoting::{quoted, quoted_account};
use crate::model::{Os, Pid, Process, ProcessService, RelayTarget, Severity, Verdict, relay_targets};

/// A verdict before it is part of a report.
pub(super) struct Finding {
    pub(super) verdict: Verdict,
    pub(super) severity: Severity,
    /// A sentence without its full stop: `python3.11 is not a known program of Autodesk 3ds-lm`.
    pub(super) reason: String,
    /// What to do next, in whole sentences.
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

pub(super) fn owner_hidden(managers: &[String]) -> Finding {
    let managers = list(managers, "or");
    Finding::cannot_tell(format!("the process that holds this port of {managers} is hidden"), None)
}

pub(super) fn owner_unattributed(managers: &[String]) -> Finding {
    let managers = list(managers, "or");
    let advice = "The kernel may hold it, or a process in another PID namespace. Run whatlistens on the host, \
                  outside any container.";
    Finding::cannot_tell(format!("no process here holds this port of {managers}"), Some(advice.to_owned()))
}

pub(super) fn more_holders_possible(lead: &Process) -> Finding {
    let name = lead.name.as_deref().map_or(Cow::Borrowed("a process"), quoted);
    Finding::cannot_tell(format!("{name} holds it, and a hidden process may hold it too"), None)
}

pub(super) fn shared_with_stranger(lead: &Process, stranger: &Process) -> Finding {
    let (lead, stranger, pid) = (called(lead), called(stranger), stranger.pid);
    Finding::new(
        Verdict::CannotTell,
        Severity::Warning,
        format!("{lead} holds it, and so does {stranger}, which {lead} did not start"),
        Some(format!("Find out why {stranger} (PID {pid}) holds it too.")),
    )
}

pub(super) fn shared_with_child(lead: &Process, child: &Process, doubt: &str) -> Finding {
    let (lead, child, pid) = (called(lead), called(child), child.pid);
    Finding::new(
        Verdict::CannotTell,
        Severity::Warning,
        format!("{lead} holds it, and so does {child} (PID {pid}), which {lead} started: {doubt}"),
        Some(format!("Find out why {child} (PID {pid}) holds it too.")),
    )
}

fn called(process: &Process) -> String {
    process
        .name
        .as_deref()
        .map_or_else(|| format!("process {}", process.pid), |name| quoted(name).into_owned())
}

pub(super) fn kernel() -> Finding {
    let reason = "the Windows kernel holds the port for a driver such as http.sys; which program uses it is \
                  not visible here";
    let advice = "Show the programs that use http.sys: netsh http show servicestate";
    Finding::cannot_tell(reason.to_owned(), Some(advice.to_owned()))
}

pub(super) fn ended(process: &Process) -> Finding {
    let reason = format!(
        "process {} opened the port and has ended; which process holds it now is not certain",
        process.pid
    );
    let advice = "If the processes that it started are not needed, end them. Then run whatlistens again.";
    Finding::cannot_tell(reason, Some(advice.to_owned()))
}

pub(super) fn file_unreadable(process: &Process) -> Finding {
    let name = process.name.as_deref().map_or(String::new(), |name| format!(" ({})", quoted(name)));
    let reason = format!(
        "the program file of process {}{name} could not be read, and a name alone proves nothing",
        process.pid
    );
    Finding::cannot_tell(reason, None)
}

pub(super) fn emulator(exe: &str, emulator: &Emulator, emulated: &str) -> Finding {
    let is_emulator = match exe == emulator.name {
        true => format!("{exe} is a known emulator"),
        false if !emulator.folders.is_empty() => {
            format!("{exe} runs from a folder of the {}, a known emulator", emulator.name)
        }
        false => format!("{exe} runs {}, a known emulator", emulator.name),
    };
    Finding::new(
        Verdict::Mismatch,
        Severity::Critical,
        format!("{is_emulator} of {emulated}, not the vendor's own license server"),
        Some(
            "Find out who runs it and why. Activating software with it does not license that software."
                .to_owned(),
        ),
    )
}

pub(super) fn renamed_off_port(exe: &str, original: &str, what: &str) -> Finding {
    Finding::cannot_tell(
        format!(
            "the file of {exe} says that it was originally {original}, which belongs to {what}; this is not \
             one of its usual ports"
        ),
        Some(format!("Find out who renamed it, and whether {exe} should listen here.")),
    )
}

/// `what` is whose daemon it is.
pub(super) fn orphaned_daemon(exe: &str, what: &str, pid: Pid, os: Os) -> Finding {
    let stop = match os {
        Os::Windows => format!("taskkill /pid {pid} /f"),
        Os::Linux | Os::Macos => format!("kill {pid}"),
    };
    Finding::new(
        Verdict::CannotTell,
        Severity::Warning,
        format!("{exe} belongs to {what}, but no license server that runs has started it"),
        Some(format!(
            "A license server cannot start its own {exe} as long as this one runs. Stop it, then start the license \
             server: {stop}"
        )),
    )
}

pub(super) fn right_program(exe: &str, managers: &[String], by: &str, serving: &str) -> Finding {
    Finding::expected(format!("{exe} is {}{by}{serving}", known_program(managers)))
}

/// `what` is whose daemon it is, `manager` whose ports any vendor's daemon may use.
pub(super) fn any_vendor_port(exe: &str, what: &str, by: &str, manager: &str) -> Finding {
    Finding::expected(format!(
        "{exe} belongs to {what}{by}; any vendor's daemon may use the ports of {manager}"
    ))
}

/// `others` is [`in_the_way_of`].
pub(super) fn started_daemon(exe: &str, what: &str, by: &str, others: &str) -> Finding {
    Finding::expected(format!("{exe} belongs to {what}{by}{others}"))
}

pub(super) fn started_unlisted_daemon(exe: &str, by: &str, others: &str) -> Finding {
    Finding::expected(format!("{exe} is a vendor daemon{by}; its vendor is not known{others}"))
}

/// Behind the reason why a process is on a port of other managers.
pub(super) fn in_the_way_of(managers: &[String]) -> String {
    match managers {
        [] => String::new(),
        managers => format!("; this is why {} cannot start here", list(managers, "or")),
    }
}

pub(super) fn unlisted_daemon(exe: &str, technology: &Technology, managers: &[String]) -> Finding {
    Finding::cannot_tell(
        format!(
            "the file of {exe} says that it is a vendor daemon of {}, but it is not a known daemon of {}",
            technology.name,
            list(managers, "or")
        ),
        Some(format!(
            "Compare {exe} with the VENDOR line of the license file. Its parent process should be {}.",
            list(&technology.servers.linux, "or")
        )),
    )
}

pub(super) fn service_host(exe: &str, services: &[ProcessService]) -> Finding {
    let called = |service: &ProcessService| {
        quoted_account(service.display_name.as_ref().unwrap_or(&service.name)).into_owned()
    };
    let names = list(&services.iter().map(called).collect::<Vec<_>>(), "or");
    let service = if services.len() > 1 { "one of its services," } else { "its service" };
    Finding::cannot_tell(
        format!("{exe} holds the port for {service} {names}; whether that belongs here is not known"),
        Some("Find out whether that service should use this port.".to_owned()),
    )
}

/// `to` is where its command line says that it forwards to.
pub(super) fn wrapper(exe: &str, to: Option<&[RelayTarget]>, advice: String) -> Finding {
    let (target, advice) = match to.map(relay_targets) {
        Some(to) => (
            format!("its command line says that it forwards to {to}"),
            format!("Look for the license server where it forwards to: {to}"),
        ),
        None => ("which one is not visible here".to_owned(), advice),
    };
    Finding::cannot_tell(format!("{exe} holds the port for another program; {target}"), Some(advice))
}

pub(super) fn no_program_known(exe: &str, managers: &[String], others_use_it: bool) -> Finding {
    let managers = list(managers, "or");
    let others = others(others_use_it);
    Finding::cannot_tell(
        format!(
            "this is a port of {managers}, whose programs on this system are not known, so {exe} can be \
             neither confirmed nor ruled out{others}"
        ),
        Some(should_use_this_port(exe)),
    )
}

pub(super) fn no_program_known_but(exe: &str, what: &str, managers: &[String]) -> Finding {
    let managers = list(managers, "or");
    Finding::cannot_tell(
        format!(
            "{exe} belongs to {what}; this is a port of {managers}, whose programs on this system are not known"
        ),
        Some(should_use_this_port(exe)),
    )
}

fn should_use_this_port(exe: &str) -> String {
    format!("Find out whether {exe} should use this port.")
}

pub(super) fn other_manager(exe: &str, other: &str, managers: &[String]) -> Finding {
    let in_the_way = in_the_way_of(managers);
    Finding::new(
        Verdict::OtherLicenseManager,
        Severity::Info,
        format!("{exe} belongs to {other}{in_the_way}"),
        Some("Give one of the two another port in its license file or configuration.".to_owned()),
    )
}

pub(super) fn server_on_chosen_port(exe: &str, what: &str) -> Finding {
    Finding::expected(format!(
        "{exe} is the {what}, which listens on any port that its license file or configuration names"
    ))
}

pub(super) fn chosen_port(exe: &str, what: &str, serving: &str) -> Finding {
    Finding::expected(format!("{exe} belongs to {what}{serving}"))
}

/// `sure`: the registry gives the port to a manager, and more than the manager's name is known.
/// `others_use_it`: the registry notes that others use the number too.
pub(super) fn mismatch(exe: &str, managers: &[String], sure: bool, others_use_it: bool) -> Finding {
    let programs = known_program(managers);
    let managers = list(managers, "or");
    Finding::new(
        Verdict::Mismatch,
        if sure && !others_use_it { Severity::Warning } else { Severity::Info },
        format!("{exe} is not {programs}{}", others(others_use_it)),
        Some(format!(
            "If {managers} should run here, stop {exe} or move it to another port. If not, find out why {exe} \
             uses a license manager's port."
        )),
    )
}

fn others(use_it: bool) -> &'static str {
    if use_it { "; the registry notes that others use this port number too" } else { "" }
}

/// "a known program of Autodesk 3ds-lm", "a known program of A or B".
fn known_program(managers: &[String]) -> String {
    format!("a known program of {}", list(managers, "or"))
}

/// Behind whose daemon a process is: the license server that started it.
pub(super) fn started_by(starter: Option<&Process>) -> String {
    let started_by = |parent: &Process| {
        format!(", started by {} (PID {})", quoted(parent.name.as_deref().unwrap_or_default()), parent.pid)
    };
    starter.map_or(String::new(), started_by)
}

/// Behind the reason why a process is right: it may run here without serving licenses to anyone.
pub(super) fn serving_whom(is_helper: bool, runs_for_clients: bool, is_loopback: bool) -> String {
    let remark = match (is_helper, runs_for_clients, is_loopback) {
        (true, _, _) => "; it helps the programs that use licenses, and is not a license server",
        (false, true, true) => {
            "; it is bound to loopback and serves only the programs of this machine, as on any machine that \
             uses licenses"
        }
        (false, true, false) => {
            "; it also runs on machines that only use licenses, so this may not be a license server"
        }
        (false, false, _) => "",
    };
    remark.to_owned()
}
